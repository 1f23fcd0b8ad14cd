"""locality_ledger: which learners have local fields on which inputs, and on Gaussian controls."""

import dataclasses
import math
import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage, stats
from sklearn.datasets import load_sample_images
from sklearn.exceptions import ConvergenceWarning

from .._core._random import as_generator, spawn_seeds
from .._core._types import Array
from .._core._validation import check_option, check_positive
from ..analysis import NonlinearHebbian, locality
from ..datasets import (
    NLGP,
    Discrimination,
    EllipticalField,
    GaussianField,
    Ising,
    StudentT,
    TransformedField,
    make_gaussian_clone,
)
from ..nets import RBM, Autoencoder, FCNet
from ..theory import denoiser_fields
from ._pruning import iterative_magnitude_pruning
from ._sweep import sweep

_LENGTHS = 1.5, 3.0  # correlation lengths of class 0 and class 1, in sites
_SPACINGS = 4.0, 0.5  # pixels between neighbours on a circle in a photograph
_LOCAL = 0.5  # locality at which fields are as near to single sites as to random phases
_LEVEL = 0.95


def _from_model(make: Callable[..., Any], **options: Any) -> Callable[..., tuple[Array, Array]]:
    def draw(n_sites: int, n_samples: int, seed: Any) -> tuple[Array, Array]:
        models = [make(n_sites, correlation_length=xi, **options) for xi in _LENGTHS]
        return Discrimination(models).sample(n_samples, seed)

    return draw


def _spins(n_sites: int, *, correlation_length: float) -> Ising:
    return Ising.from_correlation_length(n_sites, correlation_length)


def _photographs(n_sites: int, n_samples: int, seed: Any) -> tuple[Array, Array]:
    """Pixels on circles with random centres and first sites, standardized on each circle."""
    rng = as_generator(seed)
    pictures = np.mean(load_sample_images().images, axis=3)
    y = np.arange(n_samples) % 2
    X = np.empty((n_samples, n_sites))
    for label, spacing in enumerate(_SPACINGS):
        radius, n = spacing * n_sites / (2.0 * np.pi), int(np.sum(y == label))
        space = np.array(pictures.shape[1:])[:, None, None] - 1 - 2.0 * radius
        angle = 2.0 * np.pi * (np.arange(n_sites) / n_sites + rng.random((n, 1)))
        place = radius + space * rng.random((2, n, 1)) + radius * np.array(
            [np.sin(angle), np.cos(angle)]
        )
        picture = np.broadcast_to(rng.integers(len(pictures), size=(n, 1)), angle.shape)
        rings = ndimage.map_coordinates(pictures, [picture, *place], order=1)
        rings -= rings.mean(axis=1, keepdims=True)
        X[y == label] = rings / rings.std(axis=1, keepdims=True)
    return X, y


INPUTS: dict[str, Callable[..., tuple[Array, Array]]] = {
    "nlgp": _from_model(NLGP, gain=3.0),
    "gaussian": _from_model(GaussianField),
    "elliptical": _from_model(EllipticalField, radial=StudentT(5.0)),
    "laplace": _from_model(TransformedField, marginal="laplace"),
    "ising": _from_model(_spins),
    "photographs": _photographs,
}


def _net(n_units: int, seed: int, **options: Any) -> FCNet:
    rates = {"learning_rate": 2.0, "batch_size": 100, "max_epochs": 100, **options}
    return FCNet(n_units, random_state=seed, **rates)


def _erf_net(X: Array, y: Array, n_units: int, seed: int) -> Array:
    return _net(n_units, seed).fit(X, y).receptive_fields_


def _relu_net(X: Array, y: Array, n_units: int, seed: int) -> Array:
    return _net(n_units, seed, activation="relu").fit(X, y).receptive_fields_


def _pruned_net(X: Array, y: Array, n_units: int, seed: int) -> Array:
    return iterative_magnitude_pruning(_net(n_units, seed), X, y, n_rounds=4)[-1].receptive_fields_


def _l1_net(X: Array, y: Array, n_units: int, seed: int) -> Array:
    return _net(n_units, seed, l1=3e-4, l1_cut=200.0).fit(X, y).receptive_fields_


def _denoiser(X: Array, y: Array, n_units: int, seed: int) -> Array:
    """One field per pixel, the derivative of its estimate."""
    return denoiser_fields(np.cov(X[y == 1], rowvar=False), 1.0)


def _autoencoder(X: Array, y: Array, n_units: int, seed: int) -> Array:
    net = Autoencoder(n_units, sparsity=0.3, max_epochs=50, batch_size=100, random_state=seed)
    return net.fit(X[y == 1]).receptive_fields_


def _rbm(X: Array, y: Array, n_units: int, seed: int) -> Array:
    return RBM(n_units, random_state=seed).fit(X[y == 1]).receptive_fields_


def _hebbian(X: Array, y: Array, n_units: int, seed: int) -> Array:
    n_whitened = X.shape[1] // 2 + 1
    rule = NonlinearHebbian(n_units, n_whitened=n_whitened, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return rule.fit(X[y == 1]).components_


LEARNERS: dict[str, Callable[..., Array]] = {
    "erf net": _erf_net,
    "relu net": _relu_net,
    "pruning": _pruned_net,
    "l1": _l1_net,
    "denoiser": _denoiser,
    "autoencoder": _autoencoder,
    "rbm": _rbm,
    "hebbian": _hebbian,
}
