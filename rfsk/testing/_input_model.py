"""check_input_model: whether an input model does what its closed forms say."""

from collections.abc import Mapping
from typing import Any

from .._core._validation import check_positive
from . import _drawing_checks as drawing
from . import _member_checks as members
from . import _moment_checks as moments
from ._checks import Check, CheckResult, run_checks

_DRAWS = ("sample_shape", "sample_dtype", "sample_finite")
_COVARIANCE = (*_DRAWS, "covariance_shape")
_CENTERED = (*_DRAWS, "zero_mean")
_CHECKS = (
    Check("shape", drawing.check_shape),
    Check("sample_shape", drawing.check_sample_shape, ("shape",)),
    Check("sample_dtype", drawing.check_sample_dtype, ("sample_shape",)),
    Check("sample_finite", drawing.check_sample_finite, ("sample_shape",)),
    Check("same_seed", drawing.check_same_seed, ("sample_shape",)),
    Check("other_seeds", drawing.check_other_seeds, ("sample_shape",)),
    Check("generator", drawing.check_generator, ("sample_shape",)),
    Check("global_state", drawing.check_global_state, ("sample_shape",)),
    Check("independent_rows", drawing.check_independent_rows, _DRAWS),
    Check("covariance_shape", moments.check_covariance_shape, ("shape",)),
    Check("covariance_positive", moments.check_covariance_positive, ("covariance_shape",)),
    Check("translation_invariance", moments.check_translation_invariance, ("covariance_shape",)),
    Check("zero_mean", moments.check_zero_mean, _DRAWS),
    Check("covariance_of_samples", moments.check_covariance_of_samples, _COVARIANCE),
    Check("unit_variance", moments.check_unit_variance, ("covariance_shape",)),
    Check("sign_symmetry", moments.check_sign_symmetry, _CENTERED),
    Check("excess_kurtosis", moments.check_excess_kurtosis, _CENTERED),
    Check("clone_covariance", moments.check_clone_covariance, ("covariance_shape",)),
    Check("clone_kurtosis", moments.check_clone_kurtosis, ("clone_covariance",)),
    Check("clone_samples", moments.check_clone_samples, (*_CENTERED, "clone_covariance")),
    Check("pixel_quadrature", members.check_pixel_quadrature, _CENTERED),
    Check("fourth_cumulant", members.check_fourth_cumulant, (*_CENTERED, "covariance_shape")),
    Check("from_noise", members.check_from_noise, _COVARIANCE),
    Check("chunks", drawing.check_chunks, ("sample_shape",)),
    Check("pickling", drawing.check_pickling, ("sample_shape", "same_seed")),
    Check("training", members.check_training, _DRAWS),
)


def check_input_model(
    model: Any,
    *,
    n_samples: int = 20_000,
    random_state: Any = 0,
    expected_failed_checks: Mapping[str, str] | None = None,
    on_fail: str | None = "raise",
) -> list[CheckResult]:
    """Check whether an input model draws as it should, and draws what it says.

    Parameters
    ----------
    model : input model
        An object with `shape`, `n_features` and `sample`, as in `rfsk.datasets.InputModel`. What
        else it has is checked, what it lacks is skipped.
    n_samples : int, default=20_000
        How many inputs closed forms are held against; at least 100.
    random_state : int, Generator, RandomState or None, default=0
        Seed of all draws.
    expected_failed_checks : dict of str to str, optional
        Checks that may fail, by name, and why, as in scikit-learn's `check_estimator`.
    on_fail : {"raise", "warn"} or None, default="raise"
        Whether the first failure raises, all of them warn, or they are only listed.

    Returns
    -------
    results : list of CheckResult
        One a check, in the order they ran.

    Raises
    ------
    AssertionError
        If a check fails and `on_fail` is ``"raise"``: the check's name, what was got, what was
        expected, the likely mistake and its remedy.
    ValueError
        If `n_samples` is too small, or a name or option is unknown.

    See Also
    --------
    input_models : Models drawn at random, to test functions of models.

    Notes
    -----
    Averages of samples may be five standard errors off over all comparisons of a check: a
    right model fails a check about once in a million draws, as long as averages are nearly normal.
    Where a single input decides a fourth moment, and where moments are infinite, the
    comparison is skipped, and says so. Checks that build on a failed one are skipped as well.

    Unit variance is not asked for: ``unit_variance`` is ``"noted"`` where pixels have another. A
    law that is skewed on purpose is declared by
    ``expected_failed_checks={"sign_symmetry": "why"}``.

    Examples
    --------
    >>> from rfsk import NLGP
    >>> from rfsk.testing import check_input_model
    >>> model = NLGP(12, correlation_length=2.0, gain=3.0)
    >>> results = check_input_model(model, n_samples=2000)
    >>> {result.status for result in results}
    {'passed'}

    A model that claims the covariance of its latent field:

    >>> class Careless(NLGP):
    ...     def autocovariance(self):
    ...         return self.latent_autocovariance()
    >>> careless = Careless(12, correlation_length=2.0, gain=3.0)
    >>> check_input_model(careless)
    Traceback (most recent call last):
        ...
    AssertionError: covariance_of_samples: covariance()[...] is not that of 20000 samples: ...
    """
    check_positive(n_samples, "n_samples", integer=True)
    if n_samples < 100:
        raise ValueError(
            f"n_samples={n_samples!r}; expected at least 100, or no average means anything."
        )
    if isinstance(model, type):
        raise TypeError(
            f"model={model.__name__} is a class; pass an instance of it, {model.__name__}(...)."
        )
    return run_checks(
        _CHECKS,
        drawing.Subject(model, n_samples, random_state),
        expected_failed_checks=expected_failed_checks,
        on_fail=on_fail,
    )
