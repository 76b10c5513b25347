# %% [markdown]
# # Iris 1: three species, one network
#
# {{badge}}
#
# You find an iris in a meadow and have only a ruler. Four lengths: is that enough to name the species? In this lecture
# a network learns to answer with three probabilities, and you compute by hand everything that it does with them.

# %% [markdown]
# ## Objectives *(2 min)*
#
# **75 minutes.** You need the regression unit: dense layer, loss, epoch, minibatch, Adam, validation data.
# On Colab, save a copy in Drive first (*File → Save a copy in Drive*), or your work is lost when you close the tab.
#
# At the end you can
#
# 1. turn labels into one-hot vectors, and back with `argmax`;
# 2. compute softmax and cross-entropy by hand, minus sign included;
# 3. choose the loss that fits the labels and the last layer;
# 4. judge a classifier: baselines, accuracy, confusion matrix.

# %%
from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import time

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.model_selection import train_test_split


# %% [markdown]
# ## Problem *(3 min)*
#
# Three species of iris: *setosa*, *versicolor*, *virginica*. In the 1930s somebody measured 50 flowers of each, in
# centimetres: length and width of the **sepals** (the outer leaves, which in an iris hang down) and of the **petals**
# (the inner ones, which stand up).
#
# - Inputs: four lengths $x_1, \ldots, x_4$.
# - Target: one of three names.
#
# A target that is a name makes this **classification**. A name is no number: names have no order, and nobody
# can be wrong by 0.7 of a species. So we need a new last layer and a new loss. And today two
# flowers of unknown species came in: `[6.4, 3.2, 4.5, 1.5]` and `[5.8, 3.1, 5.0, 1.7]`. Which are they?

# %% [markdown]
# ## Look at the data *(9 min)*
#
# First the numbers. Each class has an index, 0 to 2, in the order of `target_names`.

# %%
# NBVAL_CHECK_OUTPUT
iris = data.load_iris()
x, y, names = iris.x, iris.y, iris.target_names
new_flowers = np.array([[6.4, 3.2, 4.5, 1.5], [5.8, 3.1, 5.0, 1.7]], dtype="float32")

print("inputs", x.shape, x.dtype)
print("labels", y.shape, "values", np.unique(y))
for index, name in enumerate(names):
    print(f"class {index}: {name}, {np.sum(y == index)} flowers")

# %% [markdown]
# Before we look any closer: three piles, as before. 90 flowers to learn from, 30 to choose with (**validation**), 30 for the
# end (**test**; closed until part 2, also to our eyes). (A workshop, whose settings part 2 will question, splits 120 and 30. Our
# validation rows come out of the 120.)
#
# The table is sorted by species, so slicing would be a disaster: the last 30 are all *virginica*. We draw at random,
# and **stratified**: each pile gets its third of each species. `random_state` fixes the draw, so that we all talk
# about the same flowers.

# %%
# NBVAL_CHECK_OUTPUT
draw = 9  # random_state
x_rest, x_test, y_rest, y_test = train_test_split(x, y, test_size=30, stratify=y, random_state=draw)
x_train, x_val, y_train, y_val = train_test_split(
    x_rest, y_rest, test_size=30, stratify=y_rest, random_state=draw
)
for pile, labels in (("training", y_train), ("validation", y_val), ("test", y_test)):
    print(f"{pile:10} {len(labels)} flowers, by class {np.bincount(labels)}")

alt = "In all panels setosa stands alone; the others touch, least by petal length and width. "
for feature in (2, 3):
    alt += f"{iris.columns[iris.features[feature]]}: "
    for index, name in enumerate(names):
        values = x_rest[y_rest == index, feature]
        alt += f"{name} {values.min():.1f} to {values.max():.1f}, "
    alt += "the new flowers {:.1f} and {:.1f}. ".format(*new_flowers[:, feature])

# %% [markdown]
# Now a picture of the 120 that are open. Four inputs make six pairs. **Look for** the species that stands alone, for the two that touch, and for
# the pair of lengths that separates best. Where do the two new flowers (star and plus) lie?

# %%
LOOKS = [("blue", "o"), ("orange", "s"), ("green", "^")]  # one colour and one marker a species
pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
lengths = [iris.columns[feature].replace(", cm", " [cm]") for feature in iris.features]
fig, axes = plt.subplots(2, 3, figsize=(10, 6.6), layout="constrained")
for ax, (a, b) in zip(axes.flat, pairs):
    for index, (colour, marker) in enumerate(LOOKS):
        rows = y_rest == index
        style = dict(color=plots.COLOURS[colour], ms=4, alpha=0.8, label=names[index])
        ax.plot(x_rest[rows, a], x_rest[rows, b], marker, **style)
    for flower, marker, label in zip(new_flowers, "*P", ("new flower 1", "new flower 2")):
        style = dict(color=plots.COLOURS["vermillion"], ms=13, mec="black", label=label)
        ax.plot(flower[a], flower[b], marker, **style)
    ax.set(xlabel=lengths[a], ylabel=lengths[b])
    ax.grid(alpha=0.3)
fig.suptitle("120 irises, six pairs of lengths")
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=5)
plots.show(fig, alt=alt)

# %% [markdown]
# ## Baseline *(8 min)*
#
# The score is the **accuracy**: the share of flowers that are named rightly. Two baselines:
#
# - **the majority**: always name the commonest species of the training rows;
# - **logistic regression**: three weighted sums of the inputs, one a species; the largest wins. No hidden layer, so
#   its borders are straight. It comes ready made in **scikit-learn**, the library of simpler models. (The
#   `StandardScaler` in front of it brings the four lengths to one size; *Build* says how.)
#
# **Guess** both before you run: how many of the 30 validation flowers does each name rightly?

# %%
majority_guess = None  # of 30 flowers
logistic_guess = None  # of 30 flowers

predict.record("majority", majority_guess, unit="of 30 flowers")
predict.record("logistic", logistic_guess, unit="of 30 flowers")

# %%
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

majority = np.bincount(y_train).argmax()  # a tie: the first of the commonest
majority_right = int(np.sum(y_val == majority))
logistic = make_pipeline(StandardScaler(), LogisticRegression()).fit(x_train, y_train)
logistic_right = int(np.sum(logistic.predict(x_val) == y_val))

assert majority_right == 10  # the piles are stratified: a third
predict.compare("majority", majority_right)
predict.compare("logistic", logistic_right)
expect.better(logistic_right, majority_right, factor=2, lower_is_better=False, name="logistic")

# %% [markdown]
# That is a strong baseline. Iris is an *easy* problem, and a network will hardly beat straight lines
# here. It is a good problem to learn on, since you can see what happens. Keep the number in mind: who shows you a
# network without a baseline shows you nothing.
#
# ## Build *(19 min)*
#
# ### Idea 1: a name becomes a vector
#
# A network gives numbers, so the three classes get three output units. The matching label is a **one-hot** vector: 1
# at the place of the class, 0 elsewhere. No class lies between two others: all are equally far apart.
# (Why not predict 0, 1 or 2, with MSE? As names they have no order. On iris these numbers happen to follow size, so MSE
# gets away with it. Renumber the species, and it breaks.)
#
# The plain index (0, 1 or 2) is called a **sparse** label. It says the same in less space. The way back is `argmax`:
# the place of the largest number.
#
# **Look at** the picture: how many ones are in each row? What does a column say?

# %%
one_hot = np.eye(3)[y_train]  # row k of the unit matrix is the vector of class k
by_keras = keras.utils.to_categorical(y_train, num_classes=3)
assert np.array_equal(one_hot, by_keras)
assert np.array_equal(one_hot.argmax(axis=1), y_train)  # and back
print("sparse", y_train.shape, "one-hot", one_hot.shape)

fig, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
ax.imshow(one_hot[:6], cmap="Blues", vmin=0, vmax=2.5, aspect="auto")
for (row, column), value in np.ndenumerate(one_hot[:6]):
    ax.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=12)
ax.set_xticks(range(3), names)
ax.set_yticks(range(6), [f"{names[k]} ({k})" for k in y_train[:6]])
ax.set(title="One-hot labels of six flowers", xlabel="output unit", ylabel="species (sparse label)")
alt = ", ".join(names[k] for k in y_train[:6])
plots.show(fig, alt=f"Six rows of three cells, a single 1 in each, in the column of: {alt}.")

# %%
answers = {
    "[0, 0, 1]": "Right: class 2 has its 1 at index 2, the third place.",
    "[0, 1, 0]": "Misconception: that counting starts at 1. Index 1 is the second place.",
    "[2]": "Misconception: that one-hot is the index in brackets. That is the sparse label.",
    "[0, 0, 2]": "Misconception: that the value says the class. The place says it.",
}
quiz.ask("Which one-hot vector belongs to virginica, class 2?", answers)

# %% [markdown]
# ### Idea 2: softmax makes shares of scores
#
# The last layer's weighted sums are called **logits**: any numbers, larger for likelier classes. **Softmax**, which you
# met in Foundations 2, turns them into shares that are positive and add up to 1, now for a whole batch:
#
# $$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}, \qquad \underset{(n,\,3)}{Z} \;\to\; \underset{(n,\,3)}{P}, \text{ each row by itself}$$
#
# The exponential makes all positive; the division makes them add up to 1. Order is kept. Adding a constant to all
# three logits changes nothing: only *differences* count. (Foundations subtracted the largest logit first, for safety. Here
# we leave that out, to see the formula bare.)
#
# **Look at** the three steps: which bar gains, which one loses? Then, before you read the cell after the picture,
# **write it first:** `softmax(z)` for logits of shape $(n, 3)$, two lines in a cell of your own.

# %%
z = np.array([1.5, 0.5, -1.0])
steps = [("logits z", z), ("exp(z)", np.exp(z)), ("softmax: shares", np.exp(z) / np.exp(z).sum())]
fig, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for ax, (title, heights) in zip(axes, steps):
    for k, height in enumerate(heights):
        colour = plots.COLOURS[LOOKS[k][0]]
        bar = ax.bar(k, height, color=colour, edgecolor="black", hatch=("", "//", "..")[k])
        ax.bar_label(bar, fmt="%.2f", padding=2)
    ax.axhline(0, color="black", lw=1)
    ax.set_xticks(range(3), names, fontsize=8)
    ax.set(title=title, xlabel="class")
    ax.margins(y=0.15)
axes[0].set_ylabel("value")
plots.show(fig, alt="Logits 1.5, 0.5, -1 become 4.48, 1.65, 0.37 and then shares 0.69, 0.25, 0.06.")


# %%
def softmax(z):
    powers = np.exp(z)
    return powers / powers.sum(axis=1, keepdims=True)  # (n, 3) / (n, 1): each row by its own sum


logits = np.array([[2.0, 1.0, -1.0], [0.0, 0.0, 0.0], [-3.0, 0.0, 3.0], [1.0, 5.0, 1.0]])
expect.close(softmax(logits).sum(axis=1), np.ones(4), name="each row's sum")
expect.close(softmax(logits + 7), softmax(logits), name="softmax after adding 7 to all logits")
expect.close(keras.ops.softmax(logits), softmax(logits), atol=1e-6, name="Keras' softmax and ours")

# %%
answers = {
    "[[1/3, 1/3, 1/3]]": "Right: only differences count, and there are none.",
    "[[1, 1, 1]]": "Misconception: that softmax works on each number alone. It divides by the sum.",
    "An overflow": "Not quite: exp(100) is about 10^43, too large for float32, and fine in float64. "
    "Subtract the largest logit first; Keras does. In the challenge you will, too.",
}
quiz.ask("What is softmax([[100, 100, 100]])?", answers)

# %% [markdown]
# ### The network: 4 → 10 → 3
#
# One hidden layer is plenty. In front stands a `Normalization` layer: it subtracts each column's mean and divides by
# its standard deviation, so that all four inputs have about the same size: they are **standardised**. `adapt` computes these numbers **from the
# training rows only**: validation and test flowers must not leak in. The layer is part of the model, so new flowers go
# in as plain centimetres.
#
# **Count before you run:** how many weights and biases can be *trained*? (`Normalization` keeps its own numbers, but
# nothing there is trained.)

# %%
parameters_guess = None

predict.record("parameters", parameters_guess, unit="trainable parameters")
scale = keras.layers.Normalization()
scale.adapt(x_train)
scaled = np.asarray(scale(x_train))
expect.close(scaled.mean(axis=0), np.zeros(4), atol=1e-3, name="means after scaling")
expect.close(scaled.std(axis=0), np.ones(4), atol=1e-3, name="standard deviations after scaling")


# %%
def build(*, scaling=True, units=10, last="softmax"):
    model = keras.Sequential([keras.Input(shape=(4,))])
    if scaling:
        model.add(scale)
    model.add(keras.layers.Dense(units, activation="relu"))
    model.add(keras.layers.Dense(3, activation=last))
    return model


model = build()
trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
assert trainable == (4 + 1) * 10 + (10 + 1) * 3 == 83
predict.compare("parameters", trainable)
expect.output_shape(model, (None, 3))
untrained = np.asarray(model(x_val))
expect.close(untrained.sum(axis=1), np.ones(30), atol=1e-5, name="sums of the probabilities")

# %% [markdown]
# ## Train *(16 min)*
#
# ### Idea 3: cross-entropy, with its minus sign
#
# Which loss? Let $p$ be the probability that the network gave to the **true** class. We want it near 1. The loss of
# one flower is
#
# $$-\log p \qquad\text{or, with the one-hot label } t\text{:}\quad -\sum_k t_k \log p_k .$$
#
# ($\log$ is the natural logarithm, which Foundations wrote $\ln$; `np.log` is the same. You will meet both.)
#
# All terms but one are zero, since $t_k$ is. This is **cross-entropy**, the loss of Foundations' coin tosses. The minus belongs there, though some slides
# forget it: a logarithm of a share is *negative*, and without the minus training would push $p$ towards 0.
#
# **Look at** the curve: what does "sure and right" cost, what does "sure and wrong"? And before you read off the point
# in the middle, **guess**: what is the loss of a network that says ⅓, ⅓, ⅓?

# %%
ignorant_guess = None  # the loss of "one third each"

predict.record("ignorant", ignorant_guess)

# %%
p = np.linspace(0.005, 1, 400)
fig, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
ax.plot(p, -np.log(p), color=plots.COLOURS["blue"], lw=2, label="−log p: the loss")
ax.plot(p, np.log(p), "--", color=plots.COLOURS["vermillion"], label="log p: the minus forgotten")
points = {0.01: ("sure and wrong", 10), 1 / 3: ("no idea", 10), 0.95: ("sure and right", -70)}
for share, (words, right) in points.items():
    ax.plot(share, -np.log(share), "o", color="black")
    ax.annotate(words, (share, -np.log(share)), xytext=(right, 10), textcoords="offset points")
ax.axhline(0, color="0.5", lw=1)
ax.set(title="The loss of one flower", xlabel="p: probability given to the true class")
ax.set(ylabel="loss", xlim=(0, 1.02))
ax.grid(alpha=0.3)
ax.legend(loc="lower right")
alt = ", ".join(f"{words} (p = {p:.2f}) costs {-np.log(p):.2f}" for p, (words, _) in points.items())
plots.show(fig, alt=f"−log p falls to 0 at p = 1: {alt}. log p is its mirror image, below 0.")
predict.compare("ignorant", np.log(3))

# %% [markdown]
# Now the same number four times: by hand, and with three losses of Keras. Which one you need depends on
# two questions only.
#
# | labels | last layer has `softmax` | last layer gives logits |
# |---|---|---|
# | one-hot, `(n, 3)` | `CategoricalCrossentropy()` | `CategoricalCrossentropy(from_logits=True)` |
# | sparse, `(n,)` | `SparseCategoricalCrossentropy()` | `SparseCategoricalCrossentropy(from_logits=True)` |
#
# `from_logits=True` says "softmax is still to do". Keras then computes softmax and logarithm in one step, which is
# safer: no $\log 0$.

# %%
t, k = np.eye(3)[[0, 2, 2, 1]], np.array([0, 2, 2, 1])  # four labels, one-hot and sparse
by_hand = -np.mean(np.sum(t * np.log(softmax(logits)), axis=1))  # minus!
losses = {
    "categorical": keras.losses.CategoricalCrossentropy()(t, softmax(logits)),
    "sparse": keras.losses.SparseCategoricalCrossentropy()(k, softmax(logits)),
    "from logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True)(k, logits),
}
for name, value in losses.items():
    expect.close(float(value), by_hand, rtol=1e-4, name=f"by hand and {name}")
assert by_hand > 0

# %%
answers = {
    "sparse, and from_logits=True": "Right: indices are sparse labels, and softmax is still to do.",
    "sparse, and from_logits=False": "Misconception: that Keras notices. It would take the logits for "
    "probabilities: no error, and bad training.",
    "categorical, and from_logits=True": "Misconception: that categorical means classes. It means one-hot.",
    "mse": "Misconception: that names have an order. Number the species differently, and it fails.",
}
quiz.ask(
    "The labels are 0, 1, 2, the last layer is Dense(3) without activation. Which loss?", answers
)

# %% [markdown]
# ### Hundreds of epochs in seconds
#
# Our 90 flowers make nine steps an epoch. Keras spends more time on *beginning* an epoch than on the steps. A
# **`tf.data`** pipeline keeps the rows ready:
#
# `from_tensor_slices` (rows) → `cache` (keep in memory) → `shuffle` (new order each epoch) → `batch` → `prefetch`
# (make the next batch while this one is used).
#
# `shuffle` stands *after* `cache`, or the first order would be kept for ever. The pipeline shuffles, so `fit` gets
# `shuffle=False`. How many times faster is it? We measure both ways on this machine.


# %%
def pipeline(x, y, batch_size=10):
    rows = tf.data.Dataset.from_tensor_slices((x, y)).cache()
    return rows.shuffle(len(x)).batch(batch_size).prefetch(tf.data.AUTOTUNE)


dots = keras.callbacks.LambdaCallback(  # one dot is ten epochs
    on_epoch_end=lambda epoch, logs: print(end="." if epoch % 10 == 9 else "", flush=True)
)
seconds = {}
model = build()
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
ways = {
    "arrays": dict(x=x_train, y=y_train, batch_size=10),
    "tf.data": dict(x=pipeline(x_train, y_train), shuffle=False),
}
for name, rows in ways.items():
    model.fit(**rows, epochs=2, verbose=0)  # warm up: the first epoch compiles
    start = time.perf_counter()
    model.fit(**rows, epochs=20, verbose=0, callbacks=[dots])
    seconds[name] = time.perf_counter() - start
print(f" the pipeline is {seconds['arrays'] / seconds['tf.data']:.1f} times as fast")

# %% [markdown]
# Now train: Adam, sparse labels, softmax at the end. **Look at** both pictures. The loss begins near
# $\log 3$, the loss of "no idea". Which of the two curves is smooth, which one moves in jumps? Why must accuracy jump?


# %%
def train(model, *, rate=0.01, epochs=80):
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    rows = pipeline(x_train, y_train)
    check = tf.data.Dataset.from_tensor_slices((x_val, y_val)).batch(30).cache()
    options = dict(validation_data=check, shuffle=False, verbose=0, callbacks=[dots])
    return model.fit(rows, epochs=epochs, **options)


keras.utils.set_random_seed(0)
model = build()
history = train(model)

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
plots.learning_curves(history, ax=left)
left.axhline(np.log(3), color="black", ls=":", label="no idea: log 3")
left.set(title="Loss", ylabel="cross-entropy", ylim=(0, None))
left.legend()
plots.learning_curves(history, metric="accuracy", ax=right)
right.axhline(logistic_right / 30, color=plots.COLOURS["green"], ls="-.", label="logistic, val.")
right.set(title="Accuracy", ylabel="share named rightly", ylim=(None, 1.02))
right.legend(loc="lower right")
jumps, steps = (len(set(history.history[key])) for key in ("val_accuracy", "val_loss"))
alt = f"{plots.alt_text(fig)} Validation accuracy takes {jumps} values, the loss {steps}. "
plots.show(fig, alt=alt + f"The accuracy of logistic regression is {logistic_right / 30:.3g}.")

# %% [markdown]
# ## Judge *(9 min)*
#
# From probabilities to an answer: `argmax`, the place of the largest. Accuracy is then one line. But *which* flowers
# are wrong? The **confusion matrix** counts: row = true species, column = what the network said. **Look at** the cells
# off the diagonal: which two species are confused? Which never?

# %%
probabilities = np.asarray(model(x_val))  # (30, 4) -> (30, 3)
said = probabilities.argmax(axis=1)  # (30, 3) -> (30,)
accuracy = np.mean(said == y_val)
print(f"{np.sum(said == y_val)} of 30 right, logistic regression {logistic_right} of 30")
expect.better(accuracy, majority_right / 30, factor=2, lower_is_better=False, name="the accuracy")

confusion = np.zeros((3, 3), dtype=int)
np.add.at(confusion, (y_val, said), 1)  # one count for each pair (true, said)
assert confusion.sum() == 30
assert confusion.trace() == np.sum(said == y_val)  # the diagonal: right answers

# %%
fig, ax = plt.subplots(figsize=(4.8, 4), layout="constrained")
ax.imshow(confusion, cmap="Blues", vmin=0, vmax=25)
for (row, column), count in np.ndenumerate(confusion):
    ax.text(column, row, count, ha="center", va="center", fontsize=13)
ax.set_xticks(range(3), names)
ax.set_yticks(range(3), names)
ax.set(title="Validation flowers", xlabel="the network said", ylabel="true species")
counts = [", ".join(f"{n} {name}" for n, name in zip(row, names) if n) for row in confusion]
lines = [f"{name}: {said_of_it}." for name, said_of_it in zip(names, counts)]
print("True species: what the network said", *lines, sep="\n")
plots.show(fig, alt="True species, and what the network said. " + " ".join(lines))

# %% [markdown]
# And the two new flowers? Plain centimetres go in, two rows of probabilities come out. Look back at the
# scatter picture first: what would *you* say? How sure are you of the second one?

# %%
# NBVAL_CHECK_OUTPUT
new_classes = np.asarray(model(new_flowers)).argmax(axis=1)
for flower, index in zip(new_flowers.tolist(), new_classes):
    print([round(length, 1) for length in flower], "-> class", index, names[index])
if draw == 9:  # with another draw the second flower may get another name
    assert new_classes.tolist() == [1, 2]

# %%
for row in np.asarray(model(new_flowers)):
    print(", ".join(f"{name} {share:.3f}" for name, share in zip(names, row)))

# %% [markdown]
# The first is a clear case. The second lies where two species touch. With *these* 90 training flowers
# the answer does not hang on the starting weights; draw 90 others, and many a network says *versicolor*. Part 2 draws a
# hundred times, and asks what such a probability is worth.
#
# ## Improve *(5 min)*
#
# Change **one thing at a time**; guess first. The rows marked *run below* are run in the next cell.
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | nothing (run below) | scaled, Adam 0.01 | | the reference |
# | scaling (run below) | `build(scaling=False)` | does it still learn? | yes, but it lags: the inputs are large and all positive |
# | learning rate (run below) | 0.01 → 0.001 | | the same curve, stretched |
# | `draw` | 9 → 0 | same accuracy? same second flower? | a flower or two more or less, and perhaps another answer |
# | hidden units | `build(units=2)` | too few? | often enough: the species lie almost in a row |
# | labels | one-hot, same loss | | an error: the shapes do not match. Use `categorical_crossentropy` |

# %%
knobs = {
    "reference": ({}, 0.01, "-", "blue"),
    "not scaled": (dict(scaling=False), 0.01, "--", "orange"),
    "learning rate / 10": ({}, 0.001, ":", "vermillion"),
}
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
alt = "Training cross-entropy after epochs 1, 10 and 40:"
for name, (options, rate, style, colour) in knobs.items():
    print(name, end=" ")
    keras.utils.set_random_seed(0)
    losses = train(build(**options), rate=rate, epochs=40).history["loss"]
    ax.plot(losses, style, color=plots.COLOURS[colour], label=name, lw=2)
    alt += f" {name} {losses[0]:.2f}, {losses[9]:.2f}, {losses[-1]:.2f};"
ax.axhline(np.log(3), color="0.5", lw=1, label="no idea: log 3")
ax.set(title="One knob at a time", xlabel="epoch", ylabel="training cross-entropy", ylim=(0, 1.6))
ax.grid(alpha=0.3)
ax.legend()
plots.show(fig, alt=alt + f" no idea costs log 3, {np.log(3):.2f}.")

# %% [markdown]
# ### Find the bug
#
# A friend builds the same network "as in the regression unit": he leaves the last layer without activation. Everything
# else is as above. No error message, no warning. But look at his loss, and at one row of his output. What is wrong,
# and what are *two* ways to mend it?

# %%
keras.utils.set_random_seed(0)
friend = build(last=None)
friend_loss = train(friend, epochs=40).history["loss"][-1]
outputs = np.asarray(friend(x_train))
row, below = outputs[0], np.sum(outputs.max(axis=1) < 0)
print(
    f"\nhis loss {friend_loss:.4f}, ours {history.history['loss'][39]:.4f}, log 3 {np.log(3):.4f}"
)
print("his 'probabilities' of one flower:", np.round(row, 2), "sum", round(float(row.sum()), 2))
print(f"all three outputs below 0: {below} of 90 training flowers")

# %% [markdown]
# <details><summary>The answer</summary>
#
# His outputs are logits: they may be negative, and do not add up to 1. The loss named by its string expects
# *probabilities*. For most flowers all three outputs fell below 0. Keras lifts all three to 0.0000001: equal shares, loss
# log 3, gradient zero. Such a flower teaches him nothing any more. Either put `activation="softmax"` on the last layer, or say
# `keras.losses.SparseCategoricalCrossentropy(from_logits=True)`. Do one of the two, never both and never neither.
#
# </details>
#
# ## Take away *(4 min)*
#
# - One-hot: a 1 at the place of the class. `argmax` goes back.
# - Softmax makes shares of scores; only differences of logits count.
# - Cross-entropy is $-\log$ of the probability given to the true class. "No idea" among three costs $\log 3$.
# - Labels and last layer choose the loss. A wrong pair may train, badly, without an error.
# - Split stratified, scale by the training rows, and show a baseline.
#
# **Explain without looking:** why is MSE on class numbers a bad idea, even if on iris it gets away with it? · Where does the minus come from? · Why does
# accuracy jump? · What does `from_logits=True` promise? · Why `cache` before `shuffle`? · What does the sum of a row
# of the confusion matrix say?
#
# **You may meet** older code: `keras.utils.np_utils.to_categorical` is now `keras.utils.to_categorical`;
# `model.predict_classes(x)` is now `model.predict(x).argmax(axis=1)`.
#
# **Next:** {{next}}, *a network that is far too large*. It has thousands of weights for each flower. What can go wrong?
# Then the challenge: {{challenge}}
