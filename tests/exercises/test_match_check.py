"""The checks of exercise 4 name the mistake."""

import numpy as np
import pytest
from checks import check_chance, check_match

from rfsk.analysis import match_matrix


def cosines(field, other):
    """At every shift, of any sign."""
    shifted = np.stack([np.roll(other, shift) for shift in range(len(other))])
    return shifted @ field / np.linalg.norm(field) / np.linalg.norm(other)


def products(field, other):
    return cosines(field, other) * np.linalg.norm(field) * np.linalg.norm(other)


def centered(field, other):
    return np.abs(cosines(field - field.mean(), other - other.mean())).max()


def pearson(field, other):
    return abs(np.corrcoef(field, other)[0, 1])


def linear(field, other):
    full = np.correlate(field, other, "full")
    return np.abs(full).max() / np.linalg.norm(field) / np.linalg.norm(other)


MISTAKES = {
    "may both change sign": lambda f, o: cosines(f, o).max(),
    "try every shift around the ring": lambda f, o: abs(cosines(f, o)[0]),
    "every shift.* And a match has no sign": lambda f, o: cosines(f, o)[0],
    "divide by the lengths of both": lambda f, o: np.abs(products(f, o)).max(),
    "lengths of both.* And a match has no sign": lambda f, o: products(f, o).max(),
    "match as the field does": lambda f, o: np.abs(products(f, o)).max() / len(f),
    "length of the first field twice": lambda f, o: np.abs(products(f, o)).max() / (f @ f),
    "Lengths are square roots": lambda f, o: np.abs(products(f, o)).max() / (f @ f) / (o @ o),
    "The means are subtracted": centered,
    "The means are subtracted.* And: a bump": pearson,
    "That is the mean over shifts": lambda f, o: np.abs(cosines(f, o)).mean(),
    "One of the fields is mirrored": lambda f, o: np.abs(cosines(f, o[::-1])).max(),
    "The shifts are not circular": linear,
    "Got 24 numbers, one a shift": cosines,
    "minus itself 0.500 .expected 1.000": lambda f, o: np.abs(cosines(f, o)).max() / 2.0,
    "The match is nan": lambda f, o: np.nan,
}


def test_a_right_match_passes():
    assert check_match(lambda f, o: match_matrix([f], [o])[0, 0]).passed
    assert check_match(lambda f, o: np.abs(cosines(f, o)).max()).passed


@pytest.mark.parametrize("reason", MISTAKES)
def test_a_mistake_in_the_match_is_named(reason, assert_wrong):
    assert_wrong(check_match(MISTAKES[reason]), reason)


MEDIANS = np.sort(np.random.default_rng(0).normal(0.75, 0.05, 99))


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (np.median(MEDIANS), "median of chance"),
        (MEDIANS.mean(), "e(di)?an of chance"),
        (MEDIANS[-1], "one in a hundred exceeds it"),
        (MEDIANS[4], "the lower end"),
        (0.05, "That is the level"),
        (0.95, "That is the share"),
        (0.0, "never 0"),
        (0.5, "Sort the medians"),
        (MEDIANS, "expected one number"),
    ],
)
def test_a_wrong_level_of_chance_is_explained(level, said, assert_wrong):
    assert_wrong(check_chance(level, MEDIANS), said)


@pytest.mark.parametrize("level", [MEDIANS[94], np.quantile(MEDIANS, 0.95)])
def test_the_level_may_be_a_rank_or_a_quantile(level):
    assert check_chance(level, MEDIANS[::-1]).passed
