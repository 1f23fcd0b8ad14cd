"""The checks of exercise 2 tell which mistake was made."""

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


def centered(fields):
    fields = fields - fields.mean(axis=1, keepdims=True)
    return (fields**4).sum(axis=1) / (fields**2).sum(axis=1) ** 2


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
    "The mean of each field is subtracted": centered,
    "over units as well": lambda fields: (fields**4).sum() / (fields**2).sum() ** 2,
    "expected .4,., one number a field": lambda fields: rfsk.ipr(fields)[:, None],
    "4 numbers are NaN or infinite": lambda fields: rfsk.ipr(fields) / 0.0,
    "one site 2 .expected 1.; uniform": lambda fields: 2.0 * rfsk.ipr(fields),
}


def test_right_answers_pass():
    assert check_ipr(rfsk.ipr).passed
    assert check_ipr(by(4, lambda fields: second(fields) ** 2)).passed


@pytest.mark.parametrize("reason", MISTAKES_OF_IPR)
def test_a_mistake_in_the_ipr_is_named(reason):
    verdict = check_ipr(MISTAKES_OF_IPR[reason])
    assert verdict.status == "wrong"
    with pytest.raises(ValueError, match=reason):
        raise ValueError(verdict.message)


@pytest.fixture(scope="module")
def net():
    """What a check sees of a net: four bumps, then four waves, and answers to inputs."""
    sites = np.arange(40)
    bumps = [np.exp(-0.5 * ((sites - c) / 2.0) ** 2) for c in (8, 16, 24, 32)]
    waves = [np.cos(2.0 * np.pi * k * sites / 40) for k in (3, 4, 5, 6)]
    fields = np.array(bumps + waves)
    return SimpleNamespace(receptive_fields_=fields, transform=lambda X: np.tanh(X @ fields.T))


@pytest.fixture(scope="module")
def inputs():
    return np.random.default_rng(0).standard_normal((500, 40))


MISTAKES_OF_SITES = {
    "That is the IPR itself": lambda fields, _: rfsk.ipr(fields[:4]).mean(),
    "not a number of sites. Both groups": lambda fields, _: rfsk.ipr(fields).mean(),
    "how much more local than uniform": lambda fields, _: 40 * rfsk.ipr(fields[:4]).mean(),
    "Both groups are in this mean": lambda fields, _: 1.0 / rfsk.ipr(fields).mean(),
    "Both groups are in": lambda fields, _: (1.0 / rfsk.ipr(fields)).mean(),
    "That is the other group": lambda fields, _: 1.0 / rfsk.ipr(fields[4:]).mean(),
    "what units answer to inputs": lambda _, seen: 1.0 / rfsk.ipr(seen).mean(),
    "net.transform.X.. Fields are weights": lambda _, seen: 1.0 / rfsk.ipr(seen.T).mean(),
    "The fields are transposed": lambda fields, _: 1.0 / transposed(fields).mean(),
    "Got 35; expected a number of sites between 1 and 40": lambda *_: 35.0,
    "expected one number, say a mean": lambda fields, _: 1.0 / rfsk.ipr(fields[:4]),
}


def test_one_over_the_mean_and_the_mean_of_one_over_are_both_right(net, inputs):
    values = rfsk.ipr(net.receptive_fields_[:4])
    assert check_sites(1.0 / values.mean(), net, inputs).passed
    assert check_sites((1.0 / values).mean(), net, inputs).passed


@pytest.mark.parametrize("reason", MISTAKES_OF_SITES)
def test_a_wrong_number_of_sites_is_explained(net, inputs, reason):
    answer = MISTAKES_OF_SITES[reason](net.receptive_fields_, net.transform(inputs))
    verdict = check_sites(answer, net, inputs)
    assert verdict.status == "wrong"
    with pytest.raises(ValueError, match=reason):
        raise ValueError(verdict.message)
