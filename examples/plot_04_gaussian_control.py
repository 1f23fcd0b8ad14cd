"""
The Gaussian control
====================

Do fields localize because of the covariance of the inputs, or because of statistics beyond the
covariance? The same network is trained on saturated inputs and on the control: Gaussian inputs with
the same mean and covariance in each class. Fields localize on the inputs only. A theory of
second-order statistics, such as principal components, therefore cannot explain localized fields.
"""

# %%
# The method ``gaussian_clone`` of a task returns its control. The two networks have the same seed.

# sphinx_gallery_thumbnail_number = 2
import matplotlib.pyplot as plt
import numpy as np

import rfsk
from rfsk.plotting import LocalizationDisplay, ReceptiveFieldDisplay
from rfsk.plotting.style import CONTROL, GREY, INPUT, color_bar, limit, tidy

task = rfsk.make_nlgp(2, return_X_y=False).task
tasks = {"inputs": task, "control": task.gaussian_clone()}
nets = [
    rfsk.FCNet(40, learning_rate=5.0, batch_size=100, weight_decay=0.0, random_state=0)
    for _ in tasks
]
nets = dict(zip(tasks, rfsk.fit_many_online(nets, list(tasks.values()), 400_000), strict=True))

# %%
# First compare the inputs with the control. On the left is the covariance of two sites as a
# function of their distance: marks are measured on 5000 samples, and lines show the closed form,
# which is the same for the inputs and the control. On the right is the distribution of one pixel,
# which differs between the inputs and the control: saturated pixels are nearly always close to one
# of two values.

figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.5), layout="constrained")
distance = np.arange(0, 31)
for label, dash in enumerate(("-", "--")):
    exact = task.models[label].autocovariance()[:31]
    left.plot(distance, exact, dash, color=GREY, label=f"class {label}, closed form")
for name, color, marker in (("inputs", INPUT, "o"), ("control", CONTROL, "x")):
    for label, model in enumerate(tasks[name].models):
        X = model.sample(5000, random_state=2)
        power = np.mean(np.abs(np.fft.fft(X)) ** 2, axis=0)
        measured = np.fft.ifft(power).real[:31] / 100
        left.plot(distance[::2], measured[::2], marker, color=color, ms=5, mfc="none",
                  label=name if label == 0 else None)  # fmt: skip
    values, edges = np.histogram(X, bins=np.linspace(-3, 3, 61), density=True)
    right.stairs(values, edges, color=color, lw=1.5, ls="-" if marker == "o" else "--", label=name)
left.set(title="covariance of two sites", xlabel="distance (sites)", ylabel="covariance")
right.set(title="distribution of one pixel, class 1", ylabel="density", ylim=(0.0, 3.4))
right.set(xlabel="value (standard deviations)")
left.legend(frameon=False, fontsize=9)
right.legend(frameon=False, fontsize=9, ncols=2, loc="upper center")
tidy(left)
tidy(right)

# %%
# Take the units with a positive initial bias b. On the inputs the fields of these units are bumps.
# On the control their fields vary slowly around the whole ring.

fields = {name: net.receptive_fields_[:20] for name, net in nets.items()}
figure, axes = plt.subplots(1, 2, figsize=(8.6, 3.4), sharey=True, layout="constrained")
for ax, (name, values) in zip(axes, fields.items(), strict=True):
    ReceptiveFieldDisplay.from_fields(values, ax=ax, bound=limit(*fields.values()))
    ax.set_title(f"fields on the {name}, b > 0")
axes[1].set_ylabel("")
color_bar(axes, "weight", pad=0.01)

# %%
# The next figure shows the spectra of these fields: the fraction of power at each frequency, for
# every unit (thin lines) and on average (thick lines). Bumps contain a band of frequencies. Fields
# on the control contain little more than the two lowest frequencies, in a different mixture for
# each unit.

figure, axes = plt.subplots(1, 2, figsize=(8.6, 3.3), sharey=True, layout="constrained")
frequency = np.arange(0, 21)
for ax, (name, values), color in zip(axes, fields.items(), (INPUT, CONTROL), strict=True):
    power = np.abs(np.fft.rfft(values, axis=1)) ** 2
    fraction = power / power.sum(axis=1, keepdims=True)
    ax.plot(frequency, fraction[:, :21].T, color=color, lw=0.6, alpha=0.5)
    ax.plot(frequency, fraction[:, :21].mean(axis=0), "o-", color="black", lw=2, ms=4, label="mean")
    ax.set_title(f"spectra of fields on the {name}, b > 0")
    ax.set_xlabel("frequency (cycles around the ring)")
    ax.set_xticks(range(0, 21, 4))
    tidy(ax)
    print(f"{name}: {fraction[:, :2].sum(axis=1).mean():.0%} of the power at frequencies 0 and 1")
axes[0].set_ylabel("fraction of the power of a field")
axes[0].legend(frameon=False)

# %%
# Is a field more localized than other fields with the same spectrum? The null distribution (black
# line) is that of fields with the same spectra and random phases, because a covariance can
# determine only the spectra of fields. All 40 units of each network are shown. On the inputs the
# units with a positive initial bias lie far beyond the null distribution; the test may call a few
# of the units with a negative initial bias localized by mistake. On the control no unit lies beyond
# the null distribution.

figure, axes = plt.subplots(1, 2, figsize=(9.6, 3.8), layout="constrained")
for ax, (name, net) in zip(axes, nets.items(), strict=True):
    LocalizationDisplay.from_fields(net.receptive_fields_, ax=ax, random_state=0)
    ax.set_title(name, loc="right")
    X, y = tasks[name].sample(5000, random_state=1)
    localization = rfsk.ipr(net.receptive_fields_)
    print(f"{name}: mean IPR {localization[:20].mean():.4f} for b > 0 and "
          f"{localization[20:].mean():.4f} for b < 0, accuracy {net.score(X, y):.3f}")  # fmt: skip
for ax in axes:
    ax.set_xlim(0.0, axes[0].get_xlim()[1])
plt.show()
