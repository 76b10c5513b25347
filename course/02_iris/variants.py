# %% [markdown]
# Right and wrong answers to every question of `challenge.py`. A right one must pass every check;
# a wrong one must lose exactly the checks that it names. `coursekit demo` makes a class of them.

# %%
import keras
import numpy as np


# %% q1_softmax right="subtracts the logarithm of the sum"
def softmax(z):
    z = np.asarray(z, dtype=float)
    return np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))


# %% q1_softmax right="row by row"
def softmax(z):
    z = np.asarray(z, dtype=float)
    if z.ndim > 1:
        return np.array([softmax(row) for row in z])
    powers = np.exp(z - max(z))
    return powers / sum(powers)


# %% q1_softmax wrong="overflows" loses="q1_softmax-large"
def softmax(z):
    with np.errstate(all="ignore"):
        powers = np.exp(np.asarray(z, dtype=float))
        return powers / powers.sum(axis=-1, keepdims=True)


# %% q1_softmax wrong="down the columns" loses="q1_softmax-batch q1_softmax-large q1_softmax-axes"
def softmax(z):
    z = np.asarray(z, dtype=float)
    powers = np.exp(z - z.max(axis=0, keepdims=True))
    return powers / powers.sum(axis=0, keepdims=True)


# %% q1_softmax wrong="axis 1 instead of the last" loses="q1_softmax-axes"
def softmax(z):
    z = np.asarray(z, dtype=float)
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


# %% q1_softmax wrong="one sum for the whole batch" loses="q1_softmax-batch q1_softmax-large q1_softmax-axes"
def softmax(z):
    z = np.asarray(z, dtype=float)
    powers = np.exp(z - z.max())
    return powers / powers.sum()


# %% q1_softmax wrong="the largest of the whole batch subtracted" loses="q1_softmax-large"
def softmax(z):
    z = np.asarray(z, dtype=float)
    with np.errstate(all="ignore"):
        powers = np.exp(z - z.max())
        return powers / powers.sum(axis=-1, keepdims=True)


# %% q1_softmax wrong="no exponential" loses="q1_softmax-batch q1_softmax-large q1_softmax-axes"
def softmax(z):
    z = np.asarray(z, dtype=float)
    return z / z.sum(axis=-1, keepdims=True)


# %% q2_cross_entropy right="one-hot labels"
def cross_entropy(p, labels):
    p = np.asarray(p, dtype=float)
    one_hot = np.eye(p.shape[1])[np.asarray(labels)]
    return float(-np.sum(one_hot * np.log(np.clip(p, 1e-7, None))) / len(p))


# %% q2_cross_entropy right="a loop"
def cross_entropy(p, labels):
    total = 0.0
    for row, label in zip(p, labels, strict=True):
        total -= np.log(max(row[label], 1e-7))
    return total / len(labels)


# %% q2_cross_entropy wrong="minus forgotten" loses="q2_cross_entropy-value q2_cross_entropy-zero"
def cross_entropy(p, labels):
    p = np.maximum(np.asarray(p, dtype=float), 1e-7)
    return float(np.mean(np.log(p[np.arange(len(p)), np.asarray(labels)])))


# %% q2_cross_entropy wrong="sum, not mean" loses="q2_cross_entropy-value q2_cross_entropy-zero"
def cross_entropy(p, labels):
    p = np.maximum(np.asarray(p, dtype=float), 1e-7)
    return float(-np.sum(np.log(p[np.arange(len(p)), np.asarray(labels)])))


# %% q2_cross_entropy wrong="log of zero" loses="q2_cross_entropy-zero"
def cross_entropy(p, labels):
    p = np.asarray(p, dtype=float)
    with np.errstate(divide="ignore"):
        return float(-np.mean(np.log(p[np.arange(len(p)), np.asarray(labels)])))


# %% q2_cross_entropy wrong="adds a small number to every probability" loses="q2_cross_entropy-zero"
def cross_entropy(p, labels):
    p = np.asarray(p, dtype=float) + 1e-7
    return float(-np.mean(np.log(p[np.arange(len(p)), np.asarray(labels)])))


# %% q2_cross_entropy wrong="mean over all cells" loses="q2_cross_entropy-value q2_cross_entropy-zero"
def cross_entropy(p, labels):
    p = np.maximum(np.asarray(p, dtype=float), 1e-7)
    return float(-np.mean(np.eye(p.shape[1])[np.asarray(labels)] * np.log(p)))


# %% q2_cross_entropy wrong="the largest probability, not the true one" loses="q2_cross_entropy-value q2_cross_entropy-zero"
def cross_entropy(p, labels):
    p = np.maximum(np.asarray(p, dtype=float), 1e-7)
    return float(-np.mean(np.log(p.max(axis=1))))


# %% q3_choose_loss right="asks for the last axis"
def choose_loss(labels, has_softmax):
    labels = np.asarray(labels)
    if labels.ndim == 1 or labels.shape[-1] == 1:
        return "sparse_categorical_crossentropy", not has_softmax
    return "categorical_crossentropy", not has_softmax


# %% q3_choose_loss right="counts numbers for each flower"
def choose_loss(labels, has_softmax):
    each = np.asarray(labels).size // len(labels)
    prefix = "sparse_" if each == 1 else ""
    return [prefix + "categorical_crossentropy", has_softmax is False]


# %% q3_choose_loss wrong="from_logits the wrong way round" loses="q3_choose_loss-labels q3_choose_loss-logits"
def choose_loss(labels, has_softmax):
    one_hot = np.ndim(labels) == 2 and np.shape(labels)[1] > 1
    name = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    return name, has_softmax


# %% q3_choose_loss wrong="the names exchanged" loses="q3_choose_loss-labels q3_choose_loss-logits"
def choose_loss(labels, has_softmax):
    one_hot = np.ndim(labels) == 2 and np.shape(labels)[1] > 1
    name = "sparse_categorical_crossentropy" if one_hot else "categorical_crossentropy"
    return name, not has_softmax


# %% q3_choose_loss wrong="a column taken for one-hot" loses="q3_choose_loss-labels"
def choose_loss(labels, has_softmax):
    one_hot = np.ndim(labels) == 2
    name = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    return name, not has_softmax


# %% q3_choose_loss wrong="zeros and ones taken for one-hot" loses="q3_choose_loss-labels q3_choose_loss-logits"
def choose_loss(labels, has_softmax):
    one_hot = np.max(labels) <= 1
    name = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    return name, not has_softmax


# %% q3_choose_loss wrong="never from logits" loses="q3_choose_loss-logits"
def choose_loss(labels, has_softmax):
    one_hot = np.ndim(labels) == 2 and np.shape(labels)[1] > 1
    name = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    return name, False


# %% q3_choose_loss equivalent="only the shape counts, and the order of the labels is not in it"
def choose_loss(labels, has_softmax):
    labels = labels[::-1]
    shape = np.shape(labels)
    one_hot = len(shape) == 2 and shape[1] > 1
    name = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    return name, not has_softmax


# %% q4_build_model right="functional API, scaled by an adapted layer"
def build_model(x):
    scale = keras.layers.Normalization()
    scale.adapt(x)
    inputs = keras.Input(shape=(4,))
    hidden = keras.layers.Dense(24, activation="tanh")(scale(inputs))
    outputs = keras.layers.Dense(3, activation="softmax")(hidden)
    model = keras.Model(inputs, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.02), loss=loss)
    return model


# %% q4_build_model right="two hidden layers, softmax as a layer"
def build_model(x):
    model = keras.Sequential([keras.Input(shape=(4,))])
    model.add(keras.layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0)))
    for _ in range(2):
        model.add(keras.layers.Dense(16, activation="relu"))
    model.add(keras.layers.Dense(3))
    model.add(keras.layers.Softmax())
    adam = keras.optimizers.Adam(learning_rate=0.005)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    return model


# %% q4_build_model wrong="no softmax" loses="q4_build_model-shape q4_build_model-learns"
def build_model(x):
    scale = keras.layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0))
    layers = [scale, keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input(shape=(4,)), *layers])
    model.compile(
        optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    return model


# %% q4_build_model wrong="sigmoid for softmax" loses="q4_build_model-shape q4_build_model-learns"
def build_model(x):
    last = keras.layers.Dense(3, activation="sigmoid")
    model = keras.Sequential(
        [keras.Input(shape=(4,)), keras.layers.Dense(16, activation="relu"), last]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


# %% q4_build_model wrong="one output" loses="q4_build_model-shape q4_build_model-learns"
def build_model(x):
    model = keras.Sequential([keras.Input(shape=(4,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    return model


# %% q4_build_model wrong="a loss for one-hot labels" loses="q4_build_model-learns"
def build_model(x):
    hidden = keras.layers.Dense(16, activation="relu")
    last = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(4,)), hidden, last])
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    return model


# %% q4_build_model wrong="too slow: plain SGD with a tiny rate" loses="q4_build_model-learns"
def build_model(x):
    hidden = keras.layers.Dense(16, activation="relu")
    last = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(4,)), hidden, last])
    sgd = keras.optimizers.SGD(learning_rate=0.0001)
    model.compile(optimizer=sgd, loss="sparse_categorical_crossentropy")
    return model


# %% q4_build_model wrong="not compiled" loses="q4_build_model-learns"
def build_model(x):
    last = keras.layers.Dense(3, activation="softmax")
    hidden = keras.layers.Dense(16, activation="relu")
    return keras.Sequential([keras.Input(shape=(4,)), hidden, last])


# %% q4_build_model wrong="a Lambda, which the grader does not rebuild" loses="q4_build_model-learns"
def build_model(x):
    mean, sd = x.mean(axis=0), x.std(axis=0)
    scale = keras.layers.Lambda(lambda lengths: (lengths - mean) / sd)
    layers = [
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(3, activation="softmax"),
    ]
    model = keras.Sequential([keras.Input(shape=(4,)), scale, *layers])
    adam = keras.optimizers.Adam(learning_rate=0.01)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    return model


# %% q5_robust_model right="as large, with L2"
def robust_model(x):
    model = keras.Sequential([keras.Input(shape=(4,))])
    model.add(keras.layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0)))
    for _ in range(2):
        l2 = keras.regularizers.L2(0.01)
        model.add(keras.layers.Dense(256, activation="relu", kernel_regularizer=l2))
    model.add(keras.layers.Dense(3, activation="softmax"))
    adam = keras.optimizers.Adam(learning_rate=0.001)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    return model


# %% q5_robust_model right="functional, no hidden layer"
def robust_model(x):
    scale = keras.layers.Normalization()
    scale.adapt(x)
    inputs = keras.Input(shape=(4,))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(scale(inputs)))
    adam = keras.optimizers.Adam(learning_rate=0.02)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    return model


# %% q5_robust_model wrong="the large network again" loses="q5_robust_model-check"
def robust_model(x):
    model = keras.Sequential([keras.Input(shape=(4,))])
    model.add(keras.layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0)))
    for _ in range(2):
        model.add(keras.layers.Dense(256, activation="relu"))
    model.add(keras.layers.Dense(3, activation="softmax"))
    adam = keras.optimizers.Adam(learning_rate=0.003)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    return model


# %% q5_robust_model wrong="so much L2 that it says one third each" loses="q5_robust_model-check"
def robust_model(x):
    l2 = keras.regularizers.L2(10.0)
    model = keras.Sequential([keras.Input(shape=(4,))])
    model.add(keras.layers.Dense(64, activation="relu", kernel_regularizer=l2))
    model.add(keras.layers.Dense(3, activation="softmax", kernel_regularizer=l2))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


# %% q5_robust_model wrong="too slow to learn anything" loses="q5_robust_model-check"
def robust_model(x):
    hidden = keras.layers.Dense(8, activation="relu")
    last = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(4,)), hidden, last])
    sgd = keras.optimizers.SGD(learning_rate=1e-6)
    model.compile(optimizer=sgd, loss="sparse_categorical_crossentropy")
    return model


# %% q5_robust_model wrong="larger still" loses="q5_robust_model-check"
def robust_model(x):
    model = keras.Sequential([keras.Input(shape=(4,))])
    model.add(keras.layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0)))
    for _ in range(3):
        model.add(keras.layers.Dense(256, activation="relu"))
    model.add(keras.layers.Dense(3, activation="softmax"))
    adam = keras.optimizers.Adam(learning_rate=0.003)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    return model


# %% q6_name_flowers right="a loop"
def name_flowers(p, names, sure):
    said = []
    for row in p:
        largest = max(row)
        said.append("unsure" if largest < sure else names[list(row).index(largest)])
    return said


# %% q6_name_flowers right="NumPy all the way"
def name_flowers(p, names, sure):
    p = np.asarray(p, dtype=float)
    return np.where(p.max(axis=1) < sure, "unsure", np.array(names)[p.argmax(axis=1)]).tolist()


# %% q6_name_flowers wrong="never unsure" loses="q6_name_flowers-unsure"
def name_flowers(p, names, sure):
    return [names[k] for k in np.argmax(p, axis=1)]


# %% q6_name_flowers wrong="exactly `sure` is not enough" loses="q6_name_flowers-unsure"
def name_flowers(p, names, sure):
    return [names[int(np.argmax(row))] if max(row) > sure else "unsure" for row in p]


# %% q6_name_flowers wrong="indices, not names" loses="q6_name_flowers-names q6_name_flowers-unsure"
def name_flowers(p, names, sure):
    p = np.asarray(p, dtype=float)
    return [int(k) if row[k] >= sure else "unsure" for row, k in zip(p, p.argmax(1), strict=True)]


# %% q6_name_flowers wrong="the last of equals" loses="q6_name_flowers-unsure"
def name_flowers(p, names, sure):
    p = np.asarray(p, dtype=float)
    last = p.shape[1] - 1 - p[:, ::-1].argmax(axis=1)
    return [names[k] if row[k] >= sure else "unsure" for row, k in zip(p, last, strict=True)]


# %% q6_name_flowers wrong="argmax down the columns" loses="q6_name_flowers-names q6_name_flowers-unsure"
def name_flowers(p, names, sure):
    p = np.asarray(p, dtype=float)
    return [names[k % len(names)] if p[k, i] >= sure else "unsure"
            for i, k in enumerate(p.argmax(axis=0))]  # fmt: skip


# %% q7_train right="no hidden layer, well trained"
def train_model(x, y):
    scale = keras.layers.Normalization()
    scale.adapt(x)
    last = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(4,)), scale, last])
    adam = keras.optimizers.Adam(learning_rate=0.02)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=8, batch_size=12, verbose=0)
    return model


# %% q7_train right="functional, one-hot labels, L2"
def train_model(x, y):
    inputs = keras.Input(shape=(4,))
    hidden = keras.layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0))(inputs)
    for _ in range(2):
        l2 = keras.regularizers.L2(0.001)
        hidden = keras.layers.Dense(16, activation="tanh", kernel_regularizer=l2)(hidden)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(hidden))
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="categorical_crossentropy")
    labels = keras.utils.to_categorical(y, 3)
    model.fit(np.tile(x, (10, 1)), np.tile(labels, (10, 1)), epochs=5, batch_size=12, verbose=0)
    return model


# %% q7_train wrong="built, never trained" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    last = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(4,)), last])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


# %% q7_train wrong="returns the history" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    last = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(4,)), last])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model.fit(x, y, epochs=2, verbose=0)


# %% q7_train wrong="scaled outside the model" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    hidden = keras.layers.Dense(16, activation="relu")
    last = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(4,)), hidden, last])
    adam = keras.optimizers.Adam(learning_rate=0.01)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    model.fit(np.tile(scaled, (10, 1)), np.tile(y, 10), epochs=5, batch_size=12, verbose=0)
    return model


# %% q7_train wrong="labels shuffled" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    y = np.random.default_rng(0).permutation(y)
    scale = keras.layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0))
    layers = [keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3, activation="softmax")]
    model = keras.Sequential([keras.Input(shape=(4,)), scale, *layers])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(np.tile(x, (5, 1)), np.tile(y, 5), epochs=3, batch_size=12, verbose=0)
    return model


# %% q7_train wrong="only the width of the sepals" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    inputs = keras.Input(shape=(4,))
    width = inputs[:, 1:2] - 3.0
    hidden = keras.layers.Dense(8, activation="relu")(width)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(hidden))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(np.tile(x, (5, 1)), np.tile(y, 5), epochs=3, batch_size=12, verbose=0)
    return model


# %% q7_train wrong="only the sepals" loses="q7_train-silver q7_train-gold"
def train_model(x, y):
    inputs = keras.Input(shape=(4,))
    scale = keras.layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0))
    hidden = keras.layers.Dense(8, activation="relu")(scale(inputs)[:, :2])
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(hidden))
    adam = keras.optimizers.Adam(learning_rate=0.01)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=5, batch_size=12, verbose=0)
    return model


# %% q7_train wrong="labels by a rule of thumb, y ignored" loses="q7_train-gold"
def train_model(x, y):
    y = np.where(x[:, 3] < 0.8, 0, np.where(x[:, 2] + 2 * x[:, 3] < 8.2, 1, 2))
    scale = keras.layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0))
    layers = [keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3, activation="softmax")]
    model = keras.Sequential([keras.Input(shape=(4,)), scale, *layers])
    adam = keras.optimizers.Adam(learning_rate=0.01)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=6, batch_size=12, verbose=0)
    return model


# %% q7_train wrong="a Lambda, which the grader does not rebuild" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    mean, sd = x.mean(axis=0), x.std(axis=0)
    scale = keras.layers.Lambda(lambda lengths: (lengths - mean) / sd)
    layers = [
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(3, activation="softmax"),
    ]
    model = keras.Sequential([keras.Input(shape=(4,)), scale, *layers])
    adam = keras.optimizers.Adam(learning_rate=0.005)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=5, batch_size=12, verbose=0)
    return model


# %% q7_train wrong="a model of a class of its own" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    class Flowers(keras.Model):
        def __init__(self):
            super().__init__()
            self.scale = keras.layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0))
            self.hidden = keras.layers.Dense(16, activation="relu")
            self.last = keras.layers.Dense(3, activation="softmax")

        def call(self, inputs):
            return self.last(self.hidden(self.scale(inputs)))

    model = Flowers()
    adam = keras.optimizers.Adam(learning_rate=0.005)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=5, batch_size=12, verbose=0)
    return model
