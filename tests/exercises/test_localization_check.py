"""The checks of exercise 2 name the mistake."""

from types import SimpleNamespace

import numpy as np
import pytest
from checks import check_ipr, check_sites

import rfsk


def by(numerator, denominator):
    """An answer made of sums of powers over sites."""
    return lambda fields: (fields**numerator).sum(axis=1) / denominator(fields)


def second(fields):
    return (fields**2).sum(axis=1)


def transposed(fields):
    return (fields**4).sum(axis=0) / (fields**2).sum(axis=0) ** 2


MISTAKES_OF_IPR = {
    "participation ratio, the number of sites": lambda fields: 1.0 / rfsk.ipr(fields),
    "is not divided by anything": lambda fields: (fields**4).sum(axis=1),
    "square the sum of squares": by(4, second),
    "not a sum of squares of squares": by(4, lambda fields: (fields**4).sum(axis=1)),
    "powers are 2 and 1": by(2, lambda fields: fields.sum(axis=1) ** 2),
    "powers are 2 and 1; expected 4 above": by(2, lambda f: np.abs(f).sum(axis=1) ** 2),
    "40 times too large": lambda f: (f**4).mean(axis=1) / (f**2).mean(axis=1) ** 2,
    "40 times too small": lambda f: (f**4).mean(axis=1) / second(f) ** 2,
    "the sum runs over units. A row": transposed,
    "The mean of each field is subtracted": lambda f: rfsk.ipr(f - f.mean(axis=1, keepdims=True)),
    "over units as well": lambda fields: (fields**4).sum() / (fields**2).sum() ** 2,
    "expected .4,., one number a field": lambda fields: rfsk.ipr(fields)[:, None],
    "4 numbers are NaN or infinite": lambda fields: rfsk.ipr(fields) / 0.0,
    "one site 2 .expected 1.; uniform": lambda fields: 2.0 * rfsk.ipr(fields),
}


def test_right_answers_pass():
    assert check_ipr(rfsk.ipr).passed
    assert check_ipr(by(4, lambda fields: second(fields) ** 2)).passed


@pytest.mark.parametrize("reason", MISTAKES_OF_IPR)
def test_a_mistake_in_the_ipr_is_named(reason, assert_wrong):
    assert_wrong(check_ipr(MISTAKES_OF_IPR[reason]), reason)


SITES = np.arange(40)
BUMPS = [np.exp(-0.5 * ((SITES - center) / 2.0) ** 2) for center in (8, 16, 24, 32)]
MODES = [np.cos(2.0 * np.pi * k * SITES / 40) for k in (3, 4, 5, 6)]
FIELDS = np.array(BUMPS + MODES)
INPUTS = np.random.default_rng(0).standard_normal((500, 40))
NET = SimpleNamespace(receptive_fields_=FIELDS, transform=lambda X: np.tanh(X @ FIELDS.T))
VALUES, ACTIVATIONS = rfsk.ipr(FIELDS), NET.transform(INPUTS)
MISTAKES_OF_SITES = {
    "That is the IPR itself": VALUES[:4].mean(),
    "not a number of sites. Both groups": VALUES.mean(),
    "how much more local than uniform": 40 * VALUES[:4].mean(),
    "Both groups are in this mean": 1.0 / VALUES.mean(),
    "Both groups are in": (1.0 / VALUES).mean(),
    "That is the other group": 1.0 / VALUES[4:].mean(),
    "what units answer to inputs": 1.0 / rfsk.ipr(ACTIVATIONS).mean(),
    "net.transform.X.. Fields are weights": 1.0 / transposed(ACTIVATIONS).mean(),
    "The fields are transposed": 1.0 / transposed(FIELDS).mean(),
    "Got 35; expected a number of sites between 1 and 40": 35.0,
    "expected one number, say a mean": 1.0 / VALUES[:4],
}


@pytest.mark.parametrize("answer", [1.0 / VALUES[:4].mean(), (1.0 / VALUES[:4]).mean()])
def test_one_over_the_mean_and_the_mean_of_one_over_are_both_right(answer):
    assert check_sites(answer, NET, INPUTS).passed


@pytest.mark.parametrize("reason", MISTAKES_OF_SITES)
def test_a_wrong_number_of_sites_is_explained(reason, assert_wrong):
    assert_wrong(check_sites(MISTAKES_OF_SITES[reason], NET, INPUTS), reason)
