"""How a model is compiled, from plain data: optimiser, loss, metrics, weights.

Never with XLA and never eagerly: these are ways to compute, and the grader has its own.
"""

from typing import Any

from coursekit._parts import ModelError, build, named, said, scalar, word

TRAINING = ("fit", "evaluate", "train_on_batch", "test_on_batch")


def compile_options(plain: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `compile`, checked and built from plain data.

    Raises
    ------
    ModelError
        A loss, a metric or the optimiser is not on the list.
    """
    optimizer = plain.get("optimizer")
    if type(optimizer) is not dict or optimizer.keys() != {"class", "config"}:
        raise ModelError("The optimiser is none of Keras' own: use keras.optimizers.Adam.")
    return {
        "optimizer": build("optimizer", optimizer["class"], optimizer["config"]),
        "loss": _nested(plain.get("loss"), "loss"),
        "metrics": _nested(plain.get("metrics"), "metric"),
        "weighted_metrics": _nested(plain.get("weighted_metrics"), "metric"),
        "loss_weights": _nested(plain.get("loss_weights"), "weight"),
    }


def _nested(value: Any, kind: str) -> Any:
    """Return losses, metrics or weights in the lists and dictionaries in which they came."""
    if value is None or (kind == "weight" and type(value) in (int, float)):
        return scalar(value)
    if type(value) is list:
        return [_nested(each, kind) for each in value]
    if type(value) is str and kind != "weight":
        return word(kind, value)
    if type(value) is not dict:
        raise ModelError(f"A {kind} in a description cannot be {value!r:.60}.")
    if set(value) == {"class", "config"}:
        return build(kind, value["class"], value["config"])
    return {named(key): _nested(each, kind) for key, each in value.items()}


def compile_as(model: Any, plain: Any) -> None:
    """Compile a model as its description says; let training say why if that was not carried."""
    if plain is None:
        return
    reason = plain.get("reason")
    if reason is None:
        try:
            model.compile(**compile_options(plain), jit_compile=False)
            return
        except Exception as error:
            reason = said(error)
    model.compile(optimizer="sgd", loss="mse")  # so that it counts as compiled

    def refuse(*_: Any, **__: Any) -> None:
        raise ModelError(f"The grader cannot train this model: {str(reason)[:300]}")

    for name in TRAINING:
        setattr(model, name, refuse)
