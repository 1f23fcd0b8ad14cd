import itertools

import numpy as np
import pytest

from rfsk import FieldMatcher
from rfsk.analysis import _matching, chance_match, match_matrix, random_phase_fields


@pytest.mark.parametrize("chunk", [1, 150, 2**23])
def test_match_is_the_best_cosine_over_all_shifts_by_brute_force(chunk, monkeypatch):
    monkeypatch.setattr(_matching, "_CHUNK", chunk)
    rng = np.random.default_rng(0)
    shape = (4, 6)
    fields, references = rng.standard_normal((7, 24)), rng.standard_normal((3, 24))
    matches = FieldMatcher(shape).fit(references).transform(fields)
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


@pytest.mark.parametrize("shape", [(24,), (4, 6)])
def test_mirrored_copy_is_found_with_flips_only(shape):
    rng = np.random.default_rng(0)
    references = rng.standard_normal((5, 24))
    axes = tuple(range(len(shape)))
    images = references.reshape(-1, *shape)
    for flipped in [axes[:1], axes[-1:], axes]:
        shift = tuple(rng.integers(0, side) for side in shape)
        field = -np.roll(np.flip(images[3], flipped), shift, axes)
        plain = FieldMatcher(shape).fit(references).transform([field.ravel()])[0]
        assert plain[0] < 0.9
        matcher = FieldMatcher(shape, flips=True).fit(references)
        match, index, sign, *rest = matcher.transform([field.ravel()])[0]
        assert match == pytest.approx(1.0, abs=1e-12)
        assert (index, sign) == (3.0, -1.0)
        assert rest == [*shift, *(float(axis in flipped) for axis in axes)]
        names = matcher.get_feature_names_out().tolist()
        moves = [f"{kind}_{axis}" for kind in ("shift", "flip") for axis in axes]
        assert names == ["match", "index", "sign", *moves]
        strength = match_matrix([field.ravel()], references, shape, flips=True)
        assert strength[0].argmax() == 3
        assert strength.max() == pytest.approx(1.0, abs=1e-12)


def test_a_symmetric_field_is_not_mirrored_and_no_match_exceeds_one():
    bump = np.exp(-0.5 * (np.arange(20) - 7.0) ** 2)
    matches = FieldMatcher(flips=True).fit([bump]).transform([bump, -np.roll(bump, 4)])
    np.testing.assert_allclose(matches, [[1, 0, 1, 0, 0], [1, 0, -1, 4, 0]])
    noise = np.random.default_rng(0).standard_normal((100, 30))
    assert match_matrix(noise, noise).max() <= 1.0
    mirrored = match_matrix(noise[:1, ::-1], noise[:1])
    assert mirrored < 0.9 < match_matrix(noise[:1, ::-1], noise[:1], flips=True)


def test_chance_is_low_for_copies_and_the_match_itself_for_noise():
    """Bumps against shifted bumps: above the level of 5 %; white noise: at its level."""
    sites = np.arange(60)
    distance = np.minimum(sites, 60 - sites)
    bumps = np.array([np.roll(np.exp(-0.5 * (distance / 3.0) ** 2), 7 * i) for i in range(8)])
    reached = np.median(FieldMatcher().fit(bumps[:1]).transform(bumps)[:, 0])
    chance = chance_match(bumps, bumps[:1], random_state=0)
    assert chance[94] < 0.99 < reached
    assert np.all(np.diff(chance) >= 0)
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((20, 60))
    references = rng.standard_normal((3, 60))
    reached = np.median(FieldMatcher().fit(references).transform(noise)[:, 0])
    chance = chance_match(noise, references, random_state=0)
    assert chance[0] - 0.02 < reached < chance[-1] + 0.02


def test_chance_of_nothing_is_refused():
    with pytest.raises(ValueError, match="n_null=0; expected an integer > 0"):
        chance_match(np.eye(4), np.eye(4), n_null=0)
    with pytest.raises(ValueError, match="All fields or all references are zero"):
        chance_match(np.zeros((2, 4)), np.eye(4))
    with pytest.raises(ValueError, match="references contains NaN"):
        match_matrix(np.eye(4), [[np.nan, 0.0, 0.0, 0.0]])
    with pytest.raises(ValueError, match="fields have 4 features and references 5"):
        chance_match(np.eye(4), np.eye(5))


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
