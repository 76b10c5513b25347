# %% [markdown]
# # Foundations 3: how training works
#
# {{badge}}
#
# In lecture 1 you built a network of 7,114 numbers, in lecture 2 you gave it a good random start. It still knows
# nothing. This lecture is about the one trick that turns random numbers into useful ones: measure how wrong you
# are, find out which way is downhill, and take a small step.

# %% [markdown]
# ## Objectives *(2 min)*
#
# **80 minutes.** You need lectures 1 and 2: dense layers, parameters, tanh, softmax, random starting weights. And
# derivatives: what a slope is, and the chain rule. On Colab, save a copy in Drive first (*File → Save a copy in
# Drive*), or your work is lost when you close the tab.
#
# At the end you can
#
# 1. do gradient descent by hand, and say what a learning rate too small or too large looks like;
# 2. count iterations and epochs, and say what the noise of minibatches costs and what it gives;
# 3. do backpropagation by hand on a tiny network, and check it in two ways;
# 4. choose an optimiser, train in the five Keras steps, and say when to stop.

# %%
from coursekit import expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import ipywidgets as widgets
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf


# %% [markdown]
# ## Problem *(3 min)*
#
# A network is a formula with thousands of free numbers. Which numbers are good? You could try them all. With only
# ten values for each of 7,114 parameters that makes $10^{7114}$ networks; the universe has about $10^{80}$ atoms.
#
# So we do not search. We stand somewhere on a mountain in thick fog, and want to go down to the valley. We cannot
# see the valley. But we feel the slope under our feet, and that is enough to take one step. Then we feel again.
#
# ## Picture *(17 min)*
#
# ### Idea 1: the loss is a landscape
#
# The **loss** is one number: how wrong the model is. The rows are fixed, so the loss is a function of the
# *parameters*. Two parameters make a map: a place is a choice of parameters, its height is the loss. Where the
# ground is level, all slopes are zero. That can be
#
# - a **good minimum**: the lowest place there is;
# - a **poor minimum**: all ways lead up, yet there are lower places elsewhere;
# - a **saddle**: up one way, down another (here along the axes, but it may lie askew);
# - a hilltop, where all ways lead down.
#
# Below: a line $\hat y = wx + b$ on 200 rows, with the **mean squared error** as its loss, MSE: $L = \frac1n \sum_i
# (\hat y_i - y_i)^2$; and a made-up landscape with the first three. **Look at** the left one: how many valleys has
# it? On the right, put a finger on each sign: which ways lead down from there?

# %%
# NBVAL_CHECK_OUTPUT
rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, 200)
y = 1.5 * x + 0.5 + rng.normal(0, 0.5, 200)


def line_loss(w, b):
    """MSE of the line at each w, b: arrays of one shape in, that shape out."""
    return np.mean((w[..., None] * x + b[..., None] - y) ** 2, axis=-1)


def hills(a, b):
    return (a**2 - 1) ** 2 + 0.3 * a + b**2 + 0.4


level = np.sort(np.roots([4, 0, -4, 0.3]).real)  # slope along a: 4a³ - 4a + 0.3 = 0
for name, a in zip(("good minimum", "saddle", "poor minimum"), level):
    bend = 12 * a**2 - 4  # second derivative along a; along b it is 2 everywhere
    print(f"{name:12}  a = {a:5.2f}, b = 0, loss {hills(a, 0):.2f}, bends {bend:+.1f} and +2.0")

# %%
fig = plt.figure(figsize=(9.5, 4), layout="constrained")
left, right = fig.add_subplot(1, 2, 1, projection="3d"), fig.add_subplot(1, 2, 2)
w_map, b_map = np.meshgrid(np.linspace(-1.5, 3.5, 41), np.linspace(-1.5, 2.5, 41))
left.plot_surface(w_map, b_map, line_loss(w_map, b_map), cmap="viridis")
left.set_box_aspect(None, zoom=0.86)
left.set(title="A line: one bowl", xlabel="weight w", ylabel="bias b", zlabel="loss (MSE)")

a_map, c_map = np.meshgrid(np.linspace(-1.6, 1.6, 81), np.linspace(-1.2, 1.2, 61))
heights = right.contourf(a_map, c_map, hills(a_map, c_map), 16, cmap="viridis")
fig.colorbar(heights, ax=right, label="loss")
names, colours = ("good minimum", "saddle", "poor minimum"), ("yellow", "vermillion", "sky")
for a, name, marker, colour in zip(level, names, "*Xs", colours):
    look = dict(color=plots.COLOURS[colour], ms=13, mec="black", ls="")
    right.plot(a, 0, marker, label=name, **look)
right.set(title="Made up: two valleys", xlabel="parameter a", ylabel="parameter b")
right.legend(loc="upper center", ncols=3, fontsize=8, columnspacing=0.8, handletextpad=0.1)
alt = "Left: one bowl, lowest near w = 1.5, b = 0.5. Right, on the line b = 0: a good minimum at "
alt += "a = {:.2f}, a saddle at {:.2f}, a poor minimum at {:.2f}. ".format(*level)
plots.show(fig, alt=alt + "Ways down: none from the minima; from the saddle both ways along a.")

# %%
answers = {
    "All slopes there are zero": "Right: that makes it level. Minimum or saddle, you see only "
    "from how the ground bends.",
    "The loss there is zero": "Misconception: that a minimum is a perfect model. The good one "
    "above still has some loss.",
    "There is no lower place": "Misconception: true of the good minimum only.",
}
quiz.ask("What do a good minimum, a poor minimum and a saddle have in common?", answers)

# %% [markdown]
# ### Idea 2: small steps downhill
#
# The slope says which way is *up*. So go the other way, in proportion to the slope:
#
# $$w \leftarrow w - \eta\, \frac{dL}{dw}$$
#
# The **learning rate** $\eta$ (eta) sets how far. With many parameters, each takes this step with its own slope.
# The list of all slopes is the **gradient**, and the rule is **gradient descent**.
#
# On paper: $L(w) = 2(w - 3)^2$ has slope $4(w - 3)$. From $w = 0$ with $\eta = 0.2$: the slope is $-12$, so $w$
# becomes $0 + 2.4$. The next slope is $-2.4$; where does $w$ go next?
#
# Below the guess are three rates, eight steps each. **Look at** the side of the valley on which each step lands; its
# bottom is at $w = 3$. In the middle picture nobody shortens the steps: why does each become shorter than the one
# before? Then move the slider (it needs a running kernel), and find the rate that arrives in **one** step.
#
# Small $\eta$ is slow. **Guess:** what is the largest $\eta$ for which the steps do not run away?

# %%
limit_guess = None  # a learning rate, for L(w) = 2 (w - 3)², from w = 0

predict.record("limit", limit_guess)


def descend(rate, steps=8, w=0.0):
    path = [w]
    for _ in range(steps):
        path.append(path[-1] - rate * 4 * (path[-1] - 3))  # the slope is 4 (w - 3)
    return np.array(path)


def draw_descent(ax, rate):
    grid, path = np.linspace(-2, 8, 101), descend(rate)
    ax.plot(grid, 2 * (grid - 3) ** 2, color=plots.COLOURS["black"], lw=1)
    ax.plot(path, 2 * (path - 3) ** 2, "o--", color=plots.COLOURS["vermillion"])
    ax.plot(path[0], 18, "s", ms=9, color=plots.COLOURS["blue"], label="start")
    ax.set(xlabel="weight w", ylabel="loss 2(w − 3)²", xlim=(-2, 8), ylim=(-2, 42))
    ax.grid(alpha=0.3)


def tell(rate):
    """Say where the first steps land."""
    path = descend(rate)
    steps = ", ".join(f"{w:.2f}{' on the right' if w > 3 else ''}" for w in path[1:5])
    return f"Learning rate {rate:.2f}: w goes 0, {steps}; after eight steps {path[-1]:.2f}."


# %%
fig, axes = plt.subplots(1, 3, figsize=(9.5, 3.4), sharey=True, layout="constrained")
for ax, rate, verdict in zip(axes, (0.02, 0.1, 0.52), ("too small", "good", "too large")):
    draw_descent(ax, rate)
    ax.set_title(f"η = {rate}: {verdict}")
    ax.label_outer()
axes[0].legend()
plots.show(fig, alt="Three valleys. " + " ".join(tell(rate) for rate in (0.02, 0.1, 0.52)))


def explore(rate):
    fig, ax = plt.subplots(figsize=(5.5, 3.4), layout="constrained")
    draw_descent(ax, rate)
    end = descend(rate)[-1]
    ax.set_title(f"η = {rate:.2f}: after 8 steps w = {end:.2f}")
    plots.show(fig, alt="Steps down a valley. " + tell(rate))


# Without a slider: run explore(0.2) in a cell of your own.
slider = widgets.FloatSlider(
    value=0.2, min=0.01, max=0.55, step=0.01, description="η", continuous_update=False
)
_ = widgets.interact(explore, rate=slider)

# %%
# A hundred rates, 200 steps each: which of them end no farther from 3 than they began?
rates = np.arange(1, 101) / 100
ends = np.array([abs(descend(rate, steps=200)[-1] - 3) for rate in rates])
largest = rates[ends <= 3 + 1e-6].max()
predict.compare("limit", largest)

assert descend(0.25)[1] == 3.0  # arrives in one step
bends = 4  # the second derivative of 2 (w - 3)²
assert largest == 2 / bends  # the distance to 3 is multiplied by (1 - 4 rate) in each step
print(f"At {largest} it jumps from side to side for ever:", descend(largest, steps=4))

# %%
answers = {
    "Lower the learning rate": "Right: growing losses mean steps across the valley. "
    "Try a third or a tenth.",
    "Train longer": "Misconception: that time heals. Each step goes further away.",
    "Raise the learning rate": "Misconception: that a larger rate is always faster.",
}
quiz.ask("The loss goes 1.0, 3.1, 9.7, 30. What do you change first?", answers)

# %% [markdown]
# The limit is $2$ divided by how strongly the valley bends. We will meet it again: a valley may bend strongly along
# one axis and weakly along the other.
#
# ## By hand *(37 min)*
#
# ### Idea 3: a few rows are enough
#
# The loss is a mean over all rows, so its gradient is one too. A random handful of rows has *nearly* the same mean,
# for a fraction of the work:
#
# - **batch** gradient descent: all rows for each step (an old name; elsewhere a batch is *some* rows);
# - **minibatch**: a few rows, often 32;
# - **stochastic** (SGD in the strict sense): one row. In practice people say SGD for minibatches, too.
#
# One step is an **iteration**. Once through all rows is an **epoch**: shuffle, cut into batches, one step for each.
#
# **Guess:** you have 10,000 images, and take batches of 32. How many iterations make an epoch?

# %%
iterations_guess = None

predict.record("iterations", iterations_guess, unit="iterations an epoch")


def walk(batch, epochs=3, rate=0.1):
    """Fit the line of Idea 1; return all (w, b) on the way, shape (steps + 1, 2)."""
    rng, inputs = np.random.default_rng(1), np.column_stack([x, np.ones(200)])
    path = [np.array([-1.0, -0.5])]
    for _ in range(epochs):
        order = rng.permutation(200)
        for start in range(0, 200, batch):
            rows = order[start : start + batch]
            error = inputs[rows] @ path[-1] - y[rows]
            path.append(path[-1] - rate * 2 * inputs[rows].T @ error / len(rows))
    return np.array(path)


# %%
# Count once by cutting, once by letting Keras train one epoch (the images may as well be black).
starts = range(0, 10_000, 32)
last = 10_000 - starts[-1]
images = np.zeros((10_000, 100), dtype="float32")  # 10 x 10 pixels each
tiny = keras.Sequential([keras.Input(shape=(100,)), keras.layers.Dense(1)])
tiny.compile(optimizer="sgd", loss="mse")
tiny.fit(images, np.zeros(10_000), batch_size=32, epochs=1, verbose=0)
counted = int(tiny.optimizer.iterations.numpy())

assert counted == len(starts) == int(np.ceil(10_000 / 32)) == 313
assert (312 * 32, last) == (9_984, 16)
predict.compare("iterations", counted)
print(f"312 batches of 32 make 9,984 images; the last batch has the other {last}.")

# %% [markdown]
# 10,000 / 32 is 312.5. The last half batch counts as a step, so round **up**.
#
# Now three walks on the map of the line's loss: same start, same rate, same three epochs, so each has looked at 600
# rows and done the same work. **Look at** how far each gets, and at how straight.

# %%
fig, ax = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
ax.contour(w_map, b_map, line_loss(w_map, b_map), 18, colors="0.75", linewidths=1)
walks = {
    "stochastic": (1, dict(ls="-", color=plots.COLOURS["sky"], lw=0.9)),
    "minibatch of 10": (10, dict(ls="-", color=plots.COLOURS["vermillion"], marker="s", ms=4)),
    "batch": (200, dict(ls="--", color=plots.COLOURS["black"], lw=2, marker="o")),
}
best = np.polyfit(x, y, 1)  # least squares: the true bottom of the bowl
alt = f"From [-1.0, -0.5] towards the minimum {best.round(2).tolist()}."
for name, (batch, look) in walks.items():
    path = walk(batch)
    ax.plot(*path.T, label=f"{name}: {len(path) - 1} steps", **look)
    steps, way = np.diff(path, axis=0), path[-1] - path[0]
    detour = np.linalg.norm(steps, axis=1).sum() / np.linalg.norm(way)
    alt += f" {name}: to {path[-1].round(2).tolist()}, {detour:.1f} times the straight length."
ax.plot(*best, "*", ms=16, color=plots.COLOURS["yellow"], mec="black", label="minimum", ls="")
ax.set(title="Three epochs each (a grey ring: equal loss)", xlabel="weight w", ylabel="bias b")
ax.set(xlim=(-1.5, 3), ylim=(-1.1, 1.5))
ax.legend(loc="lower right")
plots.show(fig, alt=alt)

# %% [markdown]
# Batch descent is straight, and has hardly left. One row a step is quick, and never comes to rest. (So rates are
# often lowered towards the end of a training: shorter steps, smaller cloud.) The minibatch has the better of both,
# and computers like it: 32 rows at once cost hardly more time than one.
#
# **Is the noise only bad?** Take a single neuron with a sine as its activation, $\hat y = \sin(wt)$, and rows from
# $\sin(2t)$ plus a little noise. Its loss has a good minimum at $w = 2$ and a poor one above 4. Two hundred runs
# start close to the *poor* one. **Guess:** how many percent get from there to the good one, with batches of all 200
# rows? And with 4 rows?
# Then **look at** the grey band in the picture: the runs start there, and the barrier on its left is what they must
# climb.

# %%
escapes_all_guess = None  # percent
escapes_four_guess = None  # percent

predict.record("escapes, all rows", escapes_all_guess, unit="% of the runs")
predict.record("escapes, 4 rows", escapes_four_guess, unit="% of the runs")

t = np.linspace(-1.5, 3, 200)
wave = np.sin(2 * t) + np.random.default_rng(1).normal(0, 0.1, 200)


def run_many(batch, around, rate=0.2, steps=300, runs=200):
    rng = np.random.default_rng(0)
    w = rng.uniform(around - 0.3, around + 0.3, runs)  # every run has its own start
    for _ in range(steps):
        rows = rng.integers(0, 200, (runs, batch)) if batch < 200 else np.arange(200)[None]
        wt = w[:, None] * t[rows]  # (runs, batch)
        w = w - rate * np.mean(2 * (np.sin(wt) - wave[rows]) * np.cos(wt) * t[rows], axis=1)
    return w


grid = np.linspace(0.3, 6, 571)
height = np.mean((np.sin(grid[:, None] * t) - wave) ** 2, axis=1)
near = (grid > 3.8) & (grid < 5.2)
poor = grid[near][np.argmin(height[near])]

# %%
shares = {n: 100 * np.mean(np.abs(run_many(n, poor) - 2) < 0.5) for n in (200, 32, 16, 8, 4, 1)}
wall = height[(grid > 2) & (grid < poor)].max()
alt = f"Left: loss {height.min():.2f} at w = 2, a wall of {wall:.2f}, then {height[near].min():.2f} at "
alt += f"w = {poor:.1f}, the start. Right: "
alt += ", ".join(f"{share:.0f} % escape with {n} rows" for n, share in shares.items())

fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.5), layout="constrained")
left.plot(grid, height, color=plots.COLOURS["blue"], lw=2)
left.axvspan(poor - 0.3, poor + 0.3, color="0.85", label="all runs start here")
star = dict(color=plots.COLOURS["yellow"], mec="black", ms=16, ls="", label="good minimum")
left.plot(2, height.min(), "*", **star)
left.set(title="Loss of one sine neuron", xlabel="weight w", ylabel="loss (MSE), all rows")
left.legend(loc="lower right")
bars = right.bar([str(n) for n in shares], shares.values(), hatch="//", ec="black", color="w")
right.bar_label(bars, fmt="%.0f")
right.set(title="Escapes to the good minimum", xlabel="rows in a batch", ylabel="% of 200 runs")
right.margins(y=0.15)
plots.show(fig, alt=alt)

# %%
predict.compare("escapes, all rows", shares[200])
predict.compare("escapes, 4 rows", shares[4])
expect.that(shares[200] == 0, expected="batch descent never escapes", got=shares[200])
expect.that(shares[4] > 30, expected="with 4 rows, many runs escape", got=shares[4])
stay = 100 * np.mean(np.abs(run_many(4, 2.0) - 2) < 0.5)
print(f"From the GOOD minimum, {stay:.0f} % of the runs with 4 rows stay.")
for name, w in (("poor", poor), ("good", 2.0)):
    slopes = 2 * (np.sin(w * t) - wave) * np.cos(w * t) * t
    print(f"At the {name} minimum the slopes of single rows spread by {slopes.std():.1f}.")

# %%
answers = {
    "Its rows disagree more, and its walls are low": "Right: their slopes cancel on average, not in "
    "a handful of rows; and from there a few steps lead over the wall.",
    "It is steeper there": "Misconception: it is level at both. The mean slope is zero.",
    "The learning rate is larger there": "Misconception: the rate was the same everywhere.",
}
quiz.ask("Why do small batches leave the poor minimum, not the good one?", answers)

# %% [markdown]
# Be careful with this story. Here the noise *can* help; runs that leave may also end in another poor place, and in
# large networks nobody sees the map. But it is one reason why small batches often do well.
#
# ### Idea 4: backpropagation is the chain rule, backwards
#
# Where do slopes come from? A network is a chain of simple steps. Go **forward** and keep every intermediate
# number. Then walk **backward** from the loss. For each number ask: if it grew a little, how much would the loss
# grow? Write $\delta_q$ for $\partial L / \partial q$. For $\mathbf z = \mathbf x W_1 + \mathbf b_1$, $\mathbf h =
# \tanh \mathbf z$, $\hat y = \mathbf h \cdot \mathbf w_2 + b_2$, $L = (\hat y - y)^2$:
#
# $$\delta_{\hat y} = 2(\hat y - y), \quad \delta_{\mathbf w_2} = \delta_{\hat y}\,\mathbf h, \quad \delta_{b_2} = \delta_{\hat y}, \quad \delta_{\mathbf h} = \delta_{\hat y}\,\mathbf w_2$$
#
# $$\delta_{\mathbf z} = \delta_{\mathbf h} \odot (1 - \mathbf h^2), \qquad \delta_{W_1} = \mathbf x^{\mathsf T} \delta_{\mathbf z}, \qquad \delta_{\mathbf b_1} = \delta_{\mathbf z}$$
#
# Every line uses the one before, and numbers kept on the way forward ($\odot$ multiplies number by number). Take a
# calculator and follow.
#
# In the picture below the numbers, **look at** it from right to left. A weight's δ: the value at its left end times
# the δ (or δz) at its right end. A unit's δh is that δ times the weight; back through the tanh, times $1 - h^2$, it is
# δz.

# %%
# NBVAL_CHECK_OUTPUT
x_one, target = np.array([1.0, -0.5]), 0.5  # one row: two inputs, one target
W1, b1 = np.array([[0.8, -0.4], [0.6, 0.2]]), np.array([0.0, 0.2])
w2, b2 = np.array([1.0, -2.0]), 0.1

z = x_one @ W1 + b1  # (2,) @ (2, 2) + (2,) -> (2,)
h = np.tanh(z)
y_hat = h @ w2 + b2  # (2,) @ (2,) -> one number
loss = (y_hat - target) ** 2

d_y = 2 * (y_hat - target)
d_w2, d_b2, d_h = d_y * h, d_y, d_y * w2
d_z = d_h * (1 - h**2)  # the slope of tanh is 1 - tanh²
d_W1, d_b1 = np.outer(x_one, d_z), d_z  # (2, 2): one slope for each weight

forward = {"z": z, "h": h, "y_hat": y_hat, "loss": loss}
backward = {"d_y": d_y, "d_w2": d_w2, "d_b2": d_b2, "d_h": d_h, "d_z": d_z, "d_W1": d_W1}
for name, value in (forward | backward | {"d_b1": d_b1}).items():
    print(f"{name:6} {np.round(value, 3).tolist()}")

# %%
spots = {"x1": (0, 1), "x2": (0, -1), "h1": (2, 1), "h2": (2, -1), "ŷ": (4, 0), "L": (5.5, 0)}
pairs = [("x1", "h1"), ("x1", "h2"), ("x2", "h1"), ("x2", "h2"), ("h1", "ŷ"), ("h2", "ŷ")]
fig, ax = plt.subplots(figsize=(9.5, 4.4), layout="constrained")
blue, red = plots.COLOURS["blue"], plots.COLOURS["vermillion"]
box, circle = dict(fc="w", ec="none", pad=1), dict(boxstyle="circle", fc="w")
for (a, b), weight, slope in zip(pairs, [*W1.ravel(), *w2], [*d_W1.ravel(), *d_w2]):
    ax.plot(*zip(spots[a], spots[b]), color="0.6", zorder=1)
    p, q = 0.67 * np.array(spots[a]) + 0.33 * np.array(spots[b])
    ax.text(p, q, f"w = {weight:.1f}", ha="center", va="bottom", color=blue, bbox=box)
    ax.text(p, q, f"δ = {slope:.2f}", ha="center", va="top", color=red, style="italic", bbox=box)
ax.plot([4, 5.5], [0, 0], color="0.6", zorder=1)
hidden = [f"δh = {a:.2f}\nδz = {b:.2f}" for a, b in zip(d_h, d_z)]
deltas = ["", "", *hidden, f"δ = {d_y:.2f}", "δ = 1"]
for (name, (p, q)), value, delta in zip(spots.items(), [*x_one, *h, y_hat, loss], deltas):
    ax.text(p, q, f"{name}\n{value:.2f}", ha="center", va="center", color=blue, bbox=circle)
    ax.text(p, q - 0.32, delta, ha="center", va="top", color=red, style="italic")
ax.set(title="Forward: values (blue). Backward: slopes δ of the loss (red, italic)", yticks=[])
ax.set(xlabel="layer", ylabel="unit", ylim=(-1.9, 1.5), xlim=(-0.5, 6))
ax.set_xticks([0, 2, 4, 5.5], ["input", f"tanh, biases {b1.tolist()}", f"bias {b2}", "loss"])
plots.show(fig, alt="Values and slopes as printed above, each at its unit or its line.")

# %%
# TensorFlow does the same: a GradientTape records the way forward, and plays it backward.
parameters = [tf.Variable(value, dtype="float64") for value in (W1, b1, w2, b2)]
with tf.GradientTape() as tape:
    W1_, b1_, w2_, b2_ = parameters
    hidden = tf.tanh(x_one[None] @ W1_ + b1_)  # (1, 2) @ (2, 2) + (2,) -> (1, 2)
    tape_loss = (tf.reduce_sum(hidden * w2_) + b2_ - target) ** 2
gradients = tape.gradient(tape_loss, parameters)  # all at once

by_hand = {"W1": d_W1, "b1": d_b1, "w2": d_w2, "b2": d_b2}
for (name, ours), theirs in zip(by_hand.items(), gradients):
    expect.close(theirs, ours, name=f"the tape's slope for {name}")

# %% [markdown]
# This is **reverse-mode automatic differentiation**: exact up to rounding, and one walk back gives the slopes of
# *all* parameters.
#
# A second check needs no chain rule at all. Nudge one parameter by $\varepsilon$ (epsilon) both ways, and see what the
# loss does: the **central difference** $\frac{L(p + \varepsilon) - L(p - \varepsilon)}{2\varepsilon}$. It costs two
# forward passes for *each* parameter: fine for checking, hopeless for training. And which $\varepsilon$? The smaller
# the better, one would think. **Look at** the
# lowest point of each curve: why does the error go *up* again on its left?


# %%
def tiny_loss(p):
    """Loss of the 2-2-1 network; p holds its 9 parameters, any float type."""
    hidden = np.tanh(x_one.astype(p.dtype) @ p[:4].reshape(2, 2) + p[4:6])
    return (hidden @ p[6:8] + p[8] - p.dtype.type(target)) ** 2


def central(p, eps):
    nudges = np.eye(9, dtype=p.dtype) * p.dtype.type(eps)  # row i moves parameter i only
    return np.array([(tiny_loss(p + n) - tiny_loss(p - n)) / (2 * eps) for n in nudges])


point = np.concatenate([W1.ravel(), b1, w2, [b2]])
exact = np.concatenate([d_W1.ravel(), d_b1, d_w2, [d_b2]])
expect.close(central(point, 1e-5), exact, rtol=1e-6, name="central differences")
assert (2 * point.size, 2 * 7_114) == (18, 14_228)  # forward passes: this network, the large one

# %%
sizes = np.logspace(-10, 0, 61)
fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
alt = "Relative errors, each curve falls and rises again."
for kind, marker, colour in (("float32", "s--", "vermillion"), ("float64", "o-", "blue")):
    found = [central(point.astype(kind), eps) for eps in sizes]
    error = np.linalg.norm(found - exact, axis=1) / np.linalg.norm(exact)
    ax.loglog(sizes, error, marker, color=plots.COLOURS[colour], ms=4, label=kind)
    alt += f" {kind}: {error[0]:.0e} at ε = 1e-10, lowest {error.min():.0e} at ε = "
    alt += f"{sizes[error.argmin()]:.0e}, {error[-1]:.0e} at ε = 1."
    print(f"{kind}: best near ε = {sizes[error.argmin()]:.0e}, relative error {error.min():.0e}")
ax.text(2e-9, 1e-9, "rounding:\ngrows as 1 / ε", ha="center", va="top")
ax.text(0.2, 1e-7, "nudged too far:\ngrows as ε²", ha="center")
ax.set(title="Smaller is not always better", xlabel="nudge ε", ylabel="relative error")
ax.grid(alpha=0.3)
ax.legend(loc="upper center")
plots.show(fig, alt=alt)

# %%
answers = {
    "14,228 passes; one forward, one backward": "Right: two passes for each of the 7,114. "
    "The way back costs about as much as two forward passes, whatever the number of parameters.",
    "Two passes; 7,114 backward": "Misconception: the other way round. Going backward shares work.",
    "14,228 both: a slope is a slope": "Misconception: that each slope needs its own walk back.",
}
quiz.ask(
    "7,114 parameters: what do central differences cost, and what does backpropagation?", answers
)

# %% [markdown]
# With a tiny $\varepsilon$, both losses agree in nearly all their digits. What is left of the difference is mostly
# rounding, and we divide it by $2\varepsilon$. So check gradients in `float64`, with $\varepsilon$ about $10^{-5}$.
#
# ### Find the bug
#
# A friend writes his own backpropagation for this network. It runs, and in twenty steps his loss falls nearly to
# zero. "It works!" he says. But central differences disagree on some parameters. Which line is wrong?


# %%
# NBVAL_CHECK_OUTPUT
def friend_gradient(p):
    W1, b1, w2, b2 = p[:4].reshape(2, 2), p[4:6], p[6:8], p[8]
    h = np.tanh(x_one @ W1 + b1)
    d_y = 2 * (h @ w2 + b2 - target)
    d_z = d_y * w2 * (1 - np.tanh(h) ** 2)
    return np.concatenate([np.outer(x_one, d_z).ravel(), d_z, d_y * h, [d_y]])


p = point.copy()
for _ in range(20):
    p = p - 0.05 * friend_gradient(p)
print("His loss fell to less than a hundredth:", bool(tiny_loss(p) < tiny_loss(point) / 100))
agrees = np.isclose(friend_gradient(point), central(point, 1e-5), rtol=1e-6)
for name, ok in zip(by_hand, np.split(agrees, [4, 6, 8])):
    print(f"{name}: agrees with central differences: {bool(ok.all())}")

# %% [markdown]
# <details><summary>The answer</summary>
#
# The slope of $\tanh$ at $z$ is $1 - \tanh^2 z$. But `h` *is* $\tanh z$ already: `np.tanh(h)` takes it twice. Right
# is `1 - h**2`. The output layer comes before that line on the way back, so `w2` and `b2` are right; `W1` and `b1`
# come after it. A wrong slope can still point more or less downhill, so a falling loss proves nothing. Check
# gradients on a tiny network, with central differences.
#
# </details>
#
# ### Idea 5: better steps
#
# In a long valley one rate cannot suit both axes: the steep one sets the limit, the flat one crawls. Three cures,
# with gradient $g$:
#
# - **Momentum** keeps rolling: $m \leftarrow 0.9\,m - \eta g$, $\; w \leftarrow w + m$. Slopes that agree add up to
#   speed, slopes that alternate partly cancel. It cures the crawling, and may swing past.
# - **RMSprop** measures how large each slope usually is: $v \leftarrow 0.9\,v + 0.1\,g^2$, $\; w \leftarrow w -
#   \eta\, g / \sqrt{v + 10^{-7}}$ (so never divided by 0). Each parameter gets a rate of its own.
# - **Adam** does both. With $m \leftarrow 0.9\,m + 0.1\,g$ and $v \leftarrow 0.999\,v + 0.001\,g^2$, both begin at
#   zero, hence too small; dividing by $1 - 0.9^t$ and $1 - 0.999^t$ mends that: $\; w \leftarrow w - \eta\, \hat m
#   / (\sqrt{\hat v} + 10^{-7})$.
#
# Our valley is $L = (w_1^2 + 50\,w_2^2) / 2$: it bends 50 times more along $w_2$ than along $w_1$. By Idea 2, plain
# descent must keep below $2/50 = 0.04$. Each rule gets a rate that suits it. **Look at** who zigzags, who overshoots,
# and who takes both axes in even steps. Momentum gains along the floor, and pays across it: it swings wider there, and
# longer, than plain descent, for its speed carries it through the floor and up the other side.


# %%
# Each rule takes gradient g, memories m and v, step number t (from 1); it returns the step, m, v.
def sgd(g, m, v, t, rate):
    return -rate * g, m, v


def momentum(g, m, v, t, rate):
    m = 0.9 * m - rate * g
    return m, m, v


def rmsprop(g, m, v, t, rate):
    v = 0.9 * v + 0.1 * g**2
    return -rate * g / np.sqrt(v + 1e-7), m, v


def adam(g, m, v, t, rate):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return -rate * m_hat / (np.sqrt(v_hat) + 1e-7), m, v


valley = np.array([1.0, 50.0])  # how strongly it bends along w1, and along w2


def travel(rule, rate, steps):
    """Walk down L = (valley[0] w1² + valley[1] w2²) / 2 from (-4, 1.5)."""
    path, m, v = [np.array([-4.0, 1.5])], np.zeros(2), np.zeros(2)
    for t in range(1, steps + 1):
        step, m, v = rule(valley * path[-1], m, v, t, rate)
        path.append(path[-1] + step)
    return np.array(path)


# %%
rules = {"SGD": (sgd, 0.035, "o", "black"), "momentum": (momentum, 0.02, "s", "vermillion")}
rules |= {"RMSprop": (rmsprop, 0.1, "^", "blue"), "Adam": (adam, 0.2, "D", "green")}
u, v = np.meshgrid(np.linspace(-4.5, 2, 80), np.linspace(-1.9, 1.9, 80))
fig, axes = plt.subplots(2, 2, figsize=(9.5, 5.4), sharex=True, sharey=True, layout="constrained")
needed, alt = {}, "All start at (-4, 1.5) and look for (0, 0)."
for ax, (name, (rule, rate, marker, colour)) in zip(axes.flat, rules.items()):
    path = travel(rule, rate, 400)
    needed[name] = 1 + int(np.flatnonzero(path**2 @ valley / 2 >= 0.01)[-1])  # after the last
    ax.contour(u, v, (valley[0] * u**2 + valley[1] * v**2) / 2, 12, colors="0.8", linewidths=1)
    ax.plot(*path[:41].T, marker + "-", color=plots.COLOURS[colour], ms=4, lw=1)
    ax.plot(0, 0, "*", ms=14, color=plots.COLOURS["yellow"], mec="black")
    ax.set(title=f"{name}, η = {rate}: 40 steps", xlabel="w1 (flat)", ylabel="w2 (steep)")
    ax.label_outer()
    swings = np.sum(np.diff(np.sign(path[:41, 1])) != 0)
    alt += f" {name}: after 10 steps {path[10].round(1).tolist()}, after 40 "
    alt += f"{path[40].round(1).tolist()}; crosses w2 = 0 {swings} times, w1 gets up to "
    alt += f"{path[:41, 0].max():.1f}."
plots.show(fig, alt=alt)
print("Steps until the loss STAYS below 0.01 (401: it never does, it hops):", needed)
assert sorted(needed, key=needed.get) == ["Adam", "momentum", "SGD", "RMSprop"]

# %%
answers = {
    "RMSprop": "Right: it divides each slope by its usual size, so both axes move alike.",
    "Momentum": "Misconception: momentum has one rate for all. It gains speed where slopes agree.",
    "Minibatches": "Misconception: they make steps cheaper and noisier, not better scaled.",
}
quiz.ask(
    "Slopes are 1,000 times larger along one axis than along the other. What helps by itself?",
    answers,
)

# %% [markdown]
# ## In Keras *(17 min)*
#
# ### The same optimisers
#
# Keras has them all, and more. None is best everywhere: Adam is a good first try, SGD with momentum often ends as
# well when its rate is tuned. (RMSprop with a fixed $\eta$ keeps hopping about near the minimum. And our valley lies
# along the axes, which suits RMSprop and Adam.) Are the Keras classes really the four rules above? Take three steps with each.

# %%
classes = {
    "SGD": keras.optimizers.SGD(learning_rate=0.035),
    "momentum": keras.optimizers.SGD(learning_rate=0.02, momentum=0.9),
    "RMSprop": keras.optimizers.RMSprop(learning_rate=0.1),
    "Adam": keras.optimizers.Adam(learning_rate=0.2),
}
for name, optimizer in classes.items():
    w = keras.Variable([-4.0, 1.5])
    for _ in range(3):
        optimizer.apply([w.value * valley.astype("float32")], [w])
    rule, rate, *_ = rules[name]
    expect.close(w.numpy(), travel(rule, rate, 3)[-1], rtol=1e-4, name=f"Keras' {name} and ours")

# %% [markdown]
# ### The five steps
#
# Every training in Keras has the same five steps: **data, topology, compile, fit, evaluate**. (Topology, also called
# architecture: which layers, in which order.) Behind `fit` you now
# know each part: shuffle, cut into batches, forward, backward, one step of the optimiser, and again.
#
# The network is the one from lecture 1, 100 → 64 → 10. The data are strange, on purpose: 1,000 rows of random
# numbers, and for each row a *coin toss* as its label, 0 or 1. The labels are written **one-hot**, ten numbers with
# a single 1. So ten classes are possible, and two occur.
#
# **Guess, before you train:** after ten epochs, how many percent of *fresh* rows are right? And which loss
# will they have? It is the **categorical cross-entropy**: minus $\ln$ of the probability that was given to the right
# class, averaged over the rows. To have no idea at all, one tenth for each class, would cost $\ln 10$, about 2.3.
# (The share that is right is called *accuracy*. It is only watched, never made larger: a *metric*. `dots` is a
# *callback*, a helper that `fit` calls on its way: it prints a dot after each epoch. Unit 05 tells more.)
#
# After the training, **look at** the dotted lines: ln 2 on the left, one half in the middle. On which side of them do
# training and validation end? On the right: which classes does the network still think possible? (A training point is
# a mean over its epoch, so it stands half an epoch early.)

# %%
accuracy_guess = None  # percent of fresh rows
loss_guess = None

predict.record("accuracy", accuracy_guess, unit="% of fresh rows")
predict.record("loss", loss_guess)
dots = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(end=".", flush=True))


# 1. Data
def coin_rows(n, seed):
    rng = np.random.default_rng(seed)
    inputs, labels = rng.random((n, 100), dtype="float32"), rng.integers(0, 2, n)
    return inputs, keras.utils.to_categorical(labels, 10)


x_train, y_train = coin_rows(1_000, seed=1)
x_val, y_val = coin_rows(2_000, seed=2)  # looked at, never learned from
x_test, y_test = coin_rows(2_000, seed=3)  # opened once, at the end
print("inputs", x_train.shape, "labels", y_train.shape, "first label", y_train[0])

# %%
# 2. Topology
keras.utils.set_random_seed(0)
layers = keras.layers
model = keras.Sequential(
    [
        keras.Input(shape=(100,)),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
# 3. Compile, 4. fit, 5. evaluate
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
options = dict(batch_size=32, validation_data=(x_val, y_val), verbose=0, callbacks=[dots])
history = model.fit(x_train, y_train, epochs=10, **options)
test_loss, test_accuracy = model.evaluate(x_test, y_test, verbose=0)
assert int(model.optimizer.iterations.numpy()) == 10 * 32  # 1,000 / 32, rounded up, ten times
print()
predict.compare("accuracy", 100 * test_accuracy)
predict.compare("loss", test_loss)
expect.that(abs(test_accuracy - 0.5) < 0.06, expected="accuracy is near 0.5", got=test_accuracy)
assert model.count_params() == (100 + 1) * 64 + (64 + 1) * 10 == 7_114

# %%
fig, axes = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained")
for ax, metric, chance, label in zip(axes, ("loss", "accuracy"), (np.log(2), 0.5), ("ln 2", "0.5")):
    plots.learning_curves(history, metric=metric, ax=ax)
    ax.axhline(chance, color=plots.COLOURS["black"], ls=":", lw=2, label=f"fair coin: {label}")
    ax.set_title(f"{metric.capitalize()} of coin tosses")
    ax.legend(fontsize=8)
axes[1].set_ylim(0.3, 0.8)
believed = model(x_val).numpy().mean(axis=0)  # (2000, 10) -> (10,)
axes[2].bar(range(10), believed, color="w", ec="black", hatch="//")
axes[2].set(title="What it believes", xlabel="class", ylabel="mean probability", ylim=(0, 0.7))
axes[2].set_xticks(range(10))
alt = f" Mean probability: class 0 {believed[0]:.2f}, class 1 {believed[1]:.2f}"
alt += f", the other eight together {believed[2:].sum():.3f}."
plots.show(fig, alt="The curves of the coin tosses. " + plots.alt_text(fig) + alt)
train_loss, train_accuracy = model.evaluate(x_train, y_train, verbose=0)
print(f"ln 2 = {np.log(2):.4f}")
print(f"fresh rows:    loss {test_loss:.4f}, accuracy {test_accuracy:.3f}")
print(f"training rows: loss {train_loss:.4f}, accuracy {train_accuracy:.3f}")

# %% [markdown]
# Why? The inputs know nothing about the labels. All that can be *learned* is two facts: eight of ten classes never
# occur, and the other two are equally frequent. So the best answer is ½ and ½, whatever the row. Its cross-entropy
# is $-\ln \tfrac12 = \ln 2$. No model gets below that on fresh rows, but for luck. Ours is a little *above*: what
# else it thinks it has seen is not there.
#
# On the *training* rows it does get below $\ln 2$, and above one half. It begins to learn the tosses by heart.
#
# ### When to stop
#
# So give the same model forty epochs more. The sign to stop is the **validation** loss: it falls, then turns. A
# single bad epoch may be noise, so wait a few: that is **patience**. **Look at** both curves, and at the two marks.
# Unit 01 tells the full story, with `keras.callbacks.EarlyStopping`.


# %%
def stop_epoch(losses, patience):
    """Return (epoch at which we stop, epoch that was best), both counted from 1."""
    best = 0
    for epoch, value in enumerate(losses):
        best = epoch if value < losses[best] else best
        if epoch - best == patience:
            break
    return epoch + 1, best + 1


assert stop_epoch([5.0, 4.0, 3.0, 3.5, 3.2, 2.9], patience=2) == (5, 3)  # never sees the 2.9
more = model.fit(x_train, y_train, epochs=40, **options).history
curves = {name: values + more[name] for name, values in history.history.items()}
stop, best = stop_epoch(curves["val_loss"], patience=5)
ax = plots.learning_curves(curves)
ax.axhline(np.log(2), color=plots.COLOURS["black"], ls=":", lw=2, label="ln 2")
ax.axvline(best, color=plots.COLOURS["green"], label=f"best epoch: {best}")
ax.axvline(stop, color=plots.COLOURS["purple"], ls="-.", label=f"patience 5 ends: {stop}")
ax.set(title="Fifty epochs of coin tosses", ylabel="loss", ylim=(0, 1.6))
ax.legend(fontsize=8)
plots.show(ax, alt=plots.alt_text(ax) + f" Best epoch: {best}; patience 5 ends at epoch {stop}.")
print(f"accuracy: training {curves['accuracy'][-1]:.2f}, fresh {curves['val_accuracy'][-1]:.2f}")

# %% [markdown]
# ### Change one thing
#
# Each row is one change to a cell above; predict, run, put it back. (If a check fails meanwhile, it is right: it is about the
# old setting.)
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | three rates, Idea 2 | the middle one to 0.45 | does it arrive? | nearly, in jumps from side to side, each a little shorter |
# | `epochs` in `walk` | 3 → 60 | who is nearest to the minimum? | the batch walk: it arrives, and rests; the stochastic cloud stays |
# | `rate` in `run_many` | 0.2 → 0.02 | more escapes? | hardly any are left: many short steps average the noise away |
# | `valley` | `[1.0, 50.0]` → `[1.0, 1.0]` | does SGD still zigzag? | no: straight towards the middle, and its rate could be fifty times larger |
# | coin tosses | `labels` → `(inputs[:, 0] > 0.5).astype(int)` | accuracy on fresh rows? | well above one half: now there *is* something to learn |
# | hidden units | 64 → 512 | more accurate on fresh rows? | no; it learns the tosses by heart sooner |
#
# ## Take away *(4 min)*
#
# - The loss is a landscape over the parameters. The gradient points uphill; step the other way, $\eta$ times its
#   length.
# - Too small a rate crawls, too large a rate runs away. The limit is 2 divided by how strongly the valley bends.
# - Iterations an epoch = rows / batch size, rounded up. Small batches are cheap and noisy; noise can carry you out
#   of a poor minimum.
# - Backpropagation is the chain rule from the loss backward, with numbers kept on the way forward. Check it with
#   central differences.
# - Momentum cures crawling, RMSprop cures unequal slopes, Adam does both.
# - Five steps: data, topology, compile, fit, evaluate. Stop when the validation loss turns, with patience.
#
# **Explain without looking:** why does a smaller $\varepsilon$ make a central difference worse? · Why does stochastic descent
# never rest? · Why one walk back for all slopes? · Why is $\ln 2$ the end for coin tosses? · How can training
# accuracy rise when there is nothing to learn?
#
# **You may meet** older code: `SGD(lr=0.1)` is now `SGD(learning_rate=0.1)`, and TensorFlow 1 built graphs with
# `tf.gradients` inside sessions; today it is the tape, or simply `fit`.
#
# **Next:** {{challenge}}. Then unit 01, *regression*: a network that has something to learn.
