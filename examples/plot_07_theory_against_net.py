"""
Theory that predicts the nets
=============================

From the second- and fourth-order statistics of the inputs alone: whether fields will localize,
which units, in what shape and when. Here the predictions are held against trained nets.
"""

# %%
# Train a net on a small ring and follow the reduced model (`CubicFlow`) from the net's own initial
# weights. Both grow; until fields have grown (about t = 4) they are the same. Then the expansion,
# which is of small fields, runs ahead of the net, and arrives at nearly the same shape.

import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.datasets import Algebraic, Discrimination
from rfsk.theory import CubicFlow, RectifiedFlow, localization_index

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6E6E6E"
task = Discrimination([rfsk.NLGP(30, correlation_length=xi, gain=3.0) for xi in (1.5, 3.0)])
net = rfsk.FCNet(
    40, learning_rate=1.0, batch_size=1000, weight_decay=0.0, record=120, random_state=0
).fit_online(task, 3_000_000)
times, history = net.snapshot_steps_ / 30, net.receptive_field_history_
flow = CubicFlow(task, bias=np.repeat([1.0, -1.0], 20), interacting=True)
followed = flow.integrate(history[0], times[-1], times=times).history


def mean_ipr(fields):
    """Mean over the units of positive bias, at each time."""
    return np.array([rfsk.ipr(snapshot[:20]).mean() for snapshot in fields])


def cosine(one, other):
    """Mean over units, at each time."""
    lengths = np.linalg.norm(one, axis=2) * np.linalg.norm(other, axis=2)
    return (np.einsum("tkd,tkd->tk", one, other) / lengths).mean(axis=1)


figure, axes = plt.subplots(1, 3, figsize=(10, 3.0), layout="constrained")
for fields, name, style in ((history, "net", "-"), (followed, "cubic flow", "--")):
    axes[1].semilogx(times[1:], mean_ipr(fields)[1:], style, color=BLUE, label=name)
axes[1].set(xlabel="t = learning rate x steps / D", ylabel="mean IPR, b > 0", ylim=(0.0, None))
for units, name, color in ((slice(20), "b > 0", BLUE), (slice(20, None), "b < 0", ORANGE)):
    agreement = cosine(history[:, units], followed[:, units])
    axes[2].semilogx(times[1:], agreement[1:], color=color, label=name)
axes[2].axvline(4.0, color=GREY, linestyle=":", label="fields have grown")
axes[2].set(xlabel="t = learning rate x steps / D", ylabel="cosine, net and flow", ylim=(0.6, 1.02))
bump, shape = history[-1, 0], followed[-1, 0]
for field, style in ((bump, "-"), (shape, "--")):
    centred = np.roll(field, 15 - int(np.abs(field).argmax()))
    axes[0].plot(np.arange(30) - 15, np.abs(centred) / np.linalg.norm(field), style, color=BLUE)
axes[0].set(xlabel="site from the peak", ylabel="|weight|, unit length")
axes[0].legend(["net", "cubic flow"], frameon=False)
for ax in axes[1:]:
    ax.legend(frameon=False)
for ax in axes:
    ax.spines[["top", "right"]].set_visible(False)

# %%
# Which worlds make fields localize? Not the sign of the kurtosis, but the localization index tells:
# above 1 the uniform field, towards which everything grows first, breaks up. Each dot is a world;
# its height is how localized the effective flow of one rectified neuron ends (1 is uniform).


def pair(make, **parameters):
    """Both classes of a law on a ring of 40 sites."""
    return [make(40, correlation_length=xi, **parameters) for xi in (1.0, 3.0)]


worlds = {
    "NLGP": [pair(rfsk.NLGP, gain=g) for g in (0.14, 0.25, 0.35, 0.45, 0.7, 1.0, 1.4, 2.0, 4.0)],
    "algebraic": [
        pair(rfsk.TransformedField, marginal=Algebraic(k)) for k in (5.0, 5.5, 5.8, 6.0, 6.5, 8.0)
    ],
    "others": [
        pair(rfsk.TransformedField, marginal="laplace"),
        pair(rfsk.TransformedField, marginal="uniform"),
        pair(rfsk.GaussianField),
        pair(rfsk.EllipticalField),
        [rfsk.Ising.from_correlation_length(40, xi) for xi in (1.0, 3.0)],
    ],
}
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True, layout="constrained")
for (name, pairs), marker, color in zip(worlds.items(), "os^", (BLUE, ORANGE, GREEN), strict=True):
    ends = [
        40
        * rfsk.ipr(
            RectifiedFlow(classes).integrate(2, 3000.0, n_steps=3000, random_state=0).fields
        ).max()
        for classes in pairs
    ]
    kurtosis = [classes[0].excess_kurtosis() for classes in pairs]
    index = [localization_index(classes).index for classes in pairs]
    left.plot(kurtosis, ends, marker, color=color, label=name)
    right.plot(index, ends, marker, color=color)
left.axvline(0.0, color=GREY, linestyle=":")
right.axvline(1.0, color=GREY, linestyle=":")
left.set(xlabel="excess kurtosis of a pixel", ylabel="D x IPR at the end of the flow")
right.set(xlabel="localization index")
left.legend(frameon=False)
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
