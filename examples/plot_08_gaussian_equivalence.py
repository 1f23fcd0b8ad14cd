"""
When a net leaves Gaussian statistics behind
============================================

Early in training a net sees means and covariances only: it does as well on Gaussian inputs of
the same covariance, whose loss theory gives in closed form. The two losses part when the fields
localize, because a unit with a localized field sums over few saturated sites: what it sees is no
longer Gaussian. Fields and gap are two sides of one thing.
"""

# %%
# Train online, and measure the net on its task and on the Gaussian control of the task, at steps
# spaced evenly in the logarithm.

# sphinx_gallery_thumbnail_number = 1
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import kurtosis

import rfsk
from rfsk.plotting import TrainingDisplay
from rfsk.theory import gaussian_loss

task = rfsk.make_nlgp(2, return_X_y=False).task
clone = task.gaussian_clone()
net = rfsk.FCNet(40, learning_rate=5.0, batch_size=250, weight_decay=0.0, record=30, random_state=0)
net.fit_online(task, 1_000_000, n_eval=10_000)

# %%
# Above, both losses; the grey area between them is the gap. Below, the IPR of every unit on the
# same axis of time. The losses fall together at first, and part in the decade in which the
# fields localize.

display = TrainingDisplay.from_estimator(net)
display.axes_[-1].set_xlabel("steps, at learning rate 5")

# %%
# The loss on the clone can be had without any input, from the weights and the covariances alone
# (:func:`rfsk.theory.gaussian_loss`).

curve = net.evaluation_
print(f"at the start: loss {curve.loss[0]:.3f}, on the clone {curve.control_loss[0]:.3f}")
print(f"at the end:   loss {curve.loss[-1]:.3f}, on the clone {curve.control_loss[-1]:.3f}, "
      f"by theory {gaussian_loss(net.receptive_fields_, net.biases_, task):.3f}")  # fmt: skip
gap = curve.gap / curve.gap[-1]
step = 5.0 * curve.steps[np.argmax(gap > 0.5)]
print(f"half of the final gap is open at learning rate x steps of {step:.0f}")

# %%
# Why does the gap open? Look at what single units see, w.x, on inputs of the long-range class. A
# sum over many independent parts would be Gaussian, of excess kurtosis zero; a random field on this
# ring sums over few enough parts to be a little below. Left, the kurtosis of each unit over time:
# that of the units that localize falls to that of a saturated variable, that of waves goes to zero.
# Right, the distribution of w.x for the unit whose final IPR is the median of its half, early and
# late, and that of the late field on the clone, which stays Gaussian. All have unit variance.

X, Z = (law.models[1].sample(4000, random_state=1) for law in (task, clone))
learning_time = 5.0 * net.snapshot_steps_[1:]
excess = np.array([kurtosis(X @ fields.T) for fields in net.receptive_field_history_[1:]])
figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.7), layout="constrained")
for units, color, dash, label in (
    (slice(20), "#0072B2", "-", "bias starts at +1"),
    (slice(20, None), "#D55E00", "--", "bias starts at -1"),
):
    left.semilogx(learning_time, excess[:, units], dash, color=color, lw=0.6, alpha=0.5)
    left.semilogx(learning_time, np.median(excess[:, units], axis=1), dash, color=color, lw=2.5,
                  label=label)  # fmt: skip
left.axhline(0.0, color="0.4", linestyle=":", lw=1.0)
left.set(xlabel="learning rate x steps", ylabel="excess kurtosis of w.x, class 1")
left.set_ylim(top=0.55)
left.legend(frameon=False, loc="upper center", ncols=2, fontsize=9)

fields = net.receptive_field_history_
unit = np.argsort(rfsk.ipr(fields[-1, :20]))[10]
early = int(np.searchsorted(net.snapshot_steps_, 20))
for inputs, field, color, dash, label in (
    (X, fields[early, unit], "0.5", "-.", f"inputs, step {net.snapshot_steps_[early]}"),
    (X, fields[-1, unit], "#0072B2", "-", f"inputs, step {net.snapshot_steps_[-1]}"),
    (Z, fields[-1, unit], "#D55E00", "--", f"clone, step {net.snapshot_steps_[-1]}"),
):
    seen = inputs @ field
    density, edges = np.histogram(seen / seen.std(), np.linspace(-3, 3, 31), density=True)
    right.stairs(density, edges, color=color, ls=dash, lw=1.8, label=label)
right.set(xlabel=f"w.x of unit {unit} (standard deviations)", ylabel="density", ylim=(0.0, 0.58))
right.legend(frameon=False, ncols=2, loc="upper center", fontsize=9)
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
for name, units in (("+1", slice(20)), ("-1", slice(20, None))):
    first, last = np.median(excess[[0, -1], units], axis=1)
    print(f"median excess kurtosis, bias {name}: {first:.2f} at the start, {last:.2f} at the end")
plt.show()
