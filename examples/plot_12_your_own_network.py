"""
Fields of your own network
==========================

None of the analysis needs a net of this package. :func:`rfsk.receptive_fields` takes what
scikit-learn or torch has trained: the weights of a first layer, also behind a scaler or PCA, the
filters of a convolution, and by reverse correlation the field of any unit of any layer, for which
all that is asked of a network is that it responds. :class:`rfsk.LocalizationAnalyzer` then measures
them all alike. Here four networks learn one task on a torus. None is trained by the rules of the
paper, and many of their fields localize all the same.
"""

# sphinx_gallery_thumbnail_number = 1

# %%
# The task: NLGP images of 12 x 12 sites, of short or long correlation length.

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

import rfsk
from rfsk.plotting import ReceptiveFieldDisplay

SHAPE = (12, 12)
X, y = rfsk.make_nlgp(20_000, SHAPE, correlation_length=(1.0, 2.0), random_state=0)

# %%
# A scikit-learn perceptron, alone and behind a scaler and a PCA. In the pipeline its weights have
# one entry a component; the fields come back in pixels, since the steps before it are linear.


def perceptron():
    """Sixteen units, weights decaying, trained by Adam until the loss hardly falls."""
    return MLPClassifier(
        16, activation="tanh", alpha=1.0, batch_size=200, tol=3e-3, n_iter_no_change=5,
        random_state=0,
    )  # fmt: skip


mlp = perceptron().fit(X, y)
pipeline = make_pipeline(StandardScaler(), PCA(100), perceptron()).fit(X, y)
fields = {
    "MLPClassifier": rfsk.receptive_fields(mlp),
    "StandardScaler, PCA, MLPClassifier": rfsk.receptive_fields(pipeline),
}

# %%
# A torch module of two hidden layers, and a convolutional one, each in a training loop of its own.


def train(module, n_epochs, learning_rate, weight_decay):
    """Minimise the cross-entropy by Adam."""
    optimizer = torch.optim.Adam(module.parameters(), learning_rate, weight_decay=weight_decay)
    inputs, labels = torch.as_tensor(X, dtype=torch.float32), torch.as_tensor(y)
    generator = torch.Generator().manual_seed(0)
    for _ in range(n_epochs):
        for rows in torch.randperm(len(inputs), generator=generator).split(200):
            loss = nn.functional.cross_entropy(module(inputs[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return module


torch.manual_seed(0)
deep = train(
    nn.Sequential(
        nn.Linear(144, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2)
    ),
    30, 1e-3, 5e-3,
)  # fmt: skip
conv = train(
    nn.Sequential(
        nn.Unflatten(1, (1, *SHAPE)),
        nn.Conv2d(1, 9, kernel_size=7, padding=3, padding_mode="circular"),
        nn.Tanh(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(9, 2),
    ),
    2, 1e-2, 1e-2,
)  # fmt: skip

# %%
# Layers are taken by their number in the module. For the second hidden layer there are no weights
# on pixels; reverse correlation shows white noise to the part of the network that ends there, and
# correlates each unit's responses with it. In the first layer it finds the weights, up to a factor,
# which is a check of the method.

fields["torch, first layer"] = rfsk.receptive_fields(deep[0])
noise = np.random.default_rng(0).standard_normal((20_000, 144))
fields["torch, second layer"] = rfsk.receptive_fields(deep[:4], method="sta", X=noise)
fields["Conv2d, filters"] = rfsk.receptive_fields(conv[1])

measured = rfsk.receptive_fields(deep[:2], method="sta", X=noise)
cosine = (measured * fields["torch, first layer"]).sum(axis=1) / (
    np.linalg.norm(measured, axis=1) * np.linalg.norm(fields["torch, first layer"], axis=1)
)
print(f"first layer, cosine of weights and reverse correlation: {cosine.min():.3f} or more")

# %%
# All fields, scaled to unit length.

figure, axes = plt.subplots(1, 5, figsize=(12, 3.0), layout="constrained")
for ax, (name, rows) in zip(axes, fields.items(), strict=True):
    side = (7, 7) if name == "Conv2d, filters" else SHAPE
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    display = ReceptiveFieldDisplay.from_fields(rows, side, ax=ax, sort=False)
    display.image_.set_clim(-0.4, 0.4)
    ax.set(ylabel="", yticks=[], xlabel=f"{side[0]} x {side[1]} sites each")
    ax.set_title(name.replace("Scaler, PCA,", "Scaler,\nPCA,"), fontsize=10)
figure.colorbar(display.image_, ax=axes, label="weight, unit length", extend="both", shrink=0.7)

# %%
# One table for all of them. A field counts as localized if its IPR exceeds that of 95 % of the
# fields with its spectrum and random phases, and if it is compact. That is a valid null because all
# sites of the inputs are alike, which the analyzer checks. D x IPR is 3 for noise and 2.25 for a
# product of two sinusoids. Filters of a convolution are local by construction: only their shape is
# of interest.

for name, rows in fields.items():
    if name != "Conv2d, filters":
        analyzer = rfsk.LocalizationAnalyzer(SHAPE, random_state=0).set_output(transform="pandas")
        table = analyzer.fit(rows, inputs=X).transform(rows)
        print(f"{name:35} median D x IPR {144 * table['ipr'].median():4.1f}, "
              f"localized {table['is_localized'].mean():4.0%}, "
              f"median width {table['width'].median():.1f} sites")  # fmt: skip

# %%
# The perceptron has the most localized fields: spots, each at a place of its own. Behind the scaler
# and PCA, and in the first layer of the torch module, fewer units have them, and the others are
# noise. A few units of the second layer answer to one place as well, though what they see is the
# whole first layer. Of the filters of the convolution some are spots of the same width.
plt.show()
