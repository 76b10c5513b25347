# %% [markdown]
# # Heart 3: from probability to decision
#
# {{badge}}
#
# The network says 0.4. Is this patient sent for an angiogram, or home? No network can answer that: it depends on what
# a mistake costs, and whom. In this lecture you turn probabilities into decisions, and learn when to trust neither.

# %% [markdown]
# ## Objectives *(2 min)*
#
# **75 minutes.** You need parts 1 and 2: 29 inputs, 497 parameters, binary cross-entropy, logistic regression. On
# Colab, save a copy in Drive first (*File → Save a copy in Drive*), or your work is lost when you close the tab.
#
# At the end you can
#
# 1. compute sensitivity, specificity, precision and AUC by hand, and say what each one ignores;
# 2. derive a threshold from what the two kinds of mistakes cost;
# 3. check whether probabilities are honest, and say what class weights do to them;
# 4. compare two models on the same repeated folds, and say what neither must be used for.

# %%
from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)  # before Keras, so that TensorFlow's log stays quiet
import ipywidgets as widgets
import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve, precision_score, recall_score
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import RepeatedStratifiedKFold, train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler


# %% [markdown]
# ## Problem *(3 min)*
#
# Parts 1 and 2 ended with a probability $p$ for each patient. A doctor cannot do anything with 0.4. She must
# *decide*: send the patient for an angiogram, or not. The usual rule, "call them ill from ½ on", came from nowhere.
# And there are two ways to be wrong:
#
# - a **missed case** (false negative): an ill patient is sent home;
# - a **false alarm** (false positive): a healthy one gets a tube up to the heart, for nothing.
#
# (As before: *ill* means that the angiogram showed a narrowed vessel. This is an exercise, not a medical device.)
#
# Suppose that a missed case is as bad as **five** false alarms. **Guess**, before any formula: from which $p$ on
# would you send?

# %%
threshold_guess = None  # a probability, 0 to 1

predict.record("threshold", threshold_guess)

# %% [markdown]
# ## Look at the data *(8 min)*
#
# The table of parts 1 and 2, made again in few lines: the same 60 test patients, closed until the end. The 183
# training and 60 validation patients come back together: 243 **open** patients.

# %%
# NBVAL_CHECK_OUTPUT
heart = data.load_heart()
NUMBERS = ["age", "trestbps", "chol", "thalach", "oldpeak"]
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
table = heart.frame.assign(missing=heart.frame.isna().any(axis=1).astype(int))
for name in VALUES:  # 2.0 -> "2", NaN -> "nan", which is on no list and becomes zeros
    as_text = [f"{v:.0f}" if isinstance(v, float) else str(v) for v in heart.frame[name]]
    table[name] = as_text
draw = dict(test_size=60, stratify=table["disease"], random_state=2)
rest, test = train_test_split(table, **draw)
y, y_test = rest["disease"].to_numpy(), test["disease"].to_numpy()
print(f"open: {len(y)} patients, {y.sum()} of them ill; test: {len(y_test)}, closed")

# %% [markdown]
# ### Judged by a model that never saw them
#
# 60 validation patients are few: 27 of them are ill, so each of these counts for nearly four in a hundred. There is a
# better use of 243 rows. Deal them into five **folds**, stratified. Five times, learn from four folds and judge the
# fifth. This is **cross-validation**. In the end *every* open patient has a probability from a model that never saw
# them. We call these **out-of-fold** probabilities: shape $(243,)$, from five models.
#
# Whatever is fitted, is fitted anew in each round: the scaler too.
#
# Folds can be dealt again, in another way. We make three deals now, use the first for most of the lecture, and need
# the others at the end. **Look down** each column of the picture: how often is a patient judged?

# %%
deals = RepeatedStratifiedKFold(n_splits=5, n_repeats=3, random_state=0)
rounds = list(deals.split(rest, y))  # 15 pairs of row numbers: (to learn from, to judge)
first_deal = rounds[:5]
judged = np.zeros((5, len(y)))
for number, (learn, judge) in enumerate(first_deal):
    assert not set(learn) & set(judge)
    judged[number, judge] = 1
assert (judged.sum(axis=0) == 1).all()  # each patient exactly once

fig, ax = plt.subplots(figsize=(9.5, 2.8), layout="constrained")
ax.pcolormesh(judged[:, :40], cmap="Blues", vmin=-0.1, vmax=1.4, edgecolors="white", lw=1)
labels = [f"fold {n + 1}: {len(j)}, {y[j].sum()} ill" for n, (_, j) in enumerate(first_deal)]
ax.set_yticks(np.arange(5) + 0.5, labels)
ax.set_xticks(np.arange(4, 40, 5) + 0.5, range(5, 41, 5))
ax.set(
    title="Who is judged when (dark), first 40 of 243 patients", xlabel="patient, in table order"
)
ax.set_ylabel("fold: patients judged")
ax.invert_yaxis()
plots.show(fig, alt="Five rows of cells. Each column has exactly one dark cell: judged once.")

# %% [markdown]
# ## Baseline *(11 min)*
#
# Two rules need no data: **send everyone** and **send nobody**. The baseline that learns is logistic regression on
# the 29 columns.
#
# ### Idea 1: one threshold, two kinds of mistakes
#
# A **threshold** $t$ makes a decision of a probability: send if $p \ge t$. Each patient is then one of four:
#
# | | sent, $p \ge t$ | not sent |
# |---|---|---|
# | **ill** | hit | missed case |
# | **healthy** | false alarm | cleared |
#
# - **Sensitivity** (also *recall*, *true positive rate*): hits / all ill. It ignores the healthy.
# - **Specificity**: cleared / all healthy. It ignores the ill. (False alarms / all healthy is one minus that.)
# - **Precision**: hits / all sent. It ignores whoever was not sent: the missed cases, too.
#
# (`prepare` is that of part 2, without the labels.) **Write it first:** before you read `four(y, p, t)` below the picture,
# count the four kinds yourself, in a cell of your own.
#
# **Look at** the picture below: which bars are the missed cases, which the false alarms? Slide the dashed line in
# your mind: can both shrink at once?


# %%
# NBVAL_CHECK_OUTPUT
def prepare(learn, judge):
    """Return two arrays of 29 columns; what is fitted, is fitted on `learn` alone."""
    words = OneHotEncoder(categories=list(VALUES.values()), handle_unknown="ignore")
    steps = [("number", StandardScaler(), NUMBERS), ("word", words, list(VALUES))]
    steps.append(("flag", "passthrough", ["missing"]))
    columns = ColumnTransformer(steps, sparse_threshold=0).fit(learn)
    return [columns.transform(rows).astype("float32") for rows in (learn, judge)]


p_logistic = np.zeros(len(y))
for learn, judge in first_deal:
    x_learn, x_judge = prepare(rest.iloc[learn], rest.iloc[judge])
    logistic = LogisticRegression(max_iter=1000).fit(x_learn, y[learn])
    p_logistic[judge] = logistic.predict_proba(x_judge)[:, 1]  # column 1: ill
assert x_learn.shape[1] == 5 + sum(len(values) for values in VALUES.values()) + 1 == 29
print(x_learn.shape[1], "inputs a patient,", p_logistic.shape, "probabilities")

# %%
edges = np.linspace(0, 1, 21)
fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
for label, sign, colour, hatch in (("ill", 1, "vermillion", "//"), ("healthy", -1, "sky", "")):
    counts, _ = np.histogram(p_logistic[y == (sign == 1)], edges)
    style = dict(width=0.05, align="edge", ec="black", hatch=hatch, label=label)
    ax.bar(edges[:-1], sign * counts, color=plots.COLOURS[colour], **style)
ax.axhline(0, color="black", lw=1)
ax.axvline(0.5, color="black", ls="--", lw=2, label="threshold ½")
places = {"missed cases": (0.25, 0.93), "hits": (0.65, 0.93), "cleared": (0.35, 0.05)}
for words, (across, up) in (places | {"false alarms": (0.75, 0.05)}).items():
    ax.text(across, up, words, transform=ax.transAxes, ha="center", fontweight="bold")
heights = ax.get_yticks()
ax.set_yticks(heights, [f"{abs(h):.0f}" for h in heights])
ax.set(title="Logistic regression: who got which probability", xlabel="p: probability of ill")
ax.set(ylabel="patients: healthy below, ill above", xlim=(0, 1))
fig.legend(loc="outside right upper")
middles = [np.median(p_logistic[y == kind]) for kind in (1, 0)]
alt = f"Above: half of the ill over {middles[0]:.2f}; below: half of the healthy under {middles[1]:.2f}. "
plots.show(fig, alt=alt + "Missed cases: above, left of ½. False alarms: below, right of ½.")


# %%
def four(y, p, t):
    """Count hits, missed cases, false alarms and cleared patients at threshold t."""
    sent, ill = p >= t, y == 1
    return [int(np.sum(rows)) for rows in (ill & sent, ill & ~sent, ~ill & sent, ~ill & ~sent)]


def tell(name, y, p, t):
    hits, missed, alarms, cleared = four(y, p, t)
    line = f"{name:20} missed {missed:3} of {hits + missed}, false alarms {alarms:3} of"
    print(f"{line} {alarms + cleared}, right {(hits + cleared) / len(y):.0%}")


tell("send everyone", y, p_logistic, 0.0)
tell("send nobody", y, p_logistic, 1.1)
for t in (0.2, 0.5):
    tell(f"logistic, t = {t}", y, p_logistic, t)
hits, missed, alarms, cleared = four(y, p_logistic, 0.5)
ours = [hits / (hits + missed), cleared / (cleared + alarms), hits / (hits + alarms)]
sent = p_logistic >= 0.5
theirs = [recall_score(y, sent), recall_score(y, sent, pos_label=0), precision_score(y, sent)]
expect.close(ours, theirs, name="the three shares at t = 0.5, by hand and by scikit-learn")
print("sensitivity {:.0%}, specificity {:.0%}, precision {:.0%}".format(*ours))

# %%
answers = {
    "8 of 12": "Right: 12 are sent, 8 of them are ill. The two missed ones do not appear.",
    "8 of 10": "Misconception: that is the sensitivity. It asks the ill; precision asks those who are sent.",
    "26 of 30": "Misconception: that is the specificity. It asks the healthy.",
    "34 of 40": "Misconception: that is the accuracy. It asks everybody, and counts both mistakes alike.",
}
quiz.ask(
    "By hand: of 10 ill patients 8 are sent, of 30 healthy ones 4. What is the precision?", answers
)

# %% [markdown]
# ## Build *(2 min)*
#
# The network of part 2, 29 → 16 → 1, in the functional API, with two brakes: dropout of one half, and L2. Neither
# adds a parameter: one weight for each pair, one bias a unit.


# %%
# NBVAL_CHECK_OUTPUT
def build(dropout=0.5, l2=0.01):
    inputs = keras.Input(shape=(29,))
    penalty = keras.regularizers.L2(l2)
    hidden = keras.layers.Dense(16, activation="relu", kernel_regularizer=penalty)(inputs)
    hidden = keras.layers.Dropout(dropout)(hidden)
    outputs = keras.layers.Dense(1, activation="sigmoid")(hidden)
    return keras.Model(inputs, outputs)


assert build().count_params() == (29 + 1) * 16 + (16 + 1) * 1 == 497
print("29 inputs,", build().count_params(), "parameters")

# %% [markdown]
# ## Train *(4 min)*
#
# Five folds, five fresh networks. To spare you the waiting, each is shown 40 **copies** of its rows in one epoch:
# a few steps fewer than 40 epochs, with less overhead. Each dot is one network.
#
# One confession: brakes, learning rate and copies were chosen on these open patients, here and in part 2. So the
# network's numbers below are a little flattered. Logistic regression comes as it is.
#
# The argument `class_weight` waits for its turn: None for now.


# %%
def fit_network(x, y, class_weight=None, copies=40):
    keras.utils.set_random_seed(0)
    model = build()
    model.compile(keras.optimizers.Adam(learning_rate=0.003), loss="binary_crossentropy")
    many = dict(x=np.tile(x, (copies, 1)), y=np.tile(y, copies), class_weight=class_weight)
    model.fit(**many, batch_size=32, epochs=1, verbose=0)
    print(end=".", flush=True)
    return model


p = np.zeros(len(y))
for learn, judge in first_deal:
    x_learn, x_judge = prepare(rest.iloc[learn], rest.iloc[judge])
    p[judge] = np.asarray(fit_network(x_learn, y[learn])(x_judge))[:, 0]
print()
tell("network, t = 0.5", y, p, 0.5)
tell("logistic, t = 0.5", y, p_logistic, 0.5)

# %% [markdown]
# ## Judge *(22 min)*
#
# ### Idea 2: AUC, the chance to order a pair rightly
#
# Which threshold should we compare at? All of them. The **ROC curve** starts with $t$ above every $p$, lower left:
# nobody is sent. As $t$ falls, it goes up for each ill patient who is sent, right for each healthy one.
#
# **AUC** is the area under the curve, and needs no threshold to be understood: take one ill and one healthy patient
# at random. AUC is the chance that the ill one has the larger $p$ (a tie counts ½). A coin gets ½, a perfect order 1.
#
# First by hand, then the pictures. **Look at** the left one: each of its cells is one *pair* (ill, healthy), both
# sorted, largest $p$ first. Ordered rightly: filled (blue). Why is its border exactly the ROC curve?


# %%
def rates(y, p, t):
    """Return the share of the healthy with a false alarm, and the sensitivity."""
    hits, missed, alarms, cleared = four(y, p, t)
    return alarms / (alarms + cleared), hits / (hits + missed)


ill, healthy = np.sort(p[y == 1])[::-1, None], np.sort(p[y == 0])[None, ::-1]
pairs = (ill > healthy) + 0.5 * (ill == healthy)  # (111, 1) with (1, 132) -> (111, 132)
across, up, _ = roc_curve(y, p)  # false alarm rate, sensitivity
by_pairs = pairs.mean()
by_area = np.sum(np.diff(across) * (up[1:] + up[:-1]) / 2)  # trapezoids
expect.close(by_pairs, roc_auc_score(y, p), name="the share of pairs, and scikit-learn's AUC")
expect.close(by_area, by_pairs, name="the area under the curve, and the share of pairs")
print(f"AUC: network {by_pairs:.3f}, logistic {roc_auc_score(y, p_logistic):.3f}")

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.7), layout="constrained")
left.imshow(pairs, cmap="Blues", vmax=2.5, origin="lower", extent=(0, 1, 0, 1))
left.plot(across, up, color="black", lw=2)
left.text(0.6, 0.4, "the ill one has\nthe larger p", ha="center", fontsize=12)
arrow = dict(arrowprops=dict(arrowstyle="->"), fontsize=12)
left.annotate("the healthy one has\nthe larger p", (0.03, 0.95), (0.3, 0.68), **arrow)
left.set(title=f"All {pairs.size:,} pairs", ylabel="ill patients, largest p first (share)")
left.set_xlabel("healthy patients, largest p first (share)")
right.plot(across, up, color=plots.COLOURS["blue"], lw=2, label="network")
right.plot(*roc_curve(y, p_logistic)[:2], "--", color=plots.COLOURS["orange"], label="logistic")
right.plot([0, 1], [0, 1], ":", color="black", label="coin")
for t, marker in ((0.5, "o"), (0.2, "s")):
    dot = dict(color=plots.COLOURS["blue"], ms=9, mec="black", label=f"network, t = {t}")
    right.plot(*rates(y, p, t), marker, **dot)
right.set(title="ROC curves", xlabel="false alarms / healthy", ylabel="sensitivity", aspect="equal")
right.grid(alpha=0.3)
right.legend()
half, fifth = ("({:.2f}, {:.2f})".format(*rates(y, p, t)) for t in (0.5, 0.2))
alt = f"Left: {by_pairs:.1%} of the square is filled, below a staircase. Right: two close ROC curves; "
plots.show(fig, alt=alt + f"network: {half} at t = 0.5, {fifth} at t = 0.2.")

# %%
answers = {
    "Nothing": "Right: AUC hears only the order, and 2p orders the patients as p does. So even "
    "a perfect AUC does not make p a probability.",
    "It doubles": "Misconception: that AUC is a mean of probabilities. It is a share of pairs.",
    "It falls: the probabilities are wrong": "Misconception: that AUC checks them. Idea 4 does.",
}
quiz.ask(
    "A bug doubles every p (0.3 becomes 0.6, 0.9 becomes 1.8). What happens to the AUC?", answers
)

# %% [markdown]
# And why is the border of the filled part the ROC curve? Stand on one ill patient: a row. Walk right past all healthy
# ones with a larger $p$: those pairs are white. Now take this patient's own $p$ as the threshold: exactly those healthy
# ones are false alarms, and the ill up to this row are the hits. So each row's border is a point of the ROC curve,
# and the filled area is the share of pairs.
#
# ### The same decision, elsewhere
#
# ROC and AUC count ill and healthy patients apart. So they do not notice *how many* are ill. **Precision** does: of
# those who are sent, how many are ill? In this table nearly half are. Suppose somebody puts our network on a web
# page, for people of whom **one in twenty** is ill. Suppose even, generously, that sensitivity and specificity stay.
#
# **Guess:** of 100 people whom the page calls ill (at $t = ½$), how many are? Then **look at** the right picture,
# from the square to the circle. The left one is the **precision–recall curve** of this table, one point a threshold.
# Why does it end on the dotted line?

# %%
web_guess = None  # of 100 people who are called ill

predict.record("web page", web_guess, unit="of 100 who are called ill")
false_alarms, sensitivity = rates(y, p, 0.5)


def precision_among(share):  # share: how many of those asked are ill
    caught, bothered = sensitivity * share, false_alarms * (1 - share)
    return caught / (caught + bothered)


precision, recall, _ = precision_recall_curve(y, p)
half = precision[np.argmax(recall <= 0.5)]  # recall falls along the curve
alt = f"Left: precision {half:.0%} at a sensitivity of 50 %, {y.mean():.0%} (dotted) at 100 %. Right: "
alt += f"square {precision_among(y.mean()):.0%} in this table, circle {precision_among(0.05):.0%} on the web."

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
left.plot(100 * recall, 100 * precision, color=plots.COLOURS["blue"], lw=2, label="network")
left.axhline(100 * y.mean(), color="black", ls=":", label="send everyone")
left.set(title="In this table, all thresholds", xlabel="sensitivity = recall [%]", ylim=(0, 103))
left.set_ylabel("precision: ill among those sent [%]")
share = np.linspace(0.001, 0.7, 200)
right.plot(100 * share, 100 * precision_among(share), color=plots.COLOURS["blue"], lw=2)
for label, at, marker in (("this table", y.mean(), "s"), ("the web page", 0.05, "o")):
    style = dict(color=plots.COLOURS["vermillion"], ms=11, mec="black", label=label)
    right.plot(100 * at, 100 * precision_among(at), marker, **style)
right.set(title="The same network, t = ½, elsewhere", xlabel="ill among those who are asked [%]")
fig.legend(loc="outside lower center", ncols=4)
plots.show(fig, alt=alt)
predict.compare("web page", 100 * precision_among(0.05))
print(f"called ill: {50 * sensitivity:.0f} of 50 ill, {950 * false_alarms:.0f} of 950 healthy")

# %% [markdown]
# No bug, no worse network: of 1,000 visitors 950 are healthy, and the many healthy ones simply supply more false
# alarms than the few ill ones hits. (And the curve at the left ends where the threshold is so low that everyone is
# sent.)
#
# ### Idea 3: the costs choose the threshold
#
# Let a false alarm cost 1, and a missed case $c$; right decisions cost nothing. For a patient with probability $p$,
#
# - sending costs 1, if healthy: on average $1 - p$;
# - not sending costs $c$, if ill: on average $c\,p$.
#
# Send if $c\,p \ge 1 - p$, that is, if
#
# $$p \;\ge\; t = \frac{1}{1 + c}.$$
#
# For $c = 1$ that is ½; so whoever says ½ says that both mistakes are equally bad. And the patient with 0.4? For
# $c = 5$ sent, for $c = 1$ home. **Guess** the $c$ at which the doctor may toss a coin.
#
# The formula believes $p$. To check, below the question, we count the cost at *every* threshold. **Look at** the
# stars (cheapest) and the dashed lines (the formula). What does ½ cost, against sending everyone? (At $c = 20$ it
# leaves the picture.) And in the lines below: which threshold is more often *right*, which is cheaper? How many ill
# women are there to judge by, and what would one more missed one do to their sensitivity?
#
# Last a slider: from which $c$ on does ½ cost *more* than sending everyone?

# %%
answers = {
    "0.05": "Right: 1 / (1 + 19). One ill among twenty: sending all costs 19 false alarms, sending none "
    "costs 19 as well. From there on, send.",
    "0.95": "Misconception: turned round. Then only nearly certain cases are sent, and most are missed.",
    "0.5": "Misconception: that ½ is neutral. It says that both mistakes are equally bad.",
}
quiz.ask("A missed case is as bad as 19 false alarms. From which p on do you send?", answers)


# %%
def cost(y, p, t, c):  # per 100 patients, in false alarms
    _, missed, alarms, _ = four(y, p, t)
    return 100 * (c * missed + alarms) / len(y)


def draw_cost(ax, c):
    t = np.linspace(0, 1, 401)
    costs = np.array([cost(y, p, at, c) for at in t])
    ax.plot(t, costs, color=plots.COLOURS["blue"], lw=2, label="network")
    ax.axhline(cost(y, p, 0, c), color="0.4", ls=":", lw=2, label="send everyone")
    ax.axvline(1 / (1 + c), color=plots.COLOURS["vermillion"], ls="--", label="t = 1/(1 + c)")
    ax.plot(t[costs.argmin()], costs.min(), "*", color="black", ms=13, label="cheapest")
    ax.axvline(0.5, color="0.6", lw=1.5, ls="-.", label="t = ½")
    ax.set(title=f"c = {c:g}", xlabel="threshold t", ylim=(0, 120))
    told = f"c = {c:g}: cheapest at threshold {t[costs.argmin()]:.2f}, cost {costs.min():.0f}; at 1/(1 + c) "
    return told + "{:.0f}, at 1/2 {:.0f}, at 0 {:.0f}.".format(*costs[[int(400 / (1 + c)), 200, 0]])


fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.9), sharey=True, layout="constrained")
told = [draw_cost(ax, c) for ax, c in zip(axes, (1, 5, 20))]
axes[0].set_ylabel("cost per 100 patients [false alarms]")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
fig.suptitle("A missed case costs c false alarms: what does each threshold cost?")
plots.show(fig, alt=f"Three valleys, cost per 100 patients over the threshold. {' '.join(told)}")


# %%
c = 5  # a missed case costs five false alarms: somebody's judgement, not the network's
t_cost = 1 / (1 + c)
predict.compare("threshold", t_cost)
for name, t in (("send everyone", 0), ("t = ½", 0.5), ("the formula's t", t_cost)):
    correct = np.mean((p >= t) == (y == 1))
    costs = f"costs {cost(y, p, t, c):5.1f} false alarms per 100 patients"
    print(f"{name:16} {costs}, right {correct:.0%}")
tell("all, t = 1/(1 + c)", y, p, t_cost)
for sex in ("Male", "Female"):
    rows = (rest["sex"] == sex).to_numpy()
    tell(f"{sex}, {rows.sum()} patients", y[rows], p[rows], t_cost)
if c == 5:
    expect.better(cost(y, p, t_cost, c), cost(y, p, 0.5, c), name="the cost at the formula's t")
stay = p < 1 / (1 + 20)
told = f"they promise {p[stay].sum():.1f} ill, there are {y[stay].sum()}"
print(f"c = 20: {stay.sum()} of {len(y)} stay at home; {told}")


# %%
def explore(c):
    fig, ax = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
    told = draw_cost(ax, c)
    ax.set_ylabel("cost per 100 patients\n[false alarms]")
    fig.legend(loc="outside right upper")
    plots.show(ax, alt=f"Cost per 100 patients at each threshold, {told}")


slider = widgets.FloatSlider(
    value=5, min=1, max=20, step=0.5, description="c", continuous_update=False
)
# Without a slider: run explore(2.5) in a cell of your own.
_ = widgets.interact(explore, c=slider)  # needs a running kernel; the pictures above tell the same

# %% [markdown]
# With five to one, the usual ½ is *more often right* than the formula's threshold, and dearer. Accuracy counts both
# mistakes alike: it is the cost with $c = 1$. And the coin: $1/(1 + c) = 0.4$ at $c = 1.5$.
#
# Now the right panel, $c = 20$. Does the line stand low, or even above "send everyone"? The last line of numbers says
# who decides it: few stay at home, and each ill one among them lifts the cost by more than eight. So few cannot judge
# the formula. Nor can the star be trusted: it is the best of 401 thresholds, chosen by the same patients who then
# judge it. The formula has chosen nothing. But it is only as good as $p$: is a $p$ of 0.03 really 3 in 100?
#
# ### Idea 4: is 0.7 honest?
#
# Of all patients with $p$ near 0.7, about 70 in 100 should be ill. If that holds for every $p$, the probabilities are
# **calibrated**. Why hope for it? Take many patients alike, a share $s$ of them ill. Their mean cross-entropy,
# $-s\log p-(1-s)\log(1-p)$, is lowest at $p = s$: the loss of part 2 pays for honesty. (A network that learns
# patients by heart escapes this. So we check.)
#
# AUC cannot tell: it hears only order. So sort patients by $p$, cut into five groups, and compare the mean $p$ of
# each with the share that is ill. One number for it is the **Brier score**, the mean of $(p - y)^2$: the MSE of unit
# 01, asked of probabilities. It suffers from bad order *and* from dishonest numbers. (Cross-entropy would do too; but
# one ill patient with $p$ near 0 blows it up.)
#
# **Look at** the error bars (± 2 standard errors: 49 patients a group are few). How many touch the diagonal?


# %%
def reliability(ax, p, label, colour, style, corner="upper left"):
    groups = np.array_split(np.argsort(p), 5)  # five groups, by p
    said, ill = (np.array([v[rows].mean() for rows in groups]) for v in (p, y))
    error = 2 * np.sqrt(ill * (1 - ill) / len(groups[0]))
    look = dict(color=plots.COLOURS[colour], ms=8, mec="black", capsize=4, label=label)
    ax.errorbar(said, ill, error, fmt=style, **look)
    ax.plot([0, 1], [0, 1], ":", color="black")
    ax.set(title="Reliability", xlabel="mean p of the group", ylabel="share that is ill")
    ax.set(xlim=(0, 1), ylim=(-0.05, 1.1), aspect="equal")
    ax.grid(alpha=0.3)
    ax.legend(loc=corner)
    return int(np.sum(np.abs(ill - said) <= error))  # bars that touch the diagonal


fig, ax = plt.subplots(figsize=(5, 4.6), layout="constrained")
touching = reliability(ax, p, "network", "blue", "o-")
plots.show(fig, alt=f"[mean p, share ill]: {ax.containers[0][0].get_xydata().round(2).tolist()}.")
print(f"{touching} of 5 bars touch the diagonal")
expect.close(roc_auc_score(y, 2 * p), by_pairs, name="the AUC of the doubled probabilities")
brier = {"always the share of ill": np.full(len(y), y.mean()), "network": p, "logistic": p_logistic}
for name, q in brier.items():
    print(f"{name:24} Brier score {np.mean((q - y) ** 2):.3f}")

# %%
answers = {
    "A perfect AUC, badly calibrated": "Right: the order is perfect, the numbers are not. Only nought and "
    "one would be honest here.",
    "Calibrated, since the order is right": "Misconception: that order makes a probability. Of those "
    "with 0.6, not one is ill.",
    "A bad AUC: all p are above ½": "Misconception: that AUC knows ½. It knows no threshold.",
}
quiz.ask("A model gives 0.9 to every ill patient and 0.6 to every healthy one. It has ...", answers)

# %% [markdown]
# As many bars as touch give no reason to doubt, and with 49 patients a bar no proof either. (A bar that passes 0 or 1
# is the rough ruler's fault: no share can.) Only such a $p$ may go into $1/(1 + c)$.
#
# ## Improve *(20 min)*
#
# Two offers: class weights, and a network in place of logistic regression. Three guesses.
#
# ### Class weights: an improvement?
#
# `class_weight={0: 1, 1: 5}` multiplies the loss of each ill patient by five, as if each stood in the table five
# times. People do so when the ill ones are rare, or when missing them is costly.
#
# 1. Ten patients alike, four of them ill: an honest network says 0.4. The *odds* are ill to healthy, 4 to 6. Now each
#    ill one stands five times: 20 to 6. **Guess:** what does the network say now?
# 2. Same network, same folds, with these weights. What will the AUC do? Type `"rises"`, `"falls"` or `"stays"`
#    (within two hundredths).
# 3. For the second offer, without weights: three deals make 15 folds, both models on the *same* folds. On how many
#    has the network the larger AUC?
#
# Then **look at** the left picture: on what line do the patients lie? And at the right one: which probabilities are
# still honest?

# %%
odds_guess = None  # a probability, 0 to 1
weights_guess = None  # "rises", "falls" or "stays"
wins_guess = None  # of 15 folds

predict.record("0.4 with weights", odds_guess)
predict.record("AUC with weights", weights_guess)
predict.record("wins", wins_guess, unit="of 15 folds")

# %%
weight = 5
p_weighted = np.zeros(len(y))
for learn, judge in first_deal:
    x_learn, x_judge = prepare(rest.iloc[learn], rest.iloc[judge])
    model = fit_network(x_learn, y[learn], class_weight={0: 1, 1: weight})
    p_weighted[judge] = np.asarray(model(x_judge))[:, 0]
print()
predict.compare("0.4 with weights", 0.4 * weight / (0.4 * weight + 0.6))
auc = {name: roc_auc_score(y, q) for name, q in (("plain", p), ("weighted", p_weighted))}
change = auc["weighted"] - auc["plain"]
word = "stays" if abs(change) <= 0.02 else "rises" if change > 0 else "falls"
print("AUC:", {name: round(float(value), 3) for name, value in auc.items()})
predict.compare("AUC with weights", word)
tell("plain, t = ½", y, p, 0.5)
tell(f"plain, t = 1/{1 + weight}", y, p, 1 / (1 + weight))
tell("weighted, t = ½", y, p_weighted, 0.5)
for name, q in (("plain", p), ("weighted", p_weighted)):
    print(f"{name:9} mean p {q.mean():.2f}, Brier score {np.mean((q - y) ** 2):.3f}")
print(f"share of ill {y.mean():.2f}")

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.7), layout="constrained")
for kind, colour, marker in (("healthy", "sky", "o"), ("ill", "vermillion", "^")):
    rows = y == (kind == "ill")
    style = dict(color=plots.COLOURS[colour], mec="black", mew=0.4, alpha=0.8, label=kind)
    left.plot(p[rows], p_weighted[rows], marker, **style)
line = np.linspace(0, 1, 201)
theory = weight * line / (weight * line + 1 - line)
left.plot(line, theory, color="black", lw=2, label=f"odds × {weight}")
left.plot([1 / (1 + weight)] * 2, [0, 0.5], "--", color="black", lw=1)
left.plot([0, 1 / (1 + weight)], [0.5, 0.5], "--", color="black", lw=1)
left.set(title="Each patient, without and with weights", xlabel="p, plain", aspect="equal")
left.set(ylabel="p, ill ones weighted", xlim=(0, 1), ylim=(0, 1))
left.legend(loc="lower right" if weight >= 1 else "upper left")
corner = "upper left" if weight >= 1 else "lower right"
touching = reliability(right, p, "plain", "blue", "o-")
weighted_touching = reliability(right, p_weighted, "weighted", "orange", "s--", corner)
off = np.abs(p_weighted - np.interp(p, line, theory)).mean()
groups = [bars[0].get_xydata().round(2).tolist() for bars in right.containers]
plots.show(fig, alt=f"Left: {off:.2f} off the curve, mean. Right, [mean p, share ill]: {groups}.")
print(f"bars that touch the diagonal: plain {touching}, weighted {weighted_touching} of 5")

# %% [markdown]
# Where does the curve come from? From the ten patients. In general the *odds* $p / (1 - p)$ become $k$ times as
# large, so $p_k = k\,p \,/\, (k\,p + 1 - p)$. That keeps the order, so the AUC can hardly change. And $p_k \ge ½$
# means $p \ge 1/(1 + k)$: the formula of Idea 3. (The cloud need not lie on the curve: the curve is for a network
# that is perfectly honest about its table.)
#
# And the last two of the three decisions are nearly the same: weights at ½ do what a lower threshold does, and the
# order hardly changes. But they bake the cost into the training, and the probabilities are lost. So train plainly,
# keep $p$ honest, and let the **threshold** carry the costs: it can change tomorrow, without training.
#
# ### Find the bug
#
# A friend compares both networks. "Your weights ruined the order: the AUC falls." Above it hardly moved. Find why.

# %%
for name, q in (("plain", p), ("weighted", p_weighted)):
    called = (q >= 0.5).astype(int)
    print(f"{name:9} AUC {roc_auc_score(y, called):.3f}")

# %% [markdown]
# <details><summary>The answer</summary>
#
# He gives `roc_auc_score` the decisions, not the probabilities. With 0 and 1 only, every pair is tied or ordered by
# one threshold; what he gets is (sensitivity + specificity) / 2 at ½. That changes with the threshold, which AUC must
# not. No error message: 0 and 1 are numbers, too. Give it `q`.
#
# </details>
#
# ### One number is one draw
#
# Network or logistic regression? So far one deal of the folds, one number each. Now all three deals: 15 folds, both
# models on the same folds, so that their difference is fair (*paired*). AUC hears no costs, so the last line printed
# asks again, in false alarms per 100 patients. **Look at** the picture: do the lines rise or fall? What differs more:
# folds, or models?

# %%
auc_network, auc_logistic, dearer = [], [], []
for number, (learn, judge) in enumerate(rounds):
    x_learn, x_judge = prepare(rest.iloc[learn], rest.iloc[judge])
    # The first deal's networks have spoken already.
    q = p[judge] if number < 5 else np.asarray(fit_network(x_learn, y[learn])(x_judge))[:, 0]
    logistic = LogisticRegression(max_iter=1000).fit(x_learn, y[learn])
    q_logistic = logistic.predict_proba(x_judge)[:, 1]
    auc_network.append(roc_auc_score(y[judge], q))
    auc_logistic.append(roc_auc_score(y[judge], q_logistic))
    dearer.append(cost(y[judge], q, t_cost, c) - cost(y[judge], q_logistic, t_cost, c))
auc_network, auc_logistic, dearer = map(np.array, (auc_network, auc_logistic, dearer))
difference = auc_network - auc_logistic
print()
predict.compare("wins", int(np.sum(difference > 0)))
both = (("network", auc_network), ("logistic", auc_logistic), ("difference", difference))
for name, a in both:  # + 0.0: no minus before a zero
    print(f"AUC, {name:10} mean {round(a.mean(), 3) + 0.0:6.3f}, spread {a.std():.3f}")
print(f"cost, network - logistic: mean {dearer.mean():+.1f}, spread {dearer.std():.1f};", end=" ")
print(f"network cheaper on {np.sum(dearer < 0)} folds, dearer on {np.sum(dearer > 0)}")

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for a, b in zip(auc_logistic, auc_network):
    style = ("o-", "blue") if b > a else ("s--", "orange")
    left.plot([0, 1], [a, b], style[0], color=plots.COLOURS[style[1]], alpha=0.8)
left.plot([], [], "o-", color=plots.COLOURS["blue"], label="network larger")
left.plot([], [], "s--", color=plots.COLOURS["orange"], label="not larger")
left.set_xticks([0, 1], ["logistic", "network"])
left.set(title="15 folds, both models", xlabel="model", ylabel="AUC of the fold", xlim=(-0.2, 1.2))
fig.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=2)
right.hist(difference, np.linspace(-0.06, 0.06, 13), color=plots.COLOURS["sky"], ec="black")
right.axvline(0, color="black", ls="--", label="no difference")
right.set(title="Differences, fold by fold", xlabel="AUC of network − AUC of logistic")
right.set_ylabel("folds")
right.legend()
ups, low, high = np.sum(difference > 0), auc_logistic.min(), auc_logistic.max()
alt = f"{ups} of 15 lines rise to the network. Logistic goes from {low:.3f} to {high:.3f} over the folds, "
plots.show(fig, alt=alt + f"differences from {difference.min():+.3f} to {difference.max():+.3f}.")

# %% [markdown]
# One fold praises, the next one blames: the folds differ far more than the models do. Whoever reports one fold,
# reports luck. The differences lie on both sides of zero, in AUC and in costs: 497 parameters buy nothing here that
# the 30 of logistic regression do not give. On this table take the simpler. (The 15 folds share patients, so they are
# no 15 independent witnesses: do not divide the spread by $\sqrt{15}$ and call it certainty.)
#
# ### The test patients, once
#
# Everything is chosen: $c = 5$ gives the threshold, no test patient was asked. Both models learn from all 243 others.
#
# How sure is the result? Draw 60 patients from these 60, *with* repetition, a thousand times, and compute the cost
# each time (the **bootstrap**). The middle 90 % say how much hangs on who came. Both models meet the same draws, so
# we may subtract draw by draw: *paired*, as with the folds. **Look at** the last two lines: on how many patients do
# the two decide differently, and do the 243 open patients tell the same story?

# %%
x_rest, x_test = prepare(rest, test)
final = LogisticRegression(max_iter=1000).fit(x_rest, y)
chances = {"send everyone": np.ones(len(y_test)), "logistic": final.predict_proba(x_test)[:, 1]}
chances["network"] = np.asarray(fit_network(x_rest, y)(x_test))[:, 0]
print()
rng = np.random.default_rng(0)
again = rng.integers(0, len(y_test), size=(1000, len(y_test)))  # row numbers
drawn = {}
for name, q in chances.items():
    tell(name, y_test, q, t_cost)
    drawn[name] = np.array([cost(y_test[i], q[i], t_cost, c) for i in again])
    low, high = np.percentile(drawn[name], [5, 95])
    now = cost(y_test, q, t_cost, c)
    print(f"{'':20} cost {now:.0f} per 100, 90 % of the draws {low:.0f} to {high:.0f};", end=" ")
    print(f"AUC {roc_auc_score(y_test, q):.3f}")
low, high = np.percentile(drawn["network"] - drawn["logistic"], [5, 95])
apart = np.sum((chances["network"] >= t_cost) != (chances["logistic"] >= t_cost))
print(f"network - logistic, same draws: {low:+.0f} to {high:+.0f}; they differ on {apart} of 60")
on_open = cost(y, p, t_cost, c) - cost(y, p_logistic, t_cost, c)
print(f"network - logistic on the {len(y)} open patients: {on_open:+.1f}")

# %% [markdown]
# Sixty patients: with $c = 5$ each missed case moves the cost by more than eight. Even an interval that leaves out 0
# rests on the few patients on whom the two models disagree, and the bootstrap redraws *these* patients only: no other
# start, no other training rows. Four times as many open patients may well say the opposite. So no winner is crowned,
# and it would be dishonest to try again until the number pleases. (A useful model can even cost more than sending
# everyone, on one draw.)
#
# ### What it must not be used for
#
# - **Not to tell anybody whether they are ill.** It knows only people whom a doctor had sent for an angiogram (the
#   web page!).
# - **Not elsewhere or today** without new patients from there: one hospital, the 1980s. Calibration travels badly.
# - **Not for groups with few ill people in the table.** Scroll up to the costs: how many ill women were there? Too
#   few to promise women anything.
# - **Not to say what helps.** It predicts a film. It does not know causes: nobody gets well by changing a column.
# - **Not to choose $c$.** What a missed case is worth is for patients and doctors to say, openly.
#
# ### Change one thing
#
# Guess first, edit one thing, **Run → Run All Cells**; go back before the next change. Each run takes about a minute,
# so this table and the bug may wait for home. (The test patients have now been asked. From here on they are for play:
# no choice may lean on them.)
#
# | knob | change it to | predict | what you see |
# |---|---|---|---|
# | `c` | 5 → 1 | more or fewer missed cases? | more: the threshold is ½ again |
# | `weight` | 5 → 0.2 | which way does the cloud bend? | the other way: below the diagonal, the ill are missed |
# | the seed in `fit_network` | 0 → 1 | the same test result? | a case or so more or less: starting weights are luck, too |
# | `random_state` of `draw` | 2 → 0 | the same test AUC? | no: 60 other patients, and a much better number. Tempting! |
# | `table = heart.frame.assign(...)` | add `disease=1 - heart.frame["disease"]` | is the AUC below ½? | no: models learn the flip, too. But now the *healthy* are sent for the angiogram, and the surely ill go home |
#
# ## Take away *(3 min)*
#
# - A probability is not a decision. Costs decide: send from $t = 1 / (1 + c)$ on, if $p$ is honest. The patient with
#   0.4 is sent if a missed case costs more than 1.5 false alarms.
# - Sensitivity and specificity trade. AUC is the chance to order a pair rightly; it hears neither costs, nor
#   how many are ill, nor honesty.
# - Precision depends on who is asked: where few are ill, most alarms are false.
# - Class weights shift probabilities, much as a lower threshold does, and spoil calibration.
# - Report folds and their spread, paired, and the simple model beside the network.
#
# **Explain without looking:** you lower $t$: can the specificity rise? · Why does each patient get an out-of-fold
# probability? · What does AUC not notice? · Where does $1/(1+c)$ come from? · How do you see that 0.7 is honest? ·
# What do class weights do to the odds? · Why the same folds for both?
#
# **You may meet** `model.predict_classes(x)`: it is gone; with one sigmoid it hid a threshold of ½. And
# `predict_proba` of a Keras model is now `predict`. scikit-learn's `.predict` still hides the ½: ask for
# `predict_proba`.
#
# **Next:** {{challenge}}. There you prepare a table, find a leak, choose the threshold, and build the network
# yourself.
