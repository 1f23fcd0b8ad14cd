"""Checks of what an input model says of its law against what it draws."""

import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._checks import NotApplicable, Remark
from ._drawing_checks import Subject
from ._statistics import (
    FEW_DECIDE,
    LARGEST_SHARE,
    Deviation,
    covariance_and_error,
    farthest,
    is_decided_by_few_rows,
    mean_and_error,
    product_mean_and_error,
)

Array = NDArray[np.float64]

# Smallest eigenvalue, relative to the largest: the rounding that a steep map magnifies.
_NEGATIVE = 1e-7
_VARIANCE = 1e-6


def check_zero_mean(subject: Subject) -> None:
    """Inputs are zero on average."""
    mean, error = mean_and_error(subject.X)
    deviation = farthest(mean, error, 0.0)
    if deviation is not None:
        raise AssertionError(
            f"the mean of feature {deviation.place[0]} is not zero: {deviation}. Closed forms "
            "and theory are of deviations from zero, and a net would tell classes apart by their "
            "means alone. Subtract the mean that the law has, not that of the samples drawn."
        )


def check_sign_symmetry(subject: Subject) -> None:
    """Moments E x_i^2 x_j vanish, as all odd ones do where P(x) = P(-x)."""
    moments, error = product_mean_and_error(subject.X**2, subject.X)
    deviation = farthest(moments, error, 0.0)
    if deviation is not None:
        i, j = deviation.place
        raise AssertionError(
            f"x and -x are not equally likely: E x_i^2 x_j of i={i}, j={j} is not zero: "
            f"{deviation}. Where P(x) = P(-x) the fourth moment is the first beyond the "
            "covariance, which theory and Gaussian controls count on; nets learn a third one "
            "sooner. Give each input a random sign; if the law is meant to be skewed, pass "
            "expected_failed_checks={'sign_symmetry': 'why'}."
        )


def check_covariance_shape(subject: Subject) -> None:
    """The covariance is a symmetric matrix of numbers, one row a site."""
    covariance, n = subject.covariance, subject.n_features
    if covariance.shape != (n, n):
        lattice = covariance.shape == tuple(subject.model.shape)
        hint = " This looks like the covariance of the first site alone." if lattice else ""
        raise AssertionError(
            f"covariance() has shape {covariance.shape}; expected ({n}, {n}), of every site with "
            f"every other.{hint}"
        )
    if not np.isfinite(covariance).all():
        raise AssertionError("covariance() holds NaN or infinity; expected finite numbers.")
    asymmetry = np.abs(covariance - covariance.T).max()
    if asymmetry > 1e-10 * np.abs(covariance).max():
        i, j = np.unravel_index(np.abs(covariance - covariance.T).argmax(), covariance.shape)
        raise AssertionError(
            f"covariance() is not symmetric: {covariance[i, j]:.4g} at ({i}, {j}) and "
            f"{covariance[j, i]:.4g} at ({j}, {i}); expected the same number. Look for a "
            "displacement that should be taken as a distance."
        )


def check_covariance_positive(subject: Subject) -> None:
    """No combination of sites has a negative variance."""
    eigenvalues = np.linalg.eigvalsh(subject.covariance)
    if eigenvalues[0] < -_NEGATIVE * max(eigenvalues[-1], np.finfo(float).tiny):
        raise AssertionError(
            f"covariance() is not positive semi-definite: its smallest eigenvalue is "
            f"{eigenvalues[0]:.3g}, its largest {eigenvalues[-1]:.3g}; expected none below zero. "
            "On a ring, the kernel of the shortest distance around it does this at long "
            "correlation lengths: sum the kernel over all images of a site instead."
        )


def check_covariance_of_samples(subject: Subject) -> None:
    """Covariances of samples are those of `covariance`."""
    if has_endless_tails(subject):
        raise NotApplicable(
            "the excess kurtosis is infinite, so that covariances of samples have no standard "
            "error."
        )
    mean, error = covariance_and_error(subject.X)
    deviation = farthest(mean, error, subject.covariance)
    if deviation is not None:
        i, j = deviation.place
        raise AssertionError(
            f"covariance()[{i}, {j}] is not that of {subject.n_samples} samples: {deviation}. "
            f"{_covariance_hint(mean, subject.covariance, deviation)}"
        )


def _covariance_hint(got: Array, claimed: Array, deviation: Deviation) -> str:
    variance, expected = got.diagonal(), claimed.diagonal()
    ratio = float(variance.mean() / max(expected.mean(), 1e-300))
    correlations = got / np.sqrt(np.outer(variance, variance).clip(1e-300))
    claimed_ones = claimed / np.sqrt(np.outer(expected, expected).clip(1e-300))
    if np.abs(correlations - claimed_ones).max() < 0.1 and not math.isclose(ratio, 1, rel_tol=0.02):
        return (
            f"Variances of samples are {ratio:.3g} times those claimed while correlations agree: a "
            f"normalization is missing; divide the inputs by {math.sqrt(ratio):.4g}, or say "
            "the variance that they have."
        )
    if deviation.place[0] != deviation.place[1]:
        return (
            "Variances may agree while correlations do not, as when the covariance is that of "
            "a latent field before its map, or boundaries are open in one place and periodic in "
            "the other."
        )
    return "Compare the formula with the way inputs are drawn, at this site first."


def check_unit_variance(subject: Subject) -> None:
    """Pixels have unit variance; if not, that is worth a remark."""
    variance = subject.covariance.diagonal()
    if np.abs(variance - 1.0).max() > _VARIANCE:
        raise Remark(
            f"variances of sites are from {variance.min():.4g} to {variance.max():.4g}. Any is "
            "allowed, but classes of one task should share theirs: otherwise nets tell them "
            "apart by size, and learning rates mean other things. Divide inputs by "
            f"{math.sqrt(max(float(variance.mean()), 0.0)):.4g} to have 1 on average."
        )


def check_translation_invariance(subject: Subject) -> None:
    """On a ring or torus covariances depend on displacements only."""
    boundary = getattr(subject.model, "boundary", None)
    if boundary != "periodic":
        told = "no attribute boundary" if boundary is None else f"boundary={boundary!r}"
        raise NotApplicable(f"the model has {told}; it is checked where that is 'periodic'.")
    covariance, shape = subject.covariance, subject.model.shape
    sites = np.arange(subject.n_features).reshape(shape)
    for axis in range(len(shape)):
        rolled = np.roll(sites, 1, axis=axis).ravel()
        change = np.abs(covariance[np.ix_(rolled, rolled)] - covariance)
        if change.max() > 1e-9 * np.abs(covariance).max():
            i, j = np.unravel_index(change.argmax(), change.shape)
            raise AssertionError(
                f"covariance() changes by {change[i, j]:.3g} at ({i}, {j}) when sites are moved by "
                f"one along axis {axis}; expected no change, as boundary is 'periodic'. Take "
                "displacements around the lattice, or say boundary='open'."
            )


def check_excess_kurtosis(subject: Subject) -> None:
    """The fourth moment of pixels of samples is that of `excess_kurtosis`."""
    claimed = subject.closed_form("excess_kurtosis")
    is_number = isinstance(claimed, numbers.Real) and not math.isnan(claimed)
    if not is_number or claimed < -2.0 - 1e-9:
        raise AssertionError(
            f"excess_kurtosis() is {claimed!r}; expected a number of at least -2, which a fair "
            "coin has (the Gaussian has 0: subtract 3 from E x^4 / (E x^2)^2)."
        )
    if claimed == math.inf:
        raise NotApplicable("the excess kurtosis is infinite, which no sample can tell.")
    deviation = kurtosis_deviation(subject.X, float(claimed))
    if deviation is not None:
        shift = deviation.got - claimed
        hint = "Two habits of writing the gain differ by a factor of the root of two: erf(h) and "
        hint += "erf(h / sqrt 2); see which one is drawn."
        if abs(shift + 3.0) < 0.1 * max(1.0, abs(deviation.got)):
            hint = "The 3 of the Gaussian is not subtracted: excess is E x^4 / (E x^2)^2 - 3."
        raise AssertionError(
            f"excess_kurtosis() is not that of {subject.n_samples} samples: {deviation}. {hint}"
        )


def kurtosis_deviation(
    X: Array, expected: float, largest_share: float = LARGEST_SHARE
) -> Deviation | None:
    """How far the excess kurtosis of pixels is off, pooled over sites or averaged over them."""
    squares = X**2
    variance = squares.mean(axis=0)
    squares, variance = squares[:, variance > 0], variance[variance > 0]
    if not len(variance):
        raise NotApplicable("all features are zero.")
    deviations = []
    for scale in (variance.mean(), variance):
        ratio = squares / scale
        fourth = (ratio**2).mean(axis=0)
        # To first order in the errors of the fourth moment and of the variance it is divided by.
        slope = fourth.mean() if np.ndim(scale) == 0 else fourth
        influence = (ratio**2 - 2.0 * slope * ratio).mean(axis=1)
        if is_decided_by_few_rows(influence, largest_share):
            raise NotApplicable(FEW_DECIDE)
        error = influence.std() / math.sqrt(len(X))
        deviations.append(farthest(fourth.mean() - 3.0, error, expected))
    return None if None in deviations else deviations[0]


def has_endless_tails(subject: Subject) -> bool:
    """Whether the model says that its fourth moment is infinite."""
    try:
        return bool(subject.closed_form("excess_kurtosis") == math.inf)
    except NotApplicable:
        return False


def clone_of(subject: Subject) -> Any:
    """The Gaussian clone of the model."""
    return subject.closed_form("gaussian_clone")


def check_clone_covariance(subject: Subject) -> None:
    """The clone lives on the same lattice and says it has the same covariance."""
    clone = clone_of(subject)
    if tuple(clone.shape) != tuple(subject.model.shape):
        raise AssertionError(
            f"the clone has shape {clone.shape}; expected that of the model, {subject.model.shape}."
            " MultivariateGaussian takes it as shape=."
        )
    off = np.abs(np.asarray(clone.covariance()) - subject.covariance).max()
    if off > 1e-8 * np.abs(subject.covariance).max():
        raise AssertionError(
            f"the covariance of gaussian_clone() is off by {off:.3g}; expected exactly that of the "
            "model, or the control differs from it in more than higher moments. Build the clone "
            "from self.covariance()."
        )


def check_clone_kurtosis(subject: Subject) -> None:
    """The clone says it has no excess kurtosis."""
    kurtosis = clone_of(subject).excess_kurtosis()
    if kurtosis != 0.0:
        raise AssertionError(
            f"the excess kurtosis of gaussian_clone() is {kurtosis:.4g}; expected 0: the clone is "
            "Gaussian."
        )


def check_clone_samples(subject: Subject) -> None:
    """What the clone draws has the mean and covariance of the model and is Gaussian."""
    clone = clone_of(subject)
    X = np.asarray(clone.sample(subject.n_samples, subject.seeds[6]))
    if X.shape != subject.X.shape:
        raise AssertionError(f"the clone's sample has shape {X.shape}; expected {subject.X.shape}.")
    deviation = farthest(*covariance_and_error(X), subject.covariance)
    if deviation is not None:
        raise AssertionError(
            f"samples of gaussian_clone() do not have the covariance of the model at "
            f"{deviation.place}: {deviation}."
        )
    deviation = farthest(*mean_and_error(X), 0.0)
    if deviation is not None:
        raise AssertionError(
            f"samples of gaussian_clone() have another mean than the model, zero, at feature "
            f"{deviation.place[0]}: {deviation}."
        )
    deviation = kurtosis_deviation(X, 0.0, largest_share=0.5)
    if deviation is not None:
        raise AssertionError(
            f"samples of gaussian_clone() are not Gaussian, their excess kurtosis is not zero: "
            f"{deviation}."
        )
