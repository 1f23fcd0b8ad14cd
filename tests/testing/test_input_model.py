"""check_input_model: correct models pass, and each mistake fails the check that names it."""

import numpy as np
import pytest
from scipy import stats

from rfsk.datasets import (
    NLGP,
    Algebraic,
    GaussianField,
    MultivariateGaussian,
    Phi4,
    StationaryField,
    TransformedField,
)
from rfsk.testing import check_input_model

RING = {"shape": (12,), "correlation_length": 2.0}
SITES = np.arange(10)


class Bumps(StationaryField):
    """A correct model: a bump at any site of a ring of ten, of either sign."""

    shape, n_features = (10,), 10
    bump = np.exp(-0.5 * (np.minimum(SITES, 10 - SITES) / 1.5) ** 2)
    bump /= np.sqrt(np.mean(bump**2))

    def draw(self, n_samples, rng):
        sites = SITES - rng.integers(10, size=(n_samples, 1))
        return rng.choice([-1.0, 1.0], size=(n_samples, 1)) * self.bump[sites]

    def autocovariance(self):
        return np.array([np.mean(self.bump * np.roll(self.bump, site)) for site in SITES])

    def excess_kurtosis(self):
        return np.mean(self.bump**4) - 3.0

    def product_moment(self, sites):
        return self.bump[sites[:, :, None] - SITES].prod(axis=1).mean(axis=1)

    def pixel_quadrature(self):
        return self.bump, np.full(10, 0.1)


class Smooth(GaussianField):
    """A correct model that is a function of noise."""

    def __init__(self):
        super().__init__(10, correlation_length=1.0)

    def draw(self, n_samples, rng):
        return GaussianField.from_noise(self, rng.standard_normal((n_samples, 10)))


class Coin:
    """A correct model with few values and only the members that training needs."""

    shape, n_features = (1,), 1

    def sample(self, n_samples, random_state=None):
        return np.random.default_rng(random_state).choice([-1.0, 1.0], size=(n_samples, 1))


def heavy(k):
    return TransformedField(**RING, marginal=Algebraic(k))


def drawn(change):
    """Method `sample` whose result is changed."""
    return lambda self, n, random_state=None: change(Bumps.sample(self, n, random_state))


def seeded(change, default=None):
    """Method `sample` whose seed is changed."""
    return lambda self, n, random_state=default: Bumps.sample(self, n, change(random_state))


def gives(value):
    """Method that always returns the same value."""
    return lambda *arguments: value


def clone(change):
    """Method `gaussian_clone` whose samples are changed."""
    members = {"sample": lambda self, n, seed: change(Bumps().sample(n, seed))}
    return lambda self: type("Clone", (MultivariateGaussian,), members)(np.zeros(10), C)


def uses_global_generator(seed):
    return np.random.randint(2**31) if seed is None else seed  # noqa: NPY002


def seeds_global_generator(seed):
    np.random.seed(0)  # noqa: NPY002
    return seed


def without_advance(seed):
    is_generator = isinstance(seed, np.random.Generator)
    return seed.bit_generator.state["state"]["state"] % 2**32 if is_generator else seed


def markov_chain(X):
    """Each row equals the previous row with probability one half."""
    kept = np.random.default_rng(0).random(len(X)) < 0.5
    return X[np.maximum.accumulate(np.where(kept, 0, np.arange(len(X))))]


def repeated(X):
    return np.resize(X[: max(len(X) // 2, 7)], X.shape)


def shortest_distance(self):
    distance = np.abs(SITES[:, None] - SITES)
    return np.exp(-((np.minimum(distance, 10 - distance) / 6.0) ** 2))


def overwrites(self, noise):
    noise[:] = Smooth.from_noise(self, noise)
    return noise


def raises(*arguments):
    raise IndexError("too many indices")


WHITE = MultivariateGaussian(np.zeros(10), np.eye(10))
C, MEAN = Bumps().covariance(), Bumps.bump.mean()
OTHER = C[0] + 0.1 * (SITES == 3)
SKEWED = {
    "sample": drawn(lambda X: np.abs(X) - MEAN),
    "covariance": gives(C - MEAN**2),
    "autocovariance": gives(C[0] - MEAN**2),
}
MISTAKES = [
    (r"shape: .* such as \(30,\) or \(6, 5\), got 10", {"shape": 10}),
    ("shape: `n_features` must be the product .*, 15, got 10", {"shape": (5, 3)}),
    (r"sample: .* return shape \(7, 10\), got \(10, 7\)", {"sample": drawn(np.transpose)}),
    (r"sample: .*\(7, 5, 2\).* images", {"sample": drawn(lambda X: X.reshape(-1, 5, 2))}),
    ("sample: .* ndarray, got <class 'list'>", {"sample": drawn(np.ndarray.tolist)}),
    ("sample: .* float64, got float32", {"sample": drawn(np.float32)}),
    ("sample: 5000 of 5000 samples contain NaN", {"sample": drawn(lambda X: X * np.nan)}),
    ("sample: raised IndexError: too many indices", {"sample": raises}),
    ("random_state: the same seed gives different", {"sample": seeded(gives(None))}),
    ("random_state: different seeds give the same", {"sample": seeded(gives(0))}),
    ("random_state: .* must be None", {"sample": seeded(lambda seed: seed, default=0)}),
    ("random_state: two draws from one Generator", {"sample": seeded(without_advance)}),
    ("global_state: .* None.` changed NumPy's", {"sample": seeded(uses_global_generator)}),
    ("global_state: .* changed NumPy's global", {"sample": seeded(seeds_global_generator)}),
    ("independent_rows: .* squares", {"sample": drawn(lambda X: X[:1] * np.sign(X[:, :1]))}),
    ("independent_rows: .* enough steps of a Markov chain", {"sample": drawn(markov_chain)}),
    ("independent_rows: samples half a draw apart", {"sample": drawn(repeated)}),
    (r"covariance: .* \(10, 10\), got \(10,\)", {"covariance": gives(C[0])}),
    (
        "covariance: .* must be symmetric, .* by 0.01",
        {"covariance": gives(C + 0.01 * np.eye(10, k=1))},
    ),
    ("covariance: .* must be positive semi-definite", {"covariance": shortest_distance}),
    (r"zero_mean: .* zero at \(\d,\): got 0.1", {"sample": drawn(lambda X: X + 0.1)}),
    ("covariance_of_samples: .* is 0.36 .* normal", {"sample": drawn(lambda X: 0.6 * X)}),
    (r"covariance_of_samples: .* at \(\d, \d\).* latent", {"covariance": gives(np.eye(10))}),
    ("translation_invariance: .* by 0.1", {"covariance": gives(C), "autocovariance": gives(OTHER)}),
    ("sign_symmetry: x and -x are not equally likely", SKEWED),
    ("excess_kurtosis: .* got -0.34.* - 3, which is 0", {"excess_kurtosis": gives(2.66)}),
    ("excess_kurtosis: .* at least -2, got -2.5", {"excess_kurtosis": gives(-2.5)}),
    (r"fourth_cumulant: .*\(\[.*\]\)` differs", {"fourth_cumulant": Bumps.fourth_moment}),
    (r"fourth_cumulant: .* shape \(30,\) .*, got \(\)", {"fourth_cumulant": gives(1.0)}),
    (r"gaussian_clone: .* \(10,\), got \(1,\)", {"gaussian_clone": gives(Coin())}),
    ("gaussian_clone: .* by 0.895", {"gaussian_clone": gives(WHITE)}),
    ("gaussian_clone: .* must be 0, got -0.3", {"gaussian_clone": lambda self: self}),
    ("gaussian_clone: .* kurtosis: got -0.3", {"gaussian_clone": clone(lambda X: X)}),
    ("gaussian_clone: .* zero mean", {"gaussian_clone": clone(lambda X: X + 0.1)}),
    ("gaussian_clone: .* covariance of", {"gaussian_clone": clone(lambda X: 0.9 * X)}),
    ("pixel_quadrature: .* sum to 1, got 2", {"pixel_quadrature": gives(([1.0], [2.0]))}),
    ("pixel_quadrature: .* gives -2, but", {"pixel_quadrature": gives(([-1.0, 1.0], [0.5, 0.5]))}),
]
MISTAKES_IN_FROM_NOISE = [
    ("from_noise: .*must not change the noise", overwrites),
    ("from_noise: .*only on the same row of the noise", lambda self, noise: noise - noise.mean(0)),
    (
        "from_noise: .*return a tensor for a tensor, got ndarray",
        lambda self, noise: np.asarray(noise) / 1.0,
    ),
    ("from_noise: .*do not have the covariance of the model", lambda self, noise: noise / 1.0),
]
WRONG = [(Bumps, *mistake) for mistake in MISTAKES]
WRONG += [(Smooth, message, {"from_noise": wrong}) for message, wrong in MISTAKES_IN_FROM_NOISE]


@pytest.mark.parametrize(("right", "message", "members"), WRONG)
def test_each_mistake_fails_the_check_that_names_it(right, message, members):
    model = type("Wrong", (right,), members)()
    with pytest.raises(AssertionError, match=f"^{message}"):
        check_input_model(model, n_samples=5000, random_state=0)


CORRECT = [
    (Bumps(), {"from_noise"}),
    (NLGP(**RING, gain=3.0), set()),
    (NLGP(**RING, gain=3.0, boundary="open"), {"translation_invariance"}),
]


@pytest.mark.parametrize(("model", "skipped"), CORRECT)
def test_a_correct_model_passes_the_checks_of_all_that_it_has(model, skipped):
    results = check_input_model(model, n_samples=5000, random_state=0)
    assert {name for name, result in results.items() if result != "passed"} == skipped


def test_a_correct_model_of_few_values_passes_with_any_seed():
    for seed in range(20):
        results = check_input_model(Coin(), n_samples=1000, random_state=seed)
        assert results["random_state"] == "passed"


@pytest.mark.parametrize(
    ("model", "name", "reason"),
    [
        (Coin(), "covariance", "the model has no `covariance`."),
        (Phi4((3, 3), coupling=1.0), "covariance", "`covariance` is not implemented: "),
        (heavy(3.0), "excess_kurtosis", "the kurtosis is infinite."),
        (heavy(3.0), "covariance_of_samples", "sample covariances have no standard error"),
        (heavy(4.5), "excess_kurtosis", "a single sample dominates the fourth moment"),
    ],
)
def test_what_cannot_be_compared_is_skipped_with_the_reason(model, name, reason):
    results = check_input_model(model, n_samples=5000, random_state=0)
    assert results[name].startswith(f"skipped: {reason}")


def test_an_expected_failure_is_reported_and_one_that_passes_is_no_failure():
    gamma = TransformedField(**RING, marginal=stats.gamma(6.0))
    expected = {"sign_symmetry": "a gamma distribution", "zero_mean": "no reason"}
    results = check_input_model(
        gamma, n_samples=5000, random_state=0, expected_failed_checks=expected
    )
    assert results["sign_symmetry"].startswith("xfail: a gamma distribution (x and -x are not")
    assert results["zero_mean"] == "passed"


BAD = [
    ({"n_samples": 999}, "`n_samples` must be at least 1000, got 999"),
    (
        {"expected_failed_checks": {"mean": "why"}},
        "`expected_failed_checks` must be one of 'shape'.*, got 'mean'",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        check_input_model(Bumps(), **arguments)
