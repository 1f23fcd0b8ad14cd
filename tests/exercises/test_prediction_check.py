"""The checks of exercise 6 name the mistake."""

import pytest
from checks import check_exceptions, check_rule

import rfsk
from rfsk.datasets import Algebraic, EllipticalField, TransformedField
from rfsk.theory import localization_index


def world(law, **parameters):
    return [law(40, correlation_length=xi, **parameters) for xi in (1.0, 3.0)]


WORLDS = {
    "saturated": world(rfsk.NLGP, gain=3.0),
    "nearly Gaussian": world(rfsk.NLGP, gain=0.14),
    "heavy": world(TransformedField, marginal=Algebraic(5.0)),
    "light": world(TransformedField, marginal=Algebraic(6.0)),
    "shell": world(EllipticalField),
    "Gaussian": world(rfsk.GaussianField),
}

MISTAKES = {
    "what the sign of the kurtosis says": lambda c: c[1].excess_kurtosis() < 0.0,
    "turned round: heavy tails": lambda c: c[1].excess_kurtosis() > 0.0,
    "Not every non-Gaussian world": lambda c: c[1].excess_kurtosis() != 0.0,
    "compared with 1, .* and not with 0": lambda c: localization_index(c).index > 0.0,
    "if it is NaN the classes are in the wrong order": lambda c: (
        localization_index(c[::-1]).index > 1.0
    ),
    "above 1, not below": lambda c: localization_index(c).index < 1.0,
    "Wrong on light": lambda c: localization_index(c).index > 1.03,
    "expected True or False": lambda c: localization_index(c).index,
    "expected True": lambda c: "yes",
}


def test_a_right_rule_passes():
    assert check_rule(lambda classes: localization_index(classes).localizes, WORLDS).passed


@pytest.mark.parametrize("reason", MISTAKES)
def test_a_wrong_rule_is_explained(reason, assert_wrong):
    assert_wrong(check_rule(MISTAKES[reason], WORLDS), reason)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"saturated", "nearly Gaussian", "light", "shell"}, "have a negative kurtosis"),
        ({"saturated", "heavy", "light", "Gaussian"}, "sign of the kurtosis is right"),
        ({"shell"}, "1 of 2: the sign of the kurtosis errs once more"),
        ("shell", "1 of 2"),
        ({"light", "shell"}, "Not among them: light"),
        ({"sphere"}, "no world 'sphere'"),
    ],
)
def test_wrong_exceptions_are_explained(names, said, assert_wrong):
    assert_wrong(check_exceptions(names, WORLDS), said)


def test_the_right_exceptions_pass_in_any_order():
    assert check_exceptions(["shell", "nearly Gaussian"], WORLDS).passed
