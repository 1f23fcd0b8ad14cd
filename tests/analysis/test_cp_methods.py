"""Decompositions by other methods, from other starts, of rising rank; norms without tensors."""

import numpy as np
import pytest
from scipy.optimize import minimize
from tensorly.decomposition import symmetric_power_iteration

from rfsk.analysis import (
    CumulantCP,
    DenseCumulant,
    cumulant,
    symmetric_cp,
    symmetric_cp_path,
)
from rfsk.analysis._sample_cumulant import SubspaceCumulant
from rfsk.analysis._symmetric_cp import cp_objective
from rfsk.datasets import NLGP, GaussianField


def rank_one_sum(weights, components, order=4):
    letters = "ijkl"[:order]
    rule = "r," + ",".join(f"r{a}" for a in letters) + "->" + letters
    return np.einsum(rule, weights, *[components] * order)


@pytest.fixture(scope="module", params=[12, 30], name="pair")
def implicit_and_dense(request):
    """Cumulant of 3000 samples as an operator and as the tensor of its definition."""
    D = request.param
    X = NLGP(D, correlation_length=D / 10, gain=3.0).sample(3000, random_state=0)
    x = X - X.mean(axis=0)
    products = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    moment = (products.T @ products / len(x)).reshape((D,) * 4)
    C = x.T @ x / len(x)
    pairs = ("ij,kl->ijkl", "ik,jl->ijkl", "il,jk->ijkl")
    return cumulant(X), DenseCumulant(moment - sum(np.einsum(p, C, C) for p in pairs))


def test_implicit_objective_and_gradient_are_those_of_the_dense_residual(pair):
    implicit, dense = pair
    tensor = dense.tensor()
    rng = np.random.default_rng(1)
    vectors, signs = rng.standard_normal((3, implicit.n_features)), np.array([1.0, -1.0, -1.0])
    residual = tensor - rank_one_sum(signs, vectors)
    value = (residual**2).sum() - (tensor**2).sum()
    slope = -8.0 * signs[:, None] * np.einsum("ijkl,ri,rj,rk->rl", residual, *[vectors] * 3)
    for kappa in pair:
        found, gradient = cp_objective(kappa, vectors, signs)
        assert found == pytest.approx(value, rel=1e-8)
        np.testing.assert_allclose(gradient, slope, rtol=1e-8, atol=1e-8 * np.abs(slope).max())


def test_implicit_and_dense_factors_from_the_same_start_agree(pair):
    start = np.random.default_rng(2).standard_normal((3, pair[0].n_features))
    fits = [symmetric_cp(kappa, 3, start=start, tol=1e-14, random_state=0) for kappa in pair]
    np.testing.assert_allclose(fits[0].components, fits[1].components, atol=1e-6)
    np.testing.assert_allclose(fits[0].weights, fits[1].weights, rtol=1e-6)
    tensor = pair[1].tensor()
    residual = tensor - rank_one_sum(fits[0].weights, fits[0].components)
    left = (tensor**2).sum() - (residual**2).sum()
    assert fits[0].fitted_norm == pytest.approx(left, rel=1e-8)


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
    X = NLGP(48, correlation_length=5.0, gain=gain).sample(3000, random_state=0)
    kappa = cumulant(X)
    assert isinstance(kappa._condensed, SubspaceCumulant)
    start = symmetric_cp(X, 4, method="power", max_iter=6, random_state=1)
    assert np.all(start.weights < 0)
    fit = symmetric_cp(X, 4, start=start, random_state=0)
    vectors, lowest = minimum_by_definition(
        X, start.components * np.abs(start.weights)[:, None] ** 0.25
    )
    assert fit.fitted_norm == pytest.approx(-lowest, rel=1e-6)
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = np.abs(fit.components @ (vectors / lengths[:, None]).T)
    assert np.all(cosines.max(axis=1) > 1.0 - 1e-4)
    expected = -(lengths[cosines.argmax(axis=1)] ** 4)
    np.testing.assert_allclose(fit.weights, expected, rtol=1e-3)


@pytest.mark.parametrize("order", [3, 4])
def test_cumulant_in_a_subspace_is_that_of_the_projected_samples(order):
    rng = np.random.default_rng(0)
    X = rng.standard_exponential((200, 6))
    axes = np.linalg.qr(rng.normal(size=(6, 6)))[0][:3]
    part, whole = (
        SubspaceCumulant(cumulant(X @ axes.T, order), axes),
        cumulant(X @ axes.T @ axes, order),
    )
    directions = rng.normal(size=(4, 6))
    np.testing.assert_allclose(part.tensor(), whole.tensor(), atol=1e-12)
    np.testing.assert_allclose(part.contract(directions), whole.contract(directions), atol=1e-12)
    np.testing.assert_allclose(part.strength(directions), whole.strength(directions), atol=1e-12)


def test_entries_between_pairs_hold_the_whole_cumulant():
    rng = np.random.default_rng(0)
    samples = cumulant(rng.standard_exponential((200, 5)))
    pairs, directions = samples._pair_cumulant(), rng.normal(size=(4, 5))
    np.testing.assert_allclose(pairs.tensor(), samples.tensor(), atol=1e-12)
    np.testing.assert_allclose(pairs.contract(directions), samples.contract(directions), atol=1e-11)
    assert pairs.squared_norm() == pytest.approx((samples.tensor() ** 2).sum(), rel=1e-12)


def test_the_unit_of_samples_does_not_change_their_components():
    X = NLGP(48, correlation_length=5.0, gain=3.0).sample(3000, random_state=0)
    plain, large = (symmetric_cp(scale * X, 3, random_state=0) for scale in (1.0, 1e15))
    np.testing.assert_allclose(large.components, plain.components, atol=1e-5)
    np.testing.assert_allclose(large.weights / 1e60, plain.weights, rtol=1e-4)


def test_only_samples_with_few_strong_axes_are_condensed:
    white = cumulant(np.random.default_rng(0).normal(size=(300, 48)))
    smooth = cumulant(NLGP(48, correlation_length=5.0, gain=3.0).sample(300, random_state=0))
    few = cumulant(NLGP(12, correlation_length=5.0, gain=3.0).sample(300, random_state=0))
    for kappa in (white, few, white - 2.0 * white, cumulant(np.zeros((3, 3, 3, 3)))):
        assert kappa._condensed is kappa
    direction = np.ones((1, 48)) / np.sqrt(48)  # a smooth one, which lies in the kept axes
    for kappa in (smooth, white - 2.0 * smooth):
        assert kappa._condensed is not kappa
        expected = kappa.strength(direction)
        np.testing.assert_allclose(kappa._condensed.strength(direction), expected, rtol=1e-2)


@pytest.mark.parametrize("D", [12, 30])
def test_methods_agree_up_to_order_sign_and_a_common_shift(D):
    """Leading factor of the exact cumulant by L-BFGS, power method and parafac.

    The inputs are smooth, so that the shift need not be of whole sites: fields are compared by the
    amplitudes of their Fourier modes, which no shift changes.
    """
    kappa = cumulant(NLGP(D, correlation_length=D / 10, gain=3.0))
    fits = [
        symmetric_cp(kappa, 1, method=method, tol=1e-13, max_iter=500, random_state=0)
        for method in ("lbfgs", "power", "parafac")
    ]
    amplitudes = [np.abs(np.fft.rfft(fit.components[0])) for fit in fits]
    for fit, amplitude in zip(fits[1:], amplitudes[1:], strict=True):
        np.testing.assert_allclose(amplitude, amplitudes[0], atol=1e-4)
        assert fit.weights[0] == pytest.approx(fits[0].weights[0], rel=1e-6)


@pytest.mark.parametrize("method", ["lbfgs", "power", "parafac"])
@pytest.mark.parametrize("order", [3, 4])
def test_every_method_is_exact_on_orthogonal_tensors_of_either_sign(method, order):
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)))[0][:4]
    weights = np.array([3.0, -2.0, 1.5, -1.0])
    fit = symmetric_cp(
        rank_one_sum(weights, Q, order),
        4,
        order=order,
        method=method,
        tol=1e-14,
        max_iter=2000,
        random_state=1,
    )
    np.testing.assert_allclose(
        rank_one_sum(fit.weights, fit.components, order), rank_one_sum(weights, Q, order), atol=1e-5
    )
    expected = np.abs(weights) if order == 3 else weights
    np.testing.assert_allclose(fit.weights, expected, rtol=1e-5)
    assert fit.fitted_norm == pytest.approx((weights**2).sum(), rel=1e-8)
    assert fit.converged


def test_power_method_agrees_with_tensorly_s_whatever_the_sign():
    """TensorLy's takes its starts from the global generator, which is put back."""
    rng = np.random.default_rng(3)
    Q = np.linalg.qr(rng.normal(size=(6, 6)))[0][:2]
    tensor = rank_one_sum([2.0, 0.5], Q)
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    weight, factor, _ = symmetric_power_iteration(tensor, n_repeat=10, n_iteration=30)
    np.random.set_state(state)  # noqa: NPY002
    for sign in (1.0, -1.0):
        fit = symmetric_cp(sign * tensor, 1, method="power", tol=1e-12, random_state=0)
        assert fit.weights[0] == pytest.approx(sign * weight, rel=1e-6)
        assert abs(fit.components[0] @ factor) == pytest.approx(1.0, abs=1e-6)


def test_same_seed_same_factors_and_the_global_generator_is_left_alone():
    kappa = cumulant(NLGP(10, correlation_length=1.5, gain=3.0))
    for method in ("lbfgs", "power", "parafac"):
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        one, two = (
            symmetric_cp(kappa, 2, method=method, max_iter=50, random_state=5) for _ in range(2)
        )
        np.testing.assert_array_equal(one.components, two.components)
        np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_path_explains_more_at_each_rank_and_starts_where_it_stood():
    X = NLGP(20, correlation_length=2.0, gain=3.0).sample(5000, random_state=0)
    path = symmetric_cp_path(X, (4, 1, 2, 8), random_state=0)
    assert path.n_components.tolist() == [1, 2, 4, 8]
    assert np.all(np.diff(path.relative_error) < 0)
    tensor = cumulant(X).tensor()
    for fit, error in zip(path.decompositions, path.relative_error, strict=True):
        residual = tensor - rank_one_sum(fit.weights, fit.components)
        expected = np.linalg.norm(residual) / np.linalg.norm(tensor)
        assert error == pytest.approx(expected, rel=1e-8)
    cold = symmetric_cp(X, 8, random_state=0)
    assert path.decompositions[-1].fitted_norm > 0.97 * cold.fitted_norm


def test_start_at_the_solution_stays_there():
    kappa = cumulant(NLGP(12, correlation_length=2.0, gain=3.0))
    once = symmetric_cp(kappa, 3, tol=1e-14, random_state=0)
    again = symmetric_cp(kappa, 3, start=once, tol=1e-14, random_state=1)
    assert again.n_iter <= 3
    # Weights that are equal but for rounding may change places.
    overlap = np.abs(again.components @ once.components.T).max(axis=1)
    np.testing.assert_allclose(overlap, 1.0, atol=1e-6)
    vectors = symmetric_cp(kappa, 3, start=5.0 * once.components, tol=1e-14, random_state=1)
    np.testing.assert_allclose(vectors.weights, once.weights, rtol=1e-5)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "als"}, "method='als' is unknown; expected one of 'lbfgs', 'power', 'parafac'"),
        ({"start": np.eye(4)[:, :3]}, r"start has shape \(4, 3\); expected at most 2 components"),
        ({"start": np.eye(3)}, r"start has shape \(3, 3\); expected at most 2 components of 4"),
        ({"method": "parafac", "start": np.eye(4)[:1]}, "method='parafac' takes no start"),
    ],
)
def test_bad_methods_and_starts_are_refused(parameters, message):
    X = np.random.default_rng(0).normal(size=(20, 4))
    with pytest.raises(ValueError, match=message):
        symmetric_cp(X, 2, **parameters)
    with pytest.raises(ValueError, match="n_components is empty; expected at least one rank"):
        symmetric_cp_path(X, ())


def test_parafac_of_a_tensor_too_large_is_refused():
    with pytest.raises(ValueError, match=r"has 70\^4 entries, more than 2\^24"):
        symmetric_cp(np.ones((5, 70)), 1, method="parafac")


@pytest.mark.parametrize("order", [3, 4])
def test_inner_product_of_two_samples_is_that_of_their_tensors(order, monkeypatch):
    from rfsk.analysis import _sample_cumulant

    rng = np.random.default_rng(0)
    one, two = (
        cumulant(rng.standard_exponential((300, 7)) @ rng.normal(size=(7, 7)), order)
        for _ in range(2)
    )
    expected = (one.tensor() * two.tensor()).sum()
    assert one.inner(two) == pytest.approx(expected, rel=1e-9)
    assert one.inner(one) == pytest.approx((one.tensor() ** 2).sum(), rel=1e-9)
    # Some of the rows: unbiased, the mean of 400 estimates within five of its errors.
    monkeypatch.setattr(_sample_cumulant, "_NORM_ROWS", 50)
    drawn = np.array([one.inner(two, seed) for seed in range(400)])
    assert abs(drawn.mean() - expected) < 5 * drawn.std() / 20
    assert drawn.std() > 0


def test_norm_of_sums_of_cumulants_needs_no_tensor(monkeypatch):
    from rfsk.analysis import _cumulant

    rng = np.random.default_rng(0)
    one, two = (cumulant(rng.standard_exponential((200, 8))) for _ in range(2))
    for kappa in (one - two, 0.5 * (one + two), one + one - 2.0 * two):
        expected = (kappa.tensor() ** 2).sum()
        monkeypatch.setattr(_cumulant, "LARGEST_TENSOR", 100)
        assert kappa.squared_norm() == pytest.approx(expected, rel=1e-8)
        monkeypatch.undo()
    monkeypatch.setattr(_cumulant, "LARGEST_TENSOR", 100)
    exact = cumulant(NLGP(8, correlation_length=1.0, gain=3.0))
    with pytest.raises(NotImplementedError, match="Cumulant and a SampleCumulant is not known"):
        (one - exact).squared_norm()


def test_relative_error_between_classes_is_known_above_64_features():
    """Two classes of 70 features: at rank 6 between 0 and 1, lower than at rank 1."""
    X = np.vstack(
        [NLGP(70, correlation_length=xi, gain=3.0).sample(3000, random_state=0) for xi in (3.5, 7)]
    )
    y = np.repeat([0, 1], 3000)
    one, six = (
        CumulantCP(k, target="difference", random_state=0).fit(X, y).relative_error_ for k in (1, 6)
    )
    assert 0.0 < six < one < 1.0


def test_cumulant_of_a_long_ring_meets_its_samples():
    """D = 100, exact, by Fourier transform, against 50,000 samples along random directions."""
    model = NLGP(100, correlation_length=10.0, gain=3.0)
    directions = GaussianField(100, correlation_length=5.0).sample(6, random_state=1) / 10.0
    exact = cumulant(model)
    parts = [
        cumulant(part).strength(directions)
        for part in np.split(model.sample(50_000, random_state=0), 10)
    ]
    error = np.std(parts, axis=0) / np.sqrt(10)
    # Ten parts: t-distributed with 9 degrees of freedom, eight errors are p = 2e-5.
    assert np.all(np.abs(np.mean(parts, axis=0) - exact.strength(directions)) < 8 * error)
    assert np.all(np.abs(exact.strength(directions)) > 8 * error)


def test_start_of_another_cumulant_lends_its_directions_only():
    kappa = cumulant(NLGP(12, correlation_length=2.0, gain=3.0))
    fit = symmetric_cp(kappa, 4, random_state=0)
    for factor in (-1.0, 1e-8, 1e6):
        again = symmetric_cp(factor * kappa, 4, start=fit, random_state=0)
        np.testing.assert_allclose(again.weights, factor * fit.weights, rtol=1e-3)
        assert again.fitted_norm == pytest.approx(factor**2 * fit.fitted_norm, rel=1e-3)
    with pytest.raises(ValueError, match="start has a component of zeros"):
        symmetric_cp(kappa, 2, start=np.zeros((1, 12)))


def test_inner_products_of_unlike_cumulants_are_refused_and_of_covariances_are_theirs():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(50, 5)), rng.normal(size=(60, 5)) * 2
    C, D = np.cov(X.T, bias=True), np.cov(Y.T, bias=True)
    assert cumulant(X, 2).inner(cumulant(Y, 2)) == pytest.approx((C * D).sum())
    with pytest.raises(ValueError, match="of 5 features and order 3, and of 5 and 4, do not go"):
        cumulant(X, 3).inner(cumulant(Y, 4))
    total = sum([cumulant(X), cumulant(Y)])
    np.testing.assert_allclose(total.tensor(), cumulant(X).tensor() + cumulant(Y).tensor())


def test_exact_cumulants_subtract_and_have_a_norm_at_any_size():
    one, two = (cumulant(NLGP(n, correlation_length=2.0, gain=3.0)) for n in (70, 70))
    assert (one - two).squared_norm() == pytest.approx(0.0, abs=1e-9 * one.squared_norm())
    small, other = (cumulant(NLGP(8, correlation_length=xi, gain=3.0)) for xi in (1.0, 2.0))
    expected = (small.tensor() * other.tensor()).sum()
    assert small.inner(other) == pytest.approx(expected, rel=1e-10)


def test_parafac_of_nothing_is_nothing_and_of_an_exact_tensor_exact():
    empty = symmetric_cp(np.zeros((3, 3, 3, 3)), 2, method="parafac", random_state=0)
    assert empty.weights.tolist() == [0.0, 0.0]
    Q = np.linalg.qr(np.random.default_rng(1).normal(size=(6, 6)))[0][:3]
    tensor = rank_one_sum([3.0, -2.0, 1.0], Q)
    explained = [
        symmetric_cp(
            tensor, 3, method="parafac", tol=1e-12, max_iter=500, random_state=s
        ).fitted_norm
        for s in range(3)
    ]
    assert max(explained) == pytest.approx(14.0, rel=1e-6)
    assert min(explained) > 0.5 * 14.0


def test_threads_that_decompose_together_leave_the_thread_limits_as_they_were():
    import threading

    from threadpoolctl import threadpool_info

    from rfsk._core._blas import scipy_on_one_thread

    def limits():
        return {lib["filepath"]: lib["num_threads"] for lib in threadpool_info()}

    before, inside, done = limits(), threading.Event(), threading.Event()

    def other():
        with scipy_on_one_thread():
            inside.set()
            done.wait()

    thread = threading.Thread(target=other)
    with scipy_on_one_thread():
        thread.start()
        inside.wait()
    done.set()
    thread.join()
    assert limits() == before


def test_thread_limits_within_one_another_are_lifted_in_turn():
    from threadpoolctl import threadpool_info

    from rfsk._core._blas import blas_on_one_thread, scipy_on_one_thread

    def limits():
        return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]

    before = limits()
    with scipy_on_one_thread():
        outer = limits()
        with blas_on_one_thread():
            assert set(limits()) == {1}
        assert limits() == outer
    assert limits() == before


def test_path_wants_several_ranks():
    with pytest.raises(TypeError, match=r"n_components=5; expected several ranks"):
        symmetric_cp_path(np.eye(4), 5)
