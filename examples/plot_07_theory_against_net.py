"""
Theory compared with a network
==============================

Can a theory predict receptive fields without any training? From second- and fourth-order statistics
of the inputs, theory predicts how fields form, which shape they reach, and whether they localize at
all. The predictions agree with a trained network. A simpler rule, the sign of the kurtosis, fails
for several input models.
"""

# %%
# Train a network on a ring of 30 sites, and integrate the theory from the initial weights of that
# network. The copula flow (:class:`rfsk.CopulaFlow`) uses only the covariance and the fourth
# cumulant of each class. This flow follows the units with a positive initial bias b, and the units
# with a negative initial bias, to the end of the training. The cubic flow (:class:`rfsk.CubicFlow`)
# is an expansion in small fields at fixed biases. The expansion is accurate until t of about 4;
# later, fields change faster in the cubic flow than in the network.

# sphinx_gallery_thumbnail_number = 1
import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.datasets import Algebraic, Discrimination
from rfsk.plotting.style import GREY, INPUT, OTHER, OUTCOME, tidy
from rfsk.theory import CopulaFlow, CubicFlow, RectifiedFlow, localization_index

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
# In the next figure, thick lines show the network, dashed lines the copula flow and dotted lines
# the cubic flow. IPR (inverse participation ratio) and norm are means over the units of each group.
# The loss of the network is measured on fresh samples, and the biases of the network at the end of
# training.


def mean_ipr(fields, half):
    """Mean IPR over the units of a group, at each time."""
    return np.array([rfsk.ipr(snapshot[half]).mean() for snapshot in fields])


def mean_norm(fields, half):
    """Mean norm over the units of a group, at each time."""
    return np.linalg.norm(fields[:, half], axis=2).mean(axis=1)


figure, axes = plt.subplots(1, 4, figsize=(12.0, 3.4), layout="constrained")
groups = (("b > 0", slice(20), INPUT), ("b < 0", slice(20, None), OTHER))
places = {"b > 0": ((35.0, 0.19), (100.0, 0.9)), "b < 0": ((100.0, 0.06), (40.0, 3.3))}
for name, half, color in groups:
    for ax, measure in zip(axes, (mean_ipr, mean_norm), strict=False):
        ax.semilogx(times[1:], measure(history, half)[1:], color=color, lw=4, alpha=0.5)
        ax.semilogx(times[1:], measure(course.history, half)[1:], "--", color=OUTCOME, lw=1.6)
        ax.semilogx(early[1:], measure(expanded, half)[1:], ":", color="black", lw=1.6)
    axes[2].plot(times[-1], net.biases_[half].mean(), "o", color=color, label=name)
    for ax, place in zip(axes, places[name], strict=False):
        ax.text(*place, name, ha="right")
    axes[2].semilogx(times[1:], course.bias_history[1:, half].mean(axis=1), "--", color=OUTCOME)
evaluation = net.evaluation_
axes[3].semilogx(evaluation.steps[1:] / 30, evaluation.loss[1:], color="0.8", lw=4)
axes[3].semilogx(times[1:], course.loss[1:], "--", color=OUTCOME, lw=1.6)
axes[0].set_ylim(0.0, 0.24)
axes[1].set_ylim(bottom=0.0)
titles = ("localization", "size of the fields", "biases", "loss")
labels = ("mean IPR", "mean norm of a field", "mean bias", "loss")
for ax, title, label in zip(axes, titles, labels, strict=True):
    ax.set(title=title, xlabel="t = learning rate x steps / D", ylabel=label)
    tidy(ax)
axes[2].legend(frameon=False, loc="upper left", title="network, at the end")
lines = (("network", "0.8", "-"), ("copula flow", OUTCOME, "--"), ("cubic flow", "black", ":"))
handles = [
    plt.Line2D([], [], color=color, linestyle=dash, lw=4 if dash == "-" else 1.6, label=name)
    for name, color, dash in lines
]
axes[0].legend(handles=handles, frameon=False, loc="upper left")
for name, half, _ in groups:
    ends = mean_ipr(history[-1:], half)[0], mean_ipr(course.history[-1:], half)[0]
    print("mean IPR of {} at the end: network {:.3f}, copula flow {:.3f}".format(name, *ends))

# %%
# On which inputs do fields localize? A negative kurtosis is not the condition, although the inputs
# above have a negative kurtosis. The condition is a localization index above 1
# (:func:`rfsk.localization_index`): the uniform field, towards which all fields move first, is then
# unstable. Each mark is one input model. The vertical axis shows D x IPR at the end of the
# effective flow of one ReLU neuron, which is 1 for a uniform field. In the left panel, at kurtoses
# around zero, some marks are at 1 and others are above 1. In the right panel, all marks to the left
# of the dotted line are at 1, and all marks to the right of the line are above 1.


def pair(make, **parameters):
    """Return both classes of an input model on a ring of 40 sites."""
    return [make(40, correlation_length=xi, **parameters) for xi in (1.0, 3.0)]


models = {
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
for (name, pairs), marker, color in zip(models.items(), "os^", (INPUT, OTHER, GREY), strict=True):
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
left.set(title="localization and kurtosis", xlabel="excess kurtosis of a pixel")
left.set(ylabel="D x IPR at the end of the flow")
right.set(title="localization and its index", xlabel="localization index, closure of the flow")
left.legend(frameon=False)
tidy(left)
tidy(right)

# %%
# The two rules predict which input models have a D x IPR above 1. Count the wrong predictions of
# each rule:

n_models = sum(map(len, models.values()))
for rule, wrong in n_wrong.items():
    print(f"{rule}: wrong on {wrong} of {n_models} input models")
plt.show()
