# %% [markdown]
# # Regression 2: when a network does not learn, and when it learns too much
#
# {{badge}}
#
# Most networks fail at first, without an error message. This lecture is about reading the signs. You get a network
# that hardly learns, find out why, and cure it. Then you make one that learns its rows by heart, and cure that too.

# %% [markdown]
# ## Objectives *(2 min)*
#
# **75 minutes.** You need part 1: dense layers, MSE, minibatch, Adagrad and Adam, validation data, noise floor.
# On Colab, save a copy in Drive first (*File → Save a copy in Drive*), or your work is lost when you close the tab.
#
# At the end you can
#
# 1. tell underfitting from overfitting by two learning curves and a baseline;
# 2. name three cures for each, and try them one at a time;
# 3. say what L2, dropout and early stopping do, while training and at prediction;
# 4. keep the test data closed until the end, and open them once.

# %%
from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression


# %% [markdown]
# ## Problem *(3 min)*
#
# The greenhouse again: position $x_1$ and time $x_2$ in, degrees above the set point $y$ out. A colleague sends you a
# network from a workshop, with the settings used there: 2 → 5 → 5 → 1, Adagrad with learning rate 0.1, 1,000 epochs,
# batches of 10, L2 penalty 0.01, dropout 0.4, early stopping with patience 10. "It runs," she says, "but the forecasts
# are useless." What is wrong with it, and what do you change first?
#
# ## Look at the data *(6 min)*
#
# There are three piles of rows, each with one purpose. **Training** rows move the weights. **Validation** rows help *you* choose:
# settings, size, when to stop. **Test** rows are for one honest number at the end. A pile that has helped to choose cannot judge
# the choice: you would praise your own luck. **Look for** gaps: do all three piles cover the whole square?

# %%
greenhouse = data.load_regression()
x_train, y_train = greenhouse.x_train[:80], greenhouse.y_train[:80]
x_val, y_val = greenhouse.x_train[80:], greenhouse.y_train[80:]
piles = {
    "training": (x_train, "o", "blue"),
    "validation": (x_val, "s", "vermillion"),
    "test": (greenhouse.x_test, "^", "black"),
}
fig, ax = plt.subplots(figsize=(5.5, 4), layout="constrained")
alt = "Rows in the four quarters of the square (x2 early, late at low x1; the same at high x1):"
for name, (x, marker, colour) in piles.items():
    ax.plot(*x.T, marker, color=plots.COLOURS[colour], label=f"{name}: {len(x)} rows", ms=5)
    counts, *_ = np.histogram2d(*x.T, bins=2, range=[[0, 1], [0, 1]])
    alt += f" {name} {counts.ravel().astype(int).tolist()}."
ax.set(title="Three piles of rows", xlabel="x1: position", ylabel="x2: time")
fig.legend(loc="outside right upper")
plots.show(fig, alt=alt)
assert (len(x_train), len(x_val), len(greenhouse.x_test)) == (80, 30, 40)

# %%
answers = {
    "The validation rows": "Right: choosing is what they are for. Test rows come after the last choice.",
    "The test rows: they are the final judge": "Misconception: that judge and adviser can be one. "
    "The best of ten by test error looks better than it is.",
    "The training rows: there are more of them": "Misconception: that a low training error means a "
    "good model. The largest network always wins there.",
}
quiz.ask("You try ten networks. Which rows choose between them?", answers)

# %% [markdown]
# ## Baseline *(4 min)*
#
# Before any network: how good are the mean and a plane, and where is the floor? Every error below will be read
# against these three.

# %%
floor = greenhouse.noise_variance


def mse(y_true, y_pred):
    assert np.shape(y_true) == np.shape(y_pred), "shapes differ: this would broadcast"
    return float(np.mean((y_true - y_pred) ** 2))


mean_mse = mse(y_val, np.full(30, y_train.mean()))
plane_mse = mse(y_val, LinearRegression().fit(x_train, y_train).predict(x_val))
print(f"mean {mean_mse:.3f}, plane {plane_mse:.3f}, noise floor {floor:.3f} °C²")

# %% [markdown]
# ## Build *(11 min)*
#
# ### Idea 1: two brakes
#
# A network with many weights can learn noise. **Regularisation** makes that hard.
#
# - A **penalty** is added to the loss: **L2** adds $\lambda \sum w^2$ and keeps weights small, so that the surface is
#   gentle; **L1** adds $\lambda \sum |w|$ and pulls the useless ones to almost zero.
# - **Dropout** switches off each unit with probability $p$, anew for each row in each training step. What is left is divided by
#   $1 - p$, so the average stays. No unit can rely on one neighbour.
#
# At prediction dropout is **off**: Keras passes `training=True` in `fit`, `False` in `predict`. **Look at** eight passes of five units
# that all say 1: what is a zero, and why is the rest larger than 1?

# %%
dropout = keras.layers.Dropout(0.4, seed=3)
ones = np.ones((8, 5), dtype="float32")  # eight passes, five units

fig, axes = plt.subplots(1, 2, figsize=(7.5, 4), sharey=True, layout="constrained")
for ax, training in zip(axes, (True, False)):
    after = np.asarray(dropout(ones, training=training))
    ax.imshow(after, cmap="Blues", vmin=0, vmax=3)
    for (row, column), value in np.ndenumerate(after):
        ax.text(column, row, f"{value:.2f}", ha="center", va="center")
    ax.set(title=f"training={training}", xlabel="unit")
axes[0].set_ylabel("pass")
plots.show(
    fig, alt="With training=True some units are 0.00, the rest 1.67. With False all are 1.00."
)
np.testing.assert_array_equal(dropout(ones, training=False), ones)  # at prediction: nothing

# %%
answers = {
    "They are the same": "Right: at prediction dropout is off, so nothing is random any more.",
    "They differ: dropout is random": "Misconception: that dropout also acts at prediction. "
    "Only with model(x, training=True).",
    "The second is better": "Misconception: that predicting trains. Only fit moves weights.",
}
quiz.ask("You call predict twice on the same rows. The results?", answers)

# %% [markdown]
# Here is the workshop's network, brakes and all. After each hidden layer stands a dropout layer. It adds no parameters:
# the number is still 51. And the penalty is nothing secret: `model.losses` is $\lambda \sum w^2$ of each layer that has one.


# %%
def workshop_net(l2=0.01, rate=0.4):
    return keras.Sequential(
        [
            keras.Input(shape=(2,)),
            keras.layers.Dense(5, activation="tanh", kernel_regularizer=keras.regularizers.L2(l2)),
            keras.layers.Dropout(rate),
            keras.layers.Dense(5, activation="tanh", kernel_regularizer=keras.regularizers.L2(l2)),
            keras.layers.Dropout(rate),
            keras.layers.Dense(1),
        ]
    )


model = workshop_net()
assert model.count_params() == 15 + 30 + 6
kernels = [w.numpy() for w in model.trainable_variables if w.name == "kernel"]
by_hand = [0.01 * np.sum(kernel**2) for kernel in kernels[:2]]  # the hidden layers
expect.close(np.array([float(p) for p in model.losses]), by_hand, rtol=1e-4, name="the penalties")

# %% [markdown]
# ## Train *(11 min)*
#
# ### Idea 2: stop when it gets no better
#
# **Early stopping** watches the validation loss. If it has not improved for *patience* epochs, training ends. But by then the
# weights are *patience* epochs past the best ones: `restore_best_weights=True` goes back to them. So a fit gets a generous limit of epochs and
# ends by itself.
#
# We keep her settings, but for one: at most 100 epochs instead of 1,000. That is open shortening, to spare you the waiting in case
# patience does not end the fit before. (Patience watches the validation *loss*, with the penalty; the picture shows the MSE alone. `metrics=["mse"]` asks for it: a **metric** is a number that is only watched.)
#
# **Guess:** how large is the workshop network's validation error, in percent of the *plane's*? Then run, and **look at** the curves
# and the floor. Do the curves part? Do they come down?

# %%
workshop_guess = None  # percent: 100 is as bad as the plane, 0 is perfect

predict.record("workshop", workshop_guess, unit="% of the plane's error")
dots = keras.callbacks.LambdaCallback(  # one dot is ten epochs
    on_epoch_end=lambda epoch, logs: print(end="." if epoch % 10 == 9 else "", flush=True)
)

# %%
keras.utils.set_random_seed(0)
model = workshop_net()
model.compile(optimizer=keras.optimizers.Adagrad(learning_rate=0.1), loss="mse", metrics=["mse"])
stop = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
history = model.fit(
    x_train,
    y_train,
    validation_data=(x_val, y_val),
    epochs=100,  # the workshop: 1,000
    batch_size=10,
    callbacks=[stop, dots],
    verbose=0,
)
ax = plots.learning_curves(history, metric="mse", floor=floor)
ax.axhline(plane_mse, color=plots.COLOURS["green"], ls="-.", label="plane")
ax.set(title="The workshop's network", ylabel="MSE [°C²]", ylim=(0, None))
ax.legend()
plots.show(ax, alt=plots.alt_text(ax) + f" For comparison: the plane's error is {plane_mse:.3g}.")

# %%
answers = {
    "Those of epoch 30": "Right: restore_best_weights goes back to the lowest validation loss.",
    "Those of epoch 40": "Misconception: that stopping is enough. Without restoring you get these.",
    "An average of 30 to 40": "Misconception: that patience averages. It only waits.",
}
quiz.ask(
    "Lowest at epoch 30, patience 10, best weights restored. Which weights do you get?", answers
)

# %% [markdown]
# ## Judge *(11 min)*
#
# ### Idea 3: too stiff, or too nervous
#
# A model can be wrong in two ways. **Underfitting**, or *high bias*: it is too stiff to follow the truth, whatever the rows.
# **Overfitting**, or *high variance*: it follows every row, noise included, and would look quite different on other rows. (This *bias* is
# statisticians' word for what a model misses on average, and *variance* for how much it changes with the rows. Neither is the number that a
# neuron adds, nor the variance of the noise.) **Look at** three
# polynomials through the same twelve readings. Which comes nearest to the readings? And to the truth?
#
# | | training error | validation error |
# |---|---|---|
# | underfits | far above the floor | about as high |
# | fits | near the floor | near the floor |
# | overfits | **far below** the floor | far above it |

# %%
t, grid = np.linspace(0.02, 0.98, 12), np.linspace(0, 1, 201)
truth = np.sin(2 * np.pi * grid)
readings = np.sin(2 * np.pi * t) + np.random.default_rng(4).normal(0, 0.3, 12)

fig, axes = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True, layout="constrained")
alt = "A wave, twelve readings around it, and three fits."
for ax, degree, verdict in zip(axes, (1, 3, 11), ("underfits", "fits", "overfits")):
    fit = np.polynomial.Polynomial.fit(t, readings, degree)
    ax.plot(grid, truth, color="0.6", lw=4, label="truth")
    ax.plot(grid, fit(grid), "--", color=plots.COLOURS["vermillion"], label="fit")
    ax.plot(t, readings, "o", color=plots.COLOURS["blue"], label="reading")
    near, off = np.abs(fit(t) - readings).mean(), np.abs(fit(grid) - truth).mean()
    alt += f" Degree {degree}: mean distance {near:.2f} °C from the readings, {off:.2f} from the truth."
    ax.set(title=f"degree {degree}: {verdict}", xlabel="x2: time", ylim=(-2.2, 2.2))
axes[0].set_ylabel("y [°C]")
axes[0].legend(fontsize=8)
plots.show(fig, alt=alt)

# %%
answers = {
    "It underfits": "Right: both are high and close together. It cannot even follow what it sees.",
    "It overfits: validation is bad": "Misconception: that a bad validation error means overfitting. "
    "Look at the training error first.",
    "It fits: the curves agree": "Misconception: that agreement is enough. They agree on a bad error.",
}
quiz.ask(
    "Training and validation error are equal, and both thirty times the noise floor. Your verdict?",
    answers,
)

# %% [markdown]
# Now the patient. In the learning curves training lies *above* validation, which looks odd. It is not: Keras measures the training
# error while dropout is on, the validation error with dropout off. So measure both again, after training, with dropout off; then put
# the surface beside the truth. **Compare** the heights: what is left of the ridge and the valley, and of the bowl?

# %%
workshop_train = mse(y_train, model.predict(x_train, verbose=0)[:, 0])
workshop_val = mse(y_val, model.predict(x_val, verbose=0)[:, 0])
print(
    f"times the floor: training {workshop_train / floor:.0f}, validation {workshop_val / floor:.0f}"
)
predict.compare("workshop", 100 * workshop_val / plane_mse)
expect.that(
    workshop_train > 10 * floor,
    expected="it underfits: training error over 10 floors",
    got=workshop_train,
)

# %%
axes = plots.surface(
    model,
    truth=data.true_surface,
    labels=("x1: position", "x2: time", "y [°C]"),
    title="The workshop's network",
)
spots = np.array([[a, b] for b in (0.25, 0.75) for a in (0.0, 0.5, 1.0)])  # walls and middle
heights = zip(spots.tolist(), np.ravel(model(spots)), data.true_surface(spots))
alt = " ".join(f"At {spot} network {a:.1f}, truth {b:.1f}." for spot, a, b in heights)
plots.show(axes, alt=f"{plots.alt_text(axes)} At both walls and in the middle: {alt}")

# %% [markdown]
# ## Improve *(23 min)*
#
# ### Cures for underfitting
#
# Diagnosis: high bias. Training and validation error are both far above the floor, hardly better than the plane's. A network that
# cannot learn needs no brakes; it needs power. Dropout takes away two of five units on average, L2 flattens what the rest can do, and
# patience is short: each holds it back. The cures, with settings that suit each, and each
# on top of the one before:
#
# 1. **release the brakes:** no dropout, no L2;
# 2. **train better, or longer:** Adam instead of Adagrad;
# 3. **a larger network:** 2 → 64 → 64 → 1. With so many units, `relu` is safe, and trains fast.
#
# **Look at** the picture: which step helps most? Is any bar at the floor?


# %%
def net(*units, activation="tanh", l2=0.0, rate=0.0):
    model = keras.Sequential([keras.Input(shape=(2,))])
    for n in units:
        penalty = keras.regularizers.L2(l2)
        model.add(keras.layers.Dense(n, activation=activation, kernel_regularizer=penalty))
        model.add(keras.layers.Dropout(rate))
    model.add(keras.layers.Dense(1))
    return model


# %%
keras.utils.set_random_seed(0)
adagrad, adam = keras.optimizers.Adagrad, keras.optimizers.Adam
cures = {
    "1 brakes off": (net(5, 5), adagrad(learning_rate=0.1)),
    "2 Adam": (net(5, 5), adam(learning_rate=0.03)),
    "3 larger": (net(64, 64, activation="relu"), adam(learning_rate=0.01)),
}
scores = {"mean": mean_mse, "plane": plane_mse, "workshop": workshop_val}
for name, (model, optimizer) in cures.items():
    print(name, end=" ")
    model.compile(optimizer=optimizer, loss="mse")
    model.fit(x_train, y_train, epochs=60, batch_size=10, verbose=0, callbacks=[dots])
    scores[name] = mse(y_val, model.predict(x_val, verbose=0)[:, 0])


# %%
def bars(scores, floor, title):
    fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
    drawn = ax.barh(list(scores), list(scores.values()), color=plots.COLOURS["sky"], ec="black")
    ax.bar_label(drawn, fmt="%.3f", padding=3)
    ax.axvline(floor, color=plots.COLOURS["black"], ls=":", label="noise floor")
    ax.set(title=title, xlabel="validation MSE [°C²]", ylabel="model")
    ax.margins(x=0.12)
    ax.invert_yaxis()
    ax.legend()
    return fig


def in_words(scores, floor):
    each = ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
    return f"Validation MSE: {each}; the noise floor is {floor:.3g} °C²."


fig = bars(scores, floor, "Cures for underfitting, one on top of the other")
plots.show(fig, alt="From top to bottom. " + in_words(scores, floor))
expect.better(scores["3 larger"], scores["workshop"], factor=0.6, name="the larger network's error")

# %% [markdown]
# ### Knowledge instead of size: made features
#
# There is one more cure. Give the model a **made feature**, computed from the inputs, and even a plane can bend. Three candidates:
# $x_1^2$, $\sin 2\pi x_2$, and the product $x_1 x_2$. Think of the slices in part 1. **Which one does *not* help?** Type `"x1^2"`, `"sin"` or `"x1*x2"`.

# %%
useless_guess = None

predict.record("useless feature", useless_guess)

# %%
made = {
    "x1^2": lambda x: x[:, 0] ** 2,
    "sin": lambda x: np.sin(2 * np.pi * x[:, 1]),
    "x1*x2": lambda x: x[:, 0] * x[:, 1],
}


def plane_with(*names):
    def columns(x):
        return np.column_stack([x, *(made[name](x) for name in names)])

    fitted = LinearRegression().fit(columns(x_train), y_train)
    return mse(y_val, fitted.predict(columns(x_val)))


planes = {"plane": plane_mse} | {f"plane + {name}": plane_with(name) for name in made}
planes["plane + x1^2 + sin"] = plane_with("x1^2", "sin")
fig = bars(planes, floor, "A plane with made features")
plots.show(fig, alt="From top to bottom. " + in_words(planes, floor))
predict.compare("useless feature", max(made, key=plane_with))

# %% [markdown]
# The product would help if the bowl changed its *shape* with the time of day: an interaction. But the slices only move up and
# down. Knowing the right two features beats the networks above, with five parameters. On real problems you rarely know them;
# that is why networks learn features of their own.
#
# ### Overfitting, for real
#
# Now the opposite: 20 rows from an older sensor, with five times the noise. We throw a large network at them:
# 2 → 100 → 100 → 1, over ten thousand parameters. For once we have many validation rows, 300, so that the curves are smooth. **Look for**
# three things: where does training cross the noise floor? Where is validation lowest? What happens after that?

# %%
x_few, y_few = data.make_regression(20, noise_sd=0.5, seed=5)
x_check, y_check = data.make_regression(300, noise_sd=0.5, seed=6)
old_floor = 0.5**2


def fit_few(model, x=x_few, y=y_few, epochs=80, rate=0.02, **options):
    model.compile(optimizer=adam(learning_rate=rate), loss="mse", metrics=["mse"])
    options = dict(verbose=0, batch_size=10, epochs=epochs) | options
    return model.fit(x, y, **options)


keras.utils.set_random_seed(0)
big = net(100, 100, activation="relu")
check = dict(validation_data=(x_check, y_check), validation_batch_size=300)
history = fit_few(big, callbacks=[dots], **check)
ax = plots.learning_curves(history, metric="mse", floor=old_floor)
ax.set(title="A large network on 20 rows", ylabel="MSE [°C²]", ylim=(0, 1))
crossed = 1 + int(np.argmax(np.array(history.history["mse"]) < old_floor))
plots.show(ax, alt=plots.alt_text(ax) + f" Training is first below the floor in epoch {crossed}.")

# %% [markdown]
# Well below the noise floor there is nothing to learn but noise. The network learns it by heart, and pays on other rows. The cures:
#
# - **more data**: the best one, if you can get it. Here 400 rows from the same old sensor;
# - **a simpler network**: 2 → 5 → 5 → 1;
# - **L2** (or L1) and **dropout**: the brakes, now where they belong;
# - **early stopping**, with the best weights restored.
#
# Each fit gets one cure only, with settings that suit it, so that we see what it does. (Early stopping is judged on the rows that chose its
# epoch: with 300 of them it gains only a little by that.) **Guess** the order before you run the cell.

# %%
keras.utils.set_random_seed(0)
relu = dict(activation="relu")
stop = keras.callbacks.EarlyStopping(patience=20, restore_best_weights=True)
x_400, y_400 = data.make_regression(400, noise_sd=0.5, seed=7)
attempts = {
    "early stopping": (net(100, 100, **relu), dict(callbacks=[stop, dots], **check)),
    "L2 0.01": (net(100, 100, l2=0.01, **relu), {}),
    "dropout 0.3": (net(100, 100, rate=0.3, **relu), {}),
    "simpler": (net(5, 5), dict(rate=0.03)),
    "more data": (net(100, 100, **relu), dict(x=x_400, y=y_400, epochs=30, batch_size=20)),
}
cured = {"no cure": mse(y_check, big.predict(x_check, verbose=0)[:, 0])}
for name, (model, options) in attempts.items():
    print(name, end=" ")
    fit_few(model, **({"callbacks": [dots]} | options))
    cured[name] = mse(y_check, model.predict(x_check, verbose=0)[:, 0])
fig = bars(cured, old_floor, "Cures for overfitting, one at a time")
plots.show(fig, alt="From top to bottom. " + in_words(cured, old_floor))

# %% [markdown]
# ### When you know the range: the output's activation
#
# The true surface lies in $[-1, 2]$. Can the last layer know that? A `sigmoid` gives only values in $(0, 1)$, `tanh` in $(-1, 1)$:
# whatever the weights, the rest is out of reach. **Look at** where each line leaves the diagonal.
#
# Two ways out: scale the target to the range of the activation, and scale predictions back; or rescale the output, as below.
# And the plain way: no activation. It is the default for regression. Choose a bounded output only when the range is a
# law, such as a percentage. (Our *readings* do leave $[-1, 2]$ a little: noise knows no law.)

# %%
truth = data.true_surface(greenhouse.x_train)
reach = {"sigmoid": (0, 1, "--"), "tanh": (-1, 1, "-."), "1.5 tanh + 0.5": (-1, 2, ":")}
fig, ax = plt.subplots(figsize=(6, 3.8), layout="constrained")
ax.plot([-1, 2], [-1, 2], color="0.8", lw=9, label="no activation")
looks = zip(reach.items(), ("blue", "vermillion", "black"), (5, 3, 2))
for (name, (low, high, style)), colour, width in looks:
    nearest = np.clip(np.sort(truth), low, high)
    ax.plot(np.sort(truth), nearest, style, color=plots.COLOURS[colour], lw=width, label=name)
    print(f"{name}: at best {np.mean((nearest - np.sort(truth)) ** 2):.3f} °C² above the floor")
ax.set(title="What an output can reach", xlabel="truth [°C]", ylabel="nearest output [°C]")
ax.legend()
plots.show(
    fig, alt="sigmoid is flat outside 0 to 1, tanh above 1; the rescaled tanh follows the diagonal."
)
bounded = keras.Sequential([keras.Input(shape=(1,)), keras.layers.Rescaling(1.5, offset=0.5)])
np.testing.assert_allclose(bounded(np.array([[-1.0], [1.0]])), [[-1.0], [2.0]])  # tanh's ends

# %% [markdown]
# ### Change one thing
#
# Each row is one change to a cell above; predict, run, put it back.
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | `rate` of the workshop's net | 0.4 → 0, all else as it was | is it cured? | hardly better: L2 and the short patience still hold it |
# | its patience | 10 → 2 | | ends sooner, and is no better |
# | `epochs` of "2 Adam" | 60 → 200 | | near the larger network: more training was a cure, too |
# | rows for the large network | 20 → 60 | does the training error fall? | it *rises*: noise is harder to learn by heart; the gap shrinks |
# | `l2` against overfitting | 0.01 → 1 | better still? | from overfitting to underfitting: as bad as the mean |
#
# ### Find the bug
#
# A friend has sorted the table by time, "to make it tidy", and lets Keras split off the validation rows. Same network, same rows, no error message. The
# validation error is awful. "It overfits!" he says. Does it? Find the line.

# %%
tidy = np.argsort(x_train[:, 1])  # sorted by time of day
keras.utils.set_random_seed(0)
friend = net(64, 64, activation="relu")
friend.compile(optimizer=adam(learning_rate=0.01), loss="mse")
options = dict(validation_split=0.25, epochs=25, batch_size=10, verbose=0, callbacks=[dots])
history = friend.fit(x_train[tidy], y_train[tidy], **options)
ax = plots.learning_curves(history, floor=floor)
ax.set(title="The friend's network", ylabel="MSE [°C²]")
plots.show(ax, alt="The friend's network. " + plots.alt_text(ax))

# %% [markdown]
# <details><summary>The answer</summary>
#
# `validation_split=0.25` takes the *last* quarter of the rows, before any shuffling. After sorting these are all the last hours before 09:00: the network is
# asked about a time of day that it has never seen. That is extrapolation, not overfitting. Shuffle before you split, or pass
# `validation_data=` that you drew yourself.
#
# </details>
#
# ### The whole line, once more
#
# All choices are made, by validation error. Now train on all 110 rows, and open the test data: **once**. Whatever comes
# out is the result. This cell needs nothing from above: copy it into your next project.

# %%
import keras
from coursekit import data

rows = data.load_regression()
keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input(shape=(2,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(1),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mse")
model.fit(rows.x_train, rows.y_train, epochs=60, batch_size=10, verbose=0)
test_mse = model.evaluate(rows.x_test, rows.y_test, verbose=0)
print(f"test MSE {test_mse:.3f} °C², {test_mse / rows.noise_variance:.1f} times the noise floor")

# %% [markdown]
# ## Take away *(4 min)*
#
# - Look at the training error first. Far above the floor: underfitting. Then at the gap: overfitting.
# - Underfitting wants power: fewer brakes, a better optimiser, more epochs, more units, made features.
# - Overfitting wants data, or brakes: L1, L2, dropout, early stopping with restored weights, a simpler network.
# - A brake on a network that underfits makes it worse. Diagnose, then treat.
# - Validation rows choose; test rows judge, once.
#
# **Explain without looking:** why is a training error *far* below the noise floor a warning? · Why divide by $1 - p$ in
# dropout? · What would `restore_best_weights=False` give you? · Why did $x_1 x_2$ not help? · Why is $\tanh$ a bad last
# layer here?
#
# **You may meet** older code with `input_dim=`, `lr=` or `kernel_regularizer=l2(0.01)`: today `keras.Input(shape=...)`, `learning_rate=`
# and `keras.regularizers.L2(0.01)`.
#
# **Next:** the challenge: {{challenge}}. You get a network that underfits badly, and a known noise floor. How near can you get?
