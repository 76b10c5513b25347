// What jupyterquiz leaves open for those who hear a page: the answers are one group, and what is
// said about one is read out.
window.addEventListener("load", () => {
  for (const quiz of document.querySelectorAll(".Quiz")) {
    const question = quiz.querySelector(".MultipleChoiceQn");
    const answers = quiz.querySelector(".Answer");
    answers?.setAttribute("role", "radiogroup");
    if (question) answers?.setAttribute("aria-label", question.textContent);
    quiz.querySelector(".Feedback")?.setAttribute("role", "status");
  }
});
