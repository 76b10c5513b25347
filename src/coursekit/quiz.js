// Runs before a quiz is shown.
// JupyterLab's MathJax 3 has no `typeset`. jupyterquiz would then fetch another MathJax, which takes
// dollar signs in code for formulas, and so changes what a student has written.
if (window.MathJax?.version?.[0] === "3" && !MathJax.typeset) MathJax.typeset = () => {};
if (!window.coursekitQuiz) {
  window.coursekitQuiz = true;
  const style = document.createElement("style");
  style.textContent = ".coursekit-twin { display: none }"; // where this runs, the quiz answers
  document.head.append(style);
  // The arrow keys, which move through one group of radio buttons, are JupyterLab's. In groups of
  // their own the Tab key reaches each answer, and the space bar chooses it.
  document.addEventListener("focusin", ({ target }) => {
    const id = /^mcgroup-(\w+)$/.exec(target.name ?? "")?.[1];
    if (!id) return;
    const question = target.closest(".MultipleChoiceQn");
    question?.setAttribute("role", "group");
    question?.setAttribute("aria-label", question.firstElementChild?.textContent ?? "Question");
    document.getElementById(`fb${id}`)?.setAttribute("role", "status"); // read out when it changes
    for (const radio of [...document.getElementsByName(target.name)]) radio.name = radio.id;
  });
}
