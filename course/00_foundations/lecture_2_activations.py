# %% [markdown]
# # Foundations 2: activations
#
# {{badge}}
#
# A network with a hundred layers can be worth no more than one. Whether it is depends on a small function that sits
# in each neuron and bends its sum. In this lecture you draw the usual bends with their slopes, see what they do to a
# signal that passes twenty layers, and build any curve you like out of them.

# %% [markdown]
# ## Objectives *(2 min)*
#
# **75 minutes.** You need part 1: neuron, dense layer, $XW + b$, Keras' `Sequential`. And from school: a derivative
# is a slope, and the chain rule multiplies slopes. On Colab, save a copy in Drive first (*File → Save a copy in
# Drive*), or your work is lost when you close the tab.
#
# At the end you can
#
# 1. draw the usual activations and their slopes, and say which saturate and which die;
# 2. show with numbers why linear layers collapse into one, and how bent ones add up to any curve;
# 3. explain vanishing and exploding gradients, and what Glorot and He do about them;
# 4. choose the activation of hidden layers and of the output.

# %%
from coursekit import expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import ipywidgets as widgets
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf


# %% [markdown]
# ## Problem *(6 min)*
#
# Somebody builds a deep network: 3 inputs, twenty hidden layers of 50 neurons, 2 outputs, and no activations: each
# layer computes $A_i x + b_i$. It has about fifty thousand parameters. A friend says: "I can give you a network with
# the same outputs for every input, and hardly any parameters." He is right:
#
# $$A_1(A_0 x + b_0) + b_1 = \underbrace{(A_1 A_0)}_{A}\,x + \underbrace{(A_1 b_0 + b_1)}_{b}$$
#
# A product of matrices is a matrix. So two linear layers are one linear layer, and twenty are one as well.
#
# **Guess:** how many parameters has the friend's network, with 3 inputs and 2 outputs?

# %%
friend_guess = None

predict.record("friend", friend_guess, unit="parameters")

# %%
# NBVAL_CHECK_OUTPUT
rng = np.random.default_rng(0)
sizes = [3] + 20 * [50] + [2]
layers = [
    (rng.normal(0, n**-0.5, size=(units, n)), rng.normal(size=units))
    for n, units in zip(sizes, sizes[1:])
]
x = rng.normal(size=3)
deep, A, b = x, np.eye(3), np.zeros(3)
for A_i, b_i in layers:
    deep = A_i @ deep + b_i  # the deep network, layer by layer
    A, b = A_i @ A, A_i @ b + b_i  # the same layers, multiplied out: (2, 3) and (2,) in the end

print("deep:", sum(A_i.size + b_i.size for A_i, b_i in layers), "parameters")
print("one layer:", A.shape, b.shape, "=", A.size + b.size, "parameters")
expect.close(A @ x + b, deep, atol=1e-6, name="one layer instead of twenty-one")
predict.compare("friend", A.size + b.size)

# %% [markdown]
# So something must stand between the layers that is **not** linear. The linear activation $g(z) = z$ has three
# faults:
#
# 1. it is unbounded: nothing keeps the numbers from growing from layer to layer;
# 2. it collapses: depth buys nothing, as you have just seen;
# 3. its slope is the same everywhere, so it tells learning nothing about where $z$ is.
#
# Only the second is fatal. (The bend used most today, ReLU, shares the first and the third on the right of 0.) And as
# the *last* step, where any number should be able to come out, linear is right.
#
# ## Picture *(15 min)*
#
# ### Idea 1: a bend and its slope
#
# An **activation** $g$ is applied to each number on its own: shapes stay as they are. Two curves matter:
#
# - $g(z)$: what goes on to the next layer;
# - $g'(z)$, its slope: how much a change in $z$ is felt behind it. Learning sends corrections *backwards* through the
#   network, and each activation multiplies them by its slope. Where the slope is 0, nothing gets through.
#
# First the old family, which lies between two limits (and linear, to compare). Far from 0 they **saturate**: flat,
# slope about 0. **Look at** the dashed slopes. Which curve has none at all, anywhere? Which three reach a slope of 1?
# And how far below that do the two sigmoids stay?


# %%
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


bounded = {  # name: (g, its slope)
    "linear": (lambda z: z, np.ones_like),
    "step": (lambda z: np.where(z >= 0, 1.0, 0.0), np.zeros_like),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "hard_sigmoid": (lambda z: np.clip(z + 3, 0, 6) / 6, lambda z: (np.abs(z) < 3) / 6),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "softsign": (lambda z: z / (1 + np.abs(z)), lambda z: 1 / (1 + np.abs(z)) ** 2),
}


def slopes_at(family, z):
    """Say the slope of each at z."""
    return ", ".join(f"{name} {float(slope(z)):.2f}" for name, (_, slope) in family.items())


# %%
def draw(family, ylim):
    z = np.linspace(-4, 4, 402)  # an even number: never exactly at the bend
    fig, axes = plt.subplots(2, 3, figsize=(9.5, 5), sharex=True, sharey=True, layout="constrained")
    for ax, (name, (g, slope)) in zip(axes.flat, family.items()):
        ax.axhline(0, color="0.7", lw=0.8)
        ax.axvline(0, color="0.7", lw=0.8)
        jumps = np.abs(np.diff(g(z), append=g(z)[-1])) > 0.5  # draw no upright line there
        ax.plot(z, np.where(jumps, np.nan, g(z)), color=plots.COLOURS["blue"], lw=2, label="g(z)")
        jumps = np.abs(np.diff(slope(z), append=slope(z)[-1])) > 0.1
        slopes = np.where(jumps, np.nan, slope(z))
        ax.plot(z, slopes, "--", color=plots.COLOURS["vermillion"], lw=2, label="slope g'(z)")
        ax.set(title=name, ylim=ylim, xlabel="z" if ax in axes[1] else "")
        ax.set_ylabel("g(z), g'(z)" if ax in axes[:, 0] else "")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig


fig = draw(bounded, ylim=(-1.6, 1.6))
alt = f"Slopes at z = 0, where they are highest: {slopes_at(bounded, 0.0)}. "
plots.show(fig, alt=alt + f"At z = 4, and at −4: {slopes_at(bounded, 4.0)}.")

# %% [markdown]
# The step has slope 0 everywhere: the perceptron rule managed without slopes, but through several layers nobody can
# learn like that. `hard_sigmoid` is a sigmoid of three straight pieces, cheap to compute:
# $\max(0, \min(6, z + 3)) / 6$.
#
# Now the new family. To the right of 0 it does not saturate: the slope is about 1 however large $z$ gets. To the left
# each member has its own idea.
#
# $$\text{ReLU} = \max(0, z) \qquad \text{leaky} = \max(\alpha z, z) \qquad \text{softplus} = \ln(1 + e^z)$$
#
# $$\text{ELU} = z \text{ if } z > 0, \text{ else } \alpha(e^z - 1) \qquad \text{SiLU} = z\,\sigma(z), \text{ with the sigmoid } \sigma$$
#
# SELU is an ELU times a constant, 1.05, with $\alpha = 1.67$. **Look at** the left halves. Where the slope of ReLU is
# 0, the unit learns nothing. If its $z$ is negative on *every* row, it gets no correction at all: a **dead** unit. Only
# layers before it, by sending it other inputs, could wake it. Which of the six can die like that?

# %%
scale, alpha = 1.05070099, 1.67326324  # SELU's constants
rectifiers = {
    "relu": (lambda z: np.maximum(0, z), lambda z: np.where(z > 0, 1.0, 0.0)),
    "leaky_relu": (lambda z: np.maximum(0.2 * z, z), lambda z: np.where(z > 0, 1.0, 0.2)),
    "softplus": (lambda z: np.log1p(np.exp(z)), sigmoid),
    "elu": (
        lambda z: np.where(z > 0, z, np.expm1(z)),
        lambda z: np.where(z > 0, 1.0, np.exp(z)),
    ),
    "selu": (
        lambda z: scale * np.where(z > 0, z, alpha * np.expm1(z)),
        lambda z: scale * np.where(z > 0, 1.0, alpha * np.exp(z)),
    ),
    "silu": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * (1 - sigmoid(z)))),
}
fig = draw(rectifiers, ylim=(-2, 4))
alt = f"Slopes on the right, at z = 4: {slopes_at(rectifiers, 4.0)}. "
alt += f"On the left, at −1: {slopes_at(rectifiers, -1.0)}; at −4: {slopes_at(rectifiers, -4.0)}."
plots.show(fig, alt=alt)

# %%
answers = {
    "relu": "Right: its slope is exactly 0 on the left. The others keep some slope, if a small one.",
    "sigmoid": "No: it saturates, so its slope gets tiny on both sides, but it is never exactly 0.",
    "leaky_relu": "Misconception: that 'leaky' loses something. The leak is what keeps it alive.",
    "softplus": "No: its slope is a sigmoid: small on the left, and never 0.",
}
quiz.ask(
    "z is -2 on every row, and the inputs stay as they are. Which unit never gets a correction?",
    answers,
)

# %% [markdown]
# ## By hand *(27 min)*
#
# ### Idea 2: softmax shares out 100 percent
#
# All the above look at one number. **Softmax** looks at a whole vector, and turns it into shares that are positive
# and add up to 1:
#
# $$s_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$$
#
# So it stands at the end of a network that chooses one of several classes. Only *differences* count: add 100 to every
# $z_j$, and nothing changes. A **temperature** $T$, in $z / T$, makes it bold or shy: **look at** the picture. Each
# share depends on each input, so the slopes form a table, the Jacobian: $\partial s_i / \partial z_i = s_i\,(1 - s_i)$,
# and for two different ones $\partial s_i / \partial z_j = -s_i\,s_j$.
#
# **Guess:** for $z = (1, 0)$, which share in percent has the first? ($e \approx 2.7$)

# %%
share_guess = None

predict.record("share", share_guess, unit="%")


# %%
def softmax(z):
    e = np.exp(z - np.max(z))  # shifting changes nothing, and keeps exp from overflowing
    return e / e.sum()


predict.compare("share", 100 * softmax(np.array([1.0, 0.0]))[0])
z = np.array([2.0, 1.0, 0.0, -1.0])
expect.close(softmax(z + 100), softmax(z), name="softmax of z + 100")

fig, axes = plt.subplots(1, 4, figsize=(9.5, 2.9), layout="constrained")
axes[0].bar(range(4), z, color=plots.COLOURS["orange"], ec="black", hatch="//")
alt = f"z is {z.tolist()}. Shares, for each T:"
axes[0].set(title="z: any numbers", xlabel="class", ylabel="z", xticks=range(4))
for ax, T, mood in zip(axes[1:], (0.5, 1, 3), ("bold", "as it is", "shy")):
    bars = ax.bar(range(4), softmax(z / T), color=plots.COLOURS["sky"], ec="black")
    ax.bar_label(bars, fmt="%.2f", fontsize=8)
    alt += f" {mood}, T = {T}: {np.round(softmax(z / T), 2).tolist()}."
    ax.set(title=f"T = {T}: {mood}", xlabel="class", ylabel="share", ylim=(0, 1), xticks=range(4))
plots.show(fig, alt=alt)

# %%
answers = {
    "They get a little smaller": "Right: the shares add up to 1. What one gains, the others lose.",
    "Nothing": "Misconception: that softmax works on each number alone, as relu does.",
    "They grow with it": "Misconception: that it scales. It shares out, and the sum stays 1.",
}
quiz.ask("One of ten z grows, nine stay. What do the other nine shares do?", answers)

# %% [markdown]
# ### Idea 3: depth multiplies
#
# A signal that goes forward through $L$ layers is multiplied $L$ times; so is a correction that comes back. A factor
# of ½ a layer leaves a millionth after twenty: **vanishing** gradients. A factor of 2 makes a million: **exploding**.
# Two things set the factor: the activation's slope, and the size of the weights.
#
# In a sum of $n$ inputs, $z = \sum_i w_i a_i$, with random weights of mean 0:
# $\operatorname{Var} z = n \operatorname{Var}(w)\, \overline{a^2}$. To keep the variance the same from layer to
# layer:
#
# - **Glorot**: $\operatorname{Var} w = \frac{2}{n_\text{in} + n_\text{out}}$. It keeps what goes forward
#   ($1 / n_\text{in}$) and what comes back ($1 / n_\text{out}$), as nearly as one number can. For tanh; the default
#   in Keras.
# - **He**: $\operatorname{Var} w = \frac{2}{n_\text{in}}$. ReLU throws half of the signal away, so double it. For
#   ReLU and its kin.
#
# ### Twenty layers, forward
#
# **Guess:** the sigmoid's slope is at most ¼. After twenty layers the slopes alone have multiplied to at most $10^k$:
# what is $k$?
#
# Then **look at** how widely the activations spread after each layer of 100 units, for four sizes of starting
# weights: the root mean square over all rows and units. (The two scales differ: tanh cannot leave −1 to 1.) On the right, which line stays level? On the left, which
# sinks slowly, and where do large weights hold the signal?

# %%
exponent_guess = None

predict.record("exponent", exponent_guess)

# %%
predict.compare("exponent", np.log10(0.25**20))
starts = {  # standard deviation of the weights; 100 inputs and 100 units in each layer
    "small, 0.05": (0.05, ":", "black"),
    "Glorot": (np.sqrt(2 / (100 + 100)), "-", "blue"),
    "He": (np.sqrt(2 / 100), "--", "vermillion"),
    "large, 0.3": (0.3, "-.", "green"),
}

# %%
rng = np.random.default_rng(0)
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
alt = "Root mean square after the first and the last layer:"
for ax, (name, g) in zip(axes, {"tanh": np.tanh, "relu": rectifiers["relu"][0]}.items()):
    for start, (sd, style, colour) in starts.items():
        a, spread = rng.normal(size=(500, 100)), []  # 500 rows
        for _ in range(20):
            a = g(a @ rng.normal(0, sd, size=(100, 100)))  # (500, 100) @ (100, 100)
            spread.append(np.sqrt(np.mean(a**2)))
        ax.plot(range(1, 21), spread, style, color=plots.COLOURS[colour], lw=2, label=start)
        alt += f" {name}, {start}: {spread[0]:.2g} to {spread[-1]:.2g};"
    ax.set(title=name, xlabel="layer", ylabel="root mean square", yscale="log", xticks=[1, 10, 20])
axes[0].set_ylim(0.05, 1.2)  # the small weights leave it, downwards
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=4)
plots.show(fig, alt=alt)

# %%
answers = {
    "ReLU sets half of the z to 0": "Right: so half of the mean square is lost, and 2/n makes up for it.",
    "ReLU networks are deeper": "Misconception: the factor is for one layer, whatever the depth.",
    "ReLU is unbounded": "Misconception: that He tames. It makes the weights larger than Glorot does.",
}
quiz.ask("Why is He's variance twice as large as 1/n?", answers)

# %% [markdown]
# tanh with Glorot sinks slowly, since the slope of tanh is below 1 away from 0. Slightly larger weights, here He's,
# hold the level. Much larger ones push every unit to its limits, ±1, where tanh is flat.
#
# ### Idea 4: bends add up to any curve
#
# One ReLU is a line with a kink. Three of them make a **tent**: up, down, and zero elsewhere. Put tents side by side,
# each as high as the curve at its top. Their sum is a chain of straight pieces, and with enough of them it comes as
# near as you like to any continuous curve on a bounded interval. That is the **universal approximation** theorem in one picture: *one*
# hidden layer can do it, if it has enough units.
#
# It says that good weights exist. It does not say that training finds them, nor how many units it takes, nor what
# happens beyond the data.
#
# **Look at** the thin tents and at their sum. (The weights are computed here, not learned.) Then move the slider.


# %%
def curve(t):
    return np.sin(2 * t) + 0.3 * t


def draw_tents(ax, n):
    relu, t, tops = rectifiers["relu"][0], np.linspace(-3, 3, 301), np.linspace(-3, 3, n)
    width, total = tops[1] - tops[0], 0
    for top in tops:
        kinks = relu(t - top + width) - 2 * relu(t - top) + relu(t - top - width)
        tent = curve(top) * kinks / width  # as high as the curve at its top
        total = total + tent
        ax.plot(t, tent, color=plots.COLOURS["green"], lw=1)
    ax.plot(t, curve(t), color="0.7", lw=6, label="curve")
    ax.plot(t, total, "--", color=plots.COLOURS["blue"], lw=2, label="sum of the tents")
    title = f"{n} tents: off by at most {np.abs(total - curve(t)).max():.2f}"
    ax.set(title=title, xlabel="t", ylabel="y", ylim=(-2, 2))


fig, axes = plt.subplots(1, 3, figsize=(9.5, 3.4), sharey=True, layout="constrained")
for ax, n in zip(axes, (4, 8, 20)):
    draw_tents(ax, n)
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
alt = "; ".join(ax.get_title() for ax in axes)
plots.show(fig, alt=f"A curve with bends, and sums of tents. {alt}.")


# %%
def tents(n):
    fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
    draw_tents(ax, n)
    ax.legend()
    plots.show(fig, alt=f"The curve and a sum of {ax.get_title()}.")


# Without a slider: run tents(10) in a cell of your own.
slider = widgets.IntSlider(value=10, min=2, max=30, description="tents", continuous_update=False)
_ = widgets.interact(tents, n=slider)  # needs a running kernel; the picture above tells the same

# %%
answers = {
    "That some weights are good enough": "Right: finding them is the business of training.",
    "That training will find them": "Misconception: it says that they exist, not how to get there.",
    "That one layer is always best": "Misconception: several layers often need far fewer units.",
}
quiz.ask("What does the universal approximation theorem promise?", answers)

# %% [markdown]
# ## In Keras *(21 min)*
#
# Some words ahead of time; part 3 tells their story:
#
# - **loss**: one number, how wrong the network is. `mse`: the mean of the squared errors.
# - **gradient**: the list of the slopes of the loss, one for each parameter.
# - `compile` names the loss and the **optimiser**, the rule for steps downhill (`SGD`, `Adam`); `fit` takes the steps.
# - **epoch**: once through all rows. **Regression**: the answer is a number, not a class.
#
# ### The same functions
#
# `keras.activations` has them all. We compare values with our NumPy versions, and slopes with TensorFlow's
# **GradientTape**: it writes down each computation, and then applies the chain rule backwards. No formula needed.
#
# Mind the defaults. `leaky_relu` has slope 0.2 on the left as a function, but `keras.layers.LeakyReLU` has 0.3.
# `hard_sigmoid` has been $\max(0, \min(6, z+3))/6$ since Keras 3; older versions had another slope.

# %%
points = np.linspace(-4, 4, 80).astype("float32")  # never exactly at a kink
names = [n for n in (bounded | rectifiers) if n != "step"]  # the step is not in Keras
values, slopes = [], []
for name in names:
    t = tf.constant(points)
    with tf.GradientTape() as tape:
        tape.watch(t)  # a constant is not followed unless you say so
        value = getattr(keras.activations, name)(t)
    values.append(value)
    slopes.append(tape.gradient(value, t))

ours = [(bounded | rectifiers)[name] for name in names]
expect.close(np.array(values), [g(points) for g, _ in ours], atol=1e-5, name="11 activations")
expect.close(np.array(slopes), [d(points) for _, d in ours], atol=1e-5, name="11 slopes")

# %%
t = tf.constant(z[None, :])  # softmax works on the last axis: (1, 4)
with tf.GradientTape() as tape:
    tape.watch(t)
    shares = keras.activations.softmax(t)
s = softmax(z)
by_hand = s[:, None] * (np.eye(4) - s)  # (4, 1) * (4, 4): the two formulas at once
jacobian = tape.jacobian(shares, t)[0, :, 0, :]  # (1, 4, 1, 4): take row 0's shares by row 0's z
expect.close(jacobian, by_hand, atol=1e-6, name="softmax's Jacobian")

# %% [markdown]
# An activation can be written in two ways: as an argument of `Dense`, or as a layer of its own. They are the same.
# And here is a dead unit, caught: $w = 1$, and a bias of −5. **Before you run it:** which of the two slopes is
# exactly 0?

# %%
# NBVAL_CHECK_OUTPUT
rows = np.random.default_rng(1).normal(size=(100, 1)).astype("float32")
inside = keras.layers.Dense(8, activation="tanh")
outside = keras.Sequential([keras.layers.Dense(8), keras.layers.Activation("tanh")])
one, _ = inside(rows), outside(rows)  # called once, so that both have weights
outside.set_weights(inside.get_weights())
expect.close(outside(rows), one, atol=1e-6, name="Dense(activation=...) and Activation")

for name in ("relu", "leaky_relu"):
    unit = keras.layers.Dense(1, activation=name)
    unit.build((None, 1))
    unit.set_weights([np.array([[1.0]]), np.array([-5.0])])
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((unit(rows) - 1) ** 2)  # it should say 1
    print(f"{name:10} slope of the bias is 0:", not np.any(tape.gradient(loss, unit.bias)))

# %% [markdown]
# ### Twenty layers, backward
#
# Now measure it: 20 hidden layers of 50 units, one batch, and no training yet. How long is the gradient of each
# layer's weights? **Look at** the height of each line (learning needs something near 1) and at its tilt: on the left
# are the *first* layers, farthest from the loss. Below $10^{-7}$ of a weight, `float32` cannot even add the
# correction.


# %%
def gradient_norms(activation, start, depth=20):
    dense, seeds = keras.layers.Dense, range(depth)
    hidden = [dense(50, activation, kernel_initializer=start(seed)) for seed in seeds]
    model = keras.Sequential([keras.Input(shape=(50,)), *hidden, dense(1)])
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(256, 50)), rng.normal(size=(256, 1))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    return [float(tf.norm(g)) for g in tape.gradient(loss, [d.kernel for d in hidden])]


init = keras.initializers
starts = {
    "small, 0.05": (lambda seed: init.RandomNormal(stddev=0.05, seed=seed), ":", "black"),
    "Glorot": (lambda seed: init.GlorotNormal(seed=seed), "-", "blue"),
    "He": (lambda seed: init.HeNormal(seed=seed), "--", "vermillion"),
    "large, 0.3": (lambda seed: init.RandomNormal(stddev=0.3, seed=seed), "-.", "green"),
}

# %%
fig, axes = plt.subplots(1, 3, figsize=(9.5, 3.9), sharey=True, layout="constrained")
first, alt = {}, "Length of the gradient, layer 1 to layer 20:"
for ax, activation in zip(axes, ("sigmoid", "tanh", "relu")):
    print(activation, end=" ")
    for name, (start, style, colour) in starts.items():
        norms = gradient_norms(activation, start)
        first[activation, name] = norms[0]
        alt += f" {activation}, {name}: {norms[0]:.0e} to {norms[-1]:.0e};"
        ax.plot(norms, style, color=plots.COLOURS[colour], lw=2, label=name)
        print(end=".", flush=True)
    ax.axhspan(0.01, 100, fc="none", ec="0.8", hatch="//", label="healthy")
    ax.set(title=activation, xlabel="layer (1 is next to the input)", yscale="log")
    ax.set(ylim=(1e-16, 1e10), xticks=[0, 4, 9, 14, 19], xticklabels=[1, 5, 10, 15, 20])
axes[0].set_ylabel("length of the gradient")
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=5)
plots.show(fig, alt=alt + " healthy are 0.01 to 100.")
part = first["sigmoid", "Glorot"] / first["tanh", "Glorot"]
expect.that(part < 1e-3, expected="layer 1: sigmoid's is under a thousandth of tanh's", got=part)

# %% [markdown]
# The sigmoid loses its gradient on the way back at each of these four starts. tanh with Glorot and ReLU with He stay
# healthy. Large weights with tanh grow towards the left, but slowly: where tanh is flat, its small slopes hold them
# back. Large weights with ReLU explode, far above the healthy band. That line is level because every layer's
# gradient contains *all* the factors, those on the way forward and those on the way back.
#
# ### Three ways to start
#
# So the size of the starting weights matters. Must they be random? Zeros would be simpler, or 0.5 everywhere. Train
# two steps and compare the neurons of the hidden layer. **Guess:** in which of the three do they differ from one
# another?

# %%
differ_guess = None  # "zeros", "constant" or "random"

predict.record("they differ", differ_guess)

# %%
# NBVAL_CHECK_OUTPUT
rng = np.random.default_rng(0)
x, y = rng.normal(size=(64, 3)), rng.normal(size=(64, 1))
kinds = {"zeros": "zeros", "constant": init.Constant(0.5), "random": init.GlorotUniform(seed=0)}
spreads = {}
for name, kind in kinds.items():
    hidden = keras.layers.Dense(4, activation="tanh", kernel_initializer=kind)
    last = keras.layers.Dense(1, kernel_initializer=kind)
    model = keras.Sequential([keras.Input(shape=(3,)), hidden, last])
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.1), loss="mse")
    model.fit(x, y, batch_size=32, verbose=0)  # 64 rows, so two steps
    W = hidden.get_weights()[0]  # (3, 4): a column for each neuron
    spreads[name] = float(np.max(W.max(axis=1) - W.min(axis=1)))
    print(f"{name:9} all equal: {spreads[name] < 1e-5}, still 0: {not np.any(W)}")
predict.compare("they differ", max(spreads, key=spreads.get))

# %%
answers = {
    "They get equal corrections, for ever": "Right: equal weights, equal gradients. Four copies of one.",
    "Zero is too small a number": "Misconception: 0.5 fails as well. The point is that all are equal.",
    "Keras forbids it": "No: kernel_initializer='zeros' runs, and learns next to nothing.",
}
quiz.ask("Why can neurons that start equal not become different?", answers)

# %% [markdown]
# (Biases may start at 0, and do: random weights are enough to tell the neurons apart.)
#
# ### A learned curve
#
# In Idea 4 we computed the weights. Now a network must find its own, for the same curve: one hidden layer of $n$ = 2,
# 5 or 20 tanh units. Two choices help it. The starting weights and biases are large enough to spread the bends over
# all $t$ (by default every bias is 0, and all bends begin at $t = 0$). And to spare overhead, each epoch holds 300
# copies of the 201 points, in batches of 100. **Look at** what two bends can do and what they cannot.

# %%
t = np.linspace(-3, 3, 201, dtype="float32")[:, None]  # (201, 1)
copies = np.tile(t, (300, 1))  # (60300, 1)
fits, errors = {}, {}
for n in (2, 5, 20):
    keras.utils.set_random_seed(0)
    wide, apart = init.RandomNormal(stddev=1.5), init.RandomUniform(-3, 3)
    hidden = keras.layers.Dense(n, "tanh", kernel_initializer=wide, bias_initializer=apart)
    model = keras.Sequential([keras.Input(shape=(1,)), hidden, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.02), loss="mse")
    model.fit(copies, curve(copies), batch_size=100, epochs=2, verbose=0)
    print(end=".", flush=True)
    fits[n] = model(t).numpy()
    errors[n] = float(np.sqrt(np.mean((fits[n] - curve(t)) ** 2)))
expect.that(errors[20] < errors[2] / 2, expected="20 units halve the error of 2", got=errors)

# %%
fig, axes = plt.subplots(1, 3, figsize=(9.5, 3.4), sharey=True, layout="constrained")
turns = np.array([-2.28, -0.86, 0.86, 2.28])  # where the curve is level
alt = f"Heights at the four bends, t = {turns.tolist()}: {np.round(curve(turns), 1).tolist()}"
for ax, (n, fitted) in zip(axes, fits.items()):
    alt += f"; {n} units {np.round(np.interp(turns, t[:, 0], fitted[:, 0]), 1).tolist()}"
    ax.plot(t, curve(t), color="0.7", lw=6, label="curve")
    ax.plot(t, fitted, color=plots.COLOURS["blue"], lw=2, label="network")
    ax.set(title=f"{n} units: off by {errors[n]:.2f}", xlabel="t", ylabel="y", ylim=(-2, 2))
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
plots.show(fig, alt=alt)

# %% [markdown]
# ### Which one to choose
#
# | where | choose | why |
# |---|---|---|
# | hidden layers | `relu`, with `he_normal` or `he_uniform` | fast, does not saturate on the right; if units die: `leaky_relu`, `elu`, `silu` |
# | hidden layers, deep and plain | `selu`, with `lecun_normal` | keeps mean and spread near 0 and 1 by itself |
# | small smooth problems | `tanh`, with Glorot (the default) | smooth curves |
# | output: regression | none (linear) | any number may come out |
# | output: regression, positive | `softplus` | never negative |
# | output: yes or no | 1 unit, `sigmoid` | a probability |
# | output: one of $k$ classes | $k$ units, `softmax` | probabilities that add up to 1 (of one unit: always 1) |
# | output: several labels at once | $k$ units, `sigmoid` | each label is its own yes or no |
#
# (Depth multiplies, so He matters in deep networks. With one to four hidden layers Keras' default, Glorot, does for
# ReLU as well. The coming units have such networks, and mostly leave the start as it is.)
#
# ### Find the bug
#
# A friend wants the sum $x_1 + x_2$, about as simple as a target can be. The loss sticks far from 0. "It underfits,"
# he says, and adds layers; it does not help. Compare his loss with that of always answering 0: how much of it is
# left? Which word is wrong?

# %%
# NBVAL_CHECK_OUTPUT
x = np.random.default_rng(2).normal(size=(4_000, 2))
y = x.sum(axis=1, keepdims=True)  # (4000, 1)
keras.utils.set_random_seed(0)
friend = keras.Sequential(
    [
        keras.Input(shape=(2,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1, activation="relu"),
    ]
)
friend.compile(optimizer="adam", loss="mse")
losses = friend.fit(x, y, epochs=5, verbose=0).history["loss"]
print(f"loss after epochs 3 to 5: {losses[2]:.1f} {losses[3]:.1f} {losses[4]:.1f}")
print(f"always answering 0 costs: {np.mean(y**2):.1f}")

# %% [markdown]
# <details><summary>The answer</summary>
#
# The last `"relu"`. ReLU never gives a negative number, and half of the targets are negative: there the best it can
# say is 0, so half of the loss stays. No weights and no number of layers before it can mend that. It was copied from the line above, where it belongs. At the output of a
# regression stands no activation.
#
# </details>
#
# ### Change one thing
#
# Each row is one change to a cell above; predict, run, put it back. (Where a check at the end of a cell complains, it
# is right.)
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | the friend's last layer | `"tanh"` | is that enough? | negative answers now, but none beyond −1 and 1 |
# | softmax's temperature | `(0.5, 1, 3)` → `(0.1, 1, 100)` | which extremes? | one takes all; all equal |
# | `"large, 0.3"` in both figures | 0.3 → 0.6 | tanh forward, ReLU backward? | tanh sits at its limits, ReLU leaves the frame |
# | `depth` of `gradient_norms` | 20 → 5 | is the sigmoid saved? | much better, though the first layers still lie below the healthy band: depth was most of the trouble |
# | `"tanh"` of the learned curve | `"linear"` | with 20 units? | a straight line: the layers collapse |
# | its `learning_rate` | 0.02 → 0.0002 | the same curves, later? | all three still far off after the same time: the theorem promises good weights, not that you reach them |
#
# ## Take away *(4 min)*
#
# - Without bends between them, layers collapse into one.
# - Bounded activations saturate on both sides; ReLU passes everything on the right, and can die on the left.
# - Depth multiplies: slopes and sizes of weights make gradients vanish or explode. Glorot
#   is made for tanh (and sinks a little), He for ReLU.
# - Weights start random so that neurons differ. Biases may start at 0.
# - One hidden layer with enough bends comes near any curve, if training finds the weights.
# - The output's activation follows from the question: none, `sigmoid` or `softmax`.
#
# **Explain without looking:** why does a product of matrices make depth useless? · What is the largest slope of a
# sigmoid, and what does it do after twenty layers? · When is a ReLU unit dead? · Why has He a 2 on top? · Why is
# softmax with one unit always 1?
#
# **You may meet** `keras.layers.LeakyReLU(alpha=0.3)` in older code, today `negative_slope=0.3`; `swish`, another
# name for `silu`; `gelu`, a close relative in language models; and networks with sigmoids in all hidden layers, from
# the time before ReLU.
#
# **Next:** {{next}}, *how training works*. You know what a network computes, and what its slopes are. Now use
# them.
