"""Every operator makes the wrong answers it is for, and none where the student may choose."""

import ast
from textwrap import indent

import pytest

from coursekit.proving.mutants import Mutant, derive, normalise, show_change

MODEL = """model = keras.Sequential([keras.Input(shape=(2,))])
for _ in range(2):
    model.add(keras.layers.Dense(8, activation="relu"))
model.add(keras.layers.Dense(1))
model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.01))
model.fit(x, y, epochs=5)
return model"""


def answer(body: str, signature: str = "answer(x, y)") -> str:
    region = f"### BEGIN SOLUTION\n{body}\n### END SOLUTION"
    return f'def {signature}:\n    """Return it."""\n{indent(region, "    ")}\n'


def bodies(mutants: list[Mutant], operator: str) -> list[str]:
    """Return what the operator made, without the line of `def`."""
    made = [m.code.split("\n", 1)[1] for m in mutants if m.operator == operator]
    return ["; ".join(line.strip() for line in body.splitlines()) for body in made]


@pytest.mark.parametrize(
    ("operator", "body", "made"),
    [
        ("constant return", "return x + y", ["None", "0", "1.0", "first"]),
        ("off by one", "return x[:y]", ["x[:y - 1]", "x[:y + 1]"]),
        ("off by one", "return x[y:]", ["x[y - 1:]", "x[y + 1:]"]),
        ("off by one", "return x[y]", ["x[y - 1]"]),
        ("off by one", "return len(x)", ["len(x) - 1"]),
        ("off by one", "return range(y)", ["range(y - 1)", "range(y + 1)"]),
        ("off by one", "return range(1, y)", ["range(1, y - 1)", "range(1, y + 1)"]),
        ("wrong axis", "return f(x, axis=0)", ["f(x, axis=1)", "f(x, axis=-1)", "f(x)"]),
        ("wrong axis", "return f(x, axis=-1)", ["f(x, axis=0)", "f(x)"]),
        ("wrong axis", "return f(x, keepdims=True)", ["f(x)"]),
        ("wrong loss", "return f(x, from_logits=True)", ["f(x, from_logits=False)"]),
        (
            "wrong loss",
            "return losses.MeanSquaredError()",
            ["losses.BinaryCrossentropy()", "losses.CategoricalCrossentropy()"],
        ),
        ("swapped arguments", "return f(x, y)", ["f(y, x)"]),
        ("swapped arguments", "return x, y", ["(y, x)"]),
        ("swapped arguments", "return np.maximum(x, y)", []),
        ("wrong function", "return np.mean(x)", ["np.sum(x)"]),
        ("wrong function", "return np.argmax(x)", ["np.argmin(x)"]),
        ("wrong function", "return max(x)", ["min(x)"]),
        ("wrong function", "return np.sqrt(x)", ["x"]),
        ("wrong function", "return x.reshape(-1)", ["x"]),
        ("wrong function", "return np.ravel(x)", ["x"]),
        ("dropped operand", "return x / y", ["x"]),
        ("dropped operand", "return x + y", ["x", "y"]),
        ("dropped operand", "return x ** 2", ["x"]),
        ("comparison", "return x > y", ["x >= y"]),
        ("comparison", "return x <= y", ["x < y"]),
        ("comparison", "return x == y", ["x != y"]),
        ("condition", "return x if y else 0", ["x if not y else 0"]),
        ("choice", "return x and y", ["x or y"]),
        ("arithmetic", "return x * y", ["x / y"]),
        ("power", "return x ** y", ["x * y"]),
        ("sign", "return -x", ["x"]),
        ("number", "return x[3]", ["x[4]", "x[2]"]),
        ("truth", "return f(x, training=True)", ["f(x, training=False)"]),
        ("truth", "return zip(x, y, strict=True)", []),
        ("number", "return x.reshape(-1)", []),
    ],
)
def test_an_operator_makes(operator: str, body: str, made: list[str]) -> None:
    found = bodies(derive(answer(body, "answer(first, x, y)")), operator)
    changed = [text for text in found if "; return" not in text]
    assert changed == [f"return {text}" for text in made]


def test_each_return_may_return_what_another_does() -> None:
    body = 'if x > y:\n    return "large"\nreturn "small"'
    found = bodies(derive(answer(body)), "constant return")
    assert "return 'large'" in found, "always"
    assert "if x > y:; return 'small'; return 'small'" in found
    assert "if x > y:; return 'large'; return 'large'" in found


def test_parameters_are_swapped_first_of_all() -> None:
    found = bodies(derive(answer("return x - y")), "swapped arguments")
    assert found == [f"{ast.unparse(ast.parse('x, y = y, x'))}; return x - y"]
    method = f"class Layer:\n{indent(answer('return x', 'call(self, x)'), '    ')}"
    assert bodies(derive(method), "swapped arguments") == []


def test_labels_are_shuffled_where_they_are_used() -> None:
    found = bodies(derive(answer(MODEL)), "labels shuffled")
    assert len(found) == 1
    assert "model.fit(x, y[::-1], epochs=5)" in found[0]
    found = bodies(derive(answer("return f(x, y)")), "labels shuffled")
    assert found == ["y = y[::-1]; return f(x, y)"]


def test_steps_are_left_out_and_loops_stay_empty() -> None:
    body = "total = 0\nfor v in x:\n    total += v\n    if v > y:\n        break\nreturn total"
    mutants = derive(answer(body))
    assert "pass" in bodies(mutants, "dropped statement")[0]
    assert "for v in []:" in bodies(mutants, "loop")[0]
    assert "continue" in bodies(mutants, "leap")[0]


def test_what_is_the_students_choice_is_left_alone() -> None:
    mutants = derive(answer(MODEL))
    changed = "\n".join(mutant.code for mutant in mutants)
    assert {m.operator for m in mutants} == {
        "constant return", "wrong loss", "labels shuffled", "swapped arguments",
        "dropped statement", "wrong ends",
    }  # fmt: skip
    for choice in ("range(2)", "Dense(8, activation='relu')"):
        assert changed.count(choice) == changed.count("Sequential")
    assert changed.count("Adam(0.01)") == changed.count("compile")
    ends = "\n".join(bodies(mutants, "wrong ends"))
    for wrong in ("Input(shape=(3,))", "Dense(2)", "Dense(1, activation='sigmoid')"):
        assert wrong in ends


def test_a_fixed_architecture_is_no_choice() -> None:
    mutants = derive(answer(MODEL), fixed=True)
    changed = "\n".join(m.code for m in mutants)
    for wrong in ("Dense(16, activation='relu')", "Dense(8))", "range(3)", "for _ in []"):
        assert wrong in changed
    assert "Adam(0.01)" in changed
    assert "Adam(1.01)" not in changed
    listed = "return keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(1)])"
    assert "return keras.Sequential([keras.layers.Dense(1)])" in bodies(
        derive(answer(listed), fixed=True), "wrong architecture"
    )


def test_code_outside_the_solution_region_stays() -> None:
    given = (
        "def answer(x):\n    y = x + 5\n    ### BEGIN SOLUTION\n    return y\n    ### END SOLUTION"
    )
    mutants = derive(given)
    assert all("y = x + 5" in m.code for m in mutants if m.operator != "constant return")


def test_mutants_are_named_by_line_and_no_two_are_alike() -> None:
    mutants = derive(answer("if x > 3 * y:\n    return 0\nreturn 1"))
    assert "> becomes >= at line 4" in [mutant.change for mutant in mutants]
    codes = [mutant.code for mutant in mutants]
    assert len(set(codes)) == len(codes)
    assert normalise(answer("if x > 3 * y:\n    return 0\nreturn 1")) not in codes
    for code in codes:
        ast.parse(code)


def test_layout_comments_and_docstrings_make_no_difference() -> None:
    assert normalise('def f(x):\n    """Text."""\n    return (x)  # yes') == normalise(
        "def f( x ) :\n    return x"
    )


def test_a_change_is_shown_with_the_line_above() -> None:
    shown = show_change(answer("x += 1\nreturn x > y"), answer("x += 1\nreturn x >= y"))
    assert shown == "     x += 1\n-    return x > y\n+    return x >= y"


def test_of_a_model_class_only_what_goes_in_and_out_is_changed() -> None:
    init = "super().__init__()\nself.last = keras.layers.Dense(3, activation='softmax')"
    call = "return self.last(x / 255)"
    methods = answer(init, "__init__(self)") + answer(call, "call(self, x)")
    mutants = derive("class Net(keras.Model):\n" + indent(methods, "    "))
    changed = "\n".join(mutant.code for mutant in mutants)
    assert "Dense(4, activation='softmax')" in changed
    assert "Dense(3)" in changed
    assert "255" in changed
    assert "256" not in changed
