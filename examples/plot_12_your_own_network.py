"""
Receptive fields of your own network
====================================

How do you analyse a network that was trained with scikit-learn or torch?
:func:`rfsk.receptive_fields` returns the weights of a first layer, even if a scaler or PCA precedes
the layer, the filters of a convolution, and, by reverse correlation, the field of any unit of any
layer. :class:`rfsk.LocalizationAnalyzer` then measures all of these fields. In this example, four
networks learn one task on a torus. The networks are trained in other ways than in the paper, and
many of their fields localize nevertheless.
"""

# sphinx_gallery_thumbnail_number = 1

# %%
# The task is to distinguish NLGP images of 12 x 12 sites with short and long correlation lengths.

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
from rfsk.plotting.style import color_bar, limit

SHAPE = (12, 12)
X, y = rfsk.make_nlgp(20_000, SHAPE, correlation_length=(1.0, 2.0), random_state=0)

# %%
# Train a perceptron of scikit-learn, alone and in a pipeline after a scaler and PCA. In the
# pipeline, the weights of the perceptron have one entry per principal component. Because the scaler
# and PCA are linear, ``receptive_fields`` returns fields on the pixels.


def perceptron():
    """Return a perceptron of 16 units with weight decay, trained until the loss hardly falls."""
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
# Train a torch module with two hidden layers, and a convolutional module, in a simple training
# loop.


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
# Layers are selected by their number in the module. Units of the second hidden layer have no
# weights on pixels. Reverse correlation presents white noise to the network up to this layer and
# correlates the noise with the response of each unit. For units of the first layer, reverse
# correlation recovers the weights up to a factor, which checks the method.

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
# The next figure shows the fields of all networks, each scaled to unit length:

figure, axes = plt.subplots(1, 5, figsize=(12, 3.0), layout="constrained")
unit_length = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in fields.values()]
for ax, name, rows in zip(axes, fields, unit_length, strict=True):
    side = (7, 7) if name == "Conv2d, filters" else SHAPE
    ReceptiveFieldDisplay.from_fields(rows, side, ax=ax, sort=False, bound=limit(*unit_length))
    ax.set(ylabel="", yticks=[], xlabel=f"{side[0]} x {side[1]} sites each")
    ax.set_title(name.replace("Scaler, PCA,", "Scaler,\nPCA,"), fontsize=10)
color_bar(axes, "weight, unit length", shrink=0.7)

# %%
# A field counts as localized if it is compact and if its IPR (inverse participation ratio) exceeds
# that of 95 % of the fields with the same spectrum and random phases. This null hypothesis is valid
# because all sites of the inputs are equivalent, which the analyzer tests. D x IPR is 3 for white
# noise and 2.25 for a product of two sinusoids. Filters of a convolution are local by construction,
# so the table omits them.

for name, rows in fields.items():
    if name != "Conv2d, filters":
        analyzer = rfsk.LocalizationAnalyzer(SHAPE, random_state=0).set_output(transform="pandas")
        table = analyzer.fit(rows, inputs=X).transform(rows)
        print(f"{name:35} median D x IPR {144 * table['ipr'].median():4.1f}, "
              f"localized {table['is_localized'].mean():4.0%}, "
              f"median width {table['width'].median():.1f} sites")  # fmt: skip

# %%
# The perceptron has the largest number of localized fields, which are spots at different places. In
# the pipeline with a scaler and PCA, and in the first layer of the torch module, fewer units
# localize, and the other fields look like noise. A few units of the second layer also respond to
# one place, although they are connected to the whole first layer. Some of the filters of the
# convolution are spots of the same width.
plt.show()
