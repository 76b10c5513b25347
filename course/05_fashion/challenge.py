# %% [markdown]
# # Challenge: one minute for the sorting hall
#
# {{badge}}
#
# *About 90 minutes · 24 points · after {{lecture}} and its parts 2 to 4*
#
# A charity sorts old clothes. Its old sorter adds up weighted pixels, one sum for each article, and is wrong far too often. A new one may be trained every night, on the hall's small computer, which has **one minute** for it. You write the parts: the network in three languages, a callback, a rule that stops, a rate that fits. Then you use the minute.
#
# It is the last challenge, so there is less help than before: you get a name, its arguments, and what must come out.
#
# On Colab, save your own copy first: **File → Save a copy in Drive**. Work in the new tab, and click on its name, top left, to call it `fashion_challenge.ipynb` again.
#
# ## How it works
#
# - Each question has **one cell for your answer**. Replace the line `raise NotImplementedError(...)` with your code.
# - Below it are **checks**. Run them: each one passes, or says what it expected, what it got and what to try, or tells you that you have not tried yet.
# - Each check is all or nothing; a question's points are shared among its checks. Some checks have a hidden part that only the grader runs: it asks the same of your function with other values.
# - A *warning* below a check costs no points. Read it all the same: it often names what goes wrong next.
# - You may add cells of your own anywhere. Write only where `raise NotImplementedError` or *Replace this line* stands: all other cells are given, and the grader puts them back.
#
# ## The clothes
#
# Everywhere in this notebook, images have the shape `(n, 28, 28, 1)`, `float32`, from 0 to 1. The ten articles are whole numbers from 0 to 9; `family[labels]` gives the families, 0 to 3, in which the hall stores them: for the body, the legs, the feet, the hand.
#
# Run the next three cells first. **Look at** the eight images: above each stands what it is, and what the old sorter says. Which of its mistakes could have been yours?

# %% given="setup"
from coursekit import data, expect, plots, predict, setup

setup.start(seed=1)  # quiets TensorFlow, so it stands before the imports below

import functools

import keras
import matplotlib.pyplot as plt
import numpy as np

# %% given="clothes"
fashion = data.load_fashion()
articles = fashion.class_names
family = np.array([0, 1, 0, 0, 0, 2, 0, 2, 3, 2])  # body, legs, feet, hand


def scaled(images):
    """Return images of shape (n, 28, 28, 1), from 0 to 1."""
    return (images[..., None] / 255).astype("float32")


x_all, y_all = scaled(fashion.x_train), fashion.y_train.astype(int)
x_val, y_val, x_train, y_train = x_all[:2000], y_all[:2000], x_all[2000:], y_all[2000:]
x_test, y_test = scaled(fashion.x_test), fashion.y_test.astype(int)


def old_sorter(images, examples, labels):
    """Return what the old sorter says of images: ten weighted sums, the largest wins."""
    rows = examples.reshape(len(examples), -1)
    table = rows.T @ rows + 10 * np.eye(784)  # least squares, with a little L2
    weights = np.linalg.solve(table, rows.T @ np.eye(10)[labels])
    return np.argmax(images.reshape(len(images), -1) @ weights, axis=1)


def cross_entropy(labels, p):
    """Return the mean cross-entropy of probabilities of shape (n, classes)."""
    p = np.clip(np.asarray(p, dtype=float), 1e-7, 1)
    return float(-np.mean(np.log(p[np.arange(len(labels)), labels])))


def small_net():
    """Return a compiled network 784 → 64 → 10; each call gives the same weights."""
    keras.utils.set_random_seed(9)
    layers = [keras.layers.Flatten(), keras.layers.Dense(64, activation="relu")]
    layers += [keras.layers.Dense(10, activation="softmax")]
    net = keras.Sequential([keras.Input(shape=(28, 28, 1)), *layers])
    sgd = keras.optimizers.SGD(learning_rate=0.02)
    net.compile(optimizer=sgd, loss="sparse_categorical_crossentropy")
    return net


old_val, old_test = old_sorter(x_val, x_train, y_train), old_sorter(x_test, x_all, y_all)
old_error = float(np.mean(old_test != y_test))
print(f"{len(x_train)} images to train on, {len(x_val)} to validate on, {len(x_test)} to test on")
print(f"the old sorter is wrong on {np.mean(old_val != y_val):.1%} of the validation images,")
print(f"and, with all {len(x_all)} examples, on {old_error:.1%} of the test images")
figure, axes = plt.subplots(1, 8, figsize=(11, 2), layout="constrained", facecolor="white")
for ax, i in zip(axes, np.flatnonzero(old_val != y_val), strict=False):
    ax.imshow(x_val[i, ..., 0], cmap="gray_r")
    ax.set_title(f"{articles[y_val[i]]},\nsorted as\n{articles[old_val[i]]}", fontsize=9)
    ax.set(xticks=[], yticks=[])
plots.show(figure, alt="Eight clothes that the old sorter gets wrong, each with both names above.")

# %% [markdown] prompt="q1_forward"
# ## Question 1: the network as code (3 points)
#
# A list, a graph, code: three languages for one network. In code, a method `call` says what happens to a batch. Write it by hand, with NumPy alone: `forward(images, weights)`. You wrote most of it for the hedgehogs (there the weights came first, and nothing stood at the end) and the rest for the irises.
#
# - `weights` is a list of arrays as `model.get_weights()` gives it for a network of dense layers: kernel, bias, kernel, bias, … There may be any number of layers, one or more, of any widths.
# - Make each image one row first, as `Flatten` does. `images` may have any shape that begins with n: `(n, 28, 28, 1)`, or `(n, 2, 3)`. It may also be a plain list of lists, which has no `.reshape`: begin with `np.asarray(images)`.
# - Every layer but the last ends in ReLU, the last one in softmax. Return the probabilities, of shape `(n, classes)`.
# - The numbers before the softmax may be as large as 1,000 or as low as −1,000, and `np.exp(1000)` is infinite. Softmax stays the same if a row's largest number is first subtracted from that row.


# %% answer="q1_forward"
def forward(images, weights):
    """Return the probabilities that a network of dense layers gives, shape (n, classes)."""
    ### BEGIN SOLUTION
    rows = np.array([np.ravel(image) for image in images], dtype=float)
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        logits = rows @ kernel + bias
        rows = np.maximum(logits, 0)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% check="q1_forward" part="equal" points=2
_net = small_net()
_weights = _net.get_weights()
_weights[1] = _weights[1] + np.linspace(-0.5, 0.5, 64)  # biases begin at 0: give them something
_weights[3] = _weights[3] + np.linspace(0, 1, 10)
_net.set_weights(_weights)
_p = forward(x_val[:30].copy(), list(_weights))
expect.shape(_p, (30, 10), name="the probabilities of 30 images")
expect.close(
    _p,
    _net(x_val[:30]),
    atol=1e-4,
    name="code and list, with equal weights",
    hint="rows @ kernel + bias. ReLU behind every layer but the last, softmax behind the last.",
)
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(4)
for _sizes in (6, 3), (6, 5, 4), (6, 7, 3, 5, 2):
    _net = keras.Sequential([keras.Input(shape=(2, 3)), keras.layers.Flatten()])
    for _n in _sizes[1:-1]:
        _net.add(keras.layers.Dense(_n, activation="relu"))
    _net.add(keras.layers.Dense(_sizes[-1], activation="softmax"))
    _weights = [_rng.normal(size=_w.shape) for _w in _net.get_weights()]
    _net.set_weights(_weights)
    _x = _rng.normal(size=(4, 2, 3))
    _p = forward(_x.copy(), list(_weights))
    expect.close(_p, _net(_x), atol=1e-4, name=f"a network with {len(_sizes) - 1} layers")
    _p = forward(_x[:1].copy(), list(_weights))
    expect.close(_p, _net(_x[:1]), atol=1e-4, name="one image")
### END HIDDEN TESTS

# %% check="q1_forward" part="large" points=1
_kernel, _bias = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]), np.zeros(3)
_p = forward([[900.0, 900.0], [3.0, 4.0]], [_kernel, _bias])
expect.finite(
    _p,
    name="softmax of 900, 900 and −900",
    hint="In each row, subtract the row's own largest number before np.exp.",
)
_want = np.exp([[0.0, 0.0, -1800.0], [-1.0, 0.0, -7.0]])
expect.close(
    _p,
    _want / _want.sum(axis=1, keepdims=True),
    atol=1e-6,
    name="probabilities for large numbers and for small ones",
    hint="Every row has a largest number of its own, and a sum of its own.",
)
### BEGIN HIDDEN TESTS
_p = forward([[-1000.0, -998.0], [1000.0, 1000.0]], [np.eye(2), np.zeros(2)])
_low = 1 / (1 + np.exp(2))
expect.close(_p, [[_low, 1 - _low], [0.5, 0.5]], atol=1e-6, name="a row of very low numbers")
### END HIDDEN TESTS

# %% [markdown] prompt="q2_build_two"
# ## Question 2: two answers (4 points)
#
# The hall wants to know the article and the family, and a graph can give both. Write `build_two(units, share)`: it returns this **compiled** Keras model.
#
# - The input is an image of shape `(28, 28, 1)`. It is flattened: the 784 **pixels**.
# - The pixels go through one **hidden** layer of `units` units with ReLU.
# - `"article"`, 10 units with softmax, sees the pixels *and* the hidden layer, joined by `Concatenate`, **pixels first**.
# - `"family"`, 4 units with softmax, sees the hidden layer only.
# - The model's outputs are a dictionary with these two names.
# - Both losses are cross-entropy for sparse labels. `share`, from 0 to 1, is the loss weight of `"family"`; `"article"` has the rest, 1 − `share`. You choose the optimiser. No brakes: a penalty would be part of the loss.
#
# One check sets weights of its own and compares the answers; the other compares the loss of a batch, as `fit` would compute it, with both losses by hand. Before them stands a given cell with tools for this question and for question 7: run it once. You need not read it.


# %% answer="q2_build_two"
def build_two(units, share):
    """Return a compiled model with the outputs "article" and "family"."""
    ### BEGIN SOLUTION
    image = keras.Input(shape=(28, 28, 1))
    pixels = keras.layers.Flatten()(image)
    hidden = keras.layers.Dense(units, activation="relu")(pixels)
    joined = keras.layers.Concatenate()([pixels, hidden])
    article = keras.layers.Dense(10, activation="softmax", name="article")(joined)
    family = keras.layers.Dense(4, activation="softmax", name="family")(hidden)
    model = keras.Model(image, {"article": article, "family": family})
    losses = dict.fromkeys(["article", "family"], "sparse_categorical_crossentropy")
    model.compile("adam", loss=losses, loss_weights={"article": 1 - share, "family": share})
    return model
    ### END SOLUTION


# %% given="tools"
def both_answers(model, images):
    """Return what the model says of images: {"article": (n, 10), "family": (n, 4)}."""
    hint = 'End with keras.Model(image, {"article": …, "family": …}), and return the model.'
    expect.is_a(model, keras.Model, name="what build_two returns", hint=hint)
    expect.rebuilds(model)
    said = model(images)
    expect.is_a(said, dict, name="what the model says", hint=hint)
    expect.equal(sorted(said), ["article", "family"], name="the names of its answers", hint=hint)
    expect.shape(said["article"], (len(images), 10), name="the answer article")
    expect.shape(said["family"], (len(images), 4), name="the answer family")
    return said


def loss_of(model, images, labels):
    """Return the loss that `fit` would lower on a batch, or a text that says why there is none."""
    targets = {"article": labels, "family": family[labels]}
    try:
        return float(model.compute_loss(y=targets, y_pred=model(images)))
    except Exception as error:  # not compiled, or losses that do not fit the labels
        return f"no loss: {error!r}"[:200]


def error_rate(model, images, labels):
    """Return the share of images that a model sorts wrongly."""
    parts = [images[i : i + 500] for i in range(0, len(images), 500)]
    said = np.concatenate([np.asarray(model(part, training=False)) for part in parts])
    if said.shape != (len(images), 10):
        expect.shape(said, (len(images), 10), name="what the model says of the images")
    return float(np.mean(said.argmax(axis=1) != labels))


@functools.cache
def trained(train):
    """Return the model that `train` makes of all 12,000 images; a second call costs nothing."""
    keras.utils.set_random_seed(7)
    model = train(x_all.copy(), y_all.copy())
    expect.is_a(
        model,
        keras.Model,
        name="what train_model returns",
        hint="Return the model, not what fit returns.",
    )
    expect.rebuilds(model)
    return model


# %% check="q2_build_two" part="graph" points=2
for _units in 64, 5:
    _model = build_two(_units, 0.25)
    _said = both_answers(_model, x_val[:6])
    _sizes = [(784, _units), (_units,), (784 + _units, 10), (10,), (_units, 4), (4,)]
    expect.equal(
        sorted(tuple(_w.shape) for _w in _model.get_weights()),
        sorted(_sizes),
        name=f"the shapes of kernels and biases with {_units} hidden units",
        hint="Which layer sees the 784 pixels, which the hidden layer, which both?",
    )
    _rng = np.random.default_rng(_units)
    _new = {_size: _rng.normal(size=_size) / 9 for _size in _sizes}
    _model.set_weights([_new[tuple(_w.shape)] for _w in _model.get_weights()])
    _pixels = x_val[:6].reshape(6, 784)
    _hidden = np.maximum(_pixels @ _new[784, _units] + _new[_units,], 0)
    _joined = np.concatenate([_pixels, _hidden], axis=1)
    _want = {"article": _joined @ _new[784 + _units, 10] + _new[10,]}
    _want["family"] = _hidden @ _new[_units, 4] + _new[4,]
    _said = _model(x_val[:6])
    for _name in "article", "family":
        expect.close(
            _said[_name],
            np.asarray(keras.ops.softmax(_want[_name])),
            atol=1e-4,
            name=f"{_name}, with weights set by hand",
            hint="ReLU for the hidden layer, softmax for both answers; pixels first when joined.",
        )

# %% check="q2_build_two" part="loss" points=2
_model = build_two(64, 0.25)
_said = both_answers(_model, x_val[:40])
expect.that(
    _model.compiled,
    expected="the model is compiled",
    got="a model without losses and optimiser",
    hint="Call model.compile(...) before you return the model.",
)
_loss = loss_of(_model, x_val[:40], y_val[:40])
expect.is_a(_loss, float, name="the loss of 40 images", hint="Labels are whole numbers: sparse.")
_two = (
    cross_entropy(y_val[:40], _said["article"]),
    cross_entropy(family[y_val[:40]], _said["family"]),
)
expect.close(
    _loss,
    0.75 * _two[0] + 0.25 * _two[1],
    rtol=1e-3,
    name=f"the loss with share 0.25, where article has {_two[0]:.3f} and family {_two[1]:.3f}",
    hint="Look at loss_weights: family gets share, article the rest.",
)
### BEGIN HIDDEN TESTS
for _share in 0.0, 0.6, 1.0:
    _model = build_two(7, _share)
    _said = both_answers(_model, x_val[40:70])
    _two = (
        cross_entropy(y_val[40:70], _said["article"]),
        cross_entropy(family[y_val[40:70]], _said["family"]),
    )
    _loss = loss_of(_model, x_val[40:70], y_val[40:70])
    expect.is_a(_loss, float, name="the loss of 30 images")
    expect.close(
        _loss, (1 - _share) * _two[0] + _share * _two[1], rtol=1e-3, name=f"share {_share}"
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Better on what it has never seen?
#
# The hall's director has watched a training. "In the first epoch the training loss is well above the validation loss. So the network does better on images that it has never seen!" You remember how Keras makes the two numbers.
#
# `small_net()` trains for an epoch, and Keras reports a training loss. Now the network as it is *at the end* of this epoch is asked for its loss, on the same training images. How large is that, in percent of what Keras reported? Type a guess. (100 is no difference.)

# %%
guess = None  # your guess, for instance 100
predict.record("loss at the end of epoch 1", guess, unit="% of what Keras reports")


# %% given="curves"
class AtTheEnd(keras.callbacks.Callback):
    """After each epoch, note the loss of the network as it then is, on all training images."""

    def on_train_begin(self, logs=None):
        self.losses = []

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(cross_entropy(y_train, self.model(x_train)))


net, at_the_end = small_net(), AtTheEnd()
history = net.fit(
    x_train,
    y_train,
    validation_data=(x_val, y_val),
    epochs=5,
    batch_size=50,
    callbacks=[at_the_end],
    verbose=0,
).history
predict.compare("loss at the end of epoch 1", 100 * at_the_end.losses[0] / history["loss"][0])

epochs = np.arange(1, 6)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True, sharex=True, layout="constrained")
for ax, shift, title in zip(
    axes, (0, 0.5), ("As Keras reports it", "Half an epoch earlier"), strict=True
):
    training = dict(color=plots.COLOURS["orange"], label="training, reported")
    validation = dict(color=plots.COLOURS["blue"], label="validation")
    ax.plot(epochs - shift, history["loss"], "o--", **training)
    ax.plot(epochs, history["val_loss"], "s-", **validation)
    ax.set(title=title, xlabel="epoch", ylabel="cross-entropy", xticks=range(6))
    ax.grid(alpha=0.3)
axes[1].plot(epochs, at_the_end.losses, "kx", ms=9, mew=2, label="training, at the end")
axes[1].legend()
plots.show(
    axes,
    alt="Left: the training loss starts above the validation loss. Right: moved half an epoch to "
    "the left it runs close to crosses, the training loss at the end of each epoch.",
)

# %% [markdown] prompt="q3_apart"
# ## Question 3: half an epoch (2 points)
#
# What Keras reports is a mean over the epoch, in which the network changes with every batch. So the number belongs to the epoch's **middle**; a validation loss belongs to its **end**. **Look at** the crosses, on the right: moved half an epoch to the left, the line passes close to them (least so at the end of epoch 1: there the loss first falls steeply and then slowly, and a straight line cuts across such a bend, above it).
#
# Write `apart(loss, val_loss, gap)`. The first two are lists with one number an epoch, as in `history`; `gap` is a number.
#
# - A straight line between the middles of the epochs e and e + 1 passes the end of epoch e half-way. Its height there is your estimate of the training loss at the end of epoch e. The last epoch has no estimate.
# - Return the first epoch, counted from 1, at whose end the validation loss lies **more than** `gap` above this estimate. If there is none, return 0.
#
# When the check passes, ask it about the picture, in a cell of your own: `apart(history["loss"], history["val_loss"], 0.03)`. Does the right panel agree?


# %% answer="q3_apart"
def apart(loss, val_loss, gap):
    """Return the first epoch after which validation is more than `gap` above training, or 0."""
    ### BEGIN SOLUTION
    for epoch in range(1, len(loss)):
        at_end = (loss[epoch - 1] + loss[epoch]) / 2
        if val_loss[epoch - 1] - at_end > gap:
            return epoch
    return 0
    ### END SOLUTION


# %% check="q3_apart" points=2
_epoch = apart([2.0, 1.0, 0.75, 0.5, 0.25], [1.5, 1.0, 1.0, 0.875, 0.875], 0.25)
expect.is_a(_epoch, (int, float), name="the epoch")
expect.equal(
    int(_epoch),
    3,
    name="the first epoch with a gap of more than 0.25",
    hint="The training loss at the ends of epochs 1 to 4: 1.5, 0.875, 0.625, 0.375.",
)
_epoch = apart([2.0, 1.0], [1.25, 4.0], 0.25)
expect.is_a(_epoch, (int, float), name="the epoch")
expect.equal(
    int(_epoch),
    0,
    name="two epochs, the first without a gap",
    hint="For the last epoch there is no estimate, whatever its validation loss.",
)
### BEGIN HIDDEN TESTS
_loss, _val = [4.0, 3.0, 2.5, 2.0, 1.0, 0.5], [3.75, 3.0, 2.5, 2.0, 1.75, 2.0]
for _gap, _want in (0.0, 1), (0.125, 1), (0.25, 4), (0.5, 5), (1.0, 0), (0.999, 5), (-1.0, 1):
    expect.equal(int(apart(_loss, _val, _gap)), _want, name=f"six epochs, gap {_gap}")
expect.equal(int(apart([1.0], [9.0], 0.5)), 0, name="a single epoch")
expect.equal(int(apart([1.0, 3.0], [2.5, 0.0], 0.25)), 1, name="a training loss that rises")
expect.equal(int(apart([3.0, 1.0], [2.5, 0.0], 0.5)), 0, name="exactly the gap")
expect.equal(int(apart([4.0, 1.0, 0.5], [0.5, 0.5, 0.5], 1.0)), 0, name="validation far below")
### END HIDDEN TESTS

# %% [markdown] prompt="q4_losses_along"
# ## Question 4: a callback of your own (3 points)
#
# Which learning rate? Lecture 3 lets it rise from batch to batch, and watches the loss. Write `losses_along(x, y, rates)`. It trains a fresh `small_net()` for **one epoch** on `x` and `y`, in batches of 50, in the order in which the rows stand (`shuffle=False`), with `verbose=0`.
#
# - Batch number k, counted from 0, is learned with the rate `rates[k]`. There are as many rates as batches.
# - Return a list: for each batch its **own** loss, as the network was before it learned that batch.
# - `x` may have any number of rows. So the **last batch may be smaller**, and then lecture 3's class no longer notes the right number for it.
#
# What Keras hands to `on_train_batch_end`, `logs["loss"]`, is the mean over all **images** of this epoch so far. How many images has it seen after batch k?
#
# Define your callback class inside the function.


# %% answer="q4_losses_along"
def losses_along(x, y, rates):
    """Return the loss of each batch of one epoch; batch k is learned with rates[k]."""
    ### BEGIN SOLUTION
    losses = []

    class Finder(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.model.optimizer.learning_rate = rates[batch]
            self.model.reset_metrics()

        def on_train_batch_end(self, batch, logs=None):
            losses.append(float(logs["loss"]))

    small_net().fit(x, y, batch_size=50, shuffle=False, callbacks=[Finder()], verbose=0)
    return losses
    ### END SOLUTION


# %% check="q4_losses_along" part="own" points=2
keras.utils.set_random_seed(4)
_net = small_net()
for _n in 200, 220:
    _starts = range(0, _n, 50)
    _losses = losses_along(x_train[:_n].copy(), y_train[:_n].copy(), [0.0] * len(_starts))
    expect.shape(_losses, (len(_starts),), name=f"the losses of {_n} rows", hint="One a batch.")
    _batches = [slice(_start, min(_start + 50, _n)) for _start in _starts]
    expect.close(
        _losses,
        [cross_entropy(y_train[_b], _net(x_train[_b])) for _b in _batches],
        atol=1e-3,
        name=f"{_n} rows, with all rates 0: the losses of the untouched network",
        hint="Each batch's own loss, not the mean so far. The mean so far counts every image once: "
        "a last batch of 20 moves it less than a batch of 50.",
    )

# %% check="q4_losses_along" part="rates" points=1
keras.utils.set_random_seed(4)
_x, _y = x_train[:300], y_train[:300]
_losses = losses_along(_x.copy(), _y.copy(), [0.0, 0.0, 0.5, 0.0, 0.0, 0.0])
expect.shape(_losses, (6,), name="the losses of six batches", hint="A list, one loss a batch.")
_batches = [slice(_n, _n + 50) for _n in range(0, 300, 50)]
_net = small_net()
expect.close(
    np.asarray(_losses)[:3],
    [cross_entropy(_y[_b], _net(_x[_b])) for _b in _batches[:3]],
    atol=1e-3,
    name="rates 0, 0, 0.5: the first three losses are those of the untouched network",
    hint="The loss of a batch is taken before the network learns that batch.",
)
_sgd = keras.optimizers.SGD(learning_rate=0.5)
_net.compile(optimizer=_sgd, loss="sparse_categorical_crossentropy")
_net.fit(_x[_batches[2]], _y[_batches[2]], batch_size=50, verbose=0)
expect.close(
    np.asarray(_losses)[3:],
    [cross_entropy(_y[_b], _net(_x[_b])) for _b in _batches[3:]],
    atol=1e-3,
    name="then 0, 0, 0: the losses of a network that learned the third batch, and no other",
    hint="Batch k is learned with rates[k]. Which hook comes before a batch?",
)
### BEGIN HIDDEN TESTS
keras.utils.set_random_seed(4)
_x, _y = x_val[:200], y_val[:200]
_losses = losses_along(_x.copy(), _y.copy(), [1.0, 0.0, 0.25, 0.0])
_batches = [slice(_n, _n + 50) for _n in range(0, 200, 50)]
_net = small_net()
_want = [cross_entropy(_y[_batches[0]], _net(_x[_batches[0]]))]
for _rate, _learned, _asked in (1.0, 0, (1, 2)), (0.25, 2, (3,)):
    _sgd = keras.optimizers.SGD(learning_rate=_rate)
    _net.compile(optimizer=_sgd, loss="sparse_categorical_crossentropy")
    _net.fit(_x[_batches[_learned]], _y[_batches[_learned]], batch_size=50, verbose=0)
    _want += [cross_entropy(_y[_batches[_n]], _net(_x[_batches[_n]])) for _n in _asked]
expect.close(_losses, _want, atol=1e-3, name="four batches, two of them learned")
### END HIDDEN TESTS

# %%
# This cell draws what your function finds: it needs question 4.
# Look at three rates: where the loss begins to fall, where it is lowest, where it runs away.
rates = np.geomspace(0.001, 10, 200)  # 200 batches, each rate the one before times 1.047
losses = losses_along(x_train, y_train, rates)
figure, ax = plt.subplots(figsize=(7, 3.8), layout="constrained", facecolor="white")
ax.semilogx(rates, losses, ".-", color=plots.COLOURS["blue"], lw=1)
ax.set(title="A rate that rises from batch to batch", xlabel="learning rate of the batch")
ax.set(ylabel="loss of the batch", ylim=(0, 5))
ax.grid(alpha=0.3)
plots.show(ax, alt="Loss against rate: flat, then falling, lowest, and then it jumps up.")

# %% [markdown] prompt="q5_pick_rate"
# ## Question 5: read the curve (2 points)
#
# Which images a batch holds is luck, so the curve is rough; and towards its right end the network breaks (losses above 5 are cut off in the picture). Write a rule that reads it: `pick_rate(rates, losses)`, for two lists of equal length. The first line of the answer cell makes arrays of them.
#
# 1. If a loss is not finite (infinite, or `nan`), leave out this batch and all that come after it. The first loss is finite.
# 2. Smooth: for each batch that is left, the mean of its own loss, of up to two before it and of up to two after it, as far as they exist and are left.
# 3. Find the lowest smoothed loss; of several, the first.
# 4. At that rate the network is about to break. Return a tenth of it.
#
# When the check passes, try `pick_rate(rates, losses)` in a cell of your own. Would you have pointed there? And compare it with the rate that `small_net` was given, in the second cell of this notebook.


# %% answer="q5_pick_rate"
def pick_rate(rates, losses):
    """Return a tenth of the rate at which the smoothed loss is lowest."""
    rates, losses = np.asarray(rates, dtype=float), np.asarray(losses, dtype=float)
    ### BEGIN SOLUTION
    finite = np.isfinite(losses)
    n = len(losses) if finite.all() else int(np.argmin(finite))
    smooth = [np.mean(losses[max(0, k - 2) : min(k + 3, n)]) for k in range(n)]
    return float(rates[np.argmin(smooth)] / 10)
    ### END SOLUTION


# %% check="q5_pick_rate" points=2
_rates = [0.01 * 2**_k for _k in range(10)]
_rate = pick_rate(_rates, [8.0, 8.0, 0.0, 8.0, 7.0, 6.0, 3.0, 3.0, 4.0, 9.0])
expect.close(
    _rate,
    0.064,
    name="the rate for ten batches, one of them with luck",
    hint="The first smoothed loss is (8 + 8 + 0) / 3, the seventh (7 + 6 + 3 + 3 + 4) / 5.",
)
_rate = pick_rate(_rates[:6], [8.0, 7.0, 6.0, 5.0, np.nan, 0.0])
expect.close(
    _rate,
    0.008,
    name="the rate for a network that breaks at the fifth batch",
    hint="Four losses are left; the last of them is smoothed with two neighbours, not four.",
)
### BEGIN HIDDEN TESTS
for _losses, _best in (
    ([9.0, 8.0, 1.0, 8.0, 9.0, 3.0, 3.0, 3.0, 8.0], 7),
    ([3.0, 3.0, 3.0, 9.0, 9.0, 9.0, 3.0, 3.0, 3.0], 0),
    ([4.0, 2.0, 6.0, 8.0, 9.0], 0),
    ([1.0, 2.0, 6.0, 1.0, 2.0, 6.0, 1.0], 2),
    ([6.0, 5.0, 4.0, 3.0, 2.0, 1.0], 5),
    ([6.0, 5.0, 4.0, 3.0, 2.0, 1.0, np.inf, 0.0, 0.0], 5),
    ([9.0, 8.0, 7.0, 6.0, np.inf, 1.0, np.nan, 0.0], 3),
    ([2.0, np.nan], 0),
    ([3.0], 0),
):
    _rates = list(np.geomspace(0.001, 3, len(_losses)))
    expect.close(pick_rate(_rates, _losses), _rates[_best] / 10, name=f"{len(_losses)} batches")
### END HIDDEN TESTS

# %% [markdown]
# ## When to stop?
#
# A colleague has written down what early stopping does, as a plain function. `loss` and `val_loss` hold one number an epoch, as if the training ran on and on. The function says after which epoch training stops, and which epoch's weights are kept. **Look at** the line where it stops, and at the ring around the epoch that it keeps: what would you have done?


# %% given="colleague"
def colleagues_stop(loss, val_loss, patience):
    """Return (the epoch after which training stops, the epoch whose weights are kept)."""
    best, waited = np.inf, 0
    for epoch, value in enumerate(loss, start=1):
        if value <= best:
            best = value
        else:
            waited += 1
        if waited == patience:
            return epoch, epoch
    return len(loss), len(loss)


run = [0.90, 0.70, 0.60, 0.52, 0.54, 0.46, 0.48, 0.40, 0.38, 0.39, 0.34, 0.31]
val_run = [0.95, 0.80, 0.72, 0.74, 0.68, 0.70, 0.71, 0.73, 0.75, 0.80, 0.83, 0.88]
stopped, kept = colleagues_stop(run, val_run, patience=3)
figure, ax = plt.subplots(figsize=(7, 3.8), layout="constrained", facecolor="white")
ax.plot(range(1, 13), run, "o--", color=plots.COLOURS["orange"], label="training")
ax.plot(range(1, 13), val_run, "s-", color=plots.COLOURS["blue"], label="validation")
ax.axvline(stopped, color=plots.COLOURS["black"], ls=":", lw=2, label="training stops")
ax.plot(kept, val_run[kept - 1], "o", ms=16, mfc="none", mec="black", mew=2, label="kept")
ax.set(title="The colleague's early stopping, patience 3", xlabel="epoch", ylabel="loss")
ax.legend(loc="lower left")
ax.grid(alpha=0.3)
plots.show(ax, alt="Validation loss is lowest at epoch 5; the function stops and keeps epoch 10.")

# %% [markdown] prompt="q6_stop_rule"
# ## Question 6: mend it (3 points)
#
# In the regression challenge you wrote this rule yourself. Reading somebody else's is harder: this one has four faults, and three of them show in the picture. Write `stop_rule(loss, val_loss, patience)`, which does what Keras' `EarlyStopping(patience=patience, restore_best_weights=True)` does. It returns a pair of whole numbers, counted from 1 (mind the order: in the regression challenge it was the other way round):
#
# - the epoch after which training stops: the first with `patience` epochs in a row, itself the last of them, **without a new lowest** validation loss. A value that only equals the lowest so far is no new lowest. If there is no such epoch, the last one;
# - the epoch whose weights are kept: of the epochs up to there, the one with the lowest validation loss; of several, the first.
#
# `patience` is at least 1, and there is at least one epoch.


# %% answer="q6_stop_rule"
def stop_rule(loss, val_loss, patience):
    """Return (the epoch after which training stops, the epoch whose weights are kept)."""
    ### BEGIN SOLUTION
    for epoch in range(1, len(val_loss) + 1):
        kept = int(np.argmin(val_loss[:epoch])) + 1
        if epoch - kept == patience:
            break
    return epoch, kept
    ### END SOLUTION


# %% check="q6_stop_rule" part="stops" points=2
_answer = stop_rule(run.copy(), val_run.copy(), 3)
expect.shape(_answer, (2,), name="the pair (stops, keeps)", hint="`return stopped, kept`.")
expect.equal(
    int(_answer[0]),
    8,
    name="the epoch after which the colleague's run should stop, patience 3",
    hint="Lowest validation loss at epoch 5; then three epochs without a new lowest.",
)
_answer = stop_rule([9.0] * 6, [5.0, 6.0, 4.0, 5.0, 3.0, 4.0], 2)
expect.shape(_answer, (2,), name="the pair (stops, keeps)", hint="`return stopped, kept`.")
expect.equal(
    int(_answer[0]),
    6,
    name="where every second epoch is better, patience 2: it never stops early",
    hint="A new lowest value begins the waiting anew.",
)
### BEGIN HIDDEN TESTS
_run = [4.0, 5.0, 3.0, 3.0, 3.0, 2.0, 6.0, 2.5, 2.0, 7.0, 1.0]
for _patience, _want in (1, 2), (2, 5), (3, 9), (4, 10), (5, 11), (20, 11):
    _answer = stop_rule([3.0] * 11, list(_run), _patience)
    expect.equal(int(_answer[0]), _want, name=f"eleven epochs, patience {_patience}")
_answer = stop_rule([1.0, 2.0, 3.0], [3.0, 2.0, 1.0], 1)
expect.equal(int(_answer[0]), 3, name="training rises, validation falls")
expect.equal(int(stop_rule([1.0], [1.0], 1)[0]), 1, name="a single epoch")
### END HIDDEN TESTS

# %% check="q6_stop_rule" part="keeps" points=1
_answer = stop_rule(run.copy(), val_run.copy(), 3)
expect.shape(_answer, (2,), name="the pair (stops, keeps)", hint="`return stopped, kept`.")
expect.equal(
    int(_answer[1]),
    5,
    name="the epoch that is kept of the colleague's run",
    hint="Remember the epoch, whenever there is a new lowest validation loss.",
)
_answer = stop_rule([9.0] * 5, [3.0, 2.0, 2.0, 4.0, 1.0], 2)
expect.shape(_answer, (2,), name="the pair (stops, keeps)", hint="`return stopped, kept`.")
expect.equal(
    int(_answer[1]),
    2,
    name="the epoch that is kept, where the loss would be lower after the stop",
    hint="Training stops after epoch 4. Epoch 5 is never reached.",
)
### BEGIN HIDDEN TESTS
_run = [4.0, 5.0, 3.0, 3.0, 3.0, 2.0, 6.0, 2.5, 2.0, 7.0, 1.0]
for _patience, _want in (1, 1), (2, 3), (3, 6), (4, 6), (5, 11):
    _answer = stop_rule([3.0] * 11, list(_run), _patience)
    expect.equal(int(_answer[1]), _want, name=f"kept of eleven epochs, patience {_patience}")
expect.equal(int(stop_rule([1.0, 0.5], [2.0, 2.0], 3)[1]), 1, name="kept of two equal epochs")
### END HIDDEN TESTS

# %% [markdown] prompt="q7_train_model"
# ## Question 7: how good can you get in a minute? (4 points)
#
# The last question is open. Write `train_model(x, y)`: it builds a model, trains it on the images it is given, and returns it. `x` has shape `(n, 28, 28, 1)`, `float32`, from 0 to 1; `y` holds the articles, 0 to 9. The model takes such images and gives ten numbers for each, and the largest says which article it is.
#
# **Budget:** aim for at most 60 seconds of training on two cores, such as Colab's. A little more costs no points, but the grader does not wait for ever.
#
# **Keras' own layers only**: no `Lambda`, no class of your own, since the grader rebuilds your model from its description.
#
# Anything from the lectures goes: wide layers or convolutions, pooling, batch normalisation, dropout, augmentation, a batch size and a rate that fit each other, a callback. For instance a rate that falls to 0 while the network trains, as in the MNIST challenge:
#
# ```python
# steps = len(x) // batch_size * epochs  # batches in the whole training
# rate = keras.optimizers.schedules.CosineDecay(0.003, decay_steps=steps)
# adam = keras.optimizers.Adam(learning_rate=rate)
# ```
#
# **Choose first:** add a cell of your own, train on `x_train` and `y_train`, compare `error_rate(model, x_val, y_val)`. Your yardstick is that rate, divided by the old sorter's, `np.mean(old_val != y_val)`. With 2,000 images a rate is good to about a percentage point only, which is 0.05 in your yardstick; and whoever tries many networks and keeps the best gets a rate that looks too good. So leave room: whoever wants gold, 0.60, aims for 0.55 on `x_val`.
#
# **Run the checks** when you have decided. They call `train_model` once, with all 12,000 training images, and all three look at that one model, called as `model(x, training=False)`. (So does `error_rate`. In your own cells, say it, too: in a plain `model(x)` augmentation layers stay awake.) `x_val` is among the 12,000. So a callback in `train_model` that watches a validation loss needs images of its own: set some rows of `x` aside, and do not train on them. If you change something, run the answer cell again before the checks. What you see of the gold check looks at type and rebuilding; whether it is gold, the grader says.
#
# | tier | error rate at most | points |
# |---|---|---|
# | bronze | 80 % of the old sorter's, on the test images | 1 |
# | silver | 65 % of the old sorter's, on the test images | 1 |
# | gold | 60 % of the old sorter's, on 8,000 other images (hidden) | 2 |


# %% answer="q7_train_model"
def train_model(x, y):
    """Return a model trained on images of shape (n, 28, 28, 1) and their articles."""
    ### BEGIN SOLUTION
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape=(28, 28, 1))])
    for filters in 16, 32:
        model.add(layers.Conv2D(filters, kernel_size=3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D())
        model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.25))
    model.add(layers.Dense(100, activation="relu"))
    model.add(layers.Dropout(0.25))
    model.add(layers.Dense(10, activation="softmax"))
    epochs, batch = 8, 100
    rate = keras.optimizers.schedules.CosineDecay(0.004, decay_steps=epochs * len(x) // batch)
    adam = keras.optimizers.Adam(learning_rate=rate)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=epochs, batch_size=batch, verbose=0)
    return model
    ### END SOLUTION


# %% check="q7_train_model" part="bronze" points=1
expect.better(
    error_rate(trained(train_model), x_test, y_test),
    old_error,
    factor=0.8,
    name="bronze: error rate on the test images",
    hint="Back to x_val: does the loss fall? Try Adam with a rate near 0.001, and more epochs.",
)

# %% check="q7_train_model" part="silver" points=1
expect.better(
    error_rate(trained(train_model), x_test, y_test),
    old_error,
    factor=0.65,
    name="silver: error rate on the test images",
    hint="Back to x_val: fit with validation_data. Falling still: more epochs or a larger rate. "
    "Rising again: dropout, or fewer epochs. Are there convolutions?",
)

# %% check="q7_train_model" part="gold" points=2
_model = trained(train_model)
expect.rebuilds(
    _model, name="gold, the part you see (the grader measures the error rate): the model"
)
### BEGIN HIDDEN TESTS
from coursekit.grading import held_out

_x, _y = held_out.load("fashion")
_x = scaled(_x)
expect.better(
    error_rate(_model, _x, _y),
    np.mean(old_sorter(_x, x_all, y_all) != _y),
    factor=0.6,
    name="gold: error rate on 8,000 other images",
    hint='Two convolutions with padding "same" and pooling, a little dropout, a rate that falls.',
)
### END HIDDEN TESTS

# %% [markdown] task="q8_letter" points=3
# ## Question 8: in your own words (3 points)
#
# The director writes: "I let a program try 200 networks overnight. The best is right on 91.4 % of the validation images, so I shall promise our shops 91.4 %. We need no test images: its training loss lies *above* its validation loss, so it cannot overfit. And please write it as a class of your own, not as a list of layers; code is more powerful, so it will be more accurate."
#
# Three claims, three mistakes: (1) it will be right on 91.4 % in the shops; (2) it cannot overfit; (3) as a class it will be more accurate. In 80 to 140 words: say for each what is wrong with it, and for the first one also what to do instead.
#
# A person reads this answer. Double-click on the next cell, write, then press Shift + Enter.
#
# ### BEGIN MARK SCHEME
# 1 point for each claim:
#
# - **91.4 %.** The best of 200 was *chosen* on these validation images; part of its lead is luck on just these images, so 91.4 % is too good on average. Instead: ask it **once** on images that had no part in any choice (a test set), and promise that number, with a margin for luck. Both halves are needed for the point: why it is too good, and fresh images (wherever in the answer they stand; the director speaks of test images in the next sentence). The margin is welcome, not needed.
# - **"Cannot overfit."** The training loss is a mean over the epoch while the network still learned (half an epoch late), and dropout, augmentation and penalties raise it, too; validation is taken at the end, without them. So "above" shows nothing. One of these reasons earns the point. This earns it, too: whether it overfits is shown by the *validation* loss, when it rises while training falls on; or by the training loss measured at the end, with the brakes off.
# - **A class.** Same layers, same weights, same numbers: the language does not change what a network says. A class costs something: nothing is known before it runs (shapes, drawing), and the code must be there when it is loaded. The first sentence or its like earns the point; "use a class only where Python must decide in the middle" rounds it off. "A class can express more" is true and costs nothing, if it also says that the *same* network becomes no more accurate by it; alone it earns nothing.
#
# "200 is too many" alone earns nothing: with fewer the number is still chosen. "The validation set is too small" alone earns nothing for the first claim, nor does "it may overfit anyway" for the second. Length costs no point as long as the three answers can be found.
# ### END MARK SCHEME

# %% [markdown]
# *Replace this line with your answer.*

# %% [markdown]
# ## Hand in
#
# 1. **Restart and run all cells**: on Colab **Runtime → Restart session and run all**, in JupyterLab **Kernel → Restart Kernel and Run All Cells**. The last cell, just below, sums up what passes and what is missing. That trains your network once: allow about two minutes. If it stops at a question that you leave out, go on from the cell below it: on Colab **Runtime → Run cell and below** (older: *Run after*), in JupyterLab **Run → Run Selected Cell and All Below**.
# 2. Save. On Colab: **File → Download → Download .ipynb**. In JupyterLab: **File → Save**; the file is the one that you opened.
# 3. Hand in that one file, `fashion_challenge.ipynb`, where your teacher collects it. Keep its name.
