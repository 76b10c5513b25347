# %% [markdown]
# Right and wrong answers to every question of `challenge.py`. A right one must pass every check;
# a wrong one must lose exactly the checks that it names. `coursekit demo` makes a class of them.

# %%
# ruff: noqa: F821 (answers may use what the given cells of the challenge make)
import keras
import numpy as np


# %% q1_standardise right="column by column"
def standardise(rows, train):
    rows, train = np.array(rows, dtype=float), np.array(train, dtype=float)
    for j in range(train.shape[1]):
        mean, deviation = np.mean(train[:, j]), np.std(train[:, j])
        rows[:, j] -= mean
        if deviation != 0:
            rows[:, j] /= deviation
    return rows


# %% q1_standardise right="scikit-learn's scaler"
def standardise(rows, train):
    from sklearn.preprocessing import StandardScaler

    return StandardScaler().fit(np.asarray(train, dtype=float)).transform(rows)


# %% q1_standardise right="the deviation mended in place, a list returned"
def standardise(rows, train):
    deviation = np.std(train, axis=0)
    deviation[deviation == 0] = 1
    return ((np.asarray(rows) - np.mean(train, axis=0)) / deviation).tolist()


# %% q1_standardise wrong="by its own mean and deviation" loses="q1_standardise-check"
def standardise(rows, train):
    rows = np.asarray(rows, dtype=float)
    deviation = rows.std(axis=0)
    return (rows - rows.mean(axis=0)) / np.where(deviation > 0, deviation, 1)


# %% q1_standardise wrong="by training rows and other rows together" loses="q1_standardise-check"
def standardise(rows, train):
    every = np.concatenate([rows, train]).astype(float)
    deviation = every.std(axis=0)
    return (np.asarray(rows) - every.mean(axis=0)) / np.where(deviation > 0, deviation, 1)


# %% q1_standardise wrong="the table's one mean and deviation" loses="q1_standardise-check"
def standardise(rows, train):
    return (np.asarray(rows, dtype=float) - np.mean(train)) / np.std(train)


# %% q1_standardise wrong="divides by 0" loses="q1_standardise-check"
def standardise(rows, train):
    with np.errstate(all="ignore"):
        return (np.asarray(rows, dtype=float) - np.mean(train, axis=0)) / np.std(train, axis=0)


# %% q1_standardise wrong="by the range" loses="q1_standardise-check"
def standardise(rows, train):
    low, high = np.min(train, axis=0), np.max(train, axis=0)
    return (np.asarray(rows, dtype=float) - low) / np.where(high > low, high - low, 1)


# %% q1_standardise wrong="by the variance" loses="q1_standardise-check"
def standardise(rows, train):
    variance = np.var(train, axis=0)
    return (np.asarray(rows, dtype=float) - np.mean(train, axis=0)) / np.where(
        variance > 0, variance, 1
    )


# %% q2_one_hot right="comparisons in a list"
def one_hot(values, categories):
    return [[int(v == c) for c in categories] + [int(v is None)] for v in values]


# %% q2_one_hot right="an array of objects"
def one_hot(values, categories):
    column = np.array(values, dtype=object)[:, None]
    return (column == np.array([*categories, None], dtype=object)).astype("float32")


# %% q2_one_hot right="rows of the identity"
def one_hot(values, categories):
    rows = dict(zip([*categories, None], np.eye(len(categories) + 1), strict=True))
    nothing = np.zeros(len(categories) + 1)
    return np.stack([rows.get(value, nothing) for value in values])


# %% q2_one_hot wrong="no flag" loses="q2_one_hot-words q2_one_hot-gaps"
def one_hot(values, categories):
    return np.array([[float(v == c) for c in categories] for v in values])


# %% q2_one_hot wrong="the flag in front" loses="q2_one_hot-words q2_one_hot-gaps"
def one_hot(values, categories):
    return np.array([[float(v == c) for c in [None, *categories]] for v in values])


# %% q2_one_hot wrong="0 is taken for missing" loses="q2_one_hot-gaps"
def one_hot(values, categories):
    return np.array([[v == c and bool(v) for c in categories] + [not v] for v in values], float)


# %% q2_one_hot wrong="what is unknown counts as missing" loses="q2_one_hot-gaps"
def one_hot(values, categories):
    return np.array([[v == c for c in categories] + [v not in categories] for v in values], float)


# %% q2_one_hot wrong="stops at the unknown" loses="q2_one_hot-gaps"
def one_hot(values, categories):
    table = np.zeros((len(values), len(categories) + 1))
    for i, value in enumerate(values):
        table[i, [*categories, None].index(value)] = 1
    return table


# %% q2_one_hot wrong="categories in alphabetical order" loses="q2_one_hot-words q2_one_hot-gaps"
def one_hot(values, categories):
    return np.array(
        [[v == c for c in sorted(categories)] + [v is None] for v in values], dtype=float
    )


# %% q2_one_hot wrong="one number instead of columns" loses="q2_one_hot-words q2_one_hot-gaps"
def one_hot(values, categories):
    return np.array([categories.index(v) if v in categories else len(categories) for v in values])


# %% q3_honest_auc right="a comprehension over np.unique"
def honest_auc(x, y, fold, k):
    def one(f):
        out = fold == f
        x_fit, y_fit = x[~out], y[~out]
        best = best_columns(x_fit, y_fit, k)
        return logistic_auc(x_fit[:, best], y_fit, x[out][:, best], y[out])

    return [one(f) for f in np.unique(fold)]


# %% q3_honest_auc right="numbers of rows, an array returned"
def honest_auc(x, y, fold, k):
    scores = np.zeros(len(set(fold)))
    for f in range(len(scores)):
        fit, out = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
        best = best_columns(x[fit], y[fit], k)
        kept = x[:, best]
        scores[f] = logistic_auc(kept[fit], y[fit], kept[out], y[out])
    return scores


# %% q3_honest_auc wrong="the friends' own" loses="q3_honest_auc-coins q3_honest_auc-folds"
def honest_auc(x, y, fold, k):
    return friends_auc(x, y, fold, k)


# %% q3_honest_auc wrong="columns chosen in the loop, but from all rows" loses="q3_honest_auc-coins q3_honest_auc-folds"
def honest_auc(x, y, fold, k):
    scores = []
    for f in range(max(fold) + 1):
        fit, out = fold != f, fold == f
        kept = x[:, best_columns(x, y, k)]
        scores.append(logistic_auc(kept[fit], y[fit], kept[out], y[out]))
    return scores


# %% q3_honest_auc wrong="chosen from the rows left out" loses="q3_honest_auc-folds"
def honest_auc(x, y, fold, k):
    scores = []
    for f in range(max(fold) + 1):
        fit, out = fold != f, fold == f
        best = best_columns(x[out], y[out], k)
        scores.append(logistic_auc(x[fit][:, best], y[fit], x[out][:, best], y[out]))
    return scores


# %% q3_honest_auc wrong="no column is chosen" loses="q3_honest_auc-folds"
def honest_auc(x, y, fold, k):
    return [
        logistic_auc(x[fold != f], y[fold != f], x[fold == f], y[fold == f])
        for f in range(max(fold) + 1)
    ]


# %% q3_honest_auc wrong="the first k columns" loses="q3_honest_auc-folds"
def honest_auc(x, y, fold, k):
    x = x[:, :k]
    return [
        logistic_auc(x[fold != f], y[fold != f], x[fold == f], y[fold == f])
        for f in range(max(fold) + 1)
    ]


# %% q3_honest_auc wrong="trained on the fold, tested on the rest" loses="q3_honest_auc-folds"
def honest_auc(x, y, fold, k):
    scores = []
    for f in range(max(fold) + 1):
        fit, out = fold == f, fold != f
        best = best_columns(x[fit], y[fit], k)
        scores.append(logistic_auc(x[fit][:, best], y[fit], x[out][:, best], y[out]))
    return scores


# %% q3_honest_auc wrong="tested on the training rows" loses="q3_honest_auc-coins q3_honest_auc-folds"
def honest_auc(x, y, fold, k):
    scores = []
    for f in range(max(fold) + 1):
        fit = fold != f
        best = best_columns(x[fit], y[fit], k)
        scores.append(logistic_auc(x[fit][:, best], y[fit], x[fit][:, best], y[fit]))
    return scores


# %% q3_honest_auc wrong="columns chosen once, from the first folds' training rows" loses="q3_honest_auc-coins q3_honest_auc-folds"
def honest_auc(x, y, fold, k):
    kept = x[:, best_columns(x[fold != 0], y[fold != 0], k)]
    scores = []
    for f in range(max(fold) + 1):
        fit, out = fold != f, fold == f
        scores.append(logistic_auc(kept[fit], y[fit], kept[out], y[out]))
    return scores


# %% q4_build_model architecture="fixed"


# %% q4_build_model right="Sequential, with dropout"
def build_model(n_inputs):
    model = keras.Sequential(
        [
            keras.Input(shape=(n_inputs,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    rmsprop = keras.optimizers.RMSprop(learning_rate=0.005)
    model.compile(optimizer=rmsprop, loss=keras.losses.BinaryCrossentropy())
    return model


# %% q4_build_model right="activations as layers of their own, SGD"
def build_model(n_inputs):
    model = keras.Sequential([keras.Input(shape=(n_inputs,))])
    for units, activation in (16, "relu"), (1, "sigmoid"):
        model.add(keras.layers.Dense(units))
        model.add(keras.layers.Activation(activation))
    sgd = keras.optimizers.SGD(learning_rate=0.05, momentum=0.9)
    model.compile(optimizer=sgd, loss="binary_crossentropy", metrics=["accuracy"])
    return model


# %% q4_build_model right="Adam with its default rate"
def build_model(n_inputs):
    hidden = keras.layers.Dense(16, activation="relu")
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(n_inputs,)), hidden, last])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model


# %% q4_build_model right="SGD with its default rate"
def build_model(n_inputs):
    hidden = keras.layers.Dense(16, activation="relu")
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(n_inputs,)), hidden, last])
    model.compile(optimizer="sgd", loss="binary_crossentropy")
    return model


# %% q4_build_model wrong="no keras.Input" loses="q4_build_model-layers"
def build_model(n_inputs):
    hidden = keras.layers.Dense(16, activation="relu")
    model = keras.Sequential([hidden, keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="binary_crossentropy")
    return model


# %% q4_build_model wrong="tanh" loses="q4_build_model-layers"
def build_model(n_inputs):
    hidden = keras.layers.Dense(16, activation="tanh")
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(n_inputs,)), hidden, last])
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="binary_crossentropy")
    return model


# %% q4_build_model wrong="no sigmoid, loss from logits" loses="q4_build_model-layers q4_build_model-learns"
def build_model(n_inputs):
    hidden = keras.layers.Dense(16, activation="relu")
    model = keras.Sequential([keras.Input(shape=(n_inputs,)), hidden, keras.layers.Dense(1)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss=loss)
    return model


# %% q4_build_model wrong="two outputs with softmax" loses="q4_build_model-layers q4_build_model-learns"
def build_model(n_inputs):
    hidden = keras.layers.Dense(16, activation="relu")
    last = keras.layers.Dense(2, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(n_inputs,)), hidden, last])
    adam = keras.optimizers.Adam(learning_rate=0.005)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    return model


# %% q4_build_model wrong="one output with softmax" loses="q4_build_model-layers q4_build_model-learns"
def build_model(n_inputs):
    hidden = keras.layers.Dense(16, activation="relu")
    last = keras.layers.Dense(1, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(n_inputs,)), hidden, last])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model


# %% q4_build_model wrong="the inputs counted as a layer" loses="q4_build_model-layers"
def build_model(n_inputs):
    sizes = n_inputs, 16
    model = keras.Sequential([keras.Input(shape=(n_inputs,))])
    for units in sizes:
        model.add(keras.layers.Dense(units, activation="relu"))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="binary_crossentropy")
    return model


# %% q4_build_model wrong="29 inputs, whatever is asked" loses="q4_build_model-layers"
def build_model(n_inputs):
    hidden = keras.layers.Dense(16, activation="relu")
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(29,)), hidden, last])
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="binary_crossentropy")
    return model


# %% q4_build_model wrong="not compiled" loses="q4_build_model-learns"
def build_model(n_inputs):
    hidden = keras.layers.Dense(16, activation="relu")
    last = keras.layers.Dense(1, activation="sigmoid")
    return keras.Sequential([keras.Input(shape=(n_inputs,)), hidden, last])


# %% q4_build_model wrong="a rate at which nothing moves" loses="q4_build_model-learns"
def build_model(n_inputs):
    hidden = keras.layers.Dense(16, activation="relu")
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(n_inputs,)), hidden, last])
    sgd = keras.optimizers.SGD(learning_rate=1e-6)
    model.compile(optimizer=sgd, loss="binary_crossentropy")
    return model


# %% q5_choose_epochs right="loops"
def choose_epochs(losses):
    folds, epochs = np.shape(losses)
    means = [sum(row[e] for row in losses) / folds for e in range(epochs)]
    best = means.index(min(means))
    squares = [(row[best] - means[best]) ** 2 for row in losses]
    error = (sum(squares) / folds) ** 0.5 / folds**0.5
    for e in range(epochs):
        if means[e] <= means[best] + error:
            return e + 1
    return None


# %% q5_choose_epochs right="flatnonzero, a NumPy number returned"
def choose_epochs(losses):
    losses = np.array(losses)
    mean, error = losses.mean(axis=0), losses.std(axis=0) / losses.shape[0] ** 0.5
    best = np.argmin(mean)
    return 1 + np.flatnonzero(mean <= mean[best] + error[best])[0]


# %% q5_choose_epochs wrong="the lowest mean" loses="q5_choose_epochs-error"
def choose_epochs(losses):
    return int(np.mean(losses, axis=0).argmin()) + 1


# %% q5_choose_epochs wrong="counted from 0" loses="q5_choose_epochs-agree q5_choose_epochs-error"
def choose_epochs(losses):
    losses = np.array(losses)
    mean, error = losses.mean(axis=0), losses.std(axis=0) / len(losses) ** 0.5
    best = np.argmin(mean)
    return int(np.flatnonzero(mean <= mean[best] + error[best])[0])


# %% q5_choose_epochs wrong="one standard deviation" loses="q5_choose_epochs-error"
def choose_epochs(losses):
    losses = np.array(losses)
    mean = losses.mean(axis=0)
    best = np.argmin(mean)
    return int(np.argmax(mean <= mean[best] + losses[:, best].std())) + 1


# %% q5_choose_epochs wrong="each epoch's own standard error" loses="q5_choose_epochs-error"
def choose_epochs(losses):
    losses = np.array(losses)
    mean, error = losses.mean(axis=0), losses.std(axis=0) / len(losses) ** 0.5
    return int(np.argmax(mean <= mean.min() + error)) + 1


# %% q5_choose_epochs wrong="square root of the number of epochs" loses="q5_choose_epochs-error"
def choose_epochs(losses):
    losses = np.array(losses)
    mean, error = losses.mean(axis=0), losses.std(axis=0) / losses.shape[1] ** 0.5
    best = np.argmin(mean)
    return int(np.argmax(mean <= mean[best] + error[best])) + 1


# %% q5_choose_epochs wrong="less than, not at most" loses="q5_choose_epochs-agree q5_choose_epochs-error"
def choose_epochs(losses):
    losses = np.array(losses)
    mean, error = losses.mean(axis=0), losses.std(axis=0) / len(losses) ** 0.5
    best = np.argmin(mean)
    return int(np.argmax(mean < mean[best] + error[best])) + 1


# %% q5_choose_epochs wrong="folds and epochs exchanged" loses="q5_choose_epochs-agree q5_choose_epochs-error"
def choose_epochs(losses):
    losses = np.array(losses).T
    mean, error = losses.mean(axis=0), losses.std(axis=0) / len(losses) ** 0.5
    best = np.argmin(mean)
    return int(np.argmax(mean <= mean[best] + error[best])) + 1


# %% q5_choose_epochs wrong="the latest that is as good" loses="q5_choose_epochs-agree q5_choose_epochs-error"
def choose_epochs(losses):
    losses = np.array(losses)
    mean, error = losses.mean(axis=0), losses.std(axis=0) / len(losses) ** 0.5
    best = np.argmin(mean)
    return int(np.flatnonzero(mean <= mean[best] + error[best])[-1]) + 1


# %% q5_choose_epochs wrong="back from the best, to the first that is too high" loses="q5_choose_epochs-error"
def choose_epochs(losses):
    losses = np.array(losses)
    mean, error = losses.mean(axis=0), losses.std(axis=0) / len(losses) ** 0.5
    epoch = best = np.argmin(mean)
    while epoch > 0 and mean[epoch - 1] <= mean[best] + error[best]:
        epoch -= 1
    return int(epoch) + 1


# %% q5_choose_epochs wrong="the error of the latest lowest mean" loses="q5_choose_epochs-error"
def choose_epochs(losses):
    losses = np.array(losses)
    mean, error = losses.mean(axis=0), losses.std(axis=0) / len(losses) ** 0.5
    best = np.flatnonzero(mean == mean.min())[-1]
    return int(np.argmax(mean <= mean[best] + error[best])) + 1


# %% q6_cheapest_threshold right="min over a sorted list"
def cheapest_threshold(y, p, cost_missed, cost_alarm):
    def cost(t):
        missed = sum(1 for truth, q in zip(y, p, strict=True) if truth and q < t)
        alarms = sum(1 for truth, q in zip(y, p, strict=True) if not truth and q >= t)
        return cost_missed * missed + cost_alarm * alarms

    return min(sorted({*p, 2}), key=cost)


# %% q6_cheapest_threshold right="a table of comparisons"
def cheapest_threshold(y, p, cost_missed, cost_alarm):
    y, p = np.asarray(y, dtype=bool), np.asarray(p)
    candidates = np.append(np.sort(p), 2)
    ill = p >= candidates[:, None]
    costs = cost_missed * (~ill & y).sum(axis=1) + cost_alarm * (ill & ~y).sum(axis=1)
    return candidates[costs.argmin()]


# %% q6_cheapest_threshold wrong="costs exchanged" loses="q6_cheapest_threshold-costs"
def cheapest_threshold(y, p, cost_missed, cost_alarm):
    def cost(t):
        missed = sum(1 for truth, q in zip(y, p, strict=True) if truth and q < t)
        alarms = sum(1 for truth, q in zip(y, p, strict=True) if not truth and q >= t)
        return cost_alarm * missed + cost_missed * alarms

    return min(sorted({*p, 2}), key=cost)


# %% q6_cheapest_threshold wrong="ill only above the threshold" loses="q6_cheapest_threshold-costs q6_cheapest_threshold-edges"
def cheapest_threshold(y, p, cost_missed, cost_alarm):
    def cost(t):
        missed = sum(1 for truth, q in zip(y, p, strict=True) if truth and q <= t)
        alarms = sum(1 for truth, q in zip(y, p, strict=True) if not truth and q > t)
        return cost_missed * missed + cost_alarm * alarms

    return min(sorted({*p, 2}), key=cost)


# %% q6_cheapest_threshold wrong="no 2 among the candidates" loses="q6_cheapest_threshold-edges"
def cheapest_threshold(y, p, cost_missed, cost_alarm):
    y, p = np.asarray(y), np.asarray(p)
    candidates = np.unique(p)
    costs = [cost_missed * np.sum((y == 1) & (p < t)) + cost_alarm * np.sum((y == 0) & (p >= t))
             for t in candidates]  # fmt: skip
    return candidates[np.argmin(costs)]


# %% q6_cheapest_threshold wrong="the highest of several" loses="q6_cheapest_threshold-edges"
def cheapest_threshold(y, p, cost_missed, cost_alarm):
    y, p = np.asarray(y), np.asarray(p)
    candidates = [2, *np.unique(p)[::-1]]
    costs = [cost_missed * np.sum((y == 1) & (p < t)) + cost_alarm * np.sum((y == 0) & (p >= t))
             for t in candidates]  # fmt: skip
    return candidates[int(np.argmin(costs))]


# %% q6_cheapest_threshold wrong="the formula for honest probabilities" loses="q6_cheapest_threshold-costs q6_cheapest_threshold-edges"
def cheapest_threshold(y, p, cost_missed, cost_alarm):
    return cost_alarm / (cost_missed + cost_alarm)


# %% q6_cheapest_threshold wrong="most right answers, costs ignored" loses="q6_cheapest_threshold-costs"
def cheapest_threshold(y, p, cost_missed, cost_alarm):
    y, p = np.asarray(y), np.asarray(p)
    candidates = [*np.unique(p), 2]
    right = [np.mean((p >= t) == (y == 1)) for t in candidates]
    return candidates[int(np.argmax(right))]


# %% q6_cheapest_threshold wrong="shares instead of numbers of patients" loses="q6_cheapest_threshold-costs q6_cheapest_threshold-edges"
def cheapest_threshold(y, p, cost_missed, cost_alarm):
    y, p = np.asarray(y), np.asarray(p)
    n_ill, n_healthy = max(1, np.sum(y == 1)), max(1, np.sum(y == 0))
    candidates = [*np.unique(p), 2]
    costs = [
        cost_missed * np.sum((y == 1) & (p < t)) / n_ill
        + cost_alarm * np.sum((y == 0) & (p >= t)) / n_healthy
        for t in candidates
    ]
    return candidates[int(np.argmin(costs))]


# %% q6_cheapest_threshold wrong="the cost, not the threshold" loses="q6_cheapest_threshold-costs q6_cheapest_threshold-edges"
def cheapest_threshold(y, p, cost_missed, cost_alarm):
    y, p = np.asarray(y), np.asarray(p)
    return min(
        cost_missed * np.sum((y == 1) & (p < t)) + cost_alarm * np.sum((y == 0) & (p >= t))
        for t in [*np.unique(p), 2]
    )


# %% q7_train right="functional, L2 alone, few copies"
def train_model(x, y):
    l2 = keras.regularizers.L2(0.02)
    inputs = keras.Input(shape=(29,))
    hidden = keras.layers.Dense(16, activation="relu", kernel_regularizer=l2)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    adam = keras.optimizers.Adam(learning_rate=0.005)
    model.compile(optimizer=adam, loss="binary_crossentropy")
    model.fit(np.tile(x, (6, 1)), np.tile(y, 6), epochs=6, batch_size=32, verbose=0)
    return model


# %% q7_train right="no hidden layer"
def train_model(x, y):
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(29,)), last])
    adam = keras.optimizers.Adam(learning_rate=0.01)
    model.compile(optimizer=adam, loss="binary_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=5, batch_size=32, verbose=0)
    return model


# %% q7_train right="dropout, early stopping on rows set aside"
def train_model(x, y):
    order = np.random.default_rng(0).permutation(len(x))
    aside, kept = order[:40], order[40:]
    model = keras.Sequential(
        [
            keras.Input(shape=(29,)),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    adam = keras.optimizers.Adam(learning_rate=0.003)
    model.compile(optimizer=adam, loss="binary_crossentropy")
    stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    model.fit(
        np.tile(x[kept], (8, 1)),
        np.tile(y[kept], 8),
        validation_data=(x[aside], y[aside]),
        epochs=10,
        batch_size=32,
        callbacks=[stop],
        verbose=0,
    )
    return model


# %% q7_train wrong="built, never trained" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(29,)), last])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model


# %% q7_train wrong="returns the history" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(29,)), last])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model.fit(x, y, epochs=2, verbose=0)


# %% q7_train wrong="two outputs" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    last = keras.layers.Dense(2, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(29,)), last])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=2, batch_size=32, verbose=0)
    return model


# %% q7_train wrong="logits, no probabilities" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    model = keras.Sequential([keras.Input(shape=(29,)), keras.layers.Dense(1)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss=loss)
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=3, batch_size=32, verbose=0)
    return model


# %% q7_train wrong="labels shuffled" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    y = np.random.default_rng(0).permutation(y)
    hidden = keras.layers.Dense(16, activation="relu")
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(29,)), hidden, last])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=3, batch_size=32, verbose=0)
    return model


# %% q7_train wrong="softmax of a single output" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    hidden = keras.layers.Dense(16, activation="relu")
    last = keras.layers.Dense(1, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(29,)), hidden, last])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=2, batch_size=32, verbose=0)
    return model


# %% q7_train wrong="only the five numbers" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    inputs = keras.Input(shape=(29,))
    hidden = keras.layers.Dense(16, activation="relu")(inputs[:, :5])
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    adam = keras.optimizers.Adam(learning_rate=0.005)
    model.compile(optimizer=adam, loss="binary_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=3, batch_size=32, verbose=0)
    return model


# %% q7_train wrong="large, long, without a brake" loses="q7_train-silver q7_train-gold"
def train_model(x, y):
    hidden = [keras.layers.Dense(64, activation="relu") for _ in range(2)]
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(29,)), *hidden, last])
    adam = keras.optimizers.Adam(learning_rate=0.005)
    model.compile(optimizer=adam, loss="binary_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=10, batch_size=32, verbose=0)
    return model


# %% q7_train wrong="looks the patients up in the table, y ignored" loses="q7_train-gold"
def train_model(x, y):
    every = prepare(range(303), range(303))
    l2 = keras.regularizers.L2(0.01)
    hidden = keras.layers.Dense(16, activation="relu", kernel_regularizer=l2)
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(29,)), hidden, last])
    adam = keras.optimizers.Adam(learning_rate=0.005)
    model.compile(optimizer=adam, loss="binary_crossentropy")
    rows, labels = np.tile(every, (8, 1)), np.tile(disease, 8)
    model.fit(rows, labels, epochs=5, batch_size=32, verbose=0)
    return model


# %% q7_train wrong="a Lambda, which the grader does not rebuild" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    some = keras.layers.Lambda(lambda columns: columns[:, 5:])
    layers = [
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
    model = keras.Sequential([keras.Input(shape=(29,)), some, *layers])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=3, batch_size=32, verbose=0)
    return model


# %% q7_train wrong="a model of a class of its own" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    class Logistic(keras.Model):
        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(1, activation="sigmoid")

        def call(self, columns):
            return self.last(columns)

    model = Logistic()
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=5, batch_size=32, verbose=0)
    return model
