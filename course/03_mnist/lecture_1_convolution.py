# %% [markdown]
# # MNIST 1: images and convolution
#
# {{badge}}
#
# To a computer, a handwritten 7 is a table of 784 numbers. You see two strokes and a corner; where in the table
# are they? In this lecture you find out what a dense network makes of such a table, and build by hand, number by
# number, the operation that looks for strokes.
#
# ## Objectives *(2 min)*
#
# **70 minutes.** You need the iris unit: softmax, sparse labels, cross-entropy, validation data, baselines. On
# Colab, save a copy in Drive first (*File → Save a copy in Drive*), or your work is lost when you close the tab.
#
# At the end you can
#
# 1. read the shape of a batch of images, and say what each axis is;
# 2. compute convolution and max pooling by hand, and get Keras' numbers;
# 3. work out the output size and the number of weights for any kernel, padding, stride and number of channels;
# 4. say what a convolution knows about images that a dense layer does not, and show it by an experiment.

# %%
from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import keras
import matplotlib.pyplot as plt
import numpy as np


# %% [markdown]
# ## Problem *(3 min)*
#
# A letter, a cheque, a form: somebody wrote a digit, and a machine should say which. **MNIST** is a collection of
# such digits, written by hundreds of people, and everybody's first image problem.
#
# - Inputs: the pixels of one image, $28 \times 28$ numbers.
# - Target: one of ten classes, the digits 0 to 9.
#
# Classification is not new. New is that the inputs have *places*. A petal's length is not "to the left of" its
# width. A pixel has neighbours, and strokes are made of neighbours.
#
# ## Look at the data *(8 min)*
#
# We take the small set that came with the course, 12,000 images. The last 2,000 are our validation images. The
# test images stay closed until part 2.
#
# In the picture each column is one digit. **Look for** a class that people write in two ways, for two classes that
# you might confuse, and for the place of the digit in its square: does it ever lie in a corner?

# %%
mnist = data.load_mnist()
x_train, y_train = mnist.x_train[:10_000], mnist.y_train[:10_000]
x_val, y_val = mnist.x_train[10_000:], mnist.y_train[10_000:]

for pile, images, labels in (("training", x_train, y_train), ("validation", x_val, y_val)):
    print(f"{pile:10} {images.shape} {images.dtype}, by class {np.bincount(labels)}")
print("values from", x_train.min(), "to", x_train.max())

fig, axes = plt.subplots(5, 10, figsize=(10, 5.4), layout="constrained")
for digit, column in enumerate(axes.T):
    for ax, image in zip(column, x_train[y_train == digit]):
        ax.imshow(image, cmap="gray_r")  # 0 is white paper, the largest value black ink
        ax.set(xticks=[], yticks=[])
    column[0].set_title(digit)
fig.suptitle("Five images of each digit, 28 × 28 pixels")
alt = "Fifty digits, each in the middle, none in a corner. A 1 is a stroke, once with a foot; a 2 has a "
alt += "loop or none; some 4 and 9 differ by a closed top alone."
plots.show(fig, alt=alt)


def show_pixels(ax, image, title, **options):
    ax.imshow(image, cmap="gray_r", **options)
    ax.set(title=title, xlabel="column", ylabel="row")


# %% [markdown]
# A 1 with and without a foot, a 2 with and without a loop. 4 and 9 are close. And never in a corner: nobody writes
# so neatly in the middle. Somebody scaled each digit to one size and centred it *for* us. Remember
# that when you show a network a photo of your own.
#
# ### Idea 1: an image is a tensor
#
# You know tensors, channels and `uint8` from Foundations 1; new is what Keras wants. A **pixel** is one number: here 0 for background to 255 for ink, as an 8-bit whole number (`uint8`). A grey
# image is a table of pixels, (row, column). A colour image has three numbers a pixel, red, green, blue: three
# **channels**. An array with any number of axes is a **tensor**. Keras wants a tensor of many images, in the order
#
# $$(n,\ \text{height},\ \text{width},\ \text{channels})$$
#
# for $n$ images. A grey image has *one* channel, and Keras wants to be told: $(n, 28, 28, 1)$. And training goes
# best with small numbers: we make floats and divide by 255.
#
# **Look at** the square on the left and its numbers on the right. Rows count *downwards*. Where are the numbers
# that are neither paper nor full ink? On the edge of the stroke: the edge is grey.


# %%
def show_numbers(ax, array, title, *, cmap="gray_r", low=0, high=None, form="{:.0f}"):
    picture = ax.imshow(array, cmap=cmap, vmin=low, vmax=high)
    for (row, column), value in np.ndenumerate(array):
        dark = np.dot(picture.cmap(picture.norm(value))[:3], [0.3, 0.6, 0.1]) < 0.5
        words = dict(ha="center", va="center", color="white" if dark else "black", fontsize=9)
        ax.text(column, row, form.format(np.round(value, 2) + 0.0), **words)  # no "-0"
    ax.set(title=title, xlabel="column", ylabel="row")
    ax.locator_params(integer=True)


seven = x_train[y_train == 7][0]
fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4.4), layout="constrained")
show_pixels(left, seven, "A seven")
left.add_patch(plt.Rectangle((15.5, 9.5), 8, 8, fill=False, ec=plots.COLOURS["vermillion"], lw=3))
show_numbers(right, seven[10:18, 16:24], "Its pixels in the square (0 paper, 255 ink)")
right.set(xticks=range(8), xticklabels=range(16, 24), yticks=range(8), yticklabels=range(10, 18))
plots.show(fig, alt=f"A square on the stroke of a seven. Its rows: {seven[10:18, 16:24].tolist()}.")


def as_input(images):
    return images[..., None].astype("float32") / 255


expect.shape(as_input(x_train), (10_000, 28, 28, 1), name="all training images as a tensor")
expect.shape(as_input(x_train[:32]), (32, 28, 28, 1), name="a batch of 32")
assert as_input(x_train).max() == 1

# %%
answers = {
    "4": "Right: 260 − 256. The number has 8 bits and starts again at 0, without a word. So first turn "
    "images into floats, then calculate.",
    "260": "Misconception: that NumPy changes the type when a number does not fit.",
    "255": "Misconception: that it stops at the largest value. Image programs do; NumPy does not.",
}
quiz.ask(
    "Two uint8 pixels: np.array([250], dtype='uint8') + np.array([10], dtype='uint8') is [?]",
    answers,
)

# %% [markdown]
# ## Baseline *(10 min)*
#
# Two baselines need no gradient descent:
#
# - **the majority**: always name the commonest digit;
# - **the nearest mean**: average the training images of each digit. A new image gets the name of the average
#   image that is nearest: smallest sum of squared pixel differences.
#
# Then two that you know already: a dense network without a hidden layer (softmax alone, the logistic regression
# of the iris unit), and one with 100 hidden units.
#
# **Look at** the ten averages. Which are sharp, which are smeared? Then **guess** how many percent of the
# validation images the nearest mean names rightly.

# %%
means = np.stack([as_input(x_train[y_train == digit]).mean(axis=0)[..., 0] for digit in range(10)])
fig, axes = plt.subplots(1, 10, figsize=(10, 1.7), layout="constrained")
for digit, ax in enumerate(axes):
    show_pixels(ax, means[digit], digit, vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[], xlabel="", ylabel="")
fig.suptitle("The average image of each digit")
ink = (means**2).sum(axis=(1, 2)) / means.sum(axis=(1, 2))  # mean darkness where there is ink
clear = ", ".join(f"{digit} {ink[digit]:.2f}" for digit in np.argsort(-ink))
plots.show(fig, alt=f"Ten blurred digits. Darkness of the ink, the sharpest first: {clear}.")

nearest_guess = None  # percent

predict.record("nearest mean", nearest_guess, unit="%")


# %%
def percent_right(said):
    return 100 * float(np.mean(said == y_val))


def score(model, images):
    return percent_right(np.asarray(model(as_input(images))).argmax(axis=1))


majority = percent_right(np.bincount(y_train).argmax())
differences = as_input(x_val)[:, None, ..., 0] - means  # (2000, 1, 28, 28) - (10, 28, 28)
nearest = percent_right((differences**2).sum(axis=(2, 3)).argmin(axis=1))

print(f"majority {majority:.1f} %")
predict.compare("nearest mean", nearest)
expect.better(
    nearest, majority, factor=5, lower_is_better=False, name="the nearest mean's percentage"
)

# %%
# Flatten lays the 28 rows end to end, (n, 28, 28, 1) -> (n, 784). Each network takes seconds.
dots = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(end=".", flush=True))


def build_dense(hidden):
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), keras.layers.Flatten()])
    if hidden:
        model.add(keras.layers.Dense(hidden, activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    return model


def train(model, images):
    adam = keras.optimizers.Adam(learning_rate=0.003)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(as_input(images), y_train, batch_size=100, epochs=4, verbose=0, callbacks=[dots])


dense_scores = {}
for hidden in (0, 100):
    keras.utils.set_random_seed(0)
    dense_net = build_dense(hidden)
    train(dense_net, x_train)
    dense_scores[hidden] = score(dense_net, x_val)
    print(f" {hidden} hidden units: {dense_scores[hidden]:.1f} %")
assert dense_net.count_params() == (784 + 1) * 100 + (100 + 1) * 10 == 79_510
expect.better(dense_scores[100], nearest, lower_is_better=False, name="100 hidden units' %")

# %% [markdown]
# Better. But does the network see strokes? Here is a cruel experiment. Draw one random order of the 784 places.
# Move the pixels of *every* image, training and validation, to their new places. No number is lost, and each
# pixel moves the same way in all images.
#
# **Look at** the lower row: can you still name a digit? Then **guess:** we train a fresh dense network on
# scrambled images. How many percent of the scrambled validation images will it name rightly?

# %%
order = np.random.default_rng(0).permutation(784)


def scramble(images):
    return images.reshape(-1, 784)[:, order].reshape(-1, 28, 28)


fig, axes = plt.subplots(2, 8, figsize=(10, 2.9), layout="constrained")
for (above, below), image, label in zip(axes.T, x_train, y_train):
    show_pixels(above, image, f"a {label}")
    show_pixels(below, scramble(image)[0], f"also a {label}")
for ax in axes.flat:
    ax.set(xticks=[], yticks=[], xlabel="", ylabel="")
fig.suptitle("The same pixels, in another order")
above = ", ".join(map(str, y_train[:8]))
plots.show(fig, alt=f"Above, {above}. Below each its pixels, scattered: no digit to name.")

scrambled_guess = None  # percent

predict.record("dense, scrambled", scrambled_guess, unit="%")

# %%
keras.utils.set_random_seed(0)
dense_scrambled = build_dense(hidden=100)
train(dense_scrambled, scramble(x_train))
print(f" in order {score(dense_net, x_val):.1f} %")
predict.compare("dense, scrambled", score(dense_scrambled, scramble(x_val)), rtol=0.02)

# The reason, exactly: scramble the rows of the weight matrix, too, and nothing has changed.
weights = dense_net.get_weights()  # (784, 100), (100,), (100, 10), (10,)
twin = build_dense(hidden=100)
twin.set_weights([weights[0][order], *weights[1:]])
out, out_twin = dense_net(as_input(x_val)), twin(as_input(scramble(x_val)))
expect.close(out_twin, np.asarray(out), atol=1e-4, name="the twin on scrambled images")

# %% [markdown]
# Hardly a difference, and what there is comes from the start: the same random weights now sit at other pixels. A
# dense unit adds up weight times pixel over all pixels, and a sum does not care for order. **To a dense network,
# neighbours are strangers.** It never knew that images have places. That costs:
#
# - **Weights.** 100 units on a photo of $1000 \times 1000$ pixels in colour are 300 million weights.
# - **Learning everything everywhere.** A stroke learned at the left is unknown at the right: other pixels, other
#   weights.
#
# We want an operation that looks at *neighbours*, in the same way *everywhere*.
#
# ## Build *(23 min)*
#
# ### Idea 2: a kernel slides over the image
#
# A **kernel** is a small table of weights. Lay it on the image: the pixels under it are its **window**. Multiply
# each weight by the pixel under it, and add up: one number. Move on by one pixel, and again. The numbers, laid out
# by place, are a **feature map**:
#
# $$m_{rc} = \sum_{i,\,j} w_{ij}\; x_{r+i,\ c+j} \qquad \underset{(H,\,W)}{x}\;,\ \underset{(k,\,k)}{w} \;\to\; \underset{(H-k+1,\ W-k+1)}{m}$$
#
# ($H$, $W$: height and width. $r$, $c$: row and column of the map; $i$, $j$ run over the kernel, from 0 to $k-1$.)
#
# **Look at** the framed square: the window of nine pixels. Which number belongs at the question mark? Work it
# out on paper. Then **write it first:** before you read `convolve` below, try it in a cell of your own. Two loops and one
# sum are enough.

# %%
window_guess = None  # the number at the question mark

predict.record("window", window_guess)
tiny = np.zeros((6, 7))  # a small, thick seven
tiny[1, 1:6] = tiny[2, 4:6] = tiny[3, 3:5] = tiny[4, 2:4] = tiny[5, 2:4] = 9
kernel = np.array([[-1.0, 0.0, 1.0]] * 3)
window = (1, 2)  # row and column of the window's upper left corner

fig, axes = plt.subplots(1, 3, figsize=(10, 3.7), width_ratios=(7, 3, 5), layout="constrained")
show_numbers(axes[0], tiny, "image x, (6, 7)", high=14)
corner = (window[1] - 0.5, window[0] - 0.5)
look = dict(fill=False, ec=plots.COLOURS["vermillion"], lw=4)
axes[0].add_patch(plt.Rectangle(corner, 3, 3, **look))
show_numbers(axes[1], kernel, "kernel w, (3, 3)", cmap="PuOr_r", low=-2, high=2)
axes[2].imshow(np.zeros((4, 5)), cmap="gray_r")
axes[2].add_patch(plt.Rectangle(corner, 1, 1, **look))
axes[2].text(window[1], window[0], "?", ha="center", va="center", fontsize=16)
axes[2].set(title="feature map m, (4, 5)", xlabel="column", ylabel="row", yticks=range(4))
alt = f"Rows of the framed window: {tiny[1:4, 2:5].tolist()}; each row of the kernel: -1, 0, 1."
plots.show(fig, alt=alt)


# %%
def convolve(image, kernel):
    """Slide a kernel (k, k, ...) over an image (H, W, ...); return (H - k + 1, W - k + 1)."""
    k, (height, width) = len(kernel), image.shape[:2]
    out = np.zeros((height - k + 1, width - k + 1))
    for r, c in np.ndindex(out.shape):
        out[r, c] = np.sum(image[r : r + k, c : c + k] * kernel)
    return out


by_hand = convolve(tiny, kernel)
predict.compare("window", by_hand[window])
print(by_hand.astype(int))

layer = keras.layers.Conv2D(1, 3, use_bias=False)  # one kernel of 3 × 3
layer.build((None, 6, 7, 1))
layer.set_weights([kernel[:, :, None, None]])  # Keras' kernel: (3, 3, channels, filters)
by_keras = layer(tiny[None, ..., None])[0, ..., 0]  # (1, 6, 7, 1) -> (1, 4, 5, 1) -> (4, 5)
expect.close(by_keras, by_hand, name="Keras' feature map and ours")

# %% [markdown]
# The kernel is a detector: it answers where the image *changes* from left to right, with plus from paper to ink
# and minus from ink to paper. Where nothing changes it says 0, for its weights add up to 0. Three remarks on words:
#
# - Mathematicians turn the kernel by 180° before they slide it. Keras does not, so its "convolution" is really a
#   **cross-correlation**. As a network *learns* its kernels, the turn would make no difference.
# - Keras calls a *dense* layer's weights its kernel, too (`kernel_regularizer`). There nothing slides.
# - **Filter** is another word for kernel. From Idea 4 on, "kernel" is the table, and "filter" is one unit of a
#   layer.
#
# **Look at** what three kernels make of a real digit. Positive numbers are orange, negative ones purple. The picture
# at the lower left puts a **ReLU** behind the first map, as a network does: what is left of it?

# %%
kernels = {
    "left → right": np.array([[-1.0, 0.0, 1.0]] * 3),
    "top → bottom": np.array([[-1.0, 0.0, 1.0]] * 3).T,
    "average": np.full((3, 3), 1 / 9),
}
one_digit = as_input(seven)[..., 0]
maps = {name: convolve(one_digit, table) for name, table in kernels.items()}
fig, axes = plt.subplots(2, 4, figsize=(10, 5.2), layout="constrained")
show_pixels(axes[0, 0], one_digit, "the digit x, (28, 28)")
for (above, below), name in zip(axes.T[1:], kernels):
    form = "{:.2f}" if name == "average" else "{:.0f}"
    options = dict(cmap="PuOr_r", low=-2, high=2, form=form)
    show_numbers(above, kernels[name], f"kernel: {name}", **options)
    shown = below.imshow(maps[name], cmap="PuOr_r", vmin=-3, vmax=3)
    below.set(title="its map, (26, 26)", xlabel="column", ylabel="row")
axes[1, 0].imshow(np.maximum(maps["left → right"], 0), cmap="PuOr_r", vmin=-3, vmax=3)
axes[1, 0].set(title="ReLU of left → right", xlabel="column", ylabel="row")
fig.colorbar(shown, ax=axes[1], label="weighted sum")
alt = "Left → right: plus at left edges, minus at right ones. Top → bottom: plus above, minus "
plots.show(fig, alt=alt + "below. Average: a blurred seven. ReLU: only the left edges.")

# %%
answers = {
    "With a second filter, the negative of the first": "Right: only left edges are left, as ReLU throws "
    "the minus away. The negative filter has its plus where the first has its minus.",
    "With a larger kernel": "Misconception: that size decides. If a larger kernel answers ink → paper "
    "with a minus, ReLU throws that away, too.",
    "Not at all: behind a ReLU they are lost": "Misconception: that a layer has one filter. What one "
    "filter says with a minus, another can say with a plus.",
}
quiz.ask(
    "The right edges are missing behind the ReLU. How can a layer keep them and the left ones?",
    answers,
)

# %% [markdown]
# ### Idea 3: padding and stride set the size
#
# The window must fit into the image, so the map is smaller. Two knobs change that.
#
# - **Padding**: `"valid"` adds nothing. `"same"` puts a frame of zeros around the image. At stride 1 it is just so
#   wide that the map gets the image's size.
# - **Stride** $s$: move on by $s$ pixels instead of one. The map has about $1/s$ of the rows and columns.
#
# If you say nothing, Keras takes `"valid"` and stride 1. For $H$ rows (and the same for $W$ columns) the map has
#
# $$\text{valid: } \left\lfloor \frac{H - k}{s} \right\rfloor + 1 \qquad\qquad \text{same: } \left\lceil \frac{H}{s} \right\rceil$$
#
# ($\lfloor\ \rfloor$: round down. A window that does not fit is left out. $\lceil\ \rceil$: round up.)
#
# **Guess:** 28 rows, kernel 5, stride 2, valid: how many rows has the map? Then **look at** the picture: an image
# of 8 × 8, a kernel of 3 × 3. Each dot is the centre of one window: count them along one row, and check the
# formula. On the right a row and a column are left over. (By number, a place in the map is the window's upper left corner; we draw its centre.)

# %%
size_guess = None  # along one axis

predict.record("places", size_guess, unit="places")

fig, axes = plt.subplots(1, 3, figsize=(10, 4.3), sharex=True, sharey=True, layout="constrained")
for ax, (word, pad, stride) in zip(axes, (("valid", 0, 1), ("same", 1, 1), ("valid", 0, 2))):
    if pad:
        zeros = dict(facecolor="white", edgecolor="0.5", hatch="..", label="zeros")
        ax.add_patch(plt.Rectangle((-1.5, -1.5), 10, 10, **zeros))
    area = dict(facecolor="0.9", edgecolor="black", lw=2, label="image, 8 × 8")
    ax.add_patch(plt.Rectangle((-0.5, -0.5), 8, 8, **area))
    centres = np.arange(1 - pad, 7 + pad, stride)
    dots_x, dots_y = np.meshgrid(centres, centres)
    ax.scatter(dots_x, dots_y, color=plots.COLOURS["blue"], label="centre of a window")
    ring = dict(fill=False, ec=plots.COLOURS["vermillion"], lw=3, ls="--", label="first window")
    ax.add_patch(plt.Rectangle((-0.5 - pad, -0.5 - pad), 3, 3, **ring))
    ax.set(title=f"{word}, stride {stride}", xlabel="column", ylabel="row", aspect="equal")
axes[1].set(xlim=(-2.5, 9.5), ylim=(9.5, -2.5))
fig.legend(handles=axes[1].get_legend_handles_labels()[0], loc="outside lower center", ncols=4)
alt = "Centres of windows, image 8 × 8: valid 6 × 6; same, in a frame of zeros, 8 × 8; stride 2: 3 × 3, "
plots.show(fig, alt=alt + "and the last row and column lie in no window.")


# %%
def places(length, k, *, stride=1, padding="valid"):
    if padding == "same":
        return -(-length // stride)  # length / stride, rounded up
    return (length - k) // stride + 1  # // rounds down


for rows, k in ((28, 5), (12, 5), (8, 3), (10, 4), (5, 5)):  # Keras agrees, also on oblong images
    for stride in (1, 2, 3):
        for padding in ("valid", "same"):
            layer = keras.layers.Conv2D(1, k, strides=stride, padding=padding)
            shape = layer(np.zeros((1, rows, rows + 3, 1))).shape
            sides = [places(side, k, stride=stride, padding=padding) for side in (rows, rows + 3)]
            assert shape == (1, *sides, 1)
predict.compare("places", places(28, 5, stride=2))
assert places(28, 5) == 24

# %%
answers = {
    "20 × 20": "Right: 28 → 24 → 20. Each 5 × 5 layer takes 4 away.",
    "18 × 18": "Misconception: that each takes 5 away. 28 rows have 28 − 5 + 1 places for a kernel of 5.",
    "28 × 28": "Misconception: that Keras pads unless told otherwise. The default is valid.",
    "24 × 24": "Misconception: that only the first layer cuts. The second cuts the map of the first.",
}
quiz.ask(
    "A 28 × 28 image goes through two layers Conv2D(…, 5), one after the other. How large is the map?",
    answers,
)

# %% [markdown]
# ### Idea 4: one filter looks at all channels
#
# With $C$ channels, a filter has a kernel for each: weights of shape $(k, k, C)$. It multiplies all, adds up
# *all*, then adds its bias: **one** map per filter. $F$ filters make $F$ maps, and these are the channels of the
# next layer's input. Keras keeps the weights of all filters in one **kernel tensor** $K$:
#
# $$\underset{(n,\,H,\,W,\,C)}{X},\ \underset{(k,\,k,\,C,\,F)}{K},\ \underset{(F,)}{b} \;\to\; (n,\ H-k+1,\ W-k+1,\ F)$$
#
# What does colour add? Below, our seven in orange ink on blue paper, both with the same mean of the three
# channels. **Look at** the grey picture: where is the digit? One picture is the map of a filter that asks "is
# there more red than blue here?" (upper right).
#
# **Guess:** a layer of 8 filters of $5 \times 5$, bias and all, looks at such a picture. How many weights and
# biases has it?

# %%
parameters_guess = None

predict.record("parameters", parameters_guess, unit="weights and biases")
ink, paper = np.array([0.9, 0.5, 0.1]), np.array([0.1, 0.5, 0.9])  # red, green, blue
coloured = one_digit[..., None] * ink + (1 - one_digit[..., None]) * paper  # (28, 28, 3)
grey = coloured.mean(axis=2)
expect.close(grey, np.full((28, 28), 0.5), name="the grey picture: 0.5 everywhere")
redder = np.zeros((5, 5, 3))
redder[2, 2, 0], redder[2, 2, 2] = 1, -1  # red − blue at the centre of the window

fig, axes = plt.subplots(2, 3, figsize=(9, 6), layout="constrained")
titles = ("in colour, (28, 28, 3)", "mean of the channels, (28, 28)", "one filter's map, (24, 24)")
axes[0, 0].imshow(coloured)
axes[0, 1].imshow(grey, cmap="gray", vmin=0, vmax=1)
shown = axes[0, 2].imshow(convolve(coloured, redder), cmap="PuOr_r", vmin=-1, vmax=1)
fig.colorbar(shown, ax=axes[0, 2], label="red − blue", shrink=0.8)
for channel, name in enumerate(("red", "green", "blue")):
    axes[1, channel].imshow(coloured[..., channel], cmap="gray", vmin=0, vmax=1)
for ax, title in zip(axes.flat, (*titles, "channel 0: red", "channel 1: green", "channel 2: blue")):
    ax.set(title=title, xlabel="column", ylabel="row")
alt = "The digit shows in colour, light in red, dark in blue, positive in the filter's map; "
plots.show(fig, alt=alt + "the mean and green are one grey: no digit.")

# %%
# In grey the digit is gone; one filter over three channels finds it. Now eight filters:
rng = np.random.default_rng(0)
K, b = rng.normal(size=(5, 5, 3, 8)), rng.normal(size=8)  # eight filters, drawn at random
by_hand = np.stack([convolve(coloured, K[..., f]) + b[f] for f in range(8)], axis=-1)

layer = keras.layers.Conv2D(8, 5)
layer.build((None, 28, 28, 3))
layer.set_weights([K, b])
expect.shape(by_hand, (24, 24, 8), name="the stack of eight maps")
expect.close(layer(coloured[None])[0], by_hand, rtol=1e-3, atol=1e-3, name="Keras' maps and ours")

predict.compare("parameters", layer.count_params())
assert layer.count_params() == (5 * 5 * 3 + 1) * 8 == 608  # (k·k·C + 1 bias) · F
photo = keras.layers.Conv2D(8, 5)
photo.build((None, 1000, 1000, 3))
assert photo.count_params() == 608
print(f"{photo.count_params()}, for a picture of 28 × 28 and for a photo of 1000 × 1000")
assert (5 * 5 * 1 + 1) * 8 == 208  # in grey: one channel

# %%
answers = {
    "(3, 3, 16, 32)": "Right: height, width, channels in, filters out. Each filter looks at all 16 maps.",
    "(3, 3, 32)": "Misconception: that a filter is flat. It has a 3 × 3 table for each of 16 channels.",
    "(3, 3, 512)": "Misconception: that each filter makes a map of each channel. It adds them up: one map.",
    "(32, 16, 3, 3)": "Not quite: the right numbers, in PyTorch's order. Keras puts channels in and filters last.",
}
quiz.ask("A layer Conv2D(32, 3) gets 16 maps. What is the shape of its kernel tensor?", answers)

# %% [markdown]
# ### Idea 5: pooling keeps the strongest
#
# A map says *how strongly* and *where*. The exact "where" is often too much. **Max pooling** cuts the map into
# blocks, $2 \times 2$ as a rule, and keeps the largest number of each: "was it anywhere in here?". Half the rows,
# half the columns, each channel by itself:
#
# $$(n,\ H,\ W,\ C) \;\to\; (n,\ \lfloor H/2 \rfloor,\ \lfloor W/2 \rfloor,\ C)$$
#
# There is nothing to learn: no weights. A last row or column that makes no whole block is dropped.
#
# **Look at** the blocks (bold lines), and at the circle in each. If every number moves to the opposite corner of
# its block, what changes on the right? Decide, then read the last line below the picture.

# %%
small = np.random.default_rng(5).integers(0, 10, (4, 6)).astype(float)
blocks = small.reshape(2, 2, 3, 2)  # (block row, row in it, block column, column in it)
by_hand = blocks.max(axis=(1, 3))
assert (blocks == by_hand[:, None, :, None]).sum() == 6  # no block has its maximum twice

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4), width_ratios=(5, 3), layout="constrained")
show_numbers(left, small, "a map, (4, 6)", high=14)
show_numbers(right, by_hand, "max pooled 2 × 2, (2, 3)", high=14)
for r, c in np.ndindex(2, 3):
    box = dict(fill=False, ec="black", lw=3)
    left.add_patch(plt.Rectangle((2 * c - 0.5, 2 * r - 0.5), 2, 2, **box))
    row, column = np.argwhere(blocks[r, :, c] == by_hand[r, c])[0]
    ring = dict(fill=False, ec=plots.COLOURS["vermillion"], lw=3)
    left.add_patch(plt.Circle((2 * c + column, 2 * r + row), 0.38, **ring))
alt = f"The map, blocks of 2 × 2: {small.tolist()}. Circled, and on the right: {by_hand.tolist()}."
plots.show(fig, alt=alt)

pool = keras.layers.MaxPooling2D(2)
assert pool(np.zeros((1, 5, 7, 8))).shape == (1, 2, 3, 8)
expect.close(pool(small[None, ..., None])[0, ..., 0], by_hand, name="Keras' maxima and ours")
turned = blocks[:, ::-1, :, ::-1].reshape(1, 4, 6, 1)  # to the opposite corners
expect.close(pool(turned)[0, ..., 0], by_hand, name="nothing changes: the maxima after the move")

# %%
answers = {
    "(n, 12, 12, 8), no weights": "Right: blocks of 2 × 2, each of the 8 maps by itself.",
    "(n, 12, 12, 4), no weights": "Misconception: that pooling halves the channels, too.",
    "(n, 12, 12, 8), 32 weights": "Misconception: that all layers learn. The maximum needs no weights.",
    "(n, 23, 23, 8), no weights": "Misconception: that the blocks overlap. As a rule they lie side by side.",
}
quiz.ask(
    "Maps of shape (n, 24, 24, 8) go through MaxPooling2D(2). What comes out, and how many weights?",
    answers,
)

# %% [markdown]
# ## Train *(6 min)*
#
# Who designs the kernels of a network? Nobody. They are weights, and weights are learned. Let us see it happen.
# We show Keras 1,000 digits, and as targets their maps under a kernel that we keep secret. It starts from random
# weights and makes the MSE small.
#
# **Look at** the three tables: where it starts, where it ends, and our secret.

# %%
secret = np.array([[0, 1, 2], [-1, 0, 1], [-2, -1, 0]], dtype="float32")  # a slanted edge
inputs = as_input(x_train[:1_000])
targets = keras.ops.convert_to_numpy(keras.ops.conv(inputs, secret[:, :, None, None]))

keras.utils.set_random_seed(0)
learner = keras.Sequential([keras.Input(shape=(28, 28, 1)), keras.layers.Conv2D(1, 3)])
start = learner.get_weights()[0][..., 0, 0]
learner.compile(optimizer=keras.optimizers.Adam(learning_rate=0.1), loss="mse")
learner.fit(inputs, targets, batch_size=50, epochs=12, verbose=0, callbacks=[dots])
print()
learned = learner.get_weights()[0][..., 0, 0]
expect.close(learned, secret, atol=0.1, name="the learned kernel and the secret one")

fig, axes = plt.subplots(1, 3, figsize=(9, 3.3), layout="constrained")
tables = {"start: random": start, "after 12 epochs": learned, "the secret kernel": secret}
for ax, (title, table) in zip(axes, tables.items()):
    show_numbers(ax, table, title, cmap="PuOr_r", low=-3, high=3, form="{:.2f}")
rows = [f"{title} {np.round(table.astype(float), 2).tolist()}" for title, table in tables.items()]
plots.show(fig, alt=f"Three kernels, row by row: {'; '.join(rows)}.")

# %% [markdown]
# Here the targets were maps. In a network the targets are *labels*: whatever kernels help to name the digit will
# grow. So now put a convolution and a pooling in front of the softmax, 4 × 4 blocks this time to make it small.
# The blocks leave $6 \times 6 \times 8$ numbers: work out how many parameters it has.
#
# **Guess** before you train: on images in order it comes near the dense network's score. And *trained on
# scrambled images*, as the dense one was?

# %%
conv_scrambled_guess = None  # percent

predict.record("convolution, scrambled", conv_scrambled_guess, unit="%")


# %%
def build_conv(filters=8, size=5, padding="valid", pool=4):
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            keras.layers.Conv2D(filters, size, padding=padding, activation="relu"),
            keras.layers.MaxPooling2D(pool),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


nets = {}
for name, images in (("in order", x_train), ("scrambled", scramble(x_train))):
    keras.utils.set_random_seed(0)
    nets[name] = build_conv()
    train(nets[name], images)
print(f" each network has {nets['in order'].count_params():,} parameters")
assert build_conv().count_params() == (5 * 5 + 1) * 8 + (6 * 6 * 8 + 1) * 10 == 3_098

# %% [markdown]
# ## Judge *(7 min)*
#
# Three questions, the first two without any training.
#
# **1. What if the digit moves?** The kernel is the same everywhere. So if the digit moves by three pixels, its
# map moves by three pixels and is otherwise the same (away from the edge where new pixels came in). This is
# **equivariance**: $\text{conv}(\text{move}(x)) = \text{move}(\text{conv}(x))$. **Look at** the two maps: can you
# find another difference than the place?


# %%
def move(images, right):
    """Move images (n, H, W) to the right; paper comes in at the left."""
    moved = np.zeros_like(images)
    moved[:, :, right:] = images[:, :, : images.shape[2] - right]
    return moved


edge = kernels["left → right"]
moved_digit = move(one_digit[None], 3)[0]
first, then = convolve(one_digit, edge), convolve(moved_digit, edge)
expect.close(then[:, 3:], first[:, :-3], atol=1e-9, name="conv(move(x)), away from the left edge")

fig, axes = plt.subplots(1, 4, figsize=(10, 2.9), layout="constrained")
show_pixels(axes[0], one_digit, "x")
show_pixels(axes[1], moved_digit, "move(x), 3 to the right")
show_pixels(axes[2], first, "conv(x)", vmin=-3, vmax=3)
show_pixels(axes[3], then, "conv(move(x))", vmin=-3, vmax=3)
for ax in axes[2:]:
    ax.images[0].set_cmap("PuOr_r")
plots.show(fig, alt="The digit, moved by three; the two maps are alike, one moved by three.")

# %% [markdown]
# None: the map moves with the digit, exactly.
#
# **2. Does pooling forget small moves?** To *name* a digit, it would be best if nothing changed at all:
# **invariance**. We move 200 validation images, and for the pixels, for four edge maps of each image, and for these
# maps pooled we measure the change,
#
# $$\frac{\lVert \text{after} - \text{before} \rVert}{\lVert \text{before} \rVert}$$
#
# ($\lVert\ \rVert$: root of the sum of squares). If no ink is where it was, that is $\sqrt 2$, 141 %. **Look at** the
# maps before and after pooling.


# %%
def edge_maps(images, block=1):
    # four maps: left, top, right and bottom edges; block 1 pools nothing
    four = np.stack([edge, edge.T, -edge, -edge.T], axis=-1).astype("float32")
    maps = keras.ops.relu(keras.ops.conv(as_input(images), four[:, :, None]))  # (3, 3, 1, 4)
    return keras.ops.max_pool(maps, block)


stages = {
    "pixels": (as_input, "o-", "black"),
    "maps": (edge_maps, "s--", "blue"),
    "maps, pooled 2 × 2": (lambda images: edge_maps(images, 2), "^-.", "green"),
    "maps, pooled 4 × 4": (lambda images: edge_maps(images, 4), "D:", "vermillion"),
}
fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
for name, (stage, style, colour) in stages.items():
    all_moves = [np.asarray(stage(move(x_val[:200], by))) for by in range(5)]
    before = all_moves[0]
    change = [100 * np.linalg.norm(now - before) / np.linalg.norm(before) for now in all_moves]
    ax.plot(change, style, color=plots.COLOURS[colour], label=name)
ax.set(title="What a move changes", xlabel="move [pixels]", ylabel="change [%]", xticks=range(5))
ax.legend()
told = [f"{line.get_label()} {line.get_ydata().round().astype(int).tolist()}" for line in ax.lines]
plots.show(fig, alt=f"Change in percent after moves of 0 to 4 pixels: {'; '.join(told)}.")

# %% [markdown]
# Pooling buys *some* invariance. Edges are thinner than strokes, so a move hits the maps harder than the pixels.
# Pooling by 2 × 2 makes good for that, by 4 × 4 for more. It is no magic: blocks have borders, and what crosses one
# is noticed.
#
# **3. What does a convolution know that a dense network does not?** **Look at** the scrambled pair of bars: who
# lost, who did not? Then at the right pair: both were trained on centred digits only.

# %%
dense_nets = {"in order": dense_net, "scrambled": dense_scrambled}
shown = {
    "in order → in order": ("in order", x_val),
    "scrambled → scrambled": ("scrambled", scramble(x_val)),
    "in order → moved by 2": ("in order", move(x_val, 2)),
}
looks = {"dense": (dense_nets, "sky", ""), "convolution": (nets, "orange", "//")}
fig, ax = plt.subplots(figsize=(9, 4.3), layout="constrained")
for side, (name, (models, colour, hatch)) in enumerate(looks.items()):
    heights = [score(models[trained], images) for trained, images in shown.values()]
    label = f"{name}: {models['in order'].count_params():,} parameters"
    style = dict(color=plots.COLOURS[colour], edgecolor="black", hatch=hatch, label=label)
    ax.bar_label(ax.bar(np.arange(3) + 0.4 * side - 0.2, heights, 0.4, **style), fmt="%.1f")
predict.compare("convolution, scrambled", heights[1], rtol=0.02)
ax.axhline(dense_scores[0], color="black", ls="--", label="softmax alone, in order")
ax.set(title="Validation images named rightly", xlabel="trained → judged", ylabel="%")
ax.set_xticks(range(3), shown)
ax.margins(y=0.12)  # room for the numbers
fig.legend(loc="outside lower center", ncols=3)
plots.show(fig, alt=f"Dense, then convolution, left to right: {[t.get_text() for t in ax.texts]}.")

# %% [markdown]
# With a twenty-fifth of the parameters, the convolution is about as good as the dense network, or better: what it
# knows beforehand, it need not learn. Scrambled, it loses its lead, and even falls behind softmax alone (the dashed
# line). It bets that neighbours belong together, and here they do not. Moved digits hurt both, the convolution
# less: its *maps* move along, but the softmax behind them has weights for *places*. Part 3 does something about
# that.
#
# A bet that fits the data is the best thing you can build into a network. Pixels have neighbours. The columns of
# the iris table have none.
#
# ## Improve *(8 min)*
#
# Change **one thing at a time**, in the cell that trains the two convolutions: `build_conv()` with an argument.
# Guess first, then run it and the picture with the bars again. Choose **two** rows; the others are for home. At the
# end put `build_conv()` back and run the cell once more: the bug needs it.
#
# | knob | change `nets[name] = build_conv()` to | predict | what you see |
# |---|---|---|---|
# | neighbours | `build_conv(size=1, pool=1)` | no kernel and no block sees two pixels: can it tell order from scramble? | no: its two bars, in order and scrambled, are alike |
# | blocks | `build_conv(pool=12)` | four blocks a map: how much "where" is enough? | most digits are still named, with a sixth of the parameters |
# | blocks | `build_conv(pool=24)` | one block a map: no "where" at all | far worse in order. But moving costs next to nothing: invariance has its price |
# | filters | `build_conv(filters=2)` | are two kernels enough? | it loses a few percent |
# | padding | `build_conv(padding="same")` | how many parameters? | 7 blocks a side, so more; the score hardly moves: the rim is paper |
#
# ### Find the bug
#
# A friend photographs digits that he wrote himself, cuts them to $28 \times 28$, and gives them to our
# convolution. (We play the camera: the photos are made from our validation images.) He compares: same shape, same
# type, same range, and the pictures look alike. But see the scores. **Look at** both rows, at the printed lines,
# and at the code. What is wrong, and how would you mend it in half a line?

# %%
photos = ~x_val  # this line plays the camera
fig, axes = plt.subplots(2, 8, figsize=(10, 2.9), layout="constrained")
for (above, below), ours, photo, label in zip(axes.T, x_val, photos, y_val):
    above.imshow(ours, cmap="gray_r")
    below.imshow(photo, cmap="gray")
    above.set(title=f"our {label}", xticks=[], yticks=[])
    below.set(title=f"his {label}", xticks=[], yticks=[])
fig.suptitle("Our images and the friend's photos")
labels = ", ".join(map(str, y_val[:8]))
plots.show(fig, alt=f"Two rows of digits, {labels}, black on white; the rows look exactly alike.")

for name, images in (("ours", x_val), ("photos", photos)):
    facts = f"{images.shape} {images.dtype} {images.min()} to {images.max()}"
    print(f"{name:6} {facts}, mean {images.mean():.0f}: ", end="")
    print(f"{score(nets['in order'], images):.1f} % right")

# %% [markdown]
# <details><summary>The answer</summary>
#
# In a photo, white paper is 255 and ink is 0. In MNIST it is the other way round. The pictures look alike because
# the two rows are drawn with opposite colour maps, `gray_r` and `gray`. The means give it away. Mend it with
# `255 - photos`. (Safe in `uint8` here: $255 - x$ never leaves 0…255. The
# camera's `~` turns each bit, which makes $255 - x$ of a `uint8`.)
#
# A picture shows numbers through a colour map. Look at the picture *and* at the numbers, right before they go
# into the network.
#
# </details>
#
# ## Take away *(3 min)*
#
# - A batch of images is $(n, \text{height}, \text{width}, \text{channels})$. Make floats of `uint8` before you
#   calculate.
# - A dense layer does not know which pixels are neighbours.
# - Convolution: small kernels, slid everywhere. One map per filter, summed over all channels;
#   $(k \cdot k \cdot C + 1) \cdot F$ parameters, whatever the size of the image; 100 dense units wanted 300
#   million for a photo. Fewer weights are not less work: each is used at every place.
# - For $H$ rows (and the same for $W$ columns) valid leaves $\lfloor (H-k)/s \rfloor + 1$, same
#   $\lceil H/s \rceil$.
# - Max pooling keeps the strongest of a block, and learns nothing.
# - Maps move with the image (equivariance). Pooling forgets small moves, a little (invariance).
#
# **Explain without looking:** why did scrambling not hurt the dense network? · Why does an edge kernel say 0 on a
# plain wall? · What is the shape of the kernel tensor, and what is each axis? · Why has a layer no more weights
# for a larger image? · What is the difference between equivariance and invariance? · Is 255 ink or paper, in
# MNIST and in a photo?
#
# **You may meet** older code: `Conv2D(8, (5, 5), input_shape=(28, 28, 1))`. In Keras 3 a model begins with
# `keras.Input(shape=(28, 28, 1))`. And `Convolution2D`, `MaxPool2D` are other names of `Conv2D` and
# `MaxPooling2D`.
#
# **Next:** {{next}}, *the network*: two convolutions, two poolings, and the workshop's full recipe. How few of ten
# thousand test digits can it get wrong?
