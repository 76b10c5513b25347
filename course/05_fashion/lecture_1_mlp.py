# %% [markdown]
# # Fashion 1: a network of layers
#
# {{badge}}
#
# A network that sorts clothes is ten lines of Keras, and you have written such lines before. This time you open the
# lids: what is a layer before it has seen data, what does `fit` do with your rows, and what does a training curve
# really show? At the end the network sees the test clothes, once, and you say beforehand what it will mistake for
# what.
#
# ## Objectives *(2 min)*
#
# **75 minutes.** You need the iris unit (softmax, cross-entropy, sparse labels, confusion matrix) and the MNIST
# unit (images as tensors, counting parameters); for one question also the heart unit (calibration). On Colab, save a copy in Drive first (*File → Save a copy in
# Drive*), or your work is lost when you close the tab.
#
# At the end you can
#
# 1. write a `Sequential` model in two ways, and count its parameters on paper;
# 2. read a layer's name and arrays, and say when a model has none;
# 3. put a training curve in its right place, and go on with a fit;
# 4. say which rows `fit` holds back and how much each row counts, and name what a classifier confuses.

# %%
from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd


# %% [markdown]
# ## Problem *(3 min)*
#
# A shop buys used clothes. Each piece is photographed, and somebody types what it is: one of ten articles. Could a
# network do the first sorting? **Fashion-MNIST** has pictures for that. It was made with MNIST's shape, 28 × 28
# grey pixels and ten classes, because digits had become too easy.
#
# You know a good layer for images: convolution. It comes back in part 4. Here we stay with dense layers. A dense
# network is called a **multilayer perceptron**, MLP for short, and nothing shows the machinery of Keras better.
#
# ## Look at the data *(6 min)*
#
# The first 5,000 training images become our **validation** images. The **test** images stay closed until *Judge*.
# Pixels are whole numbers from 0 to 255; we divide by 255, so that the first sums are small. (If the full set is
# out of reach, the cell takes the mini set, and of that the first 2,000 for validation.)
#
# For experiments the first 10,000 training images will do: `x_small`. All of them come in at the end.
#
# Each column of the picture is one article. **Look for** columns that you could not tell apart if the titles were
# gone. Below the picture stand two guesses.

# %%
try:
    fashion, n_val = data.load_fashion(size="full"), 5_000
except data.DataError:
    fashion, n_val = data.load_fashion(), 2_000
    print("The full set is out of reach here, so this part runs on the mini set.")
names = fashion.class_names

x, y = fashion.x_train.astype("float32") / 255, fashion.y_train
x_val, y_val = x[:n_val], y[:n_val]
x_train, y_train = x[n_val:], y[n_val:]
x_small, y_small = x_train[:10_000], y_train[:10_000]
for pile, images in (("training", x_train), ("validation", x_val), ("small", x_small)):
    print(f"{pile:10} {images.shape} {images.dtype}, from {images.min():.0f} to {images.max():.0f}")
if len(x) == 60_000:  # the full set
    assert x_train.shape == (55_000, 28, 28) and x_val.shape == (5_000, 28, 28)


def percent_right(model, x, y):
    return 100 * float(np.mean(np.asarray(model(x)).argmax(axis=1) == y))


# %%
fig, axes = plt.subplots(5, 10, figsize=(10, 5.6), layout="constrained")
for article, column in enumerate(axes.T):
    for ax, image in zip(column, x_small[y_small == article]):
        ax.imshow(image, cmap="gray_r")
        ax.set(xticks=[], yticks=[])
    column[0].set_title(names[article], fontsize=9)
fig.suptitle("Five images of each article, 28 × 28 pixels")
alt = "Fifty garments. Pullovers, coats and shirts are of one shape: a body and two long sleeves. T-shirts "
alt += "have short ones, dresses are long; three columns are shoes; trousers and bags stand alone."
plots.show(fig, alt=alt)

# Which article will the network miss most often? Type its name, as it stands above the column.
worst_guess = None

# How many percent will softmax on the pixels name rightly, with no hidden layer at all?
softmax_guess = None  # pure guessing gets 10

predict.record("missed most often", worst_guess)
predict.record("softmax", softmax_guess, unit="%")

# %% [markdown]
# ## Baseline *(5 min)*
#
# A tenth of the images belongs to each article, so always saying the same one is right one time in ten. The real
# baseline is **softmax on the pixels**: one dense layer, 784 → 10, no hidden one. That is the logistic regression
# of the iris unit. Each article has 784 weights, one a pixel. The larger its sum of weight times pixel (plus a
# bias), compared with the other articles' sums, the larger its share.
#
# (It starts with all weights 0, so that the picture shows only what was learned. A single layer may: its ten
# columns get different gradients at once, each from its own label. Between hidden layers it goes wrong; the last
# row of the table under *Improve* shows how.)
#
# **Look at** the ten tables of weights, laid out as images, in mixed order. Which letter is which article?

# %%
keras.utils.set_random_seed(0)
pixels = [keras.Input(shape=(28, 28)), keras.layers.Flatten(name="pixels")]
ten = keras.layers.Dense(10, activation="softmax", kernel_initializer="zeros")
softmax = keras.Sequential([*pixels, ten])
softmax.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
softmax.fit(x_small, y_small, batch_size=100, epochs=5, verbose=0)
softmax_score = percent_right(softmax, x_val, y_val)
predict.compare("softmax", softmax_score)
expect.better(softmax_score, 10, factor=6, lower_is_better=False, name="softmax on pixels [%]")

templates = softmax.get_weights()[0].T.reshape(10, 28, 28)  # from (784, 10)
order = (4, 9, 6, 1, 7, 0, 8, 3, 5, 2)  # mixed, so that you can guess
fig, axes = plt.subplots(2, 5, figsize=(10, 4.4), layout="constrained")
for letter, article, ax in zip("ABCDEFGHIJ", order, axes.flat):
    drawn = ax.imshow(templates[article], cmap="PuOr_r", vmin=-0.3, vmax=0.3)
    ax.set(title=letter, xticks=[], yticks=[])
fig.colorbar(drawn, ax=axes, extend="both", label="weight of the pixel")
fig.suptitle("Softmax on pixels: ink on orange speaks for the article, ink on purple against it")
alt = "Orange: A two long sides; B low left, high right; C collar, shoulders; D two columns; "
alt += "E low band; F body, a patch at each shoulder; G wide lower half; H narrow upright stripe; "
plots.show(fig, alt=alt + "I patches aslant; J a yoke over two long sides.")

# %% [markdown]
# <details><summary>Which letter is which?</summary>
#
# A coat, B ankle boot, C shirt, D trouser, E sneaker, F T-shirt/top, G bag, H dress, I sandal, J pullover. (The
# arrows at the scale: weights beyond ±0.3 are drawn like 0.3, such as the gap between the trouser legs.)
#
# </details>
#
# One template an article: that is all that a single layer has. But bags come with and without a handle, and a
# sandal and its heel vary. Hidden layers can make *features* first, and then combine them.
#
# ## Build *(20 min)*
#
# ### Idea 1: a list of layers
#
# A `Sequential` model is a list. Each layer takes what the one before hands on. You may `add` layers one by one, or
# give the whole list at once. The result is the same, so take what reads better.
#
# Ours: **Flatten** lays the 28 rows end to end; 300 units with `relu`; 100 with `relu`; 10 with `softmax`, one
# share for each article. 300 and 100 are no law: wide enough for many features, and narrowing to ten answers. We
# give each layer a **name**, to find it again.
#
# The first cell proves that both ways are equal: same seed, same starting weights, same answers. The second sends
# *one* image through, layer by layer. Before you run it, **guess** (first line): how many parameters has our
# network, all weights and biases? Count on paper. **Guess**, too: how many of the 300 values of `hidden_1` will be
# exactly 0? Then **look at** the last panel: what does a network say that has learned nothing (dashed: a tenth each)?

# %%
keras.utils.set_random_seed(0)
by_add = keras.Sequential()
by_add.add(keras.Input(shape=(28, 28)))
by_add.add(keras.layers.Flatten(name="pixels"))
by_add.add(keras.layers.Dense(300, activation="relu", name="hidden_1"))
by_add.add(keras.layers.Dense(100, activation="relu", name="hidden_2"))
by_add.add(keras.layers.Dense(10, activation="softmax", name="article"))


def build(first=300, second=100):
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28)),
            keras.layers.Flatten(name="pixels"),
            keras.layers.Dense(first, activation="relu", name="hidden_1"),
            keras.layers.Dense(second, activation="relu", name="hidden_2"),
            keras.layers.Dense(10, activation="softmax", name="article"),
        ]
    )


keras.utils.set_random_seed(0)
by_list = build()
expect.close(by_list(x_val[:100]), by_add(x_val[:100]), name="the answers of list and add")

# %%
parameters_guess = None

predict.record("parameters", parameters_guess, unit="parameters")

steps, out = [], x_val[:1]  # a batch of one: (1, 28, 28)
for layer in by_list.layers:
    out = layer(out)
    steps.append((layer.name, np.asarray(out)[0]))
expect.close(out, by_list(x_val[:1]), atol=1e-6, name="layer by layer, and all at once")

fig, axes = plt.subplots(1, 4, figsize=(10.5, 2.8), width_ratios=(3, 3, 3, 2), layout="constrained")
for ax, (name, values) in zip(axes, steps):
    ax.bar(range(values.size), values, width=1, color=plots.COLOURS["blue"])
    ax.set(title=f"{name}: {values.size} values", xlabel="place in the row", ylim=(0, None))
    print(f"{name:9} {values.size:4} values, {np.sum(values == 0):3} of them exactly 0")
axes[-1].set(xticks=range(10), xlabel="article 0 to 9")
axes[-1].axhline(0.1, color=plots.COLOURS["black"], ls="--")
axes[0].set_ylabel("value")
plots.show(
    fig, alt=f"784 pixels; 300 and 100 values, about half 0; ten shares: {steps[-1][1].round(2)}."
)

# %%
answers = {
    "It has one more layer, 10 → 10, with 110 parameters": "Right: a list grows. No error, and the model still trains, "
    "worse. So build a model in a single cell, from the start.",
    "The old output layer is replaced": "Misconception: that `add` looks at what is there. It appends.",
    "Keras stops with an error": "Not quite: only if you give the layer a name that is taken. Another reason to name layers.",
}
quiz.ask(
    'By mistake you run model.add(Dense(10, activation="softmax")) twice, no name given. What now?',
    answers,
)

# %% [markdown]
# About half of the hidden values are 0: a sum with random weights is as often negative as positive, and `relu` cuts
# it off. And the ten shares are *not* a tenth each: a network that has learned nothing is not undecided. It has
# opinions, by chance.
#
# ### Idea 2: a layer is a name and its arrays
#
# A dense layer holds two arrays: the **kernel**, its weights, one row for each input and one column for each unit;
# and the **bias**, one number a unit. `get_layer` finds a layer by its name, `get_weights` hands out copies of its
# arrays, `set_weights` puts arrays in.
#
# A bias starts at 0, a kernel at random: unit 00 showed that units which start equal stay equal. Keras' default is
# **Glorot**, there with variance $2/(\text{inputs} + \text{units})$. Keras draws evenly from $-a$ to $a$; such a draw
# has variance $a^2/3$, so $a = \sqrt{6/(\text{inputs} + \text{units})}$. (For ReLU you learned He. Over two hidden
# layers the difference is small, so we keep the default.)
#
# The next cell counts by arithmetic. Which of the three layers starts with the smallest weights?

# %%
# NBVAL_CHECK_OUTPUT
for layer in by_list.layers:
    print(f"{layer.name:9}", [array.shape for array in layer.get_weights()])
for layer in by_list.layers[1:]:
    kernel = layer.get_weights()[0]
    a = np.sqrt(6 / sum(kernel.shape))
    assert 0.9 * a < np.abs(kernel).max() <= a
    print(f"{layer.name:9} starts with weights from {-a:.3f} to {a:.3f}")

kernel, bias = by_list.get_layer("hidden_1").get_weights()
assert kernel.shape == (784, 300)  # 784 pixels, 300 units
assert bias.shape == (300,) and not bias.any()

hidden_1 = 784 * 300 + 300
hidden_2 = 300 * 100 + 100
article = 100 * 10 + 10
assert (hidden_1, hidden_2, article) == (235_500, 30_100, 1_010)
assert by_list.count_params() == hidden_1 + hidden_2 + article == 266_610
predict.compare("parameters", by_list.count_params())

# %%
answers = {
    "No: each is weighed differently further up, so each gets another gradient": "Right: the tie is broken from above. "
    "Units stay equal only if what comes after treats them as equal, too.",
    "Yes: same weights in, same weights out, for ever": "Misconception: equal outputs, but not equal "
    "gradients. A gradient also passes through the weights that follow.",
    "Yes, unless the images differ": "Misconception: that data break the tie. Every unit sees every image.",
}
quiz.ask(
    "Only the kernel of hidden_1 starts with one equal number, 0.01; the other kernels start at random. "
    "Do its 300 units stay equal?",
    answers,
)

# %% [markdown]
# ### Idea 3: no data, no weights
#
# `Dense(300)` says how many units. It does not say how many *inputs*. So it cannot make its kernel: how many rows?
# In our list `keras.Input` tells it. Leave that line out, and the model waits. **Guess:** how many parameters does
# its summary count? And how many images must it see before that changes?
#
# The first cell prints the summary. In the second **look at** the two rows of boxes: the same model before and
# after *two* images. What has it taken from them: what they show, or their size?


# %%
def draw_arrays(ax, model, title):
    for k, layer in enumerate(model.layers):
        shapes = [str(tuple(w.shape)) for w in layer.weights] or ["no arrays"]
        text = "\n".join([layer.name, *(shapes if layer.built else ["?"])])
        colours = dict(fc="#fdf6c5", ls="-") if layer.built else dict(fc="0.9", ls="--")
        box = dict(boxstyle="round,pad=0.5", ec="black", **colours)
        ax.text(k, 0, text, ha="center", va="center", fontsize=10, bbox=box)
    ax.set(title=title, xlim=(-0.5, len(model.layers) - 0.5), ylim=(-1, 1))
    ax.set_axis_off()


late = keras.Sequential(
    [  # no Input
        keras.layers.Flatten(name="pixels"),
        keras.layers.Dense(300, activation="relu", name="hidden_1"),
        keras.layers.Dense(100, activation="relu", name="hidden_2"),
        keras.layers.Dense(10, activation="softmax", name="article"),
    ]
)
late.summary(line_length=60)

# %%
fig, axes = plt.subplots(2, 1, figsize=(9, 3.4), layout="constrained")
draw_arrays(axes[0], late, "Without Input, before any data")
print("before:", late.weights)
try:
    late.count_params()
except ValueError:
    print("before: not built, so there is nothing to count")

late(x_val[:2])  # two images are enough

draw_arrays(axes[1], late, "The same model, after a batch of two images")
assert late.count_params() == 266_610
print(f"after: {len(late.weights)} arrays, {late.count_params():,} parameters")
try:
    late(x_val[:2, ::2, ::2])  # every other pixel: 14 × 14
except ValueError:
    print("after: images of 14 × 14 do not fit any more")
shapes = ", ".join(str(tuple(w.shape)) for w in late.weights)
plots.show(fig, alt=f"Above, boxes with question marks; below, with the arrays' shapes: {shapes}.")

# %% [markdown]
# Only their size. The first batch, be it a single image, tells the model what it must know: then the arrays are
# made, **once**. From then on the sizes are fixed. And `Total params: 0` was no count, only a confession: not
# built. (Up to Keras 2, `summary()` raised an error here; `count_params()` still does.) Without data,
# `late.build((None, 28, 28))` does the same as a batch.
#
# A model with `Input` can be checked before it has cost you anything. So use `Input`, unless you must wait.

# %%
answers = {
    "59,100": "Right: 14 · 14 = 196 inputs, and (196 + 1) · 300 = 59,100. The first batch decides.",
    "235,500": "Misconception: that 784 is written in the layer. Only the 300 is.",
    "0, until fit is called": "Misconception: that weights come from training. They are made when the sizes are known.",
}
quiz.ask(
    "A fresh model without Input sees its first batch: images of 14 × 14. How many parameters has hidden_1?",
    answers,
)

# %%
# Your turn. Write 784 → 50 → 20 → 10 with `add`: two lines with relu, one with softmax.
mine = keras.Sequential()
mine.add(keras.Input(shape=(28, 28)))
mine.add(keras.layers.Flatten(name="pixels"))
# mine.add(...)

on_paper = None  # how many parameters will it have? Count first

predict.record("yours", on_paper, unit="parameters")
kernels = [tuple(array.shape) for array in mine.weights][::2]  # every other one is a bias
done = kernels == [(784, 50), (50, 20), (20, 10)]
print("done" if done else f"not yet, kernels so far: {kernels}")
if done:
    predict.compare("yours", mine.count_params())

# %% [markdown]
# ## Train *(23 min)*
#
# `compile` fixes three things: the **loss** that training makes small (*sparse*, since our labels are numbers and
# not one-hot rows), the **optimiser** that makes it small, and the **metrics** that only report. Plain SGD this
# time: it hides nothing.
#
# `fit` returns a `History`. Its `history` is a dictionary, a list for each number: a ready-made **table**. `note`
# is a callback, a thing whose functions `fit` calls on its way (part 3). It keeps the loss of every batch, and
# measures again after each epoch; we shall need both.
#
# **Look at** the first row of the table: two losses for epoch 1. The cell after it asks for two that are *not* in
# the table.

# %%
dots = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(end=".", flush=True))
cross_entropy = keras.losses.sparse_categorical_crossentropy
note = keras.callbacks.LambdaCallback(
    on_train_batch_end=lambda batch, logs: running.append(logs["loss"]),
    on_epoch_end=lambda epoch, logs: at_end.append(cross_entropy(y_small, model(x_small))),
)


def compiled(model, rate=0.1):
    sgd = keras.optimizers.SGD(learning_rate=rate)
    model.compile(optimizer=sgd, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


keras.utils.set_random_seed(0)
model, running, at_end = compiled(build()), [], []
options = dict(batch_size=100, validation_data=(x_val, y_val), verbose=0)  # for two fits
history = model.fit(x_small, y_small, epochs=6, callbacks=[dots, note], **options)

table = pd.DataFrame(history.history, index=[epoch + 1 for epoch in history.epoch])
assert sorted(table) == ["accuracy", "loss", "val_accuracy", "val_loss"]
table.rename_axis("epoch").round(3)

# %%
# The loss of the same 10,000 training images, measured again right after epoch 1:
after_guess = None

# Call `fit` a second time on the same model. The loss that its first epoch reports:
resume_guess = None

predict.record("training loss right after epoch 1", after_guess)
predict.record("first epoch of a second fit", resume_guess)

# %% [markdown]
# ### Idea 4: the training curve lags by half an epoch
#
# In the first row validation is better, and by far: on images that the network never learned from! With the digits
# dropout was one reason. Here is no dropout, so what is left is the pure effect: the reported training loss is a
# **mean over the epoch**, 100 batches, the early ones seen by a network that knew less. Validation is measured once,
# at the **end**. So the two numbers in one row do not belong to one network. A mean over an epoch belongs, about, to
# the network in the *middle* of that epoch: draw it half an epoch earlier.
#
# On the right **look at** the grey line, the loss of the batches. Each pale bar is its mean over an epoch. Take the
# first three bars: where does the grey line cross them? The triangles are the training loss once more, measured
# *after* the epoch, at the same moment as validation. What do they leave of the riddle?

# %%
means = np.reshape(running, (6, 100))  # Keras reports the mean of the epoch so far
batch_loss = np.diff(np.arange(1, 101) * means, prepend=0).ravel()
expect.close(batch_loss.reshape(6, 100).mean(axis=1), table["loss"], rtol=1e-3, name="means")
smooth = np.convolve(batch_loss, np.ones(41) / 41, mode="valid")  # (560,)
measured = np.mean(at_end, axis=1)  # (6, 10000) -> (6,)
predict.compare("training loss right after epoch 1", measured[0])

fig, axes = plt.subplots(1, 2, figsize=(10, 4.6), width_ratios=(2, 3), layout="constrained")
blue, red = plots.COLOURS["blue"], plots.COLOURS["vermillion"]
sides = (axes[0], "o-", 0, "As numbered"), (axes[1], "o", 0.5, "Training half an epoch earlier")
for ax, look, shift, title in sides:
    ax.plot(table.index - shift, table["loss"], look, color=blue, label="training")
    ax.plot(table.index, table["val_loss"], "s--", color=red, label="validation")
    ax.set(title=title, xlabel="epoch", ylabel="loss", ylim=(0.35, 1.05), xlim=(0, 6.2))
axes[1].plot(np.arange(20, 580) / 100, smooth, "0.6", lw=1.5, zorder=1, label="mean of 41 batches")
axes[1].plot(table.index, measured, "k^", label="training, after the epoch")
axes[1].hlines(table["loss"], table.index - 1, table.index, color=blue, lw=6, alpha=0.35, zorder=0)
fig.legend(*axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=4)
cross = ", ".join(f"{(20 + np.argmax(smooth < bar)) / 100:.2f}" for bar in table["loss"].head(3))
ends = [np.array(v, dtype=float).round(2).tolist() for v in (measured, table["val_loss"])]
plots.show(fig, alt=f"Grey crosses the bars at {cross}; triangles {ends[0]}, validation {ends[1]}.")

# %%
answers = {
    "2.5": "Right: the mean over the third epoch, which runs from 2 to 3, belongs about to its middle.",
    "3": "Misconception: that the number belongs to the end. Validation does; the training loss is a mean over "
    "the epoch.",
    "2": "Not quite: that is where the third epoch begins. The mean is taken from there on.",
}
quiz.ask(
    "The third row of a table says: loss 0.50. When, in epochs, had the network about this loss on training images?",
    answers,
)

# %% [markdown]
# The grey line crosses the second and the third bar near the middle; the first well before it, for there the loss
# falls most steeply. Half an epoch is a rule of thumb. The triangles settle the rest: at the same moment, training is
# level with validation, or lower. And now you see what the table hid: from epoch to epoch the two drift apart. That
# is how overfitting begins. (`plots.learning_curves`, in the next picture, always draws training half an epoch
# early.)
#
# ### Going on
#
# Both curves still fall. `fit` does not start afresh: a second call goes on from the weights that are there. Only
# the *numbering* starts again, unless you say `initial_epoch`; then `epochs` is the number of the last epoch.
#
# You have guessed what its first epoch reports. **Look at** the dotted line: is there a jump? Below the picture
# stands a guess for *Idea 5*.

# %%
if int(model.optimizer.iterations) == 600:  # so that this cell may be run again
    more = model.fit(x_small, y_small, initial_epoch=6, epochs=10, callbacks=[dots], **options)
assert more.epoch == [6, 7, 8, 9]  # Keras counts from 0
assert int(model.optimizer.iterations) == 1_000

added = pd.DataFrame(more.history, index=[epoch + 1 for epoch in more.epoch])
both = pd.concat([table, added])
predict.compare("first epoch of a second fit", both.loc[7, "loss"])
fig, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for ax, metric in zip(axes, ("loss", "accuracy")):
    plots.learning_curves(both, metric=metric, ax=ax)
    ax.axvline(6, color=plots.COLOURS["black"], ls=":", label="second fit begins")
    ax.set(title=f"Two fits, one {metric} curve")
    ax.legend()
told = ", ".join(f"epoch {epoch} {both.loc[epoch, 'loss']:.3f}" for epoch in (5, 6, 7, 8))
plots.show(fig, alt=f"Training loss around the dotted line at 6: {told}. {plots.alt_text(fig)}")

# Next: the rows sorted by article, and `fit` itself holds back the last fifth for validation.
sorted_guess = None  # validation accuracy after two epochs, in percent

predict.record("sorted", sorted_guess, unit="%")

# %% [markdown]
# No jump. The **optimiser** goes on, too: it still counts its steps. That matters more for Adam, which remembers
# averages. Calling `compile` again with a new optimiser keeps the weights and throws that memory away. And to start
# *afresh*, build a new model.
#
# ### Idea 5: which rows count, and how much
#
# Three arguments of `fit` decide about rows.
#
# **Which:** `validation_split=0.2` holds back the **last** fifth of the rows, as they stand. (In the regression unit that
# was the bug.) `fit` shuffles the
# training rows before each epoch, but it cuts first. If the rows are sorted, the last fifth is no fair draw.
#
# **How much:** `sample_weight` multiplies the loss of each row, `class_weight` that of each class. More below.
#
# First the cut. We train twice, two epochs each, with the rows in random order, and sorted by article as some data
# sets come: that is the one you guessed. (Change your guess above, if you like.) Then **look at** the hatched parts:
# who is in them?

# %%
in_rows = np.argsort(y_small, kind="stable")
orders = {"random order": np.arange(10_000), "sorted by article": in_rows}
fig, axes = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True, layout="constrained")
for ax, (title, rows) in zip(axes, orders.items()):
    x_rows, y_rows = x_small[rows], y_small[rows]
    keras.utils.set_random_seed(0)
    trial = compiled(build())
    run = trial.fit(x_rows, y_rows, validation_split=0.2, epochs=2, batch_size=100, verbose=0)
    score = 100 * run.history["val_accuracy"][-1]
    kept, held = np.bincount(y_rows[:8_000], minlength=10), np.bincount(y_rows[8_000:])
    ax.bar(names, kept, color=plots.COLOURS["sky"], ec="black", label="first 8,000: training")
    look = dict(color=plots.COLOURS["orange"], ec="black", hatch="//")
    ax.bar(names, held, bottom=kept, label="last 2,000: validation", **look)
    ax.tick_params(axis="x", rotation=60)
    ax.set(title=f"{title}: {score:.0f} % right", xlabel="article", ylabel="images")
    ax.set_ylim(0, 1_450)
    ax.legend(loc="upper center", ncols=2, fontsize=8)
told = ", ".join(f"{n} of {names[k]}" for k, n in enumerate(held) if n)  # of the sorted ones
plots.show(fig, alt=f"Random: about a fifth of each article is held back. Sorted: {told}.")
predict.compare("sorted", score)

# %% [markdown]
# The network has met no boots and next to no bags, and is asked about nothing else. Here the number cries out. With
# data sorted by *date* or by *shop* it only whispers: some percentage points too low or too high, and nobody
# notices. So **shuffle first, or cut yourself** and pass `validation_data`, as we do.
#
# Now, how much does a row count? A shirt taken for something else is costly to the shop, say, so shirts shall count
# three times. For a batch of $m$ rows with losses $\ell_i$ and **row weights** $r_i$ Keras computes
#
# $$L = \frac1m \sum_{i=1}^{m} r_i\, \ell_i, \qquad \ell_i = -\ln p_i(\text{true article of row } i).$$
#
# It divides by the number of rows, *not* by the sum of the row weights. `class_weight={6: 3.0}` fills in $r_i = 3$
# wherever the label is 6, and 1 elsewhere; `sample_weight` takes any $r_i$ you like. Below are four rows, two of
# them shirts. By hand, by `sample_weight` and by `class_weight`, the loss must be one number.

# %%
shirt = names.index("Shirt")
four = np.concatenate([np.flatnonzero(y_val == shirt)[:2], np.flatnonzero(y_val != shirt)[:2]])
x_four, y_four = x_val[four], y_val[four]
row_loss = -np.log(np.asarray(model(x_four))[np.arange(4), y_four])  # (4, 10) -> (4,)
row_weights = np.where(y_four == shirt, 3.0, 1.0)
by_hand = np.sum(row_weights * row_loss) / 4


def first_loss(**how):
    twin = compiled(keras.models.clone_model(model))  # same layers, fresh weights
    twin.set_weights(model.get_weights())  # fit reports the loss before its one step
    return twin.fit(x_four, y_four, batch_size=4, verbose=0, **how).history["loss"][0]


expect.close(first_loss(), row_loss.mean(), rtol=1e-3, name="no row weights")
expect.close(first_loss(sample_weight=row_weights), by_hand, rtol=1e-3, name="sample_weight")
expect.close(first_loss(class_weight={shirt: 3.0}), by_hand, rtol=1e-3, name="class_weight")
print(f"mean loss {row_loss.mean():.3f}, mean of row weight × loss {by_hand:.3f}")
columns = [np.array(names)[y_four], row_loss, row_weights, row_weights * row_loss]
pd.DataFrame(dict(zip(["label", "loss", "row weight", "row weight × loss"], columns))).round(3)

# %%
answers = {
    "As if the learning rate were doubled": "Right: loss and gradient are twice as large, for the sum is divided "
    "by the number of rows.",
    "Nothing: all rows count alike": "Misconception: that only ratios count. They would, if Keras divided by the "
    "sum of the row weights.",
    "It sees each row twice in an epoch": "Misconception: a row is still met once in an epoch. The step is "
    "twice as long.",
}
quiz.ask("Plain SGD, and sample_weight = 2 for every row. What changes in training?", answers)

# %% [markdown]
# Two things to remember. Row weights above 1 make the loss *larger*, and with it each step. And `class_weight`
# touches the **training** loss only: with it you cannot compare `loss` and `val_loss` any more. (`sample_weight` is
# cut along with the rows by `validation_split`, so there `val_loss` is weighted, too; with `validation_data` it is
# weighted only if you hand over row weights, `(x_val, y_val, r_val)`.) Metrics such as `accuracy` are never
# weighted; `weighted_metrics` would be.
#
# ## Judge *(8 min)*
#
# We know enough of the machine. Now all training images, and Adam, which usually needs fewer epochs. Softmax
# alone gets the same images and the same epochs, to be fair (and a random start, as usual). Each dot is an epoch.
# At the end of the cell you guess the test accuracy.
#
# Then come the test images, **once**. Softmax gives more than a name: ten shares that add up to 1; `argmax` takes
# the largest. They say how sure the network is. Is it **calibrated** (heart unit): as often right as it says?

# %%
judged = {}
for name in ("softmax", "network"):
    keras.utils.set_random_seed(0)
    judged[name] = build()
    if name == "softmax":  # the same, without hidden layers
        ends = [keras.layers.Flatten(name="pixels"), keras.layers.Dense(10, activation="softmax")]
        judged[name] = keras.Sequential([keras.Input(shape=(28, 28)), *ends])
    judged[name].compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.001),
        loss="sparse_categorical_crossentropy",
    )
    judged[name].fit(x_train, y_train, batch_size=250, epochs=6, verbose=0, callbacks=[dots])
    print(f" {name}: {percent_right(judged[name], x_val, y_val):.1f} % of validation images right")

# How many percent of the test images will the network name rightly?
test_guess = None

predict.record("test", test_guess, unit="%")

# %%
x_test, y_test = fashion.x_test.astype("float32") / 255, fashion.y_test
shares = judged["network"].predict(x_test, verbose=0)  # (n, 10)
said, sure = shares.argmax(axis=1), shares.max(axis=1)
right = said == y_test
accuracy = right.mean()
luck = 2 * np.sqrt(accuracy * (1 - accuracy) / right.size)  # two standard errors
print(f"softmax {percent_right(judged['softmax'], x_test, y_test):.1f} %")
print(f"network {100 * accuracy:.1f} %, give or take {100 * luck:.1f} for the luck of the draw")
predict.compare("test", 100 * accuracy)
for low, high in ((0, 0.6), (0.6, 0.9), (0.9, 0.99), (0.99, 1.01)):
    rows = (sure >= low) & (sure < high)
    word = f"{low} to {high}" if high <= 1 else f"over {low}"
    says, does = sure[rows].mean(), right[rows].mean()
    print(f"largest share {word:11}: {rows.sum():5} images, {says:.1%} sure, {does:.1%} right")

# %% [markdown]
# Compare three pairs of numbers.
#
# - *Network and softmax*, on the same test images: that is what the two hidden layers are worth.
# - *Validation and test*: is the difference larger than the luck? (Validation has its own luck, too.) If so, ask
#   softmax: does it lose as much? A model that nobody chose can lose only because the test images are another draw,
#   perhaps a harder one. We chose next to nothing by validation, so flattery is not the reason (part 4 shows when
#   it is).
# - *Sure and right*, in each row of shares. Where the network is very sure, it is seldom wrong. Seldom, not never.
#
# Three pictures follow. In the first **look at** four test images, chosen by rule: the first one, the one with the
# smallest largest share, and the two where the network is wrong and most sure of it. Do you agree with the labels?
# Some may simply be wrong: **noise in the labels**.
#
# The second is a **confusion matrix**: a row for each label, a column for each answer. What is right is left out, so
# that the mistakes show. **Look for** the darkest squares, and for pairs: dark on *both* sides of the diagonal.
#
# The third shows garments of the pair with the most mistakes. **Look at** its two rows: could you do better at
# 28 × 28 pixels?

# %%
wrong = np.flatnonzero(~right)
chosen = [0, sure.argmin(), *wrong[np.argsort(-sure[wrong])[:2]]]
why = ["the first", "least sure", "wrong and sure", "wrong and sure"]
fig, axes = plt.subplots(2, 4, figsize=(10, 5), height_ratios=(1, 1.2), layout="constrained")
for (above, below), k, word in zip(axes.T, chosen, why):
    above.imshow(x_test[k], cmap="gray_r")
    above.set(title=f"{word}\nlabel: {names[y_test[k]]}", xticks=[], yticks=[])
    bars = below.barh(names, shares[k], color=plots.COLOURS["sky"], ec="black")
    bars[y_test[k]].set(hatch="//", facecolor=plots.COLOURS["orange"])
    below.set(xlabel="share", xlim=(0, 1))
    below.invert_yaxis()
    if below is not axes[1, 0]:
        below.set_yticks([])
axes[1, 0].set_ylabel("article (hatched: the label)")
told = [f"{names[y_test[k]]}, called {names[said[k]]} with {sure[k]:.2f}" for k in chosen]
plots.show(fig, alt=f"Four garments by their labels, below each ten shares: {'; '.join(told)}.")

# %%
confusion = np.zeros((10, 10), dtype=int)
np.add.at(confusion, (y_test, said), 1)
missed = 100 * (confusion - np.diag(np.diag(confusion))) / confusion.sum(axis=1, keepdims=True)
fig, ax = plt.subplots(figsize=(7.5, 6), layout="constrained")
drawn = ax.imshow(missed, cmap="Blues")
for (row, column), value in np.ndenumerate(missed):
    if value >= 1:
        look = dict(color="white" if value > missed.max() / 2 else "black", fontsize=9)
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", **look)
ax.set_xticks(range(10), names, rotation=60)
ax.set_yticks(range(10), names)
ax.set(title="Mistakes [% of the label's images]", xlabel="the network says", ylabel="label")
fig.colorbar(drawn, ax=ax, label="%")
dark = sorted(zip(*np.nonzero(missed >= 4)), key=lambda pair: -missed[pair])
told = ", ".join(f"{names[a]} called {names[b]} {missed[a, b]:.0f} %" for a, b in dark)
plots.show(fig, alt=f"The dark squares, from 4 % on: {told}.")
predict.compare("missed most often", names[missed.sum(axis=1).argmax()])
pairs = {(a, b): confusion[a, b] + confusion[b, a] for a in range(10) for b in range(a)}
for a, b in sorted(pairs, key=pairs.get, reverse=True)[:3]:
    print(f"{names[b]} and {names[a]}: {pairs[a, b]} mistakes of {(~right).sum()}")

# %%
a, b = max(pairs, key=pairs.get)
fig, axes = plt.subplots(2, 8, figsize=(10, 3), layout="constrained")
for row, (label, answer) in zip(axes, ((a, b), (b, a))):
    for ax, k in zip(row, np.flatnonzero((y_test == label) & (said == answer))):
        ax.imshow(x_test[k], cmap="gray_r")
    row[0].set_ylabel(f"label\n{names[label]}")
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
fig.suptitle(f"Above: {names[a]}, called {names[b]}. Below: {names[b]}, called {names[a]}")
plots.show(fig, alt=f"{names[a]} above, {names[b]} below: rows much alike, too coarse to tell.")

# %% [markdown]
# Upper garments are mixed up with upper garments, mostly: one outline, and the buttons are a pixel wide. Shoes are
# mixed up with shoes. Where two articles give pictures that look alike, no model can be right on both: what tells
# them apart is not in the picture. Add the noise in the labels, and you have a floor for every model, as the
# sensor's noise was one. How high it is, nobody knows; part 4 shows that layers made for images get closer to it.
#
# ## Improve *(6 min)*
#
# ### Change one thing
#
# The next cell is yours; its model learns like `model` above: ten epochs of `x_small`. The row marked *run below* is
# run in the next cell. Guess, and run it. **Put `shirt_weight` back to 1 first**, then each other row is one change
# against `model`. One row now, the others at home. (A line ends with: how many of those called shirts *are* shirts.)
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | `shirt_weight` (run below) | 1 → 4 | more shirts found. Who pays? | T-shirts, pullovers and coats, now called shirts; fewer right in all |
# | `units` | (300, 100) → (30, 10) | a tenth of the parameters: how much worse? | a little: most of the work needs few features |
# | `rate` | 0.1 → 0.01 | as good after ten epochs? | behind, still on its way |
# | `batch` | 100 → 1,000 | the same number of epochs: as good? | behind: a tenth of the steps |
# | `scale` of the start | 1 → 0 | slower? | one answer for everybody: with all weights 0 every hidden value is 0, and only the last bias learns |

# %%
units, rate, batch, scale, shirt_weight = (300, 100), 0.1, 100, 1, 4  # yours

tops = [shirt, *(names.index(top) for top in ("T-shirt/top", "Pullover", "Coat"))]
keras.utils.set_random_seed(0)
trial = compiled(build(*units), rate)
trial.set_weights([scale * array for array in trial.get_weights()])
counts = {shirt: float(shirt_weight)}
how = dict(epochs=10, batch_size=batch, class_weight=counts, callbacks=[dots])
trial.fit(x_small, y_small, verbose=0, **how)
print(f" {trial.count_params():,} parameters")
for name, net in (("model, above", model), ("this trial", trial)):
    answer = np.asarray(net(x_val)).argmax(axis=1)
    print(f"{name}: {np.mean(answer == y_val):.1%} right; found:")
    found = [f"{names[k]} {np.mean(answer[y_val == k] == k):.0%}" for k in tops]
    if shirt in answer:
        found.append(f"of 'shirts' {np.mean(y_val[answer == shirt] == shirt):.0%} are shirts")
    print("   ", ", ".join(found))

# %% [markdown]
# ### Find the bug
#
# A friend wants to know which learning rate is better, and tries two, one epoch each. "The smaller one is ahead!"
# Then she turns the list round, and the other one wins. No error message. What has she done?

# %%
# NBVAL_CHECK_OUTPUT
for rates in ((0.1, 0.01), (0.01, 0.1)):
    keras.utils.set_random_seed(0)
    candidate, scores = build(), []
    for rate in rates:
        compiled(candidate, rate).fit(x_small, y_small, batch_size=100, verbose=0)
        scores.append(percent_right(candidate, x_val, y_val))
    print(f"tries {rates[0]}, then {rates[1]}: ahead is {rates[np.argmax(scores)]}")

# %% [markdown]
# <details><summary>The answer</summary>
#
# Her model is built *outside* the inner loop. So the second rate does not start afresh: it goes on from what the
# first has learned, and whoever comes second is ahead. `compile` changes the optimiser and leaves the weights
# alone. `build()` belongs into the loop, with the seed right before it.
#
# </details>
#
# ## Take away *(2 min)*
#
# - A `Sequential` model is a list of layers; `add` appends. A dense layer is a kernel (inputs, units) and a bias (units,):
#   784 → 300 → 100 → 10 has 235,500 + 30,100 + 1,010 = 266,610 parameters.
# - Without `Input` there are no arrays until the first batch.
# - `history.history` makes a table. A training value is a mean over its epoch: draw it half an epoch earlier.
# - A second `fit` goes on. A new `compile` forgets the optimiser's memory, not the weights. Only a new model starts afresh.
# - `validation_split` takes the last rows: shuffle first, or cut yourself. Row weights multiply losses; the sum is
#   divided by the number of rows.
# - Report accuracy with the pairs behind it, and open the test set once.
#
# **Explain without looking:** why must a kernel start at random, and a bias need not? · Where does 784 come from in
# a model without `Input`? · Why can validation loss be lower than training loss in one row of the table? · What is
# in the last fifth of sorted rows? · Why is the loss larger with `class_weight={6: 3.0}`?
#
# **You may meet** older code: `SGD(lr=0.1)` is now `SGD(learning_rate=0.1)`; `model.predict_classes(x)` is now
# `model.predict(x).argmax(axis=1)`; `Flatten(input_shape=(28, 28))` is now `keras.Input(shape=(28, 28))` first. And
# `class_weight="balanced"` is scikit-learn's: Keras wants the dictionary.
#
# **Next:** {{next}}. A list cannot fork. You will write networks as graphs and as code, and see when that is worth
# it.
