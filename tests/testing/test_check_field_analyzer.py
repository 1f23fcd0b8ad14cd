"""check_field_analyzer: right measures pass, and each wrong one fails the check that tells."""

from functools import partial

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from rfsk import FieldMatcher, LocalizationAnalyzer, ipr
from rfsk.analysis import (
    dominant_frequency,
    field_center,
    field_orientation,
    field_spread,
    field_width,
)
from rfsk.testing import check_field_analyzer

TORUS = (6, 7)
MATCHER = {"positions": ("shift_*",), "odd": ("sign",)}
RIGHT = {
    "ipr": (ipr, {}),
    "width": (field_width, {}),
    "width of images": (partial(field_width, shape=TORUS), {"shape": TORUS}),
    "spread": (field_spread, {}),
    "spread of images": (partial(field_spread, shape=TORUS), {"shape": TORUS}),
    "frequency": (dominant_frequency, {}),
    "orientation": (partial(field_orientation, shape=TORUS), {"shape": TORUS}),
    "center": (field_center, {"positions": (0,)}),
    "centers": (partial(field_center, shape=TORUS), {"shape": TORUS, "positions": (0, -1)}),
    "analyzer": (LocalizationAnalyzer(random_state=0), {}),
    "analyzer of images": (LocalizationAnalyzer(TORUS, n_null=39, random_state=0), {}),
    "analyzer, Gaussian null": (LocalizationAnalyzer(null="gaussian", random_state=0), {}),
    # A fit by steps, which end where it no longer improves: from other places a bit apart.
    "analyzer with profile": (
        LocalizationAnalyzer(profile="gaussian", n_null=39, random_state=0),
        {"tolerance": 1e-3},
    ),
    "matcher": (FieldMatcher(), MATCHER),
    "matcher with flips": (FieldMatcher((4, 5), flips=True), MATCHER),
    "fitted matcher": (
        FieldMatcher((3, 8)).fit(np.random.default_rng(0).standard_normal((4, 24))),
        MATCHER,
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_measures_of_the_package_pass(name):
    analyzer, options = RIGHT[name]
    results = check_field_analyzer(analyzer, **options)
    statuses = {result.status for result in results}
    assert statuses <= {"passed", "skipped"}
    skipped = [result.name for result in results if result.status == "skipped"]
    if not hasattr(analyzer, "fit"):
        assert skipped == ["fit_returns_self", "refuses_unfitted", "column_names"]
    else:
        assert skipped == (["fit_returns_self"] if name == "fitted matcher" else [])


def checked(measure):
    """A measure that refuses what it should, so that it is wrong in one way only."""

    def function(fields):
        return measure(check_array(fields, dtype=np.float64))

    return function


def peak_share(fields):
    """Share of its squares that a field has at its peak."""
    power = (fields**2).sum(axis=1)
    return np.divide((fields**2).max(axis=1), power, np.full_like(power, np.nan), where=power > 0)


def negative_share(fields):
    power = (fields**2).sum(axis=1)
    below = (np.minimum(fields, 0.0) ** 2).sum(axis=1)
    return np.divide(below, power, np.full_like(power, np.nan), where=power > 0)


def of_population(fields):
    return peak_share(fields) / np.nanmax(peak_share(fields))


def scaled_in_place(fields):
    share = peak_share(fields)
    fields /= np.maximum(np.abs(fields).max(axis=1, keepdims=True), 1e-12)
    return share


def plain_center(fields):
    """Mean site, not mean direction."""
    weights = np.nan_to_num(fields**2 / np.where(fields.any(axis=1), 1.0, np.nan)[:, None])
    return np.where(
        fields.any(axis=1),
        weights @ np.arange(fields.shape[1]) / np.maximum(weights.sum(axis=1), 1e-300),
        np.nan,
    )


def zero_is_zero(fields):
    return np.nan_to_num(peak_share(fields))


def zero_divides(fields):
    return (fields**2).max(axis=1) / (fields**2).sum(axis=1)


def zero_raises(fields):
    if not fields.any(axis=1).all():
        raise ValueError("a unit is dead")
    return peak_share(fields)


def zero_spoils_all(fields):
    return peak_share(fields) + (0.0 if fields.any(axis=1).all() else 1.0)


def jittered(fields):
    return peak_share(fields) + 1e-3 * np.random.default_rng().normal(size=len(fields))


def share_unless_nan(fields):
    fields = np.nan_to_num(np.asarray(fields, dtype=np.float64))
    if fields.ndim != 2:
        raise ValueError("expected two dimensions")
    return peak_share(fields)


def share_of_rows(fields):
    fields = np.atleast_2d(np.asarray(fields, dtype=np.float64))
    if np.isnan(fields).any():
        raise ValueError("fields hold NaN")
    return peak_share(fields)


def share_of_weights(fields):
    return np.ones(3) if hasattr(fields, "fit") else checked(peak_share)(fields)


def fails_on_nets(fields):
    return checked(peak_share)(fields.astype(float) if hasattr(fields, "fit") else fields)


WRONG = {
    "transposed": (
        checked(lambda w: np.stack([peak_share(w), peak_share(w)])),
        "one_row_a_unit",
        r"shape \(2, 13\), which is transposed; expected \(13,\) or \(13, n_columns\)",
    ),
    "per feature": (
        checked(lambda w: (w**2).mean(axis=0)),
        "one_row_a_unit",
        r"13 fields of 24 features gave .* \(24,\), one entry a feature; .*axis=1",
    ),
    "one number": (
        checked(lambda w: peak_share(w).mean()),
        "one_row_a_unit",
        r"shape \(\), a single number; .* Sum over axis=1 only",
    ),
    "words": (
        checked(lambda w: np.full(len(w), "round")),
        "one_row_a_unit",
        "dtype <U5; expected numbers",
    ),
    "random": (checked(jittered), "repeatable", "two different answers; .* Draw random numbers"),
    "in place": (scaled_in_place, "input_unchanged", "changed the fields .* w = w / scale"),
    "of the population": (checked(of_population), "rows_alone", "measured in smaller company"),
    "of the order": (
        checked(lambda w: peak_share(w) * np.arange(1, len(w) + 1)),
        "rows_alone",
        "measured in another order; expected a row to depend on its own field only",
    ),
    "of the scale": (
        checked(lambda w: peak_share(w) * np.abs(w).max(axis=1)),
        "unchanged_by_scale",
        "multiplied by 0.001: .* in place of .* Divide each field by its norm",
    ),
    "of the sign": (checked(negative_share), "unchanged_by_sign", r"odd=\(0,\) for a column that"),
    "of the place": (
        checked(lambda w: peak_share(w) + np.abs(w).argmax(axis=1)),
        "unchanged_by_shift",
        r"rolled by \(1,\) around the lattice: .* say so by positions=\(0,\)",
    ),
    "zeros are a number": (checked(zero_is_zero), "zeros", "column '0' .* is 0; expected NaN"),
    "zeros warn": (checked(zero_divides), "zeros", "raised RuntimeWarning: invalid value .* NaN"),
    "zeros raise": (checked(zero_raises), "zeros", "raised ValueError: a unit is dead; .* NaN"),
    "zeros spoil": (checked(zero_spoils_all), "zeros", "changes the rows of other fields"),
    "takes nets": (share_of_weights, "refuses_estimators", "in place of fields was measured"),
    "fails on nets": (fails_on_nets, "refuses_estimators", "raised AttributeError: .*check_array"),
    "takes NaN": (share_unless_nan, "refuses_nan", "a field with NaN was measured; .*diverged"),
    "takes one row": (share_of_rows, "refuses_one_dimension", r"1-D array was .*fields\[None\]"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_function_fails_the_check_that_should_tell(name):
    function, check, reason = WRONG[name]
    with pytest.raises(AssertionError, match=f"^{check}: .*{reason}"):
        check_field_analyzer(function)


def test_center_that_ends_at_the_seam_does_not_move_with_the_field():
    reason = r"^unchanged_by_shift: column '0' is a position but does not move .* around the seam"
    with pytest.raises(AssertionError, match=reason):
        check_field_analyzer(checked(plain_center), positions=(0,))


def test_what_is_meant_can_be_declared():
    check_field_analyzer(
        checked(negative_share), expected_failed_checks={"unchanged_by_sign": "it is of the sign"}
    )

    def signed_peak(fields):
        sign = np.sign(fields[np.arange(len(fields)), np.abs(fields).argmax(axis=1)])
        return np.column_stack([peak_share(fields), peak_share(fields) * sign])

    check_field_analyzer(checked(signed_peak), odd=(1,))
    with pytest.raises(
        AssertionError, match=r"column '0' does not change its sign .* declared odd"
    ):
        check_field_analyzer(checked(signed_peak), odd=(0, 1))


class Shares(TransformerMixin, BaseEstimator):
    """A right transformer to make wrong ones of."""

    def fit(self, X, y=None):
        self.level_ = np.nanmedian(peak_share(validate_data(self, X, dtype=np.float64)))
        return self

    def transform(self, X):
        check_is_fitted(self)
        share = peak_share(validate_data(self, X, dtype=np.float64, reset=False))
        return np.column_stack([share, share > self.level_])

    def get_feature_names_out(self, input_features=None):
        return np.asarray(["share", "exceeds"], dtype=object)


class FitReturnsNone(Shares):
    def fit(self, X, y=None):
        super().fit(X)


class FitReturnsOther(Shares):
    def fit(self, X, y=None):
        return Shares().fit(X)


class AnswersUnfitted(Shares):
    def transform(self, X):
        return peak_share(X)


class FailsUnfitted(Shares):
    def transform(self, X):
        share = peak_share(validate_data(self, X, dtype=np.float64, reset=False))
        return np.column_stack([share, share > self.level_])


class OneNameTooFew(Shares):
    def get_feature_names_out(self, input_features=None):
        return np.asarray(["share"], dtype=object)


class OneNameTwice(Shares):
    def get_feature_names_out(self, input_features=None):
        return np.asarray(["share", "share"], dtype=object)


@pytest.mark.parametrize(
    ("analyzer", "check", "reason"),
    [
        (FitReturnsNone(), "fit_returns_self", "fit returned None; .* End fit with return self"),
        (FitReturnsOther(), "fit_returns_self", "fit returned a Shares; expected the analyzer"),
        (AnswersUnfitted(), "refuses_unfitted", "before fit gave an answer; expected a NotFitted"),
        (
            FailsUnfitted(),
            "refuses_unfitted",
            "before fit raised AttributeError: .*check_is_fitted",
        ),
        (OneNameTooFew(), "column_names", r"gives 1 names, \['share'\], of 2 columns"),
        (OneNameTwice(), "column_names", "expected one name a column, each once"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_wrong_transformer_fails_the_check_that_should_tell(analyzer, check, reason):
    with pytest.raises(AssertionError, match=f"^{check}: .*{reason}"):
        check_field_analyzer(analyzer)


def test_a_transformer_of_ones_own_passes_and_is_left_unfitted():
    analyzer = Shares()
    assert {result.status for result in check_field_analyzer(analyzer)} == {"passed"}
    assert not hasattr(analyzer, "level_")
    table = Shares().set_output(transform="pandas")
    assert {result.status for result in check_field_analyzer(table)} == {"passed"}


@pytest.mark.parametrize("n_features", [11, 13, 14])
def test_as_many_features_as_units_confuse_nothing(n_features):
    check_field_analyzer(ipr, shape=n_features)
    with pytest.raises(AssertionError, match=r"^one_row_a_unit: .* one entry a feature"):
        check_field_analyzer(checked(lambda w: (w**2).mean(axis=0)), shape=n_features)


def test_a_fitted_transformer_is_checked_as_it_is():
    fields = np.random.default_rng(0).standard_normal((5, 30))
    analyzer = FieldMatcher((5, 6)).fit(fields)
    results = {r.name: r for r in check_field_analyzer(analyzer, **MATCHER)}
    assert "fitted already" in results["fit_returns_self"].reason
    with pytest.raises(ValueError, match=r"shape=12 has 12 sites, but .* fitted to 30 features"):
        check_field_analyzer(analyzer, shape=12)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"analyzer": FieldMatcher}, TypeError, r"FieldMatcher is a class; pass an instance of it"),
        ({"analyzer": 3}, TypeError, "analyzer=3; expected a function of fields, or a transformer"),
        ({"shape": 0}, ValueError, "shape=0; expected a number of sites"),
        ({"tolerance": 0.0}, ValueError, "tolerance=0.0; expected a finite number > 0"),
        ({"on_fail": "ignore"}, ValueError, "on_fail='ignore' is unknown"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        check_field_analyzer(**{"analyzer": ipr, **arguments})
