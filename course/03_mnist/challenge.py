# %% [markdown]
# # Challenge: sort the letters
#
# {{badge}}
#
# *About 90 minutes · 24 points · after {{lecture}} and its parts 2 and 3*
#
# On an island, people write the postcode of a letter into boxes, one digit in each. The post office has a reader that keeps 12,000 example digits and holds every new one against all of them. The new sorting machine has room for 60,000 numbers in all. You build a reader that fits into the machine, and misreads far less.
#
# On Colab, save your own copy first: **File → Save a copy in Drive**. Work in the new tab, and click on its name, top left, to call it `mnist_challenge.ipynb` again.
#
# ## How it works
#
# - Each question has **one cell for your answer**. Replace the line `raise NotImplementedError(...)` with your code.
# - Below it are **checks**. Run them: each one passes, or says what it expected, what it got and what to try, or tells you that you have not tried yet.
# - Each check is all or nothing; a question's points are shared among its checks. Some checks have a hidden part that only the grader runs: it asks the same of your function with other values.
# - A *warning* below a check costs no points. Read it all the same: it often names what goes wrong next.
# - You may add cells of your own anywhere. Write only where `raise NotImplementedError` or *Replace this line* stands: all other cells are given, and the grader puts them back.
#
# Run the next three cells first. The third gives you images as `uint8` arrays of shape `(n, 28, 28)`, pixels from 0 (paper) to 255 (ink), and their digits as `uint8` arrays of shape `(n,)`. **Look at** the eight digits that it draws: above each stands what it is, and what the old reader says. Which of its mistakes could have been yours?

# %% given="setup"
from coursekit import data, expect, plots, setup

setup.start(seed=1)  # quiets TensorFlow, so it stands before the imports below

import functools
import itertools

import keras
import matplotlib.pyplot as plt
import numpy as np

# %% given="images"
mnist = data.load_mnist()
x_train, y_train = mnist.x_train[:10_000], mnist.y_train[:10_000]
x_val, y_val = mnist.x_train[10_000:], mnist.y_train[10_000:]
x_test, y_test = mnist.x_test, mnist.y_test


def shrink(images):
    """Return images of 14 x 14 pixels, as rows of 196: each pixel the mean of 2 x 2."""
    images = images.reshape(-1, 14, 2, 14, 2).astype("float32")
    return images.mean(axis=(2, 4)).reshape(-1, 196)


def old_reader(images, examples, labels):
    """Return for each image the label of the example that differs least from it."""
    rows = shrink(examples)
    half = (rows**2).sum(axis=1) / 2
    parts = [images[i : i + 500] for i in range(0, len(images), 500)]
    return np.concatenate([labels[np.argmax(shrink(p) @ rows.T - half, axis=1)] for p in parts])


def show_images(images, titles, alt):
    """Draw images side by side, each with a title."""
    _, axes = plt.subplots(1, len(images), figsize=(1.25 * len(images), 1.9), squeeze=False)
    for ax, image, title in zip(axes[0], images, titles, strict=True):
        ax.imshow(image, cmap="gray_r")
        ax.set_title(title, fontsize=10)
        ax.set(xticks=[], yticks=[])
    plots.show(axes, alt=alt)


old_val = old_reader(x_val, x_train, y_train)
old_test = old_reader(x_test, mnist.x_train, mnist.y_train)
old_error = float(np.mean(old_test != y_test))
print(f"{len(x_train)} images to train on, {len(x_val)} to validate on, {len(x_test)} to test on")
print(f"the old reader misreads {np.mean(old_val != y_val):.1%} of the validation images,")
print(f"and with all 12,000 examples {old_error:.1%} of the test images")
misread = np.flatnonzero(old_val != y_val)[:8]
show_images(
    x_val[misread],
    [f"a {y_val[i]}, read {old_val[i]}" for i in misread],
    alt="Eight handwritten digits that the old reader misreads, each with both digits above it.",
)

# %% [markdown] prompt="q1_correlate"
# ## Question 1: slide and add (2 points)
#
# A stroke of the pen has edges, and a small array finds them. Write the missing lines of `correlate(image, kernel, stride=1)`. It slides the kernel over the image as a Keras layer does, and the two loops are there already. What is `result[row, column]`?
#
# - With stride 1, the kernel's upper left corner lies on `image[row, column]`. Multiply each number of the kernel with the pixel under it, and add up the products.
# - With stride 2 the kernel moves two pixels at a time, down as well as to the right; with stride `s` it moves `s`.
#
# There is no padding, and the kernel is not flipped. Image and kernel need not be square.


# %% answer="q1_correlate"
def correlate(image, kernel, stride=1):
    """Return the cross-correlation of two arrays with two axes, without padding."""
    image = np.asarray(image, dtype=float)
    kernel = np.asarray(kernel, dtype=float)
    k_rows, k_columns = kernel.shape
    rows = (image.shape[0] - k_rows) // stride + 1
    columns = (image.shape[1] - k_columns) // stride + 1
    result = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            ### BEGIN SOLUTION
            top, left = row * stride, column * stride
            patch = image[top : top + k_rows, left : left + k_columns]
            result[row, column] = np.sum(patch * kernel)
            ### END SOLUTION
    return result


# %% check="q1_correlate" part="slide" points=1
_map = correlate([[1, 2, 3, 0], [4, 5, 6, 0], [7, 8, 9, 1]], [[1, 0], [0, -2]])
expect.shape(_map, (2, 3), name="the map of a 3 x 4 image and a 2 x 2 kernel")
expect.close(
    _map,
    [[-9.0, -10.0, 3.0], [-12.0, -13.0, 4.0]],
    name="that map",
    hint="The upper left number is 1·1 + 0·2 + 0·4 − 2·5. Which pixels lie under the kernel?",
)
### BEGIN HIDDEN TESTS
_image = np.arange(42.0).reshape(6, 7) ** 2 % 11
_kernel = np.array([[1.0, -2.0, 0.5, 3.0], [0.0, 4.0, -1.0, 2.0]])
_want = keras.ops.conv(_image[None, :, :, None], _kernel[:, :, None, None], padding="valid")
_want = np.asarray(_want)[0, :, :, 0]
expect.close(correlate(_image, _kernel), _want, rtol=1e-4, atol=1e-3, name="a kernel of 2 x 4")
expect.close(correlate([[3.0, 5.0]], [[2.0]]), [[6.0, 10.0]], name="a kernel of one number")
### END HIDDEN TESTS

# %% check="q1_correlate" part="stride" points=1
_image = np.arange(30).reshape(5, 6)
expect.close(
    correlate(_image, [[1, 0, 0], [0, 0, 0], [0, 0, 1]], 2),
    [[14.0, 18.0], [38.0, 42.0]],
    name="a 5 x 6 image with stride 2",
    hint="The kernel's corner lies on image[row * stride, column * stride].",
)
### BEGIN HIDDEN TESTS
_image = np.arange(88.0).reshape(8, 11) ** 2 % 13
_kernel = np.array([[1.0, -2.0], [3.0, 0.5], [-1.0, 2.0]])
_want = keras.ops.conv(
    _image[None, :, :, None], _kernel[:, :, None, None], strides=3, padding="valid"
)
_want = np.asarray(_want)[0, :, :, 0]
expect.close(correlate(_image, _kernel, 3), _want, rtol=1e-4, atol=1e-3, name="stride 3")
### END HIDDEN TESTS

# %% [markdown] prompt="q2_count"
# ## Question 2: does it fit? (3 points)
#
# The machine has room for 60,000 numbers. Before you train a network you want to know its size. Write `count(shape, layers)`: it returns a list with the number of parameters of each layer, weights and biases together, as whole numbers.
#
# `shape` is `[rows, columns, channels]` of one image. `layers` is a list of lists:
#
# | a layer | what it is |
# |---|---|
# | `["conv", filters, size, stride, padding]` | a convolution with kernels of `size` × `size`; `padding` is `"valid"` or `"same"` |
# | `["pool", size]` | max pooling, `size` × `size`, in steps of `size`, no padding: what is left over at the lower and right border is dropped |
# | `["flatten"]` | all numbers in one row |
# | `["dense", units]` | a dense layer; it stands after `["flatten"]` |
#
# A layer without parameters counts 0. The size of a dense layer depends on the shape that reaches it. So you need the shapes, too:
#
# - `"valid"` gives as many rows as there are places for the kernel, one below the other, as in question 1;
# - `"same"` pads so that stride 1 keeps the number of rows. With stride 2 that number is halved, and rounded **up**: 7 rows become 4. In general it is divided by the stride and rounded up. Columns likewise.


# %% answer="q2_count"
def count(shape, layers):
    """Return a list: the number of parameters of each layer."""
    ### BEGIN SOLUTION
    *sides, channels = shape
    counts = []
    for kind, *settings in layers:
        parameters = 0
        if kind == "conv":
            filters, size, stride, padding = settings
            parameters = (size * size * channels + 1) * filters
            if padding == "valid":
                sides = [n - size + 1 for n in sides]
            sides = [-(-n // stride) for n in sides]
            channels = filters
        elif kind == "pool":
            [size] = settings
            sides = [n // size for n in sides]
        elif kind == "flatten":
            channels = sides[0] * sides[1] * channels
        else:
            [units] = settings
            parameters = (channels + 1) * units
            channels = units
        counts.append(parameters)
    return counts
    ### END SOLUTION


# %% check="q2_count" part="network" points=2
_layers = [["conv", 4, 5, 1, "valid"], ["pool", 2], ["conv", 16, 5, 1, "valid"]]
_counts = count([28, 28, 1], _layers)
expect.is_a(_counts, list, name="what count returns", hint="One whole number for each layer.")
expect.equal(
    _counts,
    [104, 0, 1616],
    name="two convolutions with pooling between them",
    hint="A filter has size × size × (channels that come in) weights, and one bias.",
)
_layers += [["pool", 2], ["flatten"], ["dense", 100], ["dense", 10]]
expect.equal(
    count([28, 28, 1], _layers),
    [104, 0, 1616, 0, 0, 25700, 1010],
    name="the workshop's network, without its first layer",
    hint="Rows: 28, 24, 12, 8, 4. So 4 × 4 × 16 numbers reach the first dense layer.",
)
### BEGIN HIDDEN TESTS
_layers = [["conv", 7, 3, 2, "same"], ["conv", 5, 1, 1, "valid"], ["conv", 2, 2, 1, "same"]]
expect.equal(count([20, 30, 3], _layers), [196, 40, 42], name="three channels, three convolutions")
expect.equal(count([9, 9, 2], []), [], name="no layer at all")
_layers = [["conv", 3, 4, 1, "valid"], ["pool", 3], ["flatten"], ["dense", 2]]
expect.equal(count([25, 16, 2], _layers), [99, 0, 0, 170], name="not square, and a rest of 1")
_layers = [["pool", 2], ["flatten"], ["dense", 3], ["dense", 5], ["dense", 1]]
expect.equal(count([7, 9, 1], _layers), [0, 0, 39, 20, 6], name="odd sizes, three dense layers")
expect.equal(count([2, 3, 4], [["flatten"], ["dense", 1]]), [0, 25], name="no convolution")
### END HIDDEN TESTS

# %% check="q2_count" part="padding" points=1
expect.equal(
    count([7, 7, 1], [["conv", 1, 3, 2, "same"], ["flatten"], ["dense", 1]]),
    [10, 0, 17],
    name='parameters with stride 2 and padding "same"',
    hint="7 rows become 4, so 4 × 4 numbers reach the dense layer. Round up.",
)
expect.equal(
    count([8, 8, 1], [["conv", 1, 3, 2, "valid"], ["flatten"], ["dense", 1]]),
    [10, 0, 10],
    name='parameters with stride 2 and padding "valid"',
    hint="A kernel of 3 has 3 places in 8 rows with stride 2, as in question 1.",
)
### BEGIN HIDDEN TESTS
_layers = [["conv", 6, 4, 3, "same"], ["pool", 2], ["flatten"], ["dense", 2]]
expect.equal(count([29, 20, 3], _layers), [294, 0, 0, 182], name="stride 3, same")
_layers = [["conv", 6, 4, 3, "valid"], ["conv", 2, 2, 2, "valid"], ["flatten"], ["dense", 2]]
expect.equal(count([29, 20, 3], _layers), [294, 50, 0, 50], name="stride 3 and 2, valid")
_layers = [["conv", 1, 6, 1, "same"], ["flatten"], ["dense", 1]]
expect.equal(count([5, 4, 1], _layers), [37, 0, 21], name="a kernel larger than the image, same")
### END HIDDEN TESTS

# %% [markdown] prompt="q3_build_reader"
# ## Question 3: the workshop's network, from its plan (2 points)
#
# The island's engineer sends a plan. Write `build_reader()`, which returns exactly this network, **compiled**:
#
# 1. batch normalisation, on images of shape `(28, 28, 1)` with pixels from 0 to 255
# 2. convolution, 4 filters of 5 × 5, ReLU
# 3. max pooling, 2 × 2
# 4. convolution, 16 filters of 5 × 5, ReLU
# 5. max pooling, 2 × 2
# 6. flatten
# 7. dense, 100 units, ReLU
# 8. dropout, rate 0.4
# 9. dense, 10 units, softmax
#
# Strides and padding are Keras' own defaults. These are nine layers: an activation belongs to its layer and is none of its own. Compile with Adam at its default learning rate (another optimiser that learns as fast passes, too), and with the cross-entropy for **sparse** labels, the digits 0 to 9.
#
# One check trains your network for two epochs only, to see *that* it learns. So short, it may still misread twice as many as the old reader. In question 7 you will do better.


# %% answer="q3_build_reader"
def build_reader():
    """Return the workshop's network, compiled with Adam for sparse labels."""
    ### BEGIN SOLUTION
    model = keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            keras.layers.BatchNormalization(),
            keras.layers.Conv2D(4, kernel_size=5, activation="relu"),
            keras.layers.MaxPooling2D(pool_size=2),
            keras.layers.Conv2D(16, kernel_size=5, activation="relu"),
            keras.layers.MaxPooling2D(pool_size=2),
            keras.layers.Flatten(),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dropout(0.4),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model
    ### END SOLUTION


# %% given="tools"
def anatomy(model):
    """Return one line of text for each layer: its kind, and what shapes it."""
    keys = ["filters", "kernel_size", "pool_size", "strides", "padding"]
    keys += ["units", "rate", "activation"]
    lines = []
    for layer in model.get_config()["layers"]:
        settings = [f"{key}={layer['config'][key]}" for key in keys if key in layer["config"]]
        lines.append(" ".join([layer["class_name"], *settings]))
    return [line for line in lines if line != "InputLayer"]


def error_rate(model, images, labels):
    """Return the share of images that a model misreads."""
    parts = [images[i : i + 500, ..., None].astype("float32") for i in range(0, len(images), 500)]
    said = np.concatenate([np.asarray(model(part, training=False)) for part in parts])
    if said.shape != (len(images), 10):
        expect.shape(said, (len(images), 10), name="what the model says of the images")
    return float(np.mean(said.argmax(axis=1) != labels))


@functools.cache
def trained(train):
    """Return the model that `train` makes of all 12,000 images; a second call costs nothing."""
    keras.utils.set_random_seed(7)
    return train(mnist.x_train[..., None], mnist.y_train)


# %% check="q3_build_reader" part="plan" points=1
_model = build_reader()
expect.is_a(_model, keras.Model, name="what build_reader returns", hint="End with `return model`.")
expect.shape(
    _model(x_val[:3, ..., None].astype("float32")), (3, 10), name="what it says of three images"
)
_plan = [
    "BatchNormalization",
    "Conv2D filters=4 kernel_size=(5, 5) strides=(1, 1) padding=valid activation=relu",
    "MaxPooling2D pool_size=(2, 2) strides=(2, 2) padding=valid",
    "Conv2D filters=16 kernel_size=(5, 5) strides=(1, 1) padding=valid activation=relu",
    "MaxPooling2D pool_size=(2, 2) strides=(2, 2) padding=valid",
    "Flatten",
    "Dense units=100 activation=relu",
    "Dropout rate=0.4",
    "Dense units=10 activation=softmax",
]
_pairs = itertools.zip_longest(anatomy(_model), _plan, fillvalue="nothing")
_wrong = [f"layer {_n}: {_a}, not {_b}" for _n, (_a, _b) in enumerate(_pairs, 1) if _a != _b]
expect.that(
    not _wrong,
    expected="the nine layers are those of the plan",
    got="; ".join(_wrong[:2]),
    hint="Print anatomy(build_reader()) and compare it with the plan, line by line.",
)
expect.equal(_model.count_params(), 28_434, name="the number of all its parameters")

# %% check="q3_build_reader" part="learns" points=1
keras.utils.set_random_seed(3)
_model = build_reader()
expect.is_a(_model, keras.Model, name="what build_reader returns", hint="End with `return model`.")
expect.that(
    _model.compiled,
    expected="the model is compiled",
    got="a model without loss and optimiser",
    hint="Call model.compile(...) before you return the model.",
)
_model.fit(x_train[..., None], y_train, epochs=2, batch_size=50, verbose=0)
expect.better(
    error_rate(_model, x_val, y_val),
    np.mean(old_val != y_val),
    factor=2,
    name="its error rate on the validation images",
    hint='Is the first layer there? Is the loss "sparse_categorical_crossentropy"? Adam?',
)

# %% [markdown] prompt="q4_feature_maps"
# ## Question 4: what a layer sees (3 points)
#
# The postmistress does not trust a machine that she cannot look into. Write `feature_maps(image, kernels, biases)`. It returns what a convolutional layer with ReLU makes of one image, as an array of shape `(rows', columns', filters)`:
#
# - `image` has shape `(rows, columns, channels)`;
# - `kernels` has shape `(k_rows, k_columns, channels, filters)`, as Keras keeps them;
# - `biases` has shape `(filters,)`.
#
# Stride 1, no padding. For each filter and each place: multiply, add up **over all channels**, add the filter's bias, then ReLU. Do it without Keras, to see what such a layer does. Your `correlate` may help; or take two loops over the kernel's rows and columns, each adding one shifted piece of the image, times its weights.


# %% answer="q4_feature_maps"
def feature_maps(image, kernels, biases):
    """Return ReLU(convolution + bias), one map for each filter along the last axis."""
    image, kernels, biases = (np.asarray(a, dtype=float) for a in (image, kernels, biases))
    ### BEGIN SOLUTION
    k_rows, k_columns = kernels.shape[:2]
    rows, columns = image.shape[0] - k_rows + 1, image.shape[1] - k_columns + 1
    maps = np.zeros((rows, columns, kernels.shape[-1]))
    for i in range(k_rows):
        for j in range(k_columns):
            maps = maps + image[i : i + rows, j : j + columns] @ kernels[i, j]
    return np.maximum(maps + biases, 0)
    ### END SOLUTION


# %% check="q4_feature_maps" part="grey" points=1
_image = np.array([[0, 1, 5], [2, 4, 3]])[..., None]
_kernels = np.array([[[[-1.0, 1.0]], [[1.0, 0.0]]]])
_maps = feature_maps(_image, _kernels, [0.0, -3.0])
expect.shape(_maps, (2, 2, 2), name="two maps of a 2 x 3 image, with kernels of 1 x 2")
expect.close(
    _maps,
    [[[1.0, 0.0], [4.0, 0.0]], [[2.0, 0.0], [0.0, 1.0]]],
    name="those maps",
    hint="First map: right pixel minus left one, then ReLU. Second: left pixel minus 3, then ReLU.",
)
### BEGIN HIDDEN TESTS
_image = (np.arange(63.0) ** 2 % 17).reshape(7, 9, 1)
_kernels = (np.arange(30.0) ** 2 % 7 - 3).reshape(3, 2, 1, 5)
_biases = np.array([1.0, -2.0, 0.0, 30.0, -5.0])
_want = keras.ops.relu(keras.ops.conv(_image[None], _kernels, padding="valid") + _biases)[0]
_want = np.asarray(_want)
_maps = feature_maps(_image, _kernels, _biases)
expect.close(_maps, _want, rtol=1e-4, atol=1e-3, name="other kernels on a grey image")
### END HIDDEN TESTS

# %% check="q4_feature_maps" part="colour" points=2
_image = np.array([[[1.0, 2.0, 3.0], [0.0, 5.0, 1.0]]])
_kernels = np.array([[[[1.0, 2.0], [0.0, 1.0], [-1.0, 0.0]]]])
_maps = feature_maps(_image, _kernels, [0.5, 1.0])
expect.shape(_maps, (1, 2, 2), name="two maps of a 1 x 2 image with three channels")
expect.close(
    _maps,
    [[[0.0, 5.0], [0.0, 6.0]]],
    name="those maps",
    hint="Add up over the channels first: 1·1 + 0·2 − 1·3 + 0.5 is below 0, and ReLU makes it 0.",
)
### BEGIN HIDDEN TESTS
_image = (np.arange(144.0) ** 2 % 19).reshape(6, 8, 3)
_kernels = (np.arange(96.0) ** 2 % 11 - 5).reshape(2, 4, 3, 4)
_biases = np.array([-8.0, 0.0, 5.0, 40.0])
_want = keras.ops.relu(keras.ops.conv(_image[None], _kernels, padding="valid") + _biases)[0]
_want = np.asarray(_want)
_maps = feature_maps(_image, _kernels, _biases)
expect.close(_maps, _want, rtol=1e-4, atol=1e-3, name="four filters of 2 x 4 on three channels")
### END HIDDEN TESTS

# %%
# This cell draws what your function makes of one digit: it needs question 4.
# Look at the four maps: which strokes answer to which kernel?
down = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]]) / 765  # ink below, paper above
kernels = np.stack([down, -down, down.T, -down.T], axis=-1)[:, :, None]  # (3, 3, 1, 4)
digit = x_val[misread[0]][..., None]
maps = feature_maps(digit, kernels, np.zeros(4))
show_images(
    [digit[..., 0], *np.moveaxis(maps, -1, 0)],
    ["the image", "upper edges", "lower edges", "left edges", "right edges"],
    alt="A digit and four feature maps: each is dark where the pen's stroke has that edge.",
)

# %% [markdown]
# ## A colleague prepares images
#
# Before training, images are shuffled and scaled. A colleague wrote a function for it. It runs, and nothing warns. Yet a network that was trained on what it returns can only guess. **Look at** the digits, and at the labels above them.


# %% given="colleague"
def colleagues_prepare(x, y, seed):
    """Return shuffled images, with pixels from 0 to 1, and their digits."""
    rng = np.random.default_rng(seed)
    images = x[rng.permutation(len(x))]
    labels = y[rng.permutation(len(y))]
    images[::2] = images[::2, :, ::-1]  # some variety does no harm
    images = images / images.max()
    return images[..., None], labels


images, labels = colleagues_prepare(x_train, y_train, seed=2)
show_images(
    images[:8, ..., 0],
    [f"label {label}" for label in labels[:8]],
    alt="Eight handwritten digits, some mirrored, with wrong labels above most of them.",
)

# %% [markdown] prompt="q5_prepare"
# ## Question 5: mend it (3 points)
#
# The colleague's function has **three** faults. Two show in the picture; the third shows only when images come in small portions, some of them written with a pale pencil.
#
# Write `prepare(x, y, seed)`, which does it right. `x` has shape `(n, 28, 28)`, pixels from 0 to 255; `y` has shape `(n,)`. Return a pair: the images, shape `(n, 28, 28, 1)`, and their digits, shape `(n,)`.
#
# - All images are there, each once, as they were written, in a random order; and each keeps its digit.
# - The same seed gives the same order, another seed another one.
# - Pixel 0 becomes 0.0, pixel 255 becomes 1.0, pixel 51 becomes 0.2: always, whatever the other images look like.
# - If you shuffle in place, copy first: else the arrays of whoever calls, your own `x_train` for instance, stay shuffled.


# %% answer="q5_prepare"
def prepare(x, y, seed):
    """Return shuffled images, with pixels from 0 to 1, and their digits."""
    ### BEGIN SOLUTION
    order = np.random.default_rng(seed).permutation(len(x))
    return x[order][..., None] / 255, y[order]
    ### END SOLUTION


# %% check="q5_prepare" part="pairs" points=1
_grey = np.arange(0, 256, 5)
_x = np.repeat(_grey, 784).reshape(-1, 28, 28).astype("uint8")
_answer = prepare(_x.copy(), _grey // 5, 4)
expect.is_a(_answer, (tuple, list), name="what prepare returns", hint="`return images, digits`.")
expect.equal(len(_answer), 2, name="the number of things that it returns")
_images, _digits = (np.asarray(_part) for _part in _answer)
expect.shape(_images, (52, 28, 28, 1), name="52 images")
expect.shape(_digits, (52,), name="their digits")
_tone = np.rint(_images[:, 13, 13, 0] / np.max(_images) * 51)
expect.close(
    np.sort(_tone),
    np.arange(52.0),
    name="the images, sorted again",
    hint="Every image comes back once: none is lost, none comes twice.",
)
expect.close(
    _digits,
    _tone,
    name="each image with its digit",
    hint="Draw one random order, and use it for the images and for the digits.",
)
### BEGIN HIDDEN TESTS
expect.that(
    np.mean(_tone == np.arange(52)) < 0.5,
    expected="the images stand in another order than before",
    got="hardly any shuffling",
)
_again, _same_digits = prepare(_x.copy(), _grey // 5, 4)
expect.close(_same_digits, _digits, name="the same seed again")
_other, _other_digits = prepare(_x.copy(), _grey // 5, 5)
expect.that(
    np.mean(np.asarray(_other_digits) == _digits) < 0.5,
    expected="another order for another seed",
    got="the same order",
)
_tone = np.rint(np.asarray(_other)[:, 3, 20, 0] / np.max(_other) * 51)
expect.close(_other_digits, _tone, name="each image with its digit, another seed")
### END HIDDEN TESTS

# %% check="q5_prepare" part="upright" points=1
_x = np.repeat(x_val[:1], 6, axis=0)
_answer = prepare(_x.copy(), np.zeros(6, dtype="uint8"), 9)
expect.is_a(_answer, (tuple, list), name="what prepare returns", hint="`return images, digits`.")
_images = np.asarray(_answer[0], dtype=float)
expect.shape(_images, (6, 28, 28, 1), name="six copies of one image")
expect.close(
    _images[..., 0] / np.max(_images) * np.max(_x),
    _x,
    rtol=1e-4,
    atol=1e-3,
    name="every copy, as it was written",
    hint="A mirrored 2 is no 2, and a mirrored 3 no 3: leave rows and columns where they are.",
)

# %% check="q5_prepare" part="scale" points=1
_x = np.zeros((2, 28, 28), dtype="uint8")
_x[:, 4:20, 10:18] = 51
_answer = prepare(_x.copy(), np.array([1, 1]), 0)
expect.is_a(_answer, (tuple, list), name="what prepare returns", hint="`return images, digits`.")
expect.shape(_answer[0], (2, 28, 28, 1), name="two images in pale pencil")
expect.close(
    np.max(_answer[0]),
    0.2,
    name="the darkest pixel of two images in pale pencil, 51 of 255",
    hint="Divide by what a pixel can be, not by what it happens to be in these images.",
)
### BEGIN HIDDEN TESTS
_x = np.full((3, 28, 28), 102, dtype="uint8")
expect.close(
    np.asarray(prepare(_x.copy(), np.arange(3), 1)[0]), np.full((3, 28, 28, 1), 0.4), name="grey"
)
_x[1:] = 255
_images = np.asarray(prepare(_x.copy(), np.arange(3), 1)[0])
expect.close(np.sort(_images[:, 0, 0, 0]), [0.4, 1.0, 1.0], name="grey and black")
_x[:] = 0
expect.close(
    np.asarray(prepare(_x.copy(), np.arange(3), 1)[0]), np.zeros((3, 28, 28, 1)), name="paper"
)
### END HIDDEN TESTS

# %% [markdown] prompt="q6_confusion"
# ## Question 6: which digits look alike? (3 points)
#
# A misread postcode sends a letter to the wrong village. The postmistress wants to know which digits people should write more clearly. Write `confusion(y_true, y_pred, n)` for `n` classes, 0 to n − 1. It returns a pair:
#
# - `matrix`, an array of whole numbers, shape `(n, n)`: in row `t` and column `p` the number of images of class `t` that were read as `p`;
# - `worst`, the pair `(t, p)` with `t` ≠ `p` that occurs most often, as two whole numbers; of several equally frequent ones the one in the highest row, and there the leftmost. If there is no mistake at all, `worst` is `None`.
#
# Labels may be `uint8`, as in `y_train`, and `n` may be as large as 100. (What is `np.uint8(30) * np.uint8(30)`?)


# %% answer="q6_confusion"
def confusion(y_true, y_pred, n):
    """Return (the confusion matrix, the most frequent mistake or None)."""
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    ### BEGIN SOLUTION
    matrix = np.zeros((n, n), dtype=int)
    for true, predicted in zip(y_true, y_pred, strict=True):
        matrix[true, predicted] += 1
    mistakes = matrix * (1 - np.eye(n, dtype=int))
    if not mistakes.any():
        return matrix, None
    t, p = divmod(int(mistakes.argmax()), n)
    return matrix, (t, p)
    ### END SOLUTION


# %% check="q6_confusion" part="matrix" points=1
_answer = confusion([0, 2, 1, 1, 2, 2], [0, 1, 1, 1, 1, 2], 3)
expect.is_a(_answer, (tuple, list), name="what confusion returns", hint="`return matrix, worst`.")
expect.equal(len(_answer), 2, name="the number of things that it returns")
expect.close(
    _answer[0],
    [[1, 0, 0], [0, 2, 0], [0, 2, 1]],
    name="the matrix of six images",
    hint="Count each image once: row y_true[i], column y_pred[i].",
)
### BEGIN HIDDEN TESTS
_true = np.array([3, 3, 3, 0, 1, 0, 3, 1], dtype="uint8")
_said = np.array([0, 0, 3, 1, 1, 0, 1, 3], dtype="uint8")
expect.close(
    confusion(_true, _said, 5)[0],
    [[1, 1, 0, 0, 0], [0, 1, 0, 1, 0], [0] * 5, [2, 1, 0, 1, 0], [0] * 5],
    name="the matrix with a class that nobody writes",
)
expect.close(
    np.trace(confusion(y_val, old_val, 10)[0]),
    np.sum(y_val == old_val),
    name="what the old reader reads rightly",
)
### END HIDDEN TESTS

# %% check="q6_confusion" part="worst" points=2
_answer = confusion([0, 2, 1, 1, 2, 2], [0, 1, 1, 1, 1, 2], 3)
expect.is_a(_answer, (tuple, list), name="what confusion returns", hint="`return matrix, worst`.")
_worst = "no pair" if _answer[1] is None else _answer[1]
expect.equal(
    _worst if isinstance(_worst, str) else [int(_k) for _k in np.ravel(_worst)],
    [2, 1],
    name="the worst pair of six images",
    hint="Set the diagonal of a copy to 0: right answers are no mistakes. Then look for the max.",
)
expect.that(
    confusion([1, 0], [1, 0], 2)[1] is None,
    expected="None where there is no mistake",
    got="a pair",
    hint="Ask whether any number off the diagonal is above 0.",
)
### BEGIN HIDDEN TESTS
_answer = confusion([1, 3, 2, 1, 2, 3], [3, 0, 1, 0, 1, 0], 4)
expect.equal([int(_k) for _k in _answer[1]], [2, 1], name="a tie: the highest row")
_answer = confusion([3, 1, 1, 1, 1], [2, 2, 0, 2, 0], 4)
expect.equal([int(_k) for _k in _answer[1]], [1, 0], name="a tie: the leftmost")
_true = np.array([99, 99, 30, 99], dtype="uint8")
_answer = confusion(_true, np.array([98, 98, 31, 99], dtype="uint8"), 100)
expect.equal([int(_k) for _k in _answer[1]], [99, 98], name="many classes")
expect.close(_answer[0][30][31], 1, name="one of many classes")
_answer = confusion([0, 0, 0, 1], [0, 0, 0, 0], 2)
expect.equal([int(_k) for _k in _answer[1]], [1, 0], name="one mistake among right answers")
### END HIDDEN TESTS

# %% [markdown] prompt="q7_train_reader"
# ## Question 7: how good can you get? (5 points)
#
# The last question is open. Write `train_reader(x, y)`: it builds a model, trains it on the images it is given, and returns it. `x` has shape `(n, 28, 28, 1)`, `uint8` pixels from 0 to 255; `y` holds the digits, `uint8` too. The model takes such images as they are, so scaling belongs inside it. It gives ten numbers for each image, and the largest says which digit it is.
#
# All three checks look at two things first:
#
# - **At most 60,000 parameters**, by `model.count_params()`: the machine has no room for more.
# - **Keras' own layers only**: no `Lambda`, no class of your own, since the grader rebuilds your model from its description. `Rescaling(1 / 255)` scales, and so does `BatchNormalization()`.
#
# Anything from the lectures goes: kernels, pooling, batch normalisation (behind a convolution, too, where each map gets a mean of its own), dropout, augmentation. One tool is new, a learning rate that falls to 0 while the network trains. Large steps come first, to get near a minimum, and small ones last, to settle there:
#
# ```python
# steps = len(x) // batch_size * epochs  # batches in the whole training
# rate = keras.optimizers.schedules.CosineDecay(0.003, decay_steps=steps)
# adam = keras.optimizers.Adam(learning_rate=rate)
# ```
#
# Aim for less than a minute of training on Colab. A little more costs no points, but the grader does not wait for ever.
#
# **Choose first:** add a cell of your own, train on `x_train[..., None]` and `y_train`, compare `error_rate(model, x_val, y_val)`. Your yardstick is that rate, divided by the old reader's: `np.mean(old_val != y_val)`. With 2,000 images a rate is good to about half a percentage point only, so leave some room.
#
# **Run the checks** when you have decided. They call `train_reader` once, with all 12,000 training images, and all three look at that one model. If you change something, run the answer cell again before the checks. What you see of the gold check looks at type, size and rebuilding; whether it is gold, the grader says.
#
# **Awake or asleep?** The checks call `model(x, training=False)`. Say `training=False` in your own cells, too, or use `error_rate`, which does: in a plain `model(x)` dropout rests, but Keras' augmentation layers stay **awake** and move the images. You may also train augmentation and network in a row, as in part 3, and return the inner network alone.
#
# The limits are shares of the old reader's error rate on the same images:
#
# | tier | error rate at most | points |
# |---|---|---|
# | bronze | 80 % of the old reader's, on the test images | 1 |
# | silver | half of the old reader's, on the test images | 2 |
# | gold | a third of the old reader's, on 8,000 other images (hidden) | 2 |


# %% answer="q7_train_reader"
def train_reader(x, y):
    """Return a model of at most 60,000 parameters, trained on images and their digits."""
    ### BEGIN SOLUTION
    model = keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.RandomTranslation(0.06, 0.06, fill_mode="constant"),
            keras.layers.Conv2D(16, kernel_size=3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Conv2D(32, kernel_size=3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Conv2D(48, kernel_size=3, activation="relu"),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Flatten(),
            keras.layers.Dense(48, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    epochs, batch = 6, 128
    rate = keras.optimizers.schedules.CosineDecay(0.004, decay_steps=epochs * len(x) // batch)
    adam = keras.optimizers.Adam(learning_rate=rate)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=epochs, batch_size=batch, verbose=0)
    return model
    ### END SOLUTION


# %% check="q7_train_reader" part="bronze" points=1
_model = trained(train_reader)
expect.is_a(
    _model,
    keras.Model,
    name="what train_reader returns",
    hint="Return the model, not what fit returns.",
)
_size = _model.count_params()
expect.that(
    _size <= 60_000,
    expected="the model has at most 60,000 parameters",
    got=f"{_size:,} parameters",
    hint="Most sit in the first dense layer: pool before it, or give it fewer units.",
)
expect.rebuilds(_model)
expect.better(
    error_rate(_model, x_test, y_test),
    old_error,
    factor=0.8,
    name="bronze: error rate on the test images",
    hint="Back to x_val: start from the network of question 3. Are pixels scaled in the model?",
)

# %% check="q7_train_reader" part="silver" points=2
_model = trained(train_reader)
expect.is_a(
    _model,
    keras.Model,
    name="what train_reader returns",
    hint="Return the model, not what fit returns.",
)
_size = _model.count_params()
expect.that(
    _size <= 60_000,
    expected="the model has at most 60,000 parameters",
    got=f"{_size:,} parameters",
    hint="Most sit in the first dense layer: pool before it, or give it fewer units.",
)
expect.rebuilds(_model)
expect.better(
    error_rate(_model, x_test, y_test),
    old_error,
    factor=0.5,
    name="silver: error rate on the test images",
    hint="Back to x_val: more filters, fewer dense units, more epochs, a rate that falls.",
)

# %% check="q7_train_reader" part="gold" points=2
_model = trained(train_reader)
expect.is_a(
    _model,
    keras.Model,
    name="what train_reader returns",
    hint="Return the model, not what fit returns.",
)
_size = _model.count_params()
expect.that(
    _size <= 60_000,
    expected="the model has at most 60,000 parameters",
    got=f"{_size:,} parameters",
    hint="Most sit in the first dense layer: pool before it, or give it fewer units.",
)
expect.rebuilds(
    _model, name="gold, the part you see (the grader measures the error rate): the model"
)
### BEGIN HIDDEN TESTS
from coursekit.grading import held_out

_x, _y = held_out.load("mnist")
expect.better(
    error_rate(_model, _x, _y),
    np.mean(old_reader(_x, mnist.x_train, mnist.y_train) != _y),
    factor=1 / 3,
    name="gold: error rate on 8,000 other images",
    hint="Batch normalisation after each convolution helps; so do images shifted a little.",
)
### END HIDDEN TESTS

# %% [markdown] task="q8_postcodes" points=3
# ## Question 8: in your own words (3 points)
#
# The director writes: "Your reader names 98.5 % of the digits rightly. A postcode has five digits. We sort 1,000 envelopes a day, so 15 a day go to the wrong village. I can live with that. And from Monday on, a sixth box holds the street, as a capital A to F. The reader shall read that, too: it has learned to read, hasn't it?"
#
# In 60 to 120 words: correct the number 15 (a short calculation; take mistakes as independent), say what your reader answers when it sees an A and what it would need to read one, and name one change, to the machine or to what it does with a doubtful digit, that keeps envelopes from going astray.
#
# A person reads this answer. Double-click on the next cell, write, then press Shift + Enter.
#
# ### BEGIN MARK SCHEME
# 1 point each:
#
# - All five digits must be right: $0.985^5 \approx 0.93$, so about 73 envelopes of 1,000 have at least one misread digit (70 to 75 is fine, and so is "up to five times as many, 75"). Not 15.
# - Its ten outputs can say nothing but 0 to 9: an A becomes some digit, and softmax may even be sure of it. The point is for that: "one of the ten digits, perhaps surely". What it would need (examples of capitals, outputs for them, training) rounds the answer off and is not required for the point.
# - A change that helps: hand an envelope to a person when the largest probability of a digit is low (the limit chosen on validation images), refuse postcodes that do not exist, give postcodes a check digit and refuse those where it is wrong. A class "none of these" earns the point for the sixth box only, if the answer says so. "Train longer" alone earns nothing.
# ### END MARK SCHEME

# %% [markdown]
# *Replace this line with your answer.*

# %% [markdown]
# ## Hand in
#
# 1. **Restart and run all cells**: on Colab **Runtime → Restart session and run all**, in JupyterLab **Kernel → Restart Kernel and Run All Cells**. The last cell, just below, sums up what passes and what is missing. That trains twice: allow about two minutes. If it stops at a question that you leave out, go on from the cell below it: on Colab **Runtime → Run cell and below** (older: *Run after*), in JupyterLab **Run → Run Selected Cell and All Below**.
# 2. Save. On Colab: **File → Download → Download .ipynb**. In JupyterLab: **File → Save**; the file is the one that you opened.
# 3. Hand in that one file, `mnist_challenge.ipynb`, where your teacher collects it. Keep its name.
