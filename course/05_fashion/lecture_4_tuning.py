# %% [markdown]
# # Fashion 4: tuning, and images from folders
#
# {{badge}}
#
# How many layers? How many units? Which learning rate? Training does not find these numbers, and until now you took
# them from us. In this last part you let the machine try them out, you learn what its praise is worth, and you read
# pictures as they lie on every disk: in folders.

# %% [markdown]
# ## Objectives *(2 min)*
#
# **75 minutes.** You need parts 1 to 3 (MLP, early stopping, falling rates), and convolution and pooling from the
# digits. On Colab, save a copy in Drive first (*File → Save a copy in Drive*), or your work is lost when you close
# the tab.
#
# At the end you can
#
# 1. read images from class-per-folder directories, and say where their labels come from;
# 2. save most of a search: more capacity than needed, and early stopping;
# 3. search layers, units and rate by chance, with scikit-learn and KerasTuner, first wide, then narrow;
# 4. compare a small convolutional network with an MLP, and say why the score that chose a winner is too good.

# %%
import tempfile
import time
from pathlib import Path

from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import keras
import keras_tuner
import matplotlib.pyplot as plt
import numpy as np
from keras.wrappers import SKLearnClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RandomizedSearchCV


# %% [markdown]
# ## Problem *(3 min)*
#
# A **hyperparameter** is a number that must stand before training begins. An MLP has at least three: the number of
# hidden layers, the units in each, the learning rate. Ten values of each make 10 · 10 · 10 = 1,000 networks. If one
# training takes a minute, that is seventeen hours. Two more knobs, and it is over two months.
#
# There are three ways out, and we take all of them: **need less search** (Idea 2), **search on a smaller problem**
# (the pictures are scaled down in a moment), and **search better than row by row** (Ideas 3 and 4).
#
# ## Look at the data *(10 min)*
#
# ### Idea 1: a folder is a label
#
# Your own pictures will not come as an array. They come as files, and the usual way to label them costs nothing:
# **the folder's name is the class**. One such tree for each purpose:
#
# - `train` to learn from, `valid` to choose with, `test` to open once;
# - `sample`: a handful of training pictures. With them you find out in seconds whether everything runs.
#
# The cell below writes such a tree to a temporary folder, from 3,500 of our clothes. One class needs care: which, and
# why?

# %%
# NBVAL_CHECK_OUTPUT
clothes = data.load_fashion()
on_disk = tempfile.TemporaryDirectory()
root = Path(on_disk.name)
parts = {"train": (2000, 4000), "valid": (4000, 4500), "test": (4500, 5500), "sample": (2000, 2100)}
for part, (first, end) in parts.items():
    for row in range(first, end):
        name = clothes.class_names[clothes.y_train[row]].replace("/", "-")  # "T-shirt/top"
        place = root / part / name
        place.mkdir(parents=True, exist_ok=True)
        picture = clothes.x_train[row, ..., None]  # (28, 28) -> (28, 28, 1)
        keras.utils.save_img(place / f"{row}.png", picture, scale=False)
for part in parts:
    classes = list((root / part).iterdir())
    print(f"{part:6} {len(classes)} folders, {len(list((root / part).rglob('*.png'))):,} pictures")

# %% [markdown]
# Keras reads such a tree with one call and makes a `tf.data` set of it. Its defaults are for photos: colour, 256 ×
# 256, shuffled. We want grey, and for the search **14 × 14**: `image_size` scales while it reads. A quarter of the
# pixels.
#
# In the arrays a T-shirt is class 0. **Guess** before you run the cell: which number has it when the folders are
# read?

# %%
shirt_guess = None  # 0 to 9
predict.record("T-shirt", shirt_guess)


def read(part, side, shuffle=False):
    return keras.utils.image_dataset_from_directory(
        root / part,
        color_mode="grayscale",
        image_size=(side, side),
        interpolation="area",
        batch_size=100,
        shuffle=shuffle,
        verbose=False,
    )


names = read("sample", 14).class_names
for images, labels in read("sample", 14):
    print(images.shape, labels.shape, f"{images.numpy().min():.0f} to {images.numpy().max():.0f}")
print(*[f"{number} {name}" for number, name in enumerate(names)], sep=", ")
predict.compare("T-shirt", names.index("T-shirt-top"))

# %% [markdown]
# Numbers are dealt out in the order of the *names*, as Python sorts text: `Z` before `a`, `10` before `2`. Most tools
# do it like that; do not trust it. The names belong to the data set, `class_names`, and never to your memory. Pixels
# come as 0 … 255: dividing is our job.
#
# **Look at** the pictures, as they are and scaled down. Which ones could you still name at 14 × 14, without the
# title?

# %%
fig, axes = plt.subplots(2, 8, figsize=(10.5, 3.2), layout="constrained")
for row, side in enumerate((28, 14)):
    images, labels = next(iter(read("sample", side)))
    for ax, k in zip(axes[row], range(0, 96, 12)):  # the files come class by class
        ax.imshow(images[k, ..., 0], cmap="gray_r", vmin=0, vmax=255)
        ax.set(xticks=[], yticks=[])
        if row == 0:
            ax.set_title(names[labels[k]], fontsize=10)
    axes[row, 0].set_ylabel(f"{side} × {side}")
shown = ", ".join(names[labels[k]] for k in range(0, 96, 12))
alt = f"Above, 28 pixels a side: {shown}. Below, 14: outlines stay, seams, straps and buttons blur."
plots.show(fig, alt=alt)

# %%
answers = {
    "1": "Right: numbers are dealt out among the folders that are there. Ankle boot is 0, and Coat is next.",
    "2": "Misconception: that the reader knows your other folders. Each call counts for itself. Pass "
    "`class_names=` with all ten names, and the missing folder raises an error.",
    "It raises an error": "Misconception: that somebody checks. Nine folders are as good as ten, unless you "
    "pass `class_names=`.",
}
quiz.ask("Someone deletes the folder Bag in the test tree. Which number has Coat there?", answers)

# %% [markdown]
# ## Baseline *(4 min)*
#
# For the searches we take the small pictures as rows of 196 numbers: `x_train` (2,000 rows) and `x_val` (500). An
# honest baseline is a network without any hidden layer: logistic regression. And a **hand-made guess**: one layer of
# 30, Adam at 0.001, ten epochs. A search must beat **both** on the same pictures, or it was not worth its time.


# %%
def arrays(part):
    """Read a folder once: pictures (n, 196) from 0 to 1, and labels (n,)."""
    batches = [(images.numpy(), labels.numpy()) for images, labels in read(part, 14)]
    images, labels = (np.concatenate(column) for column in zip(*batches))
    return images.reshape(len(images), -1) / 255, labels


def build(layers, units, rate, loss="sparse_categorical_crossentropy"):
    model = keras.Sequential([keras.Input(shape=(196,))])
    for _ in range(layers):
        model.add(keras.layers.Dense(units, activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    adam = keras.optimizers.Adam(learning_rate=rate)
    model.compile(adam, loss=loss, metrics=["accuracy"])
    return model


def hits(model, x, y):
    return float(np.mean(np.asarray(model(x)).argmax(axis=1) == y))


def told(layers, units, rate, **other):
    hidden = f"{layers} hidden layer" + "s" * (layers != 1) + f" of {units} units" * bool(layers)
    return f"{hidden}, rate {rate:.5f}"


# %%
x_train, y_train = arrays("train")
x_val, y_val = arrays("valid")
shuffled = np.random.default_rng(0).permutation(len(y_train))  # the files came class by class
x_train, y_train = x_train[shuffled], y_train[shuffled]
assert x_train.shape == (2000, 196) and x_val.shape == (500, 196)

checked = dict(validation_data=(x_val, y_val), validation_batch_size=500)
dot = keras.callbacks.LambdaCallback(on_train_end=lambda logs: print(end=".", flush=True))

logistic = LogisticRegression(C=0.1, tol=0.001, max_iter=200).fit(x_train, y_train)
keras.utils.set_random_seed(0)
by_hand = build(layers=1, units=30, rate=0.001)
by_hand.fit(x_train, y_train, epochs=10, batch_size=50, verbose=0)
scores = {"logistic regression": logistic.score(x_val, y_val)}
scores["hand-made guess"] = hits(by_hand, x_val, y_val)
for name, score in scores.items():
    print(f"{name:20} {100 * score:.1f} % of the validation pictures right")
expect.better(min(scores.values()), 0.1, factor=5, lower_is_better=False, name="the lower one")

# %% [markdown]
# ## Build *(27 min)*
#
# ### Idea 2: more than needed, then stop in time
#
# Must we search for the right number of units at all? Early stopping picks the *epoch*; a large network that stops in
# time behaves like a smaller one. So: take **more capacity than needed**, and let validation choose how much of it is
# used.
#
# We train five widths, 2 to 512 units, for 10 epochs. (Each picture is in the array four times, so 10 epochs are 40 walks
# through the data: on so few rows Keras spends most of its time *between* epochs.) From one run we read two numbers:
# the *last* validation loss, and the *lowest*. The lowest is what early stopping with restored best weights would
# give, if its patience lasts.
#
# **Guess:** for the widest network, how many percent higher than its lowest is its last loss? Then **look at** the
# right half of the picture: which of the lines cares about width?

# %%
gap_guess = None  # percent
predict.record("gap", gap_guess, unit="% higher")

widths, losses = [2, 8, 32, 128, 512], []
x_many, y_many = np.tile(x_train, (4, 1)), np.tile(y_train, 4)
for units in widths:
    keras.utils.set_random_seed(0)
    model = build(layers=1, units=units, rate=0.005)
    options = dict(epochs=10, batch_size=100, verbose=0, callbacks=[dot], **checked)
    losses.append(model.fit(x_many, y_many, **options).history["val_loss"])
last, lowest = [run[-1] for run in losses], [min(run) for run in losses]

fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
looks = (("s--", "vermillion", "at the end"), ("o-", "blue", "stopped in time"))
for line, (style, colour, label) in zip((last, lowest), looks):
    ax.plot([str(n) for n in widths], line, style, color=plots.COLOURS[colour], label=label)
ax.set(title="Does the width matter?", ylabel="validation loss", ylim=(0, None))
ax.set_xlabel("units in the hidden layer (each four times the one before)")
ax.legend()
ends, lows = ([round(loss, 2) for loss in line] for line in (last, lowest))
plots.show(fig, alt=f"Loss at {widths} units: at the end {ends}, stopped in time {lows}.")
predict.compare("gap", round(100 * (last[-1] / lowest[-1] - 1)))

# %%
answers = {
    "Take 256, with early stopping": "Right: past the point where the line is flat, more does no harm.",
    "Try 100, 110, 120, … until the best one is found": "Misconception: that there is one right width. "
    "Among those the differences are luck.",
    "Take 16: a small network cannot overfit": "Misconception: that small is safe. It may also underfit, and "
    "no stopping helps against that.",
}
quiz.ask("64, 128 and 512 units, all stopped in time, are about level. What do you do?", answers)

# %% [markdown]
# Too few units hurt both lines. From some width on, the lower line hardly moves: being too wide costs time, not
# quality. Only the network that is *not* stopped pays for its width. So one knob needs no fine search: choose
# generously, and stop in time. (Other brakes, such as dropout, do that, too.)
#
# The learning rate has no such mercy. Too small, and training does not arrive in the time it has: there is no better
# epoch to go back to. Too large, and it jumps over the valley in *every* epoch. Early stopping picks among the epochs
# that were; it cannot mend them all.
#
# ### Idea 3: chance beats the grid
#
# Nine trials for two knobs, of which *one* matters, and nobody says which. A **grid** of 3 × 3 tries three values of
# each. **Chance** tries nine values of each, for the same money.
#
# And on which scale? From 0.0001 to 0.01 the rate spans two powers of ten. What counts for a rate is its *factor*. So
# we draw the **exponent** evenly: $10^u$ with $u$ even between −4 and −2. That is called **log-uniform**.
#
# **Guess:** of 1,000 rates drawn *evenly* between 0.0001 and 0.01, how many are below 0.001, the middle of the log
# scale? Then **look at** the ticks along the lower edge of the first two panels, and compare the two heaps of the
# third.

# %%
below_guess = None
predict.record("below 0.001", below_guess, unit="of 1,000")

rng = np.random.default_rng(7)
even, logarithmic = rng.uniform(1e-4, 1e-2, 1000), 10 ** rng.uniform(-4, -2, 1000)
grid = np.array([(a, b) for a in (1 / 6, 0.5, 5 / 6) for b in (1 / 6, 0.5, 5 / 6)])
looks = ("Grid: 3 values", grid, "orange"), ("Chance: 9 values", rng.random((9, 2)), "blue")
fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.4), layout="constrained")
for ax, (title, spots, colour) in zip(axes, looks):
    ax.plot(*spots.T, "o", color=plots.COLOURS[colour], ms=8)
    ax.plot(spots[:, 0], np.zeros(9), "|", color="black", ms=24, mew=2)
    ax.set(title=title, xlabel="the knob that matters", ylabel="the other knob")
    ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
colours = [plots.COLOURS["orange"], plots.COLOURS["blue"]]
heaps = axes[2].hist([even, logarithmic], np.logspace(-4, -2, 9), color=colours, ec="black")[2]
plt.setp(heaps[0].patches, hatch="//")
axes[2].legend(heaps, ["even", "log-uniform"])
axes[2].set(title="1,000 rates", xlabel="learning rate (log scale)", ylabel="how many")
axes[2].set_xscale("log")
plots.show(fig, alt=f"Ticks: 3; 9. Below 0.001: {sum(even < 1e-3)}, {sum(logarithmic < 1e-3)}.")
predict.compare("below 0.001", int(np.sum(even < 1e-3)))

# %% [markdown]
# Evenly, only 0.0009 / 0.0099, less than a *tenth part*, fall into the lower half of the log scale; log-uniform, half
# of them.
#
# Now let scikit-learn do it. `RandomizedSearchCV` searches any estimator, and `SKLearnClassifier` makes one of a
# function that returns a Keras model. (For a target that is a number there is `SKLearnRegressor`.) The wrapper calls
# our function with `X` and `y`, for their shapes, and with the dictionary `model_kwargs`. scikit-learn cannot look
# *into* that dictionary. So we put whole settings, a thousand random ones, in a bag, and the search draws from it.
#
# It judges each setting by **3-fold cross-validation**: three trainings, each on two thirds of the rows. Dear, but it
# says how much the score moves: beside the mean stands the **spread**, the standard deviation of the three folds.
# **Look at** it: which settings could change places? (Do not hold these scores against the baselines: six epochs, two
# thirds of the rows.)


# %%
def wrapped(X, y, **setting):  # the wrapper makes the labels one-hot
    return build(**setting, loss="categorical_crossentropy")


def draw():
    layers, units = rng.integers(0, 4), rng.integers(1, 100)  # 0 to 3, 1 to 99
    return {"layers": int(layers), "units": int(units), "rate": float(10 ** rng.uniform(-4, -2))}


rng = np.random.default_rng(0)
bag = [draw() for _ in range(1000)]
options = dict(n_iter=3, cv=3, refit=False, random_state=0)
options["scoring"] = lambda wrapper, x, y: hits(wrapper.model_, x, y)
search = RandomizedSearchCV(SKLearnClassifier(wrapped), {"model_kwargs": bag}, **options)
keras.utils.set_random_seed(0)
# Options of `fit` stand here: scikit-learn copies the wrapper, and a copy may lose `fit_kwargs`.
search.fit(x_train, y_train, epochs=6, batch_size=50, verbose=0, callbacks=[dot])
result = search.cv_results_
print(" accuracy [%], mean of three folds:")
for k in np.argsort(result["rank_test_score"]):
    mean, spread = 100 * result["mean_test_score"][k], 100 * result["std_test_score"][k]
    print(f"{mean:5.1f}, spread {spread:.1f}: {told(**result['params'][k]['model_kwargs'])}")

# %%
answers = {
    "Grid 5, chance 25": "Right: each draw brings a new value of every knob. The grid repeats its five.",
    "Both 25: it is 25 trials": "Misconception: that each trial of a grid tells something new. Five of them differ "
    "only in the knob that does not matter.",
    "Grid 25, chance about 5": "Misconception: that chance repeats itself and a grid does not. It is the "
    "other way round.",
}
quiz.ask(
    "25 trials for two knobs, as a 5 × 5 grid or by chance. One knob matters. How many values of that knob do you try?",
    answers,
)

# %% [markdown]
# ### Idea 4: wide, then narrow; and stop the poor early
#
# **KerasTuner** speaks Keras. You write the model with *questions* in it: `hp.Int("layers", 0, 3)` means "some number
# from 0 to 3, and call it layers". A tuner answers them, trains, notes the validation accuracy, and asks again.
#
# First **wide**: `RandomSearch` with the whole ranges. Then **zoom in**: a second search in a window around the winner:
# one layer and 30 units to either side, the rate from half to double. The window follows the winner, *also beyond the
# first range*: if the winner sits near an edge, the best may lie beyond.
#
# Our class does two things more: it draws its ranges from `space`, and its `fit` notes every run, for the pictures.
# What the tuners write goes to our temporary folder.
#
# **Look at** the circles (blue, the wide search) far below the others: what did chance deal them, too small a rate or
# too few units? And are the squares (red, the zoomed search) any better than the circle in their midst? (The right
# panel shows the strip between the zoomed rates, yellow, alone. All runs are printed while they search.)


# %%
class Clothes(keras_tuner.HyperModel):
    def __init__(self, layers=(0, 3), units=(1, 99), rate=(1e-4, 1e-2)):
        super().__init__()
        self.space, self.notes = (layers, units, rate), []

    def build(self, hp):
        layers, units, rate = self.space
        model = build(
            layers=hp.Int("layers", *layers),
            units=hp.Int("units", *units),
            rate=hp.Float("rate", *rate, sampling="log"),
        )
        model.optimizer.build(model.trainable_variables)  # who goes on takes Adam's averages along
        return model

    def fit(self, hp, model, *args, **options):
        run = model.fit(*args, **options)
        self.notes.append((dict(hp.values), run.history, np.asarray(model(x_val))))
        print(f"{100 * max(run.history['val_accuracy']):.1f} %: {told(**hp.values)}", flush=True)
        return run


# %%
def tune(tuner_class, clothes, epochs, seed, **budget):
    keras.utils.set_random_seed(seed)
    # 0 would mean "no seed" to KerasTuner, and one seed for all would draw the same settings again.
    options = dict(objective="val_accuracy", seed=seed, directory=root / "tuning")
    tuner = tuner_class(clothes, project_name=str(time.time_ns()), **options, **budget)
    tuner.search(x_train, y_train, batch_size=50, verbose=0, **epochs, **checked)
    best = tuner.get_best_hyperparameters()[0].values
    print(f"best: {told(**best)}")
    return best


wide = Clothes()
winner = tune(keras_tuner.RandomSearch, wide, dict(epochs=8), seed=100, max_trials=6)
layers, units, rate = (winner[name] for name in ("layers", "units", "rate"))
narrow = Clothes(
    layers=(max(layers - 1, 0), layers + 1),
    units=(max(units - 30, 1), units + 30),
    rate=(rate / 2, rate * 2),
)
closer = tune(keras_tuner.RandomSearch, narrow, dict(epochs=8), seed=200, max_trials=3)
print("zoomed in from", told(**winner))
for name, (a, b), (low, high) in zip(winner, wide.space, narrow.space):
    print(f"{name}: {low:.3g} to {high:.3g}", "(beyond the first range)" * (low < a or high > b))

# %%
fig, axes = plt.subplots(1, 2, figsize=(10.5, 3.8), layout="constrained")
looks = ((wide, "o", "blue", "wide"), (narrow, "s", "vermillion", "zoomed in"))
low, high = narrow.space[2]
for searched, marker, colour, label in looks:
    for values, history, _ in searched.notes:
        spot = values["rate"], 100 * max(history["val_accuracy"])
        for ax in axes:
            ax.plot(*spot, marker, color=plots.COLOURS[colour], ms=8, mec="black", label=label)
        text, ax = f"{values['layers']} × {values['units']}", axes[int(low <= spot[0] <= high)]
        ax.annotate(text, spot, (0, 7), textcoords="offset points", fontsize=8, ha="center")
        label = None  # once in the legend
for ax in axes:
    ax.axhline(100 * max(scores.values()), color="black", ls=":", label="best baseline")
    ax.set(xlabel="learning rate (log scale)", xscale="log")
axes[0].axvspan(low, high, color=plots.COLOURS["yellow"], alpha=0.3, zorder=0)
axes[0].set(title="Two random searches (layers × units)", ylabel="validation accuracy [%]")
axes[0].legend(loc="lower right")
axes[1].set(title="The strip", xlim=(low, high), ylim=(70, 90), facecolor="#fdf9e0")
plots.show(fig, alt=f"Accuracy over rate. Best circle: {told(**winner)}; square: {told(**closer)}.")

# %% [markdown]
# Zooming in keeps the bad regions out. A leap is not to be expected: compare the best square with the best circle,
# and both with the dotted line, the better of the baselines. Differences of a percentage point or two are luck here:
# 500 pictures cannot tell them apart. That is the usual end of a search: find the right *region*, and stop.
#
# **Hyperband** spends the time better: why train a bad network to the end? Six settings start, with *two* epochs
# each. The best two of them go on to eight; the other four are dropped. That may throw out a slow starter. So there
# is a second group, of three, that nobody stops.
#
# **Guess:** with eight epochs each, these nine settings would take 72. How many epochs does Hyperband take? Then
# **look at** the picture: dashed lines (orange) are the first epochs of the six, solid ones (blue) run to the end.
# Would you have dropped the same four?

# %%
epochs_guess = None
predict.record("epochs", epochs_guess, unit="epochs, of 72")

halving = Clothes()
tune(keras_tuner.Hyperband, halving, {}, seed=300, max_epochs=8, factor=4)
settings = sum(values["tuner/round"] == 0 for values, *_ in halving.notes)
epochs = sum(len(history["loss"]) for _, history, _ in halving.notes)
print(f"{settings} settings, {epochs} epochs")
predict.compare("epochs", epochs)

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), sharey=True, layout="constrained")
lines = []
for values, history, _ in halving.notes:
    ax = axes[1 - values["tuner/bracket"]]  # the bracket: how often its group is thinned out
    start, end = values["tuner/initial_epoch"], values["tuner/epochs"]
    stopped = ("orange", "s--", "first two epochs")
    colour, style, label = ("blue", "o-", "to the end") if end == 8 else stopped
    curve = 100 * np.array(history["val_accuracy"])
    lines.append(f"{values['layers']} × {values['units']} to epoch {end}: {curve[-1]:.1f}")
    ax.plot(range(start + 1, end + 1), curve, style, color=plots.COLOURS[colour], label=label)
axes[0].set(title="Six start, two go on", ylabel="validation accuracy [%]")
axes[1].set(title="Three that nobody stops")
for ax in axes:
    ax.set(xlabel="epoch", xlim=(0.5, 8.5))
    ax.grid(alpha=0.3)
    labels = dict(zip(*ax.get_legend_handles_labels()[::-1]))
    ax.legend(labels.values(), labels.keys(), loc="lower right")  # each label once
plots.show(fig, alt=f"Validation accuracy [%] of layers × units at their ends: {', '.join(lines)}.")

# %%
answers = {
    "Search on, from 0.005 to 0.02": "Right: the best may lie beyond the edge. The window follows the winner.",
    "Zoom in from 0.008 to 0.01": "Misconception: that the edge of our first guess is an edge of the world. Half "
    "of the winner's neighbourhood is missing.",
    "Take 0.0099: the search found it": "Misconception: that a search finds what its range does not hold.",
}
quiz.ask("The range was 0.0001 to 0.01, the winner has 0.0099. What next?", answers)

# %% [markdown]
# **The neighbours**, other programs that search settings (PyPI, 21 November 2026): **kept up** are **Hyperopt** (2026),
# **Talos** (2026) and Optuna (2026); **resting** is **scikit-optimize** (2024); **no longer kept up** are
# **sklearn-deap** (2021), **Hyperas** (2019), **kopt** (2018) and **Spearmint** (research code, not on PyPI; the
# `spearmint` there is something else). KerasTuner's last release is of November 2025.
#
# ## Train *(7 min)*
#
# Enough of small pictures. Which *kind* of network should read the real ones, 28 × 28? The **MLP** of part 1, 784 →
# 300 → 100 → 10, against a small convolutional neural network (**CNN**) with fewer parameters. To be fair, both get the same training: Adam, a rate
# in the thousandths, falling to nothing as in part 3 (that takes early stopping's place), the same few epochs. Both
# are judged on the same validation pictures. (`CosineDecay` is part 3's falling rate as an object that the optimiser
# carries: along half a cosine, step by step.)
#
# We take all 60,000 pictures, the first 5,000 of them for validation. If the full set cannot be had, the cell says
# so, and takes the mini set. **Guess:** how many percentage points will the CNN be ahead? Then **look at** the gap,
# and at the two bars.

# %%
lead_guess = None
predict.record("lead", lead_guess, unit="points ahead")
try:
    real, held_back = data.load_fashion(size="full"), 5000
except data.DataError:
    real, held_back = clothes, 2000
    print("The full set is out of reach here, so this part runs on the mini set.")
x_real, y_real = (real.x_train[..., None] / 255).astype("float32"), real.y_train
x_check, y_check = x_real[:held_back], y_real[:held_back]
x_learn, y_learn = x_real[held_back:], y_real[held_back:]
print(f"{len(y_learn):,} pictures to learn from, {held_back:,} for validation")


class TimeLeft(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        done, epochs = epoch + 1, self.params["epochs"]
        left = (time.perf_counter() - self.start) / done * (epochs - done)
        print(f"epoch {done}: validation {100 * logs['val_accuracy']:.1f} %, {left:.0f} s left")


# %%
def train(*hidden, batch_size=128):
    keras.utils.set_random_seed(0)
    epochs = 3 if real is not clothes else 12  # fewer pictures, more rounds
    last = keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), *hidden, last])
    steps = epochs * int(np.ceil(len(x_learn) / batch_size))
    falling = keras.optimizers.schedules.CosineDecay(0.003, steps)  # from 0.003 down to 0
    adam, loss = keras.optimizers.Adam(falling), "sparse_categorical_crossentropy"
    model.compile(adam, loss=loss, metrics=["accuracy"])
    options = dict(epochs=epochs, batch_size=batch_size, verbose=0, callbacks=[TimeLeft()])
    check = dict(validation_data=(x_check, y_check), validation_batch_size=1000)
    return model, model.fit(x_learn, y_learn, **options, **check).history


dense_net, dense_run = train(
    keras.layers.Flatten(),
    keras.layers.Dense(300, activation="relu"),
    keras.layers.Dense(100, activation="relu"),
)

# %%
conv_net, conv_run = train(
    keras.layers.Conv2D(16, 3, activation="relu"),  # (28, 28, 1) -> (26, 26, 16)
    keras.layers.MaxPooling2D(2),  # -> (13, 13, 16)
    keras.layers.Conv2D(64, 3, strides=2, activation="relu"),  # two pixels at a time -> (6, 6, 64)
    keras.layers.BatchNormalization(),
    keras.layers.Flatten(),
    keras.layers.Dense(64, activation="relu"),
)
assert dense_net.count_params() == 785 * 300 + 301 * 100 + 101 * 10 == 266_610
by_layer = [(9 + 1) * 16, (9 * 16 + 1) * 64, 4 * 64, (6 * 6 * 64 + 1) * 64, 65 * 10]
assert conv_net.count_params() == sum(by_layer) == 157_866

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained", width_ratios=[3, 2])
runs = {"MLP": (dense_run, "orange", "s--", "//"), "CNN": (conv_run, "blue", "o-", "")}
for name, (run, colour, style, _) in runs.items():
    curve = 100 * np.array(run["val_accuracy"])
    axes[0].plot(range(1, len(curve) + 1), curve, style, color=plots.COLOURS[colour], label=name)
axes[0].set(title=f"{held_back:,} validation pictures", xlabel="epoch", ylabel="right [%]")
axes[0].set_xticks(range(1, len(curve) + 1))
axes[0].grid(alpha=0.3)
axes[0].legend()
sizes = [net.count_params() / 1000 for net in (dense_net, conv_net)]
drawn = axes[1].bar(list(runs), sizes, color=[plots.COLOURS[c] for _, c, _, _ in runs.values()])
for bar, (*_, hatch) in zip(drawn, runs.values()):
    bar.set(hatch=hatch, edgecolor="black")
axes[1].bar_label(drawn, fmt="%.0f", padding=3)
axes[1].set(title="Parameters", xlabel="network", ylabel="thousands")
axes[1].margins(y=0.15)
plots.show(fig, alt=f"Lines: as printed in training. Bars: MLP {sizes[0]:.0f}, CNN {sizes[1]:.0f}.")
lead = 100 * (conv_run["val_accuracy"][-1] - dense_run["val_accuracy"][-1])
predict.compare("lead", round(lead, 1))
expect.better(lead, 0, lower_is_better=False, name="the CNN's lead, in points")

# %% [markdown]
# The CNN looks for edges and seams, everywhere with the same few weights. The MLP must learn each place for itself.
# But the race has small print: it is *one* CNN and *one* MLP, and the CNN also has a batch normalisation. And for one
# picture the CNN multiplies more than twice as often, over larger arrays. Better per picture seen, dearer per second:
# compare the times. (`strides=2` keeps it cheap: the second convolution moves two pixels at a time, and so computes
# 36 values a map instead of 121.)
#
# ## Judge *(8 min)*
#
# ### Idea 5: the winner was lucky, too
#
# Our searches asked the same 500 pictures again and again, and kept the best answer. A score is skill plus luck, and
# who picks the highest score picks both. So **the winner's validation score is too good**, the more so the more
# networks compete and the fewer pictures judge.
#
# We can see that with the runs that the tuners noted. A thousand times: draw 100 of the 500 pictures, crown the
# network that is best on these, and ask it about the other 400. Beside it the same with a network that nobody chose:
# the hand-made guess.
#
# **Guess:** by how many percentage points does the winner's score flatter, on the mean? Then **look at** where the
# two heaps have their middle.

# %%
flattery_guess = None
predict.record("flattery", flattery_guess, unit="points too high")

notes = [*wide.notes, *narrow.notes, *halving.notes]
right = np.array([said.argmax(axis=1) == y_val for *_, said in notes])  # (runs, 500)
fixed = np.asarray(by_hand(x_val)).argmax(axis=1) == y_val  # (500,)
gaps = {"chosen: the best of all runs": [], "not chosen: the hand-made guess": []}
rng = np.random.default_rng(0)
for _ in range(1000):
    few, others = np.split(rng.permutation(500), [100])
    best = right[right[:, few].mean(axis=1).argmax()]
    for gap, row in zip(gaps.values(), (best, fixed)):
        gap.append(100 * (row[few].mean() - row[others].mean()))
flattery, nothing = (round(float(np.mean(gap)), 1) for gap in gaps.values())

# %%
fig, axes = plt.subplots(2, 1, figsize=(7.5, 4.4), sharex=True, sharey=True, layout="constrained")
looks = (("vermillion", ""), ("sky", "//"))
for ax, (name, gap), (colour, hatch) in zip(axes, gaps.items(), looks):
    style = dict(color=plots.COLOURS[colour], hatch=hatch, ec="black")
    ax.hist(gap, np.arange(-15.125, 16, 1.25), **style)  # no value falls on an edge
    ax.axvline(np.mean(gap), color="black", ls="--", lw=2, label=f"mean {np.mean(gap):+.1f}")
    ax.set(title=name, ylabel="draws")
    ax.legend()
axes[1].set_xlabel(
    f"score on the {len(few)} that chose, minus score on {len(others)} others [points]"
)
plots.show(fig, alt=f"Means of the heaps: chosen {flattery:+.1f}, not chosen {nothing:+.1f}.")
predict.compare("flattery", flattery)
expect.better(flattery, nothing, lower_is_better=False, name="what choosing adds")

# %%
answers = {
    "It is too high, on the mean": "Right: the more compete and the fewer judge, the more luck is in the best score.",
    "It is fair: no network was trained on these pictures": "Misconception: that only training uses pictures up. "
    "Choosing does, too.",
    "It is too low: it was trained on few pictures": "Misconception: true of a network trained on more, later. Of "
    "this network the score says too much.",
}
quiz.ask("50 networks, one validation folder. What about the best one's validation score?", answers)

# %% [markdown]
# Choosing does it, not training: no network has learned from these pictures. The cure is old: pictures that chose
# *nothing*, opened **once**. (Strictly, once for each question: parts 1 and 3 have asked the same test pictures about
# other networks. No choice was made by the answers, so they are still fair. After ten more such looks nobody could
# swear to that.) Our folder `test` is such. The clothes' own test images are so only half: parts 1 and 3
# have looked at some of them. They chose none of today's networks, so the number is honest; in your own work you have
# no spare set.
#
# For the small pictures we take the setting with the best validation score of all KerasTuner searches. Now it gets
# what Idea 2 promised, early stopping; and so that a gain is the search's and not early stopping's, the hand-made
# guess gets it, too. Then comes the folder `test`. For the real ones validation prefers the CNN. **Guess** its score
# on the test pictures before you run the cell. (One test can fall either way; the *give or take* is two standard
# errors.)

# %%
test_guess = None  # percent right
predict.record("test", test_guess, unit="% right")

best = max(notes, key=lambda note: max(note[1]["val_accuracy"]))
nets = {"by hand": (1, 30, 0.001), "tuned": [best[0][k] for k in ("layers", "units", "rate")]}
x_small, y_small = arrays("test")
tests = {"14 x 14, logistic": (logistic.score(x_small, y_small), 1000)}
for name, setting in nets.items():
    keras.utils.set_random_seed(0)
    net = build(*setting)
    stop = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
    net.fit(x_train, y_train, epochs=40, batch_size=50, verbose=0, callbacks=[stop], **checked)
    tests[f"14 x 14, {name}"] = (hits(net, x_small, y_small), 1000)
x_test, y_test = (real.x_test[..., None] / 255).astype("float32"), real.y_test
cnn_score = hits(conv_net, x_test, y_test)
tests["28 x 28, CNN"] = (cnn_score, len(y_test))
for name, (score, n) in tests.items():
    luck = 200 * np.sqrt(score * (1 - score) / n)
    print(f"{name:17} {100 * score:.1f} % of {n:,} test pictures, give or take {luck:.1f}")
predict.compare("test", round(100 * cnn_score, 1))
assert len(y_test) < 10_000 or cnn_score >= 0.9  # on the full set

# %% [markdown]
# Was the search worth its time? Compare the first three lines with the give or take. If they overlap, the honest
# answer is: a little, or not at all.
#
# With the full set the CNN names more than nine of ten test pictures. With the mini set it learns from less than a
# fifth as many, and gets less: tuning seldom makes up for missing pictures.
#
# ## Improve *(11 min)*
#
# ### Your turn: two gaps
#
# **One.** What is the folder `sample` for? Before a run of hours, ask the network for something that *must* work: to
# learn a hundred pictures **by heart**. If it cannot, something is broken: the labels, the scale, the rate. As it
# stands, the cell says "not yet". Without training longer: which one number do you change?
#
# **Two.** Below it stands a model for KerasTuner that asks one question, the rate. Let it ask a second one: `"relu"` or
# `"tanh"`? The method is `hp.Choice(name, values)`. This part trains nothing; it lists what a tuner would be asked.

# %%
x_few, y_few = arrays("sample")
keras.utils.set_random_seed(0)
trial = build(layers=1, units=99, rate=0.0001)  # your turn: learn them all by heart
trial.fit(x_few, y_few, epochs=60, batch_size=50, verbose=0)
by_heart = round(100 * hits(trial, x_few, y_few))
print(f"{by_heart} of 100 by heart:", "well done" if by_heart == 100 else "not yet")


class Yours(keras_tuner.HyperModel):
    def build(self, hp):
        kind = "relu"  # your turn: let the tuner choose "relu" or "tanh"
        model = keras.Sequential([keras.Input(shape=(196,))])
        model.add(keras.layers.Dense(99, activation=kind))
        model.add(keras.layers.Dense(10, activation="softmax"))
        adam = keras.optimizers.Adam(hp.Float("rate", 1e-3, 1e-2, sampling="log"))
        model.compile(adam, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        return model


asked = keras_tuner.HyperParameters()
Yours().build(asked)
print("questions:", *asked.values)

# %% [markdown]
# <details><summary>One way</summary>
#
# One: the rate, 0.0001 → 0.01. (More epochs would do it, too, and cost you far more time.) Two:
# `kind = hp.Choice("kind", ["relu", "tanh"])`. Then the cell prints `questions: kind rate`.
#
# </details>
#
# ### Change one thing
#
# Each row is one change to a cell above; predict, run that cell and the picture's below it, put it back, and run both
# again. (The rows on Idea 5 change the cell with `flattery_guess`; its picture is in the next cell.)
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | `rate` of the five widths, Idea 2 | 0.005 → 0.0005 | does the upper line still turn up? | no: in 10 epochs nothing runs away yet |
# | `seed=100` in the call for `wide` | 100 → 400 | does the same setting win? | another one: chance dealt other settings |
# | `[100]` in Idea 5 | 100 → 400 | does the winner flatter as much? | less: more judges, less luck |
# | `*wide.notes, *narrow.notes, *halving.notes`, Idea 5 | `*wide.notes[:3]` | and with three in the race? | less: fewer tickets in the lottery |
#
# ### Find the bug
#
# A friend judges `by_hand` on the folder `valid`. There is no error message, and the network is ours. Yet it is about
# as good as a die with ten sides. Why? Print whatever you need.

# %%
# NBVAL_CHECK_OUTPUT
pictures = read("valid", 14, shuffle=True)
said = [by_hand(images.numpy().reshape(-1, 196) / 255).numpy() for images, _ in pictures]
truth = [labels.numpy() for _, labels in pictures]
friends = np.mean(np.concatenate(said).argmax(axis=1) == np.concatenate(truth))
print("ours is over 0.6:       ", scores["hand-made guess"] > 0.6)
print("the friend's is under 0.3:", bool(friends < 0.3))

# %% [markdown]
# <details><summary>The answer</summary>
#
# `shuffle=True` deals the pictures anew **each time** somebody walks through the set. The answers come from the first
# walk, the labels from the second: another order, so the first answer meets another picture's label. Print the first
# labels of two walks, and you see it. Shuffle for training only, and take pictures and labels in *one* walk, as
# `arrays` does. (`model.evaluate(pictures)` walks once, so it is safe for a network that takes the pictures as they
# come. And `shuffle=True` is the reader's default.)
#
# </details>
#
# ## Take away *(3 min)*
#
# - A folder is a label; numbers follow the sorted names of the folders that are there. Shuffle for training only.
# - Take more capacity than needed, stop in time. Then search what has no mercy: the learning rate.
# - Scale the problem down; draw by chance, rates log-uniform; wide first, then narrow; stop the poor early.
# - The winner of a search was lucky, too. Only pictures that chose nothing are fair, and only once.
# - On pictures a small CNN beats a larger MLP.
#
# **Explain without looking:** why does a missing folder shift labels? · Why is width forgiven, and the rate not? ·
# What does chance see that a grid does not? · Whom may Hyperband throw out by mistake? · Why does the winner flatter?
#
# **You may meet** `import kerastuner` (now `keras_tuner`); `KerasClassifier` of Keras' old wrappers or of SciKeras;
# `ImageDataGenerator().flow_from_directory(…)`, now `image_dataset_from_directory`. And test sets on which a hundred
# networks were compared.
#
# **The end of the course.** You began with one neuron and its slope. Now you can take a table or a folder of
# pictures, split it, find an honest baseline, build the network that fits in any of three languages, train it, watch
# it, stop it, tune it, and say how good it is without fooling yourself. That last one is the rarest. Where to go on:
# put *your own* pictures into folders and run this notebook on them; borrow a network trained on a million pictures
# (`keras.applications`) and train only its last layer; then text, with attention. Each of them is layers, a loss and
# a gradient. The rest you know.
#
# **Next:** the last challenge: {{challenge}}.
