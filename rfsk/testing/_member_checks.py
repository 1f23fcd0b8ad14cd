"""Checks of the members that an input model may have, and of training on it."""

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..datasets import Discrimination
from ..exceptions import LikelyMistakeWarning
from ._checks import NotApplicable
from ._drawing_checks import FEW, Subject
from ._moment_checks import has_endless_tails
from ._statistics import (
    FEW_DECIDE,
    covariance_and_error,
    farthest,
    is_decided_by_few_rows,
    mean_and_error,
)

Array = NDArray[np.float64]

_N_CUMULANTS = 20
_QUADRATURE = 1e-3  # of a moment: nodes are finitely many
_BOUNDED: dict[str, Callable[[Array], Array]] = {
    "cos x": np.cos,
    "exp(-x^2)": lambda x: np.exp(-(x**2)),
    "x^2 / (1 + x^2)": lambda x: x**2 / (1.0 + x**2),
}


def check_pixel_quadrature(subject: Subject) -> None:
    """Sums over nodes are expectations over one pixel."""
    nodes = subject.closed_form("pixel_quadrature")
    values, weights = (np.asarray(part, dtype=float) for part in nodes)
    if values.shape != weights.shape or values.ndim != 1:
        raise AssertionError(
            f"pixel_quadrature() gave shapes {values.shape} and {weights.shape}; expected "
            "values and weights of one shape (n_nodes,)."
        )
    if abs(weights.sum() - 1.0) > 1e-8:
        raise AssertionError(
            f"the weights of pixel_quadrature() add to {weights.sum():.10g}; expected 1, so that "
            "they are probabilities. Divide them by their sum."
        )
    variance = float(weights @ values**2)
    _check_against_claims(subject, values, weights, variance)
    scale = float(np.sqrt(variance)) or 1.0
    for name, function in _BOUNDED.items():
        pooled = function(subject.X / scale).mean(axis=1)
        mean, error = mean_and_error(pooled[:, None])
        deviation = farthest(mean, error, weights @ function(values / scale))
        # A quadrature is as exact as its nodes are many, which shows first where a law has jumps.
        if deviation is not None and abs(deviation.got - deviation.expected) > 1e-3:
            raise AssertionError(
                f"pixel_quadrature() does not give the average of {name} (x in standard "
                f"deviations): {deviation}. Its nodes are values of a pixel, each weighted with "
                "its probability."
            )


def _check_against_claims(subject: Subject, values: Array, weights: Array, variance: float) -> None:
    """Sums over nodes have the variance and the kurtosis that the model says."""
    claims: dict[str, tuple[Callable[[], float], Callable[[Any], float]]] = {
        "covariance": (lambda: variance, lambda claimed: float(np.diagonal(claimed).mean())),
        "excess_kurtosis": (lambda: float(weights @ values**4) / variance**2 - 3.0, float),
    }
    for member, (moment, of_pixel) in claims.items():
        try:
            claimed = of_pixel(subject.closed_form(member))
        except NotApplicable:
            continue
        if np.isinf(claimed):
            continue
        got = moment()
        if abs(got - claimed) > _QUADRATURE * max(1.0, abs(claimed)):
            raise AssertionError(
                f"pixel_quadrature() has another moment than {member}() says: {got:.6g} by its "
                f"nodes, {claimed:.6g} expected. One of the two formulas is of another law."
            )


def check_fourth_cumulant(subject: Subject) -> None:
    """Fourth cumulants are those of samples, and do not depend on the order of sites."""
    rng = subject.rng(7)
    sites = rng.integers(subject.n_features, size=(_N_CUMULANTS, 4))
    sites[: _N_CUMULANTS // 2, 2:] = sites[: _N_CUMULANTS // 2, :2]  # some of pairs, E x_i^2 x_j^2
    kappa = np.asarray(subject.closed_form("fourth_cumulant", sites))
    if kappa.shape != (_N_CUMULANTS,):
        raise AssertionError(
            f"fourth_cumulant of sites of shape {sites.shape} has shape {kappa.shape}; expected "
            f"({_N_CUMULANTS},), one cumulant for each four sites."
        )
    if not np.isfinite(kappa).all():
        raise NotApplicable("fourth cumulants are infinite, which no sample can tell.")
    reverse = np.asarray(subject.model.fourth_cumulant(sites[:, ::-1]))
    scale = max(float(np.abs(kappa).max()), float(np.abs(subject.covariance).max()) ** 2)
    if np.abs(reverse - kappa).max() > 1e-6 * scale:
        raise AssertionError(
            f"fourth_cumulant changes by {np.abs(reverse - kappa).max():.3g} when the order of "
            "sites is reversed; expected no change."
        )
    i, j, k, l = sites.T  # noqa: E741
    C = subject.covariance
    pairs = C[i, j] * C[k, l] + C[i, k] * C[j, l] + C[i, l] * C[j, k]
    X = subject.X
    products = X[:, i] * X[:, j] * X[:, k] * X[:, l]
    told = [not is_decided_by_few_rows(column) for column in products.T]
    if not any(told):
        raise NotApplicable(FEW_DECIDE)
    mean, error = mean_and_error(products[:, told])
    deviation = farthest(mean, error, (kappa + pairs)[told])
    if deviation is not None:
        where = sites[told][deviation.place[0]].tolist()
        raise AssertionError(
            f"fourth_cumulant({where}) plus its three pairs of covariances is not the moment of "
            f"{subject.n_samples} samples: {deviation}. A cumulant is the moment without C_ij "
            "C_kl, C_ik C_jl and C_il C_jk."
        )


def check_from_noise(subject: Subject) -> None:
    """White noise becomes inputs of the model's law, and stays as it was."""
    model, rng = subject.model, subject.rng(7)
    if not hasattr(model, "from_noise"):
        raise NotApplicable("the model has no from_noise.")
    lattice = tuple(getattr(model, "noise_shape", model.shape))
    noise = rng.standard_normal((FEW, *lattice))
    before = noise.copy()
    fields = np.asarray(model.from_noise(noise))
    if fields.shape != (FEW, subject.n_features):
        raise AssertionError(
            f"from_noise of noise of shape {noise.shape} has shape {fields.shape}; expected "
            f"({FEW}, {subject.n_features}), one row an input."
        )
    if not np.array_equal(noise, before):
        raise AssertionError(
            "from_noise overwrote the noise it was given; expected it left alone. Make a copy "
            "before computing in place."
        )
    one = np.asarray(model.from_noise(noise[:1].copy()))
    if not np.allclose(one, fields[:1], rtol=1e-9, atol=1e-9 * np.abs(fields).max()):
        raise AssertionError(
            "from_noise gives a row another value when it comes alone; expected each input to "
            "depend on its own row of noise only. Do not subtract or divide by averages over rows."
        )
    if find_spec("torch") is not None:
        _check_torch(subject, noise, fields)
    if has_endless_tails(subject):
        return
    drawn = np.asarray(model.from_noise(rng.standard_normal((subject.n_samples, *lattice))))
    deviation = farthest(*covariance_and_error(drawn), subject.covariance)
    if deviation is not None:
        raise AssertionError(
            f"fields made by from_noise do not have the covariance of the model at "
            f"{deviation.place}: {deviation}. Expect noise of unit variance, and one definition "
            "for sample and from_noise."
        )


def _check_torch(subject: Subject, noise: Array, fields: Array) -> None:
    import torch

    theirs = subject.model.from_noise(torch.from_numpy(noise.copy()))
    if not isinstance(theirs, torch.Tensor):
        raise AssertionError(
            f"from_noise turned a torch tensor into a {type(theirs).__name__}; expected a tensor "
            "on the same device, since training draws there. Use functions that both libraries "
            "have."
        )
    if not np.allclose(theirs.numpy(), fields, atol=1e-9 * max(1.0, np.abs(fields).max())):
        raise AssertionError(
            "from_noise makes other fields of the same noise in torch than in NumPy; expected the "
            "same up to rounding."
        )


def check_training(subject: Subject) -> None:
    """A net of two units takes a few steps on two classes of the model."""
    if find_spec("torch") is None:
        raise NotApplicable("torch is not installed.")
    from ..nets import FCNet

    task = Discrimination([subject.model, subject.model])
    net = FCNet(2, batch_size=20, learning_rate=0.01, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LikelyMistakeWarning)  # of scale: `unit_variance` tells
        net.fit_online(task, 60)
    if not np.isfinite(net.receptive_fields_).all():
        raise AssertionError(
            "three steps of training at a learning rate of 0.01 gave fields that are not finite; "
            "expected numbers. Inputs are far from unit variance, or hold rare huge values."
        )
