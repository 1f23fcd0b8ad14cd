import itertools

import numpy as np
import pytest

from rfsk import FieldMatcher
from rfsk.analysis import _matching, bump_match, chance_match, match_matrix, random_phase_fields


@pytest.mark.parametrize("chunk", [1, 150, 2**23])
def test_match_is_the_best_cosine_over_all_shifts_by_brute_force(chunk, monkeypatch):
    monkeypatch.setattr(_matching, "_CHUNK", chunk)
    rng = np.random.default_rng(0)
    shape = (4, 6)
    fields, references = rng.standard_normal((7, 24)), rng.standard_normal((3, 24))
    matcher = FieldMatcher(shape).fit(references)
    names = matcher.get_feature_names_out().tolist()
    assert names == ["match", "index", "sign", "shift_0", "shift_1"]
    matches = matcher.transform(fields)
    for field, (match, index, sign, *shift) in zip(fields, matches, strict=True):
        cosines = {}
        for k, reference in enumerate(references):
            for place in itertools.product(range(4), range(6)):
                rolled = np.roll(reference.reshape(shape), place, axis=(0, 1)).ravel()
                norms = np.linalg.norm(field) * np.linalg.norm(rolled)
                cosines[k, place] = field @ rolled / norms
        best = max(cosines, key=lambda key: abs(cosines[key]))
        assert match == pytest.approx(abs(cosines[best]), abs=1e-12)
        assert (index, tuple(shift)) == best
        assert sign == np.sign(cosines[best])


def test_dead_fields_are_nan_and_dead_references_never_win():
    references = np.vstack([np.zeros(6), np.eye(6)[2]])
    matches = FieldMatcher().fit(references).transform(np.vstack([np.zeros(6), np.eye(6)[4]]))
    assert np.isnan(matches[0]).all()
    np.testing.assert_allclose(matches[1], [1.0, 1.0, 1.0, 2.0])
    noise = np.random.default_rng(0).standard_normal((100, 30))
    assert match_matrix(noise, noise).max() <= 1.0


def test_bumps_of_any_position_sign_and_width_match_a_reference_less_than_the_best_does():
    references = np.random.default_rng(3).standard_normal((3, 40)).cumsum(axis=1)
    references -= references.mean(axis=1, keepdims=True)
    distance = np.minimum(np.arange(40), 40 - np.arange(40))
    others = np.exp(-0.5 * (distance / np.linspace(0.5, 12.0, 60)[:, None]) ** 2)
    by_grid = match_matrix(others, references).max(axis=0)
    found = bump_match(np.vstack([references, -others[20:21], np.zeros((1, 40))]))
    assert np.all((found[:3] >= by_grid - 1e-3) & (found[:3] <= by_grid + 0.05))
    assert found[3] == pytest.approx(1.0)
    assert np.isnan(found[4])


def test_shifted_copies_of_one_field_reach_chance_as_often_as_it_says():
    """200 populations of 20 copies, against a bump: above the level of 5 % within four errors."""
    rng = np.random.default_rng(1)
    bumps = [np.exp(-0.5 * ((np.arange(60) - 30.0) / width) ** 2)[None] for width in (4.0, 5.0)]
    hits = 0
    for run in range(200):
        (field,) = random_phase_fields(bumps[1], random_state=rng)
        fields = np.stack([np.roll(field, shift) for shift in rng.integers(0, 60, 20)])
        level = chance_match(fields, bumps[0], n_null=19, random_state=run)[18]
        hits += np.median(match_matrix(fields, bumps[0])) > level
    assert abs(hits / 200 - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize(
    ("fields", "references", "options", "message"),
    [
        (np.eye(4), np.eye(4), {"n_null": 0}, "`n_null` must be a positive integer, got 0"),
        (np.zeros((2, 4)), np.eye(4), {}, "`fields` and `references` must not be all zero"),
        (np.eye(4), [[np.nan, 0.0, 0.0, 0.0]], {}, "references contains NaN"),
        (np.eye(4), np.eye(5), {}, r"`references` must have 4 features, got shape \(5, 5\)"),
    ],
)
def test_chance_of_nothing_is_refused(fields, references, options, message):
    with pytest.raises(ValueError, match=message):
        chance_match(fields, references, **options)
