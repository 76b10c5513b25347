# %% [markdown]
# # Challenge: name the flower
#
# {{badge}}
#
# *About 75 minutes · 22 points · after {{lecture}} and its part 2*
#
# A botanical garden wants a network that names irises from four lengths. You write the two formulas behind it, choose the right loss, cure a network that believes wrong labels, and then see how many of 30 test flowers you can name.
#
# On Colab, save your own copy first: **File → Save a copy in Drive**. Work in the new tab, and click on its name, top left, to call it `iris_challenge.ipynb` again.
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
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# %% given="rows"
iris = data.load_iris()
names = iris.target_names


def split(seed):
    """Return 120 flowers, 30 test flowers and their labels, a third of each species."""
    return train_test_split(iris.x, iris.y, test_size=30, stratify=iris.y, random_state=seed)


def logistic(x, y):
    """Return logistic regression on scaled lengths, trained, with scikit-learn's defaults."""
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)


x_all, x_test, y_all, y_test = split(10)
x_train, x_val, y_train, y_val = train_test_split(
    x_all, y_all, test_size=30, stratify=y_all, random_state=10
)
shares = logistic(x_train, y_train).predict_proba(x_val)
logistic_loss = float(-np.mean(np.log(shares[np.arange(30), y_val])))
print(f"{len(x_train)} flowers to train on, {len(x_val)} to validate on, {len(x_test)} to test on")
print(f"validation cross-entropy: no idea {np.log(3):.3f}, logistic regression {logistic_loss:.3f}")

# %% [markdown]
# Each row of `x_train` holds four lengths in centimetres: sepal length and width, petal length and width. `y_train` holds **sparse** labels: 0 is setosa, 1 versicolor, 2 virginica.

# %% [markdown] prompt="q1_softmax"
# ## Question 1: softmax (3 points)
#
# Write `softmax(z)`: it turns logits into shares: none is negative, and they add up to 1 along the **last** axis. `z` may be one row of shape `(k,)`, a batch of shape `(n, k)`, or have more axes; the result has the shape of `z`.
#
# It must also work for logits as large as 10,000, where `np.exp` overflows. Remember: only the *differences* of logits count. So you may subtract the largest one first.


# %% answer="q1_softmax"
def softmax(z):
    """Return the softmax of z along its last axis, in the shape of z."""
    z = np.asarray(z, dtype=float)
    ### BEGIN SOLUTION
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
    ### END SOLUTION


# %% check="q1_softmax" part="batch" points=1
_logits = np.log([[1.0, 2.0, 5.0], [6.0, 3.0, 1.0]])
_shares = softmax(_logits)
expect.shape(_shares, (2, 3), name="softmax of two rows")
expect.close(
    _shares,
    [[0.125, 0.25, 0.625], [0.6, 0.3, 0.1]],
    name="softmax of log 1, log 2, log 5 and of log 6, log 3, log 1",
    hint="Divide each row by its own sum: axis=-1, keepdims=True.",
)
### BEGIN HIDDEN TESTS
_logits = np.array([[0.5, -1.0, 2.0, 0.0], [3.0, 3.0, -3.0, 1.0]])
_powers = np.exp(_logits)
expect.close(softmax(_logits), _powers / _powers.sum(axis=1, keepdims=True), name="other logits")
### END HIDDEN TESTS

# %% check="q1_softmax" part="large" points=1
_shares = softmax([[10_000.0, 9_999.0, 0.0], [-10_000.0, -10_000.0, -10_000.0]])
expect.finite(
    _shares,
    name="softmax of very large and very small logits",
    hint="Subtract each row's own largest logit before np.exp.",
)
_e = np.e
expect.close(
    _shares,
    [[_e / (_e + 1), 1 / (_e + 1), 0.0], [1 / 3, 1 / 3, 1 / 3]],
    name="softmax of very large and very small logits",
    hint="Subtract each row's own largest logit, not the largest of the batch.",
)

# %% check="q1_softmax" part="axes" points=1
_shares = softmax(np.log([3.0, 1.0]))
expect.shape(_shares, (2,), name="softmax of a single row", hint="axis=-1 is the last axis.")
expect.close(_shares, [0.75, 0.25], name="softmax of a single row")
### BEGIN HIDDEN TESTS
_logits = np.log(np.arange(1.0, 25.0)).reshape(2, 4, 3)
_powers = np.exp(_logits)
expect.close(softmax(_logits), _powers / _powers.sum(axis=-1, keepdims=True), name="three axes")
### END HIDDEN TESTS

# %% [markdown] prompt="q2_cross_entropy"
# ## Question 2: cross-entropy (2 points)
#
# Write `cross_entropy(p, labels)`. `p` has shape `(n, k)`: a row of probabilities for each flower. `labels` has shape `(n,)`: its true class. Return one number, the **mean** over the flowers of $-\log$ of the probability given to the true class.
#
# $\log 0$ is minus infinity. So a probability below $10^{-7}$ counts as $10^{-7}$.


# %% answer="q2_cross_entropy"
def cross_entropy(p, labels):
    """Return the mean cross-entropy of n rows of probabilities as one float."""
    p = np.asarray(p, dtype=float)
    labels = np.asarray(labels)
    ### BEGIN SOLUTION
    true = p[np.arange(len(labels)), labels]
    return float(-np.mean(np.log(np.maximum(true, 1e-7))))
    ### END SOLUTION


# %% check="q2_cross_entropy" part="value" points=1
_loss = cross_entropy([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], [1, 2])
expect.close(
    _loss,
    (np.log(4) + np.log(1.25)) / 2,
    name="cross-entropy of two flowers with p = 0.25 and p = 0.8",
    hint="Pick p[i, labels[i]] for each row i, take -log, then the mean. Is your number positive?",
)
### BEGIN HIDDEN TESTS
_p = [[0.7, 0.1, 0.1, 0.1], [0.2, 0.5, 0.2, 0.1], [0.4, 0.3, 0.2, 0.1]]
_want = -(np.log(0.7) + np.log(0.2) + np.log(0.1)) / 3
expect.close(cross_entropy(_p, [0, 2, 3]), _want, name="three flowers, four classes")
expect.close(cross_entropy([[0.2, 0.8]], [0]), np.log(5), name="a single flower")
### END HIDDEN TESTS

# %% check="q2_cross_entropy" part="zero" points=1
_loss = cross_entropy([[0.0, 1.0], [1.0, 0.0]], [0, 0])
expect.finite(_loss, name="cross-entropy with p = 0", hint="Use np.maximum(p, 1e-7) before np.log.")
expect.close(
    _loss,
    -np.log(1e-7) / 2,
    name="cross-entropy of p = 0 and p = 1",
    hint="Only probabilities *below* 1e-7 change, and only to 1e-7; p = 1 costs exactly nothing.",
)
### BEGIN HIDDEN TESTS
expect.close(cross_entropy([[1e-6, 1 - 1e-6]], [0]), -np.log(1e-6), name="a small p that counts")
### END HIDDEN TESTS

# %% [markdown] prompt="q3_choose_loss"
# ## Question 3: the loss that fits (2 points)
#
# Labels and loss must match, and so must the last layer. Write `choose_loss(labels, has_softmax)`. It returns a pair `(name, from_logits)`:
#
# - `name` is `"categorical_crossentropy"` for one-hot labels, of shape `(n, k)` with $k \ge 2$, and `"sparse_categorical_crossentropy"` for sparse ones. Those have shape `(n,)`, or `(n, 1)` if somebody made a column of them.
# - `from_logits` is `True` if the last layer has no softmax, so that softmax is still to do; else `False`.
#
# `labels` may be an array or a list; `has_softmax` is `True` or `False`.


# %% answer="q3_choose_loss"
def choose_loss(labels, has_softmax):
    """Return (name of the Keras loss, value for from_logits)."""
    ### BEGIN SOLUTION
    shape = np.shape(labels)
    one_hot = len(shape) == 2 and shape[1] > 1
    name = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    return name, not has_softmax
    ### END SOLUTION


# %% check="q3_choose_loss" part="labels" points=1
_pair = choose_loss(np.array([2, 0, 1, 1]), True)
expect.is_a(
    _pair, (tuple, list), name="what choose_loss returns", hint="End with `return name, flag`."
)
expect.equal(
    tuple(_pair),
    ("sparse_categorical_crossentropy", False),
    name="the choice for sparse labels and softmax",
    hint="Look at np.shape(labels): one number a flower is a sparse label.",
)
_pair = choose_loss(np.eye(3)[[2, 0, 1, 1]], True)
expect.equal(
    tuple(_pair),
    ("categorical_crossentropy", False),
    name="the choice for one-hot labels and softmax",
    hint="Look at np.shape(labels): a row of k numbers a flower is a one-hot label.",
)
### BEGIN HIDDEN TESTS
_pair = choose_loss([[2], [0], [1]], True)
expect.equal(tuple(_pair)[0], "sparse_categorical_crossentropy", name="a column of sparse labels")
_pair = choose_loss([[0, 1]], True)
expect.equal(tuple(_pair)[0], "categorical_crossentropy", name="one flower, two classes")
_pair = choose_loss([0, 1, 0, 1], True)
expect.equal(tuple(_pair)[0], "sparse_categorical_crossentropy", name="sparse, only 0 and 1")
### END HIDDEN TESTS

# %% check="q3_choose_loss" part="logits" points=1
_pair = choose_loss(np.array([2, 0, 1, 1]), False)
expect.is_a(
    _pair, (tuple, list), name="what choose_loss returns", hint="End with `return name, flag`."
)
expect.equal(
    tuple(_pair),
    ("sparse_categorical_crossentropy", True),
    name="the choice for sparse labels and a last layer without softmax",
    hint="from_logits=True says that softmax is still to do.",
)
### BEGIN HIDDEN TESTS
_pair = choose_loss(np.eye(4)[[3, 1]], False)
expect.equal(tuple(_pair), ("categorical_crossentropy", True), name="one-hot labels, no softmax")
_pair = choose_loss([1], True)
expect.equal(tuple(_pair), ("sparse_categorical_crossentropy", False), name="one sparse label")
### END HIDDEN TESTS

# %% [markdown] prompt="q4_build_model"
# ## Question 4: a classifier (3 points)
#
# Write `build_model(x)`, which returns a **compiled** Keras model with 4 inputs and 3 outputs: probabilities. `x` holds the training flowers, shape `(n, 4)`, for those who want to scale inside the model with their mean and deviation: a `keras.layers.Normalization` that has seen them (`adapt`), or that is told them (`mean=..., variance=...`). The model gets plain centimetres. It begins with `keras.Input(shape=(4,))`. Use Keras' own layers only: no `Lambda`, no class of your own, since the grader rebuilds your model from its description.
#
# The check trains it with *sparse* labels for 5 epochs of ten copies of the 90 training flowers, in batches of 10. (Keras takes longer to begin an epoch than to walk over our few flowers; ten copies are ten epochs in one.) It wants a validation cross-entropy no higher than that of the default logistic regression printed above.


# %% answer="q4_build_model"
def build_model(x):
    """Return a compiled model that maps 4 lengths in cm to 3 probabilities."""
    ### BEGIN SOLUTION
    model = keras.Sequential(
        [
            keras.Input(shape=(4,)),
            keras.layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    adam = keras.optimizers.Adam(learning_rate=0.01)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    return model
    ### END SOLUTION


# %% given="repeat"
def repeat(rows, times):
    """Return `times` copies of the rows, one after the other."""
    return np.concatenate([rows] * times)


# %% check="q4_build_model" part="shape" points=1
_model = build_model(x_train)
expect.is_a(_model, keras.Model, name="what build_model returns", hint="End with `return model`.")
_shares = np.asarray(_model(x_val))
expect.shape(
    _shares, (30, 3), name="its answer for 30 flowers", hint="One output unit for each species."
)
expect.close(
    _shares.sum(axis=1),
    np.ones(30),
    atol=1e-4,
    name="the sums of its probabilities",
    hint='The last layer needs activation="softmax".',
)

# %% check="q4_build_model" part="learns" points=2
keras.utils.set_random_seed(4)
_model = build_model(x_train)
expect.is_a(_model, keras.Model, name="what build_model returns", hint="End with `return model`.")
expect.that(
    _model.compiled,
    expected="the model is compiled",
    got="a model without loss and optimiser",
    hint="Call model.compile(...) before you return the model.",
)
expect.rebuilds(_model)
_model.fit(repeat(x_train, 10), repeat(y_train, 10), epochs=5, batch_size=10, verbose=0)
_shares = np.asarray(_model(x_val), dtype=float)
expect.shape(_shares, (30, 3), name="its answer for 30 flowers")
expect.close(_shares.sum(axis=1), np.ones(30), atol=1e-4, name="the sums of its probabilities")
_loss = float(-np.mean(np.log(np.maximum(_shares[np.arange(30), y_val], 1e-7))))
expect.better(
    _loss,
    logistic_loss,
    name="validation cross-entropy",
    hint="Scale the inputs, add a hidden layer, use Adam with a learning rate near 0.01.",
)

# %% [markdown]
# ## The tired botanist
#
# Somebody in the garden typed the labels late at night: 18 of the 90 training labels are wrong. The validation labels are right. And a colleague fits a large network; each of its epochs walks over twenty copies of the rows. **Look at** the two curves: which one should worry her?

# %% given="spoilt"
rng = np.random.default_rng(6)
wrong_rows = rng.choice(90, size=18, replace=False)
y_spoilt = y_train.copy()
y_spoilt[wrong_rows] = (y_train[wrong_rows] + rng.integers(1, 3, size=18)) % 3
rows_spoilt = {"x": repeat(x_train, 20), "y": repeat(y_spoilt, 20)}


def large_model():
    """Return a network with room for every single wrong label."""
    model = keras.Sequential([keras.Input(shape=(4,))])
    model.add(keras.layers.Normalization(mean=x_train.mean(axis=0), variance=x_train.var(axis=0)))
    for _ in range(2):
        model.add(keras.layers.Dense(256, activation="relu"))
    model.add(keras.layers.Dense(3, activation="softmax"))
    adam = keras.optimizers.Adam(learning_rate=0.003)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    return model


keras.utils.set_random_seed(5)
large = large_model()
history = large.fit(
    **rows_spoilt, validation_data=(x_val, y_val), epochs=10, batch_size=30, verbose=0
)
large_loss = history.history["val_loss"][-1]
axes = plots.learning_curves(history)
axes.set(title="A large network, 18 of 90 labels wrong", ylabel="cross-entropy", ylim=(0, None))
plots.show(
    axes,
    alt="Learning curves: the training loss falls all the time while the validation loss climbs.",
)

# %% [markdown] prompt="q5_robust_model"
# ## Question 5: do not believe everything (3 points)
#
# Write `robust_model(x)`: it returns a compiled model for the same spoilt rows that does not learn the wrong labels by heart. `x` holds the training flowers, as in question 4. Fewer units, L2, dropout and a smaller learning rate are all allowed, and so are mixtures; one brake may be too weak alone. The last layer has softmax, and labels are sparse.
#
# The check trains it exactly as the large one was trained. It wants at most half of the large network's validation cross-entropy, and at most 60 % of $\log 3$: a network that says ⅓, ⅓, ⅓ to everything has learned nothing wrong, and nothing else.


# %% answer="q5_robust_model"
def robust_model(x):
    """Return a compiled model that does not learn 18 wrong labels by heart."""
    ### BEGIN SOLUTION
    model = keras.Sequential(
        [
            keras.Input(shape=(4,)),
            keras.layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    adam = keras.optimizers.Adam(learning_rate=0.005)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    return model
    ### END SOLUTION


# %% check="q5_robust_model" points=3
keras.utils.set_random_seed(5)
_model = robust_model(x_train)
expect.is_a(_model, keras.Model, name="what robust_model returns", hint="End with `return model`.")
expect.that(
    _model.compiled,
    expected="the model is compiled",
    got="a model without loss and optimiser",
    hint="Call model.compile(...) before you return the model.",
)
_model.fit(**rows_spoilt, epochs=10, batch_size=30, verbose=0)
_shares = np.asarray(_model(x_val), dtype=float)
expect.shape(_shares, (30, 3), name="its answer for 30 flowers")
expect.close(_shares.sum(axis=1), np.ones(30), atol=1e-4, name="the sums of its probabilities")
_loss = float(-np.mean(np.log(np.maximum(_shares[np.arange(30), y_val], 1e-7))))
expect.better(
    _loss,
    large_loss,
    factor=0.5,
    name="its loss, against the large network's",
    hint="Fewer units, or kernel_regularizer=keras.regularizers.L2(0.01).",
)
expect.better(
    _loss,
    np.log(3),
    factor=0.6,
    name="its loss, against that of no idea",
    hint="Too high: brake less if the training loss is high too, else brake more.",
)

# %% [markdown] prompt="q6_name_flowers"
# ## Question 6: names, or no name (3 points)
#
# Write `name_flowers(p, names, sure)`. `p` has shape `(n, k)`, a row of probabilities for each flower; `names` lists the `k` species. Return a list of `n` strings: for each flower the name of its likeliest species, or `"unsure"` if the probability of that species is *less than* `sure`. If two are equally likely, take the first.


# %% answer="q6_name_flowers"
def name_flowers(p, names, sure):
    """Return a list of names, "unsure" where the largest probability is less than `sure`."""
    p = np.asarray(p, dtype=float)
    ### BEGIN SOLUTION
    best = p.argmax(axis=1)
    return [names[k] if row[k] >= sure else "unsure" for row, k in zip(p, best, strict=True)]
    ### END SOLUTION


# %% check="q6_name_flowers" part="names" points=1
_said = name_flowers([[0.1, 0.7, 0.2], [0.9, 0.1, 0.0], [0.0, 0.2, 0.8]], names, 0.5)
expect.is_a(_said, list, name="the names", hint="Return a list of strings, one for each flower.")
expect.equal(
    _said,
    ["versicolor", "setosa", "virginica"],
    name="the names of three clear flowers",
    hint="p.argmax(axis=1) gives the place of the largest probability in each row.",
)
### BEGIN HIDDEN TESTS
_said = name_flowers([[0.1, 0.2, 0.1, 0.6], [0.3, 0.7, 0.0, 0.0]], ["a", "b", "c", "d"], 0.4)
expect.equal(_said, ["d", "b"], name="four species with other names")
### END HIDDEN TESTS

# %% check="q6_name_flowers" part="unsure" points=2
_said = name_flowers([[0.4, 0.35, 0.25], [0.05, 0.05, 0.9]], names, 0.8)
expect.equal(
    _said,
    ["unsure", "virginica"],
    name="an unsure and a sure flower",
    hint="Compare the largest probability of each row with `sure`.",
)
### BEGIN HIDDEN TESTS
_said = name_flowers([[0.25, 0.75], [0.5, 0.5]], ["a", "b"], 0.75)
expect.equal(_said, ["b", "unsure"], name="exactly `sure` is sure enough")
_said = name_flowers([[0.2, 0.4, 0.4]], ["a", "b", "c"], 0.3)
expect.equal(_said, ["b"], name="two equally likely: the first")
_said = name_flowers([[0.0, 0.45, 0.55], [0.7, 0.2, 0.1]], names, 0.6)
expect.equal(_said, ["unsure", "setosa"], name="another threshold")
### END HIDDEN TESTS

# %% [markdown] prompt="q7_train"
# ## Question 7: how good can you get? (4 points)
#
# The last question is open. Write `train_model(x, y)`: it builds a model, trains it on the flowers it is given (plain centimetres, sparse labels), and returns it. The model takes centimetres and gives three probabilities. Anything from the lectures goes, with Keras' own layers (see question 4). Aim for less than ten seconds.
#
# **Choose first:** add a cell of your own, train on `x_train`, compare on `x_val`. Run the checks when you have decided. They call `train_model` with all 120 flowers and look at the 30 test flowers. The grader does the same with *another* stratified split, and with the species numbered in another order. So what matters is the way you train, not the luck of one draw. (Both draws are kind to logistic regression; on many it misses a flower or two, and then so may you.) If you change something, run the answer cell again before the checks.
#
# | tier | test flowers named rightly | points |
# |---|---|---|
# | bronze | twice as many as always naming one species: here 20 of 30 | 1 |
# | silver | as many as logistic regression, or up to two fewer: here 28 | 1 |
# | gold | as many as logistic regression, or one fewer: here 29; also on another split (hidden) | 2 |


# %% answer="q7_train"
def train_model(x, y):
    """Return a model trained on x of shape (n, 4), in cm, and labels y of shape (n,)."""
    ### BEGIN SOLUTION
    model = keras.Sequential(
        [
            keras.Input(shape=(4,)),
            keras.layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    adam = keras.optimizers.Adam(learning_rate=0.005)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=5, batch_size=12, verbose=0)
    return model
    ### END SOLUTION


# %% given="trained"
@functools.cache
def trained(train):
    """Return the model that `train` makes of all 120 flowers; a second call costs nothing."""
    keras.utils.set_random_seed(7)
    return train(x_all, y_all)


def count_right(model, x, y):
    """Return how many flowers the model names rightly, after a look at its answer."""
    shares = np.asarray(model(x), dtype=float)
    expect.shape(shares, (len(x), 3), name="its answer for the test flowers")
    expect.close(
        shares.sum(axis=1),
        np.ones(len(x)),
        atol=1e-4,
        name="the sums of its probabilities",
        hint='The last layer needs activation="softmax".',
    )
    return int(np.sum(shares.argmax(axis=1) == y))


def logistic_count(x, y, x_test, y_test):
    """Return how many test flowers logistic regression names rightly, trained on x and y."""
    return int(np.sum(logistic(x, y).predict(x_test) == y_test))


majority_right = int(np.bincount(y_test).max())
logistic_right = logistic_count(x_all, y_all, x_test, y_test)
print(f"test flowers: majority {majority_right} of 30, logistic regression {logistic_right} of 30")

# %% check="q7_train" part="bronze" points=1
_model = trained(train_model)
expect.is_a(
    _model,
    keras.Model,
    name="what train_model returns",
    hint="Return the model, not what fit returns.",
)
expect.rebuilds(_model)
expect.better(
    count_right(_model, x_test, y_test),
    majority_right,
    factor=2,
    lower_is_better=False,
    name="bronze: test flowers named rightly",
    hint="Back to x_val: start from your model of question 4.",
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
expect.better(
    count_right(_model, x_test, y_test),
    logistic_right - 2,
    lower_is_better=False,
    name="silver: test flowers named rightly",
    hint="Back to x_val: scale the inputs inside the model, and train longer.",
)

# %% check="q7_train" part="gold" points=2
_model = trained(train_model)
expect.is_a(
    _model,
    keras.Model,
    name="what train_model returns",
    hint="Return the model, not what fit returns.",
)
expect.rebuilds(_model)
expect.better(
    count_right(_model, x_test, y_test),
    logistic_right - 1,
    lower_is_better=False,
    name="gold: test flowers named rightly",
    hint="Back to x_val: a small network, well trained, is enough. Look at its learning curves.",
)
### BEGIN HIDDEN TESTS
_x, _x_test, _y, _y_test = split(7)
_y, _y_test = (_y + 1) % 3, (_y_test + 1) % 3
_right = logistic_count(_x, _y, _x_test, _y_test)
keras.utils.set_random_seed(8)
_model = train_model(_x, _y)
expect.is_a(_model, keras.Model, name="what train_model returns")
expect.rebuilds(_model)
expect.better(
    count_right(_model, _x_test, _y_test),
    _right - 1,
    lower_is_better=False,
    name="gold: another split, the species numbered in another order",
    hint="Does train_model use x and y, and nothing else? Does it scale by the x that it is given?",
)
### END HIDDEN TESTS

# %% [markdown] task="q8_inches" points=2
# ## Question 8: in your own words (2 points)
#
# A visitor measures a flower with her own ruler and types the four numbers. Your network says: *versicolor, 99.9 %*. Later you learn that her ruler was in **inches**. In 40 to 100 words: what does the 99.9 % mean, and what does it *not* mean? Name one thing that the garden should add to its program.
#
# A person reads this answer. Double-click on the next cell, write, then press Shift + Enter.
#
# ### BEGIN MARK SCHEME
# 1 point each:
#
# - The number is a share among three known classes, computed from inputs that lie far from (or outside) the training flowers; softmax always adds up to 100 % and cannot say "none of these". It is not the probability that the answer is right.
# - A sensible addition: check units or the range of each length against the training flowers, refuse or warn outside it, ask for the unit. (A threshold on the probability alone does not help here, since the network *is* sure: no point for that alone.)
# ### END MARK SCHEME

# %% [markdown]
# *Replace this line with your answer.*

# %% [markdown]
# ## Hand in
#
# 1. **Restart and run all cells**: on Colab **Runtime → Restart session and run all**, in JupyterLab **Kernel → Restart Kernel and Run All Cells**. The last cell, just below, sums up what passes and what is missing. If it stops at a question that you leave out, go on from the cell below it: on Colab **Runtime → Run cell and below** (older: *Run after*), in JupyterLab **Run → Run Selected Cell and All Below**.
# 2. Save. On Colab: **File → Download → Download .ipynb**. In JupyterLab: **File → Save**; the file is the one that you opened.
# 3. Hand in that one file, `iris_challenge.ipynb`, where your teacher collects it. Keep its name.
