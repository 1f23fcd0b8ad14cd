"""
Theory that predicts the net
============================

From second- and fourth-order statistics of the inputs alone, without any training: how fields grow,
which shape they end in, and whether they localize at all. Here the predictions are held against a
trained net, and against a rule of thumb, the sign of the kurtosis, which fails where they do not.
"""

# %%
# Train a net on a small ring, and let the theory start from the net's own initial weights. The
# copula flow (:class:`rfsk.CopulaFlow`) knows the covariance and the fourth cumulant of each class,
# and nothing else. It follows both groups of units, those of positive and those of negative bias,
# to the end of the training. The cubic flow (:class:`rfsk.CubicFlow`) is an expansion in small
# fields at fixed biases: it holds until t of about 4, and then runs ahead of the net.

# sphinx_gallery_thumbnail_number = 1
import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.datasets import Algebraic, Discrimination
from rfsk.theory import CopulaFlow, CubicFlow, RectifiedFlow, localization_index

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6E6E6E"
task = Discrimination([rfsk.NLGP(30, correlation_length=xi, gain=3.0) for xi in (1.5, 3.0)])
net = rfsk.FCNet(
    40, learning_rate=1.0, batch_size=1000, weight_decay=0.0, record=120, random_state=0
)
net.fit_online(task, 3_000_000, n_eval=20_000)
times, history = net.snapshot_steps_ / 30, net.receptive_field_history_
course = CopulaFlow(task).integrate(history[0], times[-1], times=times)
cubic = CubicFlow(task, bias=np.repeat([1.0, -1.0], 20), interacting=True)
early = times[times <= 8.0]
expanded = cubic.integrate(history[0], early[-1], times=early).history


# %%
# The net is drawn as lines, the copula flow as dashes and the cubic flow as dots. IPR and norm are
# means over the units of each group. The loss of the net is measured on fresh samples.


def mean_ipr(fields, half):
    """Mean over the units of a group, at each time."""
    return np.array([rfsk.ipr(snapshot[half]).mean() for snapshot in fields])


def mean_norm(fields, half):
    """Mean over the units of a group, at each time."""
    return np.linalg.norm(fields[:, half], axis=2).mean(axis=1)


figure, axes = plt.subplots(1, 4, figsize=(12.5, 3.2), layout="constrained")
groups = (("b > 0", slice(20), BLUE), ("b < 0", slice(20, None), ORANGE))
for name, half, color in groups:
    for ax, measure in zip(axes, (mean_ipr, mean_norm), strict=False):
        ax.semilogx(times[1:], measure(history, half)[1:], color=color, lw=2)
        ax.semilogx(times[1:], measure(course.history, half)[1:], "--", color="k", lw=1.2)
        ax.semilogx(early[1:], measure(expanded, half)[1:], ":", color="k", lw=1.6)
    axes[2].plot(times[-1], net.biases_[half].mean(), "o", color=color, label=name)
    axes[2].semilogx(times[1:], course.bias_history[1:, half].mean(axis=1), "--", color="k", lw=1.2)
evaluation = net.evaluation_
axes[3].semilogx(evaluation.steps[1:] / 30, evaluation.loss[1:], color=GREEN, lw=2)
axes[3].semilogx(times[1:], course.loss[1:], "--", color="k", lw=1.2)
axes[0].set_ylim(0.0, 0.24)
axes[1].set_ylim(bottom=0.0)
labels = ("mean IPR", "mean norm of a field", "mean bias", "loss")
for ax, label in zip(axes, labels, strict=True):
    ax.set(xlabel="t = learning rate x steps / D", ylabel=label)
    ax.spines[["top", "right"]].set_visible(False)
axes[2].legend(frameon=False, loc="upper left", title="net, at the end")
lines = [("net", "-"), ("copula flow", "--"), ("cubic flow", ":")]
handles = [plt.Line2D([], [], color="k", linestyle=style, label=name) for name, style in lines]
axes[0].legend(handles=handles, frameon=False, loc="upper left")
for name, half, _ in groups:
    ends = mean_ipr(history[-1:], half)[0], mean_ipr(course.history[-1:], half)[0]
    print("mean IPR of {} at the end: net {:.3f}, copula flow {:.3f}".format(name, *ends))

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
