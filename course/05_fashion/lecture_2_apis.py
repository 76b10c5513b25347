# %% [markdown]
# # Fashion 2: three ways to say it
#
# {{badge}}
#
# A network that is a list of layers can be written down as a list. But what if data come in two kinds, or two
# answers are wanted, or a layer should run as often as the caller says? Keras has three languages for networks. You
# will say the same network in all three, see what only one of them can say, and what that costs.
#
# ## Objectives *(2 min)*
#
# **75 minutes.** You need part 1 (layers, parameters, `fit`), overfitting and early stopping, and the functional API
# as you met it in the heart unit. On Colab, save a copy in Drive first (*File → Save a copy in Drive*), or your work
# is lost when you close the tab.
#
# At the end you can
#
# 1. write one network as a list, as a graph and as code, and prove that the three are equal;
# 2. build a graph with two inputs that overlap, and with two outputs whose losses are weighed;
# 3. say what a subclassed model costs, and when it is worth it;
# 4. save a model, restore it, and check that it still says the same.

# %%
from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import contextlib
import tempfile

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split


# %% [markdown]
# ## Problem *(2 min)*
#
# Languages are best compared on something small, so the clothes wait until the end of this part. Ten things were
# measured about each of 442 people with diabetes (Efron, Hastie, Johnstone and Tibshirani, *Least Angle Regression*,
# 2004). A year later one number said how far the disease had come; its unit is not told, we call it *points*. Can the
# ten foretell the one?
#
# A target that is a number: regression. A network 10 → 30 → 1 takes seconds to train, so we can afford to say it
# three times. The table is real, and comes with scikit-learn.
#
# ## Look at the data *(5 min)*
#
# Split first: 92 people for the test, 100 for validation, 250 to learn from. Then scale, with the mean and the standard
# deviation of the *training* people. We scale the target, too: networks like numbers near 1. Errors are scaled
# back, so that they are in points.
#
# The picture shows the training people in their own units. Four columns are about the person (age, sex, body mass
# index, blood pressure), the six called s1 to s6 come from a blood test. (Two have a question mark: what they are is
# *possibly* so, says scikit-learn.) **Look for** straight lines: in which two columns do the **dots** rise most
# clearly? And is there any column where they bend?

# %%
# NBVAL_CHECK_OUTPUT
diabetes = load_diabetes(scaled=False)
names, draw = diabetes.feature_names, 1  # draw: the random_state of both splits
target = diabetes.target[:, None]  # a column: (442, 1), as the networks will answer
x_rest, x_test, y_rest, y_test = train_test_split(
    diabetes.data, target, test_size=92, random_state=draw
)
raw, x_val, raw_y, y_val = train_test_split(x_rest, y_rest, test_size=100, random_state=draw)
x_mean, x_sd, y_mean, sd = raw.mean(axis=0), raw.std(axis=0), raw_y.mean(), raw_y.std()
x_train, x_val, x_test = [((x - x_mean) / x_sd).astype("float32") for x in (raw, x_val, x_test)]
y_train, y_val, y_test = [((y - y_mean) / sd).astype("float32") for y in (raw_y, y_val, y_test)]
for name, x, y in (("training", x_train, y_train), ("validation", x_val, y_val)):
    print(f"{name:11}", x.shape, y.shape, x.dtype)
print("columns:", *names)

# %%
units = ["years", "1 or 2", "kg/m²", "mmHg", "mg/dl", "mg/dl", "mg/dl", "ratio", "log", "mg/dl"]
meanings = ["age", "sex", "body mass index", "blood pressure", "s1 cholesterol", "s2 LDL"]
meanings += ["s3 HDL", "s4 cholesterol/HDL?", "s5 triglycerides?", "s6 sugar"]
fig, axes = plt.subplots(2, 5, figsize=(10.5, 4.6), sharey=True, layout="constrained")
for k, ax in enumerate(axes.flat):
    ax.plot(raw[:, k], raw_y, "o", color=plots.COLOURS["blue"], ms=3, alpha=0.7)
    ax.set_title(meanings[k], fontsize=10)
    ax.set_xlabel(f"{names[k]} [{units[k]}]")
for ax in axes[:, 0]:
    ax.set_ylabel("points after a year")
r = np.array([np.corrcoef(column, raw_y[:, 0])[0, 1] for column in raw.T])
told = ", ".join(f"{name} {value:+.2f}" for name, value in zip(names, r))
plots.show(fig, alt=f"Ten broad clouds of dots without bends. They rise by (correlation): {told}.")

clearest = np.argsort(-np.abs(r))[:2]
print("clearest:", *[f"{names[k]} (r = {r[k]:.2f})" for k in clearest])

# %% [markdown]
# Did you see the same two? The **correlation** $r$ measures how well a straight line fits: 1 or −1 if exactly, 0 if
# not at all. Broad clouds, then, and no bends to be seen. Keep that in mind when the networks come.
#
# ## Baseline *(3 min)*
#
# Two baselines: always the mean, and **linear regression** on all ten columns. We measure the root of the MSE, the
# **RMSE**: it is in points. **Guess:** how large is the error of linear regression, in percent of the error of the
# mean? Type it in the first line below, then run the cell.

# %%
linear_guess = None  # percent: 100 is no better than the mean, 0 is perfect
predict.record("linear", linear_guess, unit="% of the mean's error")


def rmse(y, answer):
    answer = np.asarray(answer)
    assert y.shape == answer.shape, (y.shape, answer.shape)  # (n, 1) - (n,) would be (n, n)
    return float(sd * np.sqrt(np.mean((y - answer) ** 2)))


linear = LinearRegression().fit(x_train, y_train)
mean_error = rmse(y_val, np.zeros_like(y_val))  # the mean of the scaled target is 0
linear_error = rmse(y_val, linear.predict(x_val))
print(f"validation RMSE: mean {mean_error:.1f}, linear {linear_error:.1f} points")
predict.compare("linear", 100 * linear_error / mean_error)

# %% [markdown]
# Ten numbers, taken straight, explain a part of the disease. Is the rest bent, or is it not in the table? No baseline
# can say. The networks will try.
#
# ## Build *(31 min)*
#
# ### Idea 1: a list, a graph, code
#
# - **A list**: `keras.Sequential`. Layers one behind the other; you name them, Keras connects them.
# - **A graph**: the *functional* API. You call layers on tensors, `layer(tensor)`, and each call draws an arrow. No
#   number flows yet: `keras.Input` is a stand-in that has only a shape.
# - **Code**: *subclassing*. You write a class. Its `__init__` makes the layers, and its method `call` says what
#   happens to a batch, in plain Python.
#
# All three give a `keras.Model`: `compile` and `fit` are the same. Read the three definitions. Where is
# the number 30, and where is the arrow from `hidden` to `points`?


# %%
def as_list(units=30):
    hidden = keras.layers.Dense(units, activation="relu", name="hidden")
    points = keras.layers.Dense(1, name="points")
    return keras.Sequential([keras.Input(shape=(10,), name="person"), hidden, points])


def as_graph(units=30):
    person = keras.Input(shape=(10,), name="person")
    hidden = keras.layers.Dense(units, activation="relu", name="hidden")(person)
    points = keras.layers.Dense(1, name="points")(hidden)
    return keras.Model(person, points)


class AsCode(keras.Model):
    def __init__(self, units=30, **options):  # options: Keras' own, such as a name
        super().__init__(**options)
        self.hidden = keras.layers.Dense(units, activation="relu", name="hidden")
        self.points = keras.layers.Dense(1, name="points")

    def call(self, person):
        return self.points(self.hidden(person))


# %% [markdown]
# A list and a graph are *data*: we can read the arrows out of the finished model, and draw them. Each layer knows the
# tensors that go in and come out; where one layer's output is another's input, there is an arrow.
# (`keras.utils.plot_model` does this, too, if you have Graphviz.)
#
# **Look at** the three panels: which differ? (You need not learn the drawing.)
#
# Equal pictures are no proof. Equal **predictions** are. Three models start with three random draws, so then we give
# all of them the *same weights*: `get_weights` is a list of arrays, in the order in which the layers stand. `AsCode`
# has none yet: nobody has told it how many inputs there are. So it sees one person first. **Look at** its two
# summaries, before and after, and then at four predictions of each model.


# %%
def flow(model):
    """Return {name: tensor} and the arrows (from, to) of a list or a graph."""
    tensors = {tensor.name: tensor for tensor in model.inputs}
    later = [layer for layer in model.layers if layer.name not in tensors]
    tensors |= {layer.name: layer.output for layer in later}
    maker = {id(tensor): name for name, tensor in tensors.items()}
    return tensors, [(maker[id(t)], b.name) for b in later for t in keras.tree.flatten(b.input)]


def draw_graph(ax, model, spots, title):
    tensors, arrows = flow(model)
    for a, b in arrows:
        style = dict(arrowstyle="-|>", shrinkA=24, shrinkB=24, lw=1.4)
        ax.annotate("", spots[b], spots[a], arrowprops=style)
    for name, spot in spots.items():
        size = " × ".join(str(n) for n in tensors[name].shape[1:])
        box = dict(boxstyle="round", ec="black", fc="white" if spot[0] else "#fdf6c5")
        ax.text(*spot, f"{name}\n{size}", ha="center", va="center", fontsize=10, bbox=box)
    x, y = np.transpose(list(spots.values()))
    ax.set(xlim=(-0.5, max(x) + 0.5), ylim=(min(y) - 0.6, max(y) + 0.6), title=title)
    ax.set_axis_off()


# %%
spots = {"person": (0, 0), "hidden": (1, 0), "points": (2, 0)}
fig, axes = plt.subplots(1, 3, figsize=(10.5, 1.5), layout="constrained", width_ratios=[3, 3, 1.4])
draw_graph(axes[0], as_list(), spots, "a list")
draw_graph(axes[1], as_graph(), spots, "a graph")
box = dict(boxstyle="round", fc="0.75", ec="black", lw=1.5)
axes[2].text(0.5, 0.5, "  call()  \n?", ha="center", va="center", fontsize=11, bbox=box)
axes[2].set(title="code", xticks=[], yticks=[])
axes[2].set_axis_off()
plots.show(fig, alt="List and graph: person 10, hidden 30, points 1. Code: one closed box.")

# %%
in_list, in_graph, in_code = as_list(), as_graph(), AsCode()
in_code.summary()
in_code(x_val[:1])  # one person is enough: now it knows that there are ten inputs
in_code.summary()
for model in (in_graph, in_code):
    model.set_weights(in_list.get_weights())
print("arrays:", [w.shape for w in in_list.get_weights()])
for name, model in (("list", in_list), ("graph", in_graph), ("code", in_code)):
    print(f"{name:5}", *[f"{p:.4f}" for p in np.asarray(model(x_val[:4]))[:, 0]])
expect.close(in_graph(x_val), in_list(x_val), atol=1e-6, name="graph = list")
expect.close(in_code(x_val), in_list(x_val), atol=1e-6, name="code = list")
assert in_list.count_params() == in_graph.count_params() == in_code.count_params()
assert in_list.count_params() == (10 + 1) * 30 + (30 + 1) * 1 == 361

# %%
answers = {
    'One version forgets activation="relu"': "Right: an activation has no parameters, so neither count nor "
    "weights betray it. Equal predictions do.",
    "One version has 31 units": "Misconception: that counts would stay equal. Each unit brings 12 parameters.",
    "One version has other layer names": "Misconception: that names are part of the arithmetic.",
}
quiz.ask(
    "Two versions of a network have equal counts and equal weights, but other predictions. What may be the reason?",
    answers,
)

# %% [markdown]
# ### Idea 2: a graph can fork and join
#
# A list has one beginning, one end and no side road. A graph can have more. In a **wide & deep** network some inputs
# go through hidden layers (deep: made features, and interactions, that is, columns that count only together), and
# some go **straight** to the output (wide: as in linear regression). What is straight need not be learned by the
# hidden layers; they are free for what bends. The last layer sees both, side by side: `Concatenate`.
#
# The two inputs may **overlap**. We send the four columns about the person, s5 and s6 the wide way; the body mass
# index and s1 to s5 the deep way. So the two clearest columns go *both* ways: they may help as they are, and in
# combination.
#
# **Guess:** how many parameters has this network? (Inputs 6 and 6, deep layers of 30 and 30, one output. Count what the
# last layer sees.) Then **look at** the arrow that passes by the hidden layers, and at the number in `join`.
#
# Inputs and outputs have **names**: data go in as a dictionary, and answers come out as one.

# %%
parameters_guess = None
predict.record("parameters", parameters_guess, unit="parameters")

WAYS = {
    "wide": ["age", "sex", "bmi", "bp", "s5", "s6"],
    "deep": ["bmi", "s1", "s2", "s3", "s4", "s5"],
}


def ways(x):
    """Send the columns of (n, 10) two ways: {"wide": (n, 6), "deep": (n, 6)}."""
    return {way: x[:, [names.index(name) for name in WAYS[way]]] for way in WAYS}


def wide_and_deep(second_output=False):
    inputs = {way: keras.Input(shape=(6,), name=way) for way in ways(x_val)}
    hidden = keras.layers.Dense(30, activation="relu", name="hidden_1")(inputs["deep"])
    hidden = keras.layers.Dense(30, activation="relu", name="hidden_2")(hidden)
    joined = keras.layers.Concatenate(name="join")([inputs["wide"], hidden])
    outputs = {"points": keras.layers.Dense(1, name="points")(joined)}
    if second_output:  # for later
        outputs["aux"] = keras.layers.Dense(1, name="aux")(hidden)
    return keras.Model(inputs, outputs)


# %%
forked = wide_and_deep()
fig, ax = plt.subplots(figsize=(9, 2.6), layout="constrained")
spots = {"wide": (0, 1), "deep": (0, 0), "hidden_1": (1, 0), "hidden_2": (2, 0)}
spots |= {"join": (3, 0.5), "points": (4, 0.5)}
draw_graph(ax, forked, spots, "Wide & deep: two inputs, one output")
plots.show(fig, alt="deep runs through two hidden layers of 30; wide goes straight to join, 36.")

# %%
predict.compare("parameters", forked.count_params())
by_hand = [(6 + 1) * 30, (30 + 1) * 30, (6 + 30 + 1) * 1]
assert forked.count_params() == sum(by_hand) == 210 + 930 + 37 == 1_177
expect.shape(forked(ways(x_val))["points"], (100, 1), name="the answer for 100 people")
backwards = dict(reversed(ways(x_val).items()))  # the order of a dictionary does not matter
expect.close(forked(backwards)["points"], forked(ways(x_val))["points"], name="by name, any order")

# %%
answers = {
    "210: one layer, used twice": "Right: calling a layer again draws a second arrow to the same "
    "weights. They are shared.",
    "420: two calls, two layers": "Misconception: that a call makes a layer. `Dense(30)` makes it, once.",
    "390: both inputs joined": "Misconception: that two calls join their inputs. Each call sees 6 numbers.",
}
quiz.ask(
    "twin = Dense(30). Then a = twin(wide) and b = twin(deep), each with 6 columns. How many parameters?",
    answers,
)

# %% [markdown]
# Calling a layer twice **shares** its weights.
#
# ### Idea 3: code can say more, and tells less
#
# Inside `call` you may loop and branch. The network below takes its **depth as an argument**: the same layer runs as
# often as the caller says. Before you run it: do the parameters grow with the rounds?
#
# One limit. `fit` does not run your Python for each batch. It runs `call` a few times with stand-ins, notes the
# operations, and repeats *those* (it **traces** the code). So in `fit` a `print` speaks only then, and an `if` on the
# numbers of a batch is an error (`keras.ops.cond` is for that). Called directly, as here, Python decides each time.
#
# The price: a list or a graph *is* its layers and arrows, before any number flows. Of code Keras knows no arrow, and
# shapes only from what ran: `(1, 30)` in the second summary of Idea 1 was the shape of *that batch*, not the rule
# `(None, 30)`. **Look at** the table, four questions to each model: which answer does a batch buy, and which never
# come?
#
# So take the first that can say it: list, graph, code.


# %%
# NBVAL_CHECK_OUTPUT
class Rounds(keras.Model):
    def __init__(self, **options):
        super().__init__(**options)
        self.again = keras.layers.Dense(10, activation="tanh")
        self.points = keras.layers.Dense(1)

    def call(self, x, rounds=1):
        for _ in range(rounds):  # plain Python
            x = self.again(x)  # (n, 10) -> (n, 10)
        return self.points(x)


rounds_model = Rounds()
for rounds in (1, 2, 5):
    answer = rounds_model(x_val[:3], rounds=rounds)
    print(
        f"rounds={rounds}: output {tuple(answer.shape)}, {rounds_model.count_params()} parameters"
    )

# %%
abilities = {
    "count its parameters": lambda m: m.count_params(),
    "know its output shape, for any batch": lambda m: m.output_shape,
    "show its arrows": flow,
    "cut out a part by its arrows": lambda m: keras.Model(m.inputs, m.get_layer("hidden").output),
}
asked = {"list": as_list(), "graph": as_graph(), "code": AsCode(), "code, after a batch": in_code}
table = np.zeros((4, 4), dtype=bool)
fig, ax = plt.subplots(figsize=(9, 2.8), layout="constrained")
for row, column in np.ndindex(4, 4):
    with contextlib.suppress(AttributeError, ValueError):  # how Keras says: I do not know
        table[row, column] = bool(list(abilities.values())[row](list(asked.values())[column]))
    text = ("no", "yes")[int(table[row, column])]
    ax.text(column, row, text, ha="center", va="center", fontsize=13)
ax.imshow(table, cmap="Blues", vmin=0, vmax=2, aspect="auto")
ax.set_xticks(range(4), asked)
ax.set_yticks(range(4), abilities)
ax.set(title="Can it …?", xlabel="model", ylabel="question")
plots.show(fig, alt="List and graph: four times yes. Code: no; after a batch it can only count.")

# %%
answers = {
    "A graph": "Right: forks and joins are arrows. You keep the shapes, the drawing, the saving.",
    "Code": "Not quite: it can, but a simpler one can, too: nothing here needs Python in the middle.",
    "A list, with all inputs side by side": "Misconception: that a list can go past a layer. Each of its "
    "layers sees only the one before.",
}
quiz.ask(
    "An image and a price go in. What is the simplest API in which the price can skip the image's layers?",
    answers,
)

# %% [markdown]
# A batch buys the count. (That much a list without `Input` owes you, too: part 1.) The layers themselves you can
# always reach, `in_code.hidden`; the arrows between them never.
#
# ### Save, restore, compare
#
# A `.keras` file holds the configuration (which layers, which arrows), the weights, and after training the
# optimiser's state. A list and a graph are complete in it. A class is not: its `call` is code, and code stays at
# home. So whoever loads it needs the class. **Look at** the error message of the first cell: what is missing? There
# `custom_objects` hands it over. (`keras.saving.load_model` is `keras.models.load_model`, which you know from the digits,
# by another door.)
#
# With `@keras.saving.register_keras_serializable()` above a class you need no `custom_objects`, as long as that line
# has run. And Keras must know what to give to `__init__`. Of a model class it does **not** note `units=7`; it would
# build 30 again, and the weights would not fit. Say it in `get_config`: the second cell does both. Load only files
# that you trust: a model file may carry code.

# %%
with tempfile.TemporaryDirectory() as folder:
    for name, model, x in (("list", in_list, x_val), ("wide & deep", forked, ways(x_val))):
        model.save(f"{folder}/{name}.keras")
        again = keras.saving.load_model(f"{folder}/{name}.keras")
        for a, b in zip(keras.tree.flatten(again(x)), keras.tree.flatten(model(x))):
            expect.close(a, b, atol=1e-6, name=f"{name}, restored = saved")

    in_code.save(f"{folder}/code.keras")
    the_class = globals().pop("AsCode")  # as in a new notebook: the class is not known
    try:
        keras.saving.load_model(f"{folder}/code.keras")
    except TypeError as error:
        print("code:", str(error).split(".")[0])
    finally:
        AsCode = the_class
    again = keras.saving.load_model(f"{folder}/code.keras", custom_objects={"AsCode": AsCode})
expect.close(again(x_val), in_code(x_val), atol=1e-6, name="code with its class, restored = saved")


# %%
@keras.saving.register_keras_serializable(package="course")
class Packed(AsCode):
    def __init__(self, units=30, **options):
        super().__init__(units, **options)
        self.units = units

    def get_config(self):
        return super().get_config() | {"units": self.units}


bare, packed = AsCode(units=7), Packed(units=7)
packed(x_val[:1])
noted = [model.get_config().get("units") for model in (bare, packed)]
print(f"units noted: {noted[0]} without get_config, {noted[1]} with")
with tempfile.TemporaryDirectory() as folder:
    packed.save(f"{folder}/packed.keras")
    again = keras.saving.load_model(f"{folder}/packed.keras")  # no custom_objects
expect.close(again(x_val), packed(x_val), atol=1e-6, name="registered class, restored = saved")

# %% [markdown]
# ## Train *(12 min)*
#
# Do the three also *learn* alike? All have the same weights; we train each for two epochs, the people in the same
# order, and compare again.
#
# Then in earnest: the list as `straight_net`, and the wide & deep graph, with early stopping. (An epoch has a cost of
# its own in Keras. So we put five passes over the 250 people into one epoch, to save time: *epoch 2* below means ten
# passes. The copies hold no news.) For a graph with named outputs, loss and targets are dictionaries, too.
#
# **Look at** the dotted line of linear regression (black). Does either network get far below it? And what do they do
# with the time after their best epoch?

# %%
adam = keras.optimizers.Adam
for model in (in_list, in_graph, in_code):
    model.compile(adam(learning_rate=0.003), loss="mse")
    model.fit(x_train, y_train, epochs=2, batch_size=50, shuffle=False, verbose=0)
expect.close(in_graph(x_val), in_list(x_val), atol=1e-4, name="after fit, graph = list")
expect.close(in_code(x_val), in_list(x_val), atol=1e-4, name="after fit, code = list")

# one dot an epoch; part 3 explains callbacks
dots = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(end=".", flush=True))
stop = keras.callbacks.EarlyStopping(patience=8, restore_best_weights=True)
x_many, y_many = np.tile(x_train, (5, 1)), np.tile(y_train, (5, 1))
settings = dict(epochs=20, batch_size=50, validation_batch_size=100, verbose=0)
settings["callbacks"] = [dots, stop]

keras.utils.set_random_seed(0)
straight_net = as_list(units=30)
straight_net.compile(adam(learning_rate=0.003), loss="mse")
list_history = straight_net.fit(x_many, y_many, validation_data=(x_val, y_val), **settings)

keras.utils.set_random_seed(0)
wide_deep = wide_and_deep()
wide_deep.compile(adam(learning_rate=0.003), loss={"points": "mse"})
check = (ways(x_val), {"points": y_val})
graph_history = wide_deep.fit(ways(x_many), {"points": y_many}, validation_data=check, **settings)

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), sharey=True, layout="constrained")
for ax, history, name in zip(axes, (list_history, graph_history), ("10 → 30 → 1", "Wide & deep")):
    in_points = {k: sd * np.sqrt(history.history[k]) for k in ("loss", "val_loss")}
    plots.learning_curves(in_points, ax=ax)
    line = dict(color=plots.COLOURS["black"], ls=":", lw=2)
    ax.axhline(linear_error, label="linear, validation", **line)
    ax.set(title=name, xlabel="epoch (five passes over 250 people)", ylabel="RMSE [points]")
    ax.set(ylim=(30, 75), xticks=range(0, len(history.epoch) + 1, 2))
    ax.legend()
alt = f"Dotted line: {linear_error:.1f} points. Left, 10 → 30 → 1, then right, wide & deep, in points: "
alt += plots.alt_text(fig)
plots.show(fig, alt=alt)

# %% [markdown]
# Validation is at the line of linear regression after one or two epochs, a hair below at best, and then creeps up.
# Training sinks on, but what it learns there does not hold for the 100 others. **Linear regression is hard to beat**
# on a small table, and it is honest to say so.
#
# ### Idea 4: a second output is a second task
#
# The hidden layers of wide & deep have an easy life. The wide way already explains what is straight; they get the rest,
# which is mostly noise, and learn it by heart. So we give them a task of their own: an **auxiliary output** that must
# foretell the points from the deep way *alone*. The loss weighs the two:
#
# $$L = 0.9\,L_\text{points} + 0.1\,L_\text{aux}$$
#
# For a weight of the hidden layers the gradient is 0.9 times one plus 0.1 times the other. Fewer settings are good at
# both: a **brake**, but one that pulls towards something useful. After training you *may* throw the second answer away:
# `keras.Model(two.input, two.output["points"])`.
#
# **Look at** where `aux` branches off: what can it not see? (The same cell works out the loss by hand.)
#
# Does it brake, and does that help? To see overfitting at all, we then train without early stopping, 75 times over
# the people: three loss weights for the second output, three random starts each. **Guess** what the theory foretells:
# at how many of the three starts is the *training* error of `points` **higher** with loss weight 0.5 than with 0?
# Then **look at** the lines: each is the change against the same start with weight 0. Do the starts agree for
# training? And for validation?

# %%
keras.utils.set_random_seed(0)
two = wide_and_deep(second_output=True)
fig, ax = plt.subplots(figsize=(9, 2.6), layout="constrained")
draw_graph(ax, two, spots | {"aux": (3, -0.5)}, "Wide & deep with an auxiliary output")
plots.show(fig, alt="aux hangs on the second hidden layer; the wide columns do not reach it.")

two.compile(
    adam(learning_rate=0.003),
    loss={"points": "mse", "aux": "mse"},
    loss_weights={"points": 0.9, "aux": 0.1},
)
both = {"points": y_val, "aux": y_val}  # the same target, twice
total = two.evaluate(ways(x_val), both, batch_size=100, verbose=0, return_dict=True)["loss"]
mse = {k: float(np.mean((y_val - np.asarray(p)) ** 2)) for k, p in two(ways(x_val)).items()}
expect.close(0.9 * mse["points"] + 0.1 * mse["aux"], total, rtol=1e-4, name="loss by hand")

# %%
starts_guess = None  # starts at which weight 0.5 has the higher training error than weight 0
predict.record("starts", starts_guess, unit="of 3 starts")
passes, aux_weights = 75, (0.0, 0.1, 0.5)  # 3 epochs of passes / 3 copies each
x_long, y_long = np.tile(x_train, (passes // 3, 1)), np.tile(y_train, (passes // 3, 1))
errors = np.zeros((3, 3, 2))  # start, weight, training or validation
for start in range(3):
    for k, weight in enumerate(aux_weights):
        keras.utils.set_random_seed(start)
        model = wide_and_deep(second_output=True)
        losses, shares = dict(points="mse", aux="mse"), dict(points=1 - weight, aux=weight)
        model.compile(adam(learning_rate=0.003), loss=losses, loss_weights=shares)
        targets = dict(points=y_long, aux=y_long)
        model.fit(ways(x_long), targets, epochs=3, batch_size=50, verbose=0, callbacks=[dots])
        for j, (x, y) in enumerate(((x_train, y_train), (x_val, y_val))):
            errors[start, k, j] = rmse(y, model(ways(x))["points"])
change = errors - errors[:, :1]
print()
predict.compare("starts", int(np.sum(change[:, -1, 0] > 0)))

# %%
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
styles = [("training", "-", "blue"), ("validation", "--", "vermillion")]
for j, (name, line, colour) in enumerate(styles):
    for start, marker in enumerate("os^"):
        style = dict(ls=line, marker=marker, color=plots.COLOURS[colour])
        ax.plot(aux_weights, change[start, :, j], label=f"{name}, start {start}", **style)
ax.axhline(0, color="black", lw=1)
ax.set(title="What the second output changes", xlabel="loss weight of the second output")
ax.set_ylabel("change of the RMSE [points]")
ax.set_xticks(aux_weights)
ax.grid(alpha=0.3)
fig.legend(loc="outside right upper")
told = [f"{line.get_label()} {line.get_ydata().round(1).tolist()}" for line in ax.lines[:6]]
plots.show(fig, alt=f"Change at weights {aux_weights}: {'; '.join(told)} points.")
print(*told, sep="\n")
for k, weight in enumerate(aux_weights[1:], 1):
    t, v = change[:, k].mean(axis=0)
    print(f"weight {weight}: mean change, training {t:+.1f}, validation {v:+.1f} points")

# %%
answers = {
    "The hidden layers must serve two tasks": "Right: fewer settings of the shared weights are good at both.",
    "It adds parameters": "Misconception: that more weights brake. More weights give more room.",
    "The two answers are averaged": "Misconception: that outputs are mixed. Only their losses are.",
}
quiz.ask("With loss weight 0.5 training does not get as low as with 0. Why?", answers)

# %% [markdown]
# With weight 0.1 no brake is to be seen: the starts differ more. With 0.5 it shows: on the mean, training does not get
# as low. What validation makes of it nobody can say: the starts do not agree, and a single one can make the mean. For
# here the second target is the *same* target, with the same noise. A second output pays when its target **knows
# something more**: a coarser label, another measurement. So treat it like any brake: validation decides, and not by
# one start.
#
# ## Judge *(4 min)*
#
# The choices are made, so the test people may come in: **once**. Beside it the same question asked of luck: a hundred
# times we draw 92 other test people, and fit linear regression to 250 of the rest. **Look at** the width on the right
# before you celebrate a bar on the left.

# %%
tested = {"mean": rmse(y_test, 0 * y_test), "linear": rmse(y_test, linear.predict(x_test))}
tested["10 → 30 → 1"] = rmse(y_test, straight_net(x_test))
tested["wide & deep"] = rmse(y_test, wide_deep(ways(x_test))["points"])
luck = []
for seed in range(100):
    a, b, y_a, y_b = train_test_split(diabetes.data, target, test_size=92, random_state=seed)
    answer = LinearRegression().fit(a[:250], y_a[:250]).predict(b)
    luck.append(np.sqrt(np.mean((y_b - answer) ** 2)))
fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4), layout="constrained")
bars = left.barh(list(tested), list(tested.values()), color=plots.COLOURS["sky"], ec="black")
bars[0].set(hatch="//", facecolor=plots.COLOURS["orange"])
left.bar_label(bars, fmt="%.1f", padding=3)
left.set(title="92 test people", xlabel="RMSE [points]", ylabel="model", xlim=(0, 90))
left.invert_yaxis()
right.hist(luck, np.arange(44, 70, 2), color=plots.COLOURS["sky"], ec="black")
right.set(title="Linear regression, 100 other draws", xlabel="RMSE [points]", ylabel="draws")
told = ", ".join(f"{name} {error:.1f}" for name, error in tested.items())
span = "from {:.1f} to {:.1f} in nine of ten draws".format(*np.percentile(luck, [5, 95]))
plots.show(fig, alt=f"RMSE in points, left: {told}. Right: linear regression, {span}.")

# %% [markdown]
# One pile of 92 people is one witness, and the right picture says how much a witness may be off. (On the same people
# all models err alike, so the *difference* of two bars is surer than a bar. To be sure, repeat the draw for both.)
# Nothing here speaks clearly for a network, so take the straight one. What you keep from this table is the grammar.
# Now use it where networks are at home.
#
# ## Improve *(14 min)*
#
# ### Clothes: a second task that knows more
#
# A shop has 3,000 pictures. Each has a cheap label, the **family** it is filed under: for the body, the legs, the
# feet, the hand. Only 100 have the costly one, the **article** (ten classes), and that is what we want to foretell.
# Rows without it get `sample_weight` 0 for `article`, and still teach `family`. (Weight 0 makes a row's loss 0; Keras
# still divides by all rows of the batch. So `article` speaks softly here: 0.5 to 0.5 is not half and half.) The graph
# you know: pixels go straight to `article` as well as through the hidden layers; `family` sees the hidden layers
# only.
#
# **Guess:** of 2,000 validation pictures, how many *more* articles are right with the second task than without (mean of
# three starts)? The test set stays closed, for we choose nothing.
#
# And the second answer is a second opinion. Nothing forces the two to agree. Is the article wrong more often where
# they contradict each other? **Look at** five such pictures, at the end. Would you have known?

# %%
gain_guess = None
predict.record("gain", gain_guess, unit="more of 2,000 pictures")
FAMILIES = ["body", "legs", "feet", "hand"]
family = np.array([0, 1, 0, 0, 0, 2, 0, 2, 3, 2])  # the family of each article


def build_shop():
    image = keras.Input(shape=(28, 28), name="image")
    pixels = keras.layers.Flatten(name="pixels")(image)
    hidden = keras.layers.Dense(100, activation="relu", name="hidden_1")(pixels)
    hidden = keras.layers.Dense(100, activation="relu", name="hidden_2")(hidden)
    joined = keras.layers.Concatenate(name="join")([pixels, hidden])
    answers = {"article": keras.layers.Dense(10, activation="softmax", name="article")(joined)}
    answers["family"] = keras.layers.Dense(4, activation="softmax", name="family")(hidden)
    return keras.Model(image, answers)


fig, ax = plt.subplots(figsize=(10, 2.4), layout="constrained")
spots = {"image": (0, 0), "pixels": (1, 0), "hidden_1": (2, -0.5), "hidden_2": (3, -0.5)}
spots |= {"join": (4, 0.3), "article": (5, 0.3), "family": (4, -1)}
draw_graph(ax, build_shop(), spots, "One picture, two answers")
plots.show(fig, alt="Pixels run through two hidden layers and past them; family hangs on the last.")

# %%
clothes, labelled = data.load_fashion(), 100
look, label = (clothes.x_train[:5000] / 255).astype("float32"), clothes.y_train[:5000]
new, y_new, seen, y_seen = look[:2000], label[:2000], look[2000:], label[2000:]
targets = {"article": y_seen, "family": family[y_seen]}
trust = {"article": np.float32(np.arange(3000) < labelled), "family": np.ones(3000, "float32")}
losses = dict.fromkeys(targets, "sparse_categorical_crossentropy")
settings = dict(epochs=10, batch_size=100, verbose=0, callbacks=[dots])
correct = np.zeros((3, 2), dtype=int)  # start, without or with the second task
for start, k in np.ndindex(correct.shape):
    keras.utils.set_random_seed(start)
    shop = build_shop()
    shares = {"article": 1 - 0.5 * k, "family": 0.5 * k}
    shop.compile(adam(learning_rate=0.002), loss=losses, loss_weights=shares)
    shop.fit(seen, targets, sample_weight=trust, **settings)
    said = {name: np.asarray(p).argmax(axis=1) for name, p in shop(new).items()}  # (2000,)
    correct[start, k] = np.sum(said["article"] == y_new)
gains = correct[:, 1] - correct[:, 0]
print("\nright without:", *correct[:, 0], "- with:", *correct[:, 1])
print("gains:", *[f"{gain:+d}" for gain in gains])
predict.compare("gain", gains.mean())

# %%
# the last network trained
disagree, wrong = family[said["article"]] != said["family"], said["article"] != y_new
print(f"article wrong: {wrong[~disagree].mean():.0%} where the answers agree,", end=" ")
print(f"{wrong[disagree].mean():.0%} of the {disagree.sum()} where they do not")
fig, axes = plt.subplots(1, 5, figsize=(10.5, 3), layout="constrained")
told = []
for ax, k in zip(axes, np.flatnonzero(disagree)):
    ax.imshow(new[k], cmap="gray_r")
    lines = [clothes.class_names[said["article"][k]], FAMILIES[said["family"][k]]]
    ax.set_title("article: {}\nfamily: {}".format(*lines), fontsize=10)
    ax.set(xlabel=f"truth: {clothes.class_names[y_new[k]]}", xticks=[], yticks=[])
    told.append(f"a {clothes.class_names[y_new[k]]}: {lines[0]}, {lines[1]}")
plots.show(fig, alt=f"Five pictures, the truth, then article and family: {'; '.join(told)}.")

# %% [markdown]
# The second task helps on the mean, and by very different amounts: one start would have told you anything. Why here
# and not above? The families of 2,900 further pictures are knowledge that the 100 articles do not have.
#
# And the five pictures? You would have known most of them. Here the network contradicts itself, so at least one of its
# answers is wrong, and it can *notice* that without the truth: a warning that costs nothing. Such pictures the shop
# should show to a person.
#
# ### Your turn: past one layer
#
# A person's ten columns shall go through 5 `relu` units **and** past them, then to one output. Say it twice, as a
# graph and as code. The cell runs as it stands, but nothing goes past. Change the two marked lines until it prints
# True. (In a class, `keras.ops.concatenate([a, b], axis=1)` joins.)


# %%
person = keras.Input(shape=(10,), name="person")
bend = keras.layers.Dense(5, activation="relu", name="bend")
road = bend(person)  # change this: join the person and bend(person)
yours = keras.Model(person, keras.layers.Dense(1, name="points")(road))


class Mine(keras.Model):
    def __init__(self, **options):
        super().__init__(**options)
        self.bend = keras.layers.Dense(5, activation="relu")
        self.points = keras.layers.Dense(1)

    def call(self, person):
        return self.points(self.bend(person))  # change this: the same road, as code


mine, wanted = Mine(), (10 + 1) * 5 + (10 + 5 + 1) * 1
mine(x_val[:1])
print(f"graph {yours.count_params()}, code {mine.count_params()}, wanted {wanted} parameters")
done = yours.count_params() == mine.count_params() == wanted
if done:
    mine.set_weights(yours.get_weights())
print("equal predictions:", done and np.allclose(mine(x_val), yours(x_val), atol=1e-6))

# %% [markdown]
# <details><summary>One way</summary>
#
# `road = keras.layers.Concatenate()([person, bend(person)])`, and in `call` `return
# self.points(keras.ops.concatenate([person, self.bend(person)], axis=1))`. The same order in both: the weights of
# `points` depend on it.
#
# </details>
#
# ### Change one thing
#
# Choose **two** rows; the others are for home. Each is one change to a cell above; predict, run that cell and those
# that show its result, put it back.
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | `as_list(units=30)` under *Train* | 30 → 300 | **below** the line? | no gain, with ten times the units |
# | `passes` | 75 → 15 | does the brake need overfitting? | no: training is held back already; validation still has no clear sign |
# | `labelled` | 100 → 3000 | does the second task still pay? | little or nothing: it knows nothing more now |
# | `Dense(10, activation="tanh")` in `Rounds` | 10 → 7 | which calls still run? | `rounds=1` runs; at 2 an error: a layer that knows 10 inputs gets 7 |
# | `draw` at the top | 1 → 0, run all | who wins the test? | every bar moves; the verdict does not |
#
# ### Find the bug
#
# A friend likes lists better than names: her copy of the trained network takes `[wide, deep]`. On the training people
# all is well. On the validation people the error is awful, and there is no message. "It overfits!" she says. Does it?

# %%
layer = wide_deep.get_layer
friend = keras.Model([layer("wide").output, layer("deep").output], layer("points").output)


def split(x):
    parts = ways(x)
    return [parts[way] for way in sorted(parts)]


train_answer = friend([ways(x_train)["wide"], ways(x_train)["deep"]])
val_answer = friend(split(x_val))
print(
    f"training {rmse(y_train, train_answer):.1f}, validation {rmse(y_val, val_answer):.1f} points"
)
print(f"always the mean: {mean_error:.1f} points")

# %% [markdown]
# <details><summary>The answer</summary>
#
# `sorted` puts "deep" before "wide": the validation columns go in by the wrong doors. Both parts have six columns, so
# every shape fits and nobody complains. It is no overfitting: the same mix-up on the training people is bad, too.
# (Try `rmse(y_train, friend(split(x_train)))`.) Give data to a graph with several inputs **by name**, as a
# dictionary. (Cutting a new model out of a trained one, as she did, is fine: the graph is data.)
#
# </details>
#
# ## Take away *(2 min)*
#
# - A list for a line of layers, a graph for forks and joins, code when the caller or Python must choose the way; in
#   `fit` it is traced. Take the first that can say it.
# - Same layers and same weights give the same numbers, in any API. Check that, if you rewrite a model.
# - Wide & deep: some columns go straight, some through layers, some both ways.
# - Several outputs: one loss each, weighed and added. A second task brakes the shared layers; it helps if it knows
#   something more.
# - Code has no arrows to read or cut, and shapes only of the batch it saw; its class must be there when you load it,
#   and say its arguments in `get_config`.
# - Pass several inputs by name.
#
# **Explain without looking:** why does `AsCode` have no weights at first? · What do `twin(wide)` and `twin(deep)`
# share? · Why does `aux` brake, and what does it cost? · Why is one shorter bar no news here? · What does a `.keras`
# file hold of a class?
#
# **You may meet** `keras.Model(inputs=[a, b], outputs=[c, d])` with lists, and losses in a list of the same order: it
# works, and the friend's bug lives there. Older code builds graphs with `tf.keras.layers.concatenate`, and draws them
# with `plot_model`.
#
# **Next:** {{next}}. Training runs for minutes or days; you will watch it, steer it and stop it, with callbacks.
