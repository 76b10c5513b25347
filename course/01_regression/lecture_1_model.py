# %% [markdown]
# # Regression 1: from points to a curved surface
#
# {{badge}}
#
# Somebody hands you a table: two numbers in each row, and a third that you should predict. No formula,
# only examples. In this lecture you build a network of eleven small neurons, train it, and watch it bend
# a flat plane into the curved surface behind the points. Part 2 is about what to do when that fails.

# %% [markdown]
# ## Objectives *(2 min)*
#
# **75 minutes.** You need basic NumPy, and to have met these words: neuron, activation, gradient descent, epoch.
# On Colab, save a copy in Drive first (*File → Save a copy in Drive*), or your work is lost when you close the tab.
#
# At the end you can
#
# 1. compute a dense layer by hand, and count the parameters of a network;
# 2. choose between MSE, MAE and Huber, and say what an outlier does to each;
# 3. say how many steps an epoch has, and what learning rate, batch size and optimiser change;
# 4. judge a regression against a baseline, the truth and the noise floor.

# %%
from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import keras
import matplotlib.pyplot as plt
import numpy as np


# %% [markdown]
# ## Problem *(3 min)*
#
# A greenhouse should be at one temperature: the set point. It never quite is. Heating pipes run along the
# north and the south wall, and the sun comes and goes. A sensor on rails measures how many degrees the air is
# above (or below) the set point. Plants differ in what they like, so the gardener asks: *where* and *when* is it
# how warm?
#
# - Inputs: $x_1$, position across the greenhouse (0 is the north wall, 1 the south wall), and $x_2$, time since
#   09:00 as a fraction of 24 hours.
# - Target: $y$, degrees Celsius above the set point.
#
# A target that is a number makes this **regression**. The data are made up, openly: so we know the true surface
# and the noise of the sensor, and can check what no one can check on real data.

# %% [markdown]
# ## Look at the data *(7 min)*
#
# First the numbers: how many rows, which shapes, which units? `float32` is what Keras computes in.

# %%
# NBVAL_CHECK_OUTPUT
greenhouse = data.load_regression()
x, y = greenhouse.x_train, greenhouse.y_train
print("inputs", x.shape, x.dtype)
print("target", y.shape, y.dtype)
for name, meaning in greenhouse.columns.items():
    print(f"{name:2} {meaning}")

# %% [markdown]
# Now all rows at once. Height and colour both show $y$. **Look for** the ridge and the valley: at what time of
# day are they? And is $y$ the same from wall to wall?

# %%
ax = plt.figure(figsize=(5, 4.2)).add_subplot(projection="3d")
ax.scatter(*x.T, y, c=y, cmap="viridis", depthshade=False, edgecolor="black", lw=0.5)
ax.set(title="Temperature above the set point", zlabel="y [°C]")
ax.set_xlabel("x1: position", labelpad=8)
ax.set_ylabel("x2: time", labelpad=8)
ax.locator_params(nbins=5)
ax.set_box_aspect(None, zoom=0.85)  # room for the label of the vertical axis
top, bottom, walls = x[y.argmax()], x[y.argmin()], np.abs(x[:, 0] - 0.5) > 0.35
alt = f"y runs from {y.min():.1f} °C at x2 = {bottom[1]:.2f} to {y.max():.1f} °C at x2 = {top[1]:.2f}: "
alt += "a ridge early in x2, a valley late. On average it is "
alt += f"{y[walls].mean():.1f} °C near the walls, {y[~walls].mean():.1f} °C between them."
plots.show(ax, alt=alt)

# %% [markdown]
# A cloud in 3-D hides its shape. **Slices** show it: keep only the rows where one input is nearly constant, and
# plot $y$ against the other. **Look for** the shape of each slice, and for what *changes* from one slice to the
# next: the shape itself, or only its height?

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 4.4), sharey=True, layout="constrained")
styles = [("blue", "o"), ("vermillion", "s"), ("green", "^")]
times, places = [(0.15, 0.35), (0.45, 0.55), (0.65, 0.85)], [(0, 0.15), (0.4, 0.6), (0.85, 1)]
alt = "Mean y in the first, middle and last third of each slice, in °C."
for ax, along, across, bands in ((axes[0], 0, 1, times), (axes[1], 1, 0, places)):
    for (low, high), (colour, marker) in zip(bands, styles):
        rows = (low <= x[:, across]) & (x[:, across] <= high)
        label = f"x{across + 1} from {low} to {high}"
        ax.plot(x[rows, along], y[rows], marker, color=plots.COLOURS[colour], label=label)
        third = np.minimum(3 * x[:, along], 2).astype(int)  # 0, 1 or 2
        means = [f"{y[rows & (third == k)].mean():.1f}" for k in range(3)]
        alt += f" Along x{along + 1}, {label}: {', '.join(means)}."
    ax.set(title=f"Slices along x{along + 1}", xlabel=("x1: position", "x2: time")[along])
    ax.grid(alpha=0.3)
axes[0].set_ylabel("y [°C above the set point]")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower left", fontsize=8)
fig.legend(*axes[1].get_legend_handles_labels(), loc="outside lower right", fontsize=8)
plots.show(fig, alt=alt)

# %% [markdown]
# ## Baseline *(7 min)*
#
# How good is good? Without a baseline, an error is only a number. Take two that cost nothing:
#
# - **the mean**: always predict $\bar y$, whatever the inputs;
# - **a plane**: $\hat y = w_1 x_1 + w_2 x_2 + b$, fitted by least squares.
#
# We measure with the **mean squared error**, $\text{MSE} = \frac1n \sum_i (\hat y_i - y_i)^2$, in °C².
#
# And on which rows? Not on those that we fitted to. So we set 30 rows aside as **validation data**. We may look at
# them as often as we like *while we choose*. The **test data** stay closed until the end of part 2: a set that you look at while you
# choose is no test any more. The rows are in random order, so slicing is a fair draw.
#
# Type your guesses in the next cell: the plane's error in percent of the mean's, and the lowest MSE that *any*
# model can reach on average (the sensor's noise has a standard deviation of 0.1 °C).

# %%
plane_guess = None  # percent: 100 is no better than the mean, 0 is perfect
floor_guess = None  # °C²

predict.record("plane", plane_guess, unit="% of the mean's error")
predict.record("floor", floor_guess, unit="°C²")

# %%
from sklearn.linear_model import LinearRegression

x_train, y_train, x_val, y_val = x[:80], y[:80], x[80:], y[80:]
floor = greenhouse.noise_variance


def mse(y_true, y_pred):
    return float(np.mean((y_true - y_pred) ** 2))


mean_mse = mse(y_val, y_train.mean())
plane_mse = mse(y_val, LinearRegression().fit(x_train, y_train).predict(x_val))
print(f"mean {mean_mse:.3f}, plane {plane_mse:.3f}, noise floor {floor:.3f} °C²")
predict.compare("plane", 100 * plane_mse / mean_mse)
predict.compare("floor", floor)
expect.better(plane_mse, mean_mse, factor=0.8, name="the plane's error")

# %% [markdown]
# The **noise floor** is the variance of the noise, $0.1^2$: even the true surface misses each reading by the
# sensor's noise. (On 30 rows, luck can move it a little.) The plane halves the error of the mean, roughly, and
# is still far above the floor. A plane cannot bend. We need something that can.
#
# ## Build *(13 min)*
#
# ### Idea 1: neuron → layer → network
#
# (If you come from Foundations: this is its whole first lecture in one page. Test yourself: can you write the shapes
# before you read them?)
#
# A **neuron** weighs its inputs, adds a bias, and bends the sum with an activation $g$: $h = g(w_1 x_1 + w_2 x_2 + b)$.
# Five neurons that see the same inputs are a **dense layer**. Their weights are the columns of one matrix:
#
# $$H = g(XW + b), \qquad \underset{(n,\,2)}{X}\;\underset{(2,\,5)}{W} + \underset{(5,)}{b} \;\to\; \underset{(n,\,5)}{H}$$
#
# The outputs of one layer are the inputs of the next: a **network**. The last layer has one neuron and no
# activation, so that any number can come out. **Look at** the picture: each line on the left is one weight (the biases are not drawn).
# On the right, only the dashed *linear* curve does not bend.

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
spots = [[(i, j - (n - 1) / 2) for j in range(n)] for i, n in enumerate((2, 5, 5, 1))]
for a, b in zip(spots, spots[1:]):
    for p, q in ((p, q) for p in a for q in b):
        left.plot(*zip(p, q), color="0.7", lw=1, zorder=1)
for layer in spots:
    left.scatter(*zip(*layer), s=220, color=plots.COLOURS["sky"], edgecolor="black", zorder=2)
left.set(title="Network 2 → 5 → 5 → 1", xlabel="layer", ylabel="unit", xlim=(-0.4, 3.4), yticks=[])
left.set_xticks(range(4), ["input", "hidden", "hidden", "output"])
z = np.linspace(-3, 3, 121)
curves = [("linear", z), ("relu", np.maximum(z, 0)), ("tanh", np.tanh(z))]
curves.append(("sigmoid", 1 / (1 + np.exp(-z))))
for (name, g), style, colour in zip(curves, ["--", "-", "-.", ":"], ["black", *plots.COLOURS]):
    order = 3 - (style == "-")
    right.plot(z, g, style, color=plots.COLOURS[colour], label=name, lw=2, zorder=order)
right.set(title="Activations", xlabel="z: weighted sum + bias", ylabel="g(z)", ylim=(-1.5, 3))
right.legend()
alt = "Left: layers of 2, 5, 5 and 1 circles, joined by 10, 25 and 5 lines. Right: linear is "
alt += "straight; relu bends at 0, tanh and sigmoid bend and level off on both sides."
plots.show(fig, alt=alt)

# %%
# One layer is one line of NumPy. Keras' Dense does the same: give it our weights, and compare.
rng = np.random.default_rng(0)
W, b = rng.normal(size=(2, 5)), rng.normal(size=5)
by_hand = np.tanh(x_train[:4] @ W + b)  # (4, 2) @ (2, 5) + (5,) -> (4, 5)

layer = keras.layers.Dense(5, activation="tanh")
layer.build((None, 2))  # two inputs; None: any number of rows
layer.set_weights([W, b])
expect.shape(by_hand, (4, 5), name="our layer")
expect.close(layer(x_train[:4]), by_hand, atol=1e-5, name="Keras' layer and ours")

# %% [markdown]
# Now stack three of them. Our surface is smooth, so we take the smooth `tanh`. (`relu` is the usual choice in large
# networks. With only five units it is risky: a unit whose sum is negative on every row has gradient 0 and
# learns nothing more: the *dead* unit of Foundations 2.)
#
# **Before you run it, count.** A layer has one weight for each pair (input, unit) and one bias a unit. How many
# parameters does 2 → 5 → 5 → 1 have?

# %%
parameters_guess = None

predict.record("parameters", parameters_guess, unit="parameters")


# %%
def build(activation="tanh"):
    return keras.Sequential(
        [
            keras.Input(shape=(2,)),
            keras.layers.Dense(5, activation=activation),
            keras.layers.Dense(5, activation=activation),
            keras.layers.Dense(1),
        ]
    )


model = build()
by_hand = [(2 + 1) * 5, (5 + 1) * 5, (5 + 1) * 1]  # (inputs + 1 bias) x units
assert model.count_params() == sum(by_hand) == 15 + 30 + 6 == 51
predict.compare("parameters", model.count_params())
expect.output_shape(model, (None, 1))
model.summary(line_length=60)

# %%
answers = {
    "A plane": "Right: a plane of a plane is a plane, however many layers there are.",
    "A surface with up to ten bends": "Misconception: that neurons bend. Only activations bend.",
    "Nothing: it cannot be trained": "Misconception: that linear means stuck. It trains, to a plane.",
}
quiz.ask("All activations are taken out. What can the network still fit?", answers)

# %% [markdown]
# ## Train *(20 min)*
#
# ### Idea 2: the loss says what "wrong" means
#
# Training makes one number small: the **loss**. With the error $e = \hat y - y$ of one row, the usual choices are
# (the perceptron rule counted it the other way round, $y - \hat y$, and so *added* it; gradient descent subtracts)
#
# - **MSE**, the mean of $e^2$: an error twice as large counts four times;
# - **MAE**, the mean of $|e|$: twice as large counts twice;
# - **Huber**: like $\tfrac12 e^2$ while $|e| \le \delta$ (a limit that you choose, not a slope), and a straight line beyond. Smooth near zero, calm far out.
#
# An **outlier** is a row whose $y$ is far off, such as a reading from a loose cable. **Look at** the right edge of the
# picture: how much does each loss care about an error of 3? In the cell after it, one of five readings is an outlier:
# **watch** which answer moves.

# %%
e = np.linspace(-3, 3, 121)
losses = {
    "MSE: e²": (e**2, "-", "blue"),
    "MAE: |e|": (np.abs(e), "--", "vermillion"),
    "Huber, δ = 1": (np.where(np.abs(e) <= 1, e**2 / 2, np.abs(e) - 0.5), ":", "black"),
}
fig, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
for name, (value, style, colour) in losses.items():
    ax.plot(e, value, style, color=plots.COLOURS[colour], label=name, lw=2)
ax.set(title="Three losses", xlabel="error e = prediction − target [°C]", ylabel="loss of one row")
ax.grid(alpha=0.3)
ax.legend()
alt = "; ".join(f"{name} costs {value[-1]:.1f}" for name, (value, *_) in losses.items())
plots.show(fig, alt=f"At the right edge, at an error of 3: {alt}.")

# %%
# NBVAL_CHECK_OUTPUT
# Predict five readings with ONE number. Which number is best? Try them all, with each loss.
good, bad = np.array([0.9, 1.0, 1.0, 1.1, 1.0]), np.array([0.9, 1.0, 1.0, 1.1, -9.0])
candidates = np.linspace(-2, 2, 401)
for name, readings in (("good", good), ("one outlier", bad)):
    errors = candidates[:, None] - readings  # (401, 1) - (5,) -> (401, 5)
    best_mse = candidates[np.argmin((errors**2).mean(axis=1))]
    best_mae = candidates[np.argmin(np.abs(errors).mean(axis=1))]
    print(f"{name:11}  MSE chooses {best_mse:.2f} (mean), MAE chooses {best_mae:.2f} (median)")

# %%
answers = {
    "MAE or Huber": "Right: a row that is far off pulls with a bounded force, however far off it is.",
    "MSE, to punish them away": "Misconception: that a loss removes rows. MSE bends to them.",
    "Any: they have one minimum": "Misconception: true while errors are symmetric, as in the good readings.",
}
quiz.ask("Some readings come from a loose cable. Which loss is best?", answers)

# %% [markdown]
# ### Idea 3: small steps downhill
#
# (Known from Foundations 3, but for Adagrad. Skim it, and stop at the race below.)
#
# Training repeats one step for every weight: $w \leftarrow w - \eta\, \partial L / \partial w$. The **learning rate**
# $\eta$ sets the length of the step. **Look at** the picture: too small crawls, too large jumps out of the valley.
#
# Computing $L$ on all rows for a single step is wasteful. **Stochastic gradient descent** (SGD) estimates it on a
# **minibatch** of a few rows: noisy, cheap, good enough. One step is an **iteration**; once through all rows is an **epoch**.
#
# Two refinements give each weight a rate of its own. **Adagrad** divides $\eta$ by the root of the sum of all past squared
# gradients: each weight's rate only ever shrinks. **Adam** uses fading averages of gradient and squared gradient. The averaged
# gradient keeps rolling (*momentum*), and the rate can grow again.
#
# After the picture, **guess**: 1,000 rows, batches of 10, how many iterations make one epoch? Then let Keras count.

# %%
valley = np.linspace(-2.2, 2.2, 101)
fig, axes = plt.subplots(1, 3, figsize=(9, 3.2), sharey=True, layout="constrained")
alt = "Steps in a valley, its bottom at w = 0."
for ax, rate, verdict in zip(axes, (0.03, 0.3, 1.03), ("too small", "good", "too large")):
    w = [-1.5]
    for step in range(8):
        w.append(w[-1] - rate * 2 * w[-1])  # the loss is w², its slope 2w
    ax.plot(valley, valley**2, color=plots.COLOURS["black"], lw=1)
    ax.plot(w, np.square(w), "o--", color=plots.COLOURS["vermillion"])
    alt += f" {verdict}, η = {rate}: w goes {w[0]}, {w[1]:.2f}, {w[2]:.2f}, ends at {w[-1]:.2f}."
    ax.set(title=f"η = {rate}: {verdict}", xlabel="weight w")
    ax.grid(alpha=0.3)
axes[0].set_ylabel("loss L(w) = w²")
plots.show(fig, alt=alt)

# %%
iterations_guess = None

predict.record("iterations", iterations_guess, unit="iterations an epoch")

# %%
x_1000, y_1000 = data.make_regression(1_000, seed=1)
model = build()
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.01), loss="mse")
model.fit(x_1000, y_1000, batch_size=10, epochs=1, verbose=0)

iterations = int(model.optimizer.iterations)
assert iterations == 1_000 // 10 == 100
predict.compare("iterations", iterations)

# %%
answers = {
    "16": "Right: 80 / 10 = 8 steps an epoch, twice. Few rows mean few steps, so we need many epochs.",
    "2": "Misconception: that an epoch is one step. It is one step for each batch.",
    "160": "Misconception: that each row is a step. That is so only with batches of 1.",
    "20": "Misconception: that the batch size is the number of batches. It is the rows in one.",
}
quiz.ask("80 training rows, batches of 10, 2 epochs: how many iterations?", answers)

# %% [markdown]
# ### A race: SGD, Adagrad, Adam
#
# Three copies of one network, with the same start, the same batch size and the same number of epochs. Only the optimiser differs.
# Each has a learning rate that suits it on this task. While it runs, one dot is ten epochs. Who gets lowest?

# %%
winner_guess = None  # "SGD", "Adagrad" or "Adam"

predict.record("winner", winner_guess)
dots = keras.callbacks.LambdaCallback(
    on_epoch_end=lambda epoch, logs: print(end="." if epoch % 10 == 9 else "", flush=True)
)


def train(optimizer, *, loss="mse", y=y_train, batch_size=10, epochs=80):
    keras.utils.set_random_seed(0)  # the same starting weights each time
    model = build()
    model.compile(optimizer=optimizer, loss=loss)
    options = dict(epochs=epochs, batch_size=batch_size, verbose=0, callbacks=[dots])
    return model, model.fit(x_train, y, **options).history["loss"]


# %%
optimisers = {
    "SGD": (keras.optimizers.SGD(learning_rate=0.1), ":", "black"),
    "Adagrad": (keras.optimizers.Adagrad(learning_rate=0.1), "--", "orange"),
    "Adam": (keras.optimizers.Adam(learning_rate=0.03), "-", "blue"),
}
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
runs, alt = {}, "Training MSE after the first and the last epoch, in °C²:"
for name, (optimizer, style, colour) in optimisers.items():
    print(name, end=" ")
    runs[name] = model, losses = train(optimizer)
    ax.plot(losses, style, color=plots.COLOURS[colour], label=name, lw=2)
    alt += f" {name} {losses[0]:.2f} and {losses[-1]:.3f};"
ax.axhline(floor, color=plots.COLOURS["green"], dashes=(1, 3), label="noise floor")
ax.set(title="Same network, three optimisers", xlabel="epoch", ylabel="training MSE [°C²]")
ax.set_yscale("log")
ax.legend()
plots.show(fig, alt=alt + f" the noise floor is {floor:.2f}.")
last = {name: losses[-1] for name, (_, losses) in runs.items()}
predict.compare("winner", min(last, key=last.get))

# %% [markdown]
# ## Judge *(8 min)*
#
# Adam is ahead, and its curve still falls: it has not finished. Calling `fit`
# again does not start afresh; it goes on from the weights that are there. So give the winner more time, and then ask
# three questions with three pictures.
#
# **Is it done?** The learning curves show training and validation error after each epoch. **Look for** the distance of both from
# the noise floor, and from each other. (A training point is an average over its epoch, so it stands half an epoch early.)

# %%
model = runs["Adam"][0]
history = model.fit(
    x_train,
    y_train,
    validation_data=(x_val, y_val),  # looked at, never learned from
    epochs=90,
    batch_size=10,
    verbose=0,
    callbacks=[dots],
)
ax = plots.learning_curves(history, floor=floor, log=True)
ax.set(title="Adam, the second fit", ylabel="MSE [°C²]")
plots.show(ax, alt="Adam, the second fit, on a log scale. " + plots.alt_text(ax))

# %% [markdown]
# **Has it the right shape?** Ask the network for a 25 × 25 grid of points, and put its surface beside the truth. **Compare**
# the ridge, the valley, and the edges, where there were fewer neighbours to learn from.

# %%
axes = plots.surface(
    model,
    truth=data.true_surface,
    n=25,
    labels=("x1: position", "x2: time", "y [°C]"),
    title="Network",
)
spots = np.array([[a, b] for b in (0.25, 0.75) for a in (0.0, 0.5, 1.0)])  # walls and middle
heights = zip(spots.tolist(), np.ravel(model(spots)), data.true_surface(spots))
alt = " ".join(f"At {spot} network {a:.1f}, truth {b:.1f}." for spot, a, b in heights)
plots.show(axes, alt=f"{plots.alt_text(axes)} At both walls and in the middle: {alt}")

# %% [markdown]
# **Is what is left only noise?** A residual is $y - \hat y$, what is left over: the error $e$ with the other sign. If only the sensor's noise were left, about 95 % of the residuals would
# lie within two standard deviations of it: the hatched band. **Look for** points outside, and for a pattern: a bow or a
# tilt means that there is still something to learn.

# %%
y_hat = model.predict(x_val, verbose=0)[:, 0]  # (30, 1) -> (30,)
network_mse = mse(y_val, y_hat)
expect.better(network_mse, plane_mse, factor=0.6, name="the network's error")
print(f"{network_mse / floor:.1f} times the noise floor; the plane: {plane_mse / floor:.0f} times")

ax = plots.residuals(y_val, y_hat, noise_sd=greenhouse.noise_sd, unit="°C")
thirds = np.array_split((y_val - y_hat)[np.argsort(y_hat)], 3)
alt = ", ".join(f"{third.mean():.2f}" for third in thirds)
plots.show(ax, alt=plots.alt_text(ax) + f" Means of low, middle and high predictions: {alt} °C.")

# %% [markdown]
# ## Improve *(10 min)*
#
# Change **one thing at a time**, guess first, and go back before the next change. The four rows marked *run below*
# are run in the next cell; try the others yourself.
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | nothing (run below) | Adam 0.03, batch 10 | | the reference |
# | learning rate (run below) | ten times smaller | slower, or worse for ever? | the same curve, stretched: it needs many more epochs |
# | learning rate (run below) | thirty times larger | faster? | it jumps, then sticks about where the mean is, or above |
# | batch size (run below) | all 80 rows | smoother? better? | far behind: only one step an epoch |
# | activation | `build("relu")` | sharper? | corners instead of curves; with some seeds units die |
# | units | 5 → 32 | a lower error at once? | no: size is room, not speed. It needs more steps, or `relu` |

# %%
knobs = {
    "reference": (0.03, 10, "-", "blue"),
    "learning rate / 10": (0.003, 10, "--", "orange"),
    "learning rate × 30": (0.9, 10, ":", "vermillion"),
    "batch of 80": (0.03, 80, "-.", "black"),
}
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
alt = "Training MSE after the first and the last epoch, in °C²:"
for name, (rate, batch, style, colour) in knobs.items():
    print(name, end=" ")
    adam = keras.optimizers.Adam(learning_rate=rate)
    _, losses = train(adam, batch_size=batch, epochs=40)
    ax.plot(losses, style, color=plots.COLOURS[colour], label=name, lw=2)
    alt += f" {name} {losses[0]:.2f} and {losses[-1]:.2f};"
ax.axhline(y_train.var(), color="0.5", lw=1, label="always the mean")
ax.set(title="One knob at a time", xlabel="epoch", ylabel="training MSE [°C²]", yscale="log")
ax.legend(fontsize=8)
plots.show(fig, alt=alt + f" always the mean {y_train.var():.2f}.")

# %% [markdown]
# ### When the cable is loose
#
# Now spoil eight training readings: the cable comes loose and the sensor says −10. Train with each loss; judge all three on
# clean validation rows, by MSE. **Look at** the slice through the middle of the greenhouse: which curve is dragged down?

# %%
y_spoilt = y_train.copy()
y_spoilt[np.random.default_rng(1).choice(80, size=8, replace=False)] = -10
line = np.column_stack([np.full(101, 0.5), np.linspace(0, 1, 101)])  # x1 = 0.5, all times
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
ax.plot(line[:, 1], data.true_surface(line), color="0.6", lw=5, label="truth")
spoilt_mse, alt = {}, "Mean distance from the truth along the slice, in °C, below it negative:"
for loss, style, colour in zip(("mse", "mae", "huber"), ("-", "--", ":"), plots.COLOURS):
    print(loss, end=" ")
    spoilt, _ = train(keras.optimizers.Adam(learning_rate=0.03), loss=loss, y=y_spoilt, epochs=60)
    spoilt_mse[loss] = mse(y_val, spoilt(x_val).numpy()[:, 0])
    fitted = spoilt(line).numpy()[:, 0]
    alt += f" {loss} {np.mean(fitted - data.true_surface(line)):.2f};"
    ax.plot(line[:, 1], fitted, style, color=plots.COLOURS[colour], label=loss, lw=2)
ax.set(title="Eight bad readings, three losses", xlabel="x2: time, at x1 = 0.5", ylabel="y [°C]")
ax.legend()
plots.show(fig, alt=alt)
print(*(f"{loss} {value:.2f} °C²" for loss, value in spoilt_mse.items()), sep=", ")
expect.better(max(spoilt_mse["mae"], spoilt_mse["huber"]), spoilt_mse["mse"], factor=0.5)

# %% [markdown]
# ### Find the bug
#
# A friend checks our network with a line of NumPy, and gets another error than we did, with the same model and the same
# rows. Nothing crashed. Which line is wrong, and why? Print shapes until you know; then open the answer.

# %%
# NBVAL_CHECK_OUTPUT
y_friend = model.predict(x_val, verbose=0)
friend_mse = np.mean((y_val - y_friend) ** 2)
print("The friend's error is more than three times ours:", bool(friend_mse > 3 * network_mse))

# %% [markdown]
# <details><summary>The answer</summary>
#
# `y_val` has shape `(30,)`, `y_friend` has shape `(30, 1)`. NumPy lines shapes up from the right and *broadcasts*: the difference
# has shape `(30, 30)`, each reading minus each prediction. The mean is over 900 differences, nearly all of them between strangers. Take
# `y_friend[:, 0]` (or `reshape(-1)`, which also works when it is flat already), and assert the shapes before you subtract.
#
# </details>
#
# ## Take away *(5 min)*
#
# - A dense layer is $g(XW + b)$. Without activations a network is a plane. 2 → 5 → 5 → 1 has 15 + 30 + 6 = 51 parameters.
# - MSE hates large errors, so outliers steer it. MAE and Huber stay calm.
# - Iterations an epoch = rows / batch size, rounded up. The learning rate is the first knob to turn.
# - Report an error beside a baseline and, if you know it, the noise floor.
#
# **Explain without looking:** why is $\bar y$ the best constant for MSE? · What are the shapes in $XW + b$? · Why does a batch of
# all rows learn less in the same epochs? · Why do Adagrad's rates shrink? · Why did `(n,)` minus `(n, 1)` not crash?
#
# **You may meet** older code: `Dense(5, input_dim=2)` is now `keras.Input(shape=(2,))` first, and `SGD(lr=0.1)` is now
# `SGD(learning_rate=0.1)`.
#
# **Next:** {{next}}, *when a network does not learn, and when it learns too much*. Then the challenge: {{challenge}}
