"""
A gain sweep and a phase diagram
================================

One net is an anecdote. A sweep runs a study over a grid of parameters and seeds, on all cores, and
returns a table with one row a net. Here the two that answer the question of when fields localize:
over the gain of the inputs, and over gain and the ratio of the two correlation lengths.
"""

# %%
# The gain sweep: fifteen nets, each measured by the IPR of its units and by its accuracy. Bands are
# 95 % confidence intervals of the mean over three seeds. Inputs of small gain are nearly Gaussian;
# the accuracy falls with the gain, since saturated inputs hide their correlation length.

import matplotlib.pyplot as plt

from rfsk.experiments import gain_sweep, nlgp_task, phase_diagram
from rfsk.plotting import PhaseDiagramDisplay, SweepDisplay
from rfsk.theory import localization_index

# Batches of a hundred at rate 5, for speed; leave `fixed` out for the paper's finer steps.
coarse = {"learning_rate": 5.0, "batch_size": 100}
found = gain_sweep((0.1, 0.3, 1.0, 3.0, 10.0), fixed=coarse, random_state=0)
SweepDisplay.from_sweep(found, "gain", ["ipr_positive", "ipr_negative", "accuracy"], "law")
means = found.mean("ipr_positive", "ipr_negative", "accuracy")
for name in means:
    print(f"{name:>18}", *(f"{v:>8.4f}" if v != v or isinstance(v, float) else f"{v:>8}"
                           for v in means[name]))  # fmt: skip

# %%
# The phase diagram, here with fewer cells than by default (144, a minute on two cores). The dashed
# line is where theory expects localization to begin, from the inputs' statistics alone: at an
# infinite learning time and for a rectified neuron. The nets, after learning rate x steps of
# 20,000, are on their way: fields localize clearly from twice that gain on, and only slowly where
# the correlation lengths are close, because the classes are then hard to tell apart.

gains = [0.1, 0.2, 0.4, 0.7, 1.3, 2.5, 5.0, 10.0]
cells = phase_diagram(gains, [1.25, 1.6, 2.0, 2.6, 3.3, 4.2], random_state=0).mean()
cells["index"] = [
    localization_index(nlgp_task(gain=gain, length_ratio=ratio)).index
    for gain, ratio in zip(cells["gain"], cells["length_ratio"], strict=True)
]
figure, axes = plt.subplots(1, 2, figsize=(9.6, 3.6), layout="constrained")
for value, ax in zip(("ipr_positive", "localized_positive"), axes, strict=True):
    PhaseDiagramDisplay.from_sweep(
        cells, "gain", "length_ratio", value, boundary="index",
        boundary_label="localization index 1", ax=ax,
    )  # fmt: skip
plt.show()
