# %% [markdown]
# # Challenge: the hedgehog gate
#
# {{badge}}
#
# *About 75 minutes · 22 points · after {{lecture}} and its parts 2 and 3*
#
# In a garden stands a feeding box for hedgehogs, and a cat has found out how good the food is. So the box gets a gate that decides who may come in: with a camera, a scale, and a chip so small that Keras does not fit on it. NumPy does. Piece by piece you build the gate's brain in NumPy, and check every piece against Keras, or against pencil and paper.
#
# On Colab, save your own copy first: **File → Save a copy in Drive**. Work in the new tab, and click on its name, top left, to call it `foundations_challenge.ipynb` again.
#
# ## How it works
#
# - Each question has **one cell for your answer**. Replace the line `raise NotImplementedError(...)` with your code.
# - Below it are **checks**. Run them: each one passes, or says what it expected, what it got and what to try, or tells you that you have not tried yet.
# - Each check is all or nothing; a question's points are shared among its checks. Some checks have a hidden part that only the grader runs: it asks the same of your function with other numbers.
# - A *warning* below a check costs no points. Read it all the same: it often names what goes wrong next.
# - You may add cells of your own anywhere. Write only where `raise NotImplementedError` or *Replace this line* stands: all other cells are given, and the grader puts them back.
# - Questions 3 and 7 are the hardest of the whole unit. No other question needs them: leave them for the end, if you like.
#
# Run the next two cells first. The second also makes `brain`, a small Keras network that question 4 needs.

# %% given="setup"
from coursekit import expect, plots, setup

setup.start(seed=1)  # quiets TensorFlow, so it stands before the imports below

import functools

import keras
import matplotlib.pyplot as plt
import numpy as np


def make_brain(sizes, seed):
    """Return a dense network of these widths: relu in between, nothing at the end."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input(shape=(sizes[0],))])
    for units in sizes[1:-1]:
        model.add(keras.layers.Dense(units, activation="relu"))
    model.add(keras.layers.Dense(sizes[-1]))
    model.set_weights([np.random.normal(size=array.shape) for array in model.get_weights()])
    return model


brain = make_brain([3, 5, 4, 2], seed=4)

# %% [markdown] prompt="q1_shapes"
# ## Question 1: predict the shapes (2 points)
#
# The camera takes `n` colour pictures a night, each of `height` rows and `width` columns. Keras wants them in one array, ordered picture, row, column, colour (red, green, blue).
#
# Do not ask NumPy: **predict**. `shapes(n, height, width)` returns a list of six tuples, the shapes of
#
# 1. all pictures of the night;
# 2. the first picture;
# 3. the red values of the first picture;
# 4. the mean brightness of each picture: one number for every picture;
# 5. the mean brightness of the whole night: a single number;
# 6. all pictures once more, with each one flattened into a single row, as a dense layer wants them.
#
# The first five have rank 4, 3, 2, 1 and 0.


# %% answer="q1_shapes"
def shapes(n, height, width):
    """Return the six shapes, a list of tuples."""
    ### BEGIN SOLUTION
    return [
        (n, height, width, 3),
        (height, width, 3),
        (height, width),
        (n,),
        (),
        (n, height * width * 3),
    ]
    ### END SOLUTION


# %% check="q1_shapes" part="ranks" points=1
_shapes = shapes(5, 48, 64)
expect.is_a(_shapes, (list, tuple), name="what shapes returns", hint="Return a list: [..., ...].")
expect.that(
    len(_shapes) == 6,
    expected="six shapes",
    got=f"{len(_shapes)} of them",
    hint="One tuple for each line of the list in the question.",
)
expect.equal(
    list(_shapes[:5]),
    [(5, 48, 64, 3), (48, 64, 3), (48, 64), (5,), ()],
    name="the shapes 1 to 5, for 5 pictures of 48 rows and 64 columns",
    hint="Each has one axis less than the one before. One axis: (5,), with a comma. No axis: ().",
)
### BEGIN HIDDEN TESTS
expect.equal(
    list(shapes(1, 30, 20)[:5]),
    [(1, 30, 20, 3), (30, 20, 3), (30, 20), (1,), ()],
    name="the shapes of a night with one picture",
)
### END HIDDEN TESTS

# %% check="q1_shapes" part="flat" points=1
_shapes = shapes(5, 48, 64)
expect.is_a(_shapes, (list, tuple), name="what shapes returns", hint="Return a list: [..., ...].")
expect.equal(
    list(_shapes[5:]),
    [(5, 9216)],
    name="the sixth shape, for 5 pictures of 48 rows and 64 columns",
    hint="Flattening keeps every number and the first axis: how many numbers has one picture?",
)
### BEGIN HIDDEN TESTS
expect.equal(list(shapes(1, 30, 20)[5:]), [(1, 1800)], name="one picture, flattened")
expect.equal(list(shapes(7, 2, 5)[5:]), [(7, 30)], name="seven tiny pictures, flattened")
### END HIDDEN TESTS

# %% [markdown]
# ## Twelve visitors
#
# Until the camera is mounted, the gate has two sensors only: weight and body length. They are counted from a typical visitor of 1 kg and 2 dm, so negative numbers are light or short. **Look at** the picture: would a limit on the weight alone do? A limit on the length alone?

# %% given="visitors"
hedgehogs = [[-0.6, -0.6], [-0.4, -0.4], [-0.2, -0.2], [0.0, 0.0], [0.2, 0.2], [0.4, 0.5]]
cats = [[-0.6, 0.3], [-0.3, 0.7], [0.0, 1.1], [1.5, 2.2], [2.8, 2.8], [3.5, 3.0]]
visitors = np.array([row for pair in zip(hedgehogs, cats, strict=True) for row in pair])
welcome = [1, 0] * 6  # 1: a hedgehog, open the gate; 0: a cat, keep it shut

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
axes.plot(*np.transpose(hedgehogs), "o", color=plots.COLOURS["blue"], label="hedgehog (1)")
axes.plot(*np.transpose(cats), "s", color=plots.COLOURS["vermillion"], label="cat (0)")
axes.set(title="Twelve visitors", xlabel="weight − 1 kg [kg]", ylabel="body length − 2 dm [dm]")
axes.grid(alpha=0.3)
axes.legend()
plots.show(
    axes,
    alt="Length against weight. Six hedgehogs lie at the lower left, short for their weight. Six "
    "cats rise to the upper right; three kittens weigh as little as hedgehogs but are longer.",
)

# %% [markdown] prompt="q2_perceptron"
# ## Question 2: the neuron learns from a mistake (2 points)
#
# The first gate is a single neuron: it fires, with output 1, if `w @ x + b >= 0`. The perceptron rule changes `w` and `b` after each visitor. New to the lecture's rule is a rate, which makes every step longer or shorter: add rate × error × `x` to `w`, and rate × error to `b`, with the error `target - output`.
#
# The output is computed for you. Write the missing lines of `perceptron_step`: it returns the new weights and the new bias as a pair, `(new_w, new_b)`. `w` and `x` are arrays of one length, `b` and `rate` are numbers, `target` is 0 or 1.


# %% answer="q2_perceptron"
def perceptron_step(w, b, x, target, rate):
    """Return (new weights, new bias) after one visitor."""
    output = 1 if w @ x + b >= 0 else 0
    ### BEGIN SOLUTION
    error = target - output
    return w + rate * error * x, b + rate * error
    ### END SOLUTION


# %% check="q2_perceptron" part="rule" points=1
_answer = perceptron_step(np.array([1.0, -2.0]), 0.5, np.array([3.0, 1.0]), 0, 0.1)
expect.is_a(_answer, (tuple, list), name="the answer", hint="End with `return new_w, new_b`.")
expect.that(len(_answer) == 2, expected="a pair: new weights, new bias", got=_answer)
expect.close(
    _answer[0],
    [0.7, -2.1],
    name="new weights after firing for a cat",
    hint=(
        "First by hand: how large is z here, so what does the neuron answer, and what should it?",
        "z is 1.5, so it fires, and it should not: the error is target - output = 0 - 1.",
        "Add rate × error × x to the weights. Here rate is 0.1, and x is (3, 1).",
    ),
)
expect.close(
    _answer[1],
    0.4,
    name="new bias after firing for a cat",
    hint="The bias is the weight of an input that is always 1.",
)
### BEGIN HIDDEN TESTS
_w, _b = perceptron_step(np.array([1.0, -2.0, 0.5]), -1.0, np.array([0.5, 2.0, -1.0]), 1, 0.5)
expect.close(_w, [1.25, -1.0, 0.0], name="new weights after a hedgehog was shut out")
expect.close(_b, -0.5, name="new bias after a hedgehog was shut out")
_w, _b = perceptron_step(np.array([1.0, -2.0]), 0.5, np.array([3.0, 1.0]), 1, 0.1)
expect.close(_w, [1.0, -2.0], name="weights after a right answer")
expect.close(_b, 0.5, name="bias after a right answer")
_w, _b = perceptron_step(np.array([2.0]), -4.0, np.array([2.0]), 0, 0.25)
expect.close(_w, [1.5], name="new weight when z is exactly 0")
expect.close(_b, -4.25, name="new bias when z is exactly 0")
### END HIDDEN TESTS

# %% check="q2_perceptron" part="learns" points=1
_answer = perceptron_step(np.zeros(2), 0.0, visitors[0], 1, 0.1)
expect.is_a(_answer, (tuple, list), name="the answer", hint="End with `return new_w, new_b`.")
expect.that(len(_answer) == 2, expected="a pair: new weights, new bias", got=_answer)
expect.shape(_answer[0], (2,), name="the new weights", hint="As many weights as inputs.")
_w, _b = np.zeros(2), 0.0
for _round in range(10):
    for _x, _target in zip(visitors, welcome, strict=True):
        _w, _b = perceptron_step(_w, _b, _x, _target, 0.1)
expect.equal(
    [int(_x @ _w + _b >= 0) for _x in visitors],
    welcome,
    name="who is let in after 10 rounds",
    hint="Add rate × error to the bias, rate × error × x to the weights; mind the error's sign.",
)

# %% [markdown] prompt="q3_softplus"
# ## Question 3: a bend, and its slope (3 points)
#
# One neuron is not enough for the camera. Layers need a bend between them, and training needs the slope of that bend. You met this one in lecture 2, a rounded `relu`:
#
# $$\operatorname{softplus}(z) = \ln(1 + e^{z})$$
#
# There you saw a picture of its slope. New here: find the slope by hand (the chain rule is all you need, and the result is an old friend), and make both safe. Write `softplus(z)`, which returns two arrays of the shape of `z`: the value and the slope, for each number in it.
#
# Beware of large numbers: $e^{1000}$ is infinite for a computer, yet softplus of 1000 is just 1000. (It may help that $\operatorname{softplus}(z) - \operatorname{softplus}(-z) = z$; can you show that?) Both results must be right and finite from −1000 to 1000.


# %% answer="q3_softplus"
def softplus(z):
    """Return (value, slope), two arrays of the shape of z."""
    ### BEGIN SOLUTION
    value = np.logaddexp(0, z)
    return value, np.exp(z - value)  # the sigmoid, without overflow
    ### END SOLUTION


# %% check="q3_softplus" part="values" points=2
_z = np.array([-2.0, -0.5, 0.0, 1.0, 3.0])
with np.errstate(all="ignore"):
    _answer = softplus(_z)
expect.is_a(_answer, (tuple, list), name="the answer", hint="End with `return value, slope`.")
expect.that(len(_answer) == 2, expected="a pair: value, slope", got=_answer)
expect.close(
    _answer[0],
    np.log(1 + np.exp(_z)),
    name="value from -2 to 3",
    hint="np.log is the natural logarithm. What is softplus(0)? ln 2, about 0.69.",
)
_rise = (np.log(1 + np.exp(_z + 1e-5)) - np.log(1 + np.exp(_z - 1e-5))) / 2e-5
expect.close(
    _answer[1],
    _rise,
    rtol=1e-4,
    name="slope from -2 to 3, against finite differences",
    hint=(
        "The chain rule: the slope of ln(u) is 1/u, and here u is 1 + e^z.",
        "Outer derivative 1 / (1 + e^z), times inner derivative e^z. At 0 the slope is 0.5.",
        "Divide both by e^z: you know 1 / (1 + e^-z) from lecture 2.",
    ),
)
### BEGIN HIDDEN TESTS
_z = np.array([[0.25, -1.5, 4.0], [-6.0, 2.5, 0.75]])
with np.errstate(all="ignore"):
    _value, _slope = softplus(_z)
expect.close(_value, np.log(1 + np.exp(_z)), name="value for an array of shape (2, 3)")
expect.close(_slope, 1 / (1 + np.exp(-_z)), name="slope for an array of shape (2, 3)")
### END HIDDEN TESTS

# %% check="q3_softplus" part="large" points=1
with np.errstate(all="ignore"):
    _answer = softplus(np.array([-1000.0, 1000.0]))
expect.is_a(_answer, (tuple, list), name="the answer", hint="End with `return value, slope`.")
expect.that(len(_answer) == 2, expected="a pair: value, slope", got=_answer)
expect.close(
    _answer[0],
    [0.0, 1000.0],
    name="value at -1000 and 1000",
    hint=(
        "Which step becomes infinite? For a large z, take a form that never computes e^z.",
        "softplus(z) = z + softplus(-z): so ln(1 + e^-|z|) is all that needs an exponential.",
        "Use max(z, 0) + ln(1 + e^-|z|), or look up np.logaddexp(0, z).",
    ),
)
expect.close(
    _answer[1],
    [0.0, 1.0],
    name="slope at -1000 and 1000",
    hint="Infinity divided by infinity is nan: 1 / (1 + e^-z) has only one infinity.",
)
### BEGIN HIDDEN TESTS
with np.errstate(all="ignore"):
    _value, _slope = softplus(np.array([-800.0, -50.0, 50.0, 720.0]))
expect.close(_value, [0.0, 0.0, 50.0, 720.0], name="value at other large numbers")
expect.close(_slope, [0.0, 0.0, 1.0, 1.0], name="slope at other large numbers")
### END HIDDEN TESTS

# %% [markdown] prompt="q4_forward"
# ## Question 4: a network without Keras (2 points)
#
# On the laptop, the gate's network is a Keras model: `brain`, from the set-up cell. Three numbers go in (weight, length, and how fast the visitor walks), two scores come out, one for "hedgehog" and one for "cat". The chip has no Keras. But a network *is* its weights, and those are plain arrays.
#
# Write `forward(weights, x)` in NumPy. `weights` is the list that `brain.get_weights()` returns: kernel, bias, kernel, bias, and so on, for *any* number of layers. `x` has shape `(n, inputs)`, one visitor a row. Return the scores, of shape `(n, outputs)`, as Keras computes them: `relu` after every layer but the last. The shapes in `brain.get_weights()` are (3, 5), (5,), (5, 4), (4,), (4, 2) and (2,).
#
# Mind the order. The lecture's formula has $A x$ for one column $x$. Keras has visitors in rows and kernels of shape `(inputs, units)`.


# %% answer="q4_forward"
def forward(weights, x):
    """Return the network's outputs for the rows of x."""
    ### BEGIN SOLUTION
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = np.maximum(0, x @ kernel + bias)
    return x @ weights[-2] + weights[-1]
    ### END SOLUTION


# %% check="q4_forward" part="equal" points=2
_x = np.array([[0.7, -1.0, 0.2], [-0.3, 0.4, 1.5], [2.0, 0.1, -0.6], [0.0, 0.0, 0.0]])
_scores = forward(brain.get_weights(), _x)
expect.shape(
    _scores,
    (4, 2),
    name="the scores of 4 visitors",
    hint="x @ kernel: (4, 3) @ (3, 5) gives (4, 5). Print the shape after each layer.",
)
expect.close(
    _scores,
    np.asarray(brain(_x)),
    rtol=1e-4,
    atol=1e-4,
    name="the scores, against Keras",
    hint="Every layer adds its bias; relu follows the hidden layers, and not the last one.",
)
### BEGIN HIDDEN TESTS
expect.close(
    forward(brain.get_weights(), _x[:1]),
    np.asarray(brain(_x[:1])),
    rtol=1e-4,
    atol=1e-4,
    name="the scores of a single visitor",
)
for _sizes in ([3, 4], [3, 7, 1], [3, 6, 3, 5, 4]):
    _model = make_brain(_sizes, seed=6)
    expect.close(
        forward(_model.get_weights(), _x[1:]),
        np.asarray(_model(_x[1:])),
        rtol=1e-4,
        atol=1e-4,
        name=f"the scores of a network of widths {_sizes}, against Keras",
        hint="However many layers there are: loop over the list two by two.",
    )
### END HIDDEN TESTS

# %% [markdown] prompt="q5_width"
# ## Question 5: mend it (2 points)
#
# The chip has room for a certain number of parameters. How wide may the one hidden layer of a network be? A colleague wrote this:
#
# ```python
# def widest(inputs, outputs, room):
#     hidden, used = 1, 0
#     while used <= room:
#         used = inputs * hidden + hidden * outputs + outputs
#         hidden += 1
#     return hidden
# ```
#
# The lecture's network 100 → 64 → 10 has 7,114 parameters. So with room for exactly 7,114 the answer should be 64, and with room for 7,113 it should be 63. The colleague's function says 66, both times.
#
# Mend it; there is more than one mistake. `widest` returns the largest number of units of the one hidden layer such that the network inputs → hidden → outputs has **at most** `room` parameters, biases included. If not even one unit fits, it returns 0. You may keep the loop or throw it away.


# %% answer="q5_width"
def widest(inputs, outputs, room):
    """Return the largest number of hidden units that fits into `room` parameters, or 0."""
    ### BEGIN SOLUTION
    hidden = 0
    while (inputs + 1) * (hidden + 1) + (hidden + 1 + 1) * outputs <= room:
        hidden += 1
    return hidden
    ### END SOLUTION


# %% check="q5_width" points=2
expect.equal(
    [widest(100, 10, 7114), widest(100, 10, 7113)],
    [64, 63],
    name="widths of 100 to ? to 10 with room for 7,114 and for 7,113",
    hint="Each hidden unit has a bias, too; and do not return the first width that is too large.",
)
expect.equal(
    [widest(4, 2, 9), widest(4, 2, 8)],
    [1, 0],
    name="widths of 4 → ? → 2 with room for 9 and for 8",
    hint="One hidden unit needs 4 + 1 + 2 + 2 = 9 parameters. With room for 8: none, so 0.",
)
### BEGIN HIDDEN TESTS
expect.equal(widest(3, 5, 77), 8, name="width of 3 → ? → 5 with room for 77")
expect.equal(widest(3, 5, 76), 7, name="width of 3 → ? → 5 with room for 76")
expect.equal(widest(30, 1, 500), 15, name="width of 30 → ? → 1 with room for 500")
expect.equal(widest(1, 1, 7), 2, name="width of 1 → ? → 1 with room for 7")
expect.equal(widest(5, 3, 1), 0, name="room for 1 parameter only")
### END HIDDEN TESTS

# %% [markdown]
# ## The scale
#
# The visitor stands on a platform with three load cells. Each cell gives a voltage; a neuron without activation turns the three into a weight, $\hat y = x \cdot w + b$. Somebody put known weights on the platform, at various places, and wrote down what the cells said. Now the neuron has to learn $w$ and $b$ from that.
#
# The honest, slow way to a gradient is **finite differences**, lecture 3's central differences by their family name: move one parameter a little to either side, and see how the loss changes.


# %% given="scale"
def scale_loss(w, b, x, y):
    """Return the mean squared error of the neuron."""
    return float(np.mean((x @ w + b - y) ** 2))


def numeric_gradient(w, b, x, y, h=1e-4):
    """Return the gradients (by w, by b) of the loss, by finite differences."""
    by_w = []
    for move in h * np.eye(len(w)):
        by_w.append((scale_loss(w + move, b, x, y) - scale_loss(w - move, b, x, y)) / (2 * h))
    return np.array(by_w), (scale_loss(w, b + h, x, y) - scale_loss(w, b - h, x, y)) / (2 * h)


cells = np.array(
    [[0.2, 0.9, 0.4], [1.1, 0.3, 0.8], [0.5, 0.6, 1.7], [0.1, 0.2, 0.3], [1.4, 1.0, 0.9]]
)
known = np.array([1.6, 2.0, 3.3, 0.4, 3.9])  # kg
by_w, by_b = numeric_gradient(np.ones(3), 0.0, cells, known)
print(f"at w = (1, 1, 1), b = 0: gradient by w {by_w.round(3)}, by b {by_b:.3f}")

# %% [markdown] prompt="q6_step"
# ## Question 6: one step downhill (3 points)
#
# Work out the gradient of the loss $L = \frac1n \sum_i (x_i \cdot w + b - y_i)^2$ with the chain rule, once by $w$ and once by $b$. Then write `gradient_step(w, b, x, y, rate)`, which takes one step of gradient descent and returns `(new_w, new_b)`.
#
# `x` has shape `(n, k)`, `y` has shape `(n,)`, `w` has shape `(k,)`; `b` and `rate` are numbers. Use your formula: the checks compare it with finite differences.


# %% answer="q6_step"
def gradient_step(w, b, x, y, rate):
    """Return (new weights, new bias) after one step of gradient descent on the MSE."""
    ### BEGIN SOLUTION
    error = x @ w + b - y
    return w - rate * 2 * error @ x / len(y), b - rate * 2 * np.mean(error)
    ### END SOLUTION


# %% check="q6_step" part="gradient" points=2
_w, _b = np.array([1.0, -0.5, 2.0]), 0.3
_answer = gradient_step(_w.copy(), _b, cells, known, 0.1)
expect.is_a(_answer, (tuple, list), name="the answer", hint="End with `return new_w, new_b`.")
expect.that(len(_answer) == 2, expected="a pair: new weights, new bias", got=_answer)
expect.shape(_answer[0], (3,), name="the new weights", hint="One slope for each weight.")
expect.shape(_answer[1], (), name="the new bias", hint="A single number: sum over the rows.")
_by_w, _by_b = numeric_gradient(_w, _b, cells, known)
expect.close(
    (_w - np.asarray(_answer[0])) / 0.1,
    _by_w,
    rtol=1e-4,
    name="gradient by w (the step, divided by -rate)",
    hint=(
        "The loss is a mean of squares: what is the slope of one square, (x · w + b - y)², in w?",
        "One row gives 2 × error × x. The loss is the mean over n rows; which axis is summed away?",
        "2/n times the sum of error × x over the rows; the step goes down: minus.",
    ),
)
expect.close(
    (_b - np.asarray(_answer[1])) / 0.1,
    _by_b,
    rtol=1e-4,
    name="gradient by b (the step, divided by -rate)",
    hint="As for a weight, with an input that is always 1: twice the mean error.",
)
### BEGIN HIDDEN TESTS
_w, _b = np.array([-1.0, 3.0]), -0.7
_x, _y = np.array([[1.0, 2.0], [0.5, -1.0], [4.0, 0.0]]), np.array([2.0, -1.0, 0.5])
_by_w, _by_b = numeric_gradient(_w, _b, _x, _y)
_new_w, _new_b = gradient_step(_w.copy(), _b, _x, _y, 0.02)
expect.close((_w - _new_w) / 0.02, _by_w, rtol=1e-4, name="gradient by 2 weights")
expect.close((_b - _new_b) / 0.02, _by_b, rtol=1e-4, name="gradient by the bias, again")
### END HIDDEN TESTS

# %% check="q6_step" part="learns" points=1
_answer = gradient_step(np.zeros(3), 0.0, cells, known, 0.1)
expect.is_a(_answer, (tuple, list), name="the answer", hint="End with `return new_w, new_b`.")
expect.that(len(_answer) == 2, expected="a pair: new weights, new bias", got=_answer)
expect.shape(_answer[0], (3,), name="the new weights", hint="One slope for each weight.")
expect.shape(_answer[1], (), name="the new bias", hint="A single number: sum over the rows.")
_w, _b, _losses = np.zeros(3), 0.0, [scale_loss(np.zeros(3), 0.0, cells, known)]
for _ in range(30):
    _w, _b = gradient_step(_w, _b, cells, known, 0.1)
    _losses.append(scale_loss(_w, _b, cells, known))
expect.that(
    np.diff(_losses) < 0,
    expected="the loss falls with each of 30 steps",
    got=f"from {_losses[0]:.3g} over {_losses[1]:.3g} to {_losses[-1]:.3g}",
    hint="Is there a minus? Do both gradients use the same, old w and b?",
)
### BEGIN HIDDEN TESTS
_w, _b = gradient_step(np.array([2.0, -1.0]), 1.0, np.array([[3.0, 1.0]]), np.array([5.0]), 0.5)
expect.close(_w, [-1.0, -2.0], name="new weights, from a single row")
expect.close(_b, 0.0, name="new bias, from a single row")
### END HIDDEN TESTS

# %% [markdown]
# ## The long valley
#
# The next box has one load cell: weight = slope × voltage + offset. Two parameters, so we can look at the whole loss. All voltages are positive, so a larger slope can be made up for by a smaller offset, and the loss is a long, narrow valley, askew to both axes. **Look at** the path of plain gradient descent, with the best fixed rate of 49 tried: which way is quick, which way is slow?
#
# You need not read all of the code: `walk` takes the steps, `final_loss` measures where they end.

# %% given="valley"
STEPS = 100


def make_boxes(seed, count=4):
    """Return (voltages, weights, start) of `count` boxes; a perfect line exists for each."""
    keras.utils.set_random_seed(seed)
    boxes = []
    for _ in range(count):
        middle, spread = np.random.uniform(1.5, 2.2), np.random.uniform(0.7, 1.0)
        volts = middle + spread * np.linspace(-1, 1, 8)
        slope, offset = np.random.uniform([0.5, -2], [2, 2])
        boxes.append((volts, slope * volts + offset, np.random.uniform(-3, 3, size=2)))
    return boxes


def walk(update, box):
    """Return every (slope, offset) of a walk of STEPS steps, as an array."""
    volts, weights, start = box
    w, memory, path = start, np.zeros((4, 2)), [start]
    with np.errstate(all="ignore"):  # a rate too large ends in infinity
        for _ in range(STEPS):
            error = w[0] * volts + w[1] - weights
            gradient = 2 * np.array([np.mean(error * volts), np.mean(error)])
            w, memory = update(np.array(w), gradient, memory)
            path.append(np.array(w))
    return np.array(path)


def final_loss(update, boxes):
    """Return the mean squared error at the end of the walk, averaged over the boxes, in kg²."""
    ends = [walk(update, box)[-1] for box in boxes]
    with np.errstate(all="ignore"):
        errors = [end[0] * v + end[1] - y for end, (v, y, _) in zip(ends, boxes, strict=True)]
        return float(np.mean(np.square(errors)))


def fixed(rate):
    """Return the update of plain gradient descent with this rate."""
    return lambda w, gradient, memory: (w - rate * gradient, memory)


def best_fixed(boxes):
    """Return (rate, loss) of the best of 49 fixed rates, chosen on these very boxes."""
    rates = np.linspace(0.01, 0.25, 49)
    losses = [final_loss(fixed(rate), boxes) for rate in rates]
    best = int(np.nanargmin(losses))
    return rates[best], losses[best]


@functools.cache
def scored(update):
    """Return (final loss of `update`, loss of the best fixed rate) on the same four boxes."""
    boxes = make_boxes(seed=7)
    return final_loss(update, boxes), best_fixed(boxes)[1]


my_boxes = make_boxes(seed=3)  # to try things out; the checks draw others
best_rate, best_loss = best_fixed(my_boxes)
print(f"best fixed rate {best_rate:.3f}: a loss of {best_loss:.2g} kg² after {STEPS} steps")

volts, weights, start = my_boxes[0]
path = walk(fixed(best_rate), my_boxes[0])
goal = np.polyfit(volts, weights, 1)
reach = np.abs(path - goal).max(axis=0) * 1.15
a, b = np.meshgrid(*(g + r * np.linspace(-1, 1, 101) for g, r in zip(goal, reach, strict=True)))
height = np.mean((a[..., None] * volts + b[..., None] - weights) ** 2, axis=-1)

figure, axes = plt.subplots(figsize=(7, 4.4), layout="constrained")
axes.contour(a, b, height, levels=np.geomspace(0.01, height.max(), 12), cmap="viridis", norm="log")
axes.plot(
    *path.T, "o-", color=plots.COLOURS["vermillion"], ms=3, lw=1, label="100 steps, best fixed rate"
)
axes.plot(*start, "s", color=plots.COLOURS["black"], label="start")
axes.plot(*goal, "*", color=plots.COLOURS["blue"], ms=14, label="lowest point")
axes.set(title="The loss of one box, seen from above", xlabel="slope [kg/V]", ylabel="offset [kg]")
axes.legend(loc="lower left", framealpha=1)
plots.show(
    axes,
    alt="Contour lines form a long narrow valley from the upper left to the lower right. The path "
    "zigzags across it at first, then creeps along its floor towards the lowest point.",
)

# %% [markdown] prompt="q7_update"
# ## Question 7: how good can you get? (4 points)
#
# The last code question is open: design an optimiser. `update(w, gradient, memory)` makes **one** step. `w` holds slope and offset, `gradient` the derivatives of the loss by these two. `memory` is an array of shape `(4, 2)`, all zeros before the first step; write in it what the next step should know (a velocity, a mean of squares, a count of steps), and you get it back. Return `(new_w, new_memory)`, arrays of shape `(2,)` and `(4, 2)`. Plain gradient descent needs no memory: `return w - 0.1 * gradient, memory`.
#
# Your `update` sees no data, only gradients. It walks 100 steps in each of four boxes, and its score is the mean of the four final losses. Anything goes: momentum, RMSprop, Adam, a rate that changes, something of your own. But no optimiser wins everywhere. RMSprop and Adam give each *axis* a rate of its own, and this valley lies askew to both axes; RMSprop with a fixed rate hops, too. Here they easily lose to plain descent.
#
# **First try:** in a cell of your own, compare `final_loss(update, my_boxes)` with `best_loss`. The checks draw other boxes, of the same make, and compare with the best fixed rate *of those*.
#
# | tier | final loss, as part of the best fixed rate's | points |
# |---|---|---|
# | bronze | at most 1/2 | 1 |
# | silver | at most 1/20 | 1 |
# | gold | at most 1/50, on four more boxes (hidden) | 2 |


# %% answer="q7_update"
def update(w, gradient, memory):
    """Return (new w, new memory) after one step."""
    ### BEGIN SOLUTION
    velocity = 0.85 * memory[0] - 0.06 * gradient
    new_memory = np.zeros((4, 2))
    new_memory[0] = velocity
    return w + velocity, new_memory
    ### END SOLUTION


# %% check="q7_update" part="bronze" points=1
_answer = update(np.array([1.0, 2.0]), np.array([3.0, -4.0]), np.zeros((4, 2)))
expect.is_a(_answer, (tuple, list), name="one step", hint="End with `return new_w, new_memory`.")
expect.that(len(_answer) == 2, expected="a pair: new w, new memory", got=_answer)
expect.shape(_answer[0], (2,), name="the new w")
expect.shape(_answer[1], (4, 2), name="the new memory")
_loss, _fixed = scored(update)
expect.better(
    _loss,
    _fixed,
    factor=1 / 2,
    name="bronze: final loss",
    hint="Not finite? A smaller rate. With Adam? Try momentum (a velocity, kept in memory[0]), and "
    "remember that 0.9 is a knob, too.",
)

# %% check="q7_update" part="silver" points=1
_answer = update(np.array([1.0, 2.0]), np.array([3.0, -4.0]), np.zeros((4, 2)))
expect.is_a(_answer, (tuple, list), name="one step", hint="End with `return new_w, new_memory`.")
expect.that(len(_answer) == 2, expected="a pair: new w, new memory", got=_answer)
expect.shape(_answer[0], (2,), name="the new w")
expect.shape(_answer[1], (4, 2), name="the new memory")
_loss, _fixed = scored(update)
expect.better(
    _loss,
    _fixed,
    factor=1 / 20,
    name="silver: final loss",
    hint="Back to my_boxes: turn both knobs, rate and momentum, and note the loss in a table.",
)

# %% check="q7_update" part="gold" points=2
_answer = update(np.array([1.0, 2.0]), np.array([3.0, -4.0]), np.zeros((4, 2)))
expect.is_a(_answer, (tuple, list), name="one step", hint="End with `return new_w, new_memory`.")
expect.that(len(_answer) == 2, expected="a pair: new w, new memory", got=_answer)
expect.shape(_answer[0], (2,), name="the new w")
expect.shape(_answer[1], (4, 2), name="the new memory (the grader looks at four more boxes)")
### BEGIN HIDDEN TESTS
_boxes = make_boxes(seed=2_718_281_828)
expect.better(
    final_loss(update, _boxes),
    best_fixed(_boxes)[1],
    factor=1 / 50,
    name="gold: final loss on four more boxes",
    hint="Draw more boxes, make_boxes(seed=...): do your settings hold on all of them?",
)
### END HIDDEN TESTS

# %% [markdown]
# ## The other unit
#
# A friend builds the same box. Her meter shows *millivolts*, so her readings are a thousand times as large as yours. The rest of her code is yours: plain gradient descent with the best fixed rate. **Look at** her loss, and mind the scale of the vertical axis.

# %% given="friend"
readings = 1000 * volts  # mV
slope, offset, friends_losses = 0.0, 0.0, []
for _ in range(12):
    error = slope * readings + offset - weights
    friends_losses.append(np.mean(error**2))
    slope -= best_rate * 2 * np.mean(error * readings)
    offset -= best_rate * 2 * np.mean(error)

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
axes.semilogy(friends_losses, "o-", color=plots.COLOURS["vermillion"])
axes.set(title="Twelve steps in millivolts", xlabel="step", ylabel="loss [kg²]")
axes.grid(alpha=0.3)
plots.show(
    axes,
    alt="On a logarithmic axis the loss climbs in a straight line: with every step it is "
    "multiplied by the same huge number.",
)

# %% [markdown] task="q8_diverging" points=4
# ## Question 8: in your own words (4 points)
#
# Your friend writes: "My loss explodes. Gradient descent goes downhill, so it must be a bug in the gradient." Her gradient is right. In 60 to 120 words: explain what happens in one step, and why the next step is worse; say what millivolts have to do with it; and name **two** different cures.
#
# A person reads this answer. Double-click on the next cell, write, then press Shift + Enter.
#
# ### BEGIN MARK SCHEME
# 1 point each:
#
# - The step overshoots: the gradient gives the right direction, but rate × gradient carries the parameters past the lowest point and higher up on the other side. There the slope is steeper, so the next step is longer still, and so on.
# - Millivolts: inputs 1,000 times as large make the gradient by the slope larger and the valley steeper (the curvature by a factor of a million), so that a rate which was right for volts is far too large.
# - Two different cures, such as: a much smaller learning rate; scaling (standardising) the inputs, or measuring in volts. Full point only for two. Clipping the gradient counts. So does Adam or RMSprop, as one cure, if the answer says why: they divide each slope by its usual size, so the unit drops out (with her rate the loss still rises at first, then comes down). "More steps" or "momentum" do not count.
# - Clear and correct wording, in the learner's own words. An excellent answer adds that a smaller rate alone makes the offset learn extremely slowly, so scaling is the better cure.
# ### END MARK SCHEME

# %% [markdown]
# *Replace this line with your answer.*

# %% [markdown]
# ## Hand in
#
# 1. **Restart and run all cells**: on Colab **Runtime → Restart session and run all**, in JupyterLab **Kernel → Restart Kernel and Run All Cells**. The last cell, just below, sums up what passes and what is missing. If it stops at a question that you leave out, go on from the cell below it: on Colab **Runtime → Run cell and below** (older: *Run after*), in JupyterLab **Run → Run Selected Cell and All Below**.
# 2. Save. On Colab: **File → Download → Download .ipynb**. In JupyterLab: **File → Save**; the file is the one that you opened.
# 3. Hand in that one file, `foundations_challenge.ipynb`, where your teacher collects it. Keep its name.
