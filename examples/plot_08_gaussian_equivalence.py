"""
Gaussian equivalence during training
====================================

When does a network begin to use more than means and covariances? Early in training the loss of the
network is the same on the inputs and on the control: Gaussian inputs with the same mean and
covariance, for which theory gives the loss in closed form. The two losses separate when the fields
localize, because a localized field sums over few saturated sites, and this sum is not Gaussian.
"""

# %%
# Train online, and measure the loss on the inputs and on the control at steps that are evenly
# spaced in the logarithm.

# sphinx_gallery_thumbnail_number = 1
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import kurtosis

import rfsk
from rfsk.plotting import TrainingDisplay
from rfsk.plotting.style import CONTROL, INPUT, OTHER, tidy
from rfsk.theory import gaussian_loss

task = rfsk.make_nlgp(2, return_X_y=False).task
control = task.gaussian_clone()
net = rfsk.FCNet(40, learning_rate=5.0, batch_size=250, weight_decay=0.0, record=30, random_state=0)
net.fit_online(task, 1_000_000, n_eval=10_000)

# %%
# The upper panel shows both losses, and the grey area between them is the gap. The lower panel
# shows the IPR of every unit. At first the two losses are equal and decrease. The losses separate
# in the decade of steps in which the fields localize.

display = TrainingDisplay.from_estimator(net)
display.figure_.set_size_inches(8.0, 5.2)
display.axes_[-1].set_xlabel("steps, at learning rate 5")

# %%
# The loss on the control follows from the weights and the covariances alone, without any input
# (:func:`rfsk.theory.gaussian_loss`).

curve = net.evaluation_
print(f"at the start: loss {curve.loss[0]:.3f}, on the control {curve.control_loss[0]:.3f}")
print(f"at the end:   loss {curve.loss[-1]:.3f}, on the control {curve.control_loss[-1]:.3f}, "
      f"by theory {gaussian_loss(net.receptive_fields_, net.biases_, task):.3f}")  # fmt: skip
gap = curve.gap / curve.gap[-1]
step = 5.0 * curve.steps[np.argmax(gap > 0.5)]
print(f"half of the final gap is reached at learning rate x steps of {step:.0f}")

# %%
# Why is there a gap? Consider the local field w.x of single units on inputs of the long-range
# class. A sum over many independent parts would be Gaussian and have an excess kurtosis of zero. A
# random field on this ring sums over so few independent parts that the excess kurtosis is a little
# below zero. The left panel shows that the excess kurtosis of units that localize falls to the
# value of a saturated variable, and that the excess kurtosis of the other units goes to zero. The
# right panel shows the distribution of w.x for the unit whose final IPR is the median of the units
# with a positive initial bias, early and late in training. It also shows the distribution of w.x
# for the late field on the control, which remains Gaussian. All distributions are scaled to unit
# variance.

X, Z = (inputs.models[1].sample(4000, random_state=1) for inputs in (task, control))
learning_time = 5.0 * net.snapshot_steps_[1:]
excess = np.array([kurtosis(X @ fields.T) for fields in net.receptive_field_history_[1:]])
figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.7), layout="constrained")
for units, color, dash, label in (
    (slice(20), INPUT, "-", "initial bias b > 0"),
    (slice(20, None), OTHER, "--", "initial bias b < 0"),
):
    left.semilogx(learning_time, excess[:, units], dash, color=color, lw=0.6, alpha=0.5)
    left.semilogx(learning_time, np.median(excess[:, units], axis=1), dash, color=color, lw=2.5,
                  label=label)  # fmt: skip
left.axhline(0.0, color="0.4", linestyle=":", lw=1.0)
left.set(title="kurtosis of local fields, class 1", xlabel="learning rate x steps")
left.set(ylabel="excess kurtosis of w.x")
left.set_ylim(top=0.55)
left.legend(frameon=False, loc="upper center", ncols=2, fontsize=9)

fields = net.receptive_field_history_
unit = np.argsort(rfsk.ipr(fields[-1, :20]))[10]
early = int(np.searchsorted(net.snapshot_steps_, 20))
for inputs, field, color, dash, label in (
    (X, fields[early, unit], "0.5", "-.", f"inputs, step {net.snapshot_steps_[early]}"),
    (X, fields[-1, unit], INPUT, "-", f"inputs, step {net.snapshot_steps_[-1]}"),
    (Z, fields[-1, unit], CONTROL, "--", f"control, step {net.snapshot_steps_[-1]}"),
):
    seen = inputs @ field
    density, edges = np.histogram(seen / seen.std(), np.linspace(-3, 3, 31), density=True)
    right.stairs(density, edges, color=color, ls=dash, lw=1.8, label=label)
right.set(title=f"local field of unit {unit}, class 1", ylabel="density", ylim=(0.0, 0.58))
right.set(xlabel="w.x (standard deviations)")
right.legend(frameon=False, ncols=2, loc="upper center", fontsize=9)
tidy(left)
tidy(right)
for sign, units in ((">", slice(20)), ("<", slice(20, None))):
    first, last = np.median(excess[[0, -1], units], axis=1)
    print(f"median excess kurtosis, b {sign} 0: {first:.2f} at the start, {last:.2f} at the end")
plt.show()
