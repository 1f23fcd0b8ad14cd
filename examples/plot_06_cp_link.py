"""
Fields and factors
==================

Why do fields localize? Because the fourth cumulant of the inputs is a sum of localized terms, and
its factors are what the fields become (Ingrosso and Goldt, PNAS 2022). Here the fields of a net
are compared with those factors, and with what other methods make of the same inputs.
"""

# %%
# Grow fields on saturated inputs, keeping them as they form.

import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.datasets import Algebraic
from rfsk.plotting import (
    CumulantDisplay,
    FilmStripDisplay,
    MatchingDisplay,
    TensorComparisonDisplay,
)

X, y = rfsk.make_nlgp(20_000, random_state=0)
net = rfsk.FCNet(40, record=30, random_state=0).fit(X, y)
FilmStripDisplay.from_estimator(net)

# %%
# The cumulant is local: a slice of it is a spot around one site, where the Gaussian part of the
# fourth moment, set by the covariance alone, runs along the whole diagonal.

CumulantDisplay.from_source(rfsk.NLGP(30, correlation_length=3.0, gain=3.0))

# %%
# Let five methods learn from the long-range class, and match every field with what they found, at
# its best shift and sign. Chance is what the same fields reach with random phases.

comparison = rfsk.TensorComparison(8, target=1, random_state=0).fit(X, y)
TensorComparisonDisplay.from_estimator(comparison, net)
table = comparison.compare(net)
columns = ("group", "n_units", "reference", "match", "chance", "p_value")
for row in zip(*(np.asarray(table[name]) for name in columns), strict=True):
    print("{:12} {:3d}  {:11} match {:.3f}  chance {:.3f}  p {:.2f}".format(*row))

# %%
# All factors are shifts of one field, so a localized unit matches any of them.

MatchingDisplay.from_fields(
    net.receptive_fields_, comparison.references_["cp"], names=("field", "CP factor")
)

# %%
# The sign of the cumulant matters to the net, not to the factors. On inputs with heavy tails
# (algebraic, k = 3) independent components and the cubic Hebbian rule localize, the net does not.
# Shown is D x IPR, the median over components, or over the units whose bias starts positive: 1.5
# for waves, about 3 for noise.

worlds = {
    "saturated (NLGP)": (X, y),
    "Gaussian clone": rfsk.make_gp(20_000, random_state=0),
    "heavy tails": rfsk.make_transformed_field(20_000, marginal=Algebraic(3.0), random_state=0),
}
methods = ("net", "cp", "ica", "hebbian")
print(f"{'':17}" + "".join(f"{name:>9}" for name in methods))
for name, (inputs, labels) in worlds.items():
    grown = rfsk.FCNet(40, random_state=0).fit(inputs, labels)
    learnt = rfsk.TensorComparison(8, references=methods[1:], target=1, random_state=0).fit(
        inputs, labels
    )
    fields = {"net": grown.receptive_fields_[:20], **learnt.references_}
    values = [100 * np.median(rfsk.ipr(fields[method])) for method in methods]
    print(f"{name:17}" + "".join(f"{value:9.1f}" for value in values))
plt.show()
