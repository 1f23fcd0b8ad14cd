"""check_field_analyzer: whether a measure of fields is one."""

import inspect
import math
from collections.abc import Mapping
from typing import Any

from .._core._validation import check_lattice_shape, check_positive
from . import _analyzer_checks as checks
from ._analyzed import Analyzed, Columns, is_fitted
from ._checks import Check, CheckResult, run_checks

_RING = (24,)
_ROWS = ("one_row_a_unit",)
_CHECKS = (
    Check("fit_returns_self", checks.check_fit_returns_self),
    Check("refuses_unfitted", checks.check_refuses_unfitted),
    Check("one_row_a_unit", checks.check_one_row_a_unit),
    Check("column_names", checks.check_column_names, _ROWS),
    Check("repeatable", checks.check_repeatable, _ROWS),
    Check("input_unchanged", checks.check_input_unchanged, _ROWS),
    Check("rows_alone", checks.check_rows_alone, (*_ROWS, "repeatable")),
    Check("unchanged_by_scale", checks.check_unchanged_by_scale, (*_ROWS, "repeatable")),
    Check("unchanged_by_sign", checks.check_unchanged_by_sign, (*_ROWS, "repeatable")),
    Check("unchanged_by_shift", checks.check_unchanged_by_shift, (*_ROWS, "repeatable")),
    Check("zeros", checks.check_zeros, _ROWS),
    Check("refuses_estimators", checks.check_refuses_estimators),
    Check("refuses_nan", checks.check_refuses_nan),
    Check("refuses_one_dimension", checks.check_refuses_one_dimension),
)


def check_field_analyzer(
    analyzer: Any,
    *,
    shape: int | tuple[int, ...] | None = None,
    positions: Columns = ("center*",),
    odd: Columns = (),
    tolerance: float = 1e-6,
    random_state: Any = 0,
    expected_failed_checks: Mapping[str, str] | None = None,
    on_fail: str | None = "raise",
) -> list[CheckResult]:
    """Check whether a measure of receptive fields is about their shape alone.

    Parameters
    ----------
    analyzer : callable or transformer
        A function of fields, (n_units, n_features), that gives one number or one row a unit; or a
        transformer over fields. One that is fitted is checked as it is, another one is cloned and
        fitted to fields of the check.
    shape : int or tuple of int, optional
        Lattice of the fields; by default that of the analyzer (`shape_`, `shape` or
        `n_features_in_`), or a ring of 24 sites.
    positions : sequence of str or int, default=("center*",)
        Columns that move with the field, in sites: names, patterns of names, or numbers. Along the
        first axis first, and so on in turn.
    odd : sequence of str or int, default=()
        Columns that change their sign with that of the field.
    tolerance : float, default=1e-6
        Change that counts as rounding, relative to the largest value of a column.
    random_state : int, Generator, RandomState or None, default=0
        Seed of the fields.
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
    TypeError
        If the analyzer is a class, or neither a transformer nor callable.
    ValueError
        If a name or option is unknown, or `shape` is not that of a fitted analyzer.

    See Also
    --------
    fields : Fields drawn at random, to search for exceptions.

    Notes
    -----
    The fields are bumps, wave packets and bumps with a surround, at random places and of either
    sign. A measure that depends on something on purpose says so: `positions` and `odd` of
    columns, `expected_failed_checks` of the rest.

    Examples
    --------
    >>> from rfsk import LocalizationAnalyzer, ipr
    >>> from rfsk.analysis import field_center
    >>> from rfsk.testing import check_field_analyzer
    >>> _ = check_field_analyzer(ipr)
    >>> _ = check_field_analyzer(field_center, positions=(0,))
    >>> _ = check_field_analyzer(LocalizationAnalyzer((4, 6), n_null=39, random_state=0))
    >>> check_field_analyzer(lambda fields: abs(fields).max(axis=1))
    Traceback (most recent call last):
        ...
    AssertionError: unchanged_by_scale: column '0' changes when fields are multiplied by 0.001...
    """
    if inspect.isclass(analyzer):
        raise TypeError(
            f"analyzer={analyzer.__name__} is a class; pass an instance of it, "
            f"{analyzer.__name__}(...)."
        )
    if not callable(analyzer) and not hasattr(analyzer, "transform"):
        raise TypeError(
            f"analyzer={analyzer!r}; expected a function of fields, or a transformer with fit and "
            "transform."
        )
    check_positive(tolerance, "tolerance")
    return run_checks(
        _CHECKS,
        Analyzed(analyzer, _lattice(analyzer, shape), positions, odd, tolerance, random_state),
        expected_failed_checks=expected_failed_checks,
        on_fail=on_fail,
    )


def _lattice(analyzer: Any, shape: Any) -> tuple[int, ...]:
    """The lattice asked for, or the one that the analyzer knows."""
    fitted = hasattr(analyzer, "transform") and is_fitted(analyzer)
    n_features = getattr(analyzer, "n_features_in_", None) if fitted else None
    own = getattr(analyzer, "shape_", n_features) if fitted else getattr(analyzer, "shape", None)
    chosen = check_lattice_shape(own or _RING if shape is None else shape)
    sites = math.prod(chosen)
    if n_features is not None and n_features != sites:
        raise ValueError(
            f"shape={shape!r} has {sites} sites, but the analyzer is fitted to {n_features} "
            "features; expected the same number. Leave shape out, or pass it unfitted."
        )
    return chosen
