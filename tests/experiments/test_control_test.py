"""The test by Gaussian controls: what it finds, that it holds its level, and what it refuses."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from rfsk import ConvNet, FCNet, control_test, make_gaussian_clone, make_nlgp
from rfsk.exceptions import LikelyMistakeWarning
from rfsk.experiments._control_test import _p_value_of_largest

X, Y = make_nlgp(4000, 40, correlation_length=(2.0, 4.0), random_state=0)


def small_net(seed=0, **parameters):
    options = {"batch_size": 100, "max_epochs": 20, **parameters}
    return FCNet(12, random_state=seed, **options)


@pytest.fixture(scope="module")
def found():
    return control_test(small_net(), X, Y, random_state=0)


def test_localized_fields_stand_out_from_their_controls(found):
    assert found.p_value == 0.05
    assert found.ratio["b > 0"] > 1.5
    assert found.is_localized[:6].mean() > 0.8
    assert not found.is_localized[6:].any()
    assert found.verdict.startswith("Localized: ")
    assert found.table()["group"].tolist() == ["b > 0"] * 6 + ["b < 0"] * 6
    assert len(found.controls) == len(found.control_statistic["b > 0"]) == 19
    assert len({control.receptive_fields_.tobytes() for control in found.controls}) == 19
    alone = small_net().fit(X, Y)
    np.testing.assert_array_equal(found.net.receptive_fields_, alone.receptive_fields_)


@pytest.mark.filterwarnings("ignore:The classes differ in their means")
@pytest.mark.parametrize("means", ["kept", "removed"])
def test_digits_are_localized_more_than_their_controls_without_the_class_means_only(means):
    digits, target = load_digits(return_X_y=True)
    digits, target = digits - digits.mean(axis=1, keepdims=True), target % 2
    for label in (0, 1) if means == "removed" else ():
        digits[target == label] -= digits[target == label].mean(axis=0)
    net = FCNet(16, image_shape=(8, 8), batch_size=100, random_state=0)
    found = control_test(net, digits / digits.std(), target, random_state=0)
    assert (found.p_value <= 0.05) == found.is_localized.any() == (means == "removed")
    assert found.verdict.startswith("Localized: " if means == "removed" else "No: ")


@pytest.mark.parametrize(
    ("keep", "stands_out", "words"),
    [
        ("mean", True, "2 white Gaussian controls"),
        ("covariance", True, "2 Gaussian controls"),
        ("marginals", False, "2 Gaussian copula controls"),
    ],
)
def test_an_nlgp_stands_out_from_gaussian_controls_and_not_from_a_copula(keep, stands_out, words):
    """An NLGP has a Gaussian copula: controls with its marginals give the same fields."""
    found = control_test(small_net(), X, Y, keep=keep, n_controls=2, alpha=0.5, random_state=0)
    assert (found.ratio["b > 0"] > 1.5) == stands_out
    assert stands_out or found.ratio["b > 0"] == pytest.approx(1.0, abs=0.1)
    assert words in found.verdict


def test_mistakes_are_warned_of_once_and_not_for_each_control():
    with pytest.warns(LikelyMistakeWarning, match="differ in their means") as warned:
        control_test(small_net(max_epochs=1), X + Y[:, None], Y)
    assert len(warned) == 1


def test_fields_that_have_not_grown_are_not_judged():
    found = control_test(small_net(learning_rate=1e-4), X, Y, random_state=0)
    assert not found.has_grown.any()
    assert np.isnan(found.unit_p_values).all()
    assert found.p_value == 1.0
    assert found.verdict.startswith("Cannot say: ")


@pytest.mark.filterwarnings("ignore:A net of odd units")
def test_units_without_biases_make_one_group_and_filters_are_tested_as_well():
    net = small_net(bias_init=0.0)
    found = control_test(net, X[:500], Y[:500], n_controls=2, alpha=0.5, random_state=0)
    assert list(found.groups) == ["all units"]
    assert found.statistic["all units"] == pytest.approx(found.unit_values[found.has_grown].mean())
    net = ConvNet(4, batch_size=100, max_epochs=3, random_state=0)
    assert control_test(net, X, Y, n_controls=2, alpha=0.5).unit_values.shape == (4,)


def test_p_value_is_the_rank_of_the_group_that_stands_out_most():
    means = np.array([[5.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, np.nan]])
    assert _p_value_of_largest(means) == 0.25
    assert _p_value_of_largest(-means) == 0.25  # the second group stands out
    assert _p_value_of_largest(np.full((2, 4), np.nan)) == 1.0


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"net": "net"}, TypeError, "`net` must be an FCNet or ConvNet, got a str"),
        ({"n_controls": 5}, ValueError, "smallest p-value, .* = 0.167"),
        ({"n_controls": 0}, ValueError, "`n_controls` must be a positive integer, got 0"),
        ({"keep": "all"}, ValueError, "`keep` must be one of .*, got 'all'"),
        ({"y": Y[:10]}, ValueError, "inconsistent numbers of samples"),
        (
            {"measure": np.abs, "X": X[:200], "y": Y[:200]},
            ValueError,
            "`measure` must return one number",
        ),
    ],
)
def test_what_is_not_valid_is_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        control_test(**{"net": small_net(), "X": X, "y": Y, **options})


def test_classes_of_equal_mean_and_covariance_leave_nothing_to_compare_with():
    """Exponential inputs and their Gaussian control: both classes of a control are alike."""
    skewed = np.random.default_rng(0).standard_exponential((2000, 8)) - 1.0
    inputs = np.concatenate([skewed, make_gaussian_clone(skewed, random_state=0)])
    found = control_test(small_net(), inputs, np.repeat([0, 1], 2000), random_state=0)
    assert found.has_grown.any()
    assert all(np.isnan(values).all() for values in found.control_statistic.values())
    assert found.verdict.startswith("Cannot say: no field of the controls has grown")
    assert not found.is_localized.any()
