# %% [markdown]
# Right and wrong answers to every question of `challenge.py`. A right one must pass every check;
# a wrong one must lose exactly the checks that it names. `coursekit demo` makes a class of them.
# An equivalent one is a change that `coursekit verify` takes for wrong, and why it is not.

# %%
import keras
import numpy as np


# %% q1_shapes right="asks NumPy after all"
def shapes(n, height, width):
    night = np.zeros((n, height, width, 3))
    tensors = [night, night[0], night[0, :, :, 0], night.mean(axis=(1, 2, 3)), night.mean()]
    return [np.shape(tensor) for tensor in [*tensors, night.reshape(n, -1)]]


# %% q1_shapes right="a tuple of tuples, built up from the back"
def shapes(n, height, width):
    red = (height, width)
    picture = red + (3,)
    return (n,) + picture, picture, red, (n,), (), (n, 3 * height * width)


# %% q1_shapes wrong="width before height" loses="q1_shapes-ranks"
def shapes(n, height, width):
    everything = (n, width, height, 3)
    return [everything, everything[1:], everything[1:3], (n,), (), (n, width * height * 3)]


# %% q1_shapes wrong="colours first" loses="q1_shapes-ranks"
def shapes(n, height, width):
    everything = (n, 3, height, width)
    return [everything, everything[1:], (height, width), (n,), (), (n, height * width * 3)]


# %% q1_shapes wrong="numbers instead of tuples" loses="q1_shapes-ranks"
def shapes(n, height, width):
    picture = (height, width, 3)
    return [(n, *picture), picture, picture[:2], (n), (1), (n, height * width * 3)]


# %% q1_shapes wrong="a scalar has one axis" loses="q1_shapes-ranks"
def shapes(n, height, width):
    picture = (height, width, 3)
    return [(n, *picture), picture, picture[:2], (n,), (1,), (n, height * width * 3)]


# %% q1_shapes wrong="means keep an axis of length 1" loses="q1_shapes-ranks"
def shapes(n, height, width):
    picture = (height, width, 3)
    return [(n, *picture), picture, picture[:2], (n, 1), (), (n, height * width * 3)]


# %% q1_shapes wrong="one picture is still a batch" loses="q1_shapes-ranks"
def shapes(n, height, width):
    picture = (1, height, width, 3)
    return [(n, height, width, 3), picture, (height, width), (n,), (), (n, height * width * 3)]


# %% q1_shapes wrong="the whole night in one row" loses="q1_shapes-flat"
def shapes(n, height, width):
    picture = (height, width, 3)
    return [(n, *picture), picture, picture[:2], (n,), (), (n * height * width * 3,)]


# %% q1_shapes wrong="colours forgotten in the row" loses="q1_shapes-flat"
def shapes(n, height, width):
    picture = (height, width, 3)
    return [(n, *picture), picture, picture[:2], (n,), (), (n, height * width)]


# %% q1_shapes wrong="only the example" loses="q1_shapes-ranks q1_shapes-flat"
def shapes(n, height, width):
    return [(5, 48, 64, 3), (48, 64, 3), (48, 64), (5,), (), (5, 9216)]


# %% q1_shapes wrong="five of six" loses="q1_shapes-ranks q1_shapes-flat"
def shapes(n, height, width):
    return [(n, height, width, 3), (height, width, 3), (height, width), (n,), ()]


# %% q2_perceptron right="three cases"
def perceptron_step(w, b, x, target, rate):
    fires = np.dot(w, x) + b >= 0
    if fires and target == 0:
        return w - rate * x, b - rate
    if not fires and target == 1:
        return w + rate * x, b + rate
    return w, b


# %% q2_perceptron right="the bias as one more weight"
def perceptron_step(w, b, x, target, rate):
    weights, inputs = np.append(w, b), np.append(x, 1)
    weights = weights + rate * (target - np.heaviside(weights @ inputs, 1)) * inputs
    return weights[:-1], weights[-1]


# %% q2_perceptron wrong="the error's sign" loses="q2_perceptron-rule q2_perceptron-learns"
def perceptron_step(w, b, x, target, rate):
    error = (1 if w @ x + b >= 0 else 0) - target
    return w + rate * error * x, b + rate * error


# %% q2_perceptron wrong="bias not changed" loses="q2_perceptron-rule q2_perceptron-learns"
def perceptron_step(w, b, x, target, rate):
    error = target - (1 if w @ x + b >= 0 else 0)
    return w + rate * error * x, b


# %% q2_perceptron wrong="input forgotten" loses="q2_perceptron-rule q2_perceptron-learns"
def perceptron_step(w, b, x, target, rate):
    error = target - (1 if w @ x + b >= 0 else 0)
    return w + rate * error, b + rate * error


# %% q2_perceptron wrong="rate forgotten for the bias" loses="q2_perceptron-rule q2_perceptron-learns"
def perceptron_step(w, b, x, target, rate):
    error = target - (1 if w @ x + b >= 0 else 0)
    return w + rate * error * x, b + error


# %% q2_perceptron wrong="does not fire at zero" loses="q2_perceptron-rule"
def perceptron_step(w, b, x, target, rate):
    error = target - (1 if w @ x + b > 0 else 0)
    return w + rate * error * x, b + rate * error


# %% q2_perceptron wrong="error of the sum, before the threshold" loses="q2_perceptron-rule q2_perceptron-learns"
def perceptron_step(w, b, x, target, rate):
    error = target - (w @ x + b)
    return w + rate * error * x, b + rate * error


# %% q2_perceptron wrong="learns from right answers too" loses="q2_perceptron-rule q2_perceptron-learns"
def perceptron_step(w, b, x, target, rate):
    sign = 1 if target == 1 else -1
    return w + rate * sign * x, b + rate * sign


# %% q2_perceptron wrong="weights only" loses="q2_perceptron-rule q2_perceptron-learns"
def perceptron_step(w, b, x, target, rate):
    error = target - (1 if w @ x + b >= 0 else 0)
    return w + rate * error * x


# %% q3_softplus right="split at zero"
def softplus(z):
    z = np.asarray(z, dtype=float)
    small = np.exp(-np.abs(z))
    slope = np.where(z >= 0, 1, small) / (1 + small)
    return np.maximum(z, 0) + np.log1p(small), slope


# %% q3_softplus right="where, and a sigmoid that may overflow to 1/inf"
def softplus(z):
    value = np.where(z > 30, z, np.log(1 + np.exp(z)))
    return value, 1 / (1 + np.exp(-z))


# %% q3_softplus right="asks Keras"
def softplus(z):
    z = keras.ops.convert_to_tensor(z, dtype="float64")
    return np.asarray(keras.ops.softplus(z)), np.asarray(keras.ops.sigmoid(z))


# %% q3_softplus equivalent="a sum of two exponentials: which comes first does not matter"
def softplus(z):
    value = np.logaddexp(z, 0)
    return value, np.exp(z - value)


# %% q3_softplus right="halves of z, from the identity in the question"
def softplus(z):
    tail = np.log1p(np.exp(-np.abs(z)))  # softplus of -|z|
    return np.where(z > 0, z + tail, tail), (1 + np.tanh(z / 2)) / 2


# %% q3_softplus wrong="right by the formula, overflows" loses="q3_softplus-large"
def softplus(z):
    return np.log(1 + np.exp(z)), np.exp(z) / (1 + np.exp(z))


# %% q3_softplus wrong="slope overflows" loses="q3_softplus-large"
def softplus(z):
    return np.logaddexp(0, z), np.exp(z) / (1 + np.exp(z))


# %% q3_softplus wrong="clipped too early" loses="q3_softplus-large"
def softplus(z):
    z = np.clip(z, -500, 500)
    return np.log(1 + np.exp(z)), 1 / (1 + np.exp(-z))


# %% q3_softplus wrong="inner derivative forgotten" loses="q3_softplus-values q3_softplus-large"
def softplus(z):
    return np.logaddexp(0, z), 1 / (1 + np.exp(z))


# %% q3_softplus wrong="the slope of the sigmoid" loses="q3_softplus-values q3_softplus-large"
def softplus(z):
    sigmoid = 1 / (1 + np.exp(-z))
    return np.logaddexp(0, z), sigmoid * (1 - sigmoid)


# %% q3_softplus wrong="relu, not rounded" loses="q3_softplus-values"
def softplus(z):
    return np.maximum(0, z), np.where(z > 0, 1.0, 0.0)


# %% q3_softplus wrong="logarithm to base 2" loses="q3_softplus-values"
def softplus(z):
    return np.logaddexp2(0, z), 1 / (1 + np.exp(-z))


# %% q3_softplus wrong="value only" loses="q3_softplus-values q3_softplus-large"
def softplus(z):
    return np.logaddexp(0, z)


# %% q3_softplus wrong="one row only: a list of numbers" loses="q3_softplus-values"
def softplus(z):
    z = np.asarray(z, dtype=float).ravel()
    return [float(np.logaddexp(0, v)) for v in z], [float(0.5 + 0.5 * np.tanh(v / 2)) for v in z]


# %% q4_forward right="columns, as in the lecture's formula"
def forward(weights, x):
    column = np.asarray(x).T
    pairs = list(zip(weights[::2], weights[1::2], strict=True))
    for layer, (kernel, bias) in enumerate(pairs, start=1):
        column = kernel.T @ column + bias[:, None]
        if layer < len(pairs):
            column = column * (column > 0)
    return column.T


# %% q4_forward right="recursion"
def forward(weights, x):
    z = np.dot(x, weights[0]) + weights[1]
    return z if len(weights) == 2 else forward(weights[2:], np.where(z > 0, z, 0))


# %% q4_forward equivalent="every second one before the last kernel: the same kernels"
def forward(weights, x):
    for kernel, bias in zip(weights[:-3:2], weights[1:-2:2], strict=True):
        x = np.maximum(0, x @ kernel + bias)
    return x @ weights[-2] + weights[-1]


# %% q4_forward equivalent="every second one before the last bias: the same biases"
def forward(weights, x):
    for kernel, bias in zip(weights[:-2:2], weights[1:-1:2], strict=True):
        x = np.maximum(0, x @ kernel + bias)
    return x @ weights[-2] + weights[-1]


# %% q4_forward wrong="relu at the end too" loses="q4_forward-equal"
def forward(weights, x):
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        x = np.maximum(0, x @ kernel + bias)
    return x


# %% q4_forward wrong="no relu at all" loses="q4_forward-equal"
def forward(weights, x):
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        x = x @ kernel + bias
    return x


# %% q4_forward wrong="biases forgotten" loses="q4_forward-equal"
def forward(weights, x):
    for kernel in weights[:-2:2]:
        x = np.maximum(0, x @ kernel)
    return x @ weights[-2]


# %% q4_forward wrong="kernel transposed" loses="q4_forward-equal"
def forward(weights, x):
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = np.maximum(0, kernel @ x + bias)
    return weights[-2] @ x + weights[-1]


# %% q4_forward wrong="three layers, always" loses="q4_forward-equal"
def forward(weights, x):
    first = np.maximum(0, x @ weights[0] + weights[1])
    second = np.maximum(0, first @ weights[2] + weights[3])
    return second @ weights[4] + weights[5]


# %% q4_forward wrong="relu before the bias" loses="q4_forward-equal"
def forward(weights, x):
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = np.maximum(0, x @ kernel) + bias
    return x @ weights[-2] + weights[-1]


# %% q4_forward wrong="another bend" loses="q4_forward-equal"
def forward(weights, x):
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = np.tanh(x @ kernel + bias)
    return x @ weights[-2] + weights[-1]


# %% q4_forward wrong="always the given network" loses="q4_forward-equal"
def forward(weights, x):
    return np.asarray(brain(x))  # noqa: F821 - a given cell makes it


# %% q5_width right="solved for the width"
def widest(inputs, outputs, room):
    return max(0, (room - outputs) // (inputs + 1 + outputs))


# %% q5_width right="the colleague's loop, mended"
def widest(inputs, outputs, room):
    hidden, used = 0, 0
    while used <= room:
        hidden += 1
        used = inputs * hidden + hidden + hidden * outputs + outputs
    return hidden - 1


# %% q5_width wrong="the colleague's function again" loses="q5_width-check"
def widest(inputs, outputs, room):
    hidden, used = 1, 0
    while used <= room:
        used = inputs * hidden + hidden * outputs + outputs
        hidden += 1
    return hidden


# %% q5_width wrong="hidden biases still forgotten" loses="q5_width-check"
def widest(inputs, outputs, room):
    hidden = 0
    while inputs * (hidden + 1) + (hidden + 1) * outputs + outputs <= room:
        hidden += 1
    return hidden


# %% q5_width wrong="output biases forgotten" loses="q5_width-check"
def widest(inputs, outputs, room):
    return max(0, room // (inputs + 1 + outputs))


# %% q5_width wrong="the first that does not fit" loses="q5_width-check"
def widest(inputs, outputs, room):
    hidden = 1
    while (inputs + 1) * hidden + (hidden + 1) * outputs <= room:
        hidden += 1
    return hidden


# %% q5_width wrong="less than, not at most" loses="q5_width-check"
def widest(inputs, outputs, room):
    hidden = 0
    while (inputs + 1) * (hidden + 1) + (hidden + 2) * outputs < room:
        hidden += 1
    return hidden


# %% q5_width wrong="at least one unit" loses="q5_width-check"
def widest(inputs, outputs, room):
    return max(1, (room - outputs) // (inputs + 1 + outputs))


# %% q5_width wrong="negative when there is no room" loses="q5_width-check"
def widest(inputs, outputs, room):
    return (room - outputs) // (inputs + 1 + outputs)


# %% q5_width wrong="a fraction of a unit" loses="q5_width-check"
def widest(inputs, outputs, room):
    return max(0, (room - outputs) / (inputs + 1 + outputs))


# %% q6_step right="a loop over the rows"
def gradient_step(w, b, x, y, rate):
    by_w, by_b = np.zeros(len(w)), 0.0
    for row, target in zip(x, y, strict=True):
        error = row @ w + b - target
        by_w += 2 * error * row / len(y)
        by_b += 2 * error / len(y)
    return w - rate * by_w, b - rate * by_b


# %% q6_step right="error the other way round, step added"
def gradient_step(w, b, x, y, rate):
    missing = y - (x @ w + b)
    return w + 2 * rate * np.mean(missing[:, None] * x, axis=0), b + 2 * rate * missing.mean()


# %% q6_step right="changes the weights in place"
def gradient_step(w, b, x, y, rate):
    error = x @ w + b - y
    by_w, by_b = 2 * x.T @ error / len(y), 2 * error.mean()
    w -= rate * by_w
    b -= rate * by_b
    return w, b


# %% q6_step wrong="uphill" loses="q6_step-gradient q6_step-learns"
def gradient_step(w, b, x, y, rate):
    error = x @ w + b - y
    return w + rate * 2 * error @ x / len(y), b + rate * 2 * np.mean(error)


# %% q6_step wrong="the 2 forgotten" loses="q6_step-gradient q6_step-learns"
def gradient_step(w, b, x, y, rate):
    error = x @ w + b - y
    return w - rate * error @ x / len(y), b - rate * np.mean(error)


# %% q6_step wrong="sum, not mean" loses="q6_step-gradient q6_step-learns"
def gradient_step(w, b, x, y, rate):
    error = x @ w + b - y
    return w - rate * 2 * error @ x, b - rate * 2 * np.sum(error)


# %% q6_step wrong="divided by the number of weights" loses="q6_step-gradient q6_step-learns"
def gradient_step(w, b, x, y, rate):
    error = x @ w + b - y
    return w - rate * 2 * error @ x / x.shape[1], b - rate * 2 * np.mean(error)


# %% q6_step wrong="bias left out of the prediction" loses="q6_step-gradient q6_step-learns"
def gradient_step(w, b, x, y, rate):
    error = x @ w - y
    return w - rate * 2 * error @ x / len(y), b - rate * 2 * np.mean(error)


# %% q6_step wrong="bias not trained" loses="q6_step-gradient q6_step-learns"
def gradient_step(w, b, x, y, rate):
    error = x @ w + b - y
    return w - rate * 2 * error @ x / len(y), b


# %% q6_step wrong="bias from the new weights" loses="q6_step-gradient q6_step-learns"
def gradient_step(w, b, x, y, rate):
    w = w - rate * 2 * (x @ w + b - y) @ x / len(y)
    return w, b - rate * 2 * np.mean(x @ w + b - y)


# %% q6_step wrong="one slope for all weights" loses="q6_step-gradient q6_step-learns"
def gradient_step(w, b, x, y, rate):
    error = x @ w + b - y
    return w - rate * 2 * np.mean(error[:, None] * x), b - rate * 2 * np.mean(error)


# %% q6_step wrong="a column broadcasts" loses="q6_step-gradient"
def gradient_step(w, b, x, y, rate):
    error = x @ w.reshape(-1, 1) + b - y
    return w - rate * 2 * np.mean(error) * x.mean(axis=0), b - rate * 2 * np.mean(error)


# %% q6_step wrong="gradients returned, no step" loses="q6_step-gradient q6_step-learns"
def gradient_step(w, b, x, y, rate):
    error = x @ w + b - y
    return 2 * error @ x / len(y), 2 * np.mean(error)


# %% q7_update right="Nesterov's momentum"
def update(w, gradient, memory):
    velocity = 0.87 * memory[0] - 0.07 * gradient
    memory = memory.copy()
    memory[0] = velocity
    return w + 0.87 * velocity - 0.07 * gradient, memory


# %% q7_update right="a rate from the last two slopes (Barzilai and Borwein)"
def update(w, gradient, memory):
    old_w, old_gradient, steps = memory[0], memory[1], memory[2, 0]
    moved, turned = w - old_w, gradient - old_gradient
    rate = 0.05
    if steps > 0 and moved @ turned > 0:
        rate = (moved @ moved) / (moved @ turned)
    return w - rate * gradient, np.array([w, gradient, [steps + 1, 0], [0, 0]])


# %% q7_update right="a mean of slopes, everything changed in place"
def update(w, gradient, memory):
    memory[0] = 0.8 * memory[0] + 0.2 * gradient
    w -= 0.5 * memory[0]
    return w, memory


# %% q7_update equivalent="what stands in rows 1 to 3 of the memory is never read"
def update(w, gradient, memory):
    velocity = 0.85 * memory[0] - 0.06 * gradient
    new_memory = np.ones((4, 2))
    new_memory[0] = velocity
    return w + velocity, new_memory


# %% q7_update right="the lecture's momentum with other knobs"
def update(w, gradient, memory):
    memory[0] = 0.8 * memory[0] - 0.1 * gradient
    return w + memory[0], memory


# %% q7_update wrong="RMSprop as in the lecture" loses="q7_update-bronze q7_update-silver q7_update-gold"
def update(w, gradient, memory):
    memory[1] = 0.9 * memory[1] + 0.1 * gradient**2
    return w - 0.1 * gradient / np.sqrt(memory[1] + 1e-7), memory


# %% q7_update wrong="a fixed rate" loses="q7_update-bronze q7_update-silver q7_update-gold"
def update(w, gradient, memory):
    return w - 0.12 * gradient, memory


# %% q7_update wrong="uphill" loses="q7_update-bronze q7_update-silver q7_update-gold"
def update(w, gradient, memory):
    return w + 0.05 * gradient, memory


# %% q7_update wrong="a velocity that is not kept" loses="q7_update-bronze q7_update-silver q7_update-gold"
def update(w, gradient, memory):
    velocity = 0.85 * memory[0] - 0.06 * gradient
    return w + velocity, np.zeros((4, 2))


# %% q7_update wrong="a rate that falls too fast" loses="q7_update-bronze q7_update-silver q7_update-gold"
def update(w, gradient, memory):
    memory = memory + 1
    return w - 0.12 / memory[0, 0] * gradient, memory


# %% q7_update wrong="far too large a rate" loses="q7_update-bronze q7_update-silver q7_update-gold"
def update(w, gradient, memory):
    return w - 1.0 * gradient, memory


# %% q7_update wrong="Adam as Keras sets it" loses="q7_update-bronze q7_update-silver q7_update-gold"
def update(w, gradient, memory):
    first = 0.9 * memory[0] + 0.1 * gradient
    second = 0.999 * memory[1] + 0.001 * gradient**2
    step = memory[2] + 1
    move = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-7)
    return w - 0.001 * move, np.array([first, second, step, memory[3]])


# %% q7_update wrong="new w only" loses="q7_update-bronze q7_update-silver q7_update-gold"
def update(w, gradient, memory):
    return w - 0.1 * gradient


# %% q7_update wrong="too much momentum" loses="q7_update-silver q7_update-gold"
def update(w, gradient, memory):
    velocity = 0.9 * memory[0] - 0.05 * gradient
    return w + velocity, np.vstack([velocity, memory[1:]])


# %% q7_update wrong="good on these boxes, too slow for others" loses="q7_update-gold"
def update(w, gradient, memory):
    velocity = 0.8 * memory[0] - 0.06 * gradient
    return w + velocity, np.vstack([velocity, memory[1:]])
