import numpy as np
import pytest
from tensorly.decomposition import parafac

from rfsk import CumulantCP, make_gp, make_nlgp, symmetric_cp
from rfsk.analysis import cumulant, ipr
from rfsk.datasets import NLGP


def dense_cumulant(X):
    """Every entry of the empirical fourth cumulant, by the definition."""
    X = X - X.mean(axis=0)
    C = X.T @ X / len(X)
    moment = np.einsum("ni,nj,nk,nl->ijkl", X, X, X, X, optimize=True) / len(X)
    pairs = ("ij,kl->ijkl", "ik,jl->ijkl", "il,jk->ijkl")
    return moment - sum(np.einsum(pair, C, C) for pair in pairs)


def rank_one_sum(weights, components):
    return np.einsum("r,ri,rj,rk,rl->ijkl", weights, *[components] * 4)


@pytest.fixture(scope="module")
def skewed():
    return np.random.default_rng(0).standard_normal((60, 7)) ** 3 + 2.0


def test_implicit_contraction_equals_the_dense_one(skewed):
    directions = np.random.default_rng(1).standard_normal((4, 7))
    dense = dense_cumulant(skewed)
    expected = np.einsum("ijkl,ri,rj,rk->rl", dense, *[directions] * 3)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(cumulant(skewed).contract(directions), expected, atol=1e-12 * scale)
    np.testing.assert_allclose(cumulant(dense).contract(directions), expected, atol=1e-12 * scale)


def test_contraction_does_not_depend_on_the_chunks(skewed, monkeypatch):
    from rfsk.analysis import _sample_cumulant

    whole = cumulant(skewed).contract(np.eye(7))
    monkeypatch.setattr(_sample_cumulant, "_CHUNK_ROWS", 11)
    np.testing.assert_allclose(cumulant(skewed).contract(np.eye(7)), whole, rtol=1e-12)


def test_squared_norm_equals_the_sum_over_entries(skewed):
    expected = (dense_cumulant(skewed) ** 2).sum()
    assert cumulant(skewed).squared_norm() == pytest.approx(expected, rel=1e-12)


def test_both_ways_to_the_norm_agree_and_sampling_rows_is_unbiased(monkeypatch):
    """400 estimates from 40 of 200 rows: mean within five standard errors of the exact one."""
    from rfsk.analysis import _sample_cumulant

    kappa = cumulant(np.random.default_rng(2).standard_normal((200, 3)) ** 3)
    exact = kappa.squared_norm()
    monkeypatch.setattr(_sample_cumulant, "_FEW_FEATURES", 0)
    assert kappa.squared_norm() == pytest.approx(exact, rel=1e-12)
    monkeypatch.setattr(_sample_cumulant, "_NORM_ROWS", 40)
    drawn = np.array([kappa.squared_norm(seed) for seed in range(400)])
    assert drawn.std() > 0
    assert abs(drawn.mean() - exact) < 5 * drawn.std() / np.sqrt(400)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_sampled_norm_in_single_precision_takes_any_scale(scale, monkeypatch):
    from rfsk.analysis import _sample_cumulant

    monkeypatch.setattr(_sample_cumulant, "_FEW_FEATURES", 0)
    monkeypatch.setattr(_sample_cumulant, "_NORM_ROWS", 50)
    X = np.random.default_rng(2).standard_normal((200, 3)) ** 3
    once, scaled = (cumulant(factor * X).squared_norm(0) for factor in (1.0, scale))
    assert scaled == pytest.approx(scale**8 * once, rel=1e-5)


def test_gaussian_samples_have_no_cumulant_within_error():
    """kappa(a,a,a,a) of 10^5 Gaussian samples: below five standard errors, sqrt(24/n)."""
    X = np.random.default_rng(3).standard_normal((100_000, 5))
    values = np.einsum("rd,rd->r", cumulant(X).contract(np.eye(5)), np.eye(5))
    assert np.abs(values).max() < 5 * np.sqrt(24 / 100_000)


def test_pooling_gaussian_classes_makes_a_cumulant_where_each_class_has_none():
    """The pooled cumulant is 3 sym(D D), D = (C_0 - C_1) / 2, as the docstring says."""
    X, y = make_gp(200_000, 12, correlation_length=(0.7, 3.0), random_state=0)
    a = np.ones(12) / np.sqrt(12)
    C = [X[y == label].T @ X[y == label] / (y == label).sum() for label in (0, 1)]
    expected = 3 * (a @ (C[0] - C[1]) @ a / 2) ** 2
    pooled = cumulant(X).contract(a[None])[0] @ a
    error = 5 * ((X @ a) ** 4).std() / np.sqrt(len(X))
    assert abs(pooled - expected) < error < expected
    for label in (0, 1):
        rows = X[y == label]
        within = cumulant(rows).contract(a[None])[0] @ a
        assert abs(within) < 5 * np.sqrt(24 / len(rows)) * (a @ C[label] @ a) ** 2


@pytest.mark.parametrize("n_components", [4, 6])
def test_cp_is_exact_on_orthogonal_tensors_of_either_sign(n_components):
    rng = np.random.default_rng(4)
    components = np.linalg.qr(rng.standard_normal((9, 9)))[0][:4]
    weights = np.array([3.0, -2.5, 2.0, -1.0])
    fit = symmetric_cp(rank_one_sum(weights, components), n_components, random_state=0)
    np.testing.assert_allclose(fit.weights[:4], weights, atol=1e-6)
    np.testing.assert_allclose(np.abs(np.sum(fit.components[:4] * components, axis=1)), 1.0)
    np.testing.assert_allclose(fit.weights[4:], 0.0, atol=1e-6)


def test_cp_of_samples_equals_cp_of_their_dense_tensor():
    X = NLGP(12, correlation_length=2.0, gain=3.0).sample(4000, random_state=0)
    implicit = symmetric_cp(X, 3, tol=1e-14, random_state=0)
    dense = symmetric_cp(dense_cumulant(X), 3, tol=1e-14, random_state=0)
    np.testing.assert_allclose(implicit.weights, dense.weights, rtol=1e-6)
    np.testing.assert_allclose(implicit.components, dense.components, atol=1e-6)


def test_cp_explains_as_much_as_tensorly_s_parafac():
    """Symmetric rank 4 against parafac of the dense tensor (D=10): at least as good a fit."""
    X = NLGP(10, correlation_length=1.5, gain=3.0).sample(20_000, random_state=0)
    dense = dense_cumulant(X)
    ours = symmetric_cp(dense, 4, random_state=0)
    theirs = parafac(dense, 4, n_iter_max=200, init="random", random_state=0)
    left = np.linalg.norm(dense - theirs.to_tensor()) ** 2
    ours_left = np.linalg.norm(dense - rank_one_sum(ours.weights, ours.components)) ** 2
    assert (dense**2).sum() - ours.fitted_norm == pytest.approx(ours_left, rel=1e-6)
    assert ours_left < 1.02 * left


def test_scaling_the_inputs_scales_the_weights_to_the_fourth():
    X = NLGP(12, correlation_length=2.0, gain=3.0).sample(4000, random_state=0)
    once, scaled = (symmetric_cp(factor * X, 3, random_state=0) for factor in (1.0, 1e3))
    np.testing.assert_allclose(scaled.weights, 1e12 * once.weights, rtol=1e-4)
    np.testing.assert_allclose(scaled.components, once.components, atol=1e-3)


def test_gradient_of_the_objective_reaches_zero():
    X = NLGP(8, correlation_length=1.5, gain=3.0).sample(4000, random_state=0)
    dense = dense_cumulant(X)
    fit = symmetric_cp(dense, 3, tol=1e-15, random_state=0)
    residual = dense - rank_one_sum(fit.weights, fit.components)
    gradient = np.einsum("ijkl,ri,rj,rk->rl", residual, *[fit.components] * 3)
    assert np.abs(gradient).max() < 1e-5 * np.abs(fit.weights).max()


def test_zero_tensor_has_zero_weights():
    fit = symmetric_cp(np.zeros((3, 3, 3, 3)), 2, random_state=0)
    assert fit.weights.tolist() == [0.0, 0.0]


def test_leading_factor_of_an_nlgp_class_is_localized():
    """D=30, xi=3, 50,000 samples: IPR of the leading factor near the exact .160 and .168."""
    for gain, expected in ((1.0, 0.160), (3.0, 0.168)):
        X = NLGP(30, correlation_length=3.0, gain=gain).sample(50_000, random_state=0)
        fit = symmetric_cp(X, 1, random_state=0)
        assert ipr(fit.components)[0] == pytest.approx(expected, rel=0.1)
        assert fit.weights[0] < 0


def test_estimator_decomposes_the_class_it_is_given():
    X, y = make_nlgp(8000, 12, correlation_length=(1.0, 2.0), random_state=0)
    names = np.array(["short", "long"])[y]
    cp = CumulantCP(3, target="long", random_state=0).fit(X, names)
    alone = CumulantCP(3, random_state=0).fit(X[y == 1])
    np.testing.assert_array_equal(cp.components_, alone.components_)
    np.testing.assert_allclose(cp.transform(X), (X - cp.mean_) @ cp.components_.T)
    dense = dense_cumulant(X[y == 1])
    residual = dense - rank_one_sum(cp.weights_, cp.components_)
    expected = np.linalg.norm(residual) / np.linalg.norm(dense)
    assert cp.relative_error_ == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("scale", [1e-45, 1e60])
def test_estimator_takes_inputs_of_any_scale(scale):
    X = NLGP(12, correlation_length=2.0, gain=3.0).sample(4000, random_state=0)
    once, scaled = (CumulantCP(3, random_state=0).fit(factor * X) for factor in (1.0, scale))
    np.testing.assert_allclose(scaled.components_, once.components_, atol=1e-6)
    np.testing.assert_allclose(scaled.weights_ / scale**4, once.weights_, rtol=1e-6)
    assert scaled.relative_error_ == pytest.approx(once.relative_error_, rel=1e-6)


@pytest.mark.parametrize(
    ("parameters", "y", "message"),
    [
        ({"target": 2}, [0, 1, 0, 1], r"target=2 has 0 row\(s\) in y.*Labels in y: \[0, 1\]"),
        ({"target": 1}, None, "target=1 names a class, but y is None"),
        ({"n_components": 0}, None, "n_components=0; expected an integer > 0"),
        ({"max_iter": 0}, None, "max_iter=0; expected an integer > 0"),
        ({"tol": 0.0}, None, "tol=0.0; expected a finite number > 0"),
    ],
)
def test_bad_cp_parameters_are_refused(parameters, y, message):
    with pytest.raises(ValueError, match=message):
        CumulantCP(**parameters).fit(np.random.default_rng(0).standard_normal((4, 3)), y)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.ones((3, 3, 3, 2)), r"tensor has shape \(3, 3, 3, 2\); expected two to four equal"),
        (np.arange(16.0).reshape(2, 2, 2, 2), "tensor is not symmetric"),
        (np.full((4, 3), np.nan), "X contains NaN"),
        (np.ones((1, 3)), "minimum of 2 is required"),
    ],
)
def test_bad_sources_are_refused(source, message):
    with pytest.raises(ValueError, match=message):
        cumulant(source)


def test_unconverged_fit_warns():
    from sklearn.exceptions import ConvergenceWarning

    X = np.random.default_rng(0).standard_normal((30, 10))
    with pytest.warns(ConvergenceWarning, match="did not converge in 2 iterations"):
        CumulantCP(6, max_iter=2, random_state=0).fit(X)
