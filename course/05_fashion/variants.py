# %% [markdown]
# Right and wrong answers to every question of `challenge.py`. A right one must pass every check;
# a wrong one must lose exactly the checks that it names. `coursekit demo` makes a class of them.

# %%
# ruff: noqa: F821 (answers may use what the given cells of the challenge make)
import keras
import numpy as np


# %% q1_forward right="counts through the list"
def forward(images, weights):
    x = np.array([np.ravel(image) for image in images])
    for k in range(0, len(weights), 2):
        x = np.dot(x, weights[k]) + weights[k + 1]
        if k < len(weights) - 2:
            x = np.where(x > 0, x, 0)
    e = np.exp(x - x.max(axis=-1)[:, None])
    return e / np.sum(e, axis=-1)[:, None]


# %% q1_forward right="one image after the other, a list returned"
def forward(images, weights):
    answers = []
    for image in images:
        row = np.asarray(image, dtype=float).flatten()
        *hidden, last = zip(weights[0::2], weights[1::2], strict=True)
        for kernel, bias in hidden:
            row = np.maximum(row @ kernel + bias, 0)
        powers = np.exp((z := row @ last[0] + last[1]) - max(z))
        answers.append((powers / powers.sum()).tolist())
    return answers


# %% q1_forward right="pops the layers off its list"
def forward(images, weights):
    x = np.reshape(images, (len(images), -1))
    while weights:
        x = x @ weights.pop(0) + weights.pop(0)
        x = np.maximum(x, 0) if weights else x - x.max(axis=1, keepdims=True)
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


# %% q1_forward wrong="no activation in the hidden layers" loses="q1_forward-equal"
def forward(images, weights):
    x = np.asarray(images, dtype=float).reshape(len(images), -1)
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        x = x @ kernel + bias
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# %% q1_forward wrong="ReLU behind the last layer, too" loses="q1_forward-equal q1_forward-large"
def forward(images, weights):
    x = np.asarray(images, dtype=float).reshape(len(images), -1)
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        x = np.maximum(x @ kernel + bias, 0)
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# %% q1_forward wrong="softmax runs over" loses="q1_forward-large"
def forward(images, weights):
    x = np.asarray(images, dtype=float).reshape(len(images), -1)
    for k in range(0, len(weights), 2):
        x = x @ weights[k] + weights[k + 1]
        x = np.maximum(x, 0) if k < len(weights) - 2 else x
    with np.errstate(all="ignore"):
        return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


# %% q1_forward wrong="the largest number of all rows subtracted" loses="q1_forward-large"
def forward(images, weights):
    x = np.asarray(images, dtype=float).reshape(len(images), -1)
    for k in range(0, len(weights), 2):
        x = x @ weights[k] + weights[k + 1]
        x = np.maximum(x, 0) if k < len(weights) - 2 else x
    e = np.exp(x - x.max())
    with np.errstate(all="ignore"):
        return e / e.sum(axis=1, keepdims=True)


# %% q1_forward wrong="shares of the whole batch" loses="q1_forward-equal q1_forward-large"
def forward(images, weights):
    x = np.asarray(images, dtype=float).reshape(len(images), -1)
    for k in range(0, len(weights), 2):
        x = x @ weights[k] + weights[k + 1]
        x = np.maximum(x, 0) if k < len(weights) - 2 else x
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum()


# %% q1_forward wrong="two layers, whatever is given" loses="q1_forward-equal q1_forward-large"
def forward(images, weights):
    x = np.asarray(images, dtype=float).reshape(len(images), -1)
    x = np.maximum(x @ weights[0] + weights[1], 0) @ weights[2] + weights[3]
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# %% q1_forward wrong="biases forgotten" loses="q1_forward-equal"
def forward(images, weights):
    x = np.asarray(images, dtype=float).reshape(len(images), -1)
    for k in range(0, len(weights), 2):
        x = x @ weights[k]
        x = np.maximum(x, 0) if k < len(weights) - 2 else x
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# %% q1_forward wrong="the label, not the probabilities" loses="q1_forward-equal q1_forward-large"
def forward(images, weights):
    x = np.asarray(images, dtype=float).reshape(len(images), -1)
    for k in range(0, len(weights), 2):
        x = x @ weights[k] + weights[k + 1]
        x = np.maximum(x, 0) if k < len(weights) - 2 else x
    return x.argmax(axis=1)


# %% q2_build_two architecture="fixed"


# %% q2_build_two right="losses as objects, SGD"
def build_two(units, share):
    layers = keras.layers
    inputs = keras.Input((28, 28, 1), name="image")
    pixels = layers.Reshape((784,))(inputs)
    hidden = layers.Activation("relu")(layers.Dense(units)(pixels))
    heads = {"family": layers.Dense(4, activation="softmax", name="family")(hidden)}
    both = layers.concatenate([pixels, hidden])
    heads["article"] = layers.Dense(10, activation="softmax", name="article")(both)
    model = keras.Model(inputs=inputs, outputs=heads)
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=0.1, momentum=0.9),
        loss={name: keras.losses.SparseCategoricalCrossentropy() for name in heads},
        loss_weights={"family": share, "article": 1 - share},
        metrics={name: ["accuracy"] for name in heads},
    )
    return model


# %% q2_build_two right="one loss for both, layers without names"
def build_two(units, share):
    image = keras.Input(shape=(28, 28, 1))
    pixels = keras.layers.Flatten()(image)
    hidden = keras.layers.Dense(units, activation=keras.activations.relu)(pixels)
    joined = keras.layers.Concatenate(axis=-1)([pixels, hidden])
    outputs = {
        "article": keras.layers.Softmax()(keras.layers.Dense(10)(joined)),
        "family": keras.layers.Softmax()(keras.layers.Dense(4)(hidden)),
    }
    model = keras.Model(image, outputs)
    scc = "sparse_categorical_crossentropy"
    weights = {"article": 1.0 - share, "family": share}
    model.compile(loss={"article": scc, "family": scc}, loss_weights=weights)
    return model


# %% q2_build_two wrong="no way past the hidden layer" loses="q2_build_two-graph"
def build_two(units, share):
    image = keras.Input(shape=(28, 28, 1))
    hidden = keras.layers.Dense(units, activation="relu")(keras.layers.Flatten()(image))
    article = keras.layers.Dense(10, activation="softmax", name="article")(hidden)
    family = keras.layers.Dense(4, activation="softmax", name="family")(hidden)
    model = keras.Model(image, {"article": article, "family": family})
    losses = dict.fromkeys(["article", "family"], "sparse_categorical_crossentropy")
    model.compile("adam", loss=losses, loss_weights={"article": 1 - share, "family": share})
    return model


# %% q2_build_two wrong="family sees the pixels, too" loses="q2_build_two-graph"
def build_two(units, share):
    image = keras.Input(shape=(28, 28, 1))
    pixels = keras.layers.Flatten()(image)
    hidden = keras.layers.Dense(units, activation="relu")(pixels)
    joined = keras.layers.Concatenate()([pixels, hidden])
    article = keras.layers.Dense(10, activation="softmax", name="article")(joined)
    family = keras.layers.Dense(4, activation="softmax", name="family")(joined)
    model = keras.Model(image, {"article": article, "family": family})
    losses = dict.fromkeys(["article", "family"], "sparse_categorical_crossentropy")
    model.compile("adam", loss=losses, loss_weights={"article": 1 - share, "family": share})
    return model


# %% q2_build_two wrong="hidden first when joined" loses="q2_build_two-graph"
def build_two(units, share):
    image = keras.Input(shape=(28, 28, 1))
    pixels = keras.layers.Flatten()(image)
    hidden = keras.layers.Dense(units, activation="relu")(pixels)
    joined = keras.layers.Concatenate()([hidden, pixels])
    article = keras.layers.Dense(10, activation="softmax", name="article")(joined)
    family = keras.layers.Dense(4, activation="softmax", name="family")(hidden)
    model = keras.Model(image, {"article": article, "family": family})
    losses = dict.fromkeys(["article", "family"], "sparse_categorical_crossentropy")
    model.compile("adam", loss=losses, loss_weights={"article": 1 - share, "family": share})
    return model


# %% q2_build_two wrong="outputs in a list" loses="q2_build_two-graph q2_build_two-loss"
def build_two(units, share):
    image = keras.Input(shape=(28, 28, 1))
    pixels = keras.layers.Flatten()(image)
    hidden = keras.layers.Dense(units, activation="relu")(pixels)
    joined = keras.layers.Concatenate()([pixels, hidden])
    article = keras.layers.Dense(10, activation="softmax", name="article")(joined)
    family = keras.layers.Dense(4, activation="softmax", name="family")(hidden)
    model = keras.Model(image, [article, family])
    losses = ["sparse_categorical_crossentropy"] * 2
    model.compile("adam", loss=losses, loss_weights=[1 - share, share])
    return model


# %% q2_build_two wrong="loss weights exchanged" loses="q2_build_two-loss"
def build_two(units, share):
    image = keras.Input(shape=(28, 28, 1))
    pixels = keras.layers.Flatten()(image)
    hidden = keras.layers.Dense(units, activation="relu")(pixels)
    joined = keras.layers.Concatenate()([pixels, hidden])
    article = keras.layers.Dense(10, activation="softmax", name="article")(joined)
    family = keras.layers.Dense(4, activation="softmax", name="family")(hidden)
    model = keras.Model(image, {"article": article, "family": family})
    losses = dict.fromkeys(["article", "family"], "sparse_categorical_crossentropy")
    model.compile("adam", loss=losses, loss_weights={"article": share, "family": 1 - share})
    return model


# %% q2_build_two wrong="no loss weights" loses="q2_build_two-loss"
def build_two(units, share):
    image = keras.Input(shape=(28, 28, 1))
    pixels = keras.layers.Flatten()(image)
    hidden = keras.layers.Dense(units, activation="relu")(pixels)
    joined = keras.layers.Concatenate()([pixels, hidden])
    article = keras.layers.Dense(10, activation="softmax", name="article")(joined)
    family = keras.layers.Dense(4, activation="softmax", name="family")(hidden)
    model = keras.Model(image, {"article": article, "family": family})
    losses = dict.fromkeys(["article", "family"], "sparse_categorical_crossentropy")
    model.compile("adam", loss=losses)
    return model


# %% q2_build_two wrong="article keeps the full weight 1" loses="q2_build_two-loss"
def build_two(units, share):
    image = keras.Input(shape=(28, 28, 1))
    pixels = keras.layers.Flatten()(image)
    hidden = keras.layers.Dense(units, activation="relu")(pixels)
    joined = keras.layers.Concatenate()([pixels, hidden])
    article = keras.layers.Dense(10, activation="softmax", name="article")(joined)
    family = keras.layers.Dense(4, activation="softmax", name="family")(hidden)
    model = keras.Model(image, {"article": article, "family": family})
    losses = dict.fromkeys(["article", "family"], "sparse_categorical_crossentropy")
    model.compile("adam", loss=losses, loss_weights={"article": 1.0, "family": share})
    return model


# %% q2_build_two wrong="0.9 and 0.1, whatever is asked" loses="q2_build_two-loss"
def build_two(units, share):
    image = keras.Input(shape=(28, 28, 1))
    pixels = keras.layers.Flatten()(image)
    hidden = keras.layers.Dense(units, activation="relu")(pixels)
    joined = keras.layers.Concatenate()([pixels, hidden])
    article = keras.layers.Dense(10, activation="softmax", name="article")(joined)
    family = keras.layers.Dense(4, activation="softmax", name="family")(hidden)
    model = keras.Model(image, {"article": article, "family": family})
    losses = dict.fromkeys(["article", "family"], "sparse_categorical_crossentropy")
    model.compile("adam", loss=losses, loss_weights={"article": 0.9, "family": 0.1})
    return model


# %% q2_build_two wrong="logits, and a loss that knows it" loses="q2_build_two-graph q2_build_two-loss"
def build_two(units, share):
    image = keras.Input(shape=(28, 28, 1))
    pixels = keras.layers.Flatten()(image)
    hidden = keras.layers.Dense(units, activation="relu")(pixels)
    joined = keras.layers.Concatenate()([pixels, hidden])
    outputs = {"article": keras.layers.Dense(10)(joined), "family": keras.layers.Dense(4)(hidden)}
    model = keras.Model(image, outputs)
    scc = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    weights = {"article": 1 - share, "family": share}
    model.compile("adam", loss={"article": scc, "family": scc}, loss_weights=weights)
    return model


# %% q2_build_two wrong="not compiled" loses="q2_build_two-loss"
def build_two(units, share):
    image = keras.Input(shape=(28, 28, 1))
    pixels = keras.layers.Flatten()(image)
    hidden = keras.layers.Dense(units, activation="relu")(pixels)
    joined = keras.layers.Concatenate()([pixels, hidden])
    article = keras.layers.Dense(10, activation="softmax", name="article")(joined)
    family = keras.layers.Dense(4, activation="softmax", name="family")(hidden)
    return keras.Model(image, {"article": article, "family": family})


# %% q3_apart right="arrays"
def apart(loss, val_loss, gap):
    loss, val_loss = np.asarray(loss), np.asarray(val_loss)
    wide = val_loss[:-1] - (loss[:-1] + loss[1:]) / 2 > gap
    return np.flatnonzero(wide)[0] + 1 if wide.any() else 0


# %% q3_apart right="the line between the middles, by interpolation"
def apart(loss, val_loss, gap):
    middles = np.arange(len(loss)) + 0.5
    ends = np.arange(1, len(loss))
    line = np.interp(ends, middles, loss)
    found = [int(e) for e, at, val in zip(ends, line, val_loss, strict=False) if val - at > gap]
    return min(found, default=0)


# %% q3_apart wrong="not moved" loses="q3_apart-check"
def apart(loss, val_loss, gap):
    for epoch, (train, val) in enumerate(zip(loss, val_loss, strict=True), start=1):
        if val - train > gap:
            return epoch
    return 0


# %% q3_apart wrong="moved to the right" loses="q3_apart-check"
def apart(loss, val_loss, gap):
    for e in range(1, len(loss)):
        if val_loss[e] - (loss[e - 1] + loss[e]) / 2 > gap:
            return e + 1
    return 0


# %% q3_apart wrong="moved by a whole epoch" loses="q3_apart-check"
def apart(loss, val_loss, gap):
    for e in range(1, len(loss)):
        if val_loss[e - 1] - loss[e] > gap:
            return e
    return 0


# %% q3_apart wrong="counted from 0" loses="q3_apart-check"
def apart(loss, val_loss, gap):
    for e in range(len(loss) - 1):
        if val_loss[e] - (loss[e] + loss[e + 1]) / 2 > gap:
            return e
    return 0


# %% q3_apart wrong="a gap that is only reached" loses="q3_apart-check"
def apart(loss, val_loss, gap):
    for e in range(1, len(loss)):
        if val_loss[e - 1] - (loss[e - 1] + loss[e]) / 2 >= gap:
            return e
    return 0


# %% q3_apart wrong="a gap in either direction" loses="q3_apart-check"
def apart(loss, val_loss, gap):
    for e in range(1, len(loss)):
        if abs(val_loss[e - 1] - (loss[e - 1] + loss[e]) / 2) > gap:
            return e
    return 0


# %% q3_apart wrong="the last epoch as reported" loses="q3_apart-check"
def apart(loss, val_loss, gap):
    later = [*loss[1:], loss[-1]]
    for e, (one, other, val) in enumerate(zip(loss, later, val_loss, strict=True), start=1):
        if val - (one + other) / 2 > gap:
            return e
    return 0


# %% q3_apart wrong="the last such epoch" loses="q3_apart-check"
def apart(loss, val_loss, gap):
    for e in range(len(loss) - 1, 0, -1):
        if val_loss[e - 1] - (loss[e - 1] + loss[e]) / 2 > gap:
            return e
    return 0


# %% q3_apart wrong="the widest gap" loses="q3_apart-check"
def apart(loss, val_loss, gap):
    gaps = [val_loss[e] - (loss[e] + loss[e + 1]) / 2 for e in range(len(loss) - 1)]
    return gaps.index(max(gaps)) + 1 if gaps and max(gaps) > gap else 0


# %% q4_losses_along right="differences of sums, in a class of its own"
def losses_along(x, y, rates):
    class Finder(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seen, self.sums = [0], [0.0]

        def on_batch_begin(self, batch, logs=None):
            self.model.optimizer.learning_rate.assign(rates[batch])

        def on_train_batch_end(self, batch, logs=None):
            self.seen.append(min(50 * (batch + 1), len(x)))
            self.sums.append(logs["loss"] * self.seen[-1])

    finder = Finder()
    small_net().fit(x, y, batch_size=50, epochs=1, shuffle=False, verbose=0, callbacks=[finder])
    return np.diff(finder.sums) / np.diff(finder.seen)


# %% q4_losses_along right="a loop of its own, without a callback"
def losses_along(x, y, rates):
    net, losses = small_net(), []
    for k, rate in enumerate(rates):
        rows = slice(50 * k, 50 * k + 50)
        losses.append(cross_entropy(y[rows], net(x[rows])))
        net.optimizer.learning_rate = rate
        net.train_on_batch(x[rows], y[rows])
    return losses


# %% q4_losses_along right="a lambda callback, the rate set for the next batch"
def losses_along(x, y, rates):
    net, losses = small_net(), []

    def note(batch, logs):
        losses.append(logs["loss"])
        net.reset_metrics()
        if batch + 1 < len(rates):
            net.optimizer.learning_rate = rates[batch + 1]

    net.optimizer.learning_rate = rates[0]
    hook = keras.callbacks.LambdaCallback(on_train_batch_end=note)
    net.fit(x, y, batch_size=50, shuffle=False, callbacks=[hook], verbose=0)
    return losses


# %% q4_losses_along wrong="the mean so far" loses="q4_losses_along-own q4_losses_along-rates"
def losses_along(x, y, rates):
    losses = []

    class Finder(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.model.optimizer.learning_rate = rates[batch]

        def on_train_batch_end(self, batch, logs=None):
            losses.append(logs["loss"])

    small_net().fit(x, y, batch_size=50, shuffle=False, callbacks=[Finder()], verbose=0)
    return losses


# %% q4_losses_along wrong="lecture 3's class: all batches taken for equal" loses="q4_losses_along-own"
def losses_along(x, y, rates):
    class Finder(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.losses, self.sum = [], 0.0

        def on_train_batch_begin(self, batch, logs=None):
            self.model.optimizer.learning_rate = rates[batch]

        def on_train_batch_end(self, batch, logs=None):
            new_sum = (batch + 1) * logs["loss"]
            self.losses.append(new_sum - self.sum)
            self.sum = new_sum

    finder = Finder()
    small_net().fit(x, y, batch_size=50, shuffle=False, callbacks=[finder], verbose=0)
    return finder.losses


# %% q4_losses_along wrong="the rate one batch late" loses="q4_losses_along-rates"
def losses_along(x, y, rates):
    losses = []

    class Finder(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.model.reset_metrics()

        def on_train_batch_end(self, batch, logs=None):
            losses.append(logs["loss"])
            self.model.optimizer.learning_rate = rates[batch]

    net = small_net()
    net.optimizer.learning_rate = rates[0]
    net.fit(x, y, batch_size=50, shuffle=False, callbacks=[Finder()], verbose=0)
    return losses


# %% q4_losses_along wrong="the rate set once, at the beginning" loses="q4_losses_along-rates"
def losses_along(x, y, rates):
    losses = []

    class Finder(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.optimizer.learning_rate = rates[0]

        def on_train_batch_begin(self, batch, logs=None):
            self.model.reset_metrics()

        def on_train_batch_end(self, batch, logs=None):
            losses.append(logs["loss"])

    small_net().fit(x, y, batch_size=50, shuffle=False, callbacks=[Finder()], verbose=0)
    return losses


# %% q4_losses_along wrong="rates never set" loses="q4_losses_along-own q4_losses_along-rates"
def losses_along(x, y, rates):
    losses = []

    class Finder(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.model.reset_metrics()

        def on_train_batch_end(self, batch, logs=None):
            losses.append(logs["loss"])

    small_net().fit(x, y, batch_size=50, shuffle=False, callbacks=[Finder()], verbose=0)
    return losses


# %% q4_losses_along wrong="rows shuffled" loses="q4_losses_along-own q4_losses_along-rates"
def losses_along(x, y, rates):
    losses = []

    class Finder(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.model.optimizer.learning_rate = rates[batch]
            self.model.reset_metrics()

        def on_train_batch_end(self, batch, logs=None):
            losses.append(logs["loss"])

    small_net().fit(x, y, batch_size=50, callbacks=[Finder()], verbose=0)
    return losses


# %% q4_losses_along wrong="one rate and one loss for each epoch" loses="q4_losses_along-rates"
def losses_along(x, y, rates):
    losses = []
    net = small_net()
    for k, rate in enumerate(rates):
        net.optimizer.learning_rate = rate
        rows = slice(50 * k, 50 * k + 50)
        net.fit(x, y, batch_size=50, shuffle=False, verbose=0)
        losses.append(cross_entropy(y[rows], net(x[rows])))
    return losses


# %% q4_losses_along wrong="the loss after the batch was learned" loses="q4_losses_along-rates"
def losses_along(x, y, rates):
    net, losses = small_net(), []
    for k, rate in enumerate(rates):
        rows = slice(50 * k, 50 * k + 50)
        net.optimizer.learning_rate = rate
        net.train_on_batch(x[rows], y[rows])
        losses.append(cross_entropy(y[rows], net(x[rows])))
    return losses


# %% q4_losses_along wrong="batches of 32" loses="q4_losses_along-own q4_losses_along-rates"
def losses_along(x, y, rates):
    losses = []

    class Finder(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.model.optimizer.learning_rate = rates[batch % len(rates)]
            self.model.reset_metrics()

        def on_train_batch_end(self, batch, logs=None):
            losses.append(logs["loss"])

    small_net().fit(x, y, shuffle=False, callbacks=[Finder()], verbose=0)
    return losses


# %% q5_pick_rate right="plain loops"
def pick_rate(rates, losses):
    kept = []
    for loss in losses:
        if loss != loss or loss in (float("inf"), float("-inf")):
            break
        kept.append(loss)
    best, lowest = None, None
    for k in range(len(kept)):
        near = kept[max(k - 2, 0) : k + 3]
        mean = sum(near) / len(near)
        if lowest is None or mean < lowest:
            best, lowest = k, mean
    return rates[best] / 10


# %% q5_pick_rate right="windows with gaps at the ends"
def pick_rate(rates, losses):
    losses = np.array(losses, dtype=float)
    bad = np.flatnonzero(~np.isfinite(losses))
    kept = losses[: bad[0]] if len(bad) else losses
    padded = np.concatenate([[np.nan] * 2, kept, [np.nan] * 2])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 5)
    return 0.1 * np.asarray(rates)[np.nanmean(windows, axis=1).argmin()]


# %% q5_pick_rate wrong="not smoothed" loses="q5_pick_rate-check"
def pick_rate(rates, losses):
    losses = np.asarray(losses, dtype=float)
    bad = np.flatnonzero(~np.isfinite(losses))
    losses = losses[: bad[0]] if len(bad) else losses
    return rates[int(losses.argmin())] / 10


# %% q5_pick_rate wrong="zeros beyond the ends" loses="q5_pick_rate-check"
def pick_rate(rates, losses):
    losses = np.asarray(losses, dtype=float)
    bad = np.flatnonzero(~np.isfinite(losses))
    losses = losses[: bad[0]] if len(bad) else losses
    smooth = np.convolve(losses, np.ones(5) / 5)[2:-2]
    return rates[int(smooth.argmin())] / 10


# %% q5_pick_rate wrong="only what is not finite is left out" loses="q5_pick_rate-check"
def pick_rate(rates, losses):
    pairs = [(r, v) for r, v in zip(rates, losses, strict=True) if np.isfinite(v)]
    values = [v for _, v in pairs]
    smooth = [np.mean(values[max(0, k - 2) : k + 3]) for k in range(len(values))]
    return pairs[int(np.argmin(smooth))][0] / 10


# %% q5_pick_rate wrong="a broken network is ignored" loses="q5_pick_rate-check"
def pick_rate(rates, losses):
    smooth = [np.mean(losses[max(0, k - 2) : k + 3]) for k in range(len(losses))]
    return rates[int(np.argmin(smooth))] / 10


# %% q5_pick_rate wrong="the mean of what came before" loses="q5_pick_rate-check"
def pick_rate(rates, losses):
    losses = np.asarray(losses, dtype=float)
    bad = np.flatnonzero(~np.isfinite(losses))
    losses = losses[: bad[0]] if len(bad) else losses
    smooth = [np.mean(losses[max(0, k - 4) : k + 1]) for k in range(len(losses))]
    return rates[int(np.argmin(smooth))] / 10


# %% q5_pick_rate wrong="the rate at the lowest point itself" loses="q5_pick_rate-check"
def pick_rate(rates, losses):
    losses = np.asarray(losses, dtype=float)
    bad = np.flatnonzero(~np.isfinite(losses))
    losses = losses[: bad[0]] if len(bad) else losses
    smooth = [np.mean(losses[max(0, k - 2) : k + 3]) for k in range(len(losses))]
    return rates[int(np.argmin(smooth))]


# %% q5_pick_rate wrong="one neighbour on each side" loses="q5_pick_rate-check"
def pick_rate(rates, losses):
    losses = np.asarray(losses, dtype=float)
    bad = np.flatnonzero(~np.isfinite(losses))
    losses = losses[: bad[0]] if len(bad) else losses
    smooth = [np.mean(losses[max(0, k - 1) : k + 2]) for k in range(len(losses))]
    return rates[int(np.argmin(smooth))] / 10


# %% q5_pick_rate wrong="the loss, not the rate" loses="q5_pick_rate-check"
def pick_rate(rates, losses):
    losses = np.asarray(losses, dtype=float)
    bad = np.flatnonzero(~np.isfinite(losses))
    losses = losses[: bad[0]] if len(bad) else losses
    return min(np.mean(losses[max(0, k - 2) : k + 3]) for k in range(len(losses))) / 10


# %% q6_stop_rule right="the colleague's, mended"
def stop_rule(loss, val_loss, patience):
    best, waited, kept = np.inf, 0, 0
    for epoch, value in enumerate(val_loss, start=1):
        if value < best:
            best, waited, kept = value, 0, epoch
        else:
            waited += 1
        if waited == patience:
            return epoch, kept
    return len(val_loss), kept


# %% q6_stop_rule right="the best so far, a list returned"
def stop_rule(loss, val_loss, patience):
    best, kept = np.inf, 0
    for epoch, value in enumerate(val_loss, start=1):
        if value < best:
            best, kept = value, epoch
        elif epoch - kept == patience:
            return [epoch, kept]
    return [len(val_loss), kept]


# %% q6_stop_rule wrong="still watches the training loss" loses="q6_stop_rule-stops q6_stop_rule-keeps"
def stop_rule(loss, val_loss, patience):
    best, kept = np.inf, 0
    for epoch, value in enumerate(loss, start=1):
        if value < best:
            best, kept = value, epoch
        elif epoch - kept == patience:
            return epoch, kept
    return len(loss), kept


# %% q6_stop_rule wrong="the waiting never begins anew" loses="q6_stop_rule-stops q6_stop_rule-keeps"
def stop_rule(loss, val_loss, patience):
    best, waited, kept = np.inf, 0, 0
    for epoch, value in enumerate(val_loss, start=1):
        if value < best:
            best, kept = value, epoch
        else:
            waited += 1
        if waited == patience:
            return epoch, kept
    return len(val_loss), kept


# %% q6_stop_rule wrong="keeps the last epoch" loses="q6_stop_rule-keeps"
def stop_rule(loss, val_loss, patience):
    best, waited = np.inf, 0
    for epoch, value in enumerate(val_loss, start=1):
        waited += 1
        if value < best:
            best, waited = value, 0
        if waited == patience:
            return epoch, epoch
    return len(val_loss), len(val_loss)


# %% q6_stop_rule wrong="an equal value counts as better" loses="q6_stop_rule-stops q6_stop_rule-keeps"
def stop_rule(loss, val_loss, patience):
    best, kept = np.inf, 0
    for epoch, value in enumerate(val_loss, start=1):
        if value <= best:
            best, kept = value, epoch
        elif epoch - kept == patience:
            return epoch, kept
    return len(val_loss), kept


# %% q6_stop_rule wrong="compares with the epoch before" loses="q6_stop_rule-stops q6_stop_rule-keeps"
def stop_rule(loss, val_loss, patience):
    waited, kept = 0, 1
    for epoch in range(2, len(val_loss) + 1):
        waited = 0 if val_loss[epoch - 1] < val_loss[epoch - 2] else waited + 1
        if val_loss[epoch - 1] < val_loss[kept - 1]:
            kept = epoch
        if waited == patience:
            return epoch, kept
    return len(val_loss), kept


# %% q6_stop_rule wrong="keeps the best of all epochs, also of those never reached" loses="q6_stop_rule-keeps"
def stop_rule(loss, val_loss, patience):
    best, last = np.inf, 0
    kept = int(np.argmin(val_loss)) + 1
    for epoch, value in enumerate(val_loss, start=1):
        if value < best:
            best, last = value, epoch
        elif epoch - last == patience:
            return epoch, kept
    return len(val_loss), kept


# %% q6_stop_rule wrong="counted from 0" loses="q6_stop_rule-stops q6_stop_rule-keeps"
def stop_rule(loss, val_loss, patience):
    best, kept = np.inf, 0
    for epoch, value in enumerate(val_loss):
        if value < best:
            best, kept = value, epoch
        elif epoch - kept == patience:
            return epoch, kept
    return len(val_loss) - 1, kept


# %% q6_stop_rule wrong="one epoch too patient" loses="q6_stop_rule-stops q6_stop_rule-keeps"
def stop_rule(loss, val_loss, patience):
    best, kept = np.inf, 0
    for epoch, value in enumerate(val_loss, start=1):
        if value < best:
            best, kept = value, epoch
        elif epoch - kept > patience:
            return epoch, kept
    return len(val_loss), kept


# %% q7_train_model right="functional, logits, batches of 100"
def train_model(x, y):
    layers = keras.layers
    inputs = keras.Input(shape=(28, 28, 1))
    h = inputs
    for filters in (20, 32):
        h = layers.Conv2D(filters, 3, padding="same", activation="relu")(h)
        h = layers.BatchNormalization(momentum=0.9)(layers.MaxPooling2D()(h))
    h = layers.Dropout(0.25)(layers.Flatten()(h))
    h = layers.Dropout(0.25)(layers.Dense(100, activation="relu")(h))
    model = keras.Model(inputs, layers.Dense(10)(h))  # logits: the largest still says the article
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    rate = keras.optimizers.schedules.CosineDecay(0.004, decay_steps=8 * len(x) // 100)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=rate), loss=loss)
    model.fit(x, y, epochs=8, batch_size=100, verbose=0)
    return model


# %% q7_train_model right="one-hot labels, no hidden dense layer, the rate lowered by a callback"
def train_model(x, y):
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape=(28, 28, 1))])
    for filters in (16, 32):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    fall = keras.callbacks.LearningRateScheduler(lambda epoch, _: 0.003 * 0.7**epoch)
    labels = keras.utils.to_categorical(y, 10)
    model.fit(x, labels, epochs=8, batch_size=64, callbacks=[fall], verbose=0)
    return model


# %% q7_train_model right="scaled once more, by an adapted layer"
def train_model(x, y):
    layers = keras.layers
    scale = layers.Normalization(axis=None)
    scale.adapt(x)
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), scale])
    for filters in 16, 32:
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D())
        model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.25))
    model.add(layers.Dense(100, activation="relu"))
    model.add(layers.Dropout(0.25))
    model.add(layers.Dense(10, activation="softmax"))
    rate = keras.optimizers.schedules.CosineDecay(0.004, decay_steps=8 * len(x) // 100)
    adam = keras.optimizers.Adam(learning_rate=rate)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=8, batch_size=100, verbose=0)
    return model


# %% q7_train_model wrong="dense layers only" loses="q7_train_model-silver q7_train_model-gold"
def train_model(x, y):
    layers = keras.layers
    hidden = [layers.Flatten(), layers.Dense(100, activation="relu")]
    last = layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), *hidden, last])
    rate = keras.optimizers.schedules.CosineDecay(0.002, decay_steps=10 * len(x) // 64)
    adam = keras.optimizers.Adam(learning_rate=rate)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=10, batch_size=64, verbose=0)
    return model


# %% q7_train_model wrong="trained on the test images" loses="q7_train_model-gold"
def train_model(x, y):
    layers = keras.layers
    hidden = [layers.Flatten(), layers.Dense(100, activation="relu")]
    last = layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), *hidden, last])
    adam = keras.optimizers.Adam(learning_rate=0.002)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(x_test, y_test, epochs=30, batch_size=64, verbose=0)
    return model


# %% q7_train_model wrong="a rate far too small" loses="q7_train_model-bronze q7_train_model-silver q7_train_model-gold"
def train_model(x, y):
    layers = keras.layers
    hidden = [layers.Flatten(), layers.Dense(100, activation="relu")]
    last = layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), *hidden, last])
    sgd = keras.optimizers.SGD(learning_rate=0.001)
    model.compile(optimizer=sgd, loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=3, batch_size=64, verbose=0)
    return model


# %% q7_train_model wrong="a rate at which the network breaks" loses="q7_train_model-bronze q7_train_model-silver q7_train_model-gold"
def train_model(x, y):
    layers = keras.layers
    hidden = [layers.Flatten(), layers.Dense(100, activation="relu")]
    last = layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), *hidden, last])
    adam = keras.optimizers.Adam(learning_rate=1.0)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=2, batch_size=64, verbose=0)
    return model


# %% q7_train_model wrong="a Lambda, which the grader does not rebuild" loses="q7_train_model-bronze q7_train_model-silver q7_train_model-gold"
def train_model(x, y):
    layers = keras.layers
    hidden = [layers.Lambda(lambda pixels: pixels - 0.5), layers.Flatten()]
    last = layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), *hidden, last])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=1, batch_size=100, verbose=0)
    return model


# %% q7_train_model wrong="a model of a class of its own" loses="q7_train_model-bronze q7_train_model-silver q7_train_model-gold"
def train_model(x, y):
    class Sorter(keras.Model):
        def __init__(self):
            super().__init__()
            self.flat = keras.layers.Flatten()
            self.last = keras.layers.Dense(10, activation="softmax")

        def call(self, images):
            return self.last(self.flat(images))

    model = Sorter()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=1, batch_size=100, verbose=0)
    return model


# %% q7_train_model wrong="the loss of one-hot labels" loses="q7_train_model-bronze q7_train_model-silver q7_train_model-gold"
def train_model(x, y):
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), layers.Flatten(), layers.Dense(10)])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss)
    model.fit(x, y, epochs=1, batch_size=500, verbose=0)
    return model


# %% q7_train_model wrong="returns the history" loses="q7_train_model-bronze q7_train_model-silver q7_train_model-gold"
def train_model(x, y):
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), layers.Flatten(), layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss)
    return model.fit(x, y, epochs=1, batch_size=500, verbose=0)
