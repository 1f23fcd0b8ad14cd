"""
When a net leaves Gaussian statistics behind
============================================

Early in training a net sees means and covariances only: it does as well on Gaussian inputs of
the same covariance. The two losses part when fields localize, which takes what a Gaussian does
not have. How a net is read out decides little: with a trained readout, and with more than one
hidden layer, part of the fields localize too.
"""

# %%
# Train online, each sample seen once, and measure the net on its task and on the Gaussian clone
# of the task at steps spaced evenly in the logarithm.

import matplotlib.pyplot as plt

import rfsk
from rfsk.plotting import TrainingDisplay

task = rfsk.make_nlgp(2, return_X_y=False).task
net = rfsk.FCNet(40, batch_size=500, record=30, random_state=0)
net.fit_online(task, 2_000_000, n_eval=20_000)
display = TrainingDisplay.from_estimator(net)
display.axes_[0].set_title("the Gaussian-equivalence gap opens as fields localize")

# %%
# The paper's time is steps / D at learning rate .05 and batch 1; learning rate x steps is what
# counts.

for step, loss, clone_loss in zip(
    net.evaluation_.steps[::6],
    net.evaluation_.loss[::6],
    net.evaluation_.clone_loss[::6],
    strict=True,
):
    print(f"{step:5d} steps: loss {loss:.3f}, on the clone {clone_loss:.3f}")

# %%
# Both layers trained, and two hidden layers: the share of units more localized than white noise.

variants = {
    "fixed readout": net,
    "trained readout": rfsk.FCNet(40, readout="linear", random_state=0),
    "two hidden layers": rfsk.FCNet((40, 20), random_state=0),
}
X, y = task.sample(5000, random_state=1)
for name, variant in variants.items():
    if variant is not net:
        variant.fit_online(task, 2_000_000)
    share = (rfsk.ipr(variant.receptive_fields_) > 0.03).mean()
    print(f"{name}: {share:.0%} of the fields localize, accuracy {variant.score(X, y):.3f}")

plt.show()
