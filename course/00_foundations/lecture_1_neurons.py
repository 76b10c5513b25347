# %% [markdown]
# # Foundations 1: tensors and neurons
#
# {{badge}}
#
# To a computer a flower, a digit and a photograph are the same kind of thing: an array of numbers. A neuron takes
# such numbers, weighs them, adds them up and decides. In this lecture you build one by hand, watch it learn, see it
# fail at a puzzle with four points, and stack neurons until the puzzle is solved.

# %% [markdown]
# ## Objectives *(2 min)*
#
# **75 minutes.** You need Python, and a little NumPy: arrays, slices, `@` for the matrix product. (New to NumPy? First
# an hour with [its guide for beginners](https://numpy.org/doc/stable/user/absolute_beginners.html).) Nothing of deep
# learning. On Colab, save a copy in Drive first (*File → Save a copy in Drive*), or your work is lost when you close
# the tab. Next time open that copy, from the folder *Colab Notebooks* in your Drive.
#
# At the end you can
#
# 1. name rank, shape and dtype of an array, and say what each axis means;
# 2. compute a neuron and one step of the perceptron rule by hand, and say why one neuron cannot do XOR (one or the other,
#    not both);
# 3. write a network as a formula, in NumPy and in Keras, with equal results;
# 4. predict the shapes and count the parameters of a small Keras model.
#
# **How to read this.** The grey boxes are *cells*. Click in one and press **Shift + Enter**: it runs, and its result
# appears below. Go from top to bottom, one by one: *Run all* would answer before you can guess. Some cells are folded;
# run them like the others: the first installs the course on Colab, the rest ask you a question. (Colab may want you to
# sign in, and warn that Google did not write this notebook: choose *Run anyway*. After a long pause it forgets all
# results: click in the cell where you stopped, then *Runtime → Run before*.)
#
# The next cell but one, the **set-up cell**, also sets the **seed**, the number from which all random choices start:
# the same seed draws the same "random" numbers, on your machine and (nearly) on ours.

# %%
from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import keras
import matplotlib.pyplot as plt
import numpy as np


# %% [markdown]
# ## Problem *(3 min)*
#
# How would you write a program that tells an iris from its measurements, or a 3 from an 8? Rules do not get far: no
# one can list what makes an 8. **Machine learning** turns it round: you show examples, and the program finds the
# rule. **Deep learning** does so with *networks* of many simple units, in layers. All of it rests on two ideas:
#
# - whatever goes in becomes an array of numbers: a **tensor**;
# - a **network** is a function $f$ with many adjustable numbers, its *parameters*. Learning means to adjust them
#   until $f(\text{input})$ is near the wanted answer.
#
# Today: what the tensors are, and what $f$ is made of. Part 2 is about the bend in each unit, part 3 about the
# adjusting.
#
# ## Picture *(16 min)*
#
# ### Idea 1: a tensor is numbers in a grid
#
# The **rank** of a tensor is the number of its axes, the **shape** says how long each axis is.
#
# | rank | also called | in this course |
# |---|---|---|
# | 0 | scalar | one length |
# | 1 | vector | one flower: 4 lengths |
# | 2 | matrix | the table of all flowers; one grey image |
# | 3 | no name of its own | a batch of grey images; one colour image |
# | 4 | no name of its own | a batch of colour images |
#
# A **batch** is some examples in one array. So rank does not say *what* it is: one colour image and a batch of grey
# ones both have rank 3. The axes have meanings, and you must know them. By custom the **first axis counts examples**.
#
# ### Real ones
#
# **Guess first:** a colour photograph has 427 rows of 640 pixels. How many numbers is that?

# %%
photo_guess = None

predict.record("photo", photo_guess, unit="numbers")

# %%
# NBVAL_CHECK_OUTPUT
from sklearn.datasets import load_sample_images

iris, mnist = data.load_iris(), data.load_mnist()
photos = np.stack(load_sample_images().images)  # two photographs that come with scikit-learn
tensors = {
    "one length [cm]": iris.x[0, 0],
    "one flower": iris.x[0],
    "all flowers": iris.x,
    "one digit": mnist.x_train[0],
    "a batch of digits": mnist.x_train[:5],
    "one photograph": photos[0],
    "a batch of photographs": photos,
}
for name, t in tensors.items():
    print(f"{name:23} rank {t.ndim}  shape {t.shape!s:17} {t.dtype}")
assert photos[0].size == 427 * 640 * 3  # red, green and blue for each pixel
predict.compare("photo", photos[0].size)

# %% [markdown]
# Now see them. **Look at** the number of directions in which you can walk: none, one, two. For rank 3 and 4 paper
# runs out of directions, so we stack. (The photographs come with scikit-learn: danielbuechele and vultilion on
# Flickr, CC BY 2.0.)

# %%
fig, axes = plt.subplots(
    1, 5, figsize=(9.5, 2.7), width_ratios=[0.8, 2, 2, 2, 2.6], layout="constrained"
)
for ax, grid in zip(axes, (iris.x[:1, :1], iris.x[:1], iris.x[:5])):
    ax.imshow(grid, cmap="Blues", vmin=0, vmax=10)
    for (row, column), value in np.ndenumerate(grid):
        ax.text(column, row, f"{value:.1f}", ha="center", va="center")
for ax, stack in zip(axes[3:], (mnist.x_train[:5], photos)):
    height, width = stack.shape[1:3]
    for i, image in enumerate(stack):  # each one further back, up and to the right
        x, y = 0.25 * i * width, -0.3 * i * height
        ax.imshow(image, cmap="gray_r", extent=(x, x + width, y + height, y), zorder=-i)
        ax.add_patch(plt.Rectangle((x, y), width, height, fill=False, zorder=-i))
    ax.set(xlim=(-1, x + width + 1), ylim=(height + 1, y - 1), frame_on=False)
parts = ["a length", "a flower", "5 flowers × 4", "5 digits × 28 × 28", "2 photos × 427 × 640 × 3"]
for rank, (ax, part) in enumerate(zip(axes, parts)):
    ax.set(title=f"rank {rank}", xlabel=part, xticks=[], yticks=[])
alt = "Ways to walk: none in one cell, one in a row of 4 cells, two in a table of 5 × 4 cells. "
alt += "Rank 3: five digits, and rank 4: two photographs, each drawn behind the one before."
plots.show(fig, alt=alt)

# %% [markdown]
# What is in a pixel? In a grey image one number: 0 is background, 255 is full ink. In a colour image three: how much
# red, green and blue light, 0 to 255. **Look at** the numbers and find the stroke in them. Then look at the three
# channels: which is brightest where the petals are, and which is darkest there?
#
# An axis has a meaning, so ask of every operation: *along which axis?* The mean over axis 0 is the average flower.
# The mean over axis 1 mixes lengths and widths of one flower; NumPy does not mind, but it says nothing.
#
# And mind the **dtype**. Images come as `uint8`, whole numbers from 0 to 255. They cannot hold 300, and go round like
# a clock. So the first thing we do to images is to turn them into `float32`, in which Keras computes, with values
# from 0 to 1.

# %%
fig, axes = plt.subplot_mosaic("AABB;CDEF", figsize=(9.5, 6.4), layout="constrained")
digit, crop, ticks = mnist.x_train[0], slice(9, 17), dict(xlabel="column", xticks=[0, 300, 600])
print("The square, rows and columns 9 to 16:", digit[crop, crop], sep="\n")
axes["A"].imshow(digit, cmap="gray_r")
axes["A"].add_patch(plt.Rectangle((8.5, 8.5), 8, 8, fill=False, ec=plots.COLOURS["vermillion"]))
axes["A"].set(title="One digit: shape (28, 28)", xlabel="column", ylabel="row")
axes["B"].imshow(digit[crop, crop], cmap="gray_r", extent=(8.5, 16.5, 16.5, 8.5), vmax=400)
for (row, column), value in np.ndenumerate(digit[crop, crop]):
    axes["B"].text(9 + column, 9 + row, value, ha="center", va="center", fontsize=8)
axes["B"].set(title="The square, as numbers", xlabel="column", ylabel="row")
axes["C"].imshow(photos[1])
axes["C"].set(title="A photo (427, 640, 3)", ylabel="row", **ticks)
for key, channel, name in zip("DEF", range(3), ("red", "green", "blue")):
    axes[key].imshow(photos[1][:, :, channel], cmap="gray", vmin=0, vmax=255)
    axes[key].set(title=f"[:, :, {channel}]: {name}", yticks=[], **ticks)
petals = photos[1][140:300, 240:360].mean(axis=(0, 1))  # a patch of petals -> (3,)
alt = "A digit beside the numbers printed above. A flower beside its three channels: of 255, the "
alt += "petals have about {:.0f} in red, {:.0f} in green and {:.0f} in blue.".format(*petals)
plots.show(fig, alt=alt)

# %%
# NBVAL_CHECK_OUTPUT
print("average flower", iris.x.mean(axis=0).shape, "  per flower", iris.x.mean(axis=1).shape)
print("200 + 100 in uint8:", np.array([200], "uint8") + np.array([100], "uint8"))

scaled = mnist.x_train.astype("float32") / 255
print("scaled:", scaled.dtype, scaled.shape, "from", scaled.min(), "to", scaled.max())

# %%
answers = {
    "3": "Right: image, row, column. A grey pixel is one number, so colour needs no axis.",
    "2": "Misconception: that a batch is no axis. The first axis counts the images.",
    "4": "No: that is a batch of colour images. Some Keras layers want (64, 28, 28, 1): same numbers.",
    "64": "Misconception: that rank is a length. Rank counts axes; 64 is the length of the first.",
}
quiz.ask("64 grey images of 28 × 28 pixels in one array: which rank?", answers)

# %% [markdown]
# ## By hand *(31 min)*
#
# ### Idea 2: a neuron weighs, adds and decides
#
# The first artificial neuron is the **threshold logic unit**, TLU. It has one **weight** for each input, and one
# **bias**:
#
# $$z = w_1 x_1 + w_2 x_2 + b, \qquad \hat y = \begin{cases} 1 & z \ge 0 \\ 0 & z < 0\end{cases}$$
#
# A weight says how much its input speaks for "1", or against it if negative. The bias says how easily the neuron says
# 1 at all. Where $z = 0$ it changes its mind: for two inputs that is a straight line, the **decision line**. The
# weights, drawn as an arrow, stand at right angles to it and point to the side of the 1s.
#
# ### A neuron for flowers
#
# Our examples are irises: length and width of the sepals in mm, counted from a 50 × 30 mm flower, so that the numbers
# are small. Answer 1 is *setosa*, 0 is *versicolor*.
#
# Take $w = (-1, 1)$ and $b = -4$. On the left is the neuron, on the right what it does to the plane. **Look at** the
# side to which the arrow points, and at the flowers on the wrong side of the line. Then **by hand**: what is $z$ for
# a flower with $x = (20, 2)$?


# %%
rows = np.column_stack([np.arange(20), np.arange(50, 70)]).ravel()  # setosa, versicolor, ...
flowers = np.rint(10 * iris.x[rows, :2]).astype(int) - [50, 30]  # whole mm
species = (iris.y[rows] == 0).astype(int)  # 1 is setosa
groups = ("setosa: 1", 1, "o", "blue"), ("versicolor: 0", 0, "s", "vermillion")


def line(ax, w, b, **look):
    """Draw where w @ x + b = 0: through the point nearest to the origin, at right angles to w."""
    foot = -b * w / (w @ w)
    ax.axline(foot, foot + [-w[1], w[0]], **look)


def draw_flowers(ax, title):
    for name, answer, marker, colour in groups:
        points = flowers[species == answer]
        ax.plot(*points.T, marker, color=plots.COLOURS[colour], label=name, ms=5)
    low, high = flowers.min(axis=0) - 2, flowers.max(axis=0) + 2
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    ax.set(title=title, xlabel="x1: length − 50 [mm]", ylabel="x2: width − 30 [mm]")
    ax.grid(alpha=0.3)


w, b = np.array([-1, 1]), -4
alt = "Left: x1 times −1, x2 times 1, and −4 are added to z; then z ≥ 0?; then 0 or 1. Right: the "
alt += "line x2 = x1 + 4; the arrow w points up and to the left, to the side of the 1s. "

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.9), layout="constrained")
inputs = [("x1", 2, "w1 = −1", 1.75), ("x2", 1, "w2 = 1", 1.08), ("1", 0, "b = −4", 0.2)]
arrow = {"arrowstyle": "->", "lw": 1.5}
for text, y, weight, above in inputs:
    left.annotate("", (1.9, 1 + 0.2 * (y - 1)), (0.15, y), arrowprops=arrow)
    left.text(1.05, above, weight, color=plots.COLOURS["blue"])
    left.text(0, y, text, ha="center", va="center", bbox={"boxstyle": "circle", "fc": "white"})
for x, text in ((2.3, "add: z"), (3.7, "z ≥ 0?"), (5.0, "0 or 1")):
    left.text(x, 1, text, ha="center", va="center", bbox={"boxstyle": "round", "fc": "white"})
for x in (2.75, 4.1):
    left.annotate("", (x + 0.5, 1), (x, 1), arrowprops=arrow)
left.set_title("A threshold logic unit: inputs, weighted sum, decision")
left.set(xlim=(-0.4, 5.6), ylim=(-0.6, 2.6), xticks=[], yticks=[])
draw_flowers(right, "What it does to the plane")
line(right, w, b, color="black")
right.annotate("", (-7, 7), (-2, 2), arrowprops={"arrowstyle": "->", "lw": 2})
right.text(-7, 8, "w", clip_on=True)
right.legend(fontsize=8, loc="upper right")
astray = species - (flowers @ w + b >= 0)  # on the wrong side: 1 a setosa, -1 a versicolor
plots.show(fig, alt=alt + f"Astray: {sum(astray == 1)} setosas, {sum(astray == -1)} versicolors.")

# %%
z_guess = None  # w = (-1, 1), b = -4, x = (20, 2)

predict.record("z", z_guess)


# %%
# NBVAL_CHECK_OUTPUT
def step(z):
    return (z >= 0).astype(int)


z = flowers @ w + b  # (40, 2) @ (2,) + one number -> (40,)
for i in (0, 1):
    print(f"x = {flowers[i]}  z = {z[i]:3}  says {step(z)[i]}, is {species[i]}")
predict.compare("z", z[1])
print("right for", np.sum(step(z) == species), "of", len(species), "flowers")

# %% [markdown]
# ### Learning from mistakes: the perceptron rule
#
# Nobody should have to guess weights. The **perceptron rule** finds them. Begin with zeros. Take one flower after the
# other:
#
# - right? Change nothing;
# - said 0, should be 1: **add** the flower to the weights, $w \leftarrow w + x,\; b \leftarrow b + 1$;
# - said 1, should be 0: **subtract** it, $w \leftarrow w - x,\; b \leftarrow b - 1$.
#
# In one line, with the error $e = y - \hat y$, which is 0, 1 or −1:
# $\;w \leftarrow w + e\,x,\quad b \leftarrow b + e$. Why does it help? After it, the same flower gives
# $z + e\,(x \cdot x + 1)$: pushed to the right side. If *any* line separates the two groups, the rule is proven to
# find one.
#
# **Guess:** 40 flowers, from zero weights. How many times are the weights changed before all flowers are right? Then
# **follow** the line from panel to panel. The ring marks the flower that was wrong; the grey dashes are the line
# before. Check the first change by hand: $(0, 0) - (20, 2)$.

# %%
changes_guess = None

predict.record("changes", changes_guess, unit="changes")


# %%
# NBVAL_CHECK_OUTPUT
def perceptron(x, y, passes):
    w, b = np.zeros(x.shape[1], dtype=int), 0
    changes, mistakes = [], []
    for _ in range(passes):
        mistakes.append(0)
        for example, answer in zip(x, y):
            error = answer - step(w @ example + b)
            if error:
                w, b = w + error * example, b + error
                changes.append((example, w, b))
                mistakes[-1] += 1
    return w, b, changes, mistakes


w, b, changes, mistakes = perceptron(flowers, species, passes=3)
print("mistakes in each pass:", mistakes)
for example, new_w, new_b in changes:
    print(f"wrong at {example!s:9} -> w = {new_w!s:9} b = {new_b}")
assert np.all(step(flowers @ w + b) == species)
predict.compare("changes", len(changes))

# %%
fig, axes = plt.subplots(1, 4, figsize=(9.5, 3.2), sharey=True, layout="constrained")
before, alt = None, ""
for number, (ax, (example, new_w, new_b)) in enumerate(zip(axes, changes), 1):
    draw_flowers(ax, f"change {number}")
    ax.set(xlabel="x1 [mm]", ylabel="x2 [mm]" if number == 1 else "")
    if before:
        line(ax, *before, color="0.6", ls="--")
    line(ax, new_w, new_b, color="black")
    ax.plot(*example, "o", ms=14, mfc="none", mec="black", mew=1.5)
    before = new_w, new_b
    alt += f"Change {number}: wrong at ({example[0]}, {example[1]}); "
    alt += f"new line {new_w[0]} x1 {new_w[1]:+} x2 {new_b:+} = 0. "
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plots.show(fig, alt=alt + "After the last, every flower is on its side.")

# %%
answers = {
    "w = (3, 1), b = 0": "Right: z = 2 - 2 - 1 is negative. The error is +1: add x to w, and 1 to b.",
    "w = (-1, -3), b = -2": "Misconception: that a mistake always means less. Here z was too low.",
    "w = (3, 1), b = -1": "Misconception: that the bias does not learn. It is a weight with input 1.",
    "Nothing changes": "Misconception: that one row is too little. The rule learns from each mistake.",
}
quiz.ask(
    "w = (1, -1), b = -1. The flower x = (2, 2) should be 1. What are w and b after it?", answers
)

# %% [markdown]
# ### Idea 3: one line is not always enough
#
# A neuron can compute logic: with inputs 0 and 1, $w = (1, 1)$ and $b = -1.5$ is AND; $b = -0.5$ is OR. Now XOR: *one
# or the other, but not both*. Try it in the picture: **can you draw one straight line** with the circles on one side
# and the squares on the other?
#
# You cannot, and here is why. (0,0) is a 0, so $b < 0$. (1,0) and (0,1) are 1s: $w_1 + b \ge 0$ and $w_2 + b \ge 0$.
# Add these: $w_1 + w_2 + b \ge -b > 0$. So (1,1) comes out as 1, and should be 0. No weights will do: not with more
# data, not with more time.

# %%
corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
gates = {"AND": np.array([0, 0, 0, 1]), "OR": np.array([0, 1, 1, 1]), "XOR": np.array([0, 1, 1, 0])}


def draw_corners(ax, points, target, title, labels):
    for answer, marker, colour in ((1, "o", "blue"), (0, "s", "vermillion")):
        some = points[target == answer]
        ax.plot(*some.T, marker, color=plots.COLOURS[colour], ms=11, label=f"should be {answer}")
    ax.set(title=title, xlabel=labels[0], ylabel=labels[1], xlim=(-0.5, 1.5), ylim=(-0.5, 1.5))
    ax.set(xticks=[0, 1], yticks=[0, 1], aspect="equal")


fig, axes = plt.subplots(1, 3, figsize=(9.5, 3.7), layout="constrained")
for ax, (name, target), bias in zip(axes, gates.items(), (-1.5, -0.5, None)):
    print(f"{name:4} mistakes in each pass:", perceptron(corners, target, passes=12)[3])
    draw_corners(ax, corners, target, name, ("x1", "x2"))
    if bias:
        line(ax, np.array([1, 1]), bias, color="black")
axes[2].text(0.5, 0.5, "no line\nwill do", ha="center", va="center", fontsize=12)
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
alt = "Circles are 1s. AND: a line cuts off the circle (1, 1). OR: it cuts off the square (0, 0). "
alt += "XOR: circles at (0, 1) and (1, 0), squares at (0, 0) and (1, 1): equals lie crosswise."
plots.show(fig, alt=alt)

# %% [markdown]
# In 1969 this puzzle helped to end a first wave of enthusiasm. The way out is a second **layer**. Two neurons look at
# the inputs: one computes OR, the other NAND (*not both*). A third one looks only at those two, and computes AND. The
# two are called **hidden**: from outside you see the inputs and the last answer, not theirs.
#
# **Look at** the left picture: 1s lie between two lines, and each hidden neuron draws one. On the right the same four
# corners, where the hidden neurons put them. Two corners have landed on one spot. Now one line is enough. That is
# what a hidden layer is for: it **moves the points** so that the next layer has it easy.

# %%
A0, b0 = np.array([[1, 1], [-1, -1]]), np.array([-0.5, 1.5])  # a row for OR, a row for NAND
A1, b1 = np.array([[1, 1]]), np.array([-1.5])  # AND

hidden = np.array([step(A0 @ x + b0) for x in corners])  # (2, 2) @ (2,) + (2,) -> (2,), four times
output = np.array([step(A1 @ h + b1) for h in hidden])  # (1, 2) @ (2,) + (1,) -> (1,), four times
expect.equal(output[:, 0], gates["XOR"], name="the output of two layers")

fig, axes = plt.subplots(1, 2, figsize=(7.5, 3.9), layout="constrained")
names = ("x1", "x2"), ("hidden neuron 1: OR", "hidden neuron 2: NAND")
draw_corners(axes[0], corners, gates["XOR"], "The inputs", names[0])
draw_corners(axes[1], hidden, gates["XOR"], "After layer 1 (dotted: AND)", names[1])
for row, bias, style, name in zip(A0, b0, ("-", "--"), ("OR", "NAND")):
    line(axes[0], row, bias, color="black", ls=style, label=name)
line(axes[1], A1[0], b1[0], color="black", ls=":")
axes[1].text(1, 1.15, "two corners", ha="center")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
alt = "Left: the 1s, (0, 1) and (1, 0), lie between the lines, (0, 0) below and (1, 1) above them. "
alt += "Right: (0, 0) has moved to ({}, {}), (1, 1) to ({}, {}), ".format(*hidden[0], *hidden[3])
alt += "both 1s to one spot, (1, 1); one line cuts it off."
plots.show(fig, alt=alt)

# %%
answers = {
    "It gives the last neuron new inputs, which one line can split": "Right: layers move the points.",
    "It gives more parameters to one line": "Misconception: a line stays a line. See the proof above.",
    "It takes more passes over the data": "Misconception: that XOR needs patience. No weights exist.",
}
quiz.ask("Why does a hidden layer help with XOR?", answers)

# %% [markdown]
# ### Idea 4: a network is one formula
#
# Write the weights of a layer as a matrix $A$, one **row** for each neuron. Then a layer is $g(Ax + b)$: multiply,
# add, bend each number with an *activation* $g$. Three layers, one inside the other:
#
# $$f(x) = A_2\, g\big(A_1\, g(A_0 x + b_0) + b_1\big) + b_2$$
#
# That is a whole network. There is nothing else in it. The step was one choice of $g$; today's usual one is **ReLU**,
# $g(z) = \max(0, z)$, and part 2 says why. Shapes must fit like dominoes: $A_1$ has a row for each of *its* neurons
# and a column for each number that comes *in*. **Look at** the picture: which side of $A_1$ is as long as $A_0$ is
# high?

# %%
fig, ax = plt.subplots(figsize=(9.5, 3), layout="constrained")
sizes, at = [3, 5, 4, 2], 0
blocks = [("x", 3, 1, "white")]
for i, (inputs, units) in enumerate(zip(sizes, sizes[1:])):
    blocks += [(f"A{i}", units, inputs, "sky"), (f"b{i}", units, 1, "yellow")]
    blocks.append(("f(x)" if i == 2 else f"h{i + 1}", units, 1, "white"))
for name, height, width, colour in blocks:
    for row, column in np.ndindex(height, width):
        spot = (at + column, -height / 2 + row)
        ax.add_patch(plt.Rectangle(spot, 1, 1, fc=plots.COLOURS.get(colour, colour), ec="black"))
    ax.text(at + width / 2, 2.8, name, ha="center", fontsize=12)
    ax.text(at + width / 2, -3.3, f"{height} × {width}", ha="center", fontsize=9)
    at += width + 1.3
ax.set(
    title="3 → 5 → 4 → 2", xlabel="white: what flows; blue and yellow: parameters", xlim=(-1, at)
)
ax.set(ylim=(-3.8, 3.8), xticks=[], yticks=[], aspect="equal")
plots.show(
    fig, alt="Height × width: x 3 × 1, A0 5 × 3, A1 4 × 5, A2 2 × 4; each b is as high as its A."
)

# %%
# NBVAL_CHECK_OUTPUT
rng = np.random.default_rng(0)
A = [rng.normal(size=(units, inputs)) for inputs, units in zip(sizes, sizes[1:])]
b = [rng.normal(size=units) for units in sizes[1:]]


def g(z):
    return np.maximum(0, z)


def f(x):
    h1 = g(A[0] @ x + b[0])  # (5, 3) @ (3,) + (5,) -> (5,)
    h2 = g(A[1] @ h1 + b[1])  # (4, 5) @ (5,) + (4,) -> (4,)
    return A[2] @ h2 + b[2]  # (2, 4) @ (4,) + (2,) -> (2,)


X = rng.normal(size=(7, 3))  # seven examples, one a row
by_hand = np.array([f(x) for x in X])
print("one example:", f(X[0]).shape, "  seven:", by_hand.shape)

# %%
answers = {
    "(64, 100)": "Right: 64 rows, one for each neuron; 100 columns, one for each number that comes in.",
    "(100, 64)": "Not quite: that is Keras' way, the transpose. In A x + b the rows are the neurons.",
    "(64,)": "Misconception: one weight for each neuron. That is b. A has one for each pair.",
}
quiz.ask(
    "100 numbers come in, the layer has 64 neurons, and it computes A x + b. The shape of A?",
    answers,
)

# %% [markdown]
# ## In Keras *(18 min)*
#
# ### The same network, the same numbers
#
# **Keras** has these layers ready. One thing differs from the formula. Keras handles a whole batch of examples at
# once, one a *row*, and so the matrix stands on the right:
#
# $$\underset{(7,\,3)}{X}\;\underset{(3,\,5)}{W} + \underset{(5,)}{b} \;\to\; (7, 5) \qquad\text{with } W = A^\mathsf{T}$$
#
# Keras keeps $W$ in the shape (inputs, units), the transpose of our $A$, and calls it the layer's *kernel*. `keras.Input(shape=(3,))` names the shape of
# *one* example; the batch axis is never named, and shows up as `None`: any number.

# %%
model = keras.Sequential(
    [
        keras.Input(shape=(3,)),
        keras.layers.Dense(5, activation="relu"),
        keras.layers.Dense(4, activation="relu"),
        keras.layers.Dense(2),
    ]
)
for layer, A_i, b_i in zip(model.layers, A, b):
    layer.set_weights([A_i.T, b_i])  # transposed!

expect.output_shape(model, (None, 2))
expect.close(model(X), by_hand, atol=1e-5, name="Keras and our formula")

# %% [markdown]
# ### Find the bug
#
# A friend copies another network of ours, 4 → 4 → 4, into Keras. No error, but other results. Which line is wrong,
# and why was there no error message?

# %%
# NBVAL_CHECK_OUTPUT
B, c = rng.normal(size=(2, 4, 4)), rng.normal(size=(2, 4))
x4 = rng.normal(size=4)
ours = B[1] @ g(B[0] @ x4 + c[0]) + c[1]

friend = keras.Sequential(
    [keras.Input(shape=(4,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(4)]
)
for layer, B_i, c_i in zip(friend.layers, B, c):
    layer.set_weights([B_i, c_i])
theirs = friend(x4[None, :])[0]  # a batch of one: (4,) -> (1, 4)
print("shapes agree:", ours.shape == tuple(theirs.shape))
print("numbers agree:", np.allclose(ours, theirs, atol=1e-4))

# %% [markdown]
# <details><summary>The answer</summary>
#
# `layer.set_weights([B_i, c_i])` lacks the `.T`. In the network 3 → 5 → 4 → 2 Keras would have refused: a (5, 3)
# matrix does not fit where (3, 5) belongs. But a *square* matrix fits both ways round. Shapes catch many bugs, not
# all: compare some numbers as well.
#
# </details>
#
# ### A tour of layers
#
# | layer | what it does |
# |---|---|
# | `Dense(units)` | $g(XW + b)$, the layer of this lecture |
# | `Activation(name)` | only the bend $g$ |
# | `Dropout(rate)` | in training sets a random share to 0, as a brake on learning by heart |
# | `Flatten()` | all axes but the batch become one |
# | `Reshape(shape)` | same numbers in the same order, another grid |
# | `Permute(order)` | swaps axes; counts them from 1, because 0 is the batch |
# | `RepeatVector(n)` | each row $n$ times |
# | `Lambda(function)` | any function of yours. Such a model is hard to save and share: prefer real layers |
# | `ActivityRegularization(l2=...)` | changes nothing, but adds a penalty for large values to what training makes small (the *loss*, part 3) |
# | `Masking(value)` | for sequences, words say: changes nothing, but marks places that hold only `value`, so that later layers skip them |
#
# **Before you run it:** which of the ten have anything to learn, that is, parameters? Then look at two that are
# easily confused, and **follow** the numbers: `Reshape` keeps the order in which you read, `Permute` turns rows into
# columns. Both make (3, 2) out of (2, 3), and no error will tell you that you took the wrong one.

# %%
# NBVAL_CHECK_OUTPUT
layers = keras.layers
tour = [
    (layers.Dense(4), (2, 3)),
    (layers.Activation("relu"), (2, 3)),
    (layers.Dropout(0.5), (2, 3)),
    (layers.Flatten(), (2, 6, 3)),
    (layers.Reshape((9, 2)), (2, 6, 3)),
    (layers.Permute((2, 1)), (2, 6, 3)),
    (layers.RepeatVector(5), (2, 3)),
    (layers.Lambda(lambda t: t**2), (2, 3)),
    (layers.ActivityRegularization(l2=0.1), (2, 3)),
    (layers.Masking(mask_value=0.0), (2, 6, 3)),
]
for layer, shape in tour:
    out = layer(np.ones(shape, dtype="float32"))
    print(f"{type(layer).__name__:23}{shape!s:10} -> {tuple(out.shape)!s:10}", end=" ")
    print(layer.count_params() or "no", "parameters")
learners = [type(layer).__name__ for layer, _ in tour if layer.count_params()]
print("have something to learn:", *learners)

# %%
grid = np.arange(6, dtype="float32").reshape(1, 2, 3)  # a batch of one
results = {
    "input": grid[0],
    "Reshape((3, 2))": layers.Reshape((3, 2))(grid)[0],
    "Permute((2, 1))": layers.Permute((2, 1))(grid)[0],
    "Flatten()": layers.Flatten()(grid),
}
fig, axes = plt.subplots(1, 4, figsize=(9.5, 2.7), width_ratios=[3, 2, 2, 6], layout="constrained")
for ax, (name, value) in zip(axes, results.items()):
    value = np.asarray(value)
    ax.imshow(value, cmap="Blues", vmin=0, vmax=9)
    for (row, column), number in np.ndenumerate(value):
        ax.text(column, row, f"{number:.0f}", ha="center", va="center", fontsize=14)
    ax.set(title=name, xlabel=f"shape {value.shape}", xticks=[], yticks=[])
alt = "Row by row: the input 0 1 2, 3 4 5; Reshape 0 1, 2 3, 4 5; Permute 0 3, 1 4, 2 5; "
plots.show(fig, alt=alt + "Flatten one row, 0 1 2 3 4 5.")

# %% [markdown]
# ### Your first model, counted
#
# 100 numbers in, 64 neurons, then 10: one for each digit, say. **Count on paper before you run anything:** each
# neuron has one weight for each number that comes in, and one bias. How many parameters are there in all?
#
# The picture shows them all: **each pixel is one parameter**. At the start the weights are random and the biases 0.
# To train is to find better values for these pixels, and nothing else. All pixels are of one size: **look at** where
# most of them are. Which layer would you shrink to save memory?

# %%
parameters_guess = None

predict.record("parameters", parameters_guess, unit="parameters")

# %%
model = keras.Sequential(
    [
        keras.Input(shape=(100,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),  # ten probabilities: part 2
    ]
)
predict.compare("parameters", model.count_params())
model.summary(line_length=60)

fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.7), width_ratios=[101, 65], layout="constrained")
for ax, layer in zip(axes, model.layers):
    print(layer.name, layer.output.shape, layer.count_params())  # the table in plain words
    W, bias = layer.get_weights()
    shown = ax.imshow(np.vstack([W, bias]).T, cmap="RdBu", vmin=-0.3, vmax=0.3)
    ax.set(title=f"weights {W.shape} and biases {bias.shape}", ylabel="neuron")
    ax.set_xlabel("number that comes in (last: the bias)")
fig.colorbar(shown, label="value")
alt = " and ".join(f"{layer.count_params():,} pixels" for layer in model.layers)
plots.show(fig, alt=f"Random patterns: {alt}. The last column of each, the biases, is 0.")
assert model.count_params() == 64 * (100 + 1) + 10 * (64 + 1) == 7_114

# %%
answers = {
    "7,114": "Right: the batch is no part of the model. One row or a thousand: the same weights.",
    "7,114 × 32": "Misconception: that each example has weights of its own. All share them.",
    "It depends on the backend": "Misconception: that backends change the mathematics.",
}
quiz.ask("The batch has 32 rows. How many parameters has the model now?", answers)

# %% [markdown]
# ### What is under Keras
#
# Keras says *what* to compute. A **backend** computes: **TensorFlow** (ours), **JAX** or **PyTorch**. `keras.ops` is
# NumPy's vocabulary on whichever backend there is; a model written with Keras alone runs on all three. The choice is
# made once, before `import keras`, by the environment variable `KERAS_BACKEND`.
#
# TensorFlow adds to it: derivatives of any computation (`tf.GradientTape`, part 2), fast input (`tf.data`), Python
# turned into graphs (`tf.function`), many devices (`tf.distribute`), pictures of training (TensorBoard), and ways to
# ship a model to servers, phones and browsers.

# %%
# NBVAL_CHECK_OUTPUT
import tensorflow as tf

t = keras.ops.matmul(np.ones((2, 3)), np.ones((3, 4)))  # NumPy in, tensor out
print("backend:", keras.backend.backend())
print("a tensor of TensorFlow:", isinstance(t, tf.Tensor), tuple(t.shape))
print("back to NumPy:", isinstance(keras.ops.convert_to_numpy(t), np.ndarray))

# %% [markdown]
# ### Change one thing
#
# Each row is one change to a cell above; predict, run, put it back. (Where an `assert` complains, it is right.)
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | `error * example` and `b + error` | both times 3 | faster? | weights three times as large, the same lines: from zeros, the rate changes nothing |
# | a flower's label | `species[0] = 0` and `passes=12` | does it still stop? | no. `flowers[0]` and `flowers[34]` measure the same: one point would need two answers, and the `assert` says so |
# | `flowers` | `np.rint(...)` without `- [50, 30]` | the same number of changes? | more of them: far from zero, the bias, which moves by 1, hardly counts. The first lines pass near (0, 0), outside the panels |
# | hidden units of the last model | 64 → 128 | twice the parameters? | twice, but for the ten biases of the output |
# | rows of `X` | 7 → 1 | another model? | the same one: only the first axis of the result changes |
#
# ## Take away *(5 min)*
#
# - A tensor has a rank, a shape and a dtype, and each axis has a meaning. The first axis counts examples.
# - A neuron: weigh, add a bias, decide. Its border is a straight line. The perceptron rule adds or subtracts the
#   examples it got wrong.
# - One neuron cannot do XOR. A hidden layer moves the points so that the next layer can.
# - A network is $f(x) = A_2\, g(A_1\, g(A_0 x + b_0) + b_1) + b_2$. Keras keeps $W = A^\mathsf{T}$, of shape (inputs,
#   units), and computes $XW + b$.
# - A dense layer has units × (inputs + 1) parameters. 100 → 64 → 10 has 7,114.
#
# **Explain without looking:** why have one colour image and a batch of grey ones the same rank? · What does the bias
# do to the decision line? · Why can no weights solve XOR? · What is the shape of $W$ in `Dense(64)` after 100 inputs,
# and of $A$? · How do `Reshape` and `Permute` differ?
#
# **There is more than dense layers.** *Recurrent* networks read sequences step by step and carry a memory along.
# *Pretrained* models come with weights that others trained for weeks (`keras.applications`), and you adapt the last
# layers.
#
# **You may meet** `Dense(64, input_dim=100)` or `input_shape=(100,)` in older code. Today a model begins with
# `keras.Input(shape=(100,))`. And `from tensorflow import keras` is the same Keras, by its older door.
#
# **Play:** [playground.tensorflow.org](https://playground.tensorflow.org) trains small networks in the browser.
# Choose the data set that looks like XOR: how few hidden neurons are enough?
#
# **Next:** {{next}}, *activations*. What is the best bend $g$, and what goes wrong with a bad one?
