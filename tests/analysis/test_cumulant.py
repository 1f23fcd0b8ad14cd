"""Cumulants of every source and order, compared with dense tensors computed another way."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from rfsk.analysis import (
    DenseCumulant,
    SampleCumulant,
    TranslationInvariantCumulant,
    _cumulant,
    cumulant,
)
from rfsk.datasets import NLGP, GaussianField, Ising, Pulses, SpikedCumulant


@pytest.fixture(scope="module", name="X")
def samples():
    rng = np.random.default_rng(0)
    return rng.standard_exponential((3000, 6)) @ rng.normal(size=(6, 6)) + 3.0


def pairings(C):
    """Fourth moment of a Gaussian of covariance C."""
    return sum(np.einsum(f"{pair}->ijkl", C, C) for pair in ("ij,kl", "ik,jl", "il,jk"))


def by_definition(X, order):
    """Joint cumulant by einsum over centred samples."""
    x = X - X.mean(axis=0)
    letters = "ijkl"[:order]
    rule = ",".join(f"n{axis}" for axis in letters) + "->" + letters
    moment = np.einsum(rule, *[x] * order, optimize=True) / len(x)
    return moment - pairings(x.T @ x / len(x)) if order == 4 else moment


def contraction(tensor, directions):
    """kappa(a, ..., a, .) of each direction, axis by axis."""
    found = []
    for a in directions:
        partial = tensor
        while partial.ndim > 1:
            partial = np.tensordot(a, partial, axes=(0, 0))
        found.append(partial)
    return np.array(found)


def close(one, other, scale=1.0):
    np.testing.assert_allclose(one, other, atol=1e-10 * scale * np.abs(other).max())


@pytest.mark.parametrize("order", [2, 3, 4])
@pytest.mark.parametrize("kind", ["samples", "blocks", "dask", "mask", "tensor"])
def test_every_source_has_the_tensor_of_the_definition(X, order, kind):
    expected = by_definition(X, order)
    if kind == "samples":
        kappa = cumulant(X, order)
    elif kind == "blocks":
        kappa = cumulant([X[:1], X[1:1], X[1:2999], X[2999:]], order)
    elif kind == "dask":
        kappa = cumulant(pytest.importorskip("dask.array").from_array(X, chunks=(700, 4)), order)
    elif kind == "mask":  # leaves blocks that are empty or of unknown length
        twice = np.concatenate([X, X + 7.0])
        lazy = pytest.importorskip("dask.array").from_array(twice, chunks=(700, 4))
        kappa = cumulant(lazy[(lazy.sum(axis=1) < np.inf) & (np.arange(6000) < 3000)], order)
    else:
        mine = expected.copy()
        kappa = cumulant(mine.tolist() if order == 3 else DenseCumulant(mine), order)
        mine *= 0.0  # the operator has a copy
    assert (kappa.order, kappa.n_features) == (order, 6)
    close(kappa.tensor(), expected)
    directions = np.random.default_rng(1).normal(size=(4, 6))
    gradients = contraction(expected, directions)
    close(kappa.contract(directions), gradients)
    close(kappa.along(directions), np.sum(gradients * directions, axis=1))
    tensor = kappa.tensor()
    tensor *= 0.0  # so has the caller
    # Whole numbers and lists are directions too.
    close(kappa.along(np.eye(6, dtype=int).tolist()), np.einsum("i" * order + "->i", expected))
    assert kappa.squared_norm() == pytest.approx((expected**2).sum(), rel=1e-9)


@pytest.mark.parametrize("in_blocks", [False, True])
def test_contraction_does_not_depend_on_the_chunks(X, in_blocks, monkeypatch):
    source = [X[:100], X[100:]] if in_blocks else X
    whole = cumulant(source).contract(np.eye(6))
    monkeypatch.setattr(_cumulant, "_CHUNK_ROWS", 11)
    monkeypatch.setattr(_cumulant, "_CHUNK_VALUES", 1)
    np.testing.assert_allclose(cumulant(source).contract(np.eye(6)), whole, rtol=1e-9)


@pytest.mark.parametrize("order", [2, 3, 4])
def test_inner_products_of_samples_are_those_of_their_tensors(order, monkeypatch):
    rng = np.random.default_rng(0)
    X, Y = (rng.standard_exponential((300, 7)) @ rng.normal(size=(7, 7)) for _ in range(2))
    lazy = pytest.importorskip("dask.array").from_array(X, chunks=(90, 7))
    one, two = cumulant(X, order), cumulant(Y, order)
    expected, norm = (one.tensor() * two.tensor()).sum(), (one.tensor() ** 2).sum()
    assert one.inner(two) == pytest.approx(expected, rel=1e-9)
    monkeypatch.setattr(_cumulant, "_FEW_FEATURES", 0)
    blocks = cumulant([X[:123], X[123:]], order)
    for same in (one, blocks, cumulant(lazy, order)):
        assert same.inner(two) == pytest.approx(expected, rel=1e-9)
        assert same.squared_norm() == pytest.approx(norm, rel=1e-9)
    # Beyond 200 rows 50 are drawn: the mean of 400 estimates within five errors.
    monkeypatch.setattr(_cumulant, "_NORM_ROWS", 50)
    for other, value in ((blocks, norm), (two, expected)) if order > 2 else ():
        drawn = np.array([blocks.inner(other, seed) for seed in range(400)])
        assert 0 < abs(drawn.mean() - value) < 5 * drawn.std() / 20


MODELS = {
    "NLGP": NLGP(8, correlation_length=2.0, gain=3.0),
    "torus": NLGP((3, 4), correlation_length=1.0, gain=1.0),
    "Ising": Ising(8, temperature=1.0),
    "pulses": Pulses(9, length=(2, 5)),
    "Gaussian": GaussianField(8, correlation_length=2.0),
}


@pytest.mark.parametrize("name", MODELS)
def test_cumulant_of_a_model_is_its_tensor(name):
    model = MODELS[name]
    sites = np.moveaxis(np.indices((model.n_features,) * 4), 0, -1)
    kappa, dense = cumulant(model), model.fourth_cumulant(sites)
    np.testing.assert_allclose(kappa.tensor(), dense, atol=1e-12)
    directions = np.random.default_rng(1).normal(size=(3, model.n_features))
    expected = contraction(dense, directions)
    np.testing.assert_allclose(kappa.contract(directions), expected, atol=1e-10)
    assert kappa.squared_norm() == pytest.approx((dense**2).sum(), rel=1e-9, abs=1e-20)
    np.testing.assert_array_equal(cumulant(model, 2).tensor(), model.covariance())


def test_cumulants_of_gaussian_classes_vanish_and_the_pooled_one_does_not():
    """100,000 rows per class, seed 0: 3 sym(D D) with D = (C_0 - C_1) / 2 is what pooling adds."""
    rng = np.random.default_rng(0)
    roots = rng.normal(size=(2, 8, 8)) / np.sqrt(8)
    classes = [rng.normal(size=(100_000, 8)) @ root for root in roots]
    within = [cumulant(rows).tensor() for rows in classes]
    for kappa, rows in zip(within, classes, strict=True):
        parts = [cumulant(part).tensor() for part in np.split(rows, 20)]
        assert (np.abs(kappa) > 5 * np.std(parts, axis=0) / np.sqrt(20)).mean() < 2e-3
    pooled = cumulant(np.concatenate(classes)).tensor()
    half = (np.cov(classes[0].T, bias=True) - np.cov(classes[1].T, bias=True)) / 2
    np.testing.assert_allclose(pooled, np.mean(within, axis=0) + pairings(half), atol=0.02)
    assert np.linalg.norm(pooled) > 10 * np.linalg.norm(within[0])


def test_cumulants_add_subtract_and_scale(X):
    one, two = cumulant(X), cumulant(X[::-1, ::-1] ** 2)
    combined = 0.5 * (one - two) / 2 + -1.0 * one
    expected = 0.25 * (one.tensor() - two.tensor()) - one.tensor()
    close(combined.tensor(), expected)
    a = np.random.default_rng(0).normal(size=(3, 6))
    close(combined.contract(a), contraction(expected, a))
    close(combined.along(a), np.sum(contraction(expected, a) * a, axis=1))
    close(sum([one, two]).tensor(), one.tensor() + two.tensor())
    with pytest.raises(TypeError, match="unsupported operand"):
        one + 1.0
    for combine in (one.__add__, one.inner):
        with pytest.raises(
            ValueError, match="got 6 features and order 4, and 6 features and order 3"
        ):
            combine(cumulant(X, 3))


def test_norm_of_sums_of_cumulants_needs_no_tensor(monkeypatch):
    rng = np.random.default_rng(0)
    one, two = (cumulant(rng.standard_exponential((200, 8))) for _ in range(2))
    sums = [2.0 * one, one - two, 0.5 * (one + two), one + one - 2.0 * two]
    expected = [(kappa.tensor() ** 2).sum() for kappa in sums]
    np.testing.assert_allclose([kappa.squared_norm() for kappa in sums], expected, rtol=1e-8)
    monkeypatch.setattr(_cumulant, "_LARGEST_TENSOR", 100)
    monkeypatch.setattr(_cumulant, "_FEW_FEATURES", 0)
    np.testing.assert_allclose([kappa.squared_norm() for kappa in sums], expected, rtol=1e-8)
    assert one.inner(one - two) == pytest.approx((one - two).inner(one), rel=1e-8)
    exact = cumulant(NLGP(8, correlation_length=1.0, gain=3.0))
    with pytest.raises(NotImplementedError, match=r"inner product of a .* is not implemented"):
        (one - exact).squared_norm()


def test_exact_cumulants_subtract_and_have_a_norm_at_any_size():
    one = cumulant(NLGP(70, correlation_length=2.0, gain=3.0))
    assert (one - one).squared_norm() == pytest.approx(0.0, abs=1e-9 * one.squared_norm())
    small, other = (cumulant(NLGP(8, correlation_length=xi, gain=3.0)) for xi in (1.0, 2.0))
    expected = (small.tensor() * other.tensor()).sum()
    assert small.inner(other) == pytest.approx(expected, rel=1e-10)


def test_only_samples_with_few_strong_axes_are_condensed():
    white = cumulant(np.random.default_rng(0).normal(size=(300, 48)))
    smooth = cumulant(NLGP(48, correlation_length=5.0, gain=3.0).sample(300, random_state=0))
    few = cumulant(NLGP(12, correlation_length=5.0, gain=3.0).sample(300, random_state=0))
    for kappa in (white, few, white - 2.0 * white, cumulant(np.zeros((3, 3, 3, 3)))):
        assert kappa._condensed is kappa
    direction = np.ones((1, 48)) / np.sqrt(48)  # a smooth one, which lies in the kept axes
    for kappa in (smooth, white - 2.0 * smooth):
        assert kappa._condensed is not kappa
        expected = kappa.along(direction)
        np.testing.assert_allclose(kappa._condensed.along(direction), expected, rtol=1e-2)
    part, directions = smooth._condensed, np.random.default_rng(0).normal(size=(2, 48))
    close(part.contract(directions), contraction(part.tensor(), directions))


SLICE = np.zeros((3, 3, 3))
SPIKED = SpikedCumulant(10, strength=1.0)
BAD = [
    (lambda X: cumulant(X, 5), ValueError, "`order` must be 2, 3 or 4, got 5"),
    (lambda X: cumulant(cumulant(X, 2)), ValueError, "`order` must be 2"),
    (lambda X: cumulant(block for block in [X]), TypeError, "readable more than once"),
    (lambda X: cumulant([X, X[:, :5]]), ValueError, "same number of columns, got 6 and 5"),
    (lambda X: cumulant([X[:1]]), ValueError, "blocks must have at least 2 rows, got 1"),
    (lambda X: cumulant(np.ones((1, 3))), ValueError, "minimum of 2 is required"),
    (lambda X: cumulant(MODELS["NLGP"], 3), NotImplementedError, "Third cumulants of models have"),
    (lambda X: cumulant(SPIKED), NotImplementedError, r"SpikedCumulant .*cumulant\(model.sample"),
    (lambda X: cumulant((X, X[:, 0])), ValueError, r"got a pair \(X, y\)"),
    (lambda X: cumulant(PCA()), TypeError, "`source` must be samples .*, got a PCA"),
    (lambda X: cumulant(np.ones((3, 3, 3, 2))), ValueError, r"two to four axes .* \(3, 3, 3, 2\)"),
    (lambda X: cumulant(np.arange(16.0).reshape((2,) * 4)), ValueError, "must be symmetric"),
    (
        lambda X: SampleCumulant(np.eye(65)).tensor(),
        ValueError,
        r"at most 2\^24 entries, got 65\^4",
    ),
    (lambda X: TranslationInvariantCumulant(SLICE, (4,)), ValueError, r"`entries` must have"),
]


@pytest.mark.parametrize(("make", "error", "message"), BAD)
def test_bad_sources_are_refused(X, make, error, message):
    with pytest.raises(error, match=message):
        make(X)


@pytest.mark.parametrize("swapped", [(0, 1), (1, 2), (2, 3), (0, 3)])
def test_asymmetry_in_any_pair_of_axes_is_found(X, swapped):
    tensor = by_definition(X, 4)
    index = [0, 0, 0, 0]
    index[swapped[0]] = 1
    tensor[tuple(index)] += 0.1 * np.abs(tensor).max()
    with pytest.raises(ValueError, match="`tensor` must be symmetric under permutation"):
        DenseCumulant(tensor)
