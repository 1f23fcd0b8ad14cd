"""locality_ledger: which learners have local fields, on inputs and on Gaussian controls."""

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
_SPACINGS = 8.0, 1.0  # distances of neighbours in class 0 and class 1, in pixels of a photograph
_MOST_SITES = 160  # largest number of sites on a circle that fits into the photographs
_LOCAL = 0.5  # locality above which a learner is local; 0 for random phases, 1 for single sites


def _from_model(make: Callable[..., Any], **options: Any) -> Callable[..., tuple[Array, Any]]:
    def draw(n_sites: int, n_samples: int, seed: Any) -> tuple[Array, Any]:
        models = [make(n_sites, correlation_length=xi, **options) for xi in _LENGTHS]
        return Discrimination(models).sample(n_samples, seed)

    return draw


def _photographs(n_sites: int, n_samples: int, seed: Any) -> tuple[Array, Any]:
    """Draw pixels on random circles in photographs, standardized on each circle."""
    rng = as_generator(seed)
    pictures = np.mean(load_sample_images().images, axis=3)
    y = np.arange(n_samples) % 2
    X = np.empty((n_samples, n_sites))
    for label, spacing in enumerate(_SPACINGS):
        radius, n = spacing * n_sites / (2.0 * np.pi), int(np.sum(y == label))
        space = np.array(pictures.shape[1:])[:, None, None] - 1 - 2.0 * radius
        angle = 2.0 * np.pi * (np.arange(n_sites) / n_sites + rng.random((n, 1)))
        center = radius + space * rng.random((2, n, 1))
        place = center + radius * np.array([np.sin(angle), np.cos(angle)])
        picture = np.broadcast_to(rng.integers(len(pictures), size=(n, 1)), angle.shape)
        rings = ndimage.map_coordinates(pictures, [picture, *place], order=1)
        rings -= rings.mean(axis=1, keepdims=True)
        X[y == label] = rings / rings.std(axis=1, keepdims=True)
    return X, y


INPUTS: dict[str, Callable[..., tuple[Array, Any]]] = {
    "nlgp": _from_model(NLGP, gain=3.0),
    "gaussian": _from_model(GaussianField),
    "elliptical": _from_model(EllipticalField, radial=StudentT(5.0)),
    "laplace": _from_model(TransformedField, marginal="laplace"),
    "ising": _from_model(Ising.from_correlation_length),
    "photographs": _photographs,
}


def _net(n_units: int, seed: int, **options: Any) -> FCNet:
    rates = {"learning_rate": 2.0, "batch_size": 100, "max_epochs": 20, **options}
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
    """Fields of the optimal linear denoiser, one per pixel."""
    return denoiser_fields(np.cov(X[y == 1], rowvar=False), 1.0)


def _autoencoder(X: Array, y: Array, n_units: int, seed: int) -> Array:
    net = Autoencoder(n_units, sparsity=0.3, batch_size=100, max_epochs=10, random_state=seed)
    return net.fit(X[y == 1]).receptive_fields_


def _rbm(X: Array, y: Array, n_units: int, seed: int) -> Array:
    return RBM(n_units, max_epochs=20, random_state=seed).fit(X[y == 1]).receptive_fields_


def _hebbian(X: Array, y: Array, n_units: int, seed: int) -> Array:
    """Fields of the Hebbian rule on inputs whitened in the directions of large variance."""
    inputs = X[y == 1] - X[y == 1].mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov(inputs, rowvar=False))
    kept = axes[:, -(X.shape[1] // 2 + 1) :]
    white = inputs @ (kept / np.sqrt(variances[-kept.shape[1] :])) @ kept.T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return NonlinearHebbian(n_units, random_state=seed).fit(white).components_


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


def _cell(
    *,
    learner: Any,
    inputs: Any,
    is_control: bool,
    n_sites: int,
    n_samples: int,
    n_units: int,
    random_state: Any,
) -> dict[str, float]:
    """Locality of the fields of one learner on one kind of inputs, or on their Gaussian control."""
    draw, fit = INPUTS.get(str(inputs), inputs), LEARNERS.get(str(learner), learner)
    seeds = spawn_seeds(random_state, 4)
    X, y = draw(n_sites, n_samples, seeds[0])
    if is_control:
        X, y = make_gaussian_clone(X, y, random_state=seeds[1])
    return locality(fit(X, y, n_units, seeds[2]), random_state=seeds[3])


def locality_ledger(
    learners: Sequence[str | Callable[..., Array]] | None = None,
    inputs: Sequence[str | Callable[..., tuple[Array, Any]]] | None = None,
    *,
    n_repeats: int = 5,
    n_sites: int = 40,
    n_samples: int = 100_000,
    n_units: int = 20,
    store: str | os.PathLike[str] | None = None,
    n_jobs: int | None = -1,
    random_state: Any = None,
    verbose: int = 0,
) -> pd.DataFrame:
    """Determine which learners have local fields, on inputs and on their Gaussian controls.

    Each learner is trained on two classes of inputs, or on class 1 if the learner is unsupervised.
    Each learner is also trained on the Gaussian control, which has exactly the mean and covariance
    of each class. For each learner and each kind of inputs, the `locality` of the fields is
    measured in several repeats. The verdict is "local" if the 95 % confidence interval of the mean
    locality lies above 1/2, "not local" if the interval lies below 1/2, and "undecided" otherwise.

    Parameters
    ----------
    learners : sequence of str or callable, optional
        Learners to train. Each learner is one of the names "erf net", "relu net", "pruning", "l1"
        (all `FCNet`), "denoiser" (`denoiser_fields`), "autoencoder", "rbm" and "hebbian", or a
        function ``learner(X, y, n_units, seed)`` that returns fields. By default, all eight
        named learners are trained.
    inputs : sequence of str or callable, optional
        Inputs to train on. Each kind of inputs is one of the names "nlgp", "gaussian",
        "elliptical", "laplace", "ising" and "photographs" (pixels on circles), or a function
        ``inputs(n_sites, n_samples, seed)`` that returns X and labels 0 and 1. The features of X
        must be equivalent sites of a ring. By default, all six named kinds of
        inputs are used.
    n_repeats : int, default=5
        Number of repeats, at least 2.
    n_sites : int, default=40
        Number of sites of the ring.
    n_samples : int, default=100_000
        Number of inputs of both classes together.
    n_units : int, default=20
        Number of units of each learner.
    store : path-like, optional
        Folder for finished results, as in `sweep`.
    n_jobs : int, default=-1
        Number of workers, as in `sweep`.
    random_state : int, Generator, RandomState or None, default=None
        Seed, as in `sweep`. Within a repeat, all combinations of learner and inputs have the same
        seed.
    verbose : int, default=0
        Whether to show a progress bar, as in `sweep`.

    Returns
    -------
    ledger : pandas.DataFrame
        One row per combination of `learner`, `inputs` and `is_control`. The columns with results
        are `locality`, `alignment` and `reach`, means over the repeats; `low` and `high`, the ends
        of the confidence interval of the mean locality; `p_value`, the median p-value in a
        comparison with fields of random phases; `n_repeats`, the number of repeats with nonzero
        fields; and `verdict`.

    Examples
    --------
    >>> from rfsk.experiments import locality_ledger
    >>> small = {"n_repeats": 2, "n_samples": 1000, "n_jobs": 1, "random_state": 0}
    >>> locality_ledger(["denoiser"], ["ising"], **small)["verdict"].tolist()
    ['local', 'local']
    """
    grid: dict[str, Any] = {
        "learner": list(LEARNERS if learners is None else learners),
        "inputs": list(INPUTS if inputs is None else inputs),
        "is_control": [False, True],
    }
    for name, known in (("learner", LEARNERS), ("inputs", INPUTS)):
        for entry in grid[name]:
            if not callable(entry):
                check_option(entry, name, tuple(known))
    fixed = {"n_sites": n_sites, "n_samples": n_samples, "n_units": n_units}
    for name, value in {**fixed, "n_repeats": n_repeats}.items():
        check_positive(value, name, integer=True)
    if n_repeats < 2:
        raise ValueError("`n_repeats` must be at least 2 for a confidence interval, got 1.")
    if "photographs" in grid["inputs"] and n_sites > _MOST_SITES:
        raise ValueError(
            f"`n_sites` must be at most {_MOST_SITES} for photographs, got {n_sites!r}."
        )
    options: dict[str, Any] = {"store": store, "n_jobs": n_jobs, "verbose": verbose}
    options |= {"fixed": fixed, "paired": True, "random_state": random_state}
    found = sweep(_cell, grid, n_repeats, **options)
    cells = found.groupby(list(grid), sort=False)
    ledger = cells[["locality", "alignment", "reach"]].mean()
    n = cells["locality"].count()
    error = cells["locality"].sem() * stats.t.ppf(0.975, np.maximum(n - 1, 1))
    ledger["low"], ledger["high"] = ledger["locality"] - error, ledger["locality"] + error
    ledger["p_value"], ledger["n_repeats"] = cells["p_value"].median(), n
    is_local, is_not = ledger["low"] > _LOCAL, ledger["high"] < _LOCAL
    ledger["verdict"] = np.select([is_local, is_not], ["local", "not local"], "undecided")
    return ledger.reset_index()
