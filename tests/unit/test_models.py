"""Models as plain data: what is carried comes back the same, and nothing else comes back at all."""

import copy
import json
import math
import os
import random
import subprocess
import sys

import keras
import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras import layers
from keras.src.backend.common import global_state

from coursekit.models import ModelError, UnsendableModelError, describe, rebuild

SMALL = 300 * 2**20  # bytes: what refusing a model may cost, tracing and all


def chain(shape, *members):
    """Return a sequential model that ends as `members` do."""
    return keras.Sequential([keras.Input(shape), *members])


def functional(shape, function):
    """Return the functional model of one input that `function` describes."""
    inputs = keras.Input(shape)
    return keras.Model(inputs, function(inputs))


def adapted(axis=-1):
    scale = layers.Normalization(axis=axis)
    scale.adapt(np.random.default_rng(0).normal(3, 5, size=(40, 4)))
    return scale


def two_in_two_out():
    left, right = keras.Input((4,), name="left"), keras.Input((3,), name="right")
    hidden = layers.Concatenate()([layers.Dense(5, activation="relu")(left), right])
    article, family = layers.Dense(2, name="article")(hidden), layers.Dense(1, name="b")(hidden)
    return keras.Model({"left": left, "right": right}, {"article": article, "family": family})


def shared():
    layer = layers.Dense(3, activation="tanh")
    return functional((3,), lambda x: layer(layer(x)) + layer(keras.ops.flip(x, axis=1)))


def nested():
    inner = functional((4,), lambda x: [layers.Dense(3)(x), layers.Dense(2)(x)])
    head = chain((5,), layers.Dense(4), adapted(), layers.Dropout(0.5))
    return functional(
        (4,), lambda x: head(layers.Concatenate()(inner(x))) + layers.Dense(4, use_bias=False)(x)
    )


def frozen():
    model = chain((4,), layers.Dense(3), layers.BatchNormalization(), layers.Dense(2))
    model.layers[0].trainable = False
    return model


def operations(x):
    """Use a dozen of ``keras.ops`` and of Python's operators."""
    ops = keras.ops
    y = ops.concatenate([x[:, :2], ops.sin(x), ops.where(x > 0.5, x, 0.0)], axis=-1) * 2 - 1
    y = (y - np.linspace(0, 1, 10)) / 3.0 + ops.mean(x, axis=1, keepdims=True) ** 2
    y = ops.maximum(ops.relu(y), ops.softmax(y)) + ops.cast(
        ops.sum(x[..., None], axis=1), "float32"
    )
    return ops.reshape(ops.stack([y, -y, abs(y)], axis=1), (-1, 30))


IMAGE = (8, 8, 3)
MODELS = {
    "dense": lambda: chain((4,), layers.Dense(3, activation="softmax")),
    "initialisers, penalties, limits": lambda: chain(
        (4,),
        layers.Dense(
            3,
            kernel_initializer=keras.initializers.HeNormal(seed=3),
            bias_initializer=keras.initializers.Constant(0.5),
            kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2),
            bias_constraint=keras.constraints.MaxNorm(2, axis=0),
            activity_regularizer="l2",
            activation=layers.LeakyReLU(negative_slope=0.1),
        ),
        layers.ActivityRegularization(l2=0.1),
    ),
    "activations": lambda: chain(
        (4,), layers.ReLU(max_value=1), layers.ELU(), layers.PReLU(), layers.Activation("gelu"),
        layers.Softmax(), layers.LeakyReLU(), layers.Identity(),
    ),
    "convolution": lambda: chain(
        IMAGE, layers.Conv2D(4, 3, padding="same", dilation_rate=2), layers.MaxPool2D(),
        layers.SeparableConv2D(5, 3), layers.Flatten(),
    ),
    "more convolutions": lambda: chain(
        IMAGE, layers.DepthwiseConv2D(2), layers.Conv2DTranspose(2, 3, strides=2),
        layers.AveragePooling2D((2, 3), strides=1), layers.Cropping2D(((1, 0), (2, 1))),
        layers.ZeroPadding2D((1, 2)), layers.UpSampling2D(2, interpolation="bilinear"),
        layers.GlobalAveragePooling2D(keepdims=True), layers.GlobalMaxPooling2D(),
    ),
    "one axis": lambda: chain(
        (12, 2), layers.Conv1D(3, 3, padding="causal"), layers.MaxPooling1D(),
        layers.UpSampling1D(2), layers.ZeroPadding1D(1), layers.Permute((2, 1)),
        layers.GlobalMaxPooling1D(), layers.RepeatVector(3), layers.Reshape((-1, 2)),
    ),
    "batch normalisation": lambda: chain((4,), layers.BatchNormalization(momentum=0.9)),
    "other normalisations": lambda: chain(
        (4,), layers.LayerNormalization(), layers.GroupNormalization(2), layers.UnitNormalization()
    ),
    "normalisation, adapted": lambda: chain((4,), adapted(), layers.Dense(2)),
    "normalisation, adapted as a whole": lambda: chain((4,), adapted(None), layers.Dense(2)),
    "normalisation, never adapted": lambda: chain((4,), layers.Normalization()),
    "normalisation by numbers": lambda: chain(
        (4,), layers.Normalization(mean=np.arange(4.0), variance=[1, 2, 3, 4]), layers.Dense(2)
    ),
    "scaling": lambda: chain(IMAGE, layers.Rescaling(1 / 255, offset=-1), layers.Resizing(4, 5)),
    "dropout": lambda: chain(
        (4,), layers.Dropout(0.5), layers.GaussianNoise(0.1), layers.GaussianDropout(0.2, seed=7),
        layers.AlphaDropout(0.1), layers.Dense(1),
    ),
    "spatial dropout": lambda: chain(IMAGE, layers.SpatialDropout2D(0.2), layers.Flatten()),
    "augmentation": lambda: chain(
        IMAGE, layers.RandomFlip("horizontal"), layers.RandomRotation(0.1),
        layers.RandomTranslation(0.1, 0.1, fill_mode="constant"), layers.RandomZoom((-0.1, 0.2)),
        layers.RandomContrast(0.1), layers.RandomBrightness(0.1, value_range=(0, 1)),
        layers.RandomCrop(6, 6), layers.CenterCrop(5, 5), layers.Flatten(), layers.Dense(2),
    ),
    "embedding": lambda: keras.Sequential(
        [keras.Input((5,), dtype="int32"), layers.Embedding(7, 3), layers.Flatten()]
    ),
    "recurrent": lambda: chain(
        (5, 2), layers.GRU(3, return_sequences=True, dropout=0.2), layers.LSTM(3),
    ),
    "recurrent, both ways": lambda: chain(
        (5, 2), layers.Masking(), layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
        layers.TimeDistributed(layers.Dense(2)), layers.SimpleRNN(2),
    ),
    "merging": lambda: functional(
        (4,), lambda x: layers.Add()([layers.Multiply()([x, x]), layers.Maximum()([x, x]),
                                      layers.Average()([x, x]), layers.Subtract()([x, x])]),
    ),
    "dot": lambda: functional((4,), lambda x: layers.Dot(axes=1)([x, layers.Dense(4)(x)])),
    "operations": lambda: functional((4,), operations),
    "rows in the middle": lambda: functional(
        (4,), lambda x: keras.ops.reshape(layers.Dense(3)(keras.ops.reshape(x, (-1, 2))), (-1, 6))
    ),
    "activation functions": lambda: functional(
        (4,), lambda x: keras.activations.relu(keras.activations.tanh(x), max_value=0.5)
    ),
    "asleep": lambda: functional((4,), lambda x: layers.Dropout(0.5)(x, training=True) + x),
    "two in, two out": two_in_two_out,
    "shared": shared,
    "nested": nested,
    "a model first": lambda: keras.Sequential([functional((4,), layers.Dense(3)), layers.Dense(2)]),
    "frozen": frozen,
}  # fmt: skip


def batch(model, rows=6):
    """Return random rows of a model's input, in the structure that it takes."""
    rng = np.random.default_rng(1)
    draw = lambda shape: (rng.random((rows, *shape[1:])) * 4).astype("float32")  # noqa: E731
    if isinstance(model.input_shape, tuple):
        return draw(model.input_shape)
    return keras.tree.map_structure(lambda tensor: draw(tensor.shape), model.input)


def carried(model):
    """Return a model after a trip through JSON and bytes."""
    description, arrays = describe(model)
    description = json.loads(json.dumps(description, allow_nan=False))
    return rebuild(description, [array.copy() for array in arrays])


def values(outputs):
    return [np.asarray(each) for each in keras.tree.flatten(outputs)]


def same(one, other):
    """Say whether two lists of arrays agree bit for bit."""
    return len(one) == len(other) and all(map(np.array_equal, one, other))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_the_same(name):
    model = MODELS[name]()
    state = random.getstate()
    twin = carried(model)
    assert random.getstate() == state
    x = batch(model)
    assert same(values(model(x, training=False)), values(twin(x, training=False)))
    assert same(values(model(x, training=True)), values(twin(x, training=True)))  # dropout, too
    assert same(model.get_weights(), twin.get_weights())
    assert [v.path for v in model.trainable_variables] == [v.path for v in twin.trainable_variables]
    assert [each.name for each in model.layers] == [each.name for each in twin.layers]
    assert (model.name, model.count_params()) == (twin.name, twin.count_params())
    assert model.output_shape == twin.output_shape
    assert type(twin) is type(model)
    assert not twin.compiled
    assert plain(model.get_config()) == plain(twin.get_config())


def plain(config):
    """Return a configuration without tuples, and without the shapes that layers have seen."""
    if isinstance(config, dict):
        return {key: plain(each) for key, each in config.items() if key != "build_config"}
    return [plain(each) for each in config] if isinstance(config, list | tuple) else config


def fit(model, seed=3):
    """Train a model for two epochs on random rows, and return its losses."""
    keras.utils.set_random_seed(seed)
    x = batch(model, 40)
    targets = np.random.default_rng(2).random((40, model.output_shape[-1])).astype("float32")
    return model.fit(x, targets, epochs=2, batch_size=16, verbose=0).history["loss"]


@pytest.mark.parametrize(
    "name",
    ["dropout", "augmentation", "nested", "batch normalisation", "initialisers, penalties, limits"],
)
def test_training_goes_on_bit_for_bit(name):
    model = MODELS[name]()
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    twin = carried(model)
    assert twin.compiled
    assert fit(model) == fit(twin)
    assert same(model.get_weights(), twin.get_weights())
    again = carried(model)  # the states of dropout have moved on, and are carried
    x = batch(model)
    assert same(values(model(x, training=True)), values(again(x, training=True)))


schedules, losses, metrics = keras.optimizers.schedules, keras.losses, keras.metrics
COMPILED = {
    "by name": {"optimizer": "rmsprop", "loss": "mae", "metrics": ["mse"]},
    "by object": {
        "optimizer": keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, clipnorm=1.0),
        "loss": losses.LogCosh(name="lc"),
        "metrics": [metrics.RootMeanSquaredError(name="rmse")],
    },
    "a function of Keras'": {"optimizer": "adam", "loss": losses.mean_squared_error},
    "label smoothing": {
        "optimizer": "sgd", "loss": losses.CategoricalCrossentropy(True, label_smoothing=0.1)
    },
    "a rate that falls": {
        "optimizer": keras.optimizers.Adam(schedules.CosineDecay(0.1, decay_steps=5)), "loss": "mse"
    },
    "a rate in steps": {
        "optimizer": keras.optimizers.AdamW(
            schedules.PiecewiseConstantDecay([2, 4], [0.1, 0.01, 0.001]), weight_decay=0.1
        ),
        "loss": "mse",
        "weighted_metrics": ["mae"],
        "loss_weights": [0.5],
    },
    "compiled by XLA": {"optimizer": "adagrad", "loss": "mse", "jit_compile": True},
    "eagerly": {"optimizer": "nadam", "loss": "mse", "run_eagerly": True},
}  # fmt: skip


@pytest.mark.parametrize("name", COMPILED)
def test_how_a_model_is_compiled_is_carried(name):
    options = COMPILED[name]
    optimizer = options["optimizer"]
    if not isinstance(optimizer, str):  # one object trains one model
        optimizer = type(optimizer).from_config(optimizer.get_config())
    model = chain((4,), layers.Dense(8, activation="relu"), layers.Dense(3))
    model.compile(**{**options, "optimizer": optimizer})
    twin = carried(model)
    config, copied = plain(model.get_compile_config()), plain(twin.get_compile_config())
    for key in ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics"):
        assert copied[key] == config[key] or config[key] == {
            "module": "builtins", "class_name": "function", "config": copied[key],
            "registered_name": "function",
        }  # fmt: skip
    assert not twin.run_eagerly
    if name not in ("compiled by XLA", "eagerly"):  # these compute in another order
        assert fit(model) == fit(twin)
    else:
        assert np.allclose(fit(model), fit(twin), rtol=1e-4)


def test_losses_by_output():
    model = two_in_two_out()
    model.compile(
        optimizer="sgd",
        loss={"article": losses.MeanSquaredError(), "family": "mae"},
        loss_weights={"article": 1.0, "family": 2.0},
        metrics={"article": ["mae"]},
    )
    twin, x = carried(model), batch(model)
    y = {"article": np.ones((6, 2)), "family": np.zeros((6, 1))}
    assert model.evaluate(x, y, verbose=0) == twin.evaluate(x, y, verbose=0)


def own_loss(y_true, y_pred):
    return keras.ops.mean((y_true - y_pred) ** 4)


def mean_squared_error(y_true, y_pred):
    """Compute something else than its name says."""
    return own_loss(y_true, y_pred)


class OwnLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return own_loss(y_true, y_pred)


class OwnOptimizer(keras.optimizers.SGD):
    pass


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"loss": own_loss}, "loss 'own_loss'"),
        ({"loss": lambda a, b: own_loss(a, b)}, "loss '<lambda>'"),
        ({"loss": mean_squared_error}, "loss 'mean_squared_error'"),
        ({"loss": OwnLoss()}, "loss 'OwnLoss'"),
        ({"loss": losses.Huber(delta=0.5)}, "loss 'Huber'"),  # its configuration forgets delta
        ({"loss": "mse", "optimizer": OwnOptimizer()}, "optimizer 'OwnOptimizer'"),
        ({"loss": "mse", "metrics": [own_loss]}, "metric 'own_loss'"),
    ],
)
def test_an_own_loss_is_a_reason_not_to_train(options, named):
    model = chain((4,), layers.Dense(1))
    model.compile(**{"optimizer": "sgd", **options})
    description, arrays = describe(model)
    assert description["compile"].keys() == {"reason"}
    twin = rebuild(description, arrays)
    assert twin.compiled
    assert same(values(model(batch(model))), values(twin(batch(model))))
    for call in (twin.fit, twin.evaluate, twin.train_on_batch, twin.test_on_batch):
        with pytest.raises(ModelError, match=f"cannot train this model.*{named}"):
            call(batch(model), np.zeros(6))


class Own(layers.Layer):
    def call(self, x):
        return x


class Dense(layers.Dense):
    """A class of one's own with the name of one of Keras'."""


@keras.saving.register_keras_serializable(package="keras")
class Registered(layers.Layer):
    def call(self, x):
        return x


class OwnModel(keras.Model):
    def call(self, x):
        return x


class OwnFunctional(keras.Model):
    def __init__(self):
        inputs = keras.Input((4,))
        super().__init__(inputs=inputs, outputs=layers.Dense(1)(inputs))


def relu(x):
    """Compute something else than its name says."""
    return 2 * x


def words():
    lookup = layers.StringLookup(vocabulary=["a", "b"])
    return keras.Sequential([keras.Input((1,), dtype="string"), lookup])


def unknown_operation():
    return functional((4, 4), keras.ops.trace)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: chain((4,), layers.Lambda(lambda x: x)), "layer 'Lambda'"),
        (lambda: chain((4,), Own()), "layer 'Own'"),
        (lambda: chain((4,), Dense(3)), "layer 'Dense'"),
        (lambda: chain((4,), Registered()), "layer 'Registered'"),
        (lambda: chain((4,), chain((4,), Own())), "layer 'Own'"),
        (lambda: chain((4, 2), layers.TimeDistributed(Own())), "layer 'Own'"),
        (lambda: chain((4,), OwnModel()), "layer 'OwnModel'"),
        (lambda: chain((4,), layers.Dense(2, activation=relu)), "activation 'relu'"),
        (lambda: chain((4,), layers.Activation(lambda x: x)), "activation '<lambda>'"),
        (words, "layer 'StringLookup'"),
        (unknown_operation, "layer 'Trace'"),
        (OwnModel, "a OwnModel"),
        (OwnFunctional, "a OwnFunctional"),
        (lambda: keras.Sequential([layers.Dense(1)]), "not built"),
        (lambda: None, "a NoneType"),
        (lambda: keras.Sequential, "a type"),
        (lambda: layers.Dense(1), "a Dense"),
        (lambda: "model", "a str"),
    ],
)
def test_what_is_not_on_the_list_is_refused_in_a_sentence(make, named):
    with pytest.raises(UnsendableModelError, match=named) as caught:
        describe(make())
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")


def layer(kind, /, **config):
    return {"layer": kind, "config": {"name": kind.lower(), **config}}


def sequential(*members, **more):
    """Return the description of a sequential model, written by hand."""
    shape = more.pop("shape", [None, 4])
    first = {"layer": "InputLayer", "config": {"name": "input", "batch_shape": shape}}
    made = {"model": "Sequential", "name": "m", "trainable": True, "compile": None}
    return {**made, "layers": [first, *members], **more}


def graph(*members, outputs="dense"):
    """Return the description of a functional model, written by hand."""
    start = layer("InputLayer", batch_shape=[None, 4]) | {"calls": []}
    made = {"model": "Functional", "name": "m", "trainable": True, "compile": None}
    ends = {"inputs": ref("inputlayer"), "outputs": ref(outputs)}
    return {**made, "layers": [start, *members], **ends}


def ref(name, call=0, index=0):
    return {"tensor": [name, call, index]}


def call(member, *args, **kwargs):
    return member | {"calls": [{"args": list(args), "kwargs": kwargs}]}


def operation(name, given, config=None):
    member = {"operation": name, "config": {"name": name.lower(), **(config or {})}}
    return call(member, *given)


def doubled(times):
    """Return a graph in which each step has twice the rows of the one before."""
    members, last = [], ref("inputlayer")
    for step in range(times):
        member = operation("Concatenate", [[last, last]], {"axis": 0, "name": f"c{step}"})
        members.append(member)
        last = ref(f"c{step}")
    return graph(*members, outputs=f"c{times - 1}")


def manifold(depth, times):
    """Return a model that calls a model so many times, which calls a model, ..."""
    member = layer("ReLU", name="m0")
    for step in range(depth):
        calls, last = [], ref("inputlayer")
        for count in range(times):
            calls.append({"args": [last], "kwargs": {}})
            last = ref(f"m{step}", count)
        member = graph(member | {"calls": calls}) | {"outputs": last, "name": f"m{step + 1}"}
    return member


def deep(depth):
    model = sequential(layer("Dense", units=1))
    for _ in range(depth):
        model = sequential(model)
    return model


W, B = np.zeros((4, 1), "float32"), np.zeros(1, "float32")
ONE = layer("Dense", units=1)
IN = ref("inputlayer")
PIXELS = {"shape": [None, 8, 8, 1]}
HOSTILE = {
    "lambda": (sequential(layer("Lambda", function="x")), []),
    "lambda as Keras writes it": (
        sequential({"layer": "Lambda", "config": {"name": "l", "function": {
            "class_name": "__lambda__", "config": {"code": "4wIA"}}}}), []),
    "registered class": (sequential(layer("keras>Registered")), []),
    "own class": (sequential(layer("Own")), []),
    "private name": (sequential(layer("__class__")), []),
    "dotted name": (sequential(layer("layers.Dense", units=1)), [W, B]),
    "module": (sequential(ONE | {"module": "os"}, layer("system", command="true")), [W, B]),
    "module in the configuration": (sequential(layer("Dense", units=1, module="os")), [W, B]),
    "saved model": (sequential(layer("TFSMLayer", filepath="/tmp/x")), []),
    "torch": (sequential(layer("TorchModuleWrapper", module="x")), []),
    "object from another module": (
        sequential(layer("Dense", units=1, kernel_initializer={
            "module": "os", "class_name": "system", "config": "true"})), [W, B]),
    "initialiser by name": (
        sequential(layer("Dense", units=1, kernel_initializer="zeros")), [W, B]),
    "activation by code": (sequential(layer("Activation", activation="os.system")), []),
    "constraint of another kind": (
        sequential(layer("Dense", units=1, kernel_constraint={"class": "L2", "config": {}})),
        [W, B]),
    "quantised": (sequential(layer("Dense", units=1, quantization_config={"a": 1})), [W, B]),
    "policy": (sequential(layer("Dense", units=1, dtype="int8_from_float32")), [W, B]),
    "upsampling": (sequential(layer("UpSampling2D", size=[10**5, 10**5]), **PIXELS), []),
    "upsampling, then less": (
        sequential(layer("UpSampling2D", size=[10**5, 10**5]), layer("GlobalMaxPooling2D"),
                   **PIXELS), []),
    "repeated": (sequential(layer("RepeatVector", n=10**9)), []),
    "repeated, less": (sequential(layer("RepeatVector", n=10**6)), []),
    "padded": (sequential(layer("ZeroPadding2D", padding=[10**6, 10**6]), **PIXELS), []),
    "embedding": (sequential(layer("Embedding", input_dim=10**6, output_dim=10**6)), [W]),
    "two million units": (
        sequential(layer("Dense", units=10**6), {"layer": "Dense", "config": {
            "name": "b", "units": 10**6}}), [W, B, W, B]),
    "normalisation of much": (
        sequential(layer("UpSampling2D", size=[10**3, 10**4]), layer("Normalization", axis=[1, 2]),
                   **PIXELS), []),
    "large input": (sequential(layer("Normalization", axis=1), shape=[None, 10**6, 10**6]), []),
    "open input": (sequential(layer("Flatten"), shape=[None, None]), []),
    "no input": ({**sequential(), "layers": [ONE]}, [W, B]),
    "negative input": (sequential(ONE, shape=[None, -4]), [W, B]),
    "wide kernel": (sequential(layer("Conv1D", filters=1, kernel_size=[10**6], padding="causal"),
                               shape=[None, 4, 1]), [W, B]),
    "dilated": (sequential(layer("Conv1D", filters=1, kernel_size=[2], padding="causal",
                                 dilation_rate=[10**6]), shape=[None, 4, 1]), [W, B]),
    "unrolled": (sequential(layer("GRU", units=1, unroll=True), shape=[None, 10**5, 1]), []),
    "huge units": (sequential(layer("Dense", units=10**400)), [W, B]),
    "units as text": (sequential(layer("Dense", units="1")), [W, B]),
    "units as a list": (sequential(layer("Dense", units=[1])), [W, B]),
    "NaN in a configuration": (sequential(layer("Rescaling", scale=math.nan)), []),
    "infinity in a configuration": (sequential(layer("Rescaling", scale=math.inf)), []),
    "long name": (sequential(ONE, name="m" * 10**6), [W, B]),
    "name with a path": (sequential(ONE, name="../m"), [W, B]),
    "no name": (sequential(ONE, name=None), [W, B]),
    "same names": (sequential(ONE, ONE), [W, B, B.reshape(1, 1), B]),
    "same names in a graph": (graph(call(ONE, IN), call(ONE, IN)), [W, B, W, B]),
    "10,000 layers": (sequential(*[layer("Flatten") for _ in range(10_000)]), []),
    "300 layers": (
        sequential(*({"layer": "ReLU", "config": {"name": f"r{n}"}} for n in range(300))), []),
    "cycle": (graph(call(ONE, ref("a")), call(layer("ReLU", name="a"), ref("dense"))), []),
    "itself": (graph(call(ONE, ref("dense"))), [W, B]),
    "no such layer": (graph(call(ONE, ref("x"))), [W, B]),
    "no such output": (graph(call(ONE, ref("inputlayer", 0, 3))), [W, B]),
    "output from the end": (graph(call(ONE, ref("inputlayer", 0, -1))), [W, B]),
    "malformed reference": (graph(call(ONE, {"tensor": "inputlayer"})), [W, B]),
    "no calls": (graph(ONE), [W, B]),
    "call without input": (graph(call(ONE, [[1.0, 2.0]])), [W, B]),
    "call by a private argument": (graph(call(ONE, IN, _x=1)), [W, B]),
    "operation without input": (graph(operation("Add", [1, 2]), outputs="add"), []),
    "operation of another list": (graph(operation("Dense", [IN]), outputs="dense"), []),
    "operation that is not on it": (graph(operation("Arange", [IN]), outputs="arange"), []),
    "tiled": (graph(operation("Tile", [IN], {"repeats": [1, 10**6]}), outputs="tile"), []),
    "rows tiled": (graph(operation("Tile", [IN], {"repeats": [10**6, 1]}), outputs="tile"), []),
    "rows doubled": (doubled(40), []),
    "padded by an operation": (
        graph(operation("Pad", [IN], {"pad_width": [[0, 0], [0, 10**6]]}), outputs="pad"), []),
    "broadcast": (
        graph(operation("BroadcastTo", [IN], {"shape": [10**6, 10**6, 4]}), outputs="broadcastto"),
        []),
    "called again and again": (manifold(4, 12), []),
    "much in all": (
        sequential(*({"layer": "ReLU", "config": {"name": f"r{n}"}} for n in range(9)),
                   shape=[None, 500_000]), []),
    "wrapper in a wrapper": (
        sequential(layer("TimeDistributed", layer={"class": "TimeDistributed", "config": {
            "name": "t", "layer": {"class": "ReLU", "config": {"name": "r"}}}}),
            shape=[None, 2, 2, 2]), []),
    "nested deeply": (deep(60), [W, B]),
    "list in lists": ({"model": eval("[" * 80 + "]" * 80)}, []),
    "no description": (None, []),
    "a list": ([], []),
    "empty": ({}, []),
    "bytes": (sequential(ONE, name=b"m"), [W, B]),
    "tuple": (sequential(layer("Flatten"), layers=()), []),
    "class as key": ({int: 1}, []),
    "shape": (sequential(ONE), [W.T, B]),
    "one array too many": (sequential(ONE), [W, B, B]),
    "one array too few": (sequential(ONE), [W]),
    "big-endian": (sequential(ONE), [W.astype(">f4"), B]),
    "dtype": (sequential(ONE), [W.astype("float64"), B]),
    "objects": (sequential(ONE), [W.astype(object), B]),
    "text": (sequential(ONE), [W.astype(str), B]),
    "lists": (sequential(ONE), [W.tolist(), B.tolist()]),
    "subclass": (sequential(ONE), [np.ma.masked_array(W), B]),
    "no arrays": (sequential(ONE), None),
    "too many parameters": (sequential(ONE), [np.broadcast_to(W, (10**7, 4, 1)), B]),
    "another root": ({**sequential(ONE), "model": "Model"}, [W, B]),
    "layers as text": ({**sequential(ONE), "layers": "Dense"}, [W, B]),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_description_is_refused_and_costs_nothing(name):
    description, arrays = HOSTILE[name]
    process, state = psutil.Process(os.getpid()), random.getstate()
    before = process.memory_info().rss
    with pytest.raises(ModelError) as caught:
        rebuild(description, arrays)
    assert process.memory_info().rss - before < SMALL
    assert len(str(caught.value)) < 500
    assert random.getstate() == state
    assert not global_state.get_global_attribute("uninitialized_variables")
    assert chain((1,), layers.Dense(1))(np.zeros((1, 1))).shape == (1, 1)  # Keras works as before


def test_what_is_written_by_hand_is_a_model_where_it_is_in_order():
    assert rebuild(sequential(ONE), [W, B]).output_shape == (None, 1)
    assert rebuild(graph(call(ONE, IN)), [W, B]).output_shape == (None, 1)
    assert rebuild(doubled(3), []).output_shape == (None, 4)
    assert rebuild(manifold(3, 4), [])(np.ones((2, 4))).shape == (2, 4)
    mean = graph(operation("Mean", [IN]), outputs="mean")
    assert rebuild(mean, []).output_shape == ()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_weights_that_are_no_numbers_have_a_message_of_their_own(value):
    with pytest.raises(ModelError, match=r"its weights contain NaN or infinity: .*dense/kernel"):
        rebuild(sequential(ONE), [np.full((4, 1), value, "float32"), B])


def test_a_hostile_compile_configuration_is_a_reason():
    sgd = {"class": "SGD", "config": {"learning_rate": 0.1}}
    for compiled in (
        {"optimizer": sgd, "loss": "os.system"},
        {"optimizer": sgd, "loss": {"class": "Own", "config": {}}},
        {"optimizer": {"class": "Own", "config": {}}, "loss": "mse"},
        {"optimizer": sgd, "metrics": [{"class": "AUC", "config": {"num_thresholds": 10**6}}]},
        {"optimizer": sgd, "loss": {"class": "MeanSquaredError", "config": {"fn": "x"}}},
        {"optimizer": "sgd"},
        {},
    ):
        twin = rebuild(sequential(ONE, compile=compiled), [W, B])
        with pytest.raises(ModelError, match="cannot train"):
            twin.fit(np.zeros((2, 4)), np.zeros(2))


TEMPLATES = [
    describe(MODELS[name]()) for name in ("nested", "operations", "convolution", "dropout")
]
_compiled = chain((4,), layers.Dense(1))
_compiled.compile(**COMPILED["a rate in steps"])
TEMPLATES.append(describe(_compiled))
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from([10**6, -1, 0, "Dense", "Lambda", "same", "relu", "float64", b"x", {1}, (1,)]),
    st.lists(st.integers(0, 10**6), max_size=3),
    st.dictionaries(st.sampled_from(["class", "config", "tensor", "model"]), st.none(), max_size=2),
)  # fmt: skip


def places(value, path=()):
    """Return the path of everything in a description."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, each in items:
        found.append((*path, key))
        if isinstance(each, dict | list):
            found += places(each, (*path, key))
    return found


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_changed_description_is_a_model_or_an_error(data):
    description, arrays = data.draw(st.sampled_from(TEMPLATES))
    changed, arrays = copy.deepcopy(description), list(arrays)
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(places(changed)))
        holder = changed
        for step in way:
            holder = holder[step]
        if data.draw(st.booleans()):
            holder[last] = data.draw(JUNK)
        else:
            del holder[last]
        if not changed:
            break
    if arrays and data.draw(st.integers(0, 9)) == 0:
        arrays.pop()
    try:
        model = rebuild(changed, arrays)
    except ModelError:
        return
    assert isinstance(model, keras.Model)


def test_the_students_part_imports_no_tensorflow():
    code = "import coursekit.models, sys; assert not {'keras', 'tensorflow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_rebuilding_leaves_no_variable_for_keras_to_fill():
    global_state.set_global_attribute("uninitialized_variables", None)
    rebuild(sequential(ONE), [W, B])
    assert not global_state.get_global_attribute("uninitialized_variables")
