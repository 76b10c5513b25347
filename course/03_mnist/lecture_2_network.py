# %% [markdown]
# # MNIST 2: the network
#
# {{badge}}
#
# Part 1 gave you the parts: convolution, pooling, flatten. Now you put them together, exactly as a workshop did, and
# then you question its recipe line by line. At the end your network reads thousands of digits that it has never seen,
# once, and you say beforehand how many it gets wrong.

# %% [markdown]
# ## Objectives *(2 min)*
#
# **65 minutes.** You need part 1 (image, channel, kernel, filter, feature map, max pooling, flatten), Adagrad, Adam
# and dropout from the regression unit, and one-hot and sparse labels from the iris unit. On Colab, save a copy in Drive
# first (*File → Save a copy in Drive*), or your work is lost when you close the tab.
#
# At the end you can
#
# 1. compute the shape of every tensor in a convolutional network, and its number of parameters;
# 2. say why a convolution has few weights and yet much work to do;
# 3. explain what batch normalisation does to pixels, while training and at prediction;
# 4. compare two optimisers fairly, and read a training accuracy that was measured under dropout.

# %%
import time

from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import keras
import matplotlib.pyplot as plt
import numpy as np


# %% [markdown]
# ## Problem *(2 min)*
#
# Somebody fills in a form by hand, a scanner cuts out one box: which digit is it? A workshop hands out this recipe, and
# says that it works:
#
# > Input 28 × 28 × 1 → **BatchNormalization** → **Conv2D**, 4 filters 5 × 5, ReLU → **MaxPooling** 2 × 2 →
# > **Conv2D**, 16 filters 5 × 5, ReLU → **MaxPooling** 2 × 2 → **Flatten** → **Dense** 100, ReLU → **Dropout** 0.4 →
# > **Dense** 10, softmax. One-hot labels, categorical cross-entropy, Adagrad with learning rate 0.01, 5 epochs,
# > batches of 100.
#
# Why these sizes? Why a normalisation before anything else? Is this the best optimiser? A recipe does not say. You can.
#
# ## Look at the data *(4 min)*
#
# We begin with the mini set, 12,000 training images, to spare you waiting; the whole set comes at the end. The
# last 2,000 of them are our **validation** images. The **test** images stay closed until the end.
#
# Part 1 looked at the digits. Now look at the pixels as *numbers*, for that is what a network gets. In the right
# picture, **look at** the two heaps, at 0 and near 255 (log scale: the left one is ten times the right one), and how
# far apart they are. The mean lies where hardly any pixel is.

# %%
# NBVAL_CHECK_OUTPUT
mini = data.load_mnist()


def with_channel(images):
    return images[..., None].astype("float32")  # (n, 28, 28) -> (n, 28, 28, 1)


x, y = with_channel(mini.x_train), mini.y_train
x_train, y_train = x[:10_000], y[:10_000]
x_val, y_val = x[10_000:], y[10_000:]
print("training  ", x_train.shape, y_train.shape, x_train.dtype)
print("validation", x_val.shape, y_val.shape)
print(f"pixels from {x_train.min():.0f} to {x_train.max():.0f}")

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
shown = left.imshow(x_train[0, ..., 0], cmap="gray_r")
left.set(title=f"One image, a {y_train[0]}", xlabel="column [pixels]", ylabel="row [pixels]")
fig.colorbar(shown, ax=left, label="pixel value")
values = x_train.ravel()
share = np.full(values.size, 100 / values.size)  # each pixel's part of 100 %
heights, *_ = right.hist(values, 32, weights=share, color=plots.COLOURS["sky"], ec="black")
right.axvline(values.mean(), color=plots.COLOURS["vermillion"], ls="--", lw=2, label="mean")
right.set(title="All training pixels", xlabel="pixel value", ylabel="share [%, log scale]")
right.set_yscale("log")
right.legend(loc="upper center")
heaps = f"{heights[0]:.0f} % of the pixels in the first, {heights[-1]:.1f} % in the last"
between = f"at most {heights[1:-1].max():.1f} % in any between; mean {values.mean():.0f}"
plots.show(fig, alt=f"Left, a {y_train[0]}. Right, of 32 bars: {heaps}, {between}.")
print(f"mean {values.mean():.0f}, standard deviation {values.std():.0f}")

# %% [markdown]
# ## Baseline *(5 min)*
#
# What must our network beat? First the **majority**: always say the commonest digit. Then a **dense network with as
# many parameters**: 784 → 36 → 10. If the convolutional network wins against that one, it is not by the number of its
# parameters.
#
# It gets what our network will get: the same first layer (*Idea 3* explains it), the same images, the same epochs, and
# Adam. And since some fits take a while, a small *callback* tells us how long: Keras calls its methods while it trains.
# You may skip this class; it only tells the time.


# %%
class TimeLeft(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.batches, self.mark = 0, time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        if self.batches == 10:  # the first ones are slow: Keras prepares
            self.mark = time.perf_counter()
        if self.batches == 50:
            pace = (time.perf_counter() - self.mark) / 40
            total = pace * self.params["steps"] * self.params["epochs"]
            print(f"about {total:.0f} s in all, without validation")

    def on_epoch_end(self, epoch, logs=None):
        last, self.mark = self.mark, time.perf_counter()
        left = (self.mark - last) * (self.params["epochs"] - epoch - 1)
        said = f"epoch {epoch + 1}: loss {logs['loss']:.3f}, accuracy {logs['accuracy']:.3f},"
        print(said, f"validation accuracy {logs['val_accuracy']:.3f}, {left:.0f} s left")


# %%
def train(model, optimizer, x=x_train, y=y_train, check=(x_val, y_val), callbacks=()):
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
    options = dict(validation_data=check, epochs=5, batch_size=100, verbose=0)
    return model.fit(x, y, callbacks=[TimeLeft(), *callbacks], **options).history


keras.utils.set_random_seed(0)
dense_net = keras.Sequential(
    [
        keras.Input(shape=(28, 28, 1)),
        keras.layers.BatchNormalization(),
        keras.layers.Flatten(),
        keras.layers.Dense(36, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
dense_run = train(dense_net, keras.optimizers.Adam(learning_rate=0.001))
majority = np.mean(y_val == np.bincount(y_train).argmax())
found, size = dense_run["val_accuracy"][-1], dense_net.count_params()
print(f"majority {majority:.3f}, dense network with {size:,} parameters {found:.3f}")
expect.better(found, majority, factor=4, lower_is_better=False, name="the dense network")

# %% [markdown]
# ## Build *(21 min)*
#
# ### Idea 1: smaller maps, more of them
#
# A 5 × 5 kernel without padding fits into a side of $H$ pixels at $H - 5 + 1$ places; 2 × 2 pooling halves what is left. So
# the side shrinks, while each layer has more filters and so more feature maps: less *where*, more *what*. 4, 16 and 100
# are no law: small numbers that train fast. More maps later, because a stroke has few forms and combinations of strokes
# have many.
#
# At the same time each value sees more of the image: its **receptive field** grows. Behind the first convolution that
# is 5 × 5 pixels, behind its pooling 6 × 6. The second convolution takes five of those side by side, two pixels apart:
# 14 × 14. The last pooling: 16 × 16, more than half the image each way. Early maps see strokes, late ones see most of
# a digit.
#
# **Look at** the sizes, from left to right. At which steps does the network forget *where* something was?
#
# <details><summary>After the picture: the answer</summary>
#
# Pooling forgets the place within its block. Flatten forgets nothing: it lays the numbers in a row, and each keeps its
# seat. Only the dense layer adds up over all places.
#
# </details>

# %%
maps = [("input", 28, 1), ("conv 5×5", 24, 4), ("pool 2×2", 12, 4)]
maps += [("conv 5×5", 8, 16), ("pool 2×2", 4, 16)]
fig, ax = plt.subplots(figsize=(10, 3.2), layout="constrained")
left, ticks = 0, []
for name, side, channels in maps:
    for c in reversed(range(channels)):
        style = dict(fc=plots.COLOURS["sky"], ec="black", lw=0.7)
        ax.add_patch(plt.Rectangle((left + 0.6 * c, 0.6 * c), side, side, **style))
    ticks.append((left + side / 2, f"{name}\n{side}×{side}×{channels}"))
    left += side + 0.6 * channels + 7
for name, units in (("flatten", 256), ("dense", 100), ("dense", 10)):
    style = dict(fc=plots.COLOURS["orange"], ec="black", hatch="//")
    ax.add_patch(plt.Rectangle((left, 0), 4, 28 * units / 256, **style))
    ticks.append((left + 2, f"{name}\n{units}"))
    left += 15
ax.set(title="The sizes on the way (squares: to scale; columns: numbers in a row, own scale)")
ax.set(xlim=(-3, left - 6), ylim=(0, 30), aspect="equal", yticks=[])
ax.set_xlabel("layer, and the shape of its output")
ax.set_xticks(*zip(*ticks), fontsize=8)
plots.show(fig, alt=f"{', '.join(word for _, word in ticks)}: squares to scale, then columns.")

# %%
answers = {
    "11 × 11": "Right: 26 − 5 + 1 = 22, and half of that is 11.",
    "13 × 13": "Misconception: that a convolution keeps the side. Without padding it loses 5 − 1.",
    "10 × 10": "Misconception: that 5 are lost. A kernel as wide as the image still fits once: H − 5 + 1.",
}
quiz.ask(
    "26 × 26 pixels, a 5 × 5 kernel without padding, then 2 × 2 pooling. Which size comes out?",
    answers,
)

# %% [markdown]
# ### Idea 2: few weights, used everywhere
#
# A filter has one weight for each pixel of its window and each input channel, and one bias. So the first convolution
# has $(5 \cdot 5 \cdot 1 + 1) \cdot 4 = 104$ parameters. It turns 28 · 28 = 784 numbers into 24 · 24 · 4 = 2,304.
#
# A convolution *is* a dense layer, under two rules: each output sees only its window (all other weights are 0), and
# all outputs **share** the same few weights. The first cell writes it as a matrix: one row for each output pixel, one
# column for each input pixel. In its picture **look at** the upper matrix, for a 3 × 3 kernel on a 6 × 6 image: equal
# numbers are the same weight, white is 0 and stays 0. Row 0 holds the kernel's three rows, 6 apart: one line of the
# image. (Keras keeps this table turned: inputs down, outputs across.)
#
# A dense layer *without* the two rules could turn our 784 numbers into 2,304, too. **Guess first:** how many parameters
# would it have?

# %%
twin_guess = None

predict.record("dense twin", twin_guess, unit="parameters")

rng = np.random.default_rng(0)
kernel, image = 1.0 + rng.permutation(9).reshape(3, 3), rng.normal(size=(6, 6))
shared = np.zeros((16, 6, 6))
for output in range(16):
    row, column = divmod(output, 4)  # where the window stands
    shared[output, row : row + 3, column : column + 3] = kernel
shared = shared.reshape(16, 36)
by_keras = keras.ops.conv(image[None, ..., None], kernel[..., None, None])  # (1, 4, 4, 1)
expect.close(shared @ image.ravel(), np.ravel(by_keras), atol=1e-5, name="matrix and convolution")

# %%
fig, axes = plt.subplots(2, 1, figsize=(7.5, 6.4), sharex=True, layout="constrained")
matrices = (np.where(shared == 0, np.nan, shared), rng.uniform(1, 9, (16, 36)))
for ax, matrix in zip(axes, matrices):
    ax.imshow(matrix, cmap="viridis")
    ax.set(ylabel="output pixel")
for row, column in np.argwhere(shared):
    weight = shared[row, column]
    style = dict(color="white" if weight < 6 else "black", fontsize=6, ha="center", va="center")
    axes[0].text(column, row, f"{weight:.0f}", **style)
axes[0].set(title="Convolution 3 × 3: 9 different weights, the rest is 0")
axes[1].set(title="Dense: 16 · 36 = 576 different weights", xlabel="input pixel")
first = ", ".join(map(str, np.flatnonzero(shared[0])))
plots.show(fig, alt=f"Above: row 0 has weights at {first}; later rows further right. Below: full.")
predict.compare("dense twin", (784 + 1) * 2_304)

# %% [markdown]
# (784 + 1) · 2,304: seventeen thousand times as many as 104, for maps of the same size.
#
# Now the whole recipe. **Write it first:** nine layers in a `keras.Sequential`, from the recipe under *Problem*, in a
# cell of your own. Then compare. `build` can change four things, for later. **Before you run the cells:** in which layer are
# most of the *weights*? And which layer does most of the *multiplications* for one image? Type
# `"conv 1"`, `"conv 2"`, `"dense 100"` or `"dense 10"`. Then **look at** the two panels: which bars change places?

# %%
weights_guess = None
work_guess = None

predict.record("most weights", weights_guess)
predict.record("most multiplications", work_guess)


def build(scale=None, filters=(4, 16), kernel=5, dropout=0.4):
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            keras.layers.BatchNormalization() if scale is None else scale,
            keras.layers.Conv2D(filters[0], kernel, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(filters[1], kernel, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


# %%
# NBVAL_CHECK_OUTPUT
model = build()
for layer in model.layers:
    shape = str(tuple(layer.output.shape))
    print(f"{type(layer).__name__:18} {shape:21} {layer.count_params():6,} parameters")

conv_1, conv_2 = (5 * 5 * 1 + 1) * 4, (5 * 5 * 4 + 1) * 16  # (window x channels + bias) x filters
dense_100, dense_10 = (4 * 4 * 16 + 1) * 100, (100 + 1) * 10
assert (conv_1, conv_2, dense_100, dense_10) == (104, 1_616, 25_700, 1_010)
assert model.count_params() == 4 + conv_1 + conv_2 + dense_100 + dense_10 == 28_434

# %%
# A dense weight multiplies once an image, a convolution's weight at every place of its window.
work = {  # parameters, and multiplications: places x weights without biases
    "conv 1": (conv_1, 24 * 24 * 5 * 5 * 1 * 4),
    "conv 2": (conv_2, 8 * 8 * 5 * 5 * 4 * 16),
    "dense 100": (dense_100, 256 * 100),
    "dense 10": (dense_10, 100 * 10),
}
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3), sharey=True, layout="constrained")
looks = (("Parameters", "sky", ""), ("Multiplications for one image", "orange", "//"))
for column, (ax, (title, colour, hatch)) in enumerate(zip(axes, looks)):
    counts = [row[column] for row in work.values()]
    style = dict(color=plots.COLOURS[colour], ec="black", hatch=hatch)
    ax.bar_label(ax.barh(list(work), counts, **style), fmt="{:,.0f}", padding=3)
    ax.set(title=title, xlabel="how many", xlim=(0, 1.3 * max(counts)))
axes[0].set_ylabel("layer")
axes[0].invert_yaxis()
told = [f"{name} {a:,} parameters, {b:,} multiplications" for name, (a, b) in work.items()]
plots.show(fig, alt=f"Bars for four layers: {'; '.join(told)}.")
predict.compare("most weights", max(work, key=lambda name: work[name][0]))
predict.compare("most multiplications", max(work, key=lambda name: work[name][1]))

# %%
answers = {
    "Only the dense layer behind flatten": "Right: kernels do not care how large the image is. But flatten "
    "hands on more numbers: 11 · 11 · 16 instead of 4 · 4 · 16.",
    "All layers": "Misconception: that a convolution has a weight for each pixel. It has one for each pixel "
    "of its window.",
    "The two convolutions": "Misconception: more places are more work, and not one more weight.",
}
quiz.ask("The same recipe for images of 56 × 56 pixels. Which layers get more parameters?", answers)

# %% [markdown]
# Weights sit in the dense layer; work sits in the convolutions, because each of their weights is used at every place.
# The dense baseline multiplies 28,584 times for an image: about the same number of parameters, less than a sixth of
# the work.
#
# ### Idea 3: bring the inputs to a common scale
#
# The first layer of the recipe, `BatchNormalization`, has four parameters and learns no shapes. Is it needed? Before
# we look inside, an experiment: the same network and the same start with *raw* pixels 0 … 255, with pixels divided by
# 255, and with the layer of the recipe. One epoch each, 100 batches.
#
# A network that knows nothing and says so gives each digit a tenth: its loss is $\ln 10 \approx 2.3$. **Guess:** what
# is the loss on the *first* batch, before any learning, with raw pixels? Then run, and **look at** both ends of the
# three curves.

# %%
raw_guess = None  # a loss; ln 10 is 2.3

predict.record("first loss, raw pixels", raw_guess)


def first_losses(model):
    """Train for 100 batches; return the loss on each, shape (100,)."""
    means = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: means.append(logs["loss"])
    )
    adagrad = keras.optimizers.Adagrad(learning_rate=0.01)
    model.compile(optimizer=adagrad, loss="sparse_categorical_crossentropy")
    model.fit(x_train, y_train, batch_size=100, verbose=0, callbacks=[note])
    return np.diff(np.arange(1, 101) * means, prepend=0)  # Keras reports the mean so far


def accuracy(model, x, y, **mode):
    return float(np.mean(np.asarray(model(x, **mode)).argmax(axis=1) == y))


# %%
scales = {
    "raw, 0 to 255": (keras.layers.Identity(), "vermillion", ":"),
    "divided by 255": (keras.layers.Rescaling(1 / 255), "black", "--"),
    "BatchNormalization": (keras.layers.BatchNormalization(), "blue", "-"),
}
fig, ax = plt.subplots(figsize=(7.5, 3.8), layout="constrained")
for name, (scale, colour, style) in scales.items():
    keras.utils.set_random_seed(0)  # the same starting weights each time
    model = build(scale)
    losses = first_losses(model)
    ax.plot(np.arange(1, 101), losses, style, color=plots.COLOURS[colour], lw=2, label=name)
    print(f"{name}: first {losses[0]:.1f}, last {losses[-1]:.2f}", end=", ")
    print(f"then {accuracy(model, x_val, y_val):.3f} of the validation images right")
    if name.startswith("raw"):
        predict.compare("first loss, raw pixels", losses[0])
ax.axhline(np.log(10), color="0.6", lw=1, label="ln 10: knows nothing")
ax.set(title="The first 100 batches", xlabel="batch", ylabel="loss of the batch", yscale="log")
ax.legend()
ends = [f"{line.get_label()} {line.get_ydata()[[0, 49, 99]].round(2)}" for line in ax.lines[:3]]
plots.show(fig, alt=f"Losses of batches 1, 50 and 100 (ln 10 is 2.30): {'; '.join(ends)}.")

# %% [markdown]
# With raw pixels the untrained network is wrong and *sure* of it: its sums are far too large, and softmax makes
# certainties of them. The first batches take huge steps to undo that. Adagrad then remembers the huge gradients, so its
# later steps are small. (Adam fares no better here.) Divided by 255, even ink is only 1, and so the gradients of the
# first layer's weights are small: a slow start. Which of these two is ahead after 100 batches depends on the starting
# weights; `BatchNormalization` is the safe one. It gives the pixels mean 0 and standard deviation 1. How?
#
# - **While training** it takes each batch as it comes: minus its mean, divided by its standard deviation, for each
#   channel. A grey image has one channel, so there is *one* mean, over 100 · 28 · 28 pixels. Then times $\gamma$,
#   plus $\beta$: both are trained, and start at 1 and 0.
# - **At prediction** an answer must not depend on the other images of a batch. So the layer remembers: at each
#   training batch two **moving averages** go 1 % of the way towards the batch's mean and variance. They start at 0
#   and 1. Prediction uses these.
#
# Is it needed, then? A common scale is; this layer is one way to it. The iris unit's `Normalization` does the same with
# numbers fixed by `adapt`. `BatchNormalization` needs no `adapt`, but is noisy: each batch has its own mean. Dividing by
# 255 starts more slowly, and with Adam catches up (last row of the table in *Improve*). Mostly you will meet
# `BatchNormalization` *between* layers, where each map gets its own mean.

# %%
# NBVAL_CHECK_OUTPUT
scale = keras.layers.BatchNormalization()
batch = x_train[:100]
untrained = scale(batch)  # as at prediction; the averages are still 0 and 1
np.testing.assert_allclose(untrained, batch, rtol=1e-3)  # so nothing happens

in_training = scale(batch, training=True)  # (100, 28, 28, 1) -> (100, 28, 28, 1)
by_hand = (batch - batch.mean()) / np.sqrt(batch.var() + 0.001)  # 0.001: never divide by 0
expect.close(np.asarray(in_training), by_hand, atol=1e-3, name="batch normalisation")
moved = float(scale.moving_mean[0]) / batch.mean()
by = float(scale.moving_variance[0]) ** 0.5
print(f"after one batch the moving mean has gone {100 * moved:.0f} % of the way,")
print(f"and prediction would divide by {by:.0f}; training divides by {batch.std():.0f}")
print(f"after 100 batches: 1 - 0.99**100 = {100 * (1 - 0.99**100):.0f} % of the way")
print("trained by gradients:", [weight.name for weight in scale.trainable_weights])
print("moving averages:     ", [weight.name for weight in scale.non_trainable_weights])

# %%
answers = {
    "It leaves them far too large: its averages have hardly moved": "Right: 1 − 0.99¹⁰ is about 10 % of "
    "the way. So it subtracts and divides by far too little.",
    "It gives them mean 0 and deviation 1": "Misconception: that it normalises what it is given. At "
    "prediction it uses what it remembers.",
    "It uses the new images' own mean": "Misconception: that prediction works like training.",
}
quiz.ask(
    "You train on 10 batches, then predict. What does BatchNormalization do to the new images?",
    answers,
)

# %% [markdown]
# ## Train *(12 min)*
#
# Now the workshop's training, to the letter: one-hot labels, categorical cross-entropy, Adagrad with learning rate
# 0.01, five epochs, batches of 100. Only the images are fewer: our 10,000. (The 100-batch network of the last picture was
# judged with unripe averages: it may be better than its number. After five epochs, 500 batches, they have gone over 99 %
# of the way.)
#
# Then the same with **Adam**, at Keras' usual rate 0.001, and with sparse labels. Sparse labels change nothing but the
# form: the loss is the same number, as the second cell shows first. Start, images, batches and epochs stay.
#
# **Guess:** how many percent of the validation images will each of the two get wrong?

# %%
adagrad_guess = None  # percent wrong
adam_guess = None  # percent wrong

predict.record("Adagrad", adagrad_guess, unit="% wrong")
predict.record("Adam", adam_guess, unit="% wrong")

# %%
one_hot = keras.utils.to_categorical(y_train, 10)  # (10000,) -> (10000, 10)
one_hot_val = keras.utils.to_categorical(y_val, 10)
keras.utils.set_random_seed(0)
workshop = build()
workshop.compile(
    optimizer=keras.optimizers.Adagrad(learning_rate=0.01),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
workshop_run = workshop.fit(
    x_train,
    one_hot,
    validation_data=(x_val, one_hot_val),
    epochs=5,
    batch_size=100,
    verbose=0,
    callbacks=[TimeLeft()],
).history
predict.compare("Adagrad", 100 * (1 - workshop_run["val_accuracy"][-1]))

# %%
shares = workshop(x_val)  # first: both kinds of label give one loss
one = float(np.mean(keras.losses.categorical_crossentropy(one_hot_val, shares)))
two = float(np.mean(keras.losses.sparse_categorical_crossentropy(y_val, shares)))
expect.close(two, one, rtol=1e-4, name="the loss with sparse labels")

keras.utils.set_random_seed(0)
adam_net, dropout_off = build(), []  # one more accuracy after each epoch, for Idea 5
measure = keras.callbacks.LambdaCallback(
    on_epoch_end=lambda epoch, logs: dropout_off.append(
        accuracy(adam_net, x_train[:2_000], y_train[:2_000])
    )
)
adam = keras.optimizers.Adam(learning_rate=0.001)
adam_run = train(adam_net, adam, callbacks=[measure])
predict.compare("Adam", 100 * (1 - adam_run["val_accuracy"][-1]))
wrong = [1 - run["val_accuracy"][-1] for run in (adam_run, dense_run)]
expect.better(*wrong, factor=0.8, name="the share wrong, against the dense network's")

# %% [markdown]
# ### Idea 4: an optimiser and its rate are one choice
#
# Adam is ahead. So Adagrad is the worse optimiser? Careful: *two* things differ, the optimiser and its rate. Each
# optimiser makes something else of the number that you give it. Adagrad divides it by the root of the *sum* of all past
# squared gradients, so each weight's rate only ever shrinks; Adam divides by the root of a fading average, so the rate
# can grow again.
#
# A fair race gives each runner shoes that fit. So we run Adagrad once more, with ten times the rate. Quite fair it is
# not even then: Adagrad has two tries, Adam one. Fair means as many tries for each, chosen on validation images.
#
# And how much is luck? Of $m$ images a share $p$ is wrong; another draw of images would change $p$ by up to about
# $2\sqrt{p(1-p)/m}$, two **standard errors**. For 3 % of 2,000 that is 0.8 percentage points.
#
# **Look at** where the new line goes: near its twin, or near Adam? Between which two can this race not say who leads?

# %%
keras.utils.set_random_seed(0)
faster = build()
faster_run = train(faster, keras.optimizers.Adagrad(learning_rate=0.1))
runs = {
    "dense network, Adam 0.001": (dense_run, "green", "^-."),
    "Adagrad 0.01 (workshop)": (workshop_run, "vermillion", "s:"),
    "Adagrad 0.1": (faster_run, "orange", "D--"),
    "Adam 0.001": (adam_run, "blue", "o-"),
}
fig, ax = plt.subplots(figsize=(7.5, 3.8), layout="constrained")
for name, (run, colour, style) in runs.items():
    wrong = 100 * (1 - np.array(run["val_accuracy"]))
    ax.plot(range(1, 6), wrong, style, color=plots.COLOURS[colour], label=name)
    print(f"{name:26} {wrong[-1]:.1f} % wrong")
ax.set(title="Validation images named wrongly", xlabel="epoch", ylabel="wrong [%]", ylim=(0, None))
ax.set_xticks(range(1, 6))
ax.grid(alpha=0.3)
ax.legend()
told = [f"{line.get_label()}: {line.get_ydata().round(1).tolist()}" for line in ax.lines]
plots.show(fig, alt=f"Wrong [%] after each epoch. {'; '.join(told)}.")

# %%
answers = {
    "That 0.01 is too small for Adagrad in five epochs": "Right: with ten times the rate most of the gap "
    "is gone.",
    "That Adam is better than Adagrad": "Misconception: that one race decides. Two things differed, and one of "
    "them was only a number.",
    "That one should always take a larger rate": "Misconception: that it holds for all. Try Adam with 0.1.",
}
quiz.ask("Adagrad with 0.01 was behind Adam. What does the run with 0.1 show?", answers)

# %% [markdown]
# ## Judge *(7 min)*
#
# ### Idea 5: ask how an accuracy was measured
#
# Go back to the last line of Adam's fit: accuracy on training images is *lower* than on validation images. Is the
# network better at new images than at those it learned from?
#
# No. Keras measures the training accuracy on the way. Dropout is **on** then: about 40 of the hundred units are
# silent. And it is a **mean over the epoch**, while the weights still learn. The validation accuracy is taken at the
# end, with dropout off. So the two cannot be compared.
#
# The callback `measure` asked again after each epoch, with dropout off, on 2,000 training images. **Look at** where its
# triangles lie. (Round points are means over an epoch, so they are drawn half an epoch early; the first one lies below
# the frame.)

# %%
fig, ax = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
epochs = np.arange(1, 6)
lines = {
    "training, as Keras reports it": (epochs - 0.5, adam_run["accuracy"], "o:", "blue"),
    "validation": (epochs, adam_run["val_accuracy"], "s--", "vermillion"),
    "training, dropout off": (epochs, dropout_off, "^-", "black"),
}
for name, (at, value, style, colour) in lines.items():
    ax.plot(at, value, style, color=plots.COLOURS[colour], label=name)
ax.set(title="Adam: three accuracies of one network", xlabel="epoch", ylabel="accuracy")
ax.set_ylim(0.88, 1)
ax.grid(alpha=0.3)
ax.legend()
told = [f"{name}: {', '.join(f'{v:.3f}' for v in value)}" for name, (_, value, *_) in lines.items()]
plots.show(fig, alt=f"Accuracy, epochs 1 to 5. {'; '.join(told)} (the triangles).")

# The same images and weights once more, in training mode: dropout on, and batch statistics in
# BatchNormalization. (This moves the moving averages by 1 %.)
dropout_on = accuracy(adam_net, x_train[:2_000], y_train[:2_000], training=True)
print(f"reported, mean over the last epoch   {adam_run['accuracy'][-1]:.3f}")
print(f"after that epoch, dropout still on   {dropout_on:.3f}")
print(f"after that epoch, dropout off        {dropout_off[-1]:.3f}")
expect.better(dropout_off[-1], adam_run["accuracy"][-1], lower_is_better=False, name="dropout off")

# %%
answers = {
    "Measure both again after training, dropout off": "Right: one yardstick, then compare.",
    "Validation images are easier: draw others": "Misconception: possible, but first measure both in the same way.",
    "It underfits: train longer": "Misconception: that a gap in this direction is a disease. It is a "
    "difference in measuring.",
}
quiz.ask(
    "A network with dropout reports 0.90 in training, 0.93 in validation. What do you do first?",
    answers,
)

# %% [markdown]
# With one yardstick the riddle is gone: at the end the network is a little better at the images it learned from. (In
# the first epochs the two lie so close that the luck of 2,000 images decides, about one percentage point either way.)
# The printed lines split the gap: the step from *dropout still on* to *dropout off* is dropout, the larger part; the
# rest is the mean over the epoch.
#
# ## Improve *(10 min)*
#
# ### Change one thing
#
# The next cell is yours. Change one thing in it, guess, run, put it back. It compares with the Adam run above. As it
# stands, it runs the first row. The row marked *run below* is run in the next cell.
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | dropout (run below) | `build(dropout=0.0)` | where does the training accuracy go? | up, to validation or above it: Idea 5 again |
# | kernel | `build(kernel=3)` | fewer parameters? | *more*: maps shrink less, flatten hands on 5 · 5 · 16 |
# | learning rate | `0.001` → `0.01` | faster? | ahead after one epoch, about level after five |
# | learning rate | `0.001` → `0.1` | faster still? | no: back to ln 10, one digit for everybody, and stuck there |
# | dropout | `build(dropout=0.8)` | where does the training accuracy go? | far below validation; validation suffers less |
# | filters | `build(filters=(16, 4))` | same numbers, other order: as many parameters? | a third of them: flatten hands on 64 numbers, not 256; validation loses little |
# | scale | `build(keras.layers.Rescaling(1 / 255))` | far behind, as with Adagrad? | a little at first; five epochs of Adam make up for it |

# %%
keras.utils.set_random_seed(0)
trial = build(dropout=0.0)
trial_run = train(trial, keras.optimizers.Adam(learning_rate=0.001))
for name, net, run in (("Adam, above", adam_net, adam_run), ("this trial", trial, trial_run)):
    reported, checked = run["accuracy"][-1], run["val_accuracy"]
    print(f"{name}: {net.count_params():,} parameters, training as reported {reported:.3f},")
    print(f"    validation {checked[0]:.3f} after one epoch, {checked[-1]:.3f} at the end")

# %% [markdown]
# ### Find the bug
#
# A friend puts our Adam network into an app. There is no error message. Yet on the very validation images that we used,
# the app is about as good as a die with ten sides. The network is the same. Find the reason; print whatever you need.


# %%
# NBVAL_CHECK_OUTPUT
def read_photo(images):
    return images.astype("float32") / 255  # as in part 1


app_pixels = read_photo(x_val)
app_answers = np.asarray(adam_net(app_pixels)).argmax(axis=1)
print("we give our network ", x_val.shape, x_val.dtype)
print("the app gives it    ", app_pixels.shape, app_pixels.dtype)
print("our accuracy is over 0.9:", accuracy(adam_net, x_val, y_val) > 0.9)
print("the app's is under 0.3:  ", bool(np.mean(app_answers == y_val) < 0.3))

# %% [markdown]
# <details><summary>The answer</summary>
#
# Part 1's networks wanted 0 … 1. This one brings its own scale: its `BatchNormalization` remembers mean and variance of
# pixels from 0 to 255. It subtracts that mean, more than thirty, from pixels that are at most 1, and divides by that
# deviation. Paper and ink come out nearly equal, and to the layers behind every image looks blank. So it says the same
# digit to nearly everybody: `np.bincount(app_answers)`. Scale in *one* place, and give a network what it was trained
# on. Comparing `x_train.max()` with `app_pixels.max()` would have found it.
#
# </details>
#
# ### All the images
#
# The choice is made, on validation images: this recipe, with Adam. (Adagrad at 0.1 would do as well: 2,000 images can
# hardly tell the two apart.) Now the full set: 60,000 images, the last sixth of them again for validation. Expect a
# minute or two; an estimate comes after 50 batches. If the full set cannot be had, the cell says so and takes the
# mini set again.
#
# When it is done, guess how many percent of the *test* images will be wrong. Then we open them. **Once.** And **look at**
# the bars, all measured on the same validation images: find two bars that differ in one thing. What did that thing
# bring?

# %%
try:
    digits = data.load_mnist(size="full")
except data.DataError:
    digits = mini
    print("The full set is out of reach here, so this part runs on the mini set once more.")

cut = len(digits.y_train) * 5 // 6
x, y = with_channel(digits.x_train), digits.y_train
keras.utils.set_random_seed(0)
network = build()
print(f"{cut:,} training images, {len(y) - cut:,} for validation")
full_run = train(
    network,
    keras.optimizers.Adam(learning_rate=0.001),
    x=x[:cut],
    y=y[:cut],
    check=(x[cut:], y[cut:]),
)

# %%
# The validation accuracy is above. How many percent of the test images will be wrong?
test_guess = None  # percent wrong

predict.record("test", test_guess, unit="% wrong")

# %%
x_test, y_test = with_channel(digits.x_test), digits.y_test
right = accuracy(network, x_test, y_test)
luck = 2 * np.sqrt(right * (1 - right) / len(y_test))  # two standard errors
print(f"{(1 - right) * len(y_test):.0f} of {len(y_test):,} test images wrong:", end=" ")
print(f"accuracy {100 * right:.2f} %, give or take {100 * luck:.2f} for the luck of the draw")
predict.compare("test", 100 * (1 - right))
if len(y_test) == 10_000:  # the full set
    assert right > 0.98

# One yardstick for all: the images that `network` was validated on. No network was trained on them.
nets = {"same size, dense": dense_net, "Adagrad 0.01": workshop, "Adagrad 0.1": faster}
nets |= {"Adam": adam_net, f"Adam, {cut:,} images": network}
wrong = [100 * (1 - accuracy(net, x[cut:], y[cut:])) for net in nets.values()]
fig, ax = plt.subplots(figsize=(7.5, 3), layout="constrained")
drawn = ax.barh(list(nets), wrong, color=plots.COLOURS["sky"], ec="black")
ax.bar_label(drawn, fmt="%.1f", padding=3)
ax.margins(x=0.1)
ax.set(title="The way here", ylabel="network")
ax.set_xlabel(f"wrong [%] of the same {len(y) - cut:,} validation images")
ax.invert_yaxis()
told = ", ".join(f"{name} {part:.1f}" for name, part in zip(nets, wrong))
plots.show(fig, alt=f"Bars, wrong [%] on the same validation images: {told}.")

# %% [markdown]
# *Same size, dense* and *Adam* differ in the architecture alone: it more than halves the mistakes. Five times as many
# images about halve them once more. But five epochs of them are also five times as many steps, so part of that gain is
# longer training. (Without the full set the last two bars show the same training.) The test images agree with the
# validation images, within the give or take: we chose on few and opened the test once.
#
# ## Take away *(2 min)*
#
# - 28 → 24 → 12 → 8 → 4: each step follows from $H - k + 1$ ($k$: the kernel's side) and from halving. Flatten hands
#   4 · 4 · 16 = 256 numbers to the dense part.
# - A convolution is a dense layer with most weights 0 and the rest shared: few weights, each at work in many places.
#   Their number does not depend on the size of the image.
# - Batch normalisation uses the batch in training, moving averages at prediction. As the first layer it scales the
#   inputs, and it travels with the model.
# - Compare optimisers each at a rate that suits it. Compare accuracies that were measured in the same way.
#
# **Explain without looking:** why 1,616 and not 416 parameters in the second convolution? · Which layer works
# hardest, and why? · What are BatchNormalization's four numbers? · Why can training accuracy lie below validation
# accuracy? · Why was the app blind?
#
# **You may meet** older code: `model.predict_classes(x)` is now `model.predict(x).argmax(axis=1)`; `input_shape=(28,
# 28, 1)` in the first layer is now `keras.Input(shape=(28, 28, 1))`; and a model saved as `.h5` is now saved as
# `.keras`.
#
# **Next:** {{next}} opens the network: what do its filters look for, what does it get wrong, and how sure is it then?
