from functools import partial

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_digits

from rfsk import make_gaussian_clone, make_gp, make_nlgp
from rfsk.datasets import (
    NLGP,
    Algebraic,
    Discrimination,
    GaussianField,
    Matern,
    make_elliptical,
    make_image_patches,
    make_ising,
    make_phi4,
    make_pulses,
    make_spiked_cumulant,
    make_transformed_field,
)

XI = {"correlation_length": (1.0, 2.0, 3.0)}
PAIRS = {"correlation_length": ((1.0, 2.0), (2.0, 1.0), 3.0), "boundary": "open"}
K = {"coupling": (0.5, 1.0, 2.0)}
# Each generator at a small size, with parameters of three classes or of its two classes.
SMALL = {
    "nlgp": (make_nlgp, 12, {**XI, "gain": 2.0}),
    "open torus": (make_nlgp, (4, 5), PAIRS),
    "gp": (make_gp, 12, {**XI, "kernel": Matern(2.5)}),
    "bare gp": (make_gp, 12, {**XI, "gain": None}),
    "ising": (make_ising, 12, {**XI, "n_sweeps": 3}),
    "ising torus": (make_ising, (4, 4), {"temperature": (2.0, 3.0, 4.0), "n_sweeps": 2}),
    "phi4": (make_phi4, 12, {**K, "standardize": True}),
    "phi4 torus": (make_phi4, (4, 3), {**K, "mass_squared": -2.0}),
    "pulses": (make_pulses, 12, {"length": ((1, 4), (4, 8), (2, 3))}),
    "transformed": (make_transformed_field, 12, {**XI, "marginal": Algebraic(5.0)}),
    "elliptical": (make_elliptical, 12, XI),
    "patches": (make_image_patches, (4, 4), {"whiten": True}),
    "spiked": (make_spiked_cumulant, 12, {"strength": 2.0, "latent": "laplace"}),
}


def models(*lengths, shape=10):
    return [NLGP(shape, correlation_length=xi, gain=3.0) for xi in lengths]


def test_gp_has_the_covariance_of_the_nlgp_and_bare_kernel_without_gain():
    clone, bare = (make_gp(2, 20, gain=gain, return_X_y=False).task for gain in (3.0, None))
    for ours, xi in zip(clone.models, (5.0, 10.0), strict=True):
        nlgp = NLGP(20, correlation_length=xi, gain=3.0)
        np.testing.assert_allclose(ours.covariance(), nlgp.covariance(), atol=1e-12)
    assert bare.models[0] == GaussianField(20, correlation_length=5.0)


def test_batches_are_drawn_by_the_sample_of_a_subclass():
    class Shifted(GaussianField):
        def sample(self, n_samples, random_state=None):
            return 9.0 + super().sample(n_samples, random_state)

    task = Discrimination([Shifted(4, correlation_length=1.0)] * 2)
    assert next(task.batches(10, 1, random_state=0))[0].mean() > 5.0


@pytest.mark.parametrize("name", SMALL)
def test_every_generator_draws_its_classes_in_their_proportions(name):
    make, shape, parameters = SMALL[name]
    n_classes = 2 if name in ("patches", "spiked") else 3
    X, y = make(31, shape, **parameters, random_state=0)
    assert (X.shape, X.dtype, y.dtype) == ((31, np.prod(shape)), np.float64, np.int64)
    assert max(np.bincount(y)) - min(np.bincount(y)) <= 1
    assert not np.array_equal(X, make(31, shape, **parameters, random_state=1)[0])
    priors = [0.8, 0.2] if n_classes == 2 else [0.6, 0.2, 0.2]
    bunch = make(
        50, shape, **parameters, priors=priors, shuffle=False, random_state=0, return_X_y=False
    )
    np.testing.assert_array_equal(np.bincount(bunch.y), np.round(50 * np.array(priors)))
    assert np.all(np.diff(bunch.y) >= 0)
    assert len(bunch.target_names) == len(set(bunch.target_names)) == n_classes
    assert bunch.shape == bunch.task.shape == (shape if isinstance(shape, tuple) else (shape,))
    assert bunch.DESCR.count("class ") == n_classes
    rows = bunch.task.sample(50, random_state=0, shuffle=False)
    np.testing.assert_array_equal(rows[0], bunch.X)
    np.testing.assert_array_equal(rows[1], bunch.y)
    for key, value in parameters.items():
        assert bunch.parameters[key] == value
    name, values = next(iter(bunch.parameters.items()))
    for model, value in zip(bunch.task.models, values, strict=True) if name != "class" else ():
        assert getattr(getattr(model, "model", model), name) == pytest.approx(value, rel=1e-12)


def test_bundled_photographs_are_sparse_and_white_when_asked_for():
    model = make_image_patches(2, return_X_y=False, whiten=True).task.models[0]
    assert model.shape == (12, 12)
    assert model.excess_kurtosis() > 1.0
    eigenvalues = np.linalg.eigvalsh(model.covariance())
    np.testing.assert_allclose(eigenvalues[0], 0.0, atol=1e-10)  # of the constant patch
    np.testing.assert_allclose(eigenvalues[1:], 144 / 143, rtol=1e-8)


@pytest.mark.parametrize("n_rows", [12, 60, 400])
def test_clone_has_the_mean_and_covariance_of_each_class(n_rows):
    rng = np.random.default_rng(0)
    X = rng.exponential(size=(n_rows, 20)) @ rng.normal(size=(20, 20)) + 3.0
    y = np.arange(n_rows) % 2
    names = np.array(["short", "long"])[y]
    clone, labels = make_gaussian_clone(X, names, random_state=0)
    np.testing.assert_array_equal(labels, names)
    for label in (0, 1):
        ours, theirs = clone[y == label], X[y == label]
        np.testing.assert_allclose(ours.mean(axis=0), theirs.mean(axis=0), rtol=1e-10)
        np.testing.assert_allclose(np.cov(ours.T), np.cov(theirs.T), atol=1e-9 * np.var(theirs))
    assert np.abs(clone - X).max() > 1.0


def test_clone_keeps_constant_features():
    X = load_digits().data
    clone = make_gaussian_clone(X, random_state=0)
    assert np.all(clone[:, np.ptp(X, axis=0) == 0.0] == 0.0)
    flat = X - X.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(make_gaussian_clone(flat).sum(axis=1), 0.0, atol=1e-8)


def test_clones_and_gaussian_data_are_exchangeable():
    """The rank of a fourth-order statistic of the data among 9 clones is uniform."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(5, 5))
    ranks = []
    for _ in range(400):
        X = rng.normal(size=(30, 5)) @ mixing
        clones = [make_gaussian_clone(X, random_state=rng) for _ in range(9)]
        strength = [np.sum(rows**4) for rows in [X, *clones]]
        ranks.append(np.sum(np.array(strength[1:]) >= strength[0]))
    counts = np.bincount(ranks, minlength=10)
    assert stats.chisquare(counts).pvalue > 1e-3


PAIR = models(1.0, 2.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (partial(make_nlgp, 0), r"`n_samples` must be a positive integer, got 0"),
        (partial(make_nlgp, 9, random_state=True), "`random_state` must be None, .*, got True"),
        (partial(make_gp, gain=-1), r"`gain` must be positive and finite, got -1"),
        (partial(make_nlgp, correlation_length=5.0), "must have at least two values, .*, got 5.0"),
        (
            partial(make_pulses, length=[(3, 5)]),
            r"two values, one per class, for example \(\(5, 15\), \(15, 30\)\)",
        ),
        (partial(make_nlgp, priors=(0.5, 0.499)), "`priors` must be 2 positive numbers with sum 1"),
        (
            partial(Discrimination(PAIR).batches, 2.5, 1),
            "`batch_size` must be a positive integer, got 2.5",
        ),
        (partial(Discrimination, PAIR[:1]), "`models` must have at least 2 entries, got 1"),
        (
            partial(Discrimination, [*PAIR, *models(2.0, shape=11)]),
            r"must have the same shape, got \[\(10,\), \(11,\)\]",
        ),
    ],
)
def test_bad_input_is_one_clear_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("n_features", "shape"),
        ("xi", "correlation_length"),
        ("gains", "gain"),
        ("seed", "random_st"),
    ],
)
def test_unknown_parameter_of_a_generator_is_refused_with_the_one_that_was_meant(name, meant):
    with pytest.raises(TypeError, match=rf"argument '{name}'\. Did you mean '{meant}"):
        make_nlgp(100, **{name: 3})
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'zzz'\.$"):
        make_nlgp(100, zzz=3)
