"""
Quick start: fields that find their place
=========================================

A fully-connected net knows nothing of space: shuffle its inputs and it would not notice. Yet
trained to tell short-ranged from long-ranged inputs, its units settle each on one place of the
ring that the inputs live on. It takes inputs that are not Gaussian: on a control of the same mean
and covariance the fields of the same units spread over the whole ring.
"""

# %%
# Draw two classes of inputs, 100 sites on a ring. Each is a smooth Gaussian field saturated by an
# error function; the classes differ in the correlation length alone, 5 and 10 sites. The control
# has Gaussian inputs of the same covariances. The same net is trained on each.

# sphinx_gallery_thumbnail_number = 1
import matplotlib.pyplot as plt

import rfsk
from rfsk.plotting import InputDisplay, ReceptiveFieldDisplay

X, y = rfsk.make_nlgp(random_state=0)
net = rfsk.FCNet(random_state=0).fit(X, y)
control = rfsk.FCNet(random_state=0).fit(*rfsk.make_gp(random_state=0))

# %%
# A number for what the eye will see: the inverse participation ratio (:func:`rfsk.ipr`), one over
# the number of sites a field lives on. On 100 sites a wave reads 0.015 and white noise 0.03. The
# units to look at are the first half, whose bias starts positive: on these inputs they are the
# ones that can localize.

for name, fitted in (("saturated inputs", net), ("Gaussian control", control)):
    print(f"{name}: mean IPR {rfsk.ipr(fitted.receptive_fields_[:32]).mean():.3f}")

# %%
# Each row is the field of one unit, in the order of where the fields sit. Left, one bump a row, of
# either sign, and the bumps together cover the ring: read down the diagonal. Right, the weights
# swing slowly, once or twice around the ring, or not at all. The panels share one colour scale.

groups = {"saturated inputs": net, "Gaussian control": control}
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), sharey=True, layout="constrained")
images = [
    ReceptiveFieldDisplay.from_fields(fitted.receptive_fields_[:32], ax=ax).image_
    for ax, fitted in zip(axes, groups.values(), strict=True)
]
bound = max(image.get_clim()[1] for image in images)
for ax, image, name in zip(axes, images, groups, strict=True):
    image.set_clim(-bound, bound)
    ax.set(title=name, xlabel="site")
axes[1].set_ylabel("")
figure.colorbar(images[0], ax=axes, label="weight", pad=0.01)

# %%
# What the nets saw. Left, one input of each class; in the middle the covariance of two sites over
# their distance, which is all that tells the classes apart, and which the control shares; right,
# its spectrum. The long-ranged class has more power at low frequencies, and it is these that the
# fields above are made of.

InputDisplay.from_task(rfsk.make_nlgp(2, return_X_y=False).task, random_state=0)
plt.show()
