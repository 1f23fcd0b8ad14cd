"""Cavity scores, compared with leaving one weight out."""

import numpy as np
import pytest

from rfsk import NLGP
from rfsk.analysis import SampleCumulant, cavity_score

X = NLGP(12, correlation_length=1.5, gain=3.0).sample(2000, random_state=0) + 0.3
FIELDS = np.random.default_rng(1).standard_normal((5, 12))


def test_scores_are_those_of_leaving_one_weight_out():
    """Compare with the kurtosis by the cumulant of the samples, without any expansion."""
    fourth, second = SampleCumulant(X), SampleCumulant(X, order=2)
    fields = np.where(np.arange(12) == 7, 0.0, FIELDS)

    def kurtosis(rows):
        return fourth.along(rows) / second.along(rows) ** 2

    expected = np.stack(
        [kurtosis(np.where(np.arange(12) == i, 0.0, fields)) - kurtosis(fields) for i in range(12)],
        axis=1,
    )
    scores = cavity_score(fields, X)
    np.testing.assert_allclose(scores, expected, atol=1e-10)
    assert not scores[:, 7].any()
    np.testing.assert_allclose(cavity_score(-3.0 * fields, 2.0 * X), scores, atol=1e-10)


def test_scores_of_many_small_weights_nearly_cancel():
    """A derivative along w vanishes, and the rest is of second order in the weights."""
    pixels = np.random.default_rng(2).choice([-1.0, 1.0], size=(4000, 2))
    field = np.where(np.arange(200) < 100, 1.0, 0.4)
    score = cavity_score(field[None], np.repeat(pixels, 100, axis=1))
    assert abs(score).sum() > 0.1
    assert abs(score.sum()) < 0.05 * abs(score).sum()


def test_the_only_weight_has_no_score():
    scores = cavity_score(np.eye(12)[:1], X)
    assert np.isnan(scores[0, 0])
    np.testing.assert_allclose(scores[0, 1:], 0.0)


def test_inputs_of_other_size_are_refused():
    with pytest.raises(ValueError, match=r"`X` must have 12 features, got shape \(\d+, 11\)"):
        cavity_score(FIELDS, X[:, :11])
