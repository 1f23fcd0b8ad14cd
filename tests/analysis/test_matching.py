import itertools

import numpy as np
import pytest

from rfsk import ConvNet, FieldMatcher, LocalizationAnalyzer, match_fields


def test_match_is_the_best_cosine_over_all_shifts_by_brute_force():
    rng = np.random.default_rng(0)
    shape = (4, 6)
    fields, references = rng.standard_normal((5, 24)), rng.standard_normal((3, 24))
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


def test_column_names_follow_the_lattice():
    matcher = FieldMatcher((2, 3)).fit(np.eye(6))
    assert matcher.get_feature_names_out().tolist() == [
        "match",
        "index",
        "sign",
        "shift_0",
        "shift_1",
    ]


def test_one_to_one_assignment_finds_the_permutation():
    rng = np.random.default_rng(1)
    references = rng.standard_normal((6, 20))
    order = rng.permutation(6)
    fields = np.stack([np.roll(-references[k], 3 * k) for k in order])
    match, rows, columns = match_fields(fields, references)
    np.testing.assert_allclose(match, 1.0)
    np.testing.assert_array_equal(columns, order[rows])


@pytest.mark.parametrize("analyzer", [FieldMatcher(), LocalizationAnalyzer()])
def test_a_net_in_place_of_its_fields_is_refused(analyzer):
    with pytest.raises(TypeError, match=r"Got a ConvNet.*pass rfsk.receptive_fields"):
        analyzer.fit(ConvNet())
    with pytest.raises(TypeError, match=r"Got a ConvNet.*pass rfsk.receptive_fields"):
        analyzer.fit(np.eye(8)).transform(ConvNet())


@pytest.mark.parametrize(
    ("fields", "references", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), "fields have 3 features and references 4"),
        (np.zeros((2, 3)), np.ones((2, 3)), "A field of zeros matches nothing"),
    ],
)
def test_bad_pairs_are_refused(fields, references, message):
    with pytest.raises(ValueError, match=message):
        match_fields(fields, references)
