"""What check_input_model comes to: skipped, noted, listed, warned of, expected to fail."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from rfsk.datasets import (
    NLGP,
    Algebraic,
    GaussianField,
    Phi4,
    SpikedCumulant,
    TransformedField,
)
from rfsk.testing import check_input_model

RING = {"shape": (12,), "correlation_length": 2.0}


class Biased(GaussianField):
    def sample(self, n_samples, random_state=None):
        return super().sample(n_samples, random_state) + 0.1

    def chunks(self, n_samples, chunk_size=None, random_state=None):
        for chunk in super().chunks(n_samples, chunk_size, random_state):
            yield chunk + 0.1


class Bare:
    """What suffices to train, and no more."""

    shape, n_features = (12,), 12

    def sample(self, n_samples, random_state=None):
        return GaussianField(**RING).sample(n_samples, random_state)


def test_what_a_model_lacks_is_skipped_and_told():
    results = {r.name: r for r in check_input_model(Bare(), n_samples=200, on_fail=None)}
    assert results["covariance_shape"].status == "skipped"
    assert results["covariance_shape"].reason == "the model has no covariance."
    assert results["clone_samples"].reason == "builds on clone_covariance, which was skipped."
    assert results["training"].status == "passed"
    phi4 = {r.name: r for r in check_input_model(Phi4((3, 3), coupling=1.0), n_samples=200)}
    assert phi4["covariance_shape"].reason.startswith("covariance is not implemented: ")


def test_infinite_moments_are_skipped_and_told():
    model = TransformedField(**RING, marginal=Algebraic(3.0))
    results = {result.name: result for result in check_input_model(model)}
    assert "infinite" in results["excess_kurtosis"].reason
    assert "no standard error" in results["covariance_of_samples"].reason
    model = TransformedField(**RING, marginal=Algebraic(4.5))
    results = {result.name: result for result in check_input_model(model)}
    assert "a single input has more than a tenth" in results["excess_kurtosis"].reason
    assert results["pixel_quadrature"].status == "passed"


def test_other_variance_is_noted_only():
    model = Phi4(8, coupling=2.0)
    results = {result.name: result for result in check_input_model(model, n_samples=1000)}
    assert results["unit_variance"].status == "noted"
    assert "Divide inputs by 1." in results["unit_variance"].reason


def test_a_parameter_without_equality_is_noted_only():
    model = TransformedField(**RING, marginal=stats.uniform(-1.0, 2.0))
    results = {result.name: result for result in check_input_model(model, n_samples=1000)}
    assert results["pickling"].status == "noted"
    assert "frozen SciPy distribution" in results["pickling"].reason


@dataclass
class WithArray(Bare):
    """Two equal ones cannot be told to be equal: their arrays compare to arrays."""

    scale: np.ndarray


def test_equality_that_arrays_make_ambiguous_is_noted_only():
    results = {r.name: r.status for r in check_input_model(WithArray(np.ones(2)), n_samples=1000)}
    assert results["pickling"] == "noted"


def test_all_failures_are_listed_or_warned_of():
    results = check_input_model(Biased(**RING), on_fail=None)
    assert [r.name for r in results if r.status == "failed"] == ["zero_mean"]
    told = {r.name: r.reason for r in results if r.status == "skipped"}
    assert told["sign_symmetry"] == "builds on zero_mean, which failed."
    with pytest.warns(UserWarning, match="^zero_mean: the mean of feature"):
        assert check_input_model(Biased(**RING), on_fail="warn") == results


def test_an_expected_failure_is_no_failure():
    gamma = TransformedField(**RING, marginal=stats.gamma(6.0))
    expected = {"sign_symmetry": "of a gamma law"}
    results = {r.name: r for r in check_input_model(gamma, expected_failed_checks=expected)}
    assert results["sign_symmetry"].status == "xfail"
    assert results["sign_symmetry"].reason.startswith("of a gamma law (x and -x are not equally")
    even = SpikedCumulant(3, strength=2.0, latent="uniform")
    statuses = {r.status for r in check_input_model(even, expected_failed_checks=expected)}
    assert statuses == {"passed", "skipped"}  # what was expected to fail may pass


def test_an_error_of_the_model_is_a_failure_with_its_cause():
    class Broken(Bare):
        def sample(self, n_samples, random_state=None):
            raise IndexError("too many indices")

    with pytest.raises(AssertionError, match=r"^sample_shape: raised IndexError: too many") as told:
        check_input_model(Broken())
    assert isinstance(told.value.__cause__, IndexError)


def test_the_global_generator_is_left_as_it_was():
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    check_input_model(GaussianField(**RING), n_samples=200)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_samples": 10}, ValueError, "n_samples=10; expected at least 100"),
        ({"n_samples": 1e4}, ValueError, "n_samples=10000.0; expected an integer > 0"),
        ({"on_fail": "print"}, ValueError, "on_fail='print' is unknown; expected one of 'raise'"),
        (
            {"expected_failed_checks": {"mean": "why"}},
            ValueError,
            "expected_failed_checks='mean' is unknown; expected one of 'shape'",
        ),
        ({"model": NLGP}, TypeError, r"model=NLGP is a class; pass an instance of it, NLGP"),
        ({"random_state": "one"}, ValueError, "random_state='one' cannot seed a generator"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        check_input_model(**{"model": GaussianField(**RING), **arguments})
