# %% [markdown]
# # Heart 1: a table of patients
#
# {{badge}}
#
# A row of a table is a person: age, blood pressure, a heartbeat on paper, and the answer of an X-ray film. Before any
# network sees such a table, somebody must ask who is in it, what is missing, and which way round the answer is coded.
# Most mistakes with real data happen here, and few of them raise an error.

# %% [markdown]
# ## Objectives *(2 min)*
#
# **65 minutes.** You need the iris unit: one-hot, logistic regression as a baseline, validation and test data. The table
# is held by **pandas**, a library for tables with named columns. You need not know it: read its lines as English.
# On Colab, save a copy in Drive first (*File → Save a copy in Drive*), or your work is lost when you close the tab.
#
# At the end you can
#
# 1. say whom a table speaks about, and check which way round its target is coded;
# 2. split with stratification, and then standardise numbers and one-hot encode categories from training rows only;
# 3. treat missing values openly, and say what the 29 input columns are;
# 4. tell a harmless leak from a disastrous one.

# %%
from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


# %% [markdown]
# ## Problem *(3 min)*
#
# The heart is fed by vessels of its own. If one gets narrow, the heart starves, and that may hurt (*angina*) or
# kill. To see the vessels, doctors can make an **angiogram**: a thin tube is pushed up to the heart, dye is let in,
# X-rays are taken. That costs a lot and carries a risk. So the question of this unit: how far do 13 cheaper
# findings tell what the angiogram would show?
#
# - Inputs: 13 findings, some numbers, some words, a few missing.
# - Target: 1, *disease*, if the angiogram showed a vessel narrowed by more than half, else 0, *no disease*.
#
# We say **ill** (positive) and **healthy** (negative) for short. "Healthy" only means that this one film showed
# nothing.
#
# **This is an exercise, not a medical device.** Nothing that we train may tell anybody whether they are ill. Why
# not? You will collect the reasons yourself, from this page on.

# %% [markdown]
# ## Look at the data *(18 min)*
#
# A table without a **column dictionary** is noise. Here it is, with the number of rows in which each value is missing
# (`NaN`, "not a number", stands in its place), and below it three patients, turned on their side: one column each.
# **Look for** units, for findings that are words, and for the two entries that *are* the answer. Then read one patient
# aloud, as if you were introducing somebody.
#
# A few terms:
#
# - *ST* is a stretch of the heart's electrical trace (the electrocardiogram); it sinks when the heart lacks blood.
#   *lv hypertrophy*: a thickened left chamber.
# - *Fluoroscopy* is a moving X-ray picture from outside, here (as far as we know) without tube and dye: it shows chalk
#   in the walls of the vessels. So `ca` is a finding, not the angiogram.
# - A *thallium scan* shows where blood arrives. A *reversible defect* is a spot that lacks it only under strain, a
#   *fixed* one always (a scar).

# %%
heart = data.load_heart()
frame = heart.frame
for name, meaning in heart.columns.items():
    text = meaning.split(";")[0]  # the remarks behind it follow below
    print(f"{name:8} missing {frame[name].isna().sum()}  {text}")
assert frame.shape == (303, 15) and len(heart.features) == 13
frame.head(3).T

# %% [markdown]
# The answer is `num`, the angiogram's grade, and `disease`, which is made from it. Neither may be an input.
#
# ### Idea 1: a table is a choice of people
#
# Nobody is in this table by chance. All were **sent for an angiogram**, to one hospital, in the 1980s: some doctor
# already suspected something. So the table says what is common among *patients sent to Cleveland*. It says nothing yet
# about people on the street, about other hospitals, or about today. A model learns the table, with all its gaps.
#
# What else is not in it? No smoking, no medicine taken, no origin, no income.
#
# **Guess** two shares: how many percent of the 303 are men? And how many percent are ill?

# %%
men_guess = None  # percent
ill_guess = None  # percent

predict.record("men", men_guess, unit="%")
predict.record("ill", ill_guess, unit="%")

# %%
men = frame["sex"] == "Male"
predict.compare("men", round(100 * men.mean()))
predict.compare("ill", round(100 * frame["disease"].mean()))
print(f"ages {frame['age'].min()} to {frame['age'].max()}, half of the patients", end=" ")
print("from {:.0f} to {:.0f} years".format(*frame["age"].quantile([0.25, 0.75])))
print(f"women: {(~men).sum()}, of whom ill: {frame.loc[~men, 'disease'].sum()}")

# %% [markdown]
# On the street, far fewer people of that age would show a narrowed vessel. And of ill women there are so few that a
# model could be poor for them without anyone noticing in the overall score.
#
# ### Three piles, before any picture
#
# So far we have only counted who is in the table. That we must know, and no model is made of it. Now we are about to
# look for patterns, so the split comes first: 183 patients to learn from, 60 to choose with
# (**validation**), 60 for the very end (**test**: closed in parts 1 and 2, also to our eyes). **Stratified**: each pile
# gets its share of ill ones.
#
# One step before the split is allowed: spelling. We write categories as text, and note in a column `missing`
# whether a row lacks a value. Both are done *row by row*: no row learns anything from another. Whatever looks at
# *several* rows **and goes into a model** (a mean, a largest value, a choice of columns) waits until after the split.

# %%
# NBVAL_CHECK_OUTPUT
NUMBERS = ["age", "trestbps", "chol", "thalach", "oldpeak"]
WORDS = [name for name in heart.features if name not in NUMBERS]


def as_text(value):
    return f"{value:.0f}" if isinstance(value, float) else str(value)  # 2.0 -> "2", NaN -> "nan"


table = frame.assign(missing=frame.isna().any(axis=1).astype(int))
for name in WORDS:
    table[name] = frame[name].map(as_text)

draw = 2  # random_state: fixes the draw, so that we all talk about the same patients
rest, test = train_test_split(table, test_size=60, stratify=table["disease"], random_state=draw)
train, val = train_test_split(rest, test_size=60, stratify=rest["disease"], random_state=draw)
y_train, y_val = train["disease"].to_numpy(), val["disease"].to_numpy()
for name, pile in (("training", train), ("validation", val), ("test", test)):
    print(f"{name:10} {len(pile)} patients, {pile['disease'].sum()} of them ill")

# %% [markdown]
# Now a picture of the 243 that are open. What would you expect: are patients *with* typical heart pain more often ill
# than patients who came without any? Decide, then run. **Look at** the bar for *asymptomatic*: came without chest pain.

# %%
groups = rest.groupby("cp")["disease"].agg(["mean", "size"]).sort_values("mean")
fig, ax = plt.subplots(figsize=(7.5, 3.2), layout="constrained")
kinds = [f"{kind}\n({n} patients)" for kind, n in groups["size"].items()]
bars = ax.barh(kinds, 100 * groups["mean"], color=plots.COLOURS["sky"], ec="black")
bars[-1].set(facecolor=plots.COLOURS["vermillion"], hatch="//")
ax.axvline(100 * rest["disease"].mean(), color="black", ls=":", label="all open patients")
ax.set(title="Who is ill, by kind of chest pain", xlabel="ill [%]", ylabel="chest pain")
ax.set(xlim=(0, 100))
ax.legend(loc="lower right")
told = ", ".join(f"{kind} {100 * share:.0f} %" for kind, share in groups["mean"].items())
plots.show(fig, alt=f"Ill, by chest pain: {told}; all open patients {rest['disease'].mean():.0%}.")
silent = rest[rest["cp"] == "asymptomatic"]
print(f"asymptomatic, but angina in the exercise test: {(silent['exang'] == 'True').mean():.0%}")

# %% [markdown]
# They came without chest pain, and most of them are ill? Ask why they were sent at all. Probably something *else* had
# alarmed a doctor: more than half of them, for one, got angina in the exercise test (`exang`). No pain does not mean
# no danger, and pain does not protect. The table cannot tell you what it was not made to tell.

# %%
answers = {
    "No: these ones were sent for another reason": "Right: without such a reason they would not be in "
    "the table. Neighbours without pain are not like them.",
    "Yes: the bar shows it": "Misconception: that a table speaks about everyone. It speaks about those "
    "who were sent.",
    "Yes, with a larger table": "Misconception: that size cures choice. Ten times as many patients "
    "chosen in this way show the same bar, only more precisely.",
}
quiz.ask("Your neighbour has no chest pain. Does the bar say that she is probably ill?", answers)

# %% [markdown]
# ### Idea 2: which way round is the target?
#
# Our dictionary says: 1 means disease. **Many copies of this very table on the web have it flipped**, and say so
# nowhere. Nothing crashes; the scores look as good as ever. Only every statement is turned into its opposite.
#
# How do you check? With facts that do not come from the table. Two are in every textbook: exercise takes the ill heart
# to its limit, so among the ill the ST stretch sinks deeper (`oldpeak`), and angina in the exercise test (`exang`)
# is commoner. Pretend that the dictionary is lost: you see two classes, 0 and 1. **Look at** both panels: which class
# is the ill one?

# %%
piles = [rest[rest["disease"] == k] for k in (0, 1)]
labels, colours = ["class 0", "class 1"], [plots.COLOURS["blue"], plots.COLOURS["orange"]]
depths = [rows["oldpeak"] for rows in piles]
percent = [np.full(len(rows), 100 / len(rows)) for rows in piles]  # each class adds up to 100
angina = [100 * np.mean(rows["exang"] == "True") for rows in piles]

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
style = dict(color=colours, ec="black", label=labels)
_, _, (_, deep) = left.hist(depths, np.arange(0, 7, 0.5), weights=percent, **style)
_, often = right.bar(labels, angina, **style)
for bar in (*deep, often):
    bar.set_hatch("//")  # class 1, also without colour
left.set(title="ST depression in exercise", xlabel="oldpeak [mm]", ylabel="patients [% of class]")
right.set(title="Angina in the exercise test", xlabel="class", ylabel="patients [% of class]")
left.legend()
told = [f"mean oldpeak {d.mean():.1f} mm, angina {a:.0f} %" for d, a in zip(depths, angina)]
plots.show(fig, alt=f"Two bar charts. Class 0: {told[0]}. Class 1: {told[1]}.")


# %%
# NBVAL_CHECK_OUTPUT
def direction(rows, labels):
    """Say which class looks ill, by two facts from outside the table."""
    one, zero = rows[labels == 1], rows[labels == 0]
    deeper = one["oldpeak"].mean() > zero["oldpeak"].mean()
    more_angina = (one["exang"] == "True").mean() > (zero["exang"] == "True").mean()
    if deeper != more_angina:
        return "unclear: the two facts disagree"
    return f"class {int(deeper)} looks ill"


print("our labels:    ", direction(rest, rest["disease"]))
print("a flipped copy:", direction(rest, 1 - rest["disease"]))

# %%
answers = {
    "Nothing: it stays the same": "Right: the model learns the flipped labels and is judged by flipped "
    "labels. That is why accuracy cannot warn you.",
    "It falls below one half": "Misconception: true only if you train on one coding and judge with the "
    "other.",
    "Training stops with an error": "Misconception: that wrong data crash. 0 and 1 are 0 and 1.",
}
quiz.ask(
    "All labels are flipped, in training and validation rows. What happens to the accuracy?",
    answers,
)

# %% [markdown]
# ## Baseline *(6 min)*
#
# Before 29 columns, the cheapest answers:
#
# - **the majority**: say "healthy" to everyone, since most are;
# - **logistic regression on the five numbers**: age, blood pressure, cholesterol, heart rate, ST depression.
#
# The score is the number of validation patients that are named rightly. (Is that a *good* score for such
# a question? Say "healthy" to everyone, and you miss every ill patient. Part 3 is about that.)
#
# **Guess:** the majority gets a little more than half of the 60. How many do the five numbers get?

# %%
five_guess = None  # patients of 60

predict.record("five", five_guess, unit="patients")

# %%
right_by_majority = int(np.sum(y_val == np.bincount(y_train).argmax()))
five = make_pipeline(StandardScaler(), LogisticRegression()).fit(train[NUMBERS], y_train)
right_by_five = int(np.sum(five.predict(val[NUMBERS]) == y_val))

predict.compare("five", right_by_five)
print(f"majority {right_by_majority}, five numbers {right_by_five} of 60 right")
assert right_by_majority == 33  # stratified: 33 of 60 are healthy in any draw

# %% [markdown]
# A beginning. Most of what doctors know is in the words, and those are not used yet.
#
# ## Build *(18 min)*
#
# ### Idea 3: one ruler for all numbers
#
# Cholesterol is in the hundreds, ST depression near one. Gradient descent gets on better, and a brake such as L2
# treats all weights alike, if all inputs have about the same size. Two rulers are common:
#
# - **standardise**: $z = (x - \text{mean}) / \text{standard deviation}$. Centre 0, usual size 1 (`StandardScaler`);
# - **range**: $r = (x - \min) / (\max - \min)$. On the training rows between 0 and 1.
#
# The ruler's numbers come from the **training rows only**, and then measure every row, also rows of tomorrow. Shapes
# stay: $(n, 5) \to (n, 5)$, with five means and five deviations.
#
# **Look at** cholesterol in each panel: what does its one extreme patient do to the others?

# %%
raw = train[NUMBERS].to_numpy(float)
mean, deviation = raw.mean(axis=0), raw.std(axis=0)  # one for each column: (5,)
low, high = raw.min(axis=0), raw.max(axis=0)
panels = {
    "As measured": (raw, "value [its own unit]"),
    "Standardised": ((raw - mean) / deviation, "z [standard deviations]"),
    "Range": ((raw - low) / (high - low), "r [share of the range]"),
}
rng = np.random.default_rng(0)
fig, axes = plt.subplots(1, 3, figsize=(10, 3.4), sharey=True, layout="constrained")
for ax, (title, (values, unit)) in zip(axes, panels.items()):
    for k, (colour, marker) in enumerate(zip(plots.COLOURS, "os^Dv")):
        heights = k + rng.uniform(-0.25, 0.25, len(values))  # spread, so that dots do not hide dots
        style = dict(color=plots.COLOURS[colour], ms=3, alpha=0.6)
        ax.plot(values[:, k], heights, marker, **style)
    ax.set(title=title, xlabel=unit, yticks=range(5), yticklabels=NUMBERS)
    ax.grid(alpha=0.3, axis="x")
axes[0].set_ylabel("column")
chol = [np.percentile(values[:, 2], (95, 100)).round(2).tolist() for values, _ in panels.values()]
plots.show(fig, alt=f"Cholesterol (raw, z, r): 95 % lie below, the extreme one at {chol}.")

# %%
answers = {
    "Above 1, and that is right": "Right: the ruler stays as it is. Rows of tomorrow need not respect it.",
    "Exactly 1": "Misconception: that the ruler is fitted again. Then two patients of the same age would "
    "get two different numbers.",
    "An error": "Misconception: that a ruler ends at its last mark.",
}
quiz.ask(
    "Suppose the oldest training patient is 70. What does range scaling make of one who is 77?",
    answers,
)

# %% [markdown]
# ### Idea 4: words become columns, and gaps become visible
#
# Eight findings are categories. As with iris labels, each becomes **one-hot**: one column for each value, with a 1 in
# the column of the value and 0 in the others. We *write down* the allowed values ourselves. If they were collected
# from the training rows, a rare one might be absent there, and the width would change.
#
# And a **missing** value? Dropping the row loses a patient, today in training, tomorrow at the desk. Filling in the
# commonest value makes up a finding. We take a third way: zeros in all columns of that finding, and one more
# column, the flag `missing`, which is 1.
#
# **Guess** the number of columns: 5 numbers; words with 2, 4, 2, 3, 2, 3, 4 and 3 values; one flag.

# %%
columns_guess = None

predict.record("columns", columns_guess, unit="columns")

# %%
# NBVAL_CHECK_OUTPUT
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder

VALUES = {
    "sex": ["Female", "Male"],
    "cp": ["typical angina", "atypical angina", "non-anginal", "asymptomatic"],
    "fbs": ["False", "True"],
    "restecg": ["normal", "st-t abnormality", "lv hypertrophy"],
    "exang": ["False", "True"],
    "slope": ["upsloping", "flat", "downsloping"],
    "ca": ["0", "1", "2", "3"],
    "thal": ["normal", "fixed defect", "reversible defect"],
}
one_hot = OneHotEncoder(
    categories=list(VALUES.values()), handle_unknown="ignore", sparse_output=False
)
steps = [("number", StandardScaler(), NUMBERS), ("word", one_hot, list(VALUES))]
prepare = ColumnTransformer([*steps, ("flag", "passthrough", ["missing"])]).fit(train)
x_train, x_val = prepare.transform(train), prepare.transform(val)  # fitted once, used twice
print("training", x_train.shape, "validation", x_val.shape)

# %%
# NBVAL_CHECK_OUTPUT
widths = [len(values) for values in VALUES.values()]
predict.compare("columns", x_train.shape[1])
assert x_train.shape[1] == 5 + sum(widths) + 1 == 29
by_hand = (val[NUMBERS].to_numpy(float) - mean) / deviation  # validation rows, training ruler
expect.close(x_val[:, :5], by_hand, name="scikit-learn's first five columns and ours")
print("5 numbers +", " + ".join(map(str, widths)), "+ 1 flag =", x_train.shape[1])
ones = x_train[:, 5:28].sum(axis=1)  # how many ones stand in the 23 columns of a row
assert np.array_equal(ones, 8 - train["missing"])  # a gap leaves one finding without its 1
names = [*NUMBERS, *(f"{c}: {v}" for c, values in VALUES.items() for v in values), "missing"]

# %% [markdown]
# This is what any model will see: no words, no gaps, 29 numbers a patient. **Look at** the left five columns (any
# number), at the cells with a 1 right of them (purple, one in each finding), and at the last rows: where did the gap
# go?

# %%
gaps = np.flatnonzero(train["missing"])[:2]
shown = np.concatenate([np.flatnonzero(train["missing"] == 0)[:8], gaps])
fig, ax = plt.subplots(figsize=(10, 5), layout="constrained")
image = ax.imshow(x_train[shown], cmap="PuOr", vmin=-2.5, vmax=2.5, aspect="auto")
for border in np.cumsum([5, *widths]):
    ax.axvline(border - 0.5, color="black", lw=1.5)
ax.set_xticks(range(29), names, rotation=90, fontsize=8)
ax.set_yticks(
    range(len(shown)), [*(f"patient {i + 1}" for i in range(8)), *["with a gap"] * len(gaps)]
)
ax.set(title="Ten training patients, as the model sees them", xlabel="input column", ylabel="row")
fig.colorbar(image, label="value", shrink=0.8)
lost = [name for i in gaps for name in VALUES if train.iloc[i][name] not in VALUES[name]]
alt = "Five columns of any number; then a single 1 in each finding. The last rows have zeros in "
plots.show(fig, alt=f"{alt}{' and in '.join(lost)}, and a 1 in the last column, missing.")

# %%
answers = {
    "The value of thal is missing": "Right: the zeros say 'none of the values on the list', the flag says "
    "'a value is missing'. The model may give the flag a weight of its own.",
    "It means 'normal', the usual value": "Misconception: that zero is the default value. 'Normal' has a "
    "column, and would have a 1 in it.",
    "The row must be deleted": "Misconception: that only whole rows can be used.",
}
quiz.ask(
    "A row has zeros in all three columns of thal, and a 1 in missing. What does that mean?",
    answers,
)

# %% [markdown]
# ### The same inside a Keras model
#
# What if the model should take the patient as written, words and all? Keras has **preprocessing layers** for that:
# `Normalization` learns means and deviations with `adapt` (training rows only, again), `StringLookup` turns a word
# into its one-hot vector. Its *first* column stands for words that are not on the list: there our gaps arrive. If any
# of these eight first columns is 1, the flag is 1 (`Maximum`). The result travels with the model: nobody can forget
# it, or do it differently.
#
# New here: a layer is *called* on what it should see, like a function, and gives what comes out. `Concatenate` puts
# columns side by side; `Maximum` takes the largest. Part 2 explains; for now read the shapes.

# %%
inputs = {name: keras.Input(shape=(1,), name=name) for name in NUMBERS}
for name in VALUES:
    inputs[name] = keras.Input(shape=(1,), name=name, dtype="string")

scale = keras.layers.Normalization()
scale.adapt(train[NUMBERS].to_numpy("float32"))
scaled = scale(keras.layers.Concatenate()([inputs[name] for name in NUMBERS]))
found = [
    keras.layers.StringLookup(vocabulary=values, output_mode="one_hot")(inputs[name])
    for name, values in VALUES.items()
]
known = [columns[:, 1:] for columns in found]  # (n, values): one 1, or none
flag = keras.layers.Maximum()([columns[:, :1] for columns in found])  # (n, 1)
keras_prepare = keras.Model(inputs, keras.layers.Concatenate()([scaled, *known, flag]))
expect.output_shape(keras_prepare, (None, 29))


# %%
def as_tensors(rows):
    """One column a tensor, (n, 1): that is how the Keras model takes patients."""
    kinds = dict.fromkeys(NUMBERS, "float32") | dict.fromkeys(VALUES, str)
    return {name: tf.constant(rows[[name]].to_numpy(kind)) for name, kind in kinds.items()}


by_keras = np.asarray(keras_prepare(as_tensors(rest)))  # all open patients, gaps included
expect.close(
    by_keras, prepare.transform(rest), atol=1e-4, name="Keras' 29 columns and scikit-learn's"
)

# %% [markdown]
# Which of the two? For one table and many models (as in parts 2 and 3) the scikit-learn way is quick and easy to
# look at. For a model that leaves the house, the layers inside are safer. They differ for a misspelt word: both give
# zeros, but only Keras raises the flag.
#
# ## Train *(4 min)*
#
# Logistic regression on all 29 columns: 29 weights and a bias, then a sigmoid. Weights can be compared, roughly: a
# number's weight is for one standard deviation, a one-hot weight for a 1 instead of a 0. For a finding with two values
# look at the *distance* of its two bars. **Look at** the longest bars: do they point the way that you expect? Find
# *asymptomatic*: the choice of Idea 1, learned.

# %%
C = 1.0  # scikit-learn's brake: smaller brakes harder
logistic = LogisticRegression(C=C, max_iter=1000).fit(x_train, y_train)
weights = logistic.coef_[0]  # (29,)
order = np.argsort(np.abs(weights))[-14:]
fig, ax = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
for towards, colour, hatch in (("ill", "vermillion", "//"), ("healthy", "blue", "")):
    rows = [k for k in range(14) if (weights[order[k]] > 0) == (towards == "ill")]
    style = dict(color=plots.COLOURS[colour], ec="black", hatch=hatch, label=f"towards {towards}")
    ax.barh(rows, weights[order[rows]], **style)
ax.axvline(0, color="black", lw=1)
ax.set_yticks(range(14), [names[k] for k in order])
ax.set(title="The 14 largest of 29 weights", xlabel="weight", ylabel="input column")
ax.set(xlim=(-1.8, 1.8))  # fixed, so that bars of two runs can be compared
ax.legend(loc="lower right")
told = ", ".join(f"{names[k]} {weights[k]:+.2f}" for k in order[::-1])
plots.show(fig, alt=f"Bars, the longest first (plus: towards ill): {told}.")

# %% [markdown]
# A weight is no cause. It says what helps to *sort these patients*, given the other 28 columns. With this draw `exang`
# is not even among the 14: what it says, others say too. And some rest on very
# little: that of `missing` comes from the handful of training patients with a gap.
#
# ## Judge *(7 min)*
#
# The same 60 validation patients, three answers. How much of a difference is luck? If $s$ is the share named
# rightly, the count of $n$ patients **sways** by about $\sqrt{n\,s\,(1-s)}$: the standard deviation of the count, if
# one model met 60 new patients again and again. (Divided by $n$ it belongs to the share: $\sqrt{s(1-s)/n}$, its
# **standard error**. Part 3 uses that, and the MNIST unit.)

# %%
right_by_all = int(np.sum(logistic.predict(x_val) == y_val))
share = right_by_all / 60
sway = np.sqrt(60 * share * (1 - share))
print(f"majority {right_by_majority}, five numbers {right_by_five}, all 29 columns {right_by_all}")
print(f"of 60 validation patients; the last sways by about ±{sway:.0f}")
gain = right_by_all - right_by_five
print(f"all columns against five numbers: {gain} patients more, {gain / sway:.1f} sways")
expect.better(right_by_all, right_by_majority, lower_is_better=False, name="logistic regression")

# %% [markdown]
# The gain of the words is several times the sway: hardly luck. Had it been two or three patients, nobody could say.
# (Part 3 does it better, over many splits.)
#
# ### Three leaks
#
# A **leak** is anything the model has learned from that it will not have when it is used. Not all are alike. Here are
# two, done on purpose; a third is hidden further down.
#
# - **The ruler:** means and deviations from training *and* validation rows together.
# - **The answer:** the column `num`, the angiogram's grade, left in among the inputs.
#
# **Guess:** by the ruler's leak, how many of the 60 verdicts change?

# %%
ruler_guess = None  # verdicts of 60

predict.record("ruler", ruler_guess, unit="verdicts")

# %%
leaky = ColumnTransformer([*steps, ("flag", "passthrough", ["missing"])]).fit(rest)  # the leak
by_leaky = LogisticRegression(C=C, max_iter=1000).fit(leaky.transform(train), y_train)
p_clean = logistic.predict_proba(x_val)[:, 1]
p_leaky = by_leaky.predict_proba(leaky.transform(val))[:, 1]
predict.compare("ruler", int(np.sum((p_clean > 0.5) != (p_leaky > 0.5))))
print(f"the largest change of any of the 60 probabilities: {np.abs(p_clean - p_leaky).max():.3f}")

x_cheat, x_cheat_val = np.c_[x_train, train["num"]], np.c_[x_val, val["num"]]
cheat = LogisticRegression(max_iter=1000).fit(x_cheat, y_train)
print(f"with num among the inputs: {np.sum(cheat.predict(x_cheat_val) == y_val)} of 60 right")

# %% [markdown]
# The ruler's leak is real, and tiny: ten numbers, and 60 rows more hardly move them. Avoid it all the same: it
# costs nothing, and with few rows or wild values it can grow. The second leak is total, and announces itself: **too
# good to be true**. The dangerous ones lie between.
#
# ## Improve *(5 min)*
#
# ### Find the bug
#
# A friend has no findings at all. He gives each open patient 1,000 **random numbers**, keeps the 20 that go best with
# the disease, trains and judges. From pure noise he should get what the majority gets, at best. Which line lets him
# do better?

# %%
n_noise, n_kept = 1000, 20
noise = np.random.default_rng(0).normal(size=(len(rest), n_noise))
y_rest = rest["disease"].to_numpy()


def best_columns(x, y):
    """Return the places of the columns that differ most between the two classes."""
    return np.argsort(-np.abs(x[y == 1].mean(axis=0) - x[y == 0].mean(axis=0)))[:n_kept]


kept = noise[:, best_columns(noise, y_rest)]
scores = []
for seed in range(20):  # twenty splits, so that it cannot be the luck of one
    options = dict(test_size=60, stratify=y_rest, random_state=seed)
    a, b, y_a, y_b = train_test_split(kept, y_rest, **options)
    scores.append(60 * LogisticRegression().fit(a, y_a).score(b, y_b))
print(f"from noise: {np.mean(scores):.0f} of 60 right on average; majority {right_by_majority}")

# %% [markdown]
# <details><summary>The answer</summary>
#
# `best_columns(noise, y_rest)` looks at *all* open rows, labels included, before the split. Among 1,000 columns of
# noise some go well with these very 243 labels, by luck; the 20 luckiest are kept, and that luck includes the
# validation rows. The split comes too late. Choosing columns is training: it belongs after the split, on training
# rows. This mistake has been published many times, in all earnest.
#
# **The cure**, for you to try: in the loop split `noise` instead of `kept`; then let only the training rows choose,
# with `best = best_columns(a, y_a)` and `a, b = a[:, best], b[:, best]`.
#
# </details>
#
# ### Change one thing
#
# Edit one thing, then **Run → Run All Cells**. Guess first, and go back before the next change.
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | `draw` | 2 → 3 | the same counts? | some patients more or less |
# | `C` | 1.0 → 0.001 | longer bars? | very short ones; the score falls towards the majority's |
# | `fit(rest)`, the leaky ruler | `fit(train[:10])` | a poor ruler: worse? | several times the change, and still small: the model is trained with the same ruler |
# | `n_noise` | 1000 → 5000 | more luck? | more columns to choose from, more luck: the leak grows a little |
# | `kept = ...`, the friend's | `kept = noise[:, :20]` | still a miracle? | no: blindly chosen, noise is no better than the majority |
# | the friend's loop | the cure from the answer | still a miracle? | no: honestly chosen, noise is still noise |
#
# ## Take away *(2 min)*
#
# - First question: *who is in the table*? These are patients who were sent for an angiogram, not the public.
# - Check which way round the target is, by facts from outside. Accuracy cannot tell.
# - Split first. What looks at several rows *and goes into a model* is fitted on training rows: ruler, choice of
#   columns, everything.
# - 5 standardised numbers + 23 one-hot columns + 1 flag for a gap = 29 inputs.
# - Leaks range from harmless to total. Be most wary where the result pleases you.
#
# **Explain without looking:** why are patients who came without pain so often ill here? · How would you check a copy
# for flipped labels? · Why may spelling come before the split and a mean not? · What do zeros in all columns of a
# finding mean? · How can noise score well?
#
# **You may meet** `pd.get_dummies(frame)`: handy, but its columns depend on the rows that it sees. And the argument
# `sparse=False` of `OneHotEncoder` is now `sparse_output=False`.
#
# **Next:** {{next}}, *the network*: 29 inputs, 16 hidden units, one probability. Does it beat logistic regression?
