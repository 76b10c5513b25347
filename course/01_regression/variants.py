# %% [markdown]
# Right and wrong answers to every question of `challenge.py`. A right one must pass every check;
# a wrong one must lose exactly the checks that it names. `coursekit demo` makes a class of them.
# An equivalent one is a change that `coursekit verify` takes for wrong, and why it is not.

# %%
import keras
import numpy as np


# %% q1_mse right="dot product"
def mse(y_true, y_pred):
    difference = np.ravel(y_true) - np.ravel(y_pred)
    return difference @ difference / len(difference)


# %% q1_mse right="plain Python"
def mse(y_true, y_pred):
    pairs = list(zip(np.ravel(y_true), np.ravel(y_pred), strict=True))
    return sum((t - p) ** 2 for t, p in pairs) / len(pairs)


# %% q1_mse wrong="a column broadcasts" loses="q1_mse-column"
def mse(y_true, y_pred):
    y_true = np.asarray(y_true, dtype=float)
    y_pred = np.asarray(y_pred, dtype=float)
    return float(np.mean((y_true - y_pred) ** 2))


# %% q1_mse wrong="sum, not mean" loses="q1_mse-value q1_mse-column"
def mse(y_true, y_pred):
    return float(np.sum((np.ravel(y_true) - np.ravel(y_pred)) ** 2))


# %% q1_mse wrong="absolute error" loses="q1_mse-value q1_mse-column"
def mse(y_true, y_pred):
    return float(np.mean(np.abs(np.ravel(y_true) - np.ravel(y_pred))))


# %% q1_mse wrong="square of the mean" loses="q1_mse-value q1_mse-column"
def mse(y_true, y_pred):
    return float(np.mean(np.ravel(y_true) - np.ravel(y_pred)) ** 2)


# %% q1_mse wrong="root taken too" loses="q1_mse-value q1_mse-column"
def mse(y_true, y_pred):
    return float(np.sqrt(np.mean((np.ravel(y_true) - np.ravel(y_pred)) ** 2)))


# %% q1_mse equivalent="a squared difference does not mind which of the two is subtracted"
def mse(y_true, y_pred):
    y_true, y_pred = y_pred, y_true
    y_true = np.asarray(y_true, dtype=float)
    y_pred = np.asarray(y_pred, dtype=float)
    return float(np.mean((y_true.reshape(-1) - y_pred.reshape(-1)) ** 2))


# %% q1_mse equivalent="the targets have one axis, as the question says: nothing to reshape"
def mse(y_true, y_pred):
    y_true = np.asarray(y_true, dtype=float)
    y_pred = np.asarray(y_pred, dtype=float)
    return float(np.mean((y_true - y_pred.reshape(-1)) ** 2))


# %% q2_parameters right="a loop"
def count_parameters(sizes):
    total = 0
    for layer in range(1, len(sizes)):
        total += (sizes[layer - 1] + 1) * sizes[layer]
    return total


# %% q2_parameters right="asks Keras"
def count_parameters(sizes):
    layers = [keras.layers.Dense(units) for units in sizes[1:]]
    return keras.Sequential([keras.Input(shape=(sizes[0],)), *layers]).count_params()


# %% q2_parameters wrong="biases forgotten" loses="q2_parameters-check"
def count_parameters(sizes):
    return sum(a * b for a, b in zip(sizes[:-1], sizes[1:], strict=True))


# %% q2_parameters wrong="biases for the inputs too" loses="q2_parameters-check"
def count_parameters(sizes):
    return sum(a * b for a, b in zip(sizes[:-1], sizes[1:], strict=True)) + sum(sizes)


# %% q2_parameters wrong="only the example" loses="q2_parameters-check"
def count_parameters(sizes):
    return 51


# %% q2_parameters wrong="one bias a layer" loses="q2_parameters-check"
def count_parameters(sizes):
    return sum(a * b + 1 for a, b in zip(sizes[:-1], sizes[1:], strict=True))


# %% q3_diagnose right="one expression"
def diagnose(train_mse, val_mse, floor):
    return (
        "underfits" if train_mse > 3 * floor else "overfits" if val_mse > 3 * train_mse else "fits"
    )


# %% q3_diagnose right="ends with the clear case"
def diagnose(train_mse, val_mse, floor):
    learned = train_mse <= 3 * floor
    if learned and val_mse <= 3 * train_mse:
        return "fits"
    return "overfits" if learned else "underfits"


# %% q3_diagnose wrong="asks about the gap first" loses="q3_diagnose-order"
def diagnose(train_mse, val_mse, floor):
    if val_mse > 3 * train_mse:
        return "overfits"
    if train_mse > 3 * floor:
        return "underfits"
    return "fits"


# %% q3_diagnose wrong="validation error against the floor" loses="q3_diagnose-clear q3_diagnose-order"
def diagnose(train_mse, val_mse, floor):
    if val_mse > 3 * floor:
        return "underfits"
    if val_mse > 3 * train_mse:
        return "overfits"
    return "fits"


# %% q3_diagnose wrong="a floor of its own" loses="q3_diagnose-order"
def diagnose(train_mse, val_mse, floor):
    if train_mse > 0.03:
        return "underfits"
    if val_mse > 3 * train_mse:
        return "overfits"
    return "fits"


# %% q3_diagnose wrong="twice is enough" loses="q3_diagnose-order"
def diagnose(train_mse, val_mse, floor):
    if train_mse > 2 * floor:
        return "underfits"
    if val_mse > 2 * train_mse:
        return "overfits"
    return "fits"


# %% q3_diagnose wrong="the two words exchanged" loses="q3_diagnose-clear q3_diagnose-order"
def diagnose(train_mse, val_mse, floor):
    if train_mse > 3 * floor:
        return "overfits"
    if val_mse > 3 * train_mse:
        return "underfits"
    return "fits"


# %% q4_build_model right="functional API"
def build_model():
    inputs = keras.Input(shape=(2,))
    x = keras.layers.Dense(48, activation="relu")(inputs)
    x = keras.layers.Dense(24, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mse")
    return model


# %% q4_build_model right="subclassed model"
def build_model():
    class Surface(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = [keras.layers.Dense(48, activation="relu") for _ in range(2)]
            self.last = keras.layers.Dense(1)

        def call(self, x):
            for layer in self.hidden:
                x = layer(x)
            return self.last(x)

    model = Surface()
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mse")
    return model


# %% q4_build_model wrong="the colleague's network again" loses="q4_build_model-learns"
def build_model():
    l2 = keras.regularizers.L2(0.01)
    model = keras.Sequential([keras.Input(shape=(2,))])
    for _ in range(2):
        model.add(keras.layers.Dense(5, activation="relu", kernel_regularizer=l2))
        model.add(keras.layers.Dropout(0.4))
    model.add(keras.layers.Dense(1))
    model.compile(optimizer=keras.optimizers.Adagrad(learning_rate=0.1), loss="mse")
    return model


# %% q4_build_model wrong="linear layers only" loses="q4_build_model-learns"
def build_model():
    layers = [keras.layers.Dense(32), keras.layers.Dense(32), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(shape=(2,)), *layers])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mse")
    return model


# %% q4_build_model wrong="an output that cannot go below 0 or above 1" loses="q4_build_model-learns"
def build_model():
    hidden = [keras.layers.Dense(32, activation="relu") for _ in range(2)]
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input(shape=(2,)), *hidden, last])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mse")
    return model


# %% q4_build_model wrong="two outputs" loses="q4_build_model-shape q4_build_model-learns"
def build_model():
    hidden = [keras.layers.Dense(32, activation="relu") for _ in range(2)]
    model = keras.Sequential([keras.Input(shape=(2,)), *hidden, keras.layers.Dense(2)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mse")
    return model


# %% q4_build_model wrong="not compiled" loses="q4_build_model-learns"
def build_model():
    hidden = [keras.layers.Dense(32, activation="relu") for _ in range(2)]
    return keras.Sequential([keras.Input(shape=(2,)), *hidden, keras.layers.Dense(1)])


# %% q4_build_model wrong="compiled without a loss" loses="q4_build_model-learns"
def build_model():
    hidden = [keras.layers.Dense(32, activation="relu") for _ in range(2)]
    model = keras.Sequential([keras.Input(shape=(2,)), *hidden, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01))
    return model


# %% q4_build_model wrong="return forgotten" loses="q4_build_model-shape q4_build_model-learns"
def build_model():
    hidden = [keras.layers.Dense(32, activation="relu") for _ in range(2)]
    model = keras.Sequential([keras.Input(shape=(2,)), *hidden, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mse")


# %% q5_regularise right="as large, but slow: a far smaller learning rate"
def regularised_model():
    hidden = [keras.layers.Dense(64, activation="relu") for _ in range(3)]
    model = keras.Sequential([keras.Input(shape=(2,)), *hidden, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss="mse")
    return model


# %% q5_regularise right="fewer units, L2 and a smaller learning rate, functional API"
def regularised_model():
    l2 = keras.regularizers.L2(0.01)
    x = inputs = keras.Input(shape=(2,))
    for _ in range(2):
        x = keras.layers.Dense(24, activation="relu", kernel_regularizer=l2)(x)
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.005), loss="mse")
    return model


# %% q5_regularise wrong="the large network again" loses="q5_regularise-check"
def regularised_model():
    hidden = [keras.layers.Dense(64, activation="relu") for _ in range(3)]
    model = keras.Sequential([keras.Input(shape=(2,)), *hidden, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.02), loss="mse")
    return model


# %% q5_regularise wrong="no hidden layer" loses="q5_regularise-check"
def regularised_model():
    model = keras.Sequential([keras.Input(shape=(2,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.02), loss="mse")
    return model


# %% q5_regularise wrong="so much L2 that nothing is learned" loses="q5_regularise-check"
def regularised_model():
    l2 = keras.regularizers.L2(10.0)
    hidden = [keras.layers.Dense(64, activation="relu", kernel_regularizer=l2) for _ in range(3)]
    last = keras.layers.Dense(1, kernel_regularizer=l2, use_bias=False)
    model = keras.Sequential([keras.Input(shape=(2,)), *hidden, last])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.02), loss="mse")
    return model


# %% q5_regularise wrong="too slow to learn anything" loses="q5_regularise-check"
def regularised_model():
    hidden = [keras.layers.Dense(128, activation="relu") for _ in range(2)]
    model = keras.Sequential([keras.Input(shape=(2,)), *hidden, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=1e-6), loss="mse")
    return model


# %% q5_regularise wrong="not compiled" loses="q5_regularise-check"
def regularised_model():
    hidden = [keras.layers.Dense(24, activation="relu") for _ in range(2)]
    return keras.Sequential([keras.Input(shape=(2,)), *hidden, keras.layers.Dense(1)])


# %% q5_regularise wrong="compiled without a loss" loses="q5_regularise-check"
def regularised_model():
    hidden = [keras.layers.Dense(24, activation="relu") for _ in range(2)]
    model = keras.Sequential([keras.Input(shape=(2,)), *hidden, keras.layers.Dense(1)])
    model.compile(optimizer="adam")
    return model


# %% q6_early_stopping right="counts bad epochs"
def early_stopping(val_losses, patience):
    best, kept, bad = None, 0, 0
    for epoch in range(1, len(val_losses) + 1):
        loss = val_losses[epoch - 1]
        if best is None or loss < best:
            best, kept, bad = loss, epoch, 0
        else:
            bad += 1
            if bad == patience:
                return kept, epoch
    return kept, len(val_losses)


# %% q6_early_stopping right="looks back with NumPy"
def early_stopping(val_losses, patience):
    for epoch in range(1, len(val_losses) + 1):
        kept = int(np.argmin(val_losses[:epoch])) + 1
        if epoch - kept >= patience:
            break
    return kept, epoch


# %% q6_early_stopping wrong="stops one epoch late" loses="q6_early_stopping-example q6_early_stopping-patient"
def early_stopping(val_losses, patience):
    kept, best = 0, float("inf")
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            kept, best = epoch, loss
        if epoch - kept > patience:
            return kept, epoch
    return kept, len(val_losses)


# %% q6_early_stopping wrong="counts every rise, not rises in a row" loses="q6_early_stopping-example q6_early_stopping-patient"
def early_stopping(val_losses, patience):
    kept, best, bad = 0, float("inf"), 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            kept, best = epoch, loss
        else:
            bad += 1
            if bad == patience:
                return kept, epoch
    return kept, len(val_losses)


# %% q6_early_stopping wrong="an equal loss counts as better" loses="q6_early_stopping-example q6_early_stopping-patient"
def early_stopping(val_losses, patience):
    kept, best = 0, float("inf")
    for epoch, loss in enumerate(val_losses, start=1):
        if loss <= best:
            kept, best = epoch, loss
        if epoch - kept >= patience:
            return kept, epoch
    return kept, len(val_losses)


# %% q6_early_stopping wrong="sees the future" loses="q6_early_stopping-example"
def early_stopping(val_losses, patience):
    kept = int(np.argmin(val_losses)) + 1
    return kept, min(kept + patience, len(val_losses))


# %% q6_early_stopping wrong="counts from 0" loses="q6_early_stopping-example q6_early_stopping-patient"
def early_stopping(val_losses, patience):
    kept, best = -1, float("inf")
    for epoch, loss in enumerate(val_losses):
        if loss < best:
            kept, best = epoch, loss
        if epoch - kept >= patience:
            return kept, epoch
    return kept, len(val_losses) - 1


# %% q6_early_stopping equivalent="after the last epoch, its number is the number of losses"
def early_stopping(val_losses, patience):
    best_epoch, best_loss = 0, float("inf")
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best_loss:
            best_epoch, best_loss = epoch, loss
        if epoch - best_epoch >= patience:
            return best_epoch, epoch
    return best_epoch, epoch


# %% q6_early_stopping equivalent="the first loss is below infinity: the first number is never seen"
def early_stopping(val_losses, patience):
    best_epoch, best_loss = 1, float("inf")
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best_loss:
            best_epoch, best_loss = epoch, loss
        if epoch - best_epoch >= patience:
            return best_epoch, epoch
    return best_epoch, len(val_losses)


# %% q6_early_stopping equivalent="the first loss is below infinity, and replaces this number too"
def early_stopping(val_losses, patience):
    best_epoch, best_loss = -1, float("inf")
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best_loss:
            best_epoch, best_loss = epoch, loss
        if epoch - best_epoch >= patience:
            return best_epoch, epoch
    return best_epoch, len(val_losses)


# %% q7_train right="made features inside the model"
def train_model(x, y):
    inputs = keras.Input(shape=(2,))
    wave = keras.layers.Rescaling(2 * np.pi)(inputs)
    made = [inputs, inputs * inputs, keras.ops.sin(wave), keras.ops.cos(wave)]
    outputs = keras.layers.Dense(1)(keras.layers.Concatenate()(made))
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.03), loss="mse")
    model.fit(np.tile(x, (20, 1)), np.tile(y, 20), epochs=20, batch_size=16, verbose=0)
    return model


# %% q7_train right="functional, early stopping on rows set aside"
def train_model(x, y):
    inputs = keras.Input(shape=(2,))
    hidden = keras.layers.Dense(128, activation="relu")(inputs)
    hidden = keras.layers.Dense(64, activation="relu")(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.004), loss="mse")
    stop = keras.callbacks.EarlyStopping(patience=12, restore_best_weights=True)
    kept, aside = slice(0, 95), slice(95, None)
    model.fit(
        np.tile(x[kept], (10, 1)),
        np.tile(y[kept], 10),
        validation_data=(x[aside], y[aside]),
        epochs=40,
        batch_size=16,
        callbacks=[stop],
        verbose=0,
    )
    return model


# %% q7_train wrong="a plane" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    model = keras.Sequential([keras.Input(shape=(2,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.05), loss="mse")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=10, batch_size=16, verbose=0)
    return model


# %% q7_train wrong="built, never trained" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    hidden = [keras.layers.Dense(64, activation="relu") for _ in range(2)]
    model = keras.Sequential([keras.Input(shape=(2,)), *hidden, keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    return model


# %% q7_train wrong="returns the history" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    hidden = [keras.layers.Dense(16, activation="relu") for _ in range(2)]
    model = keras.Sequential([keras.Input(shape=(2,)), *hidden, keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    return model.fit(x, y, epochs=2, verbose=0)


# %% q7_train wrong="a sine alone, without the parabola" loses="q7_train-silver q7_train-gold q7_train-bronze"
def train_model(x, y):
    inputs = keras.Input(shape=(2,))
    wave = keras.ops.sin(2 * np.pi * inputs[:, 1:])
    model = keras.Model(inputs, keras.layers.Dense(1)(wave))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.05), loss="mse")
    model.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=10, batch_size=16, verbose=0)
    return model


# %% q7_train wrong="a Lambda, which the grader does not rebuild" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    wave = keras.layers.Lambda(lambda t: keras.ops.sin(2 * np.pi * t))
    inputs = keras.Input(shape=(2,))
    made = keras.layers.Concatenate()([inputs, inputs * inputs, wave(inputs)])
    model = keras.Model(inputs, keras.layers.Dense(1)(made))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.03), loss="mse")
    model.fit(np.tile(x, (20, 1)), np.tile(y, 20), epochs=20, batch_size=16, verbose=0)
    return model


# %% q7_train wrong="a model of a class of its own" loses="q7_train-bronze q7_train-silver q7_train-gold"
def train_model(x, y):
    class Surface(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = [keras.layers.Dense(64, activation="relu") for _ in range(2)]
            self.last = keras.layers.Dense(1)

        def call(self, inputs):
            for layer in self.hidden:
                inputs = layer(inputs)
            return self.last(inputs)

    model = Surface()
    rate = keras.optimizers.schedules.CosineDecay(0.014, decay_steps=4 * (len(x) * 26 // 16))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=rate), loss="mse")
    model.fit(np.tile(x, (26, 1)), np.tile(y, 26), epochs=4, batch_size=16, verbose=0)
    return model
