"""Matches of fields with CP factors, independent components, dictionaries and the like."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from rfsk import (
    ConvNet,
    FCNet,
    FieldMatcher,
    NonlinearHebbian,
    TensorComparison,
    ipr,
    make_nlgp,
    make_transformed_field,
    symmetric_cp,
)
from rfsk.analysis import bump_match, chance_match, cumulant, translation_orbits
from rfsk.datasets import NLGP, Algebraic, TransformedField


@pytest.fixture(scope="module", name="data")
def ring_data():
    return make_nlgp(20_000, 30, correlation_length=(1.5, 3.0), random_state=0)


@pytest.fixture(scope="module", name="net")
def ring_net(data):
    return FCNet(20, random_state=0).fit(*data)


@pytest.fixture(scope="module", name="comparison")
def fitted_comparison(data):
    return TensorComparison(6, target=1, random_state=0).fit(*data)


@pytest.fixture(scope="module", name="table")
def full_table(comparison, net):
    noise = np.random.default_rng(0).normal(size=(9, 30))
    return comparison.compare({"net": net, "noise": noise})


def test_table_has_a_row_for_each_net_group_and_reference(comparison, net, table):
    measured = ["match", "chance", "p_value", "bump"]
    assert [*table] == ["net", "group", "n_units", "reference", "n_references", *measured]
    assert set(table.net) == {"net", "noise"}
    assert list(comparison.references_) == ["cp", "ica", "pca", "dictionary", "hebbian"]
    assert table.n_references.eq(6).all()
    for name, n_units in (("net", 20), ("noise", 9)):
        assert table[table.net == name].groupby("reference").n_units.sum().eq(n_units).all()
    matches = FieldMatcher().fit(comparison.references_["cp"]).transform(net.receptive_fields_)
    matched = comparison.match(net.receptive_fields_)
    np.testing.assert_array_equal(matched[:, 0], matches[:, 0])


def test_localized_fields_match_cp_factors_beyond_chance_and_oscillating_ones_do_not(table):
    found = table[table.net == "net"].set_index(["reference", "group"])
    localized = found.loc["cp", "localized"]
    assert localized.match >= 0.95 > localized.chance
    assert localized.p_value == 0.01
    assert found.match["cp", "oscillating"] < 0.6
    assert found.match["pca", "localized"] < 0.8


def test_p_values_count_the_populations_with_random_phases_that_match_as_well(
    comparison, net, table
):
    fields, found = net.receptive_fields_, []
    groups, match = comparison.split(fields).groups, comparison.match(fields)
    for row in table[table.net == "net"].itertuples():
        units, references = groups == row.group, comparison.references_[row.reference]
        null = chance_match(fields[units], references, random_state=comparison._null_seed)
        reached = np.median(match[units, list(comparison.references_).index(row.reference)])
        assert row.match == reached
        assert row.p_value == (1 + np.sum(null >= reached)) / 100
        assert row.chance == np.sort(null)[94]
        assert row.bump == bump_match(references).max()
        found.append(row.p_value)
    assert min(found) == 0.01
    assert max(found) > 0.2  # oscillating fields match no better than scrambled ones


def test_own_fields_and_estimators_are_references_too(data, net):
    conv = ConvNet(2, max_epochs=10, random_state=0).fit(*data)
    own = PCA(3)  # not fitted: fitted to the inputs
    references = [("filters", conv), "pca", ("itself", net.receptive_fields_), ("axes", own)]
    comparison = TensorComparison(2, references=references).fit(data[0])
    assert list(comparison.references_) == ["filters", "pca", "itself", "axes"]
    assert list(comparison.converged_) == ["pca", "axes"]
    assert not hasattr(own, "components_")
    axes = np.abs(comparison.references_["axes"][:2] @ comparison.references_["pca"].T)
    np.testing.assert_allclose(axes, np.eye(2), atol=1e-6)
    np.testing.assert_allclose(comparison.match(net.receptive_fields_)[:, 2], 1.0)
    table = comparison.compare(net)
    assert table[table.reference == "filters"].n_references.eq(2).all()


@pytest.mark.parametrize(
    ("parameters", "y", "message"),
    [
        ({"references": "cp"}, None, "`references` must be a sequence of names.* got 'cp'"),
        ({"references": (("own",),)}, None, "must be a sequence of names"),
        ({"references": ("nmf",)}, None, "`references` must be one of 'cp'.*, got 'nmf'"),
        ({"references": ("cp", "cp")}, None, "`references` must not repeat a name"),
        (
            {"references": (("own", np.eye(4)),)},
            None,
            r"`own` must have 3 features, got shape \(4, 4\)",
        ),
        ({"target": 1}, None, "`y` must not be None if target=1 selects a class"),
        ({"target": 7}, np.arange(8) % 2, "target=7 must have at least 2 rows in `y`, got 0"),
        ({"n_components": 0}, None, "`n_components` must be a positive integer, got 0"),
        ({"n_null": 0}, None, "`n_null` must be a positive integer, got 0"),
        ({"shape": (2, 2)}, None, r"features, 3, got \(2, 2\), which has 4 sites"),
    ],
)
def test_bad_comparisons_are_refused(parameters, y, message):
    with pytest.raises(ValueError, match=message):
        TensorComparison(**parameters).fit(np.random.default_rng(0).normal(size=(8, 3)), y)


CONSTANT = np.ones((10, 4))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda c, net: c.match(net),
            TypeError,
            "`fields` must be an array .*, got an instance of FCNet",
        ),
        (lambda c, _: c.compare(np.eye(7)), ValueError, "`fields` must have 30 features"),
        (lambda c, _: c.compare(np.zeros((3, 30))), ValueError, "fields of 'fields' are zero"),
        (lambda *_: TensorComparison().fit(CONSTANT), ValueError, "`X` must not be constant"),
        (lambda *_: NonlinearHebbian().fit(CONSTANT), ValueError, "`X` must not be constant"),
        (
            lambda *_: NonlinearHebbian(rule="a").fit(CONSTANT),
            ValueError,
            "`rule` must be one of .*, got 'a'",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(comparison, net, call, error, message):
    with pytest.raises(error, match=message):
        call(comparison, net)


def test_ica_localizes_on_heavy_and_on_light_tails_where_the_net_needs_light_ones():
    """D = 30, median D x IPR of 8 components and of the net's positive half, seed 0.

    Saturated pixels (kurtosis -1.76): both localize. Algebraic(3) pixels (heavy tails): FastICA
    and the cubic Hebbian rule do, the net does not.
    """
    found = {}
    task = {"correlation_length": (1.5, 3.0), "random_state": 0}
    tasks = {
        "light": make_nlgp(30_000, 30, **task),
        "heavy": make_transformed_field(30_000, 30, marginal=Algebraic(3.0), **task),
    }
    options = {"references": ("ica", "hebbian"), "target": 1, "random_state": 0}
    for name, (X, y) in tasks.items():
        comparison = TensorComparison(8, **options).fit(X, y)
        net = FCNet(20, random_state=0).fit(X, y)
        fields = {**comparison.references_, "net": net.receptive_fields_[:10]}
        found[name] = {method: 30 * np.median(ipr(rows)) for method, rows in fields.items()}
    light, heavy = found["light"], found["heavy"]
    assert min(light["ica"], heavy["ica"]) > 5.0
    assert light["net"] > 4.5 > 3.0 > light["hebbian"]
    assert heavy["hebbian"] > 3.5 > 2.5 > heavy["net"]


@pytest.mark.parametrize(("rule", "tails"), [("cube", "laplace"), ("tanh", "uniform")])
def test_hebbian_units_find_independent_sources_of_heavy_or_light_tails(rule, tails):
    rng = np.random.default_rng(0)
    sources = rng.laplace(size=(20_000, 4)) if tails == "laplace" else rng.uniform(size=(20_000, 4))
    mixing = rng.normal(size=(4, 4))
    hebbian = NonlinearHebbian(12, rule=rule, random_state=0).fit(sources @ mixing)
    unmixed = np.abs(hebbian.components_ @ mixing.T)
    assert (unmixed.max(axis=1) / np.linalg.norm(unmixed, axis=1)).min() > 0.98
    assert len(set(unmixed.argmax(axis=1))) >= 3


def test_cubic_hebbian_fixed_point_is_an_eigenvector_of_its_whitened_fourth_moment():
    X = TransformedField(8, correlation_length=1.0, marginal="laplace").sample(5000, random_state=0)
    with pytest.warns(ConvergenceWarning, match="fields did not converge in 2 passes"):
        NonlinearHebbian(4, max_iter=2, random_state=0).fit(X)
    hebbian = NonlinearHebbian(1, tol=1e-12, max_iter=2000, random_state=0).fit(X)
    x = X - X.mean(axis=0)
    deviation, axes = np.linalg.eigh(x.T @ x / len(x))
    whitening = axes / np.sqrt(deviation) @ axes.T
    z = x @ whitening
    w = np.linalg.solve(whitening, hebbian.components_[0])
    w /= np.linalg.norm(w)
    pull = ((z @ w) ** 3) @ z / len(z)
    np.testing.assert_allclose(pull / np.linalg.norm(pull), w, atol=1e-5)


def test_factors_of_a_translation_invariant_cumulant_are_one_orbit():
    kappa = cumulant(NLGP(30, correlation_length=3.0, gain=3.0))
    fit = symmetric_cp(kappa, 5, tol=1e-12, random_state=0)
    orbits = translation_orbits(fit.components)
    assert orbits.label.max() == 0
    assert orbits.shift_0.nunique() == 5


def test_methods_are_given_centred_inputs_and_no_more_components_than_directions(data):
    X, y = data
    rows = X[y == 1][:2000]
    near = TensorComparison(4, references=("dictionary", "pca"), random_state=0).fit(rows)
    far = TensorComparison(4, references=("dictionary", "pca"), random_state=0).fit(rows + 30.0)
    for name in ("dictionary", "pca"):
        np.testing.assert_allclose(near.references_[name], far.references_[name], atol=1e-3)
    white = np.random.default_rng(0).normal(size=(500, 30))  # nothing for FastICA to rest at
    lost = TensorComparison(4, references=("ica", "pca"), random_state=0).fit(white)
    assert lost.converged_ == {"ica": False, "pca": True}
    flat = rows[:, :6] @ np.random.default_rng(0).normal(size=(6, 30))  # six directions
    narrow = TensorComparison(20, references=("ica", "cp"), random_state=0).fit(flat)
    assert {len(found) for found in narrow.references_.values()} == {6}


@pytest.mark.parametrize("shape", [(30,), (5, 6)])
def test_orbits_undo_shifts_and_signs(shape):
    rng = np.random.default_rng(0)
    originals, axes = rng.normal(size=(3, *shape)), tuple(range(len(shape)))
    source, sign = [0, 1, 0, 2, 1, 1, 0], np.array([1, 1, -1, 1, -1, 1, 1])
    shifts = rng.integers(shape, size=(7, len(shape)))
    shifts[[0, 1, 3]] = 0
    moved = [np.roll(originals[k], shift, axes) for k, shift in zip(source, shifts, strict=True)]
    fields = sign[:, None] * np.reshape(moved, (7, 30))
    orbits = translation_orbits(np.vstack([fields, np.zeros(30)]), shape)
    assert orbits.label.tolist() == [*source, -1]
    np.testing.assert_array_equal(orbits.filter(like="shift")[:-1], shifts)
    np.testing.assert_array_equal(orbits.sign[:-1], sign)
    np.testing.assert_allclose(orbits.match, [*[1.0] * 7, np.nan])
    with pytest.raises(ValueError, match=r"`min_match` must be at most 1, got 1\.5"):
        translation_orbits(fields, shape, min_match=1.5)
