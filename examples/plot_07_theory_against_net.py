"""
Theory that predicts the net
============================

From second- and fourth-order statistics of the inputs alone, without any training: how fields grow,
which shape they end in, and whether they localize at all. Here the predictions are held against a
trained net, and against a rule of thumb, the sign of the kurtosis, which fails where they do not.
"""

# %%
# Train a net on a small ring, and let the reduced model (:class:`rfsk.CubicFlow`) start from the
# net's own initial weights. It is an expansion in small fields, to third order, of what gradient
# descent does on average; inputs enter by their covariances and fourth moments.

# sphinx_gallery_thumbnail_number = 1
import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.datasets import Algebraic, Discrimination
from rfsk.theory import CubicFlow, RectifiedFlow, localization_index

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6E6E6E"
task = Discrimination([rfsk.NLGP(30, correlation_length=xi, gain=3.0) for xi in (1.5, 3.0)])
net = rfsk.FCNet(
    40, learning_rate=1.0, batch_size=500, weight_decay=0.0, record=120, random_state=0
).fit_online(task, 1_500_000)
times, history = net.snapshot_steps_ / 30, net.receptive_field_history_
flow = CubicFlow(task, bias=np.repeat([1.0, -1.0], 20), interacting=True)
followed = flow.integrate(history[0], times[-1], times=times).history

# %%
# Left, how localized the fields of positive bias are over time; in the middle, how well net and
# flow agree, unit by unit. Up to t of about 4 (dotted) they are nearly the same: the fields lose
# their noise. Then the fields are no longer small, and the flow runs ahead of the net. Right, where
# both end: the field of one unit in net and flow, the latter shifted to the place of the former.
# The bumps have nearly the same shape.


def mean_ipr(fields):
    """Mean over the units of positive bias, at each time."""
    return np.array([rfsk.ipr(snapshot[:20]).mean() for snapshot in fields])


def cosine(one, other):
    """Mean over units, at each time."""
    lengths = np.linalg.norm(one, axis=2) * np.linalg.norm(other, axis=2)
    return (np.einsum("tkd,tkd->tk", one, other) / lengths).mean(axis=1)


figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10.5, 3.3), layout="constrained")
for fields, name, style in ((history, "net", "-"), (followed, "cubic flow", "--")):
    left.semilogx(times[1:], mean_ipr(fields)[1:], style, color=BLUE, lw=2, label=name)
left.set(ylabel="mean IPR, b > 0", ylim=(0.0, 0.24))
for units, name, color, dash in (
    (slice(20), "b > 0", BLUE, "-"),
    (slice(20, None), "b < 0", ORANGE, "--"),
):
    agreement = cosine(history[:, units], followed[:, units])
    middle.semilogx(times[1:], agreement[1:], dash, color=color, lw=2, label=name)
middle.set(ylabel="cosine of net and flow", ylim=(0.6, 1.02))
for ax in (left, middle):
    ax.axvline(4.0, color=GREY, linestyle=":")
    ax.set(xlabel="t = learning rate x steps / D")
field, predicted = history[-1, 0], followed[-1, 0]
match, _, sign, shift = rfsk.FieldMatcher().fit([predicted]).transform([field])[0]
upright = np.sign(field[np.abs(field).argmax()])
for values, name, style in (
    (field, "net", "-"),
    (sign * np.roll(predicted, int(shift)), "cubic flow", "--"),
):
    values = upright * np.roll(values, 15 - np.abs(field).argmax()) / np.linalg.norm(values)
    right.plot(np.arange(30) - 15, values, style, color=BLUE, lw=2, label=name)
right.set(xlabel="site from the peak", ylabel="weight, unit length", ylim=(None, 0.68))
left.legend(frameon=False, loc="upper left")
middle.legend(frameon=False, loc="lower left")
right.legend(frameon=False, loc="upper left")
for ax in (left, middle, right):
    ax.spines[["top", "right"]].set_visible(False)
best = rfsk.analysis.match_matrix(history[-1, :20], followed[-1, :20])
print(f"mean IPR of b > 0 at the end: net {mean_ipr(history)[-1]:.3f}, "
      f"flow {mean_ipr(followed)[-1]:.3f}")  # fmt: skip
print(f"cosine of their shapes, unit by unit: median {np.median(np.diag(best)):.3f}")

# %%
# Which inputs make fields localize? Not those of negative kurtosis, as one might think from the
# above, but those whose localization index exceeds 1 (:func:`rfsk.localization_index`): then the
# uniform field, towards which everything grows first, breaks up. Each mark is a law of inputs; its
# height is how localized the effective flow of one rectified neuron ends, 1 being uniform. Left,
# around a kurtosis of zero there are marks at 1 and above it; right, all marks left of the
# dotted line are at 1 and all marks right of it above.


def pair(make, **parameters):
    """Both classes of a law on a ring of 40 sites."""
    return [make(40, correlation_length=xi, **parameters) for xi in (1.0, 3.0)]


laws = {
    "NLGP": [pair(rfsk.NLGP, gain=gain) for gain in (0.14, 0.25, 0.35, 0.45, 0.7, 1.0, 2.0)],
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
figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.5), sharey=True, layout="constrained")
n_wrong = dict.fromkeys(("kurtosis", "index"), 0)
for (name, pairs), marker, color in zip(laws.items(), "os^", (BLUE, ORANGE, GREEN), strict=True):
    ends = [
        RectifiedFlow(classes).integrate(2, 3000.0, n_steps=1000, random_state=0).fields
        for classes in pairs
    ]
    ends = np.array([40 * rfsk.ipr(fields).max() for fields in ends])
    kurtosis = np.array([classes[0].excess_kurtosis() for classes in pairs])
    index = np.array([localization_index(classes, n_samples=1000).closure for classes in pairs])
    n_wrong["kurtosis"] += ((kurtosis < 0) != (ends > 1.05)).sum()
    n_wrong["index"] += ((index > 1) != (ends > 1.05)).sum()
    left.plot(kurtosis, ends, marker, color=color, alpha=0.8, label=name)
    right.plot(index, ends, marker, color=color, alpha=0.8)
left.axvline(0.0, color=GREY, linestyle=":")
right.axvline(1.0, color=GREY, linestyle=":")
left.set(xlabel="excess kurtosis of a pixel", ylabel="D x IPR at the end of the flow")
right.set(xlabel="localization index, closure of the flow")
left.legend(frameon=False)
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)

# %%
# How often does each rule err?

n_laws = sum(map(len, laws.values()))
for rule, wrong in n_wrong.items():
    print(f"{rule}: wrong on {wrong} of {n_laws} laws")
plt.show()
