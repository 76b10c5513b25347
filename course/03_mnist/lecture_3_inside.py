# %% [markdown]
# # MNIST 3: inside the network
#
# {{badge}}
#
# The architecture of part 2 reads nearly every digit. In this part you train it afresh and open it: you see its
# filters, its mistakes, and how sure it is when it is wrong. Then you find a weakness that the validation score
# hides, mend it, and put the network into a file.

# %% [markdown]
# ## Objectives *(2 min)*
#
# **75 minutes.** That is without the table of experiments near the end. You need parts 1 and 2: kernel, filter,
# feature map, pooling, and the workshop's network; softmax and cross-entropy from the iris unit. On Colab, save a
# copy in Drive first (*File → Save a copy in Drive*), or your work is lost when you close the tab.
#
# At the end you can
#
# 1. draw what any layer makes of an image, and say how far a filter sees;
# 2. look through a network's mistakes, and use its probabilities to hand the doubtful ones to a person;
# 3. choose a sensible augmentation, and measure fairly what it brings;
# 4. save a network, load it again, and say what such a file holds, and what it does not.

# %%
from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import tempfile
import time
import zipfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np


# %% [markdown]
# ## Problem *(3 min)*
#
# A sorting office wants your network for the postcodes on letters. Its head is careful, and asks three things. "What
# does it look at? When is it wrong, and does it notice? And our scanner is old: what if a digit does not stand quite
# where yours do?" A test score answers none of these. You have to look inside.
#
# ## Look at the data *(5 min)*
#
# We take the small set: 10,000 digits to train, 2,000 to validate, 2,000 to test, which stay closed until the end.
# Think of each digit's **centre of ink**: the mean position of its pixels, dark ones counting more. The left picture
# is the mean of all training digits. **Look at** the right one: it shows the centres of 1,000 digits, each a dot. How
# large is the piece of the image that it shows?

# %%
digits = data.load_mnist()
x_train, y_train = digits.x_train[:10_000, ..., None], digits.y_train[:10_000]
x_val, y_val = digits.x_train[10_000:, ..., None], digits.y_train[10_000:]
seed, epochs = 0, 5  # knobs, for later

ink = x_train[..., 0].astype(float)
total, places = ink.sum(axis=(1, 2)), np.arange(28)
centre_row = ink.sum(axis=2) @ places / total  # weights: the ink of each row
centre_column = ink.sum(axis=1) @ places / total

assert max(np.abs(centre_row - 14).max(), np.abs(centre_column - 14).max()) <= 0.5

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
shown = left.imshow(ink.mean(axis=0), cmap="gray_r")
fig.colorbar(shown, ax=left, label="mean pixel value")
left.set(title="Mean of 10,000 training digits", xlabel="column", ylabel="row")
right.plot(centre_column[:1000], centre_row[:1000], ".", color=plots.COLOURS["blue"], ms=3)
right.plot([13.5, 14.5, 14.5, 13.5, 13.5], [13.5, 13.5, 14.5, 14.5, 13.5], "--", color="black")
right.set(title="Centres of ink", xlabel="column", ylabel="row", xlim=(13, 15), ylim=(15, 13))
right.set_aspect("equal")
alt = "Left: a grey blob in the middle. Right, in a piece of 2 × 2 pixels (13 to 15): all dots within "
plots.show(fig, alt=alt + "the dashed square, 13.5 to 14.5 both ways.")

# %% [markdown]
# Two pixels by two. No dot leaves the dashed square, and that square is one pixel: somebody **centred every digit**
# before you got it. That no digit stands in a corner you may have suspected in part 1; now it is measured. It is a
# property of this data set, not of handwriting. Keep it in mind.
#
# ## Baseline *(4 min)*
#
# From part 1: take the mean image of each class, and answer with the nearest. It knows only one place for each digit,
# so it will be a good companion later.

# %%
means = np.stack([ink[y_train == k].mean(axis=0) for k in range(10)]).reshape(10, 784)


def nearest_mean(images):
    """Return the class of the nearest mean image for each image, shape (n,)."""
    flat = np.reshape(images, (-1, 784)).astype(float)
    # |x - m|² = x² - 2xm + m², and x² is the same for all ten classes
    return np.argmin((means**2).sum(axis=1) - 2 * flat @ means.T, axis=1)


def in_words(kernels, maps):
    """Say where each kernel has its weights, and what its map holds: for Idea 1."""
    said = []
    for k in range(4):
        w, m = kernels[..., k], maps[..., k]
        sides = {"left": w[:, :2], "right": w[:, 3:], "top": w[:2], "bottom": w[3:]}
        means = ", ".join(f"{side} {part.mean():+.2f}" for side, part in sides.items())
        said.append(f"kernel {k}: mean weight {means}; map from {m.min():.1f} to {m.max():.1f}")
    return ". ".join(said)


baseline_wrong = int(np.sum(nearest_mean(x_val) != y_val))
print(f"nearest mean image: {baseline_wrong:,} of {len(y_val):,} validation digits wrong")

# %% [markdown]
# ## Build *(9 min)*
#
# The workshop's network of part 2, layer by layer. Its first layer, batch normalisation, does the scaling, so raw
# pixels 0 to 255 go in. Two layers get names, so that we can ask for them.
#
# ### Idea 1: every layer's output can be looked at
#
# A model is a path from an input to an output. Nothing forces you to walk it to the end: `keras.Model(start, stop)`
# makes a model of any part of the path. It **shares** the layers and their weights with the whole; nothing is copied
# or trained. (`network.inputs` is a list, here with one entry: hence the `[0]`.) What stands at one place of a
# feature map is the filter's **activation** there: how strongly it answers. (Not to be mixed up with the activation
# *function*, here the ReLU.)
#
# The first cell builds the network, and prints the shapes of two such parts for one digit. The network is not trained
# yet: its kernels are **random numbers**. The picture shows the four kernels of the first layer, and below each what
# it makes of the digit. **Look at** the maps: can you still read it?


# %%
# NBVAL_CHECK_OUTPUT
def build_network():
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            keras.layers.BatchNormalization(),
            keras.layers.Conv2D(4, 5, activation="relu", name="conv_1"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(16, 5, activation="relu", name="conv_2"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dropout(0.4),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


keras.utils.set_random_seed(seed)
network, digit = build_network(), x_val[3]
for name in ("conv_1", "conv_2"):
    part = keras.Model(network.inputs[0], network.get_layer(name).output)
    print(name, "makes of one digit", tuple(part(digit[None]).shape))


# %%
def look_inside(network, digit, title):
    """Draw the four kernels of the first layer, and what each makes of a digit."""
    layer = network.get_layer("conv_1")
    kernels = np.asarray(layer.kernel)[:, :, 0]  # (5, 5, 4)
    maps = np.asarray(keras.Model(network.inputs[0], layer.output)(digit[None]))[0]  # (24, 24, 4)
    fig, axes = plt.subplots(2, 4, figsize=(9.5, 5), layout="constrained")
    limit = 0.6  # the same in every picture, and no colour too dark for a sign on it
    for k, (above, below) in enumerate(axes.T):
        weights = above.imshow(kernels[..., k], cmap="PuOr_r", vmin=-limit, vmax=limit)
        for (row, column), w in np.ndenumerate(kernels[..., k]):
            above.text(column, row, "+" if w > 0 else "−", ha="center", va="center")
        answers = below.imshow(maps[..., k], cmap="gray_r", vmin=0, vmax=maps.max())
        above.set(title=f"kernel {k}", xticks=[], yticks=[])
        below.set(title=f"map {k}", xlabel="column")
    axes[1, 0].set_ylabel("row")
    fig.colorbar(weights, ax=axes[0], label="weight")
    fig.colorbar(answers, ax=axes[1], label="activation")
    fig.suptitle(title)
    plots.show(fig, alt=f"{title}: smeared maps of a 5. {in_words(kernels, maps)}.")


look_inside(network, digit, "First layer before training")

# %%
answers = {
    "(32, 12, 12, 4)": "Right: 28 − 5 + 1 = 24 rows and columns, halved; one map for each filter.",
    "(32, 24, 24, 4)": "Misconception: that pooling keeps the size. It keeps one number of each 2 × 2.",
    "(32, 12, 12, 2)": "Misconception: that pooling halves the channels, too. It pools each map by itself.",
}
quiz.ask(
    "You cut the path behind the first pooling. A batch of 32 digits goes in. What shape comes out?",
    answers,
)

# %% [markdown]
# ## Train *(9 min)*
#
# So a random kernel is no bad start: it smears the digit, and does not destroy it. Now train: Adam, sparse labels,
# batches of 100. Part 2's long run took thousands of steps; here five epochs are 500. So we take larger ones: a
# learning rate of 0.003 instead of 0.001.
#
# **Guess:** how many of the 2,000 validation digits will it get wrong? The nearest mean image's number stands above.
# Then **compare** the new picture with the one above; equal colours are equal weights. Have the kernels changed
# beyond recognition, or only a little? (The line below the picture counts the signs that stayed.) Does a map answer
# to edges on one side of a stroke, to strokes in one direction, or to all ink?

# %%
wrong_guess = None  # of 2,000

predict.record("wrong", wrong_guess, unit="digits")


def train(model):
    start = time.perf_counter()

    def say(epoch, logs):
        left = (time.perf_counter() - start) / (epoch + 1) * (epochs - epoch - 1)
        print(f"epoch {epoch + 1} of {epochs}, about {left:.0f} s left", flush=True)

    progress = keras.callbacks.LambdaCallback(on_epoch_end=say)
    adam = keras.optimizers.Adam(learning_rate=0.003)
    model.compile(adam, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    options = dict(epochs=epochs, batch_size=100, verbose=0, callbacks=[progress])
    return model.fit(x_train, y_train, **options)


# %%
start_signs = np.sign(np.asarray(network.get_layer("conv_1").kernel))
train(network)
p_val = np.asarray(network(x_val))
said = p_val.argmax(axis=1)
wrong = said != y_val
predict.compare("wrong", np.sum(wrong))
expect.better(np.sum(wrong), baseline_wrong, factor=0.5, name="the number of wrong digits")
look_inside(network, digit, "First layer after training")
same_signs = start_signs == np.sign(np.asarray(network.get_layer("conv_1").kernel))
print(f"{same_signs.sum()} of {same_signs.size} weights kept their sign; by chance: half")

# %% [markdown]
# Why are the maps' numbers so much smaller than before training? Untrained, batch normalisation lets 0 to 255
# through; trained, it scales. Then paper is no longer 0 but a little below, so a map need not be white on paper: a
# negative weight on paper gives *plus*. The dark and light *differences* are what counts.
#
# Most signs stayed: training starts from the random weights, and goes on from there. So take care with stories about
# such pictures. A kernel may look like an edge kernel of part 1, or like nothing, and another seed gives others, with
# about the same score. What you may trust are experiments: change the input, see what changes.
#
# ### Idea 2: deeper filters see further
#
# One number in a map of `conv_1` depends on 5 × 5 pixels, no others. A filter of `conv_2` also looks at 5 × 5 places,
# but at places of *pooled* maps, and each of these stands for a larger piece of the image. Part 2 worked out by hand
# that a number of `conv_2` sees 14 × 14 pixels: its **receptive field**. Believe it? Test it.
#
# Take an image of noise and change one pixel: does the answer at row 3, column 3 change, in any of the 16 maps? Do
# that for each pixel, and for five images. **Guess:** which is the first image row that can change the number at row
# 3, column 3? Then **look at** the size of the black square, and at where it lies.

# %%
row_guess = None  # 0 is the top row, 27 the bottom row

predict.record("first row", row_guess)

# %%
deep = keras.Model(network.inputs[0], network.get_layer("conv_2").output)
matters, each = np.zeros(784, dtype=bool), np.arange(784)
for noise in np.random.default_rng(0).integers(0, 256, size=(5, 784)).astype("float32"):
    copies = np.tile(noise, (784, 1))
    copies[each, each] = 255 - noise  # copy number i differs in pixel i
    before = np.asarray(deep(noise.reshape(1, 28, 28, 1)))[:, 3, 3]  # (1, 16)
    after = np.asarray(deep(copies.reshape(784, 28, 28, 1)))[:, 3, 3]  # (784, 16)
    matters |= (np.abs(after - before) > 1e-4).any(axis=1)
side = 14  # by hand, in part 2
rows, columns = np.nonzero(matters.reshape(28, 28))
predict.compare("first row", rows.min())
assert min(rows) >= 6 and max(rows) < 6 + side and min(columns) >= 6 and max(columns) < 6 + side

fig, ax = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
ax.imshow(matters.reshape(28, 28), cmap="gray_r")
ax.set(title="Pixels that matter to row 3, column 3", xlabel="column", ylabel="row")
place = f"from row {rows.min()} to {rows.max()} and from column {columns.min()} to {columns.max()}"
plots.show(fig, alt=f"The pixels that matter fill a black square {place}; all others are white.")

# %% [markdown]
# The hand was right. And a pooled place is two pixels wide, so the square of row 3 begins at pixel 2 · 3 = 6.
#
# Now ask what a deep filter looks for, and let *digits* answer. Take four of the 16 filters, those with the strongest
# answers. For each, find the eight validation digits that excite it most, and cut out the 14 × 14 pixels that it saw
# there. **Look at** one row at a time: what do its pieces have in common, although the digits differ?

# %%
strength = np.asarray(deep(x_val))  # (2000, 8, 8, 16)
strongest = np.argsort(-strength.max(axis=(0, 1, 2)))[:4]
fig, axes = plt.subplots(4, 8, figsize=(9, 5.4), layout="constrained")
said_rows = []
for filter_row, k in zip(axes, strongest):
    answer, pieces = strength[..., k].reshape(len(x_val), 64), []
    first = np.argsort(-answer.max(axis=1))[:8]
    for ax, i in zip(filter_row, first):
        row, column = divmod(int(answer[i].argmax()), 8)
        piece = x_val[i, 2 * row : 2 * row + side, 2 * column : 2 * column + side, 0]
        pieces.append(piece)
        ax.imshow(piece, cmap="gray_r", vmin=0, vmax=255)
        ax.set(title=f"of a {y_val[i]}", xticks=[], yticks=[])
    ink_in = np.mean(pieces, axis=0).reshape(2, 7, 2, 7).mean(axis=(1, 3)).round().astype(int)
    said_rows.append(f"filter {k}, of {y_val[first].tolist()}: {ink_in.ravel().tolist()}")
    filter_row[0].set_ylabel(f"filter {k}")
fig.suptitle("What excites a filter of conv_2 most")
alt = "The pieces of a row resemble each other. Mean ink of their quarters, upper two, lower two: "
plots.show(fig, alt=alt + "; ".join(said_rows) + " (0 is paper, 255 is ink).")

# %%
answers = {
    "A kind of stroke, in whatever digit it stands": "Right: a bend or an end that several digits share. "
    "The dense layers weigh such parts up.",
    "One whole digit": "Misconception: that a filter stands for a class. It sees half the height of the "
    "image, and most rows mix several digits.",
    "A single pixel": "Misconception: that a filter watches a place. It visits all places, and sees 14 × 14 pixels.",
}
quiz.ask("The rows of pieces suggest that a filter of conv_2 answers to what?", answers)

# %% [markdown]
# ## Judge *(13 min)*
#
# Second question of the office: when is it wrong? First, which digits does it mix up? Nearly all counts of a
# confusion matrix lie on its diagonal, so here only the **mistakes** are coloured. **Look for** the darkest cells:
# would you mix up those two as well? (Cells with 1 or 2 may be luck.)
#
# But counts hide the digits. So the second picture shows mistakes themselves, each with *true → said* and the
# probability that the network gave to what it said. They are the twelve with the highest loss: the truth got the
# smallest probability. **Look at** each: who is to blame, the writer or the network?

# %%
confusion = np.zeros((10, 10), dtype=int)
np.add.at(confusion, (y_val, said), 1)
mistakes = confusion - np.diag(np.diag(confusion))
fig, ax = plt.subplots(figsize=(6, 5.2), layout="constrained")
ax.imshow(mistakes, cmap="Oranges")
for (row, column), count in np.ndenumerate(confusion):
    if count:
        dark = mistakes[row, column] > 0.6 * mistakes.max()
        colour = "0.35" if row == column else "white" if dark else "black"
        ax.text(column, row, count, ha="center", va="center", color=colour)
ax.set(title="Validation digits", xlabel="the network said", ylabel="true digit")
ax.set(xticks=range(10), yticks=range(10))
pairs = sorted(zip(*np.nonzero(mistakes)), key=lambda pair: -mistakes[pair])
told = ", ".join(f"{a} as {b} {mistakes[a, b]}" for a, b in pairs)
plots.show(fig, alt=f"Mistakes, the most frequent first: {told}. The diagonal holds all the rest.")
print("right:", ", ".join(f"{k} {confusion[k, k]} of {confusion[k].sum()}" for k in range(10)))
print("a digit read as another:", told)

# %%
loss = -np.log(np.maximum(p_val[np.arange(len(y_val)), y_val], 1e-12))
worst = np.argsort(-loss)[:12]
fig, axes = plt.subplots(2, 6, figsize=(9, 3.9), layout="constrained")
for ax, i in zip(axes.flat, worst):
    ax.imshow(x_val[i, ..., 0], cmap="gray_r")
    ax.set(title=f"{y_val[i]} → {said[i]}, {p_val[i].max():.3f}", xticks=[], yticks=[])
fig.suptitle("The twelve validation digits with the highest loss")
told = ", ".join(f"{y_val[i]} → {said[i]} {p_val[i].max():.3f}" for i in worst)
plots.show(fig, alt=f"Twelve digits, several hard to read; true → said, probability: {told}.")

# %% [markdown]
# ### Idea 3: let the doubtful ones go to a person
#
# The largest of the ten probabilities says how **sure** the network is. It is not the truth: you have just seen
# digits that it named wrongly, some of them surely. But if mistakes are mostly *less* sure than right answers, the
# number is useful: name what is sure, and hand the least sure digits to a person.
#
# Is it also **honest** (*calibrated*)? Then of all answers given with 0.9, about 90 % would be right, and the mean of
# the largest probabilities would be the share of right answers. The last line makes that first count. (The heart unit
# teaches more.)
#
# **Guess:** the office hands over the 5 % of digits that the network is least sure of. What share of *all its
# mistakes* is among them? Then **look** left: do right and wrong answers overlap? And right: how fast do the mistakes
# melt away, and does the last one go soon?

# %%
handed_guess = None  # percent of the mistakes

predict.record("handed", handed_guess, unit="% of the mistakes")
share = 0.05  # of the digits, handed to a person
sure = p_val.max(axis=1)
doubtful = np.argsort(sure)  # least sure first
left_over = wrong.sum() - np.concatenate([[0], np.cumsum(wrong[doubtful])])
percent = np.linspace(0, 100, len(left_over))

over = [100 * np.mean(group > 0.9) for group in (sure[~wrong], sure[wrong])]
told = ", ".join(f"{left_over[q * len(sure) // 100]} at {q} %" for q in (0, 2, 5, 10, 20, 30))
alt = f"Left: above 0.9 are {over[0]:.0f} % of the right answers, {over[1]:.0f} % of the wrong. "
alt += f"Right, mistakes left: {told}; none from {percent[np.argmax(left_over == 0)]:.0f} % on."

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
groups = [sure[~wrong], sure[wrong]]
parts = [np.full(len(group), 100 / len(group)) for group in groups]  # each adds up to 100 %
labels = [f"right ({len(groups[0]):,})", f"wrong ({len(groups[1]):,})"]
style = dict(color=[plots.COLOURS["sky"], plots.COLOURS["vermillion"]], ec="black")
*_, bars = left.hist(groups, np.linspace(0.1, 1, 10), weights=parts, label=labels, **style)
for bar in bars[1]:
    bar.set_hatch("//")
left.set(title="How sure, when right and when wrong", xlabel="largest probability")
left.set_ylabel("share of its group [%]")
left.legend(loc="upper left")
right.plot(percent, left_over, color=plots.COLOURS["blue"], label="mistakes left")
right.axvline(100 * share, color="black", ls=":", label=f"{100 * share:g} % handed over")
right.set(title="Handing over the least sure", xlabel="digits handed over [%]", xlim=(0, 30))
right.set_ylabel("mistakes among the rest")
right.legend()
plots.show(fig, alt=alt)
predict.compare("handed", 100 * wrong[doubtful[: int(share * 2000)]].sum() / wrong.sum())
print(f"at random: {100 * share:g} %; the surest mistake has {sure[wrong].max():.3f}")
print(f"{np.mean(~wrong):.3f} right, mean largest probability {sure.mean():.3f}")

# %%
answers = {
    "About 10": "Right: honest 0.99 means that one in a hundred is wrong. Sure is not certain.",
    "None": "Misconception: that 0.99 rounds to certain. In a thousand letters, ten go astray.",
    "About 990": "Misconception: reading the share of right answers as the share of wrong ones.",
}
quiz.ask(
    "A network's probabilities are honest. It reads 1,000 digits, each with 0.99. How many are wrong?",
    answers,
)

# %% [markdown]
# ## Improve *(27 min)*
#
# ### A weakness that the validation score hides
#
# Third question: the old scanner. Part 1's small convolution lost when digits moved by two pixels. This network has
# two convolutions and two poolings, and is far better. Is it safe now? Move each validation digit by *three* pixels,
# up, down, left or right, filling with background. You can read them as before. And the network?
#
# **Guess** its accuracy in percent, when every digit stands three pixels off. Then **look at** two things in the
# picture: from which pixel on does it hurt, and how does the network compare with the nearest mean image?

# %%
shifted_guess = None  # percent right

predict.record("shifted", shifted_guess, unit="% right")


def shift(images, down, right):
    """Move images by whole pixels; what enters is background, what leaves is lost."""
    framed = np.pad(images, [(0, 0), (8, 8), (8, 8), (0, 0)])
    return framed[:, 8 - down : 36 - down, 8 - right : 36 - right]


def four_ways(s):
    return ((s, 0), (-s, 0), (0, s), (0, -s))


def shift_curve(answer):
    """Return the accuracy in percent at shifts of 0 to 6 pixels, each a mean of four directions."""
    curve = []
    for s in range(7):
        moved = [shift(x_val, *by) for by in four_ways(s)]
        curve.append(100 * np.mean([answer(images) == y_val for images in moved]))
    return curve


def in_percent(curves):
    return "; ".join(f"{name} {np.round(curve, 1).tolist()}" for name, curve in curves.items())


np.testing.assert_array_equal(shift(x_val, 2, -1)[:, 5, 5], x_val[:, 3, 6])


# %%
def draw_curves(curves, title):
    fig, ax = plt.subplots(figsize=(8.5, 4), layout="constrained")
    styles = zip(("o-", "s--", "^-."), ("blue", "orange", "vermillion"))
    for (name, curve), (style, colour) in zip(curves.items(), styles):
        ax.plot(curve, style, color=plots.COLOURS[colour], label=name)
    ax.axhline(10, color="black", ls=":", label="guessing")
    ax.set(title=title, xlabel="shift [pixels]", ylabel="right [%]", ylim=(0, 105))
    ax.grid(alpha=0.3)
    fig.legend(loc="outside right upper")
    return fig


curves = {"network": shift_curve(lambda images: np.asarray(network(images)).argmax(axis=1))}
curves["nearest mean image"] = shift_curve(nearest_mean)
predict.compare("shifted", curves["network"][3])
fig = draw_curves(curves, "Digits off centre")
plots.show(fig, alt=f"Right [%] at shifts of 0 to 6 pixels: {in_percent(curves)}.")
p_off = np.asarray(network(shift(x_val, 3, 0)))
off, sure_off = p_off.argmax(axis=1) != y_val, p_off.max(axis=1)
print(f"3 pixels down: {np.mean(~off):.3f} right, mean largest probability {sure_off.mean():.3f}")
print(f"mistakes above 0.9: {np.sum(wrong & (sure > 0.9))} centred,", end=" ")
print(f"{np.sum(off & (sure_off > 0.9))} moved down")

# %% [markdown]
# The convolutions do their part: the maps move along. But after `Flatten` each weight of the dense layer belongs to
# one *place*, and in training all digits were centred. Pooling forgives a pixel or so. The validation score could not
# tell you: its digits are centred, too. And the last lines say: sureness is itself learned on centred digits. Do not
# count on it elsewhere.
#
# ### Idea 4: show it what does not matter
#
# You know that a 7 moved by three pixels is still a 7. The network does not. **Augmentation** tells it: in every
# training step each image is changed a little, at random, and keeps its label. So the network never sees quite the
# same image twice.
#
# Use only changes that **keep the label** and **happen in your use**. Keras has layers for them. Their numbers are
# fractions:
#
# - `RandomTranslation(0.15, 0.15)`: up to 15 % of height and width, 4 pixels;
# - `RandomRotation(0.03)`: up to 3 % of a *full turn*, 11 degrees;
# - `RandomZoom(0.1)`: up to 10 % larger or smaller.
#
# **Look at** the two last rows: which digits are still what they were?

# %%
background = dict(fill_mode="constant", fill_value=0.0)  # the default may mirror the edge
augmentation = {
    "translation": keras.layers.RandomTranslation(0.15, 0.15, **background, seed=1),
    "rotation": keras.layers.RandomRotation(0.03, **background, seed=2),
    "zoom": keras.layers.RandomZoom(0.1, **background, seed=3),
}
some = np.stack([x_train[np.flatnonzero(y_train == k)[1]] for k in (1, 2, 4, 5, 6, 7, 8, 9)])
some = some.astype("float32")
rows = {"as it is": some}
rows |= {name: layer(some, training=True) for name, layer in augmentation.items()}
rows |= {"flip left-right": some[:, :, ::-1], "flip up-down": some[:, ::-1]}
fig, axes = plt.subplots(len(rows), len(some), figsize=(8, 5.8), layout="constrained")
for axes_row, (name, images) in zip(axes, rows.items()):
    for ax, image in zip(axes_row, np.asarray(images)):
        ax.imshow(image[..., 0], cmap="gray_r", vmin=0, vmax=255)
        ax.set(xticks=[], yticks=[])
    axes_row[0].set_ylabel(name, rotation=0, ha="right", va="center")
fig.suptitle("One change a row")
alt = "Translation, rotation and zoom keep each digit. Flipped either way the 8 stays an 8, the 2 comes "
plots.show(fig, alt=alt + "near a 5, the 5 near a 2, and 1, 4, 6, 7 and 9 are no digits any more.")

# %%
answers = {
    "A small zoom": "Right: people write large and small, and a 3 stays a 3.",
    "Flips up-down: more variety": "Misconception: that variety is always good. A 6 upside down is hardly a 6, and "
    "a 2 comes near a 5. With their old labels they teach nonsense.",
    "Rotations up to half a turn": "Misconception: that if a little is good, much is better. A 6 becomes a 9.",
}
quiz.ask("Which change belongs into the augmentation for digits?", answers)

# %% [markdown]
# To be fair, everything else stays as it was: the same starting weights (the seed), the same digits, optimiser and
# number of epochs. Augmentation belongs to training only, so we keep it *outside* the network: `school` is
# augmentation and network in a row, we train that, and then go on with `mended`, which shares its weights with
# `school`.
#
# We add three changes at once; the table below takes them apart.
#
# **Look at** the new curve: what did it gain, and what did it cost at shift 0?

# %%
keras.utils.set_random_seed(seed)
mended = build_network()
school = keras.Sequential([keras.Input(shape=(28, 28, 1)), *augmentation.values(), mended])
history = train(school)
curves["network, augmented"] = shift_curve(lambda images: np.asarray(mended(images)).argmax(axis=1))
fig = draw_curves(curves, "The same network, two kinds of training")
plots.show(fig, alt=f"Right [%] at shifts of 0 to 6 pixels: {in_percent(curves)}.")
print(f"augmented: training accuracy {100 * history.history['accuracy'][-1]:.1f} %")
for name, curve in curves.items():
    print(f"{name:20} shift 0: {curve[0]:4.1f} %, shift 3: {curve[3]:4.1f} %")

for name, ways in (("up, down", ((3, 0), (-3, 0))), ("left, right", ((0, 3), (0, -3)))):
    hits = [np.asarray(mended(shift(x_val, *by))).argmax(axis=1) == y_val for by in ways]
    print(f"augmented, 3 pixels {name}: {100 * np.mean(hits):.1f} %")

all_ink = x_val.sum(axis=(1, 2, 3))
for s in (3, 6):
    lost = [shift(x_val, *by).sum(axis=(1, 2, 3)) < all_ink for by in four_ways(s)]
    print(f"shift {s}: {100 * np.mean(lost):.0f} % of the digits lose ink over the edge")

# %% [markdown]
# At shift 0 the two are close. Off centre the new one holds as far as the lessons went, about four pixels. Beyond
# that it falls: such shifts were not in its lessons, and more and more ink leaves the image. This picture cannot tell
# the two apart. Is the training accuracy below that on the validation digits? It is measured with dropout on, and on
# digits that were moved, turned and zoomed: lessons may be harder than the exam.
#
# ### Idea 5: a network in a file
#
# `model.save("name.keras")` writes one file, a zip archive. In it are the **config** (which layers, in which order
# and with which settings) and the **weights**. As long as all layers are Keras' own, `keras.models.load_model` needs
# nothing of your code. If the model was compiled, the optimiser is kept as well, so that training can go on.
#
# **Guess:** `mended` was never compiled, `school` was, with Adam; they have the same weights. How many times as large
# is the weights file of `school`? Then **look at** the bars and the lines: which line does each bar pass?

# %%
size_guess = None  # times the weights file of mended

predict.record("size", size_guess, unit="times")
sizes = {}
with tempfile.TemporaryDirectory() as folder:  # in your project: a place that stays
    for name, model in (("mended", mended), ("school", school)):
        path = Path(folder) / f"{name}.keras"
        model.save(path)
        with zipfile.ZipFile(path) as archive:
            sizes[name] = {file.filename: file.file_size for file in archive.infolist()}
    again = keras.models.load_model(Path(folder) / "mended.keras")
    hers = keras.models.load_model(Path(folder) / "school.keras")  # for a friend, below
np.testing.assert_allclose(again(x_val), mended(x_val), atol=1e-4)
print("The loaded network gives the same probabilities.")

# %%
assert mended.count_params() == 4 + 104 + 1_616 + 25_700 + 1_010 == 28_434
fig, ax = plt.subplots(figsize=(8, 2.8), layout="constrained")
start = np.zeros(2)
for file, colour, hatch in (("model.weights.h5", "sky", ""), ("config.json", "orange", "//")):
    width = [sizes[name][file] / 1000 for name in sizes]
    style = dict(color=plots.COLOURS[colour], ec="black", hatch=hatch)
    ax.barh(list(sizes), width, left=start, label=file, **style)
    start += width
numbers = 4 * mended.count_params() / 1000  # 4 bytes each
ax.axvline(numbers, color="black", ls="--", label="4 bytes × parameters")
ax.axvline(3 * numbers, color="black", ls=":", label="3 × 4 bytes × parameters")
ax.set(title="What a .keras file holds", xlabel="size [kB]", ylabel="model")
fig.legend(loc="outside right upper", fontsize=9)
bars = [", ".join(f"{f} {n / 1000:.0f} kB" for f, n in sizes[name].items()) for name in sizes]
lines = f"the dashed line is at {numbers:.0f} kB, the dotted one at {3 * numbers:.0f} kB"
plots.show(fig, alt=f"mended: {bars[0]}. school: {bars[1]}. {lines}.")
weights_sizes = [sizes[name]["model.weights.h5"] for name in ("school", "mended")]
predict.compare("size", weights_sizes[0] / weights_sizes[1])
print("in mended.keras:", ", ".join(f"{file} {n:,} bytes" for file, n in sizes["mended"].items()))

# %% [markdown]
# The dashed line is one number for each parameter. Adam keeps two running means besides, for each trainable weight,
# so `school` saves three numbers instead of one: the dotted line. What is beyond the lines is the format's own
# bookkeeping, a good part of so small a file. So the ratio is not quite three.
#
# **Never load a stranger's model file.** A config says what to build, and can bring code along, for instance in a
# `Lambda` layer. Keras refuses that by default (`safe_mode=True`), but ways around it were found more than once.
# Treat a model file like a program: load it only from people whose programs you would run.

# %%
answers = {
    "Digits that it was trained on": "Right: only config and weights. To show what a network learned from, you "
    "send the digits along.",
    "The order of the layers": "Misconception: that the file holds weights only. The order is in the config.",
    "Batch normalisation's moving averages": "Misconception: that only trained weights are saved. "
    "Prediction needs the averages, too.",
}
quiz.ask("Which of these is missing from the file of mended?", answers)

# %% [markdown]
# ### Change one thing
#
# Choose **one** row; the others are for home. Edit its value. Then select *this* cell and run everything above it
# (JupyterLab: **Run → Run All Above Selected Cell**; Colab: **Runtime → Run before**). So the test digits stay
# closed. Each row trains again: a minute or two. Put the value back afterwards.
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | `seed` | 0 → 1 | the same kernels? the same mistakes? | other kernels; some other mistakes; the shift hurts as before |
# | `share` | 0.05 → 0.025 | half as many mistakes caught? | more than half: the least sure answers hold the most mistakes |
# | `RandomTranslation` | 0.15, 0.15 → 0.15, 0.0 | which shifts does it forgive? | the lines "augmented, 3 pixels …": up and down; left and right still hurt |
# | `RandomRotation`, `RandomZoom` | 0.03, 0.1 → 0.0, 0.0 | who did the work against shifts? | the translation: the curve hardly changes |
# | `RandomRotation` | 0.03 → 0.5 | what happens at shift 0? | it loses much: with any angle allowed, a 6 may be a 9 |
# | `epochs` | 5 → 1 | who suffers more? | at shift 0 the augmented one: harder lessons take longer |
#
# ### Find the bug
#
# By mistake you send your friend `school.keras`. She reads the validation digits twice. Nothing in her code is
# random, yet the answers change, and they are worse than yours. Which line would you change, and which file should
# you have sent?


# %%
def read_digits(model, images):
    """Return the class of each image; images are uint8, 0 to 255, shape (n, 28, 28)."""
    pixels = images.astype("float32")  # raw: the network scales
    return np.asarray(model(pixels[..., None])).argmax(axis=1)


once, twice = read_digits(hers, x_val[..., 0]), read_digits(hers, x_val[..., 0])
yours = read_digits(mended, x_val[..., 0])
print(f"hers {np.mean(once == y_val):.1%} right, then {np.mean(twice == y_val):.1%};", end=" ")
print(f"yours {np.mean(yours == y_val):.1%}")
print(np.sum(once != twice), "answers have changed from one call to the next")

# %% [markdown]
# <details><summary>The answer</summary>
#
# `model(…)`. The file brings its augmentation along. Keras' augmentation layers are off in `predict` and `evaluate`,
# but **on** in a plain call unless you say `training=False`. (Dropout is the other way round: off unless you say
# `True`.) So she read moved, turned and zoomed digits. Say `training=False`, or better, send `mended`: that is why we
# kept augmentation outside.
#
# The next cell begins with the proof: with `training=False` both files say the same, but for a trace. The trace is a
# second trap: batch normalisation behind an augmentation layer may join in and update its averages, so a plain call
# can even change the network.
#
# </details>
#
# ### The test digits, once
#
# The choice is made on validation digits: `mended`. Now open the test digits, **once**: as they are, and each moved
# by its own draw of up to three pixels up or down, and left or right. (Part 2 has shown the full test set to another
# network, and these 2,000 are among its images. What spoils a test is not that it was seen, but that something was
# *chosen* by it. Nothing was.)

# %%
few = x_val[:200]
np.testing.assert_allclose(hers(few, training=False), mended(few), atol=0.02)

rng = np.random.default_rng(5)
x_test, y_test = digits.x_test[..., None], digits.y_test
moves = rng.integers(-3, 4, size=(len(x_test), 2))
x_moved = np.concatenate([shift(x_test[i : i + 1], *by) for i, by in enumerate(moves)])
for name, model in (("network", network), ("mended", mended), ("nearest mean", None)):
    for pile, images in (("as they are", x_test), ("moved", x_moved)):
        answer = np.asarray(model(images)).argmax(axis=1) if model else nearest_mean(images)
        print(f"{name:12} {pile:11} {np.mean(answer == y_test):.1%} right")

p_moved = np.asarray(mended(x_moved))
missed = p_moved.argmax(axis=1) != y_test
least_sure = np.argsort(p_moved.max(axis=1))[: int(share * len(y_test))]
caught = missed[least_sure].sum() / missed.sum()
print(f"mended, moved: its {100 * share:g} % least sure hold {caught:.0%} of its mistakes")

# %% [markdown]
# What do you answer the head of the office? What it looks at: kinds of strokes, in pieces of 14 × 14 pixels (seen in
# `network`; `mended` is built alike). When it is wrong: seldom, and far more often when it is unsure (the last line);
# give the unsure ones to a person. The scanner: a digit moved by up to three pixels costs the mended network little. Other pens,
# dirt on the paper, another country's 1 and 7: nobody has tested that, and this is the most important sentence of the
# answer.
#
# ## Take away *(3 min)*
#
# - A part of a network is a model, too: `keras.Model(network.inputs[0], layer.output)`.
# - Deeper filters see more of the image. What they like, you find by experiment.
# - Look at the mistakes, not only at their number. The least sure answers hold most of them, but not all.
# - Validation digits share the habits of the training digits, such as standing in the middle. Ask what your use does
#   differently.
# - Augment with changes that keep the label and that happen in your use. It teaches what you show, no more.
# - A `.keras` file is config and weights, augmentation layers included; a stranger's may run code.
#
# **Explain without looking:** why 14 × 14? · Why does a network of convolutions mind a shift? · What would flips do
# to a 6? · What is fair in our comparison? · When are augmentation layers on? · Why is the file of `school` larger? ·
# Why did the friend's answers change?
#
# **You may meet** `model.save("digits.h5")`: an older format that Keras still reads and warns about when it writes
# it; use `.keras`. A name that ends in `.weights.h5` is something else, and current: weights only, for `save_weights`
# and `load_weights`. And `ImageDataGenerator`, the old way to augment: today these layers, or a `tf.data` pipeline.
#
# **Next:** the challenge: {{challenge}}. You build your own reader of digits. How many can you get?
