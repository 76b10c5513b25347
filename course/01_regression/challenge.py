# %% [markdown]
# # Challenge: a network that learns a surface
#
# {{badge}}
#
# *About 75 minutes · 22 points · after {{lecture}} and its part 2*
#
# A colleague put sensors into a greenhouse and built a small neural network on their readings. It predicts hardly better than a flat plane. You will find out why, cure it, cure its opposite, and then see how close to perfect you can get.
#
# On Colab, save your own copy first: **File → Save a copy in Drive**. Work in the new tab, and click on its name, top left, to call it `regression_challenge.ipynb` again.
#
# ## How it works
#
# - Each question has **one cell for your answer**. Replace the line `raise NotImplementedError(...)` with your code.
# - Below it are **checks**. Run them: each one passes, or says what it expected, what it got and what to try, or tells you that you have not tried yet.
# - Each check is all or nothing; a question's points are shared among its checks. Some checks have a hidden part that only the grader runs: it asks the same of your function with other numbers.
# - A *warning* below a check costs no points. Read it all the same: it often names what goes wrong next.
# - You may add cells of your own anywhere. Write only where `raise NotImplementedError` or *Replace this line* stands: all other cells are given, and the grader puts them back.
#
# Run the next three cells first.

# %% given="setup"
from coursekit import data, expect, plots, setup

setup.start(seed=1)  # quiets TensorFlow, so it stands before the imports below

import functools

import keras
import numpy as np

# %% given="rows"
greenhouse = data.load_regression()
x_train, y_train = greenhouse.x_train[:80], greenhouse.y_train[:80]
x_val, y_val = greenhouse.x_train[80:], greenhouse.y_train[80:]
x_test, y_test = greenhouse.x_test, greenhouse.y_test
noise_floor = greenhouse.noise_variance

features = np.column_stack([np.ones(len(x_train)), x_train])
plane = np.linalg.lstsq(features, y_train, rcond=None)[0]
plane_val = np.column_stack([np.ones(len(x_val)), x_val]) @ plane
plane_mse = float(np.mean((y_val - plane_val) ** 2))

print(f"{len(x_train)} rows to train on, {len(x_val)} to validate on, {len(x_test)} to test on")
print(f"mean squared error: noise floor {noise_floor:.3f}, plane {plane_mse:.3f} (validation)")

# %% [markdown]
# Each row holds two inputs between 0 and 1: the position across the greenhouse and the time of day, counted from 09:00. The target `y` is the temperature difference from the set point, in °C.
#
# Two numbers frame everything below. The **noise floor** is the variance of the sensor's own error: no model gets below it on new rows, except by luck. The **plane** is the best linear model: a network that does no better has learned no bend at all.

# %% [markdown] prompt="q1_mse"
# ## Question 1: the loss, by hand (2 points)
#
# Write the one missing line of `mse`: the mean of the squared differences between `y_true` and `y_pred`, as a single number.
#
# A Keras model returns a *column* of predictions, of shape `(n, 1)`. The targets have shape `(n,)`. Your line must give the right number for both, so `y_pred[:, 0]` is not enough: it works for the column only.


# %% answer="q1_mse"
def mse(y_true, y_pred):
    """Return the mean squared error of n predictions as one float."""
    y_true = np.asarray(y_true, dtype=float)
    y_pred = np.asarray(y_pred, dtype=float)
    ### BEGIN SOLUTION
    return float(np.mean((y_true.reshape(-1) - y_pred.reshape(-1)) ** 2))
    ### END SOLUTION


# %% check="q1_mse" part="value" points=1
_error = mse([1.0, 2.0, 3.0], [1.0, 4.0, 0.0])
expect.close(
    _error,
    13 / 3,
    name="mse of errors 0, -2 and 3",
    hint="Square each difference, then take the mean of the squares; print both shapes.",
)
### BEGIN HIDDEN TESTS
expect.close(mse([0.5, -1.5], [0.0, 1.0]), 3.25, name="mse of other numbers")
### END HIDDEN TESTS

# %% check="q1_mse" part="column" points=1
_column = np.array([[1.0], [4.0], [0.0]])
_error = mse(np.array([1.0, 2.0, 3.0]), _column)
expect.close(
    _error,
    13 / 3,
    name="mse of a column of predictions",
    hint="(3,) minus (3, 1) broadcasts to (3, 3). Give both the same shape, with reshape(-1).",
)

# %% [markdown] prompt="q2_parameters"
# ## Question 2: how big is a network? (2 points)
#
# A dense layer has one weight for every pair (input, unit) and one bias for every unit. Write `count_parameters(sizes)`, where `sizes` lists the widths from the input to the output. `[2, 5, 5, 1]` means 2 inputs, two hidden layers of 5 units and 1 output.


# %% answer="q2_parameters"
def count_parameters(sizes):
    """Return the number of weights and biases of a dense network of these widths."""
    ### BEGIN SOLUTION
    return sum(inputs * units + units for inputs, units in zip(sizes[:-1], sizes[1:], strict=True))
    ### END SOLUTION


# %% check="q2_parameters" points=2
_count = count_parameters([2, 5, 5, 1])
expect.equal(
    _count,
    51,
    name="parameters of 2-5-5-1",
    hint="Layer by layer: inputs × units weights, plus units biases. The input has no parameters.",
)
### BEGIN HIDDEN TESTS
expect.equal(count_parameters([3, 10, 4]), 84, name="parameters of 3-10-4")
expect.equal(count_parameters([7, 1]), 8, name="parameters of 7-1")
### END HIDDEN TESTS

# %% [markdown]
# ## The colleague's network
#
# Here it is, with the settings of a well-known workshop: two hidden layers of 5 units, Adagrad, strong L2 and a lot of dropout. It has `relu` where the lecture's had `tanh`, and no early stopping: training is simply cut after 50 passes over the rows. The training error lies *above* the validation error because it is measured with dropout on.
#
# Keras needs longer to *begin* an epoch than to walk over our few rows. So each epoch in this notebook walks over several copies of them: here ten, `repeat(x_train, 10)`.


# %% given="colleague"
def repeat(rows, times):
    """Return `times` copies of the rows, one after the other."""
    return np.concatenate([rows] * times)


def colleagues_model():
    """Return the network that predicts hardly better than a plane."""
    l2 = keras.regularizers.L2(0.01)
    model = keras.Sequential([keras.Input(shape=(2,))])
    for _ in range(2):
        model.add(keras.layers.Dense(5, activation="relu", kernel_regularizer=l2))
        model.add(keras.layers.Dropout(0.4))
    model.add(keras.layers.Dense(1))
    model.compile(
        optimizer=keras.optimizers.Adagrad(learning_rate=0.1), loss="mse", metrics=["mse"]
    )
    return model


keras.utils.set_random_seed(1)
colleague = colleagues_model()
history = colleague.fit(
    repeat(x_train, 10),
    repeat(y_train, 10),
    validation_data=(x_val, y_val),
    epochs=5,
    batch_size=20,
    verbose=0,
)
axes = plots.learning_curves(history, metric="mse", floor=noise_floor)
axes.axhline(plane_mse, color=plots.COLOURS["green"], linestyle="-.", label="plane")
axes.set(title="The colleague's network", ylabel="MSE [°C²]", ylim=(0, None))
axes.legend(loc="lower left", bbox_to_anchor=(0, 0.06))
plots.show(
    axes,
    alt="Learning curves of the colleague's network: both errors stay far above the noise floor, "
    "near the error of the plane.",
)

# %% [markdown] prompt="q3_diagnose"
# ## Question 3: the diagnosis (2 points)
#
# Turn the diagnosis into code: a rule of thumb, coarser than the lecture's table. `diagnose(train_mse, val_mse, floor)` returns one of three words, all in small letters:
#
# - `"underfits"` when the *training* error is more than 3 times the noise floor: the network fails even on rows it has seen;
# - otherwise `"overfits"` when the validation error is more than 3 times the training error: it knows its rows by heart;
# - otherwise `"fits"`.


# %% answer="q3_diagnose"
def diagnose(train_mse, val_mse, floor):
    """Return "underfits", "overfits" or "fits"."""
    ### BEGIN SOLUTION
    if train_mse > 3 * floor:
        return "underfits"
    if val_mse > 3 * train_mse:
        return "overfits"
    return "fits"
    ### END SOLUTION


# %% check="q3_diagnose" part="clear" points=1
_words = [diagnose(0.30, 0.35, 0.01), diagnose(0.004, 0.08, 0.01), diagnose(0.01, 0.015, 0.01)]
expect.equal(
    _words,
    ["underfits", "overfits", "fits"],
    name="three clear cases",
    hint="Compare the training error with 3 × floor, then validation with 3 × training.",
)

# %% check="q3_diagnose" part="order" points=1
_word = diagnose(0.30, 2.0, 0.01)
expect.equal(
    _word,
    "underfits",
    name="high training error, still higher validation error",
    hint="Ask about the training error first: what has not been learned cannot be overlearned.",
)
### BEGIN HIDDEN TESTS
expect.equal(diagnose(0.5, 0.6, 0.25), "fits", name="another noise floor")
expect.equal(diagnose(0.8, 0.9, 0.25), "underfits", name="a little more than 3 times the floor")
expect.equal(diagnose(0.1, 0.35, 0.25), "overfits", name="a little more than 3 times training")
expect.equal(diagnose(0.02, 0.05, 0.01), "fits", name="a moderate gap")
expect.equal(diagnose(0.75, 2.25, 0.25), "fits", name="exactly 3 times is not more than 3 times")
### END HIDDEN TESTS

# %% [markdown] prompt="q4_build_model"
# ## Question 4: the cure (3 points)
#
# Write `build_model`, which returns a **compiled** Keras model with 2 inputs and 1 output that does *not* underfit. You choose layers, activations, optimiser and learning rate. The check trains it for 5 epochs of twenty copies of the rows, 80 gradient steps an epoch, and wants a validation error of at most half of the plane's.
#
# Think of what held the colleague's network back: its size, its optimiser, its dropout, its L2.


# %% answer="q4_build_model"
def build_model():
    """Return a compiled model that maps 2 inputs to 1 output."""
    ### BEGIN SOLUTION
    model = keras.Sequential(
        [
            keras.Input(shape=(2,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.005), loss="mse")
    return model
    ### END SOLUTION


# %% check="q4_build_model" part="shape" points=1
_model = build_model()
expect.is_a(_model, keras.Model, name="what build_model returns")
expect.shape(
    _model(x_val),
    (len(x_val), 1),
    name="its predictions for the validation rows",
    hint="End with a Dense layer of 1 unit: one temperature for each row.",
)

# %% check="q4_build_model" part="learns" points=2
keras.utils.set_random_seed(4)
_model = build_model()
expect.is_a(_model, keras.Model, name="what build_model returns", hint="End with `return model`.")
expect.that(
    _model.compiled,
    expected="the model is compiled",
    got="a model without loss and optimiser",
    hint="Call model.compile(...) before you return the model.",
)
_model.fit(repeat(x_train, 20), repeat(y_train, 20), epochs=5, batch_size=20, verbose=0)
_residuals = y_val - np.asarray(_model(x_val)).reshape(-1)
_error = float(np.mean(_residuals**2))
expect.better(
    _error,
    plane_mse,
    factor=0.5,
    name="validation error after training",
    hint="Try more units, no dropout, no L2, Adam with a learning rate near 0.01.",
)

# %% [markdown]
# ## The opposite fault
#
# Before our sensor came, an older one took 40 readings in the same greenhouse, with five times the noise. The same colleague, having learned that small networks underfit, now fits a large one to them. **Look at** the validation error, measured with the good sensor: is it better at the end than after the first epoch?

# %% given="old_sensor"
x_noisy, y_noisy = data.make_regression(40, noise_sd=0.5, seed=11)
rows_noisy = {"x": repeat(x_noisy, 150), "y": repeat(y_noisy, 150)}


def large_model():
    """Return a network with far more parameters than its rows can pin down."""
    model = keras.Sequential([keras.Input(shape=(2,))])
    for _ in range(3):
        model.add(keras.layers.Dense(64, activation="relu"))
    model.add(keras.layers.Dense(1))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.02), loss="mse")
    return model


keras.utils.set_random_seed(5)
large = large_model()
history = large.fit(
    **rows_noisy, validation_data=(x_val, y_val), epochs=4, batch_size=40, verbose=0
)
large_mse = history.history["val_loss"][-1]
axes = plots.learning_curves(history)
axes.set(title="A large network on 40 noisy rows", ylabel="loss [°C²]")
plots.show(
    axes,
    alt="Learning curves of a large network on 40 noisy rows: the training loss keeps falling "
    "while the validation loss ends well above its first value.",
)

# %% [markdown] prompt="q5_regularise"
# ## Question 5: regularise it (3 points)
#
# Write `regularised_model`, which returns a compiled model for the *same* 40 rows that overfits less. L2, dropout, fewer units and a smaller learning rate are all allowed, and so are mixtures. The check trains it exactly as the large one was trained. It wants at most 70 % of the large network's validation error, and an error below that of the plane: a model too simple to bend is no cure. Its highest prediction must still be above 1 °C, as the warmest rows are.


# %% answer="q5_regularise"
def regularised_model():
    """Return a compiled model that does not learn 40 noisy rows by heart."""
    ### BEGIN SOLUTION
    l2 = keras.regularizers.L2(0.02)
    model = keras.Sequential([keras.Input(shape=(2,))])
    for _ in range(2):
        model.add(keras.layers.Dense(32, activation="relu", kernel_regularizer=l2))
    model.add(keras.layers.Dense(1))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mse")
    return model
    ### END SOLUTION


# %% check="q5_regularise" points=3
keras.utils.set_random_seed(5)
_model = regularised_model()
expect.is_a(
    _model, keras.Model, name="what regularised_model returns", hint="End with `return model`."
)
expect.that(
    _model.compiled,
    expected="the model is compiled",
    got="a model without loss and optimiser",
    hint="Call model.compile(...) before you return the model.",
)
_model.fit(**rows_noisy, epochs=4, batch_size=40, verbose=0)
_residuals = y_val - np.asarray(_model(x_val)).reshape(-1)
_error = float(np.mean(_residuals**2))
expect.better(
    _error,
    large_mse,
    factor=0.7,
    name="its error, against the large network's",
    hint="Fewer units, or kernel_regularizer=keras.regularizers.L2(0.01) and a smaller rate.",
)
expect.better(
    _error,
    plane_mse,
    name="its error, against the plane's",
    hint="Is its training error high? Then brake less. Far below 0.25? Then brake more.",
)
expect.that(
    float(np.max(_model(x_val))) > 1,
    expected="its highest prediction is above 1 °C, as the warmest rows are",
    got="a highest prediction of at most 1 °C",
    hint="A temperature has no upper bound: give the last layer no activation.",
)

# %% [markdown] prompt="q6_early_stopping"
# ## Question 6: early stopping, by hand (2 points)
#
# Early stopping watches the validation loss and gives up after `patience` epochs in a row without a new best. Write `early_stopping(val_losses, patience)`. It returns two numbers, counted from 1:
#
# - the epoch with the best loss so far, whose weights are kept (the earliest, if two are equal);
# - the epoch at which training stops. If patience never runs out, that is the last one.
#
# For the losses `[5, 3, 4, 2, 2, 6, 1]` and patience 2 the answer is `(4, 6)`: epochs 5 and 6 bring nothing better than epoch 4. The good seventh epoch is never seen.


# %% answer="q6_early_stopping"
def early_stopping(val_losses, patience):
    """Return (epoch whose weights are kept, epoch at which training stops)."""
    ### BEGIN SOLUTION
    best_epoch, best_loss = 0, float("inf")
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best_loss:
            best_epoch, best_loss = epoch, loss
        if epoch - best_epoch >= patience:
            return best_epoch, epoch
    return best_epoch, len(val_losses)
    ### END SOLUTION


# %% check="q6_early_stopping" part="example" points=1
_answer = early_stopping([5, 3, 4, 2, 2, 6, 1], 2)
expect.shape(_answer, (2,), name="the answer", hint="End with `return kept, stopped`.")
expect.equal(
    list(_answer),
    [4, 6],
    name="kept and last epoch of the example",
    hint="Remember the best loss and its epoch; stop when the best is `patience` epochs old.",
)

# %% check="q6_early_stopping" part="patient" points=1
_answer = early_stopping([3.0, 2.0, 1.0], 5)
expect.shape(_answer, (2,), name="the answer", hint="End with `return kept, stopped`.")
expect.equal(
    list(_answer),
    [3, 3],
    name="a loss that always falls",
    hint="If patience never runs out, training ends with the last epoch.",
)
### BEGIN HIDDEN TESTS
_answer = early_stopping([4, 5, 3, 4, 2, 3, 3, 3], 3)
expect.equal(list(_answer), [5, 8], name="a new best starts the count again")
_answer = early_stopping([1, 1, 1, 1], 2)
expect.equal(list(_answer), [1, 3], name="an equal loss is no new best")
_answer = early_stopping([3, 1, 2], 4)
expect.equal(list(_answer), [2, 3], name="patience left after the last epoch")
### END HIDDEN TESTS

# %% [markdown] prompt="q7_train"
# ## Question 7: how good can you get? (4 points)
#
# The last question is open. Write `train_model(x, y)`: it builds a model, trains it on the rows it is given, and returns it. Anything from the lectures goes: another size or activation, more steps, early stopping on rows you set aside yourself. So does a learning rate that falls towards the end (Foundations 3 said why; look up `keras.optimizers.schedules`). Use Keras' own layers only: no `Lambda`, no class of your own, since the grader rebuilds your model from its description. Aim for less than ten seconds.
#
# **Choose first:** add a cell of your own, train on `x_train`, compare on `x_val`. Run the checks when you have decided, since test rows that help you choose are no test any more. The checks call `train_model` once, with all 110 rows, and all three tiers look at that one model. If you change something, run the answer cell again before the checks.
#
# | tier | test error at most | points |
# |---|---|---|
# | bronze | 6 times the noise floor | 1 |
# | silver | 3 times the noise floor | 1 |
# | gold | 2.5 times the noise floor, on 2,000 fresh points (hidden) | 2 |


# %% answer="q7_train"
def train_model(x, y):
    """Return a model trained on x of shape (n, 2) and y of shape (n,)."""
    ### BEGIN SOLUTION
    model = keras.Sequential(
        [
            keras.Input(shape=(2,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    steps = 4 * (len(x) * 26 // 16)
    rate = keras.optimizers.schedules.CosineDecay(0.014, decay_steps=steps)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=rate), loss="mse")
    model.fit(np.tile(x, (26, 1)), np.tile(y, 26), epochs=4, batch_size=16, verbose=0)
    return model
    ### END SOLUTION


# %% given="trained"
@functools.cache
def trained(train):
    """Return the model that `train` makes of all 110 rows; a second call costs nothing."""
    keras.utils.set_random_seed(7)
    return train(greenhouse.x_train, greenhouse.y_train)


# %% check="q7_train" part="bronze" points=1
_model = trained(train_model)
expect.is_a(
    _model,
    keras.Model,
    name="what train_model returns",
    hint="Return the model, not what fit returns.",
)
expect.rebuilds(_model)
_prediction = np.asarray(_model(x_test))
expect.shape(_prediction, (len(x_test), 1), name="predictions for the test rows")
expect.better(
    float(np.mean((y_test - _prediction.reshape(-1)) ** 2)),
    noise_floor,
    factor=6,
    name="bronze: test error",
    hint="Back to x_val: start from your model of question 4, and train it longer.",
)

# %% check="q7_train" part="silver" points=1
_model = trained(train_model)
expect.is_a(
    _model,
    keras.Model,
    name="what train_model returns",
    hint="Return the model, not what fit returns.",
)
expect.rebuilds(_model)
_prediction = np.asarray(_model(x_test)).reshape(-1)
expect.better(
    float(np.mean((y_test - _prediction) ** 2)),
    noise_floor,
    factor=3,
    name="silver: test error",
    hint="Back to x_val: let the learning rate fall, as keras.optimizers.schedules do.",
)

# %% check="q7_train" part="gold" points=2
_model = trained(train_model)
expect.is_a(
    _model,
    keras.Model,
    name="what train_model returns (the grader looks at its error)",
    hint="Return the model, not what fit returns.",
)
expect.rebuilds(_model)
### BEGIN HIDDEN TESTS
from coursekit.grading import held_out

_x, _y = held_out.load("regression")
_prediction = np.asarray(_model(_x)).reshape(-1)
# The fresh targets are without noise, so the floor is added to compare with the tiers above.
_error = float(np.mean((_y - _prediction) ** 2)) + noise_floor
expect.better(
    _error,
    noise_floor,
    factor=2.5,
    name="gold: error on fresh points",
    hint="Look at the predicted surface: where does it differ from the true one?",
)
### END HIDDEN TESTS

# %% [markdown] task="q8_test_rows" points=4
# ## Question 8: in your own words (4 points)
#
# Your colleague writes: "I tried 200 settings and kept the one with the lowest error on the 40 *test* rows. That error is below the noise floor, so the network is better than perfect." In 60 to 120 words: name **two** things that are wrong with this, and say what your colleague should have done instead.
#
# A person reads this answer. Double-click on the next cell, write, then press Shift + Enter.
#
# ### BEGIN MARK SCHEME
# 1 point each:
#
# - The test rows were used to *choose*: the error of the best of 200 is too good, because it was selected for being low (selection on the test set; the test set became validation data).
# - An error below the noise floor on 40 rows is luck, or a sign of that selection: with so few rows the measured error scatters around its true value, which is never below the floor.
# - Choose on validation rows (or by cross-validation) and touch the test rows once, at the end.
# - Clear and correct wording, in the learner's own words.
# ### END MARK SCHEME

# %% [markdown]
# *Replace this line with your answer.*

# %% [markdown]
# ## Hand in
#
# 1. **Restart and run all cells**: on Colab **Runtime → Restart session and run all**, in JupyterLab **Kernel → Restart Kernel and Run All Cells**. The last cell, just below, sums up what passes and what is missing. If it stops at a question that you leave out, go on from the cell below it: on Colab **Runtime → Run cell and below** (older: *Run after*), in JupyterLab **Run → Run Selected Cell and All Below**.
# 2. Save. On Colab: **File → Download → Download .ipynb**. In JupyterLab: **File → Save**; the file is the one that you opened.
# 3. Hand in that one file, `regression_challenge.ipynb`, where your teacher collects it. Keep its name.
