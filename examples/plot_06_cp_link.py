"""
Fields and factors
==================

Why bumps? The fourth cumulant of saturated inputs is what their Gaussian clone lacks, and it is
local: written as a sum of few fourth powers of vectors (a CP decomposition) it has localized
factors. The fields of a net are such factors, more than they are anything that other
unsupervised methods find in the same inputs (Ingrosso and Goldt, PNAS 2022).
"""

# %%
# The cumulant is local. Left, a slice of it, around one site on a ring of 30: a spot, of negative
# sign. Right, the same slice of the Gaussian part of the fourth moment, which the covariance alone
# sets: it runs along the whole diagonal.

# sphinx_gallery_thumbnail_number = 2
import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.datasets import Algebraic
from rfsk.plotting import CumulantDisplay, TensorComparisonDisplay

CumulantDisplay.from_source(rfsk.NLGP(30, correlation_length=3.0, gain=3.0))

# %%
# Train one net in each of three worlds, online: saturated inputs, their Gaussian clone, and inputs
# of the same kind whose pixels have heavy tails instead (algebraic, k = 3).

worlds = {
    "saturated": rfsk.make_nlgp(2, return_X_y=False).task,
    "Gaussian clone": rfsk.make_gp(2, return_X_y=False).task,
    "heavy tails": rfsk.make_transformed_field(2, marginal=Algebraic(3.0), return_X_y=False).task,
}
nets = [rfsk.FCNet(40, batch_size=100, weight_decay=0.0, random_state=0) for _ in worlds]
rfsk.fit_many_online(nets, list(worlds.values()), 400_000)

# %%
# Let five methods learn eight components each from 6000 inputs of the long-range class, and match
# every field of the net on saturated inputs with what they found, at its best shift and sign. Upper
# row: the localized field of median match on the best of each method. Lower row: all units; black
# lines are what the same fields reach with random phases. The CP factor is the bump itself.
# FastICA finds bumps with side lobes, the others waves. Oscillating fields match nothing: the
# inputs of this class hardly have the frequencies that they live on. (A few of these units the test
# calls localized: the dots at the bottom, left of the others.)

inputs = {name: task.models[1].sample(6000, random_state=1) for name, task in worlds.items()}
comparison = rfsk.TensorComparison(8, random_state=0).fit(inputs["saturated"])
display = TensorComparisonDisplay.from_estimator(comparison, nets[0])
columns = ("group", "n_units", "reference", "match", "chance", "p_value")
for row in zip(*(np.asarray(display.table_[name]) for name in columns), strict=True):
    print("{:12} {:3d}  {:11} match {:.3f}  chance {:.3f}  p {:.2f}".format(*row))

# %%
# The sign of the cumulant matters to the net, not to the factors. Shown is D x IPR: each unit whose
# bias starts positive, or each component, and the median of them. On saturated inputs, whose
# cumulant is negative, all three localize. On the clone, whose cumulant is zero, there is nothing
# to find, and what is found in a sample is no more local than noise but for a component or two. On
# heavy tails factors and independent components are local, and the net has waves.

figure, ax = plt.subplots(figsize=(6.8, 3.8), layout="constrained")
styles = {"net": ("o", "#0072B2"), "CP factors": ("s", "#D55E00"), "FastICA": ("^", "#009E73")}
for place, X in enumerate(inputs.values()):
    learnt = comparison
    if place > 0:
        learnt = rfsk.TensorComparison(8, references=("cp", "ica"), random_state=0).fit(X)
    found = [
        nets[place].receptive_fields_[:20],
        learnt.references_["cp"],
        learnt.references_["ica"],
    ]
    for offset, fields, (method, (marker, color)) in zip(
        (-0.25, 0.0, 0.25), found, styles.items(), strict=True
    ):
        values = np.sort(100 * rfsk.ipr(fields))
        where = place + offset + np.linspace(-0.08, 0.08, len(values))
        label = method if place == 0 else None
        ax.plot(where, values, marker, color=color, ms=4, alpha=0.7, label=label)
        ax.plot(where[[0, -1]], np.median(values) * np.ones(2), color="black", lw=1.5)
for level, name in ((1.5, "wave"), (3.0, "noise")):
    ax.axhline(level, color="0.4", linestyle=":", lw=1.0, zorder=0)
    ax.text(2.55, level, name, va="center", color="0.4", fontsize=9)
ax.set(ylabel="D x IPR", yscale="log", xlim=(-0.5, 2.5), ylim=(1.0, None))
ax.set_xticks(range(3), list(worlds))
ax.set_yticks([1, 2, 5, 10], ["1", "2", "5", "10"])
ax.legend(frameon=False, loc="upper left", ncols=3)
ax.spines[["top", "right"]].set_visible(False)
plt.show()
