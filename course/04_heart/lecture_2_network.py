# %% [markdown]
# # Heart 2: the network
#
# {{badge}}
#
# 29 numbers about a patient go in, one probability comes out. In this lecture you build that network from a
# checklist of six decisions, compute its loss by hand, feed it through a pipeline, and brake it before it learns
# patients by heart. Then comes the honest question: is it any better than logistic regression?

# %% [markdown]
# ## Objectives *(2 min)*
#
# **65 minutes.** You need part 1, cross-entropy from the iris unit, and dropout, L2 and early stopping from the
# regression unit. On Colab, save a copy in Drive first (*File → Save a copy in Drive*), or your work is lost when you
# close the tab.
#
# At the end you can
#
# 1. take the six decisions of the training checklist for a new table;
# 2. build a network with the functional API, and count its parameters;
# 3. compute binary cross-entropy by hand, and feed a network through `tf.data`;
# 4. compare brakes, and a network with its baseline, without fooling yourself.

# %%
from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler


# %% [markdown]
# ## Problem *(4 min)*
#
# The question is that of part 1: what would the angiogram show, 1 (disease, **ill**) or 0 (no disease,
# **healthy**)? Still an exercise, still no medical device.
#
# Whoever trains a network takes six decisions, knowingly or not. So write them down *first*:
#
# | | decision | ask | here |
# |---|---|---|---|
# | 1 | data ready | only numbers, one size, split before fitting? | the 29 columns of part 1 |
# | 2 | architecture | how many layers, how wide? | one hidden layer, 16 units, ReLU |
# | 3 | output | what comes out, in which range? | 1 unit, sigmoid: a probability |
# | 4 | loss | what does a wrong answer cost? | binary cross-entropy |
# | 5 | optimiser | which steps, how many? | Adam, and we watch the curves |
# | 6 | regulariser | what stops it from learning by heart? | to be chosen at the end |
#
# (Foundations had five *steps*: data, topology, compile, fit, evaluate. Those are what you type, these are what you
# decide before you type. Topology is another word for architecture.)
#
# This lecture walks down the list. Print it out; it serves for any table.
#
# ## Look at the data *(6 min)*
#
# **Decision 1, data ready.** Part 1 in two cells: 5 standardised numbers, 23 one-hot columns, 1 flag for a gap. Same
# patients, same draw. `prepare` is fitted on the first argument only.

# %%
# NBVAL_CHECK_OUTPUT
NUMBERS = ["age", "trestbps", "chol", "thalach", "oldpeak"]
VALUES = {
    "sex": ["Female", "Male"],
    "cp": ["typical angina", "atypical angina", "non-anginal", "asymptomatic"],
    "fbs": ["False", "True"],
    "restecg": ["normal", "st-t abnormality", "lv hypertrophy"],
    "exang": ["False", "True"],
    "slope": ["upsloping", "flat", "downsloping"],
    "ca": ["0", "1", "2", "3"],
    "thal": ["normal", "fixed defect", "reversible defect"],
}
frame = data.load_heart().frame
table = frame.assign(missing=frame.isna().any(axis=1).astype(int))
for name in VALUES:  # 2.0 -> "2", NaN -> "nan": on no list, so it becomes zeros
    table[name] = [f"{v:.0f}" if isinstance(v, float) else str(v) for v in frame[name]]
draw = dict(test_size=60, random_state=2)
rest, test = train_test_split(table, stratify=table["disease"], **draw)  # test: closed until part 3
train, val = train_test_split(rest, stratify=rest["disease"], **draw)
print(len(train), "training,", len(val), "validation,", len(test), "test patients")


# %%
# NBVAL_CHECK_OUTPUT
def prepare(learn, *others):
    """Return 29 columns and the labels of each table; what is fitted, is fitted on `learn`."""
    options = dict(handle_unknown="ignore", sparse_output=False)
    words = OneHotEncoder(categories=list(VALUES.values()), **options)
    steps = [("number", StandardScaler(), NUMBERS), ("word", words, list(VALUES))]
    columns = ColumnTransformer([*steps, ("flag", "passthrough", ["missing"])]).fit(learn)
    tables = (learn, *others)
    x = [columns.transform(rows).astype("float32") for rows in tables]
    return *x, *(rows["disease"].to_numpy("float32") for rows in tables)


x_train, x_val, y_train, y_val = prepare(train, val)
assert x_train.shape == (183, 29) and x_val.shape == (60, 29)
print("inputs a patient:", x_train.shape[1])

# %% [markdown]
# Nobody can see 29 dimensions, but a **shadow** of them fits on paper: the two directions in which the cloud of
# patients is widest (*principal components*; the labels play no part in choosing them). **Look for** a border
# between the two classes: is it a line, a curve, or none at all?

# %%
shadow = PCA(n_components=2).fit_transform(x_train)  # (183, 29) -> (183, 2)
fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
for k, (label, colour, marker) in enumerate((("healthy", "blue", "o"), ("ill", "vermillion", "^"))):
    rows = y_train == k
    style = dict(color=plots.COLOURS[colour], alpha=0.7, label=label)
    ax.plot(*shadow[rows].T, marker, **style)
ax.set(title="183 training patients, the widest two of 29 dimensions")
ax.set(xlabel="first direction", ylabel="second direction")
ax.grid(alpha=0.3)
fig.legend(loc="outside right upper")
straight = LogisticRegression().fit(shadow, y_train).score(shadow, y_train)
means = [shadow[y_train == k].mean(axis=0) for k in (0, 1)]
told = " ill ones around".join(" ({:.1f}, {:.1f}),".format(*mean) for mean in means)
alt = f"Healthy patients lie around{told} and many mix between. A straight border has {straight:.0%} right."
plots.show(fig, alt=alt)

# %% [markdown]
# In this shadow a straight border does much of the work, and in the middle none helps. But shadows overlap where
# bodies do not: in 29 dimensions there may be a better border, straight or bent. That is the question of this
# lecture.
#
# ## Baseline *(4 min)*
#
# Two of them, judged by the number of rightly named patients and by **cross-entropy**: the mean of $-\log$ of the
# probability that was given to the truth (as on iris).
#
# - **the same share for all**: the share of ill training patients;
# - **logistic regression** on all 29 columns: the strongest simple rival.
#
# As on iris, `LogisticRegression()` is braked by L2 (`C=1`). There we took most of the brake off (`C=100`). Here,
# with 29 columns and 183 patients, the brake is what makes it strong: **look at** the third line. A network may brake
# too (decision 6), and braked against braked is the fair race.


# %%
def right(y, p):
    return int(np.sum((p > 0.5) == (y == 1)))


def cross_entropy(y, p):
    p = np.clip(np.asarray(p, dtype="float64"), 1e-7, 1 - 1e-7)  # no log 0; Keras does the same
    given_to_truth = np.where(y == 1, p, 1 - p)  # (n,)
    return float(-np.mean(np.log(given_to_truth)))


shares = {"the same share for all": np.full(60, y_train.mean())}
for name, C in (("logistic regression", 1.0), ("logistic, C=100", 100.0)):
    logistic = LogisticRegression(C=C, max_iter=1000).fit(x_train, y_train)
    shares[name] = logistic.predict_proba(x_val)[:, 1]
for name, p in shares.items():
    print(f"{name:22} {right(y_val, p)} of 60 right, cross-entropy {cross_entropy(y_val, p):.3f}")
line = cross_entropy(y_val, shares["logistic regression"])

# %% [markdown]
# ## Build *(14 min)*
#
# ### Idea 1: layers are functions
#
# **Decisions 2 and 3.** So far a model was a list of layers. The **functional API** says it with arrows instead: a
# layer is a *function*. Call it on what it should see, and keep what comes out. A model is everything between an
# input and an output.
#
# For one straight chain both ways say the same. But functions can also share an input, split up and meet again: the
# model with 13 inputs in part 1 could not have been a list.
#
# **Look at** the picture: each line is one weight (the biases are not drawn). Most of them are between the first two
# columns. Then **guess** how many parameters there are: all weights, and one bias for each unit.

# %%
sizes, kinds = [29, 16, 1], ["29 inputs", "16 units, ReLU", "1 unit, sigmoid"]
spots = [
    [(i, (j - (n - 1) / 2) * 28 / max(n - 1, 1)) for j in range(n)] for i, n in enumerate(sizes)
]
fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
for a, b in zip(spots, spots[1:]):
    for p in a:
        for q in b:
            ax.plot(*zip(p, q), color="0.75", lw=0.5, zorder=1)
for layer, colour, marker in zip(spots, ("sky", "orange", "vermillion"), "so^"):
    ax.scatter(*zip(*layer), s=45, color=plots.COLOURS[colour], marker=marker, ec="black", zorder=2)
ax.set(title="29 → 16 → 1", xlabel="layer", ylabel="unit", yticks=[])
ax.set_xticks(range(3), kinds)
plots.show(
    fig, alt="29 squares, each joined to 16 circles, all of which are joined to one triangle."
)

# %%
parameters_guess = None

predict.record("parameters", parameters_guess, unit="parameters")

# %%
# NBVAL_CHECK_OUTPUT
findings = keras.Input(shape=(29,), name="findings")  # (n, 29)
hidden = keras.layers.Dense(16, activation="relu", name="hidden")(findings)  # -> (n, 16)
share_ill = keras.layers.Dense(1, activation="sigmoid", name="share_ill")(hidden)  # -> (n, 1)
model = keras.Model(findings, share_ill)

assert model.count_params() == (29 * 16 + 16) + (16 * 1 + 1) == 497
predict.compare("parameters", model.count_params())
print("29 inputs and", model.count_params(), "parameters")
expect.output_shape(model, (None, 1))

# %%
answers = {
    "Logistic regression, with 30 parameters": "Right: 29 weights, a bias, a sigmoid. The rival is this "
    "network without its hidden layer (and with an L2 brake).",
    "The same network, only smaller": "Misconception: that a layer fewer only means less of the same. "
    "Without hidden ReLU units nothing bends: the border is straight.",
    "Nothing: 29 inputs need a hidden layer": "Misconception: that a hidden layer is a duty. A Dense(1) "
    "takes any number of inputs.",
}
quiz.ask("Take the hidden layer out: findings → Dense(1, sigmoid). What is left?", answers)

# %% [markdown]
# ### Idea 2: cross-entropy for yes and no
#
# **Decision 4.** With two classes one number is enough: with $p$ for *ill*, $1 - p$ is left for healthy. The loss is
# again $-\log$ of what was given to the truth. With $y$ as 1 or 0 that fits in one line, **binary cross-entropy**;
# here is the loss of one patient, and over many we take the mean:
#
# $$-\big[\,y \log p + (1-y) \log(1-p)\,\big]$$
#
# One of the two terms is always zero. **Look at** the picture: where do the curves cross, and what does it cost to
# tell an ill patient "1 %"? **Guess** before you run: how many times as much as "10 %"?

# %%
ratio_guess = None

predict.record("ratio", ratio_guess, unit="times as much")

# %%
p = np.linspace(0.005, 0.995, 400)
fig, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
ax.plot(p, -np.log(p), color=plots.COLOURS["vermillion"], lw=2, label="ill: −log p")
ax.plot(p, -np.log(1 - p), "--", color=plots.COLOURS["blue"], lw=2, label="healthy: −log(1 − p)")
for share, place in ((0.01, (62, 2)), (0.1, (56, 2)), (0.5, (0, -20))):
    ax.plot(share, -np.log(share), "o", color="black")
    options = dict(xytext=place, textcoords="offset points", ha="center")
    ax.annotate(f"p = {share}: loss {-np.log(share):.1f}", (share, -np.log(share)), **options)
ax.set(title="The loss of one patient", xlabel="p: probability of being ill, by the network")
ax.set_ylabel("loss")
ax.grid(alpha=0.3)
ax.legend(loc="upper center")
alt = "Mirrored curves that cross at p = 0.5. Ill: loss 4.6 at p = 0.01, 2.3 at 0.1, 0.7 at 0.5, 0 at 1."
plots.show(fig, alt=alt)
predict.compare("ratio", np.log(0.01) / np.log(0.1))

# %% [markdown]
# Each time the share shrinks to a tenth, the loss grows by $\log 10$. Now three ways to one number: our
# function, the formula, Keras. And a sigmoid is nothing new: it is a softmax over two logits, one of which is always
# 0.

# %%
p_val = np.asarray(model(x_val))[:, 0].astype("float64")  # (60, 1) -> (60,); still untrained
formula = -np.mean(y_val * np.log(p_val) + (1 - y_val) * np.log(1 - p_val))
by_keras = keras.losses.BinaryCrossentropy()(y_val[:, None], p_val[:, None])
expect.close(cross_entropy(y_val, p_val), formula, name="our cross-entropy and the formula")
expect.close(by_keras, formula, rtol=1e-4, name="Keras' cross-entropy and the formula")
print(f"untrained: {formula:.3f}; one half for all would be log 2 = {np.log(2):.3f}")

z = np.linspace(-4, 4, 9)
sigmoid = 1 / (1 + np.exp(-z))
two_logits = np.column_stack([np.zeros(9), z])  # (9, 2)
softmax = np.asarray(keras.ops.softmax(two_logits))
expect.close(softmax[:, 1], sigmoid, rtol=1e-4, name="softmax of (0, z) and sigmoid of z")

# %%
answers = {
    "−log 0.1, about 2.3": "Right: what counts is what was left for the truth, 1 − 0.9 = 0.1.",
    "−log 0.9, about 0.1": "Misconception: that p itself always goes into the logarithm. It does for the "
    "ill; this patient is healthy.",
    "0.9": "Misconception: that the loss is the distance from the truth. It is a logarithm.",
}
quiz.ask("The network says 0.9 for a healthy patient. What is the loss?", answers)

# %% [markdown]
# ## Train *(13 min)*
#
# ### Idea 3: a pipeline brings the rows
#
# The pipeline of the iris unit once more, for what was left open there: how large must `shuffle`'s number be? `tf.data`
# feeds a network as a kitchen feeds a dining room, in five steps:
#
# - `from_tensor_slices((x, y))`: cut the arrays into rows, patient by patient;
# - `.cache()`: keep the rows in memory (as on iris);
# - `.shuffle(buffer)`: keep a bowl of `buffer` rows, serve one at random, refill. Anew in each epoch;
# - `.batch(32)`: collect 32 rows into one array;
# - `.prefetch(...)`: prepare the next batch while the network chews on this one.
#
# The bowl's size matters. **Look at** the picture, 183 rows that come sorted: which bowl mixes them, and which one only
# ruffles? Then **guess**: 183 patients in batches of 32, how many rows are in the last batch?

# %%
fig, axes = plt.subplots(1, 3, figsize=(9.5, 3.4), sharey=True, layout="constrained")
for ax, buffer, colour, marker in zip(axes, (1, 20, 183), plots.COLOURS, "os^"):
    served = tf.data.Dataset.range(183).shuffle(buffer, seed=0)
    rows = [int(row) for row in served]
    ax.plot(rows, marker, color=plots.COLOURS[colour], ms=3)
    ax.set(title=f"shuffle({buffer})", xlabel="served as number")
    ax.grid(alpha=0.3)
axes[0].set_ylabel("place in the table")
fig.suptitle("183 rows through bowls of three sizes")
plots.show(
    fig, alt="Buffer 1: a diagonal line. Buffer 20: a thick diagonal. Buffer 183: all mixed."
)

# %%
last_guess = None

predict.record("last batch", last_guess, unit="rows")

# %%
# NBVAL_CHECK_OUTPUT
AUTO = tf.data.AUTOTUNE  # TensorFlow chooses how many batches it prepares ahead


def pipeline(x, y):
    """Return shuffled batches of 32; labels get the shape of the output, (n, 1)."""
    rows = tf.data.Dataset.from_tensor_slices((x, y[:, None])).cache()
    return rows.shuffle(len(x)).batch(32).prefetch(AUTO)


train_rows = pipeline(x_train, y_train)
val_rows = tf.data.Dataset.from_tensor_slices((x_val, y_val[:, None])).batch(60).cache()
batches = [(tuple(x.shape), tuple(y.shape)) for x, y in train_rows]
assert len(batches) == len(train_rows) == 6  # steps an epoch: 183 / 32, rounded up
predict.compare("last batch", batches[-1][0][0])
print(f"{len(batches)} steps an epoch; first batch {batches[0]}, last batch {batches[-1]}")

# %%
answers = {
    "The same 32 rows meet in every epoch": "Right: then only whole batches change places. Shuffle rows "
    "first, batch them afterwards.",
    "Nothing: the order of calls is free": "Misconception: that a pipeline is a list of wishes. Each step "
    "sees what the step before hands over: here, batches.",
    "Rows lose their labels": "Misconception: that shuffle mixes x and y apart. They travel as pairs.",
}
quiz.ask("Somebody writes .batch(32).shuffle(183). What changes?", answers)

# %% [markdown]
# ### Without a brake
#
# **Decision 5.** Adam with rate 0.003 (three times its usual 0.001: with that, the lowest point comes only after
# more than fifty epochs), 100 epochs, and no regulariser yet. One dot is ten epochs. **Guess:** after which epoch will
# the *validation* loss be lowest?

# %%
lowest_guess = None  # 1 to 100

predict.record("lowest", lowest_guess, unit="epochs")
dots = keras.callbacks.LambdaCallback(
    on_epoch_end=lambda epoch, logs: print(end="." if epoch % 10 == 9 else "", flush=True)
)


def build(*, units=16, dropout=0.0, l2=0.0):
    penalty = keras.regularizers.L2(l2) if l2 else None
    # Both draw their weights before dropout draws anything: equal seeds, equal starts.
    first = keras.layers.Dense(units, activation="relu", kernel_regularizer=penalty)
    last = keras.layers.Dense(1, activation="sigmoid")
    findings = keras.Input(shape=(29,))
    hidden = first(findings)
    if dropout:
        hidden = keras.layers.Dropout(dropout)(hidden)
    return keras.Model(findings, last(hidden))


# %%
def fit(model, rows, *callbacks, check=val_rows, rate=0.003, epochs=100):
    adam = keras.optimizers.Adam(learning_rate=rate)
    # The metric is the loss without L2's penalty, so that all networks can be compared.
    model.compile(adam, loss="binary_crossentropy", metrics=["accuracy", "binary_crossentropy"])
    options = dict(epochs=epochs, verbose=0, shuffle=False, callbacks=[dots, *callbacks])
    return model.fit(rows, validation_data=check, **options)


keras.utils.set_random_seed(0)
free = build()
history = fit(free, pipeline(x_train, y_train))

# %% [markdown]
# ## Judge *(4 min)*
#
# **Look at** the left panel: where do the curves part, and where do they stand beside logistic regression (the
# dash-dotted line)? Then at the right one: does accuracy tell the same story?

# %%
val_losses = history.history["val_binary_crossentropy"]
lowest = int(np.argmin(val_losses)) + 1
fig, (left, right_hand) = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
plots.learning_curves(history, metric="binary_crossentropy", ax=left)
left.axhline(line, color=plots.COLOURS["green"], ls="-.", label="logistic regression")
left.plot(lowest, min(val_losses), "*", color="black", ms=13, label="lowest", zorder=5)
left.set(title="Loss without a brake", ylabel="binary cross-entropy")
left.set_ylim(0, max(0.9, 1.05 * max(val_losses)))
left.legend(fontsize=8)
plots.learning_curves(history, metric="accuracy", ax=right_hand)
right_hand.set(title="Accuracy", ylabel="share named rightly", ylim=(0.5, 1.02))
right_hand.legend(loc="lower right")
plots.show(fig, alt=f"{plots.alt_text(fig)} Logistic regression (dash-dotted): {line:.3f}.")
predict.compare("lowest", lowest)

# %%
p_free = np.asarray(free(x_val))[:, 0]
print(f"validation loss: lowest {min(val_losses):.3f}, at the end {val_losses[-1]:.3f}, ", end="")
print(f"logistic regression {line:.3f}")
print(f"right at the end: {right(y_val, p_free)} of 60;", end=" ")
print(f"logistic regression {right(y_val, shares['logistic regression'])} of 60")
expect.better(
    min(val_losses),
    cross_entropy(y_val, shares["the same share for all"]),
    factor=0.7,
    name="the lowest loss",
)

# %% [markdown]
# Textbook **overfitting**: in a few epochs the network learns what there is to learn, and from then on it learns
# the 183 patients. At its best it stands about where logistic regression stands. At the end its *loss* is clearly
# worse, and accuracy hardly shows it, as on iris: surer, not wiser.
#
# ## Improve *(16 min)*
#
# ### Idea 4: brakes, and why bank tellers move
#
# **Decision 6.** You know three brakes: **early stopping** (and the best weights restored), **L2**, and
# **dropout**. How it works you know from the regression unit; the question today is *why*. Fifty percent is the usual choice: for every row, at every training step, each hidden unit is
# silenced with probability ½, and those that stay count double, so that the sum keeps its size on average. When the
# network answers, nobody is silenced.
#
# Why should that help? Geoffrey Hinton tells that at his bank the tellers kept changing. He asked one of them, who did
# not know either. So he reasoned: to cheat the bank, a few of them must work together for long. Whoever moves them
# about, breaks up every **conspiracy**. So with units: none can rely on a certain partner, each must be useful by
# itself.
#
# **Look at** the picture, one step with a batch of eight: who is silent for which patient?

# %%
layer = keras.layers.Dropout(0.5, seed=3)
training = np.asarray(layer(np.ones((8, 16), dtype="float32"), training=True))  # all units say 1
answering = np.asarray(layer(np.ones((8, 16), dtype="float32"), training=False))
assert set(np.unique(training)) == {0.0, 2.0} and np.all(answering == 1)

fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), sharey=True, layout="constrained")
for ax, values, title in zip(axes, (training, answering), ("Training", "Answering")):
    ax.imshow(values, cmap="Blues", vmin=0, vmax=3.5, aspect="auto")
    for (row, unit), value in np.ndenumerate(values):
        ax.text(unit, row, f"{value:.0f}", ha="center", va="center", fontsize=9)
    ax.set(title=title, xlabel="hidden unit")
    ax.set_xticks(range(16), range(1, 17), fontsize=8)
    ax.set_yticks(range(8), range(1, 9))
axes[0].set_ylabel("row of the batch")
silent = [f"row {r + 1}: {(np.flatnonzero(v == 0) + 1).tolist()}" for r, v in enumerate(training)]
plots.show(fig, alt=f"Training, silent (0), {'; '.join(silent)}; the rest 2. Answering: all 1.")

# %%
answers = {
    "16": "Right: dropout works in training only. Answers use the whole network, and are the same each time.",
    "8": "Misconception: that half the units are gone for good. The draw is new at each step, and ends "
    "with training.",
    "It changes from call to call": "Misconception: that the network rolls dice when asked. Only in "
    "training does it.",
}
quiz.ask(
    "16 hidden units, dropout of one half. How many of them take part when the trained network answers?",
    answers,
)

# %% [markdown]
# Four networks, each with one brake or none: same start, same rows in the same order, at most 100 epochs. **Guess:**
# which one has the lowest validation loss in the end? Then **look at** each curve twice: where is it lowest, and
# where does it end? (Printed for each: its lowest loss and at which epoch, how many epochs lie below the line of
# logistic regression, and the loss in the end.)

# %%
brake_guess = None  # "early stopping", "dropout" or "L2": which ends lowest?

predict.record("brake", brake_guess)
dropout, l2 = 0.5, 0.01
stop = keras.callbacks.EarlyStopping(
    monitor="val_binary_crossentropy", mode="min", patience=10, restore_best_weights=True
)
choices = {"dropout": (dict(dropout=dropout), []), "L2": (dict(l2=l2), [])}
choices["early stopping"] = ({}, [stop])
runs, losses = {"no brake": history}, {"no brake": cross_entropy(y_val, p_free)}
for name, (options, callbacks) in choices.items():
    print(name, end=" ")
    keras.utils.set_random_seed(0)
    model = build(**options)
    runs[name] = fit(model, pipeline(x_train, y_train), *callbacks)
    losses[name] = cross_entropy(y_val, np.asarray(model(x_val))[:, 0])
curves = {name: np.array(run.history["val_binary_crossentropy"]) for name, run in runs.items()}

# %%
fig, (left, bars) = plt.subplots(1, 2, figsize=(10, 3.8), width_ratios=[3, 2], layout="constrained")
looks = ("purple", "-", ""), ("blue", "--", "//"), ("vermillion", "-.", "xx"), ("orange", ":", "..")
for (name, curve), (colour, dash, hatch) in zip(curves.items(), looks):
    colour, dips, end = plots.COLOURS[colour], np.sum(curve < line), losses[name]
    print(f"{name}: low {curve.min():.2f} at {curve.argmin() + 1}, {dips} below, end {end:.2f}")
    epochs, width = range(1, len(curve) + 1), 4 if dash == ":" else 2
    left.plot(epochs, curve, dash, color=colour, lw=width, label=name)
    left.plot(len(curve), curve[-1], "o", color=colour, mec="black", ms=8)
    bar = bars.barh(name, losses[name], color=colour, ec="black", hatch=hatch)
    bars.bar_label(bar, fmt="%.2f", padding=12)
left.axhline(line, color="black", lw=1, label="logistic regression")
bars.axvline(line, color="black", lw=1)
left.set(title="Validation loss", xlabel="epoch", ylabel="binary cross-entropy")
left.set_ylim(0.3, max(0.75, 1.05 * max(losses.values())))
bars.set(title="In the end", xlabel="validation cross-entropy", ylabel="network")
bars.invert_yaxis()
bars.margins(x=0.25)
left.legend(fontsize=8)
plots.show(fig, alt=f"Curves and bars as printed; the line is at {line:.3f}, ends are marked.")
predict.compare("brake", min(losses, key=losses.get))

# %% [markdown]
# Every brake beats none. Dropout and L2 slow the climb; early stopping leaves before it (its curve, the dots, is that
# without a brake, cut off). And **no bar ends clearly left of the line** of logistic regression. But look once more
# at the left panel: which of the curves *dip* below the line for some epochs? Whoever picks such an epoch has chosen
# by the very 60 patients who then judge. Is the dip real? Only other patients can tell. (Early stopping picks in just
# this way, so its bar is a little too short.)
#
# ### An honest race
#
# **Decision 6:** dropout, stopped at 30 epochs. Its bar is the longest of the three brakes, because it ran to 100; but
# near epoch 30 its curve dips, in our run the deepest of all. If that dip is real, it must win here.
#
# So draw again: eight times, 183 to learn from and 60 to judge, out of the 243 open ones. In each draw the network
# trains 30 epochs, whatever its curve does. (The 30 we did read off the picture above: a small leak. Part 3 has a
# cleaner way.) Logistic regression keeps its own brake, `C=1`. Both models see the same patients. **Guess:** in how
# many of the eight draws will the network have the lower loss?

# %%
wins_guess = None  # of 8

predict.record("wins", wins_guess, unit="of 8 draws")
n_draws, pairs = 8, []
for number in range(n_draws):
    a, b = train_test_split(rest, test_size=60, stratify=rest["disease"], random_state=100 + number)
    x_a, x_b, y_a, y_b = prepare(a, b)  # everything fitted anew
    simple = LogisticRegression(max_iter=1000).fit(x_a, y_a)
    keras.utils.set_random_seed(number)
    network = build(dropout=0.5)
    fit(network, pipeline(x_a, y_a), check=None, epochs=30)
    p_two = simple.predict_proba(x_b)[:, 1], np.asarray(network(x_b))[:, 0]
    pairs.append([(cross_entropy(y_b, p), right(y_b, p)) for p in p_two])
pairs = np.array(pairs)  # (8, 2, 2): draw, model, (loss, count)

# %% [markdown]
# **Look at** two distances: between the two marks of *one* draw, and between *draws*. Which is larger?

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
for ax, values, ylabel in zip(axes, np.moveaxis(pairs, 2, 0), ("cross-entropy", "right, of 60")):
    for number, pair in enumerate(values, 1):
        ax.plot([number, number], pair, color="0.6", zorder=1)
    numbers = range(1, n_draws + 1)
    ax.plot(numbers, values[:, 0], "o", color=plots.COLOURS["green"], label="logistic")
    ax.plot(numbers, values[:, 1], "s", color=plots.COLOURS["blue"], label="network")
    ax.set(title=f"{n_draws} draws: {ylabel}", xlabel="draw", ylabel=ylabel)
    ax.grid(alpha=0.3)
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
gap = pairs[:, 1, 0] - pairs[:, 0, 0]  # network minus logistic, in each draw
alt = f"The marks of a draw are {np.abs(gap).mean():.3f} apart on average, at most {np.abs(gap).max():.3f}; "
plots.show(fig, alt=alt + f"logistic regression spans {np.ptp(pairs[:, 0, 0]):.3f} between draws.")
predict.compare("wins", int(np.sum(gap < 0)))
print(f"cross-entropy, network minus logistic: {gap.mean():+.3f} on average")
print(f"from draw to draw, logistic regression: standard deviation {pairs[:, 0, 0].std():.3f}")
counts = pairs[:, :, 1]  # (8, 2)
print("right of 60 on average: logistic {:.1f}, network {:.1f}".format(*counts.mean(axis=0)))
ahead = [int(np.sum(counts[:, a] > counts[:, b])) for a, b in ((0, 1), (1, 0))]
print("more right: logistic in {} draws, network in {}".format(*ahead), "(else equal)")

# %% [markdown]
# **They tie.** By loss, what one gains on average is small beside what another draw of patients changes. By count,
# too: now one is ahead, now the other, mostly by a patient or two. (The draws overlap, so they are no eight
# independent witnesses. For "no clear winner" they will do.) So the dip did not pay: with other patients, little is
# left of it. And bending found little to do with 183 patients, so the border seems nearly straight. That is no
# failure of yours: it is the result.
#
# Where rows are many and what matters is hidden in patterns (images, sound, text), networks win by far, with the
# same six decisions. Say it as it is: *no better than logistic regression here*, and prefer the simpler model.
#
# ### Find the bug
#
# A friend likes the story of the tellers and writes his own network. It trains. But ask it about *one and the same
# patient* five times, and the answer keeps changing. Which line is it, and why did training not complain?

# %%
keras.utils.set_random_seed(0)
seen = keras.Input(shape=(29,))
hidden = keras.layers.Dense(16, activation="relu")(seen)
hidden = keras.layers.Dropout(0.5)(hidden, training=True)
friend = keras.Model(seen, keras.layers.Dense(1, activation="sigmoid")(hidden))
fit(friend, pipeline(x_train, y_train), epochs=30)
patient = x_val[[np.argmin(np.abs(p_free - 0.5))]]  # (1, 29): one about whom ours is unsure
five = [float(friend(patient)[0, 0]) for _ in range(5)]
print("\nthe same patient, five times:", *(f"{share:.3f}" for share in five))

# %% [markdown]
# <details><summary>The answer</summary>
#
# `training=True` in the call of `Dropout`: units are silenced in the answer, too. Why was there no complaint? `fit`
# says `training=True` by itself when it trains and `training=False` when it validates, and what is said from outside
# overrules the friend's argument. So both curves look as usual, not a hint in them. A plain call `friend(patient)`
# says nothing, and then his `True` holds.
#
# Leave the argument out: then a plain call means `False`. (Some people write `model(x, training=True)` on purpose,
# ask a hundred times, and take the spread of the answers as a hint of how unsure the network is. But then they know
# it.)
#
# </details>
#
# ### Change one thing
#
# Choose two rows (a minute each). Edit one value, then **Run → Run All Cells**. Guess first, and go back before the
# next change.
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | `units=16` in `build` | 256 | better? | it overfits sooner; at its best about the same |
# | `units=16` in `build` | 1 | useless? | slow: after 100 epochs it is still on its way to logistic regression |
# | `rate=0.003` in `fit` | 0.03 | faster? | yes, and that includes the overfitting: the star moves to the left |
# | `dropout, l2 = 0.5, 0.01` | 0.9, 0.01 | even better? | braked hard: slow, and hardly a climb |
# | `dropout, l2 = 0.5, 0.01` | 0.5, 0.3 | too hard? | no: it falls slowly, without a climb, and ends near the line |
# | `dropout, l2 = 0.5, 0.01` | 0.5, 10.0 | too hard? | yes: it leans towards the same share for all |
# | `shuffle(len(x))` | `shuffle(1)` | a disaster? | hardly: the split had mixed the rows already |
#
# ## Take away *(2 min)*
#
# - Six decisions: data ready, architecture, output, loss, optimiser, regulariser.
# - Functional API: call a layer on a tensor, keep the result. 29 → 16 → 1 has 464 + 16 + 16 + 1 = 497 parameters.
# - Two classes: one sigmoid unit and binary cross-entropy, $-\log$ of what was given to the truth.
# - `from_tensor_slices`, `cache`, `shuffle`, `batch`, `prefetch`, in this order; labels in the shape of the output.
# - Brakes help; they do not make a miracle. Here the network (dropout, 30 epochs) ties with *braked* logistic
#   regression.
#
# **Explain without looking:** what is a network without its hidden layer? · Why is one term of binary cross-entropy
# always zero? · Why shuffle before batch? · What do bank tellers and hidden units have in common? · Why was the
# number of epochs fixed before the race?
#
# **You may meet** older code: `Dense(16, input_dim=29)` is now `keras.Input(shape=(29,))` first; `Adam(lr=0.001)`
# is now `Adam(learning_rate=0.001)`; and `KerasClassifier` from `keras.wrappers.scikit_learn`, which made a network
# look like a scikit-learn model, is now `keras.wrappers.SKLearnClassifier`.
#
# **Next:** {{next}}, *decide*: the network says 0.4. What now?
