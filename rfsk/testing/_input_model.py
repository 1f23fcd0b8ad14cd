"""Comparison of the samples of an input model with its closed forms."""

import math
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from importlib.util import find_spec
from typing import Any
from unittest import SkipTest

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .._core._random import spawn_seeds
from .._core._types import Array
from .._core._validation import check_option

_FEW = 28  # number of rows that do not agree by chance for two seeds, even if pixels are binary


def check_input_model(
    model: Any,
    *,
    n_samples: int = 20_000,
    random_state: Any = None,
    expected_failed_checks: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Check that an input model draws valid samples and that its closed forms agree with them.

    Parameters
    ----------
    model : input model
        Object with the members `shape`, `n_features` and `sample` of `rfsk.datasets.InputModel`.
        Checks of optional members that the model lacks are skipped.
    n_samples : int, default=20_000
        Number of samples, at least 1000.
    random_state : int, Generator, RandomState or None, default=None
        Seed of all samples.
    expected_failed_checks : dict of str to str, optional
        Reasons why checks may fail, with the names of the checks as keys. If a check fails whose
        name is not a key, an AssertionError is raised.

    Returns
    -------
    results : dict of str to str
        "passed", "skipped: <reason>" or "xfail: <reason>" for the name of each check.

    Notes
    -----
    Averages over samples may deviate from closed forms by at most five standard errors, with a
    Bonferroni correction for the number of comparisons. A comparison of a moment is skipped if the
    moment is infinite or if a single sample dominates the variance of the average.

    Examples
    --------
    >>> from rfsk import NLGP
    >>> from rfsk.testing import check_input_model
    >>> model = NLGP(12, correlation_length=2.0, gain=3.0)
    >>> set(check_input_model(model, random_state=0).values())
    {'passed'}
    >>> class Wrong(NLGP):
    ...     def covariance(self):
    ...         return 2.0 * super().covariance()
    >>> check_input_model(Wrong(12, correlation_length=2.0, gain=3.0), random_state=0)
    Traceback (most recent call last):
        ...
    AssertionError: covariance_of_samples: `covariance()` differs from that of 20000 samples at...
    """
    if n_samples < 1000:  # averages of fewer samples are not close to normally distributed
        raise ValueError(f"`n_samples` must be at least 1000, got {n_samples}.")
    expected = dict(expected_failed_checks or {})
    for name in expected:
        check_option(name, "expected_failed_checks", _CHECKS)
    subject, results = _Subject(model, n_samples, spawn_seeds(random_state, 7)), {}
    for name, check in _CHECKS.items():
        try:
            check(subject)
            results[name] = "passed"
        except SkipTest as why:
            results[name] = f"skipped: {why}"
        except Exception as error:
            raised = "" if isinstance(error, AssertionError) else f"raised {type(error).__name__}: "
            if name not in expected:
                raise AssertionError(f"{name}: {raised}{error}") from error
            results[name] = f"xfail: {expected[name]} ({raised}{error})"
    return results


class _Subject:
    """Input model with the samples and moments that several checks use."""

    def __init__(self, model: Any, n_samples: int, seeds: list[int]) -> None:
        self.model, self.n_samples, self.seeds = model, n_samples, seeds

    @cached_property
    def X(self) -> Array:  # noqa: N802
        return np.asarray(self.model.sample(self.n_samples, self.seeds[0]))

    @cached_property
    def covariance(self) -> Array:
        return np.asarray(self.result_of("covariance"))

    @cached_property
    def sites(self) -> NDArray[np.int64]:
        """Rows of four sites to test the fourth cumulant: near, pairwise equal, or random."""
        rng, n_features = np.random.default_rng(self.seeds[5]), self.model.n_features
        sites = rng.integers(n_features, size=(30, 4))
        sites[:10] = (sites[:10, :1] + rng.integers(3, size=(10, 4))) % n_features
        sites[10:20, 2:] = sites[10:20, :2]
        return sites

    def result_of(self, member: str, *arguments: Any) -> Any:
        """Call a member of the model; skip the check if the model does not have it."""
        if not hasattr(self.model, member):
            raise SkipTest(f"the model has no `{member}`.")
        try:
            return getattr(self.model, member)(*arguments)
        except NotImplementedError as error:
            raise SkipTest(f"`{member}` is not implemented: {error}") from error

    def skip_if_infinite(self) -> None:
        """Skip a comparison of covariances if their standard error is infinite."""
        kurtosis = 0.0
        with suppress(SkipTest):
            kurtosis = self.result_of("excess_kurtosis")
        if kurtosis == math.inf:
            raise SkipTest("sample covariances have no standard error: the kurtosis is infinite.")


def _compare(
    moment: tuple[ArrayLike, ArrayLike], expected: ArrayLike, what: str, hint: str = ""
) -> None:
    """Fail if an average deviates from its expectation by more standard errors than allowed."""
    got, error = np.atleast_1d(moment[0]), np.atleast_1d(moment[1])
    expected = np.broadcast_to(np.asarray(expected, dtype=float), got.shape)
    distance = np.abs(got - expected)
    # Constants, which have no standard error, are compared up to rounding.
    distance[distance <= 1e-9 * max(np.abs(expected).max(), np.abs(got).max(), 1e-15)] = 0.0
    distance /= np.maximum(error, 1e-300)
    place = np.unravel_index(distance.argmax(), distance.shape)
    where = f" at {tuple(map(int, place))}" if distance.size > 1 else ""
    assert distance[place] <= stats.norm.isf(stats.norm.sf(5.0) / distance.size), (
        f"{what}{where}: got {got[place]:.4g}, expected {expected[place]:.4g}, which is "
        f"{distance[place]:.1f} standard errors apart. {hint}".rstrip()
    )


def _average(values: Array) -> tuple[Array, Array]:
    """Average over samples and its standard error."""
    return values.mean(axis=0), values.std(axis=0) / math.sqrt(len(values))


def _average_product(X: Array, Y: Array) -> tuple[Array, Array]:
    """Averages of x_i y_j over samples and their standard errors."""
    mean = X.T @ Y / len(X)
    variance = (X**2).T @ Y**2 / len(X) - mean**2
    return mean, np.sqrt(np.maximum(variance, 0.0) / len(X))


def _average_covariance(X: Array) -> tuple[Array, Array]:
    return _average_product(X - X.mean(axis=0), X - X.mean(axis=0))


def _is_dominated(values: Array, fraction: float = 0.1) -> bool:
    """Whether one sample contributes more than the given fraction of the variance of `values`."""
    squares = (values - values.mean()) ** 2
    return bool(squares.max() > fraction * squares.sum())


def _compare_kurtosis(
    X: Array, expected: float, what: str, hint: str = "", *, fraction: float = 0.1
) -> None:
    """Compare the excess kurtosis of samples with its closed form."""
    squares, failures = X[:, X.any(axis=0)] ** 2, []
    for axis in ((0, 1), 0):
        ratio = squares / squares.mean(axis=axis)
        fourth = (ratio**2).mean(axis=axis)
        # Contribution of each sample, to first order in the errors of the moments.
        influence = (ratio**2 - 2.0 * fourth * ratio).mean(axis=1)
        if _is_dominated(influence, fraction):
            raise SkipTest("a single sample dominates the fourth moment; draw more samples.")
        try:
            return _compare((fourth.mean() - 3.0, _average(influence)[1]), expected, what, hint)
        except AssertionError as error:
            failures.append(error)
    raise failures[0]


def _check_shape(subject: _Subject) -> None:
    shape, n_features = subject.model.shape, subject.model.n_features
    sides = shape if isinstance(shape, tuple) else (0,)
    assert all(isinstance(side, int | np.integer) and side > 0 for side in sides), (
        f"`shape` must be a tuple of positive integers such as (30,) or (6, 5), got {shape!r}."
    )
    assert n_features == math.prod(shape), (
        f"`n_features` must be the product of the sides of `shape`, {math.prod(shape)}, got "
        f"{n_features!r}."
    )


def _check_sample(subject: _Subject) -> None:
    n_features = subject.model.n_features
    for n_samples in (7 if n_features != 7 else 8, 1):  # transposition changes the shape
        X, expected = subject.model.sample(n_samples, subject.seeds[1]), (n_samples, n_features)
        assert isinstance(X, np.ndarray), f"`sample` must return an ndarray, got {type(X)}."
        assert X.shape == expected, (
            f"`sample({n_samples})` must return shape {expected}, got {X.shape}. Return one row "
            "per sample, for example X.T if X is transposed or X.reshape(n_samples, -1) for images."
        )
        assert X.dtype == np.float64, f"`sample` must return float64, got {X.dtype}."
    n_bad = (~np.isfinite(subject.X).all(axis=1)).sum()
    assert n_bad == 0, f"{n_bad} of {subject.n_samples} samples contain NaN or infinity."


def _check_random_state(subject: _Subject) -> None:
    sample, (seed, other) = subject.model.sample, subject.seeds[2:4]
    X, unseeded, rng = sample(_FEW, seed), sample(_FEW), np.random.default_rng(seed)
    assert np.array_equal(sample(_FEW, random_state=seed), X), (
        "the same seed gives different samples. Draw from np.random.default_rng(random_state)."
    )
    assert not np.array_equal(sample(_FEW, other), X), (
        "different seeds give the same samples. Replace the fixed seed by `random_state`."
    )
    # Twelve draws, because a distribution with few values may repeat a sample by chance.
    assert not all(np.array_equal(sample(_FEW), unseeded) for _ in range(12)), (
        "samples without a seed are always the same. The default of `random_state` must be None."
    )
    first = sample(_FEW, rng)
    assert not np.array_equal(sample(_FEW, rng), first), (
        "two draws from one Generator give the same samples, so all batches of a training would be "
        "equal. Draw from the Generator itself, not from a copy or from a seed derived from it."
    )


def _check_global_state(subject: _Subject) -> None:
    before = np.random.get_state()  # noqa: NPY002
    for seed in (subject.seeds[2], None):
        np.random.seed(subject.seeds[3])  # noqa: NPY002
        seeded = np.random.get_state()  # noqa: NPY002
        subject.model.sample(_FEW, seed)
        is_same = all(map(np.array_equal, seeded, np.random.get_state()))  # noqa: NPY002
        np.random.set_state(before)  # noqa: NPY002
        assert is_same, (
            f"`sample({_FEW}, {seed})` changed NumPy's global generator, which other code may rely "
            "on. Draw from np.random.default_rng(random_state) instead."
        )


def _check_independent_rows(subject: _Subject) -> None:
    reference = np.asarray(subject.model.sample(subject.n_samples, subject.seeds[4]))
    mean, scale = reference.mean(axis=0), float(reference.std()) or 1.0
    values = (subject.X - mean) / scale
    # Squares are mapped to a bounded range, so that heavy tails do not hide a dependence.
    squares = np.tanh(values**2) - np.tanh(((reference - mean) / scale) ** 2).mean(axis=0)
    half = len(values) // 2
    for which, one, two in (
        ("neighbouring samples", slice(0, 2 * half, 2), slice(1, 2 * half, 2)),
        ("samples half a draw apart", slice(0, half), slice(half, 2 * half)),
    ):
        for what, rows in (("values", values), ("squares", squares)):
            _compare(
                _average((rows[one] * rows[two]).mean(axis=1)),
                0.0,
                f"{which} are not independent, according to the average product of their {what}",
                "Draw noise of shape (n_samples, n_features), and make enough steps of a Markov "
                "chain between two samples.",
            )


def _check_covariance(subject: _Subject) -> None:
    covariance, n = subject.covariance, subject.model.n_features
    assert covariance.shape == (n, n), (
        f"`covariance()` must have shape {(n, n)}, got {covariance.shape}. Return the covariance "
        "of the first site with every site from `autocovariance()`."
    )
    asymmetry = np.abs(covariance - covariance.T).max()
    assert asymmetry <= 1e-10 * np.abs(covariance).max(), (
        f"`covariance()` must be symmetric, but differs from its transpose by {asymmetry:.3g}."
    )
    eigenvalues = np.linalg.eigvalsh(covariance)
    assert eigenvalues[0] >= -1e-7 * abs(eigenvalues[-1]), (
        "`covariance()` must be positive semi-definite, but its smallest eigenvalue is "
        f"{eigenvalues[0]:.3g}. On a ring, sum the kernel over all periodic images of a site "
        "instead of evaluating it at the shortest distance."
    )


def _check_zero_mean(subject: _Subject) -> None:
    hint = "Subtract the mean of the distribution; closed forms and theory assume that it is zero."
    _compare(_average(subject.X), 0.0, "the mean is not zero", hint)


def _check_covariance_of_samples(subject: _Subject) -> None:
    subject.skip_if_infinite()
    ratio = float(subject.X.var(axis=0).mean() / subject.covariance.diagonal().mean())
    _compare(
        _average_covariance(subject.X),
        subject.covariance,
        f"`covariance()` differs from that of {subject.n_samples} samples",
        f"The variance of samples is {ratio:.3g} times that of `covariance()`. If this ratio is "
        "not 1, a normalization is missing. Otherwise `covariance()` may be that of a latent field "
        "or assume other boundaries.",
    )


def _check_translation_invariance(subject: _Subject) -> None:
    model = subject.model
    if getattr(model, "boundary", "periodic") != "periodic":
        raise SkipTest("the boundary is not periodic.")
    first = np.asarray(subject.result_of("autocovariance")).reshape(model.shape)
    axes = tuple(range(first.ndim))
    expected = [np.roll(first, site, axes).ravel() for site in np.ndindex(model.shape)]
    off = np.abs(subject.covariance - expected).max()
    assert off <= 1e-9 * np.abs(first).max(), (
        f"`covariance()` differs by {off:.3g} from `autocovariance()` translated on the lattice. "
        "Use periodic displacements, or set the attribute boundary = 'open'."
    )


def _check_sign_symmetry(subject: _Subject) -> None:
    what = "x and -x are not equally likely, because E x_i^2 x_j is not zero"
    hint = (
        "Theory assumes P(x) = P(-x), and Gaussian controls have this symmetry. For a distribution "
        "that is skewed on purpose, pass expected_failed_checks={'sign_symmetry': 'reason'}."
    )
    _compare(_average_product(subject.X**2, subject.X), 0.0, what, hint)


def _check_excess_kurtosis(subject: _Subject) -> None:
    claimed = subject.result_of("excess_kurtosis")
    assert claimed >= -2.0 - 1e-9, f"`excess_kurtosis()` must be at least -2, got {claimed!r}."
    if claimed == math.inf:
        raise SkipTest("the kurtosis is infinite.")
    _compare_kurtosis(
        subject.X,
        claimed,
        f"`excess_kurtosis()` differs from that of {subject.n_samples} samples",
        "The excess kurtosis is E x^4 / (E x^2)^2 - 3, which is 0 for a Gaussian. For an NLGP, "
        "erf(gain z) and erf(gain z / sqrt(2)) are different conventions of the gain.",
    )


def _check_fourth_cumulant(subject: _Subject) -> None:
    sites = subject.sites
    kappa = np.asarray(subject.result_of("fourth_cumulant", sites))
    assert kappa.shape == sites.shape[:1], (
        f"`fourth_cumulant` must return shape {sites.shape[:1]} for indices of shape "
        f"{sites.shape}, got {kappa.shape}."
    )
    if not np.isfinite(kappa).all():
        raise SkipTest("the fourth cumulant is infinite.")
    C = subject.covariance
    pairs = [C[i, j] * C[k, l] + C[i, k] * C[j, l] + C[i, l] * C[j, k] for i, j, k, l in sites]  # noqa: E741
    for number, four in enumerate(sites.tolist()):
        products = subject.X[:, four].prod(axis=1)
        if not _is_dominated(products):
            what = f"`fourth_cumulant({four})` differs from that of {subject.n_samples} samples"
            mean, error = _average(products)
            _compare((mean - pairs[number], error), kappa[number], what)


def _check_gaussian_clone(subject: _Subject) -> None:
    clone = subject.result_of("gaussian_clone")
    assert tuple(clone.shape) == tuple(subject.model.shape), (
        f"the clone must have the shape of the model, {subject.model.shape}, got {clone.shape}."
    )
    scale = np.abs(subject.covariance).max()
    off = np.abs(np.asarray(clone.covariance()) - subject.covariance).max()
    assert off <= 1e-8 * scale, (
        f"the covariance of the clone differs by {off:.3g} from that of the model. Build the clone "
        "from self.covariance()."
    )
    kurtosis = clone.excess_kurtosis()
    assert kurtosis == 0.0, f"the excess kurtosis of the clone must be 0, got {kurtosis:.4g}."
    X = np.asarray(clone.sample(subject.n_samples, subject.seeds[6]))
    _compare(_average(X), 0.0, "samples of the clone do not have zero mean")
    what = "samples of the clone do not have the covariance of the model"
    _compare(_average_covariance(X), subject.covariance, what)
    _compare_kurtosis(X, 0.0, "samples of the clone have an excess kurtosis", fraction=0.5)


def _check_pixel_quadrature(subject: _Subject) -> None:
    values, weights = map(np.asarray, subject.result_of("pixel_quadrature"))
    total = weights.sum()
    assert abs(total - 1.0) <= 1e-8, (
        f"the weights of `pixel_quadrature()` must sum to 1, got {total:.10g}."
    )
    variance = weights @ values**2
    with np.errstate(over="ignore"):  # the kurtosis may be infinite
        kurtosis = weights @ values**4 / variance**2 - 3.0
    for member, got in (("covariance", variance), ("excess_kurtosis", kurtosis)):
        claimed = np.diagonal(np.atleast_2d(subject.result_of(member))).mean()
        assert claimed == math.inf or abs(got - claimed) <= 1e-3 * max(1.0, abs(claimed)), (
            f"`pixel_quadrature()` gives {got:.6g}, but `{member}()` gives {claimed:.6g}."
        )


def _check_from_noise(subject: _Subject) -> None:
    model, rng = subject.model, np.random.default_rng(subject.seeds[5])
    if not hasattr(model, "from_noise"):
        raise SkipTest("the model has no `from_noise`.")
    lattice = tuple(getattr(model, "noise_shape", model.shape))
    noise = rng.standard_normal((subject.n_samples, *lattice))
    few = noise[:_FEW].copy()
    fields = model.from_noise(few)
    assert np.array_equal(few, noise[:_FEW]), "`from_noise` must not change the noise."
    assert np.allclose(model.from_noise(few[:1]), fields[:1], atol=1e-9 * np.abs(fields).max()), (
        "each row of `from_noise` must depend only on the same row of the noise."
    )
    if find_spec("torch") is not None:
        import torch

        tensor = model.from_noise(torch.from_numpy(few))
        kind = type(tensor).__name__
        assert kind == "Tensor", f"`from_noise` must return a tensor for a tensor, got {kind}."
        assert np.allclose(tensor, fields, atol=1e-8), (
            "`from_noise` gives different results for torch and NumPy."
        )
    subject.skip_if_infinite()
    what = "fields of `from_noise` do not have the covariance of the model"
    _compare(_average_covariance(model.from_noise(noise)), subject.covariance, what)


_CHECKS = {
    name.removeprefix("_check_"): function
    for name, function in list(globals().items())
    if name.startswith("_check_")
}
