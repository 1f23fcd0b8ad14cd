"""Symmetric CP decompositions, compared with dense residuals, TensorLy and restarts."""

import threading
import warnings

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from tensorly.cp_tensor import CPTensor, cp_norm, cp_to_tensor
from threadpoolctl import threadpool_info

from rfsk import CumulantCP, make_nlgp, symmetric_cp
from rfsk._core._blas import blas_on_one_thread, scipy_on_one_thread
from rfsk.analysis import DenseCumulant, SymmetricCP, _cumulant, _symmetric_cp, cumulant, ipr
from rfsk.datasets import NLGP, Ising

METHODS = ("lbfgs", "power", "parafac")
RING = NLGP(12, correlation_length=2.0, gain=3.0)


def rank_one_sum(weights, components, order=4):
    return cp_to_tensor((np.asarray(weights), [components.T] * order))


def orthogonal(weights, n_features, seed, order=4):
    """Tensor with these weights along orthogonal directions, and the directions."""
    Q = np.linalg.qr(np.random.default_rng(seed).normal(size=(n_features, n_features)))[0]
    Q = Q[: len(weights)]
    return rank_one_sum(weights, Q, order), Q


def nlgp_samples(n_sites=12, n=4000, xi=2.0, gain=3.0):
    return NLGP(n_sites, correlation_length=xi, gain=gain).sample(n, random_state=0)


def relative_residual(tensor, weights, components):
    residual = tensor - rank_one_sum(weights, components)
    return np.linalg.norm(residual) / np.linalg.norm(tensor)


def test_implicit_and_dense_factors_from_the_same_start_agree():
    kappa = cumulant(nlgp_samples(30, 3000, 3.0))
    tensor = kappa.tensor()
    start = np.random.default_rng(2).standard_normal((3, 30))
    options = {"start": start, "tol": 1e-15, "random_state": 0}
    fit, other = (symmetric_cp(source, 3, **options) for source in (kappa, tensor))
    np.testing.assert_allclose(fit.components, other.components, atol=1e-6)
    np.testing.assert_allclose(fit.weights, other.weights, rtol=1e-6)
    residual = tensor - rank_one_sum(fit.weights, fit.components)
    assert fit.fitted_norm == pytest.approx((tensor**2).sum() - (residual**2).sum(), rel=1e-8)
    slope = np.einsum("ijkl,ri,rj,rk->rl", residual, *[fit.components] * 3, optimize=True)
    assert np.abs(slope).max() < 1e-4 * np.abs(fit.weights).max()


def minimum_by_definition(X, start):
    """Slow reference: L-BFGS in all features to the end, by two products with all samples."""
    x = X - X.mean(axis=0)
    C = x.T @ x / len(x)

    def objective(flat):
        b = flat.reshape(start.shape)
        contracted = ((x @ b.T) ** 3).T @ x / len(x)
        contracted -= 3.0 * np.sum(b @ C * b, axis=1)[:, None] * (b @ C)
        gram = b @ b.T
        value = 2.0 * np.sum(contracted * b) + np.sum(gram**4)
        return value, (8.0 * (contracted + gram**3 @ b)).ravel()

    options = {"maxiter": 5000, "maxfun": 10_000, "ftol": 1e-15, "gtol": 1e-9}
    result = minimize(objective, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    return result.x.reshape(start.shape), result.fun


@pytest.mark.parametrize("gain", [0.5, 3.0])
def test_search_in_few_axes_ends_at_the_minimum_of_plain_lbfgs(gain):
    """kappa ~ - sum_j b_j (x) b_j (x) b_j (x) b_j of 3000 samples of 48 sites, from one start."""
    X = nlgp_samples(48, 3000, 5.0, gain)
    kappa = cumulant(X)
    assert kappa._condensed is not kappa
    start = symmetric_cp(X, 4, max_iter=1, random_state=1)
    assert np.all(start.weights < 0)
    fit = symmetric_cp(X, 4, start=start, random_state=0)
    scales = np.abs(start.weights)[:, None] ** 0.25
    vectors, lowest = minimum_by_definition(X, start.components * scales)
    assert fit.fitted_norm == pytest.approx(-lowest, rel=1e-6)
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = np.abs(fit.components @ (vectors / lengths[:, None]).T)
    assert np.all(cosines.max(axis=1) > 1.0 - 1e-4)
    expected = -(lengths[cosines.argmax(axis=1)] ** 4)
    np.testing.assert_allclose(fit.weights, expected, rtol=1e-3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", [3, 4])
def test_every_method_is_exact_on_orthogonal_tensors_of_either_sign(method, order):
    weights = np.array([3.0, -2.0, 1.5, -1.0])
    tensor, Q = orthogonal(weights, 8, 0, order)
    options = {"order": order, "method": method, "max_iter": 2000}
    fit = symmetric_cp(tensor, 4, tol=1e-14, random_state=1, **options)
    np.testing.assert_allclose(cp_to_tensor(fit.to_cp_tensor()), tensor, atol=1e-5)
    expected = np.abs(weights) if order == 3 else weights
    np.testing.assert_allclose(fit.weights, expected, rtol=1e-5)
    np.testing.assert_allclose(np.abs(np.sum(fit.components * Q, axis=1)), 1.0, atol=1e-6)
    largest = np.take_along_axis(fit.components, np.abs(fit.components).argmax(1)[:, None], 1)
    assert order == 3 or largest.min() > 0
    assert fit.fitted_norm == pytest.approx((weights**2).sum(), rel=1e-8)
    assert fit.converged


ISING = cumulant(Ising.from_correlation_length(20, 3.0))
SMOOTH = cumulant(NLGP(20, correlation_length=3.0, gain=3.0))
SPIKES = DenseCumulant(ISING.tensor() + 40.0 * orthogonal([1.0, 1.0], 20, 0)[0])


@pytest.mark.parametrize(
    ("kappa", "signs"), [(ISING, [-1] * 5), (SMOOTH, [-1] * 10), (SPIKES, [-1] * 5 + [1] * 2)]
)
def test_decompositions_are_as_good_as_the_best_of_restarts(kappa, signs):
    """Greedy initial components may correct overlapping ones by components of opposite sign."""
    starts = 0.2 * np.random.default_rng(0).standard_normal((8, len(signs), kappa.n_features))
    norm, residuals = kappa.squared_norm(), []
    for start in starts:
        fit = _symmetric_cp._lbfgs(kappa, start, np.sqrt(norm) * np.array(signs), 2000, 1e-7)
        residuals.append(norm - _symmetric_cp.fitted_norm(kappa, *fit[:2]))
    for seed in range(3):
        fit = symmetric_cp(kappa, len(signs), random_state=seed)
        assert norm - fit.fitted_norm < 1.01 * min(residuals)
        assert fit.weights.size - 2 * np.sum(fit.weights < 0) == sum(signs)


def test_components_that_cancel_are_reported():
    """aaab, symmetrized, is the limit of t [(a + b/t)^4 - (a - b/t)^4], up to a factor."""
    vectors = np.array([[1.0, 1.0], [1.0, -1.0], [0.5, 1.0], [-0.5, 1.0]])
    with pytest.warns(
        ConvergenceWarning, match="signs nearly cancel: their squared weights sum to .* fewer"
    ):
        symmetric_cp(rank_one_sum([1.0, -1.0, -2.0, 2.0], vectors), 2, random_state=0)


def test_components_without_use_have_weight_zero():
    weights = [3.0, -2.5, 2.0, -1.0]
    fit = symmetric_cp(orthogonal(weights, 9, 4)[0], 6, random_state=0)
    np.testing.assert_allclose(fit.weights, [*weights, 0.0, 0.0], atol=1e-6)
    tensor = rank_one_sum([-2.0], np.eye(3)[:1])
    for method in METHODS:
        for source in [0.0 * tensor, tensor] if method != "parafac" else [0.0 * tensor]:
            fit = symmetric_cp(source, 2, method=method, random_state=0)
            np.testing.assert_allclose(fit.to_cp_tensor().to_tensor(), source, atol=1e-6)
            assert fit.converged


def test_a_singular_matrix_of_parafac_is_reported(monkeypatch):
    """As for a rank-one tensor, where rounding decides whether two components become one."""

    def parafac(*_, **__):
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr("tensorly.decomposition.parafac", parafac)
    with pytest.raises(RuntimeError, match="failed with a singular matrix in all 4 runs"):
        symmetric_cp(rank_one_sum([-2.0], np.eye(3)[:1]), 2, method="parafac", random_state=0)


@pytest.mark.parametrize("inits", [_symmetric_cp._INITS, ("random",)])
def test_dense_methods_report_the_components_that_they_lose(inits, monkeypatch):
    """Three orthogonal terms, 3, -2 and 1: from random factors parafac often finds two."""
    monkeypatch.setattr(_symmetric_cp, "_INITS", inits)
    n_lost = 0
    for seed in range(8):
        tensor, _ = orthogonal([3.0, -2.0, 1.0], 8, seed)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            fit = symmetric_cp(tensor, 3, method="parafac", random_state=seed)
        error = relative_residual(tensor, fit.weights, fit.components)
        assert fit.converged == (error < 1e-3) == (not caught)
        if caught:
            assert "TensorLy's parafac missed a component" in str(caught[0].message)
            assert f"relative error is {error:.3f}, but 0" in str(caught[0].message)
        n_lost += not fit.converged
    assert (n_lost > 0) == (inits == ("random",))


def test_optimisers_that_are_stopped_early_warn():
    X = nlgp_samples()
    with pytest.warns(ConvergenceWarning, match="parafac missed a component or did not converge"):
        assert not symmetric_cp(X, 3, method="parafac", max_iter=2, random_state=0).converged
    with pytest.warns(ConvergenceWarning, match="did not converge in 2 iterations"):
        CumulantCP(6, max_iter=2, random_state=0).fit(X)


def test_decompositions_convert_to_tensorly_and_back():
    kappa = cumulant(nlgp_samples())
    fit = symmetric_cp(kappa, 3, tol=1e-15, random_state=0)
    converted = fit.to_cp_tensor()
    assert isinstance(converted, CPTensor)
    assert cp_norm(converted) ** 2 == pytest.approx(fit.fitted_norm, rel=1e-4)  # at a minimum
    # Signs in single factors, lengths and the order of components mean nothing.
    factors = [factor[:, ::-1].copy() for factor in converted.factors]
    factors[0] *= -2.0
    factors[2] *= -1.0
    back = SymmetricCP.from_cp_tensor((fit.weights[::-1], factors), kappa)
    np.testing.assert_allclose(back.components, fit.components, atol=1e-12)
    np.testing.assert_allclose(back.weights, fit.weights, rtol=1e-4)
    assert back.order == 4


@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_factors_and_the_global_generator_is_left_alone(method):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, two = (symmetric_cp(cumulant(RING), 2, method=method, random_state=5) for _ in range(2))
    np.testing.assert_array_equal(one.components, two.components)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize(("gain", "expected"), [(1.0, 0.160), (3.0, 0.168)])
def test_leading_factor_of_the_cumulant_is_localized(gain, expected):
    """D = 30, xi = 3, exact and of 50,000 samples. The raw moment's leading factor is uniform."""
    model = NLGP(30, correlation_length=3.0, gain=gain)
    kappa = cumulant(model)
    leading = symmetric_cp(kappa, 1, tol=1e-12, random_state=0)
    assert ipr(leading.components)[0] == pytest.approx(expected, rel=0.01)
    sampled = symmetric_cp(model.sample(50_000, random_state=0), 1, random_state=0)
    assert ipr(sampled.components)[0] == pytest.approx(expected, rel=0.1)
    assert sampled.weights[0] < 0
    C = model.covariance()
    pairs = ("ij,kl", "ik,jl", "il,jk")
    moment = kappa.tensor() + sum(np.einsum(f"{pair}->ijkl", C, C) for pair in pairs)
    (v,) = symmetric_cp(moment, 1, tol=1e-12, random_state=0).components
    np.testing.assert_allclose(v, 1.0 / np.sqrt(30), atol=1e-3)


def test_decomposition_begins_where_it_is_asked_to():
    kappa = cumulant(RING)
    once = symmetric_cp(kappa, 3, tol=1e-14, random_state=0)
    assert symmetric_cp(kappa, 3, tol=0.1, random_state=0).n_iter < once.n_iter
    again = symmetric_cp(kappa, 3, start=once, tol=1e-14, random_state=1)
    assert again.n_iter <= 3
    # The order of components of equal weight is arbitrary.
    overlaps = np.abs(again.components @ once.components.T)
    np.testing.assert_allclose([overlaps.max(axis=0), overlaps.max(axis=1)], 1.0, atol=1e-6)
    vectors = symmetric_cp(kappa, 3, start=5.0 * once.components, tol=1e-14, random_state=1)
    np.testing.assert_allclose(vectors.weights, once.weights, rtol=1e-5)
    warm, cold = (symmetric_cp(kappa, 8, start=start, random_state=0) for start in (once, None))
    assert warm.fitted_norm > max(once.fitted_norm, 0.97 * cold.fitted_norm)
    for factor in (-1.0, 1e-8, 1e6):  # of another cumulant, only the directions count
        other = symmetric_cp(factor * kappa, 3, start=once, random_state=0)
        np.testing.assert_allclose(other.weights, factor * once.weights, rtol=1e-3)
        assert other.fitted_norm == pytest.approx(factor**2 * once.fitted_norm, rel=1e-3)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "als"}, "`method` must be one of 'lbfgs', 'power', 'parafac'.*, got 'als'"),
        ({"order": 2}, "`order` must be 3 or 4, got 2"),
        ({"start": np.eye(3)}, r"at most 2 components of 4 features, got shape \(3, 3\)"),
        ({"start": np.eye(4)[:3]}, r"at most 2 components .* got shape \(3, 4\)"),
        ({"start": np.zeros((1, 4))}, "`start` must not have components of zeros"),
        (
            {"method": "parafac", "start": np.eye(4)[:1]},
            "`start` must be None for method='parafac'",
        ),
    ],
)
def test_bad_methods_and_initial_components_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        symmetric_cp(np.random.default_rng(0).normal(size=(20, 4)), 2, **parameters)


def test_estimator_decomposes_the_class_it_is_given():
    X, y = make_nlgp(8000, 12, correlation_length=(1.0, 2.0), random_state=0)
    names = np.array(["short", "long"])[y]
    cp = CumulantCP(3, target="long", random_state=0).fit(X, names)
    alone = CumulantCP(3, random_state=0).fit(X[y == 1])
    np.testing.assert_array_equal(cp.components_, alone.components_)
    np.testing.assert_allclose(cp.transform(X), (X - cp.mean_) @ cp.components_.T)
    expected = relative_residual(cumulant(X[y == 1]).tensor(), cp.weights_, cp.components_)
    assert cp.relative_error_ == pytest.approx(expected, abs=1e-6)


def test_targets_within_and_difference_are_sums_of_the_classes_cumulants():
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    signs = rng.choice([-1.0, 1.0], size=(20_000, 6))
    peaked = rng.laplace(size=(20_000, 6)) / 2**0.5
    X = np.concatenate([signs @ Q, peaked @ Q + 1.0])
    y = np.repeat(["flat", "peaked"], 20_000)
    flat, peak = (cumulant(X[y == label]) for label in ("flat", "peaked"))
    for target, kappa in (("within", (flat + peak) / 2), ("difference", peak - flat)):
        cp = CumulantCP(6, target=target, n_init=2, random_state=0).fit(X, y)
        fit = symmetric_cp(kappa, 6, random_state=0)
        np.testing.assert_allclose(cp.weights_, fit.weights, rtol=1e-3, atol=1e-3)
        expected = relative_residual(kappa.tensor(), cp.weights_, cp.components_)
        assert cp.relative_error_ == pytest.approx(expected, rel=1e-3)
        assert cp.start_scores_.max() == 1.0
        np.testing.assert_allclose(cp.mean_, (flat.mean + peak.mean) / 2)
    assert cp.weights_.min() > 4.0  # 3 - (-2) along each axis


@pytest.mark.parametrize("scale", [1e-25, 1e3, 1e25])
def test_the_unit_of_inputs_does_not_change_their_factors(scale):
    X = nlgp_samples(48, 3000, 5.0)
    one, other = (CumulantCP(3, n_init=2, random_state=0).fit(x) for x in (X, scale * X))
    np.testing.assert_allclose(other.components_, one.components_, atol=1e-5)
    np.testing.assert_allclose(other.weights_ / scale**4, one.weights_, rtol=1e-4)
    np.testing.assert_allclose(other.start_scores_, one.start_scores_, rtol=1e-6)
    assert other.relative_error_ == pytest.approx(one.relative_error_, rel=1e-6)


@pytest.mark.parametrize(
    "data", [[np.full((3, 2), 1e40), np.eye(2)], 1e80 * np.eye(3), 1e-45 * np.eye(3)]
)
def test_sizes_beyond_the_range_of_floats_are_refused(data):
    with pytest.raises(ValueError, match=r"cale .* to (about )?unit variance"):
        CumulantCP(1).fit(data)


def test_factors_of_blocks_are_those_of_the_array():
    dask_array = pytest.importorskip("dask.array")
    X = nlgp_samples(n=3000)
    X = np.concatenate([X, X[::-1] ** 3])
    options = {"tol": 1e-12, "random_state": 0}
    whole = CumulantCP(3, **options).fit(X)
    lazy = dask_array.from_array(X, chunks=(700, 12))
    for blocks in ([X[:10], X[10:5000], X[5000:]], lazy):
        streamed = CumulantCP(3, **options).fit(blocks)
        np.testing.assert_allclose(streamed.components_, whole.components_, atol=1e-5)
        np.testing.assert_allclose(streamed.weights_, whole.weights_, rtol=1e-6)
        assert streamed.relative_error_ == pytest.approx(whole.relative_error_, rel=1e-6)
        assert streamed.transform(X).shape == (6000, 3)


def test_factors_of_rows_on_disk_are_those_of_the_array(tmp_path, monkeypatch):
    dask_array = pytest.importorskip("dask.array")
    monkeypatch.setattr(_cumulant, "_ROUGH_VALUES", 300 * 48)  # rough steps take half of the rows
    monkeypatch.setattr(_cumulant, "_NORM_ROWS", 100)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 48)) + np.outer(np.sign(rng.normal(size=600)), np.repeat([2, 0], 24))
    X = (X + np.outer(np.sign(rng.normal(size=600)), np.repeat([0, 1], 24))).astype(np.float32)
    dask_array.to_npy_stack(tmp_path, dask_array.from_array(X, chunks=(170, -1)))
    lazy = dask_array.from_npy_stack(tmp_path)
    whole, blocks, selected = (
        CumulantCP(2, tol=1e-12, random_state=0).fit(rows)
        for rows in (X, lazy, lazy[lazy[:, 0] < np.inf])  # the last has blocks of unknown lengths
    )
    np.testing.assert_allclose(blocks.components_, whole.components_, atol=1e-4)
    assert blocks.relative_error_ == pytest.approx(whole.relative_error_, rel=1e-6)
    np.testing.assert_array_equal(selected.components_, blocks.components_)


@pytest.mark.parametrize(
    ("parameters", "data", "message"),
    [
        ({"n_components": 0}, "array", "`n_components` must be a positive integer, got 0"),
        ({"max_iter": 0}, "array", "`max_iter` must be a positive integer, got 0"),
        ({"tol": 0.0}, "array", "`tol` must be positive and finite, got 0.0"),
        ({"n_init": 0}, "array", "`n_init` must be a positive integer, got 0"),
        ({"target": 2}, "array", r"target=2 must have .*, got 0. The labels in `y` are \[0, 1\]"),
        ({"target": 1}, "unlabelled", "`y` must not be None if target=1 selects a class"),
        ({"target": "difference"}, "three", "two classes for target='difference', got 3"),
        ({"target": 0}, "blocks", "`target` must be None for blocks of inputs, got 0"),
    ],
)
def test_bad_decomposition_is_refused(parameters, data, message):
    X, y = np.random.default_rng(0).normal(size=(60, 8)), np.arange(60)
    labels = {"array": y % 2, "three": y % 3, "blocks": y % 2, "unlabelled": None}[data]
    with pytest.raises(ValueError, match=message):
        CumulantCP(**parameters).fit([X[:20], X[20:]] if data == "blocks" else X, labels)


def test_threads_that_decompose_together_leave_the_thread_limits_as_they_were():
    def limits():
        return {lib["filepath"]: lib["num_threads"] for lib in threadpool_info()}

    def other():
        with scipy_on_one_thread():
            inside.set()
            done.wait()

    before, inside, done = limits(), threading.Event(), threading.Event()
    thread = threading.Thread(target=other)
    with scipy_on_one_thread():
        thread.start()
        inside.wait()
        with blas_on_one_thread():
            pass
    # The thread that is still inside computes as it began.
    blas = [lib for lib in threadpool_info() if lib["user_api"] == "blas"]
    assert {lib["num_threads"] for lib in blas} == {1}
    done.set()
    thread.join()
    assert limits() == before
