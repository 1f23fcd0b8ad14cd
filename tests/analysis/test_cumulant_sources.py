"""Cumulants of every source and order, held to dense tensors computed another way."""

import numpy as np
import pytest

from rfsk.analysis import (
    CumulantAccumulator,
    CumulantCP,
    DenseCumulant,
    TranslationInvariantCumulant,
    cumulant,
    symmetric_cp,
)
from rfsk.datasets import NLGP, GaussianField, Ising, Pulses, SpikedCumulant


@pytest.fixture(scope="module", name="X")
def samples():
    rng = np.random.default_rng(0)
    return rng.standard_exponential((3000, 6)) @ rng.normal(size=(6, 6)) + 3.0


def by_definition(X, order):
    """Joint cumulant by einsum over centred samples."""
    x = X - X.mean(axis=0)
    letters = "ijkl"[:order]
    moment = np.einsum(",".join(f"n{a}" for a in letters) + "->" + letters, *[x] * order) / len(x)
    if order < 4:
        return moment
    C = x.T @ x / len(x)
    pairs = [
        np.einsum(f"{p},{q}->ijkl", C, C) for p, q in (("ij", "kl"), ("ik", "jl"), ("il", "jk"))
    ]
    return moment - sum(pairs)


def close(one, other, scale=1.0):
    np.testing.assert_allclose(one, other, atol=1e-10 * scale * np.abs(other).max())


@pytest.mark.parametrize("order", [2, 3, 4])
@pytest.mark.parametrize("kind", ["samples", "blocks", "dask", "accumulated", "tensor"])
def test_every_source_has_the_tensor_of_the_definition(X, order, kind):
    expected = by_definition(X, order)
    if kind == "samples":
        kappa = cumulant(X, order)
    elif kind == "blocks":
        kappa = cumulant([X[:1], X[1:1], X[1:2999], X[2999:]], order)
    elif kind == "dask":
        kappa = cumulant(pytest.importorskip("dask.array").from_array(X, chunks=(700, 4)), order)
    elif kind == "tensor":
        kappa = cumulant(DenseCumulant(expected) if order == 2 else expected, order)
    else:
        parts = np.array_split(np.arange(3000), 7)
        sums = [CumulantAccumulator(6, order, shift=np.full(6, 2.0)).update(X[p]) for p in parts]
        for other in sums[1:]:
            sums[0].merge(other)
        assert sums[0].n_samples == 3000
        kappa = sums[0].cumulant()
    assert (kappa.order, kappa.n_features) == (order, 6)
    close(kappa.tensor(), expected)
    directions = np.random.default_rng(1).normal(size=(4, 6))
    contracted = expected
    for _ in range(order - 1):
        first = contracted is expected
        rule = "j...,rj->r..." if first else "rj...,rj->r..."
        contracted = np.einsum(rule, contracted, directions)
    close(kappa.contract(directions), contracted)
    assert kappa.squared_norm() == pytest.approx((expected**2).sum(), rel=1e-9)


def test_accumulators_agree_with_one_pass_and_blocks_with_one_array(X):
    whole = CumulantAccumulator(6).update(X).cumulant().tensor()
    halves = CumulantAccumulator(6).update(X[:1000]).merge(CumulantAccumulator(6).update(X[1000:]))
    close(halves.cumulant().tensor(), whole)
    # About zero, three standard deviations away: digits are lost, but few.
    close(whole, cumulant(X).tensor(), scale=10.0)


@pytest.mark.parametrize("order", [3, 4])
def test_norm_from_pairs_of_rows_is_that_of_the_tensor(order, monkeypatch):
    from rfsk.analysis import _sample_cumulant

    data = np.random.default_rng(0).standard_exponential((200, 41))
    expected = (by_definition(data, order) ** 2).sum()
    assert cumulant(data, order).squared_norm() == pytest.approx(expected, rel=1e-9)
    blocks = cumulant([data[:123], data[123:]], order)
    assert blocks.squared_norm() == pytest.approx(expected, rel=1e-9)
    # Beyond a number of rows, a sample of them: unbiased, the mean of 400 within five errors.
    monkeypatch.setattr(_sample_cumulant, "_NORM_ROWS", 50)
    estimates = [blocks.squared_norm(seed) for seed in range(400)]
    error = np.std(estimates) / 20
    assert abs(np.mean(estimates) - expected) < 5 * error
    assert error > 0


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
    kappa, dense = cumulant(model), model.fourth_cumulant_tensor()
    np.testing.assert_allclose(kappa.tensor(), dense, atol=1e-12)
    directions = np.random.default_rng(1).normal(size=(3, model.n_features))
    expected = np.einsum("ijkl,ri,rj,rk->rl", dense, *[directions] * 3)
    np.testing.assert_allclose(kappa.contract(directions), expected, atol=1e-10)
    assert kappa.squared_norm() == pytest.approx((dense**2).sum(), rel=1e-9, abs=1e-20)
    covariance = cumulant(model, 2)
    np.testing.assert_array_equal(covariance.tensor(), model.covariance())


def test_model_meets_its_samples():
    """400,000 samples, seed 2: every entry of a ring of six within five of its errors."""
    model = NLGP(6, correlation_length=2.0, gain=3.0)
    samples = model.sample(400_000, random_state=2)
    exact = cumulant(model).tensor()
    parts = [cumulant(part).tensor() for part in np.split(samples, 20)]
    error = np.std(parts, axis=0) / np.sqrt(20)
    deviation = np.abs(np.mean(parts, axis=0) - exact)
    # Twenty parts: t-distributed with 19 degrees of freedom; five errors are p = 8e-5 an entry.
    assert (deviation > 5 * error).mean() < 2e-3


def test_cumulants_add_subtract_and_scale(X):
    Y = X[::-1, ::-1] ** 2
    one, two = cumulant(X), cumulant(Y)
    combined = 0.5 * (one - two) / 2 + -one
    expected = 0.25 * (one.tensor() - two.tensor()) - one.tensor()
    close(combined.tensor(), expected)
    a = np.random.default_rng(0).normal(size=(3, 6))
    close(combined.contract(a), np.einsum("ijkl,ri,rj,rk->rl", expected, a, a, a))
    assert combined.squared_norm() == pytest.approx((expected**2).sum(), rel=1e-9)
    assert (2.0 * one).squared_norm() == pytest.approx(4.0 * one.squared_norm(), rel=1e-12)
    with pytest.raises(TypeError, match="unsupported operand"):
        one + 1.0
    with pytest.raises(ValueError, match="6 features and order 4, and of 6 and 3, do not go"):
        one + cumulant(X, 3)


@pytest.mark.parametrize("order", [3, 4])
def test_cp_is_exact_on_orthogonal_tensors_of_either_sign(order):
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)))[0][:4]
    weights = np.array([3.0, -2.0, 1.5, -1.0])
    letters = "ijkl"[:order]
    rule = "r," + ",".join(f"r{a}" for a in letters) + "->" + letters
    fit = symmetric_cp(
        np.einsum(rule, weights, *[Q] * order), 4, order=order, tol=1e-14, random_state=0
    )
    expected = np.abs(weights) if order == 3 else weights
    np.testing.assert_allclose(fit.weights, expected, rtol=1e-6)
    overlap = np.abs(np.einsum("rd,rd->r", fit.components, Q))
    np.testing.assert_allclose(overlap, 1.0, atol=1e-6)
    refit = np.einsum(rule, fit.weights, *[fit.components] * order)
    np.testing.assert_allclose(refit, np.einsum(rule, weights, *[Q] * order), atol=1e-5)


@pytest.mark.parametrize(("gain", "expected"), [(1.0, 0.160), (3.0, 0.168)])
def test_leading_factor_of_the_exact_cumulant_is_localized(gain, expected):
    """D = 30, xi = 3. The raw moment's leading factor is uniform."""
    model = NLGP(30, correlation_length=3.0, gain=gain)
    kappa = cumulant(model)
    leading = symmetric_cp(kappa, 1, tol=1e-12, random_state=0)
    (u,) = leading.components
    assert (u**4).sum() == pytest.approx(expected, rel=0.01)
    C = model.covariance()
    moment = kappa.tensor()
    for p, q in (("ij", "kl"), ("ik", "jl"), ("il", "jk")):
        moment = moment + np.einsum(f"{p},{q}->ijkl", C, C)
    (v,) = symmetric_cp(DenseCumulant(moment), 1, tol=1e-12, random_state=0).components
    np.testing.assert_allclose(v, 1.0 / np.sqrt(30), atol=1e-3)


def test_five_factors_are_shifts_of_one_field():
    from rfsk.analysis import FieldMatcher

    model = NLGP(30, correlation_length=3.0, gain=3.0)
    components = symmetric_cp(cumulant(model), 5, tol=1e-12, random_state=0).components
    matches = FieldMatcher().fit(components[:1]).transform(components)
    assert matches[:, 0].min() > 0.97
    assert len(set(matches[:, 3])) == 5


def test_third_order_finds_the_spike_of_a_skewed_law():
    rng = np.random.default_rng(0)
    spike = rng.normal(size=10)
    spike /= np.linalg.norm(spike)
    skewed = rng.standard_exponential(20_000) - 1.0
    data = rng.normal(size=(20_000, 10))
    data += np.outer(skewed - data @ spike, spike)
    fit = symmetric_cp(data, 1, order=3, random_state=0)
    assert fit.components[0] @ spike > 0.99  # signed: the skewness is positive
    assert fit.weights[0] == pytest.approx(2.0, abs=0.15)


class Once:
    def __init__(self, items):
        self.items = iter(items)

    def __iter__(self):
        return self.items


def test_bad_sources_are_refused(X):
    with pytest.raises(ValueError, match="order=5; expected 2, 3 or 4"):
        cumulant(X, 5)
    with pytest.raises(ValueError, match="cumulant is of order 2; expected order=4"):
        cumulant(cumulant(X, 2))
    with pytest.raises(ValueError, match="tensor has 3 axes; expected order=4"):
        cumulant(np.zeros((3, 3, 3)))
    with pytest.raises(TypeError, match="can be read only once"):
        cumulant(block for block in [X])
    with pytest.raises(ValueError, match="A block has 5 columns and the first one 6"):
        cumulant([X, X[:, :5]])
    with pytest.raises(ValueError, match="blocks hold 1 row"):
        cumulant([X[:1]])
    with pytest.raises(NotImplementedError, match="no cumulant of order 3 is known in closed"):
        cumulant(MODELS["NLGP"], 3)
    with pytest.raises(NotImplementedError, match=r"SpikedCumulant .*cumulant\(model.sample"):
        cumulant(SpikedCumulant(10, strength=1.0))
    with pytest.raises(ValueError, match=r"100\^4 entries, more than 2\^24; use contract"):
        cumulant(np.random.default_rng(0).normal(size=(9, 100))).tensor()
    with pytest.raises(ValueError, match="order=2; expected 3 or 4"):
        symmetric_cp(X, 1, order=2)
    with pytest.raises(ValueError, match=r"slice has shape \(3, 3, 3\); expected \(4,\) \* 3"):
        TranslationInvariantCumulant(np.zeros((3, 3, 3)), (4,))


def test_bad_accumulators_are_refused(X):
    sums = CumulantAccumulator(6)
    with pytest.raises(ValueError, match=r"has seen 0 row\(s\)"):
        sums.cumulant()
    with pytest.raises(ValueError, match="X has 5 features; expected 6"):
        sums.update(X[:, :5])
    with pytest.raises(ValueError, match=r"shift has shape \(2,\); expected \(6,\)"):
        CumulantAccumulator(6, shift=[0.0, 1.0])
    for other in (CumulantAccumulator(6, 3), CumulantAccumulator(6, shift=np.ones(6))):
        with pytest.raises(ValueError, match="same n_features, order and shift can be merged"):
            sums.merge(other)
    with pytest.raises(ValueError, match=r"65\^4 entries"):
        CumulantAccumulator(65)


def two_classes(n=4000, D=8, seed=0):
    """Zero-mean Gaussian classes of different covariance."""
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(2, D, D)) / np.sqrt(D)
    X = np.concatenate([rng.normal(size=(n, D)) @ root for root in roots])
    return X, np.repeat([0, 1], n)


def test_cumulants_of_gaussian_classes_vanish_and_the_pooled_one_does_not():
    """100,000 rows a class, seed 0: 3 sym(D D) with D = (C_0 - C_1) / 2 is what pooling adds."""
    X, y = two_classes(100_000)
    classes = [cumulant(X[y == label]).tensor() for label in (0, 1)]
    parts = [[cumulant(p).tensor() for p in np.split(X[y == c], 20)] for c in (0, 1)]
    for kappa, samples in zip(classes, parts, strict=True):
        error = np.std(samples, axis=0) / np.sqrt(20)
        assert (np.abs(kappa) > 5 * error).mean() < 2e-3
    pooled = cumulant(X).tensor()
    half = (np.cov(X[y == 0].T, bias=True) - np.cov(X[y == 1].T, bias=True)) / 2
    added = sum(
        np.einsum(f"{p},{q}->ijkl", half, half)
        for p, q in (("ij", "kl"), ("ik", "jl"), ("il", "jk"))
    )
    np.testing.assert_allclose(pooled, np.mean(classes, axis=0) + added, atol=0.02)
    assert np.linalg.norm(pooled) > 10 * np.linalg.norm(classes[0])


def test_targets_within_and_difference_are_sums_of_the_classes_cumulants():
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    signs, peaked = (
        rng.choice([-1.0, 1.0], size=(20_000, 6)),
        rng.laplace(size=(20_000, 6)) / 2**0.5,
    )
    X = np.concatenate([signs @ Q, peaked @ Q])
    y = np.repeat(["flat", "peaked"], 20_000)
    flat, peak = (cumulant(X[y == label]) for label in ("flat", "peaked"))
    for target, kappa in (("within", (flat + peak) / 2), ("difference", peak - flat)):
        cp = CumulantCP(6, target=target, n_init=2, random_state=0).fit(X, y)
        fit = symmetric_cp(kappa, 6, random_state=0)
        np.testing.assert_allclose(cp.weights_, fit.weights, rtol=1e-3, atol=1e-3)
        left = kappa.tensor() - np.einsum("r,ri,rj,rk,rl->ijkl", cp.weights_, *[cp.components_] * 4)
        expected = np.linalg.norm(left) / np.linalg.norm(kappa.tensor())
        assert cp.relative_error_ == pytest.approx(expected, rel=1e-3)
        assert cp.start_scores_.max() == 1.0
        assert cp.stability_.min() > 0.99
    assert cp.weights_.min() > 4.0  # 3 - (-2) along each axis


def test_factors_of_blocks_are_those_of_the_array():
    dask_array = pytest.importorskip("dask.array")
    X = NLGP(12, correlation_length=2.0, gain=3.0).sample(3000, random_state=0)
    X = np.concatenate([X, X[::-1] ** 3])
    y = np.repeat([1, 0], 3000)
    options = {"tol": 1e-12, "random_state": 0}
    whole = CumulantCP(3, **options).fit(X)
    lazy = dask_array.from_array(X, chunks=(700, 12))
    for blocks in ([X[:10], X[10:5000], X[5000:]], lazy):
        streamed = CumulantCP(3, **options).fit(blocks)
        np.testing.assert_allclose(streamed.components_, whole.components_, atol=1e-5)
        np.testing.assert_allclose(streamed.weights_, whole.weights_, rtol=1e-6)
        assert streamed.relative_error_ == pytest.approx(whole.relative_error_, rel=1e-6)
        assert streamed.transform(X).shape == (6000, 3)
    of_class = CumulantCP(3, target=1, **options)
    expected = of_class.fit(X, y).components_
    np.testing.assert_allclose(of_class.fit(lazy, y).components_, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("parameters", "data", "message"),
    [
        ({"order": 2}, "array", "order=2; expected 3 or 4"),
        ({"n_init": 0}, "array", "n_init=0; expected an integer > 0"),
        ({"target": "difference"}, "three", "'difference' is of two classes, but y has 3"),
        ({"target": 0}, "blocks", "target=0 with blocks; expected None, or a Dask array"),
        ({"target": "within"}, "dask", "target='within' with a lazy array; expected None"),
    ],
)
def test_bad_decomposition_is_refused(parameters, data, message):
    X, y = two_classes(30)
    if data == "three":
        y = np.arange(60) % 3
    if data == "blocks":
        X = [X[:20], X[20:]]
    if data == "dask":
        X = pytest.importorskip("dask.array").from_array(X, chunks=(20, 8))
    with pytest.raises(ValueError, match=message):
        CumulantCP(**parameters).fit(X, y)


@pytest.mark.parametrize("order", [3, 4])
def test_accumulated_cumulant_of_inputs_far_from_zero_loses_digits_but_not_its_symmetry(order):
    data = np.random.default_rng(0).standard_exponential((2000, 4)) + 30.0
    far = CumulantAccumulator(4, order).update(data).cumulant().tensor()
    near = CumulantAccumulator(4, order, shift=np.full(4, 31.0)).update(data).cumulant().tensor()
    expected = cumulant(data, order).tensor()
    np.testing.assert_allclose(near, expected, atol=1e-11 * np.abs(expected).max())
    np.testing.assert_allclose(far, expected, atol=1e-6 * np.abs(expected).max())


def test_tensors_are_copies(X):
    for kappa in (cumulant(X, 2), cumulant(by_definition(X, 3), 3)):
        before = kappa.contract(np.eye(6))
        tensor = kappa.tensor()
        tensor *= 0.0
        np.testing.assert_array_equal(kappa.contract(np.eye(6)), before)
    mine = by_definition(X, 4)
    kappa = cumulant(mine)
    mine *= 0.0
    assert np.abs(kappa.contract(np.eye(6))).max() > 0


def test_nested_lists_are_a_tensor(X):
    tensor = by_definition(X, 3)
    np.testing.assert_array_equal(cumulant(tensor.tolist(), 3).tensor(), tensor)


@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_blocks_of_any_moderate_scale_have_the_same_factors(scale):
    data = NLGP(12, correlation_length=2.0, gain=3.0).sample(2000, random_state=0)
    plain = CumulantCP(3, n_init=2, random_state=0).fit([data[:900], data[900:]])
    scaled = CumulantCP(3, n_init=2, random_state=0).fit([data[:900] * scale, data[900:] * scale])
    np.testing.assert_allclose(scaled.components_, plain.components_, atol=1e-6)
    np.testing.assert_allclose(scaled.weights_ / scale**4, plain.weights_, rtol=1e-6)
    assert scaled.relative_error_ == pytest.approx(plain.relative_error_, rel=1e-6)
    np.testing.assert_allclose(scaled.start_scores_, plain.start_scores_, rtol=1e-9)


@pytest.mark.parametrize("data", [[np.full((3, 2), 1e40), np.eye(2)], np.diag([1e80, 1.0, 2.0])])
def test_sizes_beyond_the_range_of_floats_are_refused(data):
    with pytest.raises(ValueError, match=r"of size .*; scale them to about unit variance"):
        CumulantCP(1).fit(data)
