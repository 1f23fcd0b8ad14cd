"""
Receptive fields and factors of the fourth cumulant
===================================================

Why are fields bumps? Saturated inputs and their Gaussian control differ in the fourth cumulant,
which is local. The CP decomposition of this cumulant, a sum of a few fourth powers of vectors, has
localized factors. The fields of a network match these factors better than the components that other
unsupervised methods find in the same inputs (Ingrosso and Goldt, PNAS 2022). The control has
Gaussian inputs with the same mean and covariance.
"""

# %%
# The left panel shows a slice of the cumulant at one site of a ring of 30 sites, which is a
# negative spot. The right panel shows the same slice of the Gaussian part of the fourth moment,
# which depends only on the covariance and extends along the whole diagonal.

# sphinx_gallery_thumbnail_number = 2
import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.datasets import Algebraic
from rfsk.plotting import CumulantDisplay, TensorComparisonDisplay
from rfsk.plotting.style import GREY, INPUT, OTHER, OUTCOME, tidy

CumulantDisplay.from_source(rfsk.NLGP(30, correlation_length=3.0, gain=3.0))

# %%
# Train one network online on each of three tasks: saturated inputs, their control, and a
# transformed Gaussian field whose pixels have heavy tails (algebraic, k = 3).

tasks = {
    "inputs": rfsk.make_nlgp(2, return_X_y=False).task,
    "control": rfsk.make_gp(2, return_X_y=False).task,
    "heavy tails": rfsk.make_transformed_field(2, marginal=Algebraic(3.0), return_X_y=False).task,
}
nets = [rfsk.FCNet(40, batch_size=100, weight_decay=0.0, random_state=0) for _ in tasks]
rfsk.fit_many_online(nets, list(tasks.values()), 400_000)

# %%
# Five methods learn eight components each from 6000 inputs of the long-range class. Every field of
# the network on saturated inputs is compared with these components, at the best shift and sign. The
# upper row shows the localized field of median match with the best component of each method. The
# lower row shows the matches of all units, and black lines show the match that fields with the same
# spectra and random phases reach. The CP factor has the shape of the field. FastICA finds bumps
# with side lobes, and the other methods find broad oscillations. Oscillating fields match no
# component, because the inputs of the long-range class have little power at the frequencies of
# these fields. The test calls one of the oscillating units localized by mistake: it is the lowest
# green dot.

samples = {name: task.models[1].sample(6000, random_state=1) for name, task in tasks.items()}
comparison = rfsk.TensorComparison(8, random_state=0).fit(samples["inputs"])
display = TensorComparisonDisplay.from_estimator(comparison, nets[0])
columns = ("group", "n_units", "reference", "match", "chance", "p_value")
for row in zip(*(np.asarray(display.table_[name]) for name in columns), strict=True):
    print("{:12} {:3d}  {:11} match {:.3f}  chance {:.3f}  p {:.2f}".format(*row))

# %%
# The sign of the cumulant decides whether the fields of the network localize, but not whether the
# factors are localized. The figure shows D x IPR of each unit with a positive initial bias and of
# each component, and their medians. On saturated inputs, whose cumulant is negative, fields and
# components localize. On the control, whose cumulant is zero, most components of a sample are no
# more localized than noise. On inputs with heavy tails, factors and independent components are
# localized, but the fields of the network oscillate.

figure, ax = plt.subplots(figsize=(8.0, 4.0), layout="constrained")
styles = {"network": ("o", INPUT), "CP factors": ("s", OUTCOME), "FastICA": ("^", OTHER)}
for place, X in enumerate(samples.values()):
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
for level, name in ((1.5, "Fourier mode"), (3.0, "white noise")):
    ax.axhline(level, color=GREY, linestyle=":", lw=1.0, zorder=0)
    ax.text(2.55, level, name, va="center", color=GREY, fontsize=9)
ax.set_title("localization of fields and components")
ax.set(ylabel="D x IPR", yscale="log", xlim=(-0.5, 2.5), ylim=(1.0, None))
ax.set_xticks(range(3), ["saturated inputs", "control", "heavy tails"])
ax.set_yticks([1, 2, 5, 10], ["1", "2", "5", "10"])
ax.legend(frameon=False, loc="upper left", ncols=3)
tidy(ax)
plt.show()
