# %% [markdown]
# # Fashion 3: watching and steering training
#
# {{badge}}
#
# You press a button, and for minutes or days a network trains. Is it learning? Is it overfitting yet? Is it too
# slow, or about to explode? In this part you look inside `fit` while it runs, stop it in time, keep its best
# moment, and let the network itself tell you how fast it wants to learn.

# %% [markdown]
# ## Objectives *(2 min)*
#
# **75 minutes.** You need parts 1 and 2 (`fit`, histories, the running mean, `.keras` files), Adam and momentum,
# and early stopping from the regression unit. On Colab, save a copy in Drive first (*File → Save a copy in Drive*),
# or your work is lost when you close the tab.
#
# At the end you can
#
# 1. say when `fit` calls which hook, and write a callback of your own;
# 2. keep the best weights, stop in time and change the learning rate while a network trains;
# 3. log each run into a folder of its own, and read the log without TensorBoard;
# 4. find a learning rate in one short run, and change it together with the batch size.

# %%
from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import os
import shutil
import sys
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

folder = tempfile.TemporaryDirectory()  # it goes when the notebook ends


# %% [markdown]
# ## Problem *(3 min)*
#
# The shop of part 2 retrains its clothes network every night. Nobody watches. One morning it is worse than a guess,
# and nobody can say since when. Another morning the computer has stopped in the middle, and ten hours are gone. And
# the colleague who chose the learning rate has left.
#
# `fit` looks like a closed box. It is not: at fixed moments it *calls you back*. An object that wants to be called
# is a **callback**. You have used some: the dots, early stopping. Now you learn what they can do.
#
# ## Look at the data *(5 min)*
#
# The mini set: the first 2,000 training images are for **validation**, 10,000 to learn from. The **test** images
# stay closed until the end.
#
# What does training *see* of them? One batch at a time. A batch is a sample, and a small sample is a rough one. We
# draw many batches of 32 and of 512, and count the sneakers in each. **Guess:** how many times as wide is the
# spread of the small batches? (Their standard deviation, in percent of the batch.) Type it in the first line, then
# run both cells and **look at** the two heaps.

# %%
# NBVAL_CHECK_OUTPUT
spread_guess = None
predict.record("spread", spread_guess, unit="times as wide")

clothes, n_val = data.load_fashion(), 2_000
x, y = (clothes.x_train / 255).astype("float32"), clothes.y_train
x_val, y_val, x_train, y_train = x[:n_val], y[:n_val], x[n_val:], y[n_val:]
print("training  ", x_train.shape, y_train.shape, x_train.dtype)
print("validation", x_val.shape, y_val.shape)

# %%
rng, is_sneaker = np.random.default_rng(0), y_train == clothes.class_names.index("Sneaker")
share = {n: [100 * rng.choice(is_sneaker, n).mean() for _ in range(2_000)] for n in (32, 512)}
fig, axes = plt.subplots(2, 1, figsize=(7.5, 4), sharex=True, sharey=True, layout="constrained")
for ax, (n, shares), colour, hatch in zip(axes, share.items(), ("sky", "orange"), ("", "//")):
    width = 100 / 32 if n == 32 else 100 / 128
    bins = np.arange(-50 / n, 32, width)  # for 32, one bar for each number of sneakers
    style = dict(color=plots.COLOURS[colour], ec="black", hatch=hatch)
    ax.hist(shares, bins, density=True, **style)  # the bars of a heap have area 1
    ax.axvline(100 * is_sneaker.mean(), color="black", ls="--", label="all training images")
    ax.set(title=f"Batches of {n}", ylabel="density [1/%]", xlim=(0, 31))
axes[0].legend()
axes[1].set_xlabel("sneakers in the batch [%]")
ends = ["{:.1f} to {:.1f} %".format(*np.percentile(share[n], [5, 95])) for n in (32, 512)]
plots.show(fig, alt=f"Nine of ten batches of 32 have {ends[0]} sneakers, of 512 {ends[1]}.")
predict.compare("spread", np.std(share[32]) / np.std(share[512]))

# %% [markdown]
# Sixteen times the images, a quarter of the spread: it shrinks with the *root*. What holds for sneakers holds for
# each number that is a mean over the batch, and the gradient is one. So a small batch shows the way roughly, and a
# large one more surely.
#
# ## Baseline *(4 min)*
#
# The network for today: four hidden layers of 100 units. Deep enough to have moods. The baseline is a **blind
# run**: SGD with the rate that Keras takes if you say nothing, two epochs, nothing to see on the way.
#
# (`build` and `compiled` make the network for the rest of the day, too.)


# %%
def build(units=100, hidden=4):
    layers = [keras.layers.Dense(units, activation="relu") for _ in range(hidden)]
    softmax = keras.layers.Dense(10, activation="softmax")
    return keras.Sequential([keras.Input(shape=(28, 28)), keras.layers.Flatten(), *layers, softmax])


def compiled(optimizer):
    model = build()
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
    return model


dots = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(end=".", flush=True))
check = dict(validation_data=(x_val, y_val), validation_batch_size=1_000, verbose=0)
keras.utils.set_random_seed(0)
blind = compiled(keras.optimizers.SGD())
blind_run = blind.fit(x_train, y_train, epochs=2, batch_size=32, **check).history
print(f"validation: {100 * blind_run['val_accuracy'][-1]:.1f} % right,", end=" ")
print(f"loss {blind_run['val_loss'][-1]:.2f}")
print(f"the learning rate, looked up afterwards: {float(blind.optimizer.learning_rate):.2f}")

# %% [markdown]
# Much better than one in ten. But could it be better, in the same two epochs? We cannot tell: we looked at
# nothing on the way. Keep the number.
#
# ## Build *(20 min)*
#
# ### Idea 1: `fit` calls you
#
# A callback is an object with methods of fixed names, the **hooks**: `on_epoch_end`, `on_train_batch_begin` and so
# on. Your class inherits them all from `keras.callbacks.Callback`, where they do nothing, and you write those that
# you need. `fit` is a loop in a loop, and calls the hooks on the way:
#
# > **train** begins → **epoch** begins → **train_batch** begins, ends → … → **test** (the validation) begins, ends →
# > **epoch** ends → … → **train** ends.
#
# That makes five pairs, with **test_batch** for the batches of the validation. Two more, **predict** and
# **predict_batch**, belong to `predict`.
#
# A small one, in full:
#
# ```python
# class Hello(keras.callbacks.Callback):
#     def on_epoch_end(self, epoch, logs=None):
#         print("epoch", epoch, "is over; I know", sorted(logs))
# ```
#
# `logs` is a dictionary of numbers. Our first one that runs is a **spy**: all fourteen methods do nothing but note
# who called, and what `logs` knows. To spare you fourteen such methods, they are made in a loop: `setattr(Spy,
# "on_epoch_end", f)` does what `def on_epoch_end` in the class does. Read the output, not this loop.
#
# **Guess:** two epochs of two batches, one batch of validation. How many calls does `fit` make?
#
# The listing shows the first epoch and the last call, and below it what `predict` calls. Behind *knows* stand the
# keys of `logs`. What is missing where? (The loss after a batch is the **mean of the epoch so far**, as you found
# out in part 1. We shall need that.) The picture shows all calls of the fit. **Look at** what contains what. Where
# would you put code that should run once an epoch, and wants the validation loss?

# %%
calls_guess = None
predict.record("calls", calls_guess, unit="calls")
PARTS = ["train", "epoch", "train_batch", "test", "test_batch", "predict", "predict_batch"]
HOOKS = [f"on_{part}_{when}" for part in PARTS for when in ("begin", "end")]


class Spy(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.calls = []


def noting(hook):
    def numbered(self, number, logs=None):  # the number of the epoch or batch, from 0
        self.calls.append((hook, number, sorted(logs or {})))

    def plain(self, logs=None):
        self.calls.append((hook, "", sorted(logs or {})))

    return numbered if "epoch" in hook or "batch" in hook else plain


for hook in HOOKS:
    setattr(Spy, hook, noting(hook))  # fourteen methods, two forms

# %%
# NBVAL_CHECK_OUTPUT
spy, model = Spy(), compiled("adam")
four = dict(x=x_train[:4], y=y_train[:4], validation_data=(x_val[:2], y_val[:2]))
model.fit(**four, epochs=2, batch_size=2, verbose=0, callbacks=[spy])
calls = list(spy.calls)
depth = 0
for at, (hook, number, knows) in enumerate(calls):
    depth -= hook.endswith("end")
    if at == len(calls) // 2:
        print("    ... the second epoch, and then")
    if at < len(calls) // 2 or at == len(calls) - 1:
        known = f"  knows {', '.join(knows)}" if knows else ""
        print(f"{'    ' * depth}{hook} {number}".rstrip() + known)
    depth += hook.endswith("begin")
spy.calls.clear()
model.predict(x_val[:2], batch_size=2, verbose=0, callbacks=[spy])
print("predict:", ", ".join(hook for hook, *_ in spy.calls))
print(len({hook for hook, *_ in calls + spy.calls}), "of", len(HOOKS), "hooks were called")
predict.compare("calls", len(calls))

# %%
looks = {"train": ("0.9", ""), "epoch": ("sky", ""), "train_batch": ("orange", "//")}
looks |= {"test": ("green", "\\\\"), "test_batch": ("yellow", "")}
fig, ax = plt.subplots(figsize=(10, 3), layout="constrained")
opened = []
for at, (hook, *_) in enumerate(calls, start=1):
    part, when = hook.removeprefix("on_").rsplit("_", 1)
    if when == "begin":
        opened.append(at)
        continue
    began, (colour, hatch) = opened.pop(), looks[part]
    colour = plots.COLOURS.get(colour, colour)
    ax.barh(len(opened), at - began, left=began, color=colour, ec="black", hatch=hatch, label=part)
ax.set(title="Two epochs of two batches, seen by the spy", xlabel="call number", ylabel="depth")
ax.set_yticks(range(4))
ax.set_xticks(range(1, len(calls) + 1))
ax.set_xlim(0.5, len(calls) + 0.5)
ax.invert_yaxis()
names = dict(zip(*reversed(ax.get_legend_handles_labels())))  # each part once
fig.legend([names[part] for part in looks], looks, loc="outside right upper")
plots.show(fig, alt="One long bar, train, holds two epochs; each holds two batches, then a test.")

# %%
answers = {
    "on_epoch_end": "Right: validation is over, and its numbers are in logs.",
    "on_train_batch_end": "Misconception: that validation runs after each batch. It runs once an epoch.",
    "on_test_end": "Not quite: there it is called loss, and the same hook is called by evaluate.",
}
quiz.ask("Which hook finds val_loss in its logs, once an epoch?", answers)

# %% [markdown]
# ### A callback of your own
#
# What would you like to see? Perhaps whether the network overfits, *while* it does. A good sign is the **ratio** of
# the validation loss to the training loss. Around 1: it does as well on new images. Rising and rising: it learns by
# heart. The callback has one hook.
#
# To see it soon we give the network only 1,000 images. **Guess** the ratio after the last epoch. Then **look at**
# the two numbers while the ratio climbs above 1: is validation still falling? And look at how it begins: why below 1?


# %%
class Ratio(keras.callbacks.Callback):
    """Print the validation loss over the training loss after each epoch."""

    def on_epoch_end(self, epoch, logs=None):
        ratio = logs["val_loss"] / logs["loss"]
        bar = "#" * round(10 * ratio)
        print(f"epoch {epoch + 1:2}  validation {logs['val_loss']:.2f}  ratio {ratio:.2f} {bar}")


ratio_guess = None
predict.record("last ratio", ratio_guess)

few = dict(x=x_train[:1_000], y=y_train[:1_000], batch_size=50)
keras.utils.set_random_seed(0)
model = compiled(keras.optimizers.Adam(learning_rate=0.002))
run = model.fit(**few, epochs=15, callbacks=[Ratio()], **check).history
predict.compare("last ratio", run["val_loss"][-1] / run["loss"][-1])

# %% [markdown]
# It begins below 1 for a reason that you know: the training loss is a mean over the epoch, and the first epoch
# improves much. There is no magic limit to such a ratio. A network may overfit and still get better on new images:
# for some epochs above 1 its validation loss still falls. The sign to act on is the validation loss itself, and its callbacks come with Keras.
#
# ### Idea 2: keep, stop, slow down
#
# - `ModelCheckpoint` **keeps**: after each epoch that is the best so far it writes the model to a file. If the
#   computer dies, the file is there. To go on where a crash has stopped you, there is `BackupAndRestore(folder)`: it
#   keeps the last epoch, with the optimiser's state, and the next `fit` begins there.
# - `EarlyStopping` **stops**: no new best for `patience` epochs, and training ends. With
#   `restore_best_weights=True` it goes back to the best ones.
# - `LearningRateScheduler` **slows down**: before each epoch it asks a function of yours for the rate. The function
#   gets the number of the epoch, from 0, and the *present* rate. It also notes the rate in `logs` at the end of each
#   epoch, so the history gets a column `learning_rate`.
#
# Callbacks go into `fit` as a list, as many as you like, and each hook calls them in the order of the list.
# **Guess:** how many times will the file be written? Two checks say what `fit` left behind: the file holds the same
# network as the memory, and that is the best one, not the last. Then **look at** the triangles (a file is written),
# and at the last epochs: what do they cost, what do they bring?


# %%
def falling(epoch, rate):
    return rate if epoch < 5 else 0.9 * rate


writes_guess = None
predict.record("files written", writes_guess, unit="times")
best_file = Path(folder.name) / "best.keras"
keep = keras.callbacks.ModelCheckpoint(best_file, monitor="val_loss", save_best_only=True)
stop = keras.callbacks.EarlyStopping(patience=6, restore_best_weights=True)  # watches val_loss
slow = keras.callbacks.LearningRateScheduler(falling)

keras.utils.set_random_seed(0)
steered = compiled(keras.optimizers.Adam(learning_rate=0.002))
run = steered.fit(**few, epochs=40, callbacks=[keep, stop, slow, dots], **check).history

val_loss = np.array(run["val_loss"])
records = np.flatnonzero(val_loss == np.minimum.accumulate(val_loss))  # a new best, from 0
print()
predict.compare("files written", len(records))

from_file = keras.saving.load_model(best_file)
expect.close(from_file(x_val[:500]), steered(x_val[:500]), atol=1e-5, name="file and memory")
loss = float(keras.losses.SparseCategoricalCrossentropy()(y_val, steered(x_val)))
expect.close(loss, val_loss.min(), rtol=1e-3, name="its validation loss, and the lowest")

# %%
fig, (top, low) = plt.subplots(
    2, 1, figsize=(8, 5), sharex=True, height_ratios=[2, 1], layout="constrained"
)
plots.learning_curves(run, ax=top)
style = dict(color="black", ms=9, ls="", zorder=3)
top.plot(records + 1, val_loss[records], marker="^", mfc="white", label="file written", **style)
top.plot(records[-1] + 1, val_loss[records[-1]], marker="*", label="best: kept, restored", **style)
top.set(title="Keep, stop, slow down", xlabel="", ylim=(0, None))
top.legend()
low.plot(np.arange(1, len(val_loss) + 1), run["learning_rate"], "o-", color=plots.COLOURS["black"])
low.set(title="The rate that the scheduler gave", xlabel="epoch", ylabel="learning rate")
low.set_ylim(0, 1.2 * run["learning_rate"][0])
alt = f"Files are written after epochs {(records + 1).tolist()}; the star is at the last of them. "
rate_now = f"The rate goes from {run['learning_rate'][0]:.4f} to {run['learning_rate'][-1]:.5f}."
alt += f"{plots.alt_text(fig)} {rate_now}"
plots.show(fig, alt=alt)
print(f"best epoch {records[-1] + 1}, ended after {len(val_loss)} of at most 40")

# %%
answers = {
    "ModelCheckpoint": "Right: a file outlives the process. The others live in its memory.",
    "EarlyStopping with restore_best_weights": "Misconception: that restoring reads a file. It "
    "keeps a copy in memory, and puts it back when fit ends.",
    "LearningRateScheduler": "Misconception: that slowing down protects. It keeps nothing.",
}
quiz.ask("The power fails in epoch 30. Which callback has saved your night?", answers)

# %% [markdown]
# ## Train *(15 min)*
#
# ### Idea 3: a log for each run
#
# Printed lines scroll away. The callback `TensorBoard` writes the numbers to disk, into an **event file**, while
# training goes on. The program TensorBoard shows such files in a browser, live, and many runs side by side. So
# **each run gets a folder of its own**, with a name that says what is special about it. Two runs in one folder
# would be mixed up.
#
# Names from the settings, as here, can be read a month later; add the time of day, if you repeat a setting.
# **Guess** first: Adam with rate 0.001 or 0.0001, three epochs: which has the lower validation loss? Type `"0.001"`
# or `"0.0001"` before you run the cell. Each run of the cell makes a new folder for the two logs.

# %%
# NBVAL_CHECK_OUTPUT
rate_guess = None
predict.record("lower validation loss", rate_guess)
log_root = Path(tempfile.mkdtemp(dir=folder.name))  # new each time: one folder, one run
for rate in (0.001, 0.0001):
    log = keras.callbacks.TensorBoard(log_root / f"adam-{rate}-batch-100", write_graph=False)
    keras.utils.set_random_seed(0)
    model = compiled(keras.optimizers.Adam(learning_rate=rate))
    model.fit(x_train, y_train, epochs=3, batch_size=100, callbacks=[log], **check)
for path in sorted(log_root.glob("*/*")):
    files = len(list(path.glob("*tfevents*")))
    print(f"{path.relative_to(log_root).as_posix():34} {files} event file")

# %% [markdown]
# Now open TensorBoard on them, if you like: set the flag to `True`. It runs as a program of its own and appears
# below the cell, in Jupyter and on Colab. (In a notebook without our flag you would type the two magic lines
# `%load_ext tensorboard` and `%tensorboard --logdir FOLDER`; in a terminal, `tensorboard --logdir FOLDER`, and open
# the address that it prints.) It goes on running until you stop it: on Colab with *Runtime → Restart*; elsewhere
# `notebook.list()` prints its process number, and `kill NUMBER` in a terminal (in Windows' cmd
# `taskkill /F /PID NUMBER`) ends it. The logs go with this notebook's temporary folder; for your own work, choose one that stays.
#
# Without TensorBoard nothing is lost: an event file is a list of *events*, each with a **tag** (what), a **step**
# (for the tags `epoch_…`: which epoch, from 0), a time and a number. Its own reader gives them back: below the flag
# the tags and one event, then the picture. **Look at** the four lines: two runs, each with a folder `train` and a
# folder `validation`. Which run would you go on with? (TensorBoard does not move training half an epoch earlier, and
# neither do we here. You know better.)

# %%
RUN_TENSORBOARD = False
if RUN_TENSORBOARD:
    from tensorboard import notebook

    # The program beside this Python, also where its environment is not activated.
    beside = shutil.which("tensorboard", path=str(Path(sys.executable).parent))
    os.environ.setdefault("TENSORBOARD_BINARY", beside or "tensorboard")
    notebook.start(f'--logdir "{log_root.as_posix()}"')
else:
    print("TensorBoard stays off. Set RUN_TENSORBOARD = True to see the runs in it.")

log = EventAccumulator(str(log_root / "adam-0.001-batch-100" / "train")).Reload()
print("tags:", ", ".join(log.Tags()["tensors"]))
event = log.Tensors("epoch_loss")[0]
number = float(make_ndarray(event.tensor_proto))
print(f"one event: tag epoch_loss, step {event.step}, number {number:.2f}")


# %%
def read(name, part, tag="epoch_loss"):
    events = EventAccumulator(str(log_root / name / part)).Reload().Tensors(tag)
    return [event.step + 1 for event in events], [make_ndarray(e.tensor_proto) for e in events]


fig, axes = plt.subplots(1, 2, figsize=(10, 3.8), sharex=True, layout="constrained")
names = sorted(path.name for path in log_root.iterdir())
for ax, tag in zip(axes, ("epoch_loss", "epoch_accuracy")):
    for name, colour, marker in zip(names, ("orange", "blue"), "so"):
        for part, dash in (("train", ":"), ("validation", "-")):
            style = dict(color=plots.COLOURS[colour], marker=marker, ls=dash, mfc="white")
            ax.plot(*read(name, part, tag), **style, label=f"{name}, {part}")
    ax.set(title=tag, xlabel="epoch", ylabel=tag.removeprefix("epoch_"))
    ax.set_xticks([1, 2, 3])
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
ends = zip(axes[0].lines, axes[1].lines)
told = [f"{a.get_label()} {a.get_ydata()[-1]:.2f} and {b.get_ydata()[-1]:.2f}" for a, b in ends]
plots.show(fig, alt=f"Loss and accuracy after three epochs: {'; '.join(told)}.")

last = {name.split("-", 1)[1]: float(read(name, "validation")[1][-1]) for name in names}
last = {name.removesuffix("-batch-100"): loss for name, loss in last.items()}
predict.compare("lower validation loss", min(last, key=last.get))
assert read(names[-1], "validation")[0] == [1, 2, 3] and last["0.001"] < last["0.0001"]

# %%
answers = {
    "20": "Right: one an epoch. update_freq would ask for more.",
    "2,000": "Misconception: that each batch is logged. The default is once an epoch.",
    "40": "Misconception: that validation is logged there too. It has a folder of its own.",
}
quiz.ask(
    "A fit of 20 epochs, 100 batches each, was logged with the default settings. How many events "
    "epoch_loss are in its folder train?",
    answers,
)

# %% [markdown]
# ### Idea 4: let the network choose the rate
#
# Two tries said: 0.001 rather than 0.0001. Why not try *all* rates, in one short run? Begin with a tiny rate, and
# multiply it by a little more than 1 **after every batch**, up to a huge one. Note the loss of each batch. At first
# nothing moves; then the loss falls; then it explodes. That is a **learning-rate finder**, and it costs one epoch.
#
# Two callbacks. `BatchLosses` notes each batch's loss, and must undo the running mean: after $k$ batches the sum is
# $k$ times the mean, so the last batch's loss is the sum now, minus the sum before. `RateFinder` inherits that, and
# sets the rate before each batch. One batch is noisy, so we smooth: a fading average,
# $s\leftarrow0.9\,s+0.1\,\ell$, divided by the weights it has had so far (as in Adam).


# %%
class BatchLosses(keras.callbacks.Callback):
    """Note the loss of each batch, not the mean of the epoch so far."""

    def on_train_begin(self, logs=None):
        self.losses = []

    def on_epoch_begin(self, epoch, logs=None):
        self.sum = 0.0

    def on_train_batch_end(self, batch, logs=None):
        new_sum = (batch + 1) * logs["loss"]  # batches count from 0
        self.losses.append(new_sum - self.sum)
        self.sum = new_sum


def smooth(losses, fade=0.9):
    s, curve = 0.0, []
    for k, loss in enumerate(losses, start=1):
        s = fade * s + (1 - fade) * loss
        curve.append(s / (1 - fade**k))  # the weights so far add up to 1 - fade**k
    return np.array(curve)


# %% [markdown]
# Where on the curve is the good rate? Not at the lowest point: there the loss has *stopped falling*, so the steps are
# already too long to help, and a little further it explodes. The **rule of thumb**: a *tenth* of the rate at the
# lowest point, where the curve still falls, or has just come down.
#
# The answer holds for *this* network, *this* optimiser and *this* batch size. So we let the finder run with Adam, in
# three random starts, and once with the SGD of the blind run.
#
# **Guess** the suggested rate for Adam, with batches of 32, as a power of ten: −3 means 0.001. Then **look at** the
# three lines of Adam: how far apart are their lowest points? And how far from SGD's? (The axis is logarithmic: one
# *numbered* mark is a factor of ten.)


# %%
class RateFinder(BatchLosses):
    """Set one rate for each batch of an epoch, and stop when the loss explodes."""

    def __init__(self, rates):
        super().__init__()
        self.rates = rates

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = self.rates[batch]

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        if not self.losses[-1] < 4 * self.losses[0]:  # also if it is not a number
            self.model.stop_training = True


rates = np.geomspace(1e-5, 10, 300)


def find(optimizer, start=0):
    keras.utils.set_random_seed(start)
    finder, model = RateFinder(rates), compiled(optimizer)
    model.fit(x_train[:9_600], y_train[:9_600], batch_size=32, verbose=0, callbacks=[finder])
    return rates[: len(finder.losses)], finder.losses


pick_guess = None
predict.record("suggested rate", pick_guess, unit="(power of ten)")

# %%
fig, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
looks = (("Adam", 0, "blue", "-"), ("Adam", 1, "vermillion", "--"), ("Adam", 2, "green", "-."))
lowest = {"Adam": [], "SGD": []}
for name, start, colour, dash in (*looks, ("SGD", 0, "black", (0, (1, 1)))):
    used, losses = find(keras.optimizers.get(name), start)
    curve = smooth(losses)
    best = np.nanargmin(curve)  # nan: a loss that is not a number is no lowest point
    lowest[name].append(used[best])
    ax.semilogx(used, losses, ".", color="0.8", ms=3, zorder=0)
    style = dict(color=plots.COLOURS[colour], label=f"{name}, start {start}")
    ax.semilogx(used, curve, ls=dash, marker="v", markevery=[best], ms=9, **style)
pick, sgd_pick = (float(np.median(lowest[name])) / 10 for name in ("Adam", "SGD"))
ax.axvline(pick, color="0.5", lw=2, label="Adam: a tenth of the median lowest")
ax.set(title="A learning-rate finder", xlabel="learning rate (log scale)", ylim=(0, 4))
ax.set_ylabel("batch loss, smoothed")
ax.legend(loc="upper left")
plots.show(fig, alt="Flat, then falling, a low stretch, then up. Lowest points: as printed below.")
print("Adam: lowest at", *[f"{rate:.4f}" for rate in lowest["Adam"]], f"suggested {pick:.4f}")
print(f"SGD:  lowest at {lowest['SGD'][0]:.4f}, suggested {sgd_pick:.4f}")
predict.compare("suggested rate", float(np.log10(pick)), rtol=0.15)

# %%
answers = {
    "None of these numbers: let the finder run with Adam": "Right: the answer holds for one "
    "optimiser and one batch size.",
    "0.05, a tenth": "Misconception: that a rate belongs to the network. It belongs to the optimiser, too.",
    "0.5": "Misconception: that the lowest point is a rate to train with. Not even for SGD.",
}
quiz.ask("A finder run with SGD is lowest at 0.5. With which rate do you begin Adam?", answers)

# %% [markdown]
# The valley is broad, and where its lowest point lies is luck: other starts may put it at two or three times the
# rate, or at a third. So the finder gives an **order of magnitude**, not three digits. Its other limits: it looks
# at the first moments only, when a network bears less than later, or more; each rate had to be borne for *one* batch
# only; and the curve lags behind the rate, since weights that were ruined at one rate are still ruined at the next.
# So use it to begin, and let validation decide.
#
# ## Judge *(7 min)*
#
# Does the rule of thumb hold? Four trainings of one epoch, with Adam: with a tenth of the suggested rate, with the
# suggested one, with the rate at the lowest point (ten times as much), and a huge one (thirty times more again).
#
# **Guess** the validation loss of the huge rate. Then **look at** the outer two: do they lose in the same way?

# %%
huge_guess = None
predict.record("loss of the huge rate", huge_guess)
factors = {"a tenth": 0.1, "suggested": 1, "lowest point": 10, "huge": 300}
looks = dict(zip(factors, (("sky", ":"), ("blue", "-"), ("orange", "-."), ("vermillion", "--"))))
fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
for name, factor in factors.items():
    keras.utils.set_random_seed(0)
    note, model = BatchLosses(), compiled(keras.optimizers.Adam(learning_rate=factor * pick))
    options = dict(callbacks=[note, dots], epochs=1, batch_size=32) | check
    run = model.fit(x_train[:9_600], y_train[:9_600], **options).history
    label = f"{name}: validation loss {run['val_loss'][-1]:.2f}"
    colour, dash = looks[name]
    ax.semilogy(smooth(note.losses), ls=dash, color=plots.COLOURS[colour], label=label)
ax.set(title="Four rates", xlabel="batch", ylabel="training loss, smoothed (log scale)")
ax.legend()
curves = [(line.get_label(), line.get_ydata()) for line in ax.lines]
told = [f"{name}; training highest {max(y):.1f}, last {y[-1]:.2f}" for name, y in curves]
plots.show(fig, alt=f"Four curves of training loss. {'. '.join(told)}.")
predict.compare("loss of the huge rate", run["val_loss"][-1])
print(f"ln 10 = {np.log(10):.2f}")

# %% [markdown]
# A tenth is only late: give it time, and it arrives. The huge rate leaps up, and comes back to about ln 10: that is
# the loss of one who says a tenth to each class. The weights are ruined, the network answers the same to every image,
# and more time is no cure. How the lowest point does is a matter of luck: of the start, and of where the noise has
# put that point. The suggested rate is the safe one: the rule is cautious on purpose. Begin with it, let validation
# compare it with three times as much, and let the rate **fall** towards the end (Idea 2).
#
# ### Once: the test images
#
# Validation has chosen again and again today: an epoch, a rate, one rate of four. Its number flatters us by now. So
# the **test** images, once, on three networks of two epochs each: the blind run (SGD with 0.01); SGD with the rate
# that the finder suggests for *it*; and Adam with its own. The second differs from the first by the rate alone. The
# third shows what the optimiser adds. **Guess** how many *more* of the 2,000 the second gets right than the first.
# (Part 1 asked these images about another network. That does no harm as long as nothing is *chosen* by them, and
# nothing was.)

# %%
more_guess = None
predict.record("gain by the rate", more_guess, unit="more of 2,000 images")
networks = {"SGD, Keras' rate": blind}
for kind, found in (("SGD", sgd_pick), ("Adam", pick)):
    keras.utils.set_random_seed(0)
    model = compiled(keras.optimizers.get(kind))
    model.optimizer.learning_rate = found
    model.fit(x_train, y_train, epochs=2, batch_size=32, callbacks=[dots], **check)
    networks[f"{kind}, found rate"] = model
print()
x_test, y_test = (clothes.x_test / 255).astype("float32"), clothes.y_test
right = []
for name, model in networks.items():
    right.append(int(np.sum(np.asarray(model(x_test)).argmax(axis=1) == y_test)))
    part = right[-1] / len(y_test)
    luck = 2 * np.sqrt(part * (1 - part) / len(y_test))  # two standard errors
    print(f"{name:16} {100 * part:.1f} % right, give or take {100 * luck:.1f}")
predict.compare("gain by the rate", right[1] - right[0])
assert right[1] > right[0]

# %% [markdown]
# The same network, the same images, the same optimiser, the same epochs: the rate alone made the first step. How much
# Adam adds to a well-chosen SGD, compare with the give or take. And Adam's default, 0.001, is about what the finder
# said: there many people have looked already. SGD's default, 0.01, suits fewer networks.
#
# They have been asked. What follows is judged on validation alone.
#
# ## Improve *(17 min)*
#
# ### Idea 5: batch and rate change together
#
# "Take the batch as large as memory allows": good advice where a chip computes many images at once, as GPUs do.
# Then an epoch takes less time. The memory: each image of the batch keeps its 784 pixels and the outputs of all
# layers until the backward pass, 4 bytes a number; each parameter stands there four times (itself, its gradient,
# Adam's two averages). Here that is little; for photographs it fills a GPU. To find the largest
# batch, double it until `fit` fails with `ResourceExhausted` (out of memory), then go one back, and see whether the
# seconds per epoch still fell: often they stop earlier. And validation may suffer: at the same number of epochs, large
# batches sometimes do worse on new images.
#
# But 16 times the batch means a *sixteenth* of the steps in an epoch. To get as far, each step must be longer, and
# it may be: the larger sample knows the way more surely. The **linear rule**: as many times the batch, so many
# times the rate. (Found for SGD. For Adam many take the root, 4 times.) Why so many times? Sixteen small steps, one
# after the other, see nearly the same slope; one step on their mean goes as far if it is sixteen times as long. Adam
# divides by the size of the gradient, noise and all, and there the spread counts: so the root. We take the linear
# rule all the same: it is too bold for Adam, and so you see what **warm-up** is for. At the start the way turns
# quickly, and Adam's averages are young; so one raises the rate evenly over the first batches (here 20 of 38: half of
# our short run; usually a few hundred of many thousands). Then try the root yourself, below.
#
# **Guess:** after two epochs at the *same* rate, how many times the validation loss of batch 32 has batch 512? Each
# run with 512 has two random starts. **Look at** the first ten batches on the left: what do the dashed lines do there
# that the others do not? And on the right: what does a large batch cost in two epochs, and how much of it comes back?


# %%
class WarmUp(keras.callbacks.Callback):
    """Raise the rate evenly to its full value over the first batches."""

    def __init__(self, rate, batches):
        super().__init__()
        self.rate, self.batches, self.seen = rate, batches, 0

    def on_train_batch_begin(self, batch, logs=None):
        self.seen += 1
        if self.seen <= self.batches:
            self.model.optimizer.learning_rate = self.rate * self.seen / self.batches


same_guess = None
predict.record("loss of batch 512, same rate", same_guess, unit="times that of batch 32")
per_image, parameters = 4 * (784 + 4 * 100 + 10), build().count_params()
assert parameters == (784 + 1) * 100 + 3 * (100 + 1) * 100 + (100 + 1) * 10 == 109_810
for n in (32, 512):
    print(f"batch {n:3}: about {(n * per_image + 4 * 4 * parameters) / 1e6:.1f} MB")

# %%
rate, scale = 0.001, 16  # scale: how many times the rate, for 16 times the batch
whole = 304 * 32  # or 19 * 512: only whole batches, so that the mean of means is right
races = {
    "32": (32, rate, 0),
    "512, same rate": (512, rate, 0),
    "512, scaled rate": (512, scale * rate, 0),
    "512, scaled, warm-up": (512, scale * rate, 20),
}
race, batch_loss = {name: [] for name in races}, {}
for name, (n, full, batches) in races.items():
    for start in range(2) if n == 512 else [0]:
        keras.utils.set_random_seed(start)
        note, model = BatchLosses(), compiled(keras.optimizers.Adam(learning_rate=full))
        helpers = dict(callbacks=[WarmUp(full, batches), note, dots], epochs=2, batch_size=n)
        run = model.fit(x_train[:whole], y_train[:whole], **helpers, **check).history
        race[name].append(run["val_loss"])
        batch_loss[name, start] = note.losses
ends = {name: np.mean(runs, axis=0)[-1] for name, runs in race.items()}
print()
predict.compare("loss of batch 512, same rate", ends["512, same rate"] / ends["32"])

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.4), layout="constrained")
looks = {"32": ("black", "-", "o"), "512, same rate": ("sky", ":", "^")}
looks |= {"512, scaled rate": ("vermillion", "--", "s"), "512, scaled, warm-up": ("blue", "-", "D")}
for name, (colour, dash, marker) in looks.items():
    colour = plots.COLOURS[colour]
    for start, values in enumerate(race[name]):
        if name != "32":
            left.plot(np.arange(1, 39), batch_loss[name, start], dash, color=colour)
        label = name if start == 0 else None
        right.plot([1, 2], values, dash, marker=marker, color=colour, label=label, mfc="white")
left.set(title="Batches of 512, two epochs", xlabel="batch", ylabel="loss of the batch")
right.set(title="After each epoch", xlabel="epoch", ylabel="validation loss", xticks=[1, 2])
fig.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=4)
most = {
    name: max(max(batch_loss[name, start][:10]) for start in range(2)) for name in list(races)[1:]
}
told = ", ".join(f"{name} {high:.1f}" for name, high in most.items())
plots.show(fig, alt=f"Largest loss in the first ten batches: {told}. Right, the ends: as printed.")
for name, end in ends.items():
    print(f"{name:22} validation loss {end:.2f} after two epochs (mean of {len(race[name])})")

# %%
answers = {
    "Raise the rate too, with warm-up, and check on validation": "Right: fewer steps want to be longer, "
    "after a gentle start.",
    "Keep the rate: it was tuned": "Misconception: that a rate is good by itself. It was good for that batch size.",
    "Lower the rate: large batches are dangerous": "Misconception: a large batch is the surer guide. It "
    "bears longer steps.",
}
quiz.ask("You move to a GPU and take batches eight times as large. What about the rate?", answers)

# %% [markdown]
# The leap is real, and warm-up takes it away. What a large batch loses in two epochs comes back in part, not whole:
# it has made a sixteenth of the steps. Two starts of one colour differ as much as some colours do: trust the leap,
# and not the second digit of the means. Over more epochs the gap closes, and luck decides. What one buys with large
# batches is time, on a machine that has room for them.
#
# ### Your turn: a callback that stops
#
# A callback may act. `self.model.stop_training = True` ends the fit at the end of this epoch (set in a batch hook, as in
# `RateFinder`: after this batch). Make this one stop when the
# ratio is above its limit. The cell runs as it stands, to the end.


# %%
class StopAtRatio(keras.callbacks.Callback):
    limit = 1.6

    def on_epoch_end(self, epoch, logs=None):
        too_far = False  # change this: is val_loss over loss above the limit?
        if too_far:
            self.model.stop_training = True


keras.utils.set_random_seed(0)
model = compiled(keras.optimizers.Adam(learning_rate=0.002))
run = model.fit(**few, epochs=15, callbacks=[StopAtRatio()], **check).history
print(len(run["loss"]), "epochs:", "it stopped" if len(run["loss"]) < 15 else "not stopped yet")

# %% [markdown]
# <details><summary>One way</summary>
#
# `too_far = logs["val_loss"] > self.limit * logs["loss"]`
#
# </details>
#
# ### Change one thing
#
# Each row is one change to a cell above; predict, run that cell and those that show its result. Then put it
# back, and run it again: `few` is used further down.
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | `patience` | 6 → 1 | better or worse weights? | it ends at the first stumble, and never learns whether a better epoch would have come |
# | `few`: `[:1_000]`, twice | 1,000 → 4,000 | where does the last ratio go? | nearer to 1: more images are harder to learn by heart |
# | `scale` | 16 → 1 | which lines with 512 coincide? | same and scaled rate: now they are one run. Warm-up alone is no faster: it only begins slower |
# | `scale` | 16 → 4, the root | is warm-up needed? | hardly: nothing leaps, and the result is as good |
# | `scale` | 16 → 64 | does warm-up save it? | it helps much, and not enough: every rule ends somewhere |
#
# ### Find the bug
#
# A friend wants a rate that falls by a fifth in each epoch. Her formula is right: $0.8^{\text{epoch}}$. After a few
# epochs nothing moves. "It has converged," she says, "and early." Has it? There is no error message. Print what you
# need.


# %%
def fall_by_a_fifth(epoch, rate):
    return rate * 0.8**epoch


keras.utils.set_random_seed(0)
friend = compiled(keras.optimizers.Adam(learning_rate=0.001))
slow = keras.callbacks.LearningRateScheduler(fall_by_a_fifth)
run = friend.fit(**few, epochs=12, callbacks=[slow, dots], **check).history
ax = plots.learning_curves(run)
ax.set(title="The friend's network", ylim=(0, None))
plots.show(ax, alt=f"Both curves are flat in the last epochs. {plots.alt_text(ax)}")

# %% [markdown]
# <details><summary>The answer</summary>
#
# Look at `run["learning_rate"]`. The second argument is the **present** rate, which has fallen already. She takes
# 0.8, then 0.64 *of that*, then 0.51 of that: the exponents add up, $0.8^{0+1+\dots+11} = 0.8^{66}$, less than a
# millionth. The network has not converged; it stands still. Either `rate * 0.8` (from the present rate), or `0.001
# * 0.8**epoch` (from the first). A flat curve has two causes: nothing left to learn, or no steps.
#
# </details>
#
# ## Take away *(2 min)*
#
# - A callback is an object with hooks; `fit` calls them at fixed moments, with `logs`. `val_loss` is known at the
#   end of an epoch.
# - Checkpoints outlive a crash; early stopping ends in time; a scheduler changes the rate, from the *present* one.
# - One log folder for each run, named by its settings. An event is a tag, a step, a time and a number.
# - Finder: raise the rate with every batch; take about a tenth of the rate at the lowest point. An order of
#   magnitude, for this optimiser and this batch size.
# - Larger batch: fewer, surer steps. Raise the rate with it, warm up, and let validation decide.
#
# **Explain without looking:** which hooks run once in a fit? · Why does a ratio begin below 1? · What does a
# checkpoint have that restored weights have not? · Why must the finder undo a mean? · What is warm-up for?
#
# **You may meet** `model.optimizer.lr = …`: in Keras 3 it gives no error and *changes nothing*; write
# `model.optimizer.learning_rate = …` (also for `K.set_value(model.optimizer.lr, …)`). `fit_generator(…,
# callbacks=…)` is `fit` today. `period=5` in `ModelCheckpoint` meant epochs; `save_freq=5` means *batches*, and
# `save_freq="epoch"`, the default, each epoch. `on_batch_end` is an old name of `on_train_batch_end`. Warm-up may also
# be written as a *schedule*, an object given to the optimiser as its rate; then no callback may set the rate.
#
# **Next:** {{next}}. You let the computer try the settings, and read images from folders.
