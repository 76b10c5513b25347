# %% [markdown]
# # Challenge: ill or healthy?
#
# {{badge}}
#
# *About 85 minutes · 24 points · after {{lecture}} and its parts 2 and 3*
#
# Three friends want a network that reads a patient's findings and says how likely heart disease is. They have 303 patients, a score that looks wonderful, and no doubts. You bring the doubts: you prepare the table, find the leak in their score, choose the threshold, and then see whether a network can keep up with logistic regression.
#
# On Colab, save your own copy first: **File → Save a copy in Drive**. Work in the new tab, and click on its name, top left, to call it `heart_challenge.ipynb` again.
#
# ## How it works
#
# - Each question has **one cell for your answer**. Replace the line `raise NotImplementedError(...)` with your code.
# - Below it are **checks**. Run them: each one passes, or says what it expected, what it got and what to try, or tells you that you have not tried yet.
# - Each check is all or nothing; a question's points are shared among its checks. Some checks have a hidden part that only the grader runs: it asks the same of your function with other numbers.
# - A *warning* below a check costs no points. Read it all the same: it often names what goes wrong next.
# - You may add cells of your own anywhere. Write only where `raise NotImplementedError` or *Replace this line* stands: all other cells are given, and the grader puts them back.
#
# ## The patients
#
# They are the 303 people of the lectures, sent for an angiogram in Cleveland in the 1980s; `disease` is 1 for those whose angiogram showed disease. `prepare(fit, rows)` turns the rows numbered `rows` into the lectures' 29 columns: 5 standardised numbers, 23 one-hot columns, 1 flag for a missing value. What must be learned for that, it learns from the rows numbered `fit` only. What you build here is an exercise, and no medical device.
#
# Run the next three cells first.

# %% given="setup"
from coursekit import data, expect, plots, predict, setup

setup.start(seed=1)  # quiets TensorFlow, so it stands before the imports below

import functools

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# %% given="rows"
heart = data.load_heart()
findings, disease = heart.frame[heart.features], heart.y
numbers = ["age", "trestbps", "chol", "thalach", "oldpeak"]
categories = {
    "sex": ["Female", "Male"],
    "cp": ["typical angina", "atypical angina", "non-anginal", "asymptomatic"],
    "fbs": [False, True],
    "restecg": ["normal", "st-t abnormality", "lv hypertrophy"],
    "exang": [False, True],
    "slope": ["upsloping", "flat", "downsloping"],
    "ca": [0, 1, 2, 3],
    "thal": ["normal", "fixed defect", "reversible defect"],
}


def prepare(fit, rows):
    """Return 29 columns for the patients numbered `rows`, scaled by those numbered `fit`."""
    one_hot = OneHotEncoder(categories=list(categories.values()), handle_unknown="ignore")
    columns = ColumnTransformer(
        [("numbers", StandardScaler(), numbers), ("categories", one_hot, list(categories))],
        sparse_threshold=0,
    )
    wanted = findings.iloc[rows]
    table = columns.fit(findings.iloc[fit]).transform(wanted)
    return np.column_stack([table, wanted.isna().any(axis=1)]).astype("float32")


def folds(seed):
    """Return five pairs: numbers of the patients to train on, and of those left out."""
    return list(StratifiedKFold(5, shuffle=True, random_state=seed).split(disease, disease))


def repeat(rows, times):
    """Return `times` copies of the rows, one after the other."""
    return np.concatenate([rows] * times)


def cross_entropy(labels, p):
    """Return the mean binary cross-entropy of one probability for each label."""
    p = np.clip(np.asarray(p, dtype=float).reshape(-1), 1e-7, 1 - 1e-7)
    return float(-np.mean(np.log(np.where(labels == 1, p, 1 - p))))


fit_rows, val_rows = folds(10)[0]
x_train, y_train = prepare(fit_rows, fit_rows), disease[fit_rows]
x_val, y_val = prepare(fit_rows, val_rows), disease[val_rows]
share_ill = float(y_train.mean())
no_idea = cross_entropy(y_train, np.full(len(y_train), share_ill))
print(
    f"{len(x_train)} patients to train on, {len(x_val)} to validate on, {x_train.shape[1]} inputs"
)
print(f"training cross-entropy of one who says {share_ill:.2f} to everybody: {no_idea:.3f}")

# %% [markdown] prompt="q1_standardise"
# ## Question 1: one scale for all (2 points)
#
# Complete `standardise(rows, train)`. Both are tables with the same columns. It returns `rows` with each **column** scaled by the mean and the standard deviation (NumPy's `std`) that this column has in `train`. Rows that come later, one new patient for instance, are scaled by the training rows, too.
#
# A column may be constant in `train`. Its deviation is 0; divide by 1 instead.


# %% answer="q1_standardise"
def standardise(rows, train):
    """Return the rows, each column scaled by its mean and deviation in `train`."""
    rows = np.asarray(rows, dtype=float)
    train = np.asarray(train, dtype=float)
    ### BEGIN SOLUTION
    deviation = train.std(axis=0)
    return (rows - train.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    ### END SOLUTION


# %% check="q1_standardise" points=2
_scaled = standardise([[1, 10], [3, 30], [5, 50], [7, 110]], [[2, 40], [6, 60], [4, 20]])
expect.shape(_scaled, (4, 2), name="four rows, scaled by three training rows")
_want = np.array([[-3, -30], [-1, -10], [1, 10], [3, 70]]) / np.sqrt([8 / 3, 800 / 3])
expect.close(
    _scaled,
    _want,
    name="four rows, scaled by three training rows",
    hint="One mean and one deviation for each column, both of train: which axis goes away?",
)
_scaled = standardise([[4, 5], [6, 8]], [[2, 5], [6, 5]])
expect.close(
    _scaled,
    [[0, 0], [1, 3]],
    name="a column that is constant in train",
    hint="Where the deviation is 0, divide by 1 instead: there, and only there.",
)
### BEGIN HIDDEN TESTS
_train = [[0.25, 7.0, -2.0], [0.75, 7.0, 2.0]]
_scaled = standardise([[1.0, 5.5, 0.5]], _train)
expect.close(_scaled, [[2.0, -1.5, 0.25]], name="one new patient, three columns")
_scaled = standardise(_train, [[1.0, 2.0, 3.0]])
expect.close(_scaled, [[-0.75, 5.0, -5.0], [-0.25, 5.0, -1.0]], name="a single training row")
### END HIDDEN TESTS

# %% [markdown] prompt="q2_one_hot"
# ## Question 2: words, gaps and surprises (3 points)
#
# Write `one_hot(values, categories)` for a single finding. `values` is a list with the finding of n patients, `categories` a list of the k values that are allowed. Return a table of zeros and ones, of shape `(n, k + 1)`:
#
# - column j, for j = 0 … k − 1, holds 1 where the value equals `categories[j]`;
# - the last column is a flag: 1 where the value is **missing**, which is written `None`;
# - a value that is neither allowed nor missing leaves its whole row 0.
#
# Values may be words or numbers. Mind that 0 is a number of vessels in `ca`, and not a gap.


# %% answer="q2_one_hot"
def one_hot(values, categories):
    """Return the one-hot columns of n values, and a last column that flags missing ones."""
    ### BEGIN SOLUTION
    table = np.zeros((len(values), len(categories) + 1))
    for row, value in zip(table, values, strict=True):
        if value is None:
            row[-1] = 1
        elif value in categories:
            row[categories.index(value)] = 1
    return table
    ### END SOLUTION


# %% check="q2_one_hot" part="words" points=1
_table = one_hot(["flat", "upsloping", "flat"], ["upsloping", "flat", "downsloping"])
expect.shape(_table, (3, 4), name="three patients, three slopes")
expect.close(
    _table,
    [[0, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]],
    name="three patients, three slopes",
    hint="The columns follow the order of `categories`; the last column is the flag.",
)
### BEGIN HIDDEN TESTS
_table = one_hot(["d", "a", "c", "b", "c"], ["d", "b", "c", "a"])
_want = [[1, 0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 1, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]]
expect.close(_table, _want, name="categories that are not in alphabetical order")
expect.close(one_hot(["b"], ["a", "b"]), [[0, 1, 0]], name="a single patient")
### END HIDDEN TESTS

# %% check="q2_one_hot" part="gaps" points=2
_table = one_hot([2, None, 0, 7], [0, 1, 2, 3])
expect.shape(_table, (4, 5), name="vessels 2, missing, 0 and 7")
expect.close(
    _table,
    [[0, 0, 1, 0, 0], [0, 0, 0, 0, 1], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]],
    name="vessels 2, missing, 0 and 7",
    hint="Ask `value is None` for missing: `not value` is true for 0, too. 7 is not allowed.",
)
### BEGIN HIDDEN TESTS
_table = one_hot(["no", "maybe", None], ["yes", "no"])
expect.close(_table, [[0, 1, 0], [0, 0, 0], [0, 0, 1]], name="words, one unknown, one missing")
expect.close(one_hot([None, None], [0, 1, 2]), [[0, 0, 0, 1]] * 2, name="nothing but gaps")
### END HIDDEN TESTS

# %% [markdown]
# ## The friends' score
#
# Besides the 13 findings, the friends have 500 blood values of each patient. They keep the ten that go best with the disease, then **cross-validate** logistic regression on those ten (lecture 3's folds: each fold is judged by a model that learned from the others), and are thrilled by the AUC.
#
# You suspect the leak of lecture 1's *Find the bug*, now with folds. There is a neat way to find out: the **coin test**. Put random numbers in place of the blood values, and shuffled labels, as good as coin tosses, in place of the disease; 150 patients will do (the fewer the patients, the larger such a leak). Now there is *nothing* to learn. What AUC should an honest score give? And what will the friends' give? Type a guess for theirs, between 0 and 1.

# %%
guess = None  # your guess, for instance 0.5
predict.record("the friends' AUC on coin tosses", guess)

# %% given="coins"
rng = np.random.default_rng(15)
x_coin = rng.normal(size=(150, 500))  # 150 patients, 500 blood values: pure noise
y_coin = rng.permutation(np.repeat([0, 1], 75))  # like coin tosses: 75 heads, 75 tails, shuffled
fold_coin = np.arange(150) % 5  # the fold in which each patient is left out


def best_columns(x, y, k):
    """Return the numbers of the k columns of x that go best with y (correlation), up or down."""
    columns, labels = x - x.mean(axis=0), y - y.mean()
    lengths = np.maximum(np.linalg.norm(columns, axis=0), 1e-9)  # a constant column has none
    correlation = labels @ columns / lengths
    return np.argsort(-np.abs(correlation), kind="stable")[:k]


def logistic_auc(x_fit, y_fit, x_out, y_out):
    """Return the AUC on rows left out, of logistic regression trained on the other rows."""
    model = LogisticRegression(max_iter=1000).fit(x_fit, y_fit)
    logits = model.decision_function(x_out)  # in the same order as p, so the AUC is the same
    return float(roc_auc_score(y_out, logits))


def friends_auc(x, y, fold, k):
    """Return one AUC for each fold, as the friends compute it."""
    kept = x[:, best_columns(x, y, k)]
    scores = []
    for f in range(fold.max() + 1):
        fit, out = fold != f, fold == f
        scores.append(logistic_auc(kept[fit], y[fit], kept[out], y[out]))
    return scores


friends_mean = float(np.mean(friends_auc(x_coin, y_coin, fold_coin, 10)))
predict.compare("the friends' AUC on coin tosses", friends_mean)

# %% [markdown] prompt="q3_honest_auc"
# ## Question 3: mend the leak (3 points)
#
# So the friends' score tells disease from health where there is neither. Read `friends_auc` above: what has seen rows that it should not have seen?
#
# Write `honest_auc(x, y, fold, k)`, which takes the same arguments. `fold` holds, for each row, the number of the fold in which the row is left out: 0, 1, 2, … There may be any number of folds. Return a list with one AUC for each fold, in this order. Use `best_columns` and `logistic_auc` as they are; mend only *which rows* they get to see.


# %% answer="q3_honest_auc"
def honest_auc(x, y, fold, k):
    """Return one AUC for each fold; the rows left out have no say in anything."""
    ### BEGIN SOLUTION
    scores = []
    for f in range(fold.max() + 1):
        fit, out = fold != f, fold == f
        best = best_columns(x[fit], y[fit], k)
        scores.append(logistic_auc(x[fit][:, best], y[fit], x[out][:, best], y[out]))
    return scores
    ### END SOLUTION


# %% check="q3_honest_auc" part="coins" points=1
_scores = honest_auc(x_coin.copy(), y_coin.copy(), fold_coin.copy(), 10)
expect.shape(_scores, (5,), name="the AUC of five folds", hint="Return a list, one AUC a fold.")
_mean = float(np.mean(_scores))
expect.close(
    _mean,
    0.5,
    atol=0.1,
    name=f"the mean AUC on coin tosses, {_mean:.3f}, against 0.5",
    hint="Which rows does best_columns get to see, and when is it asked?",
)

# %% check="q3_honest_auc" part="folds" points=2
_x = prepare(range(303), range(303)).astype(float)  # scaled by all rows, alike for both ways
_fold = np.arange(303) % 4
_scores = honest_auc(_x.copy(), disease.copy(), _fold.copy(), 29)
expect.shape(_scores, (4,), name="the AUC of four folds of the real patients")
expect.close(
    _scores,
    friends_auc(_x, disease, _fold, 29),
    atol=0.005,
    name="no column is left out, so no leak: both ways agree",
    hint="Train on the rows where fold != f, compute the AUC on those where fold == f.",
)
_rng = np.random.default_rng(3)
_y = np.arange(120) // 2 % 2
_x = _rng.normal(size=(120, 200))
_x[:, 70] += 3 * _y  # one column stands out
_fold = np.arange(120) % 10
expect.close(
    honest_auc(_x.copy(), _y.copy(), _fold.copy(), 1),
    friends_auc(_x[:, [70]], _y, _fold, 1),
    atol=0.005,
    name="one column of 200 stands out: each fold keeps that one alone",
    hint="Give best_columns the rows to train on, and k. Keep its columns and no others.",
)
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(12)
for _n, _columns, _k in (90, 40, 3), (120, 60, 7):
    _y = np.arange(_n) % 3 % 2
    _x = _rng.normal(size=(_n, _columns)) + 0.8 * _y[:, None] * (np.arange(_columns) % 9 == 4)
    _fold = _rng.permutation(np.minimum(np.arange(_n) % 4, 2))
    _want = []
    for _f in range(3):
        _fit, _out = _fold != _f, _fold == _f
        _best = best_columns(_x[_fit], _y[_fit], _k)
        _want.append(logistic_auc(_x[_fit][:, _best], _y[_fit], _x[_out][:, _best], _y[_out]))
    _scores = honest_auc(_x.copy(), _y.copy(), _fold.copy(), _k)
    expect.shape(_scores, (3,), name=f"the AUC of three unequal folds of {_n} rows")
    expect.close(_scores, _want, atol=1e-4, name=f"three unequal folds, {_k} columns kept")
### END HIDDEN TESTS

# %% [markdown] prompt="q4_build_model"
# ## Question 4: the network (3 points)
#
# Write `build_model(n_inputs)`: it returns the lectures' network as a **compiled** Keras model. `n_inputs` inputs, one hidden layer of 16 units with ReLU, one output with sigmoid; both layers have biases. (Dropout, if you like it, changes none of that.) The loss is binary cross-entropy; you choose the optimiser. (Sequential or functional API; no class of your own.)
#
# The last check trains it on `x_train` for 5 epochs of ten copies of the rows, in batches of 32. It wants a cross-entropy **on these training rows** of at most 80 % of that of one who says the same share to everybody, which the second cell of this notebook printed: the model must be able to learn, at a rate that is not far too small. (Whether it learns by heart is question 7.)


# %% answer="q4_build_model"
def build_model(n_inputs):
    """Return a compiled model: n_inputs, 16 ReLU units, 1 sigmoid unit."""
    ### BEGIN SOLUTION
    inputs = keras.Input(shape=(n_inputs,))
    hidden = keras.layers.Dense(16, activation="relu")(inputs)
    outputs = keras.layers.Dense(1, activation="sigmoid")(hidden)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.005), loss="binary_crossentropy")
    return model
    ### END SOLUTION


# %% check="q4_build_model" part="layers" points=2
_model = build_model(29)
expect.is_a(_model, keras.Model, name="what build_model returns", hint="End with `return model`.")
expect.output_shape(
    _model,
    (None, 1),
    name="the model",
    hint="Begin with keras.Input(shape=(n_inputs,)); end with one unit.",
)
expect.equal(
    _model.count_params(),
    497,
    name="the number of parameters for 29 inputs",
    hint="29 · 16 weights and 16 biases, then 16 weights and 1 bias.",
)
_model = build_model(3)
_sizes = [(3, 16), (16,), (16, 1), (1,)]
expect.equal(
    [tuple(_part.shape) for _part in _model.get_weights()],
    _sizes,
    name="the shapes of weights and biases for 3 inputs",
    hint="keras.Input(shape=(n_inputs,)), then Dense(16), then Dense(1).",
)
_rng = np.random.default_rng(5)
_w1, _b1, _w2, _b2 = (_rng.normal(size=_size) for _size in _sizes)
_model.set_weights([_w1, _b1, _w2, _b2])
_x = _rng.normal(size=(7, 3))
_hidden = np.maximum(_x @ _w1 + _b1, 0)
expect.close(
    _model(_x.astype("float32")),
    1 / (1 + np.exp(-(_hidden @ _w2 + _b2))),
    atol=1e-4,
    name="its answers with weights set by hand",
    hint='activation="relu" for the hidden layer, activation="sigmoid" for the last one.',
)

# %% check="q4_build_model" part="learns" points=1
keras.utils.set_random_seed(4)
_model = build_model(29)
expect.is_a(_model, keras.Model, name="what build_model returns", hint="End with `return model`.")
expect.that(
    _model.compiled,
    expected="the model is compiled",
    got="a model without loss and optimiser",
    hint="Call model.compile(...) before you return the model.",
)
_model.fit(repeat(x_train, 10), repeat(y_train, 10), epochs=5, batch_size=32, verbose=0)
_p = np.asarray(_model(x_train))
expect.shape(_p, (len(x_train), 1), name="its answer for the training patients")
expect.better(
    cross_entropy(y_train, _p),
    no_idea,
    factor=0.8,
    name="training cross-entropy",
    hint='Is the loss "binary_crossentropy"? Try Adam with a learning rate near 0.005.',
)

# %% [markdown]
# ## How long to train?
#
# In the end one wants to train on *all* the rows one has. Then no row is left to say when to stop. Cross-validation can tell beforehand: train once per fold, keep every validation loss, and choose one number of epochs for all.
#
# Here are the losses of a large network without a brake. **Look at** the thick line, the mean of the five folds. Where is it lowest? And how far apart are the five thin lines there?


# %% given="curves"
def validation_losses(fit, out):
    """Return the validation loss of a large network after each of 16 epochs."""
    keras.utils.set_random_seed(6)
    hidden = [keras.layers.Dense(64, activation="relu") for _ in range(2)]
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(29,)), *hidden, last])
    adam = keras.optimizers.Adam(learning_rate=0.001)
    model.compile(optimizer=adam, loss="binary_crossentropy")
    x, labels = repeat(prepare(fit, fit), 3), repeat(disease[fit], 3)
    val = (prepare(fit, out), disease[out])
    history = model.fit(x, labels, validation_data=val, epochs=16, batch_size=32, verbose=0)
    return history.history["val_loss"]


curves = np.array([validation_losses(fit, out) for fit, out in folds(10)])
epochs = np.arange(1, 17)
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained", facecolor="white")
for curve in curves:
    axes.plot(epochs, curve, "--", color=plots.COLOURS["sky"])
axes.plot([], [], "--", color=plots.COLOURS["sky"], label="each of five folds")
axes.plot(epochs, curves.mean(axis=0), "s-", lw=3, color=plots.COLOURS["black"], label="mean")
axes.set(title="A large network without a brake", xlabel="epoch (of three copies of the rows)")
axes.set(ylabel="validation cross-entropy")
axes.legend(loc="upper left")
axes.grid(alpha=0.3)
plots.show(
    axes,
    alt="Validation loss over 16 epochs: five thin dashed lines, one for each fold, and their "
    "mean, a thick line that falls for a few epochs and then rises.",
)

# %% [markdown] prompt="q5_choose_epochs"
# ## Question 5: choose the epochs (3 points)
#
# With so few patients the lowest point of the mean is uncertain itself. A careful rule of thumb, known as the *one-standard-error rule*, takes the **earliest** epoch that is about as good. Write `choose_epochs(losses)`. `losses` is an array of shape `(folds, epochs)`: one row of validation losses for each fold, as in `curves`.
#
# 1. Take the mean over the folds: one number for each epoch.
# 2. Find the epoch with the lowest mean; of several, the earliest.
# 3. Its standard error is the standard deviation (NumPy's `std`) of its losses over the folds, divided by the square root of the number of folds.
# 4. Return the earliest epoch, counted from 1, whose mean is at most the lowest mean plus this standard error.
#
# (Lecture 3 warned: folds share training rows, so this standard error is no certainty. Here it only says how much "about as good" may be; when in doubt, the rule brakes.)
#
# When the checks pass, try `choose_epochs(curves)` in a cell of your own: how many epochs before the lowest point does the rule stop?


# %% answer="q5_choose_epochs"
def choose_epochs(losses):
    """Return the number of epochs, from 1, that the one-standard-error rule chooses."""
    losses = np.asarray(losses, dtype=float)
    ### BEGIN SOLUTION
    mean = losses.mean(axis=0)
    best = mean.argmin()
    error = losses[:, best].std() / np.sqrt(len(losses))
    return int(np.argmax(mean <= mean[best] + error)) + 1
    ### END SOLUTION


# %% check="q5_choose_epochs" part="agree" points=1
_losses = np.array([[0.9, 0.7, 0.5, 0.25, 0.4, 0.6], [0.8, 0.6, 0.5, 0.25, 0.3, 0.7]])
_epochs = choose_epochs(_losses)
expect.is_a(_epochs, (int, float), name="the number of epochs")
expect.equal(
    int(_epochs),
    4,
    name="the choice where both folds agree at the lowest point",
    hint="Their standard error is 0 there: the lowest mean itself is chosen. Count from 1.",
)
### BEGIN HIDDEN TESTS
_epochs = choose_epochs([[0.5, 0.25, 0.75, 0.25, 0.5]])
expect.equal(int(_epochs), 2, name="one fold, two equal epochs")
_epochs = choose_epochs([[3.0, 2.0, 1.0]] * 4)
expect.equal(int(_epochs), 3, name="losses that only fall")
### END HIDDEN TESTS

# %% check="q5_choose_epochs" part="error" points=2
# Epoch 4 has the losses 0, 0, 2 and 2: mean 1, standard deviation 1, standard error 1/2.
_losses = np.array([[5.0, 2.0, 1.25, 0.0, 3.0]] * 2 + [[3.0, 2.0, 1.25, 2.0, 3.0]] * 2)
_epochs = choose_epochs(_losses)
expect.is_a(_epochs, (int, float), name="the number of epochs")
expect.equal(
    int(_epochs),
    3,
    name="the choice where the lowest mean is 1 with a standard error of 0.5",
    hint="The mean of epoch 3 is 1.25: at most 1 + 0.5. That of epoch 2 is 2: more.",
)
### BEGIN HIDDEN TESTS
_rows = [[4.0, 1.5, 1.25, 0.0, 3.0], [4.0, 1.5, 1.25, 2.0, 3.0]]
expect.equal(int(choose_epochs(_rows * 2)), 2, name="exactly one standard error above")
_rows = [[4.0, 1.5625, 1.25, 0.0, 3.0], [4.0, 1.5625, 1.25, 2.0, 3.0]]
expect.equal(int(choose_epochs(_rows * 2)), 3, name="a little more than one standard error above")
_rows = [[0.0, 1.5, 1.0, 1.25], [3.25, 1.5, 1.0, 1.25], [3.25, 1.5, 1.0, 1.25]]
expect.equal(int(choose_epochs(_rows)), 3, name="folds that disagree elsewhere")
_rows = [[9.0, 5.0, 1.0, 7.0], [9.0, 5.0, 1.5, 7.0], [9.0, 5.0, 9.5, 7.0]]
expect.equal(int(choose_epochs(_rows)), 2, name="three folds, four epochs")
_rows = [[1.0, 3.0, 2.0], [4.0, 3.0, 2.0]]
expect.equal(int(choose_epochs(_rows)), 3, name="the error of the lowest epoch, not of another")
_rows = [[1.25, 3.0, 0.0, 4.0], [1.25, 3.0, 2.0, 4.0]]
expect.equal(int(choose_epochs(_rows * 2)), 1, name="good, then poor, then best")
_rows = [[1.25, 1.0, 0.0], [1.25, 1.0, 2.0]]
expect.equal(int(choose_epochs(_rows)), 2, name="two lowest means with different errors")
### END HIDDEN TESTS

# %% [markdown] prompt="q6_cheapest_threshold"
# ## Question 6: what a mistake costs (3 points)
#
# A probability is not a decision. A patient **counts as ill** if the probability is at least the threshold. A *missed case* is ill and does not count as ill; a *false alarm* is healthy and counts as ill. Each has its cost.
#
# Lecture 3's formula believes `p`. Here you go the other way and count, on given patients. That needs no honest `p`, but the threshold is chosen by these patients: its cost on *them* looks too good, and others must judge it.
#
# Write `cheapest_threshold(y, p, cost_missed, cost_alarm)`. `y` holds the labels (1 is ill), `p` the probabilities. Candidates are the numbers in `p`, and also 2: then nobody counts as ill. Return the candidate with the lowest total cost; of several, the lowest threshold.
#
# For y = `[0, 1, 0, 1]` and p = `[0.2, 0.3, 0.6, 0.9]`, with 5 for a missed case and 1 for a false alarm, it is 0.3: no missed case, one false alarm, cost 1.


# %% answer="q6_cheapest_threshold"
def cheapest_threshold(y, p, cost_missed, cost_alarm):
    """Return the threshold with the lowest total cost, the lowest of several."""
    y = np.asarray(y)
    p = np.asarray(p, dtype=float)
    ### BEGIN SOLUTION
    candidates = [*np.unique(p), 2]
    costs = []
    for threshold in candidates:
        missed = np.sum((y == 1) & (p < threshold))
        alarms = np.sum((y == 0) & (p >= threshold))
        costs.append(cost_missed * missed + cost_alarm * alarms)
    return float(candidates[np.argmin(costs)])
    ### END SOLUTION


# %% check="q6_cheapest_threshold" part="costs" points=2
_found = cheapest_threshold([0, 1, 0, 1], [0.2, 0.3, 0.6, 0.9], 5, 1)
expect.close(
    _found,
    0.3,
    name="the threshold if a missed case costs 5 and a false alarm 1",
    hint="Costs at 0.2, 0.3, 0.6, 0.9 and 2: 2, 1, 6, 5 and 10. Counts as ill: p >= threshold.",
)
_found = cheapest_threshold([0, 1, 0, 1], [0.2, 0.3, 0.6, 0.9], 1, 5)
expect.close(
    _found,
    0.9,
    name="the threshold if a missed case costs 1 and a false alarm 5",
    hint="Costs at 0.2, 0.3, 0.6, 0.9 and 2: 10, 5, 6, 1 and 2.",
)
### BEGIN HIDDEN TESTS
_y, _p = [1, 0, 1, 0, 1, 0, 0], [0.75, 0.5, 0.375, 0.25, 0.875, 0.8125, 0.125]
for _missed, _alarm, _want in (3, 1, 0.375), (1, 3, 0.875), (20, 7, 0.375), (1, 2, 0.875):
    _found = cheapest_threshold(_y, _p, _missed, _alarm)
    expect.close(_found, _want, name=f"seven patients, costs {_missed} and {_alarm}")
_found = cheapest_threshold(np.array(_y), np.array(_p), 0.5, 0.75)
expect.close(_found, 0.875, name="arrays, and costs below 1")
_found = cheapest_threshold([1, 0, 0, 0, 0, 1], [0.5, 0.6, 0.7, 0.8, 0.1, 0.9], 2, 1)
expect.close(_found, 0.9, name="more healthy than ill")
### END HIDDEN TESTS

# %% check="q6_cheapest_threshold" part="edges" points=1
_found = cheapest_threshold([0, 0, 0], [0.2, 0.9, 0.5], 10, 1)
expect.close(
    _found,
    2,
    name="the threshold where nobody is ill",
    hint="Nobody need count as ill, not even the one with p = 0.9. Is 2 among your candidates?",
)
_found = cheapest_threshold([1, 0, 1], [0.9, 0.5, 0.1], 1, 1)
expect.close(
    _found,
    0.1,
    name="the lowest of two thresholds that cost the same",
    hint="Go through the candidates from the lowest; change only for a cost that is really lower.",
)
### BEGIN HIDDEN TESTS
_found = cheapest_threshold([1, 1], [0.25, 0.75], 1, 1)
expect.close(_found, 0.25, name="everybody ill")
_found = cheapest_threshold([0, 1, 1, 0], [0.5, 0.5, 0.75, 0.25], 1, 1)
expect.close(_found, 0.5, name="two patients with the same probability")
_found = cheapest_threshold([0, 0, 1], [0.5, 1.0, 0.25], 1, 1)
expect.close(_found, 2, name="a healthy patient with p = 1")
### END HIDDEN TESTS

# %% [markdown] prompt="q7_train"
# ## Question 7: how good can you get? (4 points)
#
# The last question is open. Write `train_model(x, y)`: it builds a network, trains it on the rows it is given, and returns it. `x` has shape `(n, 29)`, as `prepare` makes it; `y` holds 0 and 1. The model takes such rows and gives one probability for each, that of a 1, in the shape `(n, 1)`. Anything from the lectures goes; think of the brakes. Use Keras' own layers only: no `Lambda`, no class of your own, since the grader rebuilds your model from its description. `x` is scaled already. Aim for less than three seconds: it is called ten times.
#
# The checks cross-validate it: on each of five stratified folds, `train_model` sees the other four, and the AUC is taken on the one left out. Logistic regression gets the same folds. Its **spread** is the standard deviation of its five AUCs. The grader does the same with *other* folds, and with 1 for the **healthy**. On other folds the same recipe gives a somewhat different number. So do not stop where gold *just* passes here: leave room. Near logistic regression's own mean you are safe.
#
# All 303 patients are public, so these folds are validation data and no test: whoever tries a hundred networks on them and keeps the best gets a number that is too good.
#
# | tier | mean AUC of the five folds, at least | points |
# |---|---|---|
# | bronze | the AUC of the best single column, and 10 % more | 1 |
# | silver | logistic regression's mean AUC, less its spread | 1 |
# | gold | logistic regression's mean AUC, less half of its spread; also on the grader's folds (hidden) | 2 |


# %% answer="q7_train"
def train_model(x, y):
    """Return a model trained on x of shape (n, 29) and labels y of shape (n,)."""
    ### BEGIN SOLUTION
    l2 = keras.regularizers.L2(0.01)
    model = keras.Sequential(
        [
            keras.Input(shape=(x.shape[1],)),
            keras.layers.Dense(16, activation="relu", kernel_regularizer=l2),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid", kernel_regularizer=l2),
        ]
    )
    adam = keras.optimizers.Adam(learning_rate=0.005)
    model.compile(optimizer=adam, loss="binary_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=5, batch_size=32, verbose=0)
    return model
    ### END SOLUTION


# %% given="trained"
@functools.cache
def trained(train, seed, positive=1):
    """Return five models, each with inputs and labels of its fold; a second call costs nothing."""
    labels, found = (disease == positive).astype(int), []
    for fit, out in folds(seed):
        keras.utils.set_random_seed(seed)
        found.append((train(prepare(fit, fit), labels[fit]), prepare(fit, out), labels[out]))
    return found


def mean_auc(found):
    """Return the mean AUC of the five models on their folds, after a look at their answers."""
    expect.is_a(
        found[0][0],
        keras.Model,
        name="what train_model returns",
        hint="Return the model, not what fit returns.",
    )
    for number, (model, _, _) in enumerate(found, 1):
        expect.rebuilds(model, name=f"model {number} of {len(found)}")
    answers = [np.asarray(model(x)) for model, x, _ in found]
    expect.shape(answers[0], (len(found[0][1]), 1), name="the answers of the first model")
    every = np.concatenate(answers)
    expect.finite(every, name="the answers of all models")
    expect.that(
        (every >= 0) & (every <= 1),
        expected="the answers of all models lie between 0 and 1",
        got=f"answers from {every.min():.3g} to {every.max():.3g}",
        hint='The last layer needs activation="sigmoid".',
    )
    pairs = zip(found, answers, strict=True)
    return float(np.mean([roc_auc_score(labels, answer) for (_, _, labels), answer in pairs]))


def logistic_aucs(seed):
    """Return the AUC of logistic regression on each of the five folds."""
    aucs = []
    for fit, out in folds(seed):
        aucs.append(logistic_auc(prepare(fit, fit), disease[fit], prepare(fit, out), disease[out]))
    return np.array(aucs)


single_aucs = [roc_auc_score(disease, column) for column in prepare(range(303), range(303)).T]
best_single = float(max(max(auc, 1 - auc) for auc in single_aucs))
aucs = logistic_aucs(10)
logistic_mean, logistic_spread = float(aucs.mean()), float(aucs.std())
print(f"AUC of the best single column: {best_single:.3f}")
print(f"AUC of logistic regression: mean {logistic_mean:.3f}, spread {logistic_spread:.3f}")
print(f"bronze from {1.1 * best_single:.3f}, silver from {logistic_mean - logistic_spread:.3f}, "
      f"gold from {logistic_mean - logistic_spread / 2:.3f}")  # fmt: skip

# %% check="q7_train" part="bronze" points=1
expect.better(
    mean_auc(trained(train_model, 10)),
    best_single,
    factor=1.1,
    lower_is_better=False,
    name="bronze: mean AUC",
    hint="Start from your model of question 4: does its loss fall? Does it get all 29 columns?",
)

# %% check="q7_train" part="silver" points=1
expect.better(
    mean_auc(trained(train_model, 10)),
    logistic_mean - logistic_spread,
    lower_is_better=False,
    name="silver: mean AUC",
    hint="Too few steps, or learned by heart? Fit on x_train with validation_data=(x_val, y_val), "
    "and look at both losses. Falling still: more copies or epochs. Rising again: fewer units or "
    "epochs, dropout, L2.",
)

# %% check="q7_train" part="gold" points=2
expect.better(
    mean_auc(trained(train_model, 10)),
    logistic_mean - logistic_spread / 2,
    lower_is_better=False,
    name="gold: mean AUC",
    hint="Near. Leave one hidden layer of 16 units, then try one brake at a time: L2 of 0.01, "
    "dropout of one half, fewer epochs.",
)
### BEGIN HIDDEN TESTS
_aucs = logistic_aucs(6)
expect.better(
    mean_auc(trained(train_model, 6, positive=0)),
    float(_aucs.mean() - _aucs.std() / 2),
    lower_is_better=False,
    name="gold: mean AUC on other folds, 1 for the healthy",
    hint="Does train_model use x and y, and nothing else? Leave more room above the gold line: "
    "16 units and one brake at least.",
)
### END HIDDEN TESTS

# %% [markdown] task="q8_app" points=3
# ## Question 8: in your own words (3 points)
#
# The friends want to put the network into a telephone app. Everybody over 18 may type in what they know about themselves; what they do not know counts as missing. The app then says, for example: *"Heart disease: 8 %. No need to see a doctor."* In 60 to 120 words: give **two** different reasons why the network must not be used like this, and say **one** thing that would have to be done before it helps anybody decide about a patient.
#
# A person reads this answer. Double-click on the next cell, write, then press Shift + Enter.
#
# ### BEGIN MARK SCHEME
# 1 point for each of two different reasons, and 1 for the step:
#
# - **Other people.** The network knows 303 patients who were sent for an angiogram in one clinic in the 1980s; nearly half were ill, two thirds were men. The public is younger and mostly healthy: the 8 % (and the AUC) need not hold there.
# - **Other inputs.** Vessels, thallium scan, exercise test come from a clinic. With most findings missing the input looks like no training row; only a handful of rows had even one gap. A missing number (age, blood pressure …) is not even provided for: it stays NaN, and so does the answer.
# - **A probability is not a decision.** "No need to see a doctor" hides a threshold that nobody chose; the cost of a missed case is high. Good order (AUC) says nothing on whether 8 % means 8 % (calibration).
# - **Little evidence.** 303 rows: the AUC varies a good deal from fold to fold, and nothing was tested on new patients.
# - **Groups.** There are few ill women in the table: for them nothing is promised, whatever the overall AUC.
# - **Another question.** The network predicts what one film would show (a vessel narrowed by half), not "heart disease", and it says nothing about causes.
# - **Step** (one will do): test it on new patients of the kind that it is meant for, at another place and later in time; check calibration there and for groups such as women; let the cost of both mistakes be set by those who bear them; approval as a medical device; a doctor decides.
#
# "It is not accurate enough" alone is no reason: by how much, and for whom? "More data" alone is no step: whose? Any other reason that is true and says what goes wrong, for whom, counts. Length costs no point as long as both reasons and the step can be found.
# ### END MARK SCHEME

# %% [markdown]
# *Replace this line with your answer.*

# %% [markdown]
# ## Hand in
#
# 1. **Restart and run all cells**: on Colab **Runtime → Restart session and run all**, in JupyterLab **Kernel → Restart Kernel and Run All Cells**. The last cell, just below, sums up what passes and what is missing. If it stops at a question that you leave out, go on from the cell below it: on Colab **Runtime → Run cell and below** (older: *Run after*), in JupyterLab **Run → Run Selected Cell and All Below**.
# 2. Save. On Colab: **File → Download → Download .ipynb**. In JupyterLab: **File → Save**; the file is the one that you opened.
# 3. Hand in that one file, `heart_challenge.ipynb`, where your teacher collects it. Keep its name.
