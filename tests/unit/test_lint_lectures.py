"""Each rule for lectures fires at the line of a planted fault, and a clean lecture passes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from coursekit.lint.code import code
from coursekit.lint.figures import figures
from coursekit.lint.page import Page
from coursekit.lint.prose import prose
from coursekit.lint.spine import across, lecture
from coursekit.sources.findings import Finding
from lint_samples import CHALLENGE, LECTURE, found, plant, write_unit


def rules(page: Page) -> Iterator[Finding]:
    for rule in (lecture, code, prose, figures):
        yield from rule(page)


def test_a_clean_lecture_has_no_finding(tmp_path: Path) -> None:
    unit = write_unit(tmp_path, lecture=LECTURE)
    assert found(rules, unit) == []


FIGURE = "fig, ax = plt.subplots()"
SAID = "# The accuracy rises, and the loss falls."
FAULTS = {
    # the spine
    "no title": ("# %% [markdown]\n# # A", "<<# %% [markdown]\n# A", {"title"}),
    "two titles": ("# %% [markdown]\n# # A", "<<# %% [markdown]\n# # B\n#\n# # A", {"title"}),
    "no badge": (
        "# %% [markdown]\n# # A small lecture\n#\n# {{badge}}",
        "<<# %% [markdown]\n# # A",
        {"badge"},
    ),
    "no word about copies": (
        LECTURE[: LECTURE.index("\n\n# %% [markdown]\n# ## Objectives")],
        "<<# %% [markdown]\n# # A\n# {{badge}}",
        {"copy-first"},
    ),
    "two objectives": (
        "# ## Objectives *(2 min)*\n#\n# **30 minutes.** At the end you can\n#\n# 1. read;",
        "<<# ## Objectives *(2 min)*\n#\n# **30 minutes.**\n#",
        {"objectives"},
    ),
    "a part without minutes": ("# ## Train *(4 min)*", "<<# ## Train", {"minutes"}),
    "a wrong total": ("# **30 minutes.**", "<<# **90 minutes.**", {"minutes"}),
    "a part out of order": (
        "# ## Build *(4 min)*\n\n# %% [markdown]\n# ## Train *(4 min)*",
        "# ## Train *(4 min)*\n\n# %% [markdown]\n<<# ## Build *(4 min)*",
        {"spine"},
    ),
    "a part that does not belong": (
        "# ### Find the bug",
        "<<# ## Find the bug *(1 min)*",
        {"spine"},
    ),
    "a concept without question": (
        "# ### Idea 1: counting",
        "<<# ### Idea 1: counting\n#\n# ### Idea 2: a race",
        {"closed-question"},
    ),
    "a quiz beside other code": (
        "quiz.ask(",
        "total = 1 + 1\nprint(total)\n<<quiz.ask(",
        {"quiz-alone"},
    ),
    "a result without guess": (
        'predict.compare("sum", 1 + 1)',
        'predict.compare("sum", 2)\n<<predict.compare("no", 2)',
        {"prediction"},
    ),
    # code
    "a long cell": (
        "# %%\nguess = None",
        "<<# %%\nguess = None\n" + "guess = None\n" * 19,
        {"long-cell"},
    ),
    "an upgrade": (FIGURE, f"<<%pip install -q -U keras\n{FIGURE}", {"pip-upgrade"}),
    "an upgrade in prose": (SAID, "<<# Run `pip install --upgrade keras`.", {"pip-upgrade"}),
    "an old keyword": (
        "keras.layers.Dense(1)])",
        "\n    <<keras.layers.Dense(1, input_shape=(2,))])",
        {"old-keras"},
    ),
    "an old optimiser": (
        'model.compile(loss="mse")',
        '<<model.compile(keras.optimizers.SGD(lr=0.1), loss="mse")',
        {"old-keras"},
    ),
    "test data to validate": (
        "validation_data=(x_val, y_val)",
        "\n    <<validation_data=(rows.x_test, rows.y_test)",
        {"test-as-validation"},
    ),
    "test data under another name": (
        "x_val, y_val = rows.x_train[80:], rows.y_train[80:]",
        "<<x_val, y_val = rows.x_test, rows.y_train",
        {"test-as-validation"},
    ),
    # pictures
    "a picture not shown": (
        LECTURE[LECTURE.index(FIGURE) : LECTURE.index("\n\n# %%\nmodel =")],
        f'<<{FIGURE}\nax.set(title="T", xlabel="x", ylabel="y")\nplt.show()',
        {"figure-show"},
    ),
    "a picture without text": (
        ', alt="The targets go up and down from row to row."',
        "<<",
        {"figure-alt"},
    ),
    "a picture with a poor text": (
        "The targets go up and down from row to row.",
        "<<A plot.",
        {"figure-alt"},
    ),
    "a picture without title": (
        f'{FIGURE}\nax.plot(rows.y_train)\nax.set(title="Targets", ',
        f"<<{FIGURE}\nax.set(",
        {"figure-title"},
    ),
    "a picture without labels": (
        f'{FIGURE}\nax.plot(rows.y_train)\nax.set(title="Targets", xlabel="row", ylabel="y [°C]")',
        f'<<{FIGURE}\nax.set(title="T")',
        {"figure-label"},
    ),
    # prose
    "a typed result": (SAID, "#\n<<# The accuracy is 0.93 now.", {"typed-result"}),
    "a typed result in percent": (SAID, "<<# We reach 93 % accuracy.", {"typed-result"}),
    "a typed result in a table": (
        SAID,
        "#\n# | a | b |\n# |---|---|\n<<# | x | loss 0.05 |",
        {"typed-result"},
    ),
    "an image without text": (SAID, "<<# ![](https://example.org/a.png)", {"image-alt"}),
    "a tag without text": (SAID, '<<# <img src="https://example.org/a.png">', {"image-alt"}),
    "a relative link": (SAID, "<<# See [part 2](lecture_2.ipynb).", {"relative-link"}),
    "a relative image": (SAID, "<<# ![a map](map.png)", {"relative-link"}),
    "a link to what is not there": (
        SAID,
        "<<# https://github.com/someone/course/blob/main/notebooks/no.ipynb",
        {"dead-link"},
    ),
    "a link to the authors' files": (
        SAID,
        "<<# [x](https://github.com/someone/course/blob/main/course/01_small)",
        {"dead-link"},
    ),
    "a wrong link to Colab": (
        SAID,
        "<<# [x](https://colab.research.google.com/github/someone/course/blob/main/x.ipynb)",
        {"colab-link"},
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_at_its_line(name: str, tmp_path: Path) -> None:
    old, new, expected = FAULTS[name]
    text, line = plant(LECTURE, old, new)
    seen = found(rules, write_unit(tmp_path, lecture=text))
    assert {rule for rule, _ in seen} == expected
    assert any(place == line for _, place in seen), (line, seen)


def test_a_lecture_about_a_concept_has_parts_of_its_own(tmp_path: Path) -> None:
    text = LECTURE.replace("**30 minutes.**", "**18 minutes.**")
    for old, new in (
        ("Look at the data", "Picture"),
        ("Baseline", "By hand"),
        ("Build", "In Keras"),
    ):
        text = text.replace(f"## {old} ", f"## {new} ")
    for old in ("Train", "Judge", "Improve"):
        text = text.replace(f"## {old} *(4 min)*", f"### {old}")
    assert found(rules, write_unit(tmp_path, lecture=text)) == []


def test_a_lecture_names_its_concepts(tmp_path: Path) -> None:
    unit = write_unit(tmp_path, lecture=LECTURE.replace("Idea 1: counting", "counting"))
    assert found(rules, unit) == [("concept", 1)]


def test_a_guess_is_compared_with_a_result(tmp_path: Path) -> None:
    text = LECTURE.replace('predict.compare("sum", 1 + 1)', "")
    line = text[: text.index("predict.record")].count("\n") + 1
    assert found(rules, write_unit(tmp_path, lecture=text)) == [("prediction", line)]


def test_a_lecture_is_neither_short_nor_long(tmp_path: Path) -> None:
    short = write_unit(
        tmp_path / "short", lecture=LECTURE.replace("\n# %%\nassert 1 + 1 == 2\n", "")
    )
    filler = "\n# %%\nassert 1 + 1 == 2\n" * 20
    long = write_unit(tmp_path / "long", lecture=LECTURE + filler)
    assert [rule for rule, _ in found(rules, short)] == ["cells"]
    assert [rule for rule, _ in found(rules, long)] == ["cells"]


NO_RESULTS = (
    "Suppose the accuracy is 0.93.",
    "With a learning rate of 0.1 the loss falls.",
    "The loss is $0.93$ here, and `loss=0.93` there.",
    "The error is 2.0 × 3.0 = 6.0, by hand.",
    "```\nloss 0.93\n```",
    "We measure the loss. In 95 % of the rows nothing happens.",
    "In Keras 3.10 the loss has a name, and version 0.9.1 had none.",
    "The accuracy is printed below, 20 epochs later.",
)


@pytest.mark.parametrize("words", NO_RESULTS)
def test_numbers_that_are_no_results_are_left_alone(words: str, tmp_path: Path) -> None:
    text = LECTURE.replace(SAID, "\n".join(f"# {line}" for line in words.split("\n")))
    assert found(rules, write_unit(tmp_path, lecture=text)) == []


def test_todays_keras_is_left_alone(tmp_path: Path) -> None:
    cell = """
# %%
base = keras.applications.MobileNetV2(input_shape=(96, 96, 3))
model.build(input_shape=(None, 2))
x_train, x_val = train_test_split(rows.x_train, test_size=0.2)
"""
    assert found(code, write_unit(tmp_path, lecture=LECTURE + cell)) == []


def test_a_helper_function_may_draw_label_and_show(tmp_path: Path) -> None:
    cell = """
# %%
def draw(values, alt):
    fig, ax = plt.subplots()
    ax.imshow(values)
    ax.set_axis_off()
    fig.suptitle("Image")
    plots.show(fig, alt=alt)


draw(rows.x_train, "What the first rows look like, as grey squares.")

# %%
draw(rows.x_train, "And the same once more, larger.")
ax = plots.residuals(rows.y_train, rows.y_train)
plots.show(ax, alt="All points on one line. " + plots.alt_text(ax))
"""
    assert found(figures, write_unit(tmp_path, lecture=LECTURE + cell)) == []


def test_every_unit_plants_a_bug_changes_one_thing_and_leads_to_its_challenge(
    tmp_path: Path,
) -> None:
    text = LECTURE.replace("Find the bug", "An odd line").replace("**one thing**", "a lot")
    unit = write_unit(tmp_path, lecture=text.replace("{{challenge}}", "go"), challenge=CHALLENGE)
    seen = across([Page.read(unit, path) for path in unit.lectures])
    assert [finding.rule for finding in seen] == ["bug", "one-thing", "challenge-link"]
