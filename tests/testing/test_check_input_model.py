"""check_input_model: right models pass, and each wrong one fails the check that should tell it."""

from dataclasses import dataclass

import numpy as np
import pytest

from rfsk.datasets import (
    NLGP,
    GaussianField,
    MultivariateGaussian,
    StationaryField,
    TransformedField,
)
from rfsk.testing import check_input_model


class Bumps:
    """A right model to make wrong ones of: a bump at any site of a ring, of either sign."""

    boundary = "periodic"
    shape, n_features = (10,), 10

    def bump(self):
        distance = np.minimum(np.arange(10), 10 - np.arange(10))
        bump = np.exp(-0.5 * (distance / 1.5) ** 2)
        return bump / np.sqrt(np.mean(bump**2))

    def sample(self, n_samples, random_state=None):
        rng = np.random.default_rng(random_state)
        sites = np.arange(10) - rng.integers(10, size=(n_samples, 1))
        return rng.choice([-1.0, 1.0], size=(n_samples, 1)) * self.bump()[sites]

    def covariance(self):
        shifted = np.stack([np.roll(self.bump(), shift) for shift in range(10)])
        return shifted @ shifted.T / 10

    def excess_kurtosis(self):
        return np.mean(self.bump() ** 4) - 3.0

    def gaussian_clone(self):
        return MultivariateGaussian(np.zeros(10), self.covariance())

    def fourth_cumulant(self, sites):
        moment = self.bump()[sites[..., None] - np.arange(10)].prod(axis=-2).mean(axis=-1)
        i, j, k, l = np.moveaxis(sites, -1, 0)  # noqa: E741
        C = self.covariance()
        return moment - C[i, j] * C[k, l] - C[i, k] * C[j, l] - C[i, l] * C[j, k]

    def chunks(self, n_samples, chunk_size=1000, random_state=None):
        rng = np.random.default_rng(random_state)
        for start in range(0, n_samples, chunk_size):
            yield self.sample(min(chunk_size, n_samples - start), rng)


class Transposed(Bumps):
    def sample(self, n_samples, random_state=None):
        return super().sample(n_samples, random_state).T


class Images(Bumps):
    def sample(self, n_samples, random_state=None):
        return super().sample(n_samples, random_state).reshape(n_samples, 5, 2)


class Single(Bumps):
    def sample(self, n_samples, random_state=None):
        return super().sample(n_samples, random_state).astype(np.float32)


class NotANumber(Bumps):
    def sample(self, n_samples, random_state=None):
        X = super().sample(n_samples, random_state)
        X[0, 3] = np.nan
        return X


class Seedless(Bumps):
    def sample(self, n_samples, random_state=None):
        return super().sample(n_samples)


class FixedSeed(Bumps):
    def sample(self, n_samples, random_state=None):
        return super().sample(n_samples, 0)


class DefaultSeed(Bumps):
    def sample(self, n_samples, random_state=0):
        return super().sample(n_samples, random_state)


class CopiesGenerator(Bumps):
    def sample(self, n_samples, random_state=None):
        if isinstance(random_state, np.random.Generator):
            random_state = int(random_state.bit_generator.state["state"]["state"] % 2**32)
        return super().sample(n_samples, random_state)


class NoGenerator(Bumps):
    def sample(self, n_samples, random_state=None):
        return super().sample(n_samples, random_state and int(random_state))


class GlobalGenerator(Bumps):
    def sample(self, n_samples, random_state=None):
        if isinstance(random_state, np.random.Generator):
            random_state = random_state.integers(2**32)
        np.random.seed(random_state)  # noqa: NPY002
        return super().sample(n_samples, np.random.randint(2**31))  # noqa: NPY002


class OneNoiseForAll(Bumps):
    def sample(self, n_samples, random_state=None):
        return np.repeat(super().sample(1, random_state), n_samples, axis=0)


class OneShapeForAll(Bumps):
    """Each row has a sign of its own and the place of the first."""

    def sample(self, n_samples, random_state=None):
        rng = np.random.default_rng(random_state)
        return rng.choice([-1.0, 1.0], size=(n_samples, 1)) * super().sample(1, rng)


class MarkovChain(Bumps):
    """Rows keep what the row before was with probability one half."""

    def sample(self, n_samples, random_state=None):
        rng = np.random.default_rng(random_state)
        X = super().sample(n_samples, rng)
        kept = rng.random(n_samples) < 0.5
        for row in np.flatnonzero(kept[1:]) + 1:
            X[row] = X[row - 1]
        return X


class BiasedMean(Bumps):
    def sample(self, n_samples, random_state=None):
        return super().sample(n_samples, random_state) + 0.1


class OneSign(Bumps):
    """Of zero mean, but with positive bumps only."""

    def sample(self, n_samples, random_state=None):
        return np.abs(super().sample(n_samples, random_state)) - self.bump().mean()

    def covariance(self):
        return super().covariance() - self.bump().mean() ** 2


class NotNormalized(Bumps):
    """Without the factor that gives pixels unit variance."""

    def sample(self, n_samples, random_state=None):
        return 0.6 * super().sample(n_samples, random_state)


class AutocovarianceOnly(Bumps):
    def covariance(self):
        return super().covariance()[0]


class NotSymmetric(Bumps):
    def covariance(self):
        return super().covariance() + 0.01 * np.eye(10, k=1)


class MinimumImage(Bumps):
    """The kernel of the shortest distance: indefinite at long correlation lengths."""

    def covariance(self):
        distance = np.abs(np.arange(10)[:, None] - np.arange(10))
        return np.exp(-((np.minimum(distance, 10 - distance) / 6.0) ** 2))


class KurtosisWithoutThree(Bumps):
    def excess_kurtosis(self):
        return super().excess_kurtosis() + 3.0


class KurtosisBelowTwo(Bumps):
    def excess_kurtosis(self):
        return -2.5


class CloneOfUnitCovariance(Bumps):
    def gaussian_clone(self):
        return MultivariateGaussian(np.zeros(10), np.eye(10))


class CloneElsewhere(Bumps):
    def gaussian_clone(self):
        return MultivariateGaussian(np.zeros(10), self.covariance(), shape=(2, 5))


class CloneIsItself(Bumps):
    def gaussian_clone(self):
        return self


class LyingClone(Bumps):
    """Says that it is Gaussian and is not."""

    def gaussian_clone(self):
        clone = Bumps()
        clone.excess_kurtosis = lambda: 0.0
        return clone


class MomentAsCumulant(Bumps):
    def fourth_cumulant(self, sites):
        return self.bump()[sites[..., None] - np.arange(10)].prod(axis=-2).mean(axis=-1)


class ChunksAnew(Bumps):
    def chunks(self, n_samples, chunk_size=20, random_state=None):
        for start in range(0, n_samples, chunk_size):
            yield self.sample(min(chunk_size, n_samples - start), random_state)


class LosesTheRest(Bumps):
    def chunks(self, n_samples, chunk_size=1000, random_state=None):
        for _ in range(n_samples // chunk_size):
            yield self.sample(chunk_size, random_state)


class FlatShape(Bumps):
    shape = 10


class WrongProduct(Bumps):
    shape = (5, 3)


class Unpicklable(Bumps):
    def __init__(self):
        self.map = lambda x: x


class Forgetful(Bumps):
    scale = 2.0

    def __init__(self):
        self.scale = 1.0

    def __getstate__(self):
        return {}

    def sample(self, n_samples, random_state=None):
        return self.scale * super().sample(n_samples, random_state)


class OneRow(Bumps):
    def sample(self, n_samples, random_state=None):
        return super().sample(n_samples, random_state)[1:][0][None]


class LatentCovariance(NLGP):
    """The covariance of the Gaussian field before its map."""

    def autocovariance(self):
        return self.latent_autocovariance()


@dataclass(frozen=True)
class OtherGain(NLGP):
    """Draws erf(g h), and says what erf(g h / sqrt 2) has."""

    def from_noise(self, noise):
        return NLGP(
            self.shape, correlation_length=self.correlation_length, gain=self.gain * 2**0.5
        ).from_noise(noise)


class OpenAsPeriodic(GaussianField):
    """The covariance of a window, declared that of a ring."""

    def covariance(self):
        open_field = GaussianField(
            self.shape, correlation_length=self.correlation_length, boundary="open"
        )
        return open_field.covariance()


class OverwritesNoise(GaussianField):
    def from_noise(self, noise):
        noise *= 1.0
        noise[:] = super().from_noise(noise)
        return noise


class CentersNoise(GaussianField):
    def from_noise(self, noise):
        fields = super().from_noise(noise)
        return fields - fields.mean(0)


class HalfNoise(GaussianField):
    def from_noise(self, noise):
        return 0.5 * super().from_noise(noise)

    def draw(self, n_samples, rng):
        return 2.0 * super().draw(n_samples, rng)


class NumpyOnly(GaussianField):
    def from_noise(self, noise):
        return super().from_noise(np.asarray(noise))


class OtherPixel(GaussianField):
    def pixel_quadrature(self):
        return np.array([-1.0, 1.0]), np.array([0.5, 0.5])


class HeavyPixel(TransformedField):
    """Nodes with the right moments, of another law: bounded averages tell."""

    def pixel_quadrature(self):
        return np.array([-(2**0.5), 0.0, 2**0.5]), np.array([0.25, 0.5, 0.25])


class WeightsOfTwo(GaussianField):
    def pixel_quadrature(self):
        values, weights = super().pixel_quadrature()
        return values, 2.0 * weights


RING = {"shape": (12,), "correlation_length": 2.0}
WRONG = [
    (FlatShape(), "shape", r"shape is 10; expected a tuple .* needs its comma: \(30,\)"),
    (WrongProduct(), "shape", r"n_features is 10; expected the product of .* \(5, 3\), 15"),
    (Transposed(), "sample_shape", r"\(10, 7\), which is transposed; expected \(7, 10\)"),
    (Images(), "sample_shape", r"\(7, 5, 2\); expected \(7, 10\).*reshape\(n_samples, -1\)"),
    (OneRow(), "sample_shape", r"has shape \(1, 10\); expected \(7, 10\)"),
    (Single(), "sample_dtype", "sample gives float32; expected float64"),
    (NotANumber(), "sample_finite", "1 of 5000 inputs hold NaN or infinity, the first in row 0"),
    (Seedless(), "same_seed", "gave two different arrays; .* The seed is not used"),
    (FixedSeed(), "other_seeds", "two different seeds gave the same array"),
    (DefaultSeed(), "other_seeds", "calls without random_state gave the same array"),
    (NoGenerator(), "generator", r"refused a numpy.random.Generator \(TypeError"),
    (CopiesGenerator(), "generator", "two draws from one Generator gave the same array"),
    (GlobalGenerator(), "global_state", "changed NumPy's global generator; expected it left alone"),
    (OneNoiseForAll(), "independent_rows", "neighbouring rows .* product of their values"),
    (OneShapeForAll(), "independent_rows", "neighbouring rows .* product of their squares"),
    (MarkovChain(), "independent_rows", "neighbouring rows .* leave enough sweeps"),
    (AutocovarianceOnly(), "covariance_shape", r"shape \(10,\); .* first site alone"),
    (NotSymmetric(), "covariance_shape", "covariance.. is not symmetric"),
    (MinimumImage(), "covariance_positive", "smallest eigenvalue .* shortest distance around"),
    (OpenAsPeriodic(**RING), "translation_invariance", "moved by one along axis 0; .*'open'"),
    (BiasedMean(), "zero_mean", "mean of feature . is not zero: 0.1.* Subtract the mean"),
    (NotNormalized(), "covariance_of_samples", "normalization is missing; divide .* by 0.59"),
    (LatentCovariance(**RING, gain=3.0), "covariance_of_samples", "a latent field before its map"),
    (OneSign(), "sign_symmetry", r"x and -x are not equally likely.* Where P\(x\) = P\(-x\)"),
    (OtherGain(**RING, gain=0.3), "excess_kurtosis", "gain differ by a factor of the root of two"),
    (KurtosisWithoutThree(), "excess_kurtosis", "The 3 of the Gaussian is not subtracted"),
    (KurtosisBelowTwo(), "excess_kurtosis", "is -2.5; expected a number of at least -2"),
    (CloneElsewhere(), "clone_covariance", r"clone has shape \(2, 5\); expected .* \(10,\)"),
    (CloneOfUnitCovariance(), "clone_covariance", "is off by 0.895; .* from self.covariance"),
    (
        CloneIsItself(),
        "clone_kurtosis",
        "excess kurtosis of gaussian_clone.. is -0.34.*; expected 0: ",
    ),
    (LyingClone(), "clone_samples", "are not Gaussian, their excess kurtosis is not zero"),
    (OtherPixel(**RING), "pixel_quadrature", "another moment than excess_kurtosis"),
    (WeightsOfTwo(**RING), "pixel_quadrature", "add to 2; expected 1"),
    (HeavyPixel(**RING, marginal="sign"), "pixel_quadrature", "moment than excess_kurtosis"),
    (MomentAsCumulant(), "fourth_cumulant", "plus its three pairs .* is not the moment"),
    (OverwritesNoise(**RING), "from_noise", "overwrote the noise it was given"),
    (CentersNoise(**RING), "from_noise", "another value when it comes alone"),
    (NumpyOnly(**RING), "from_noise", "turned a torch tensor into a ndarray; expected a tensor"),
    (HalfNoise(**RING), "from_noise", "do not have the covariance of the model"),
    (LosesTheRest(), "chunks", r"shapes \[.*\]; expected \[\(20, 10\), \(20, 10\), \(10, 10\)\]"),
    (
        ChunksAnew(),
        "chunks",
        "other rows from the same seed; .* Draw all chunks from one generator",
    ),
    (Unpicklable(), "pickling", "cannot be pickled .* define them at the top of a module"),
    (Forgetful(), "pickling", "pickled copy draws other inputs from the same seed"),
]


@pytest.mark.parametrize(("model", "name", "reason"), WRONG, ids=lambda value: type(value).__name__)
def test_wrong_model_fails_the_check_that_should_tell(model, name, reason):
    with pytest.raises(AssertionError, match=f"^{name}: .*{reason}"):
        check_input_model(model, n_samples=5000)


def test_right_model_passes_everything_that_it_has():
    results = {result.name: result.status for result in check_input_model(Bumps())}
    skipped = {name for name, status in results.items() if status != "passed"}
    assert skipped == {"pixel_quadrature", "from_noise"}
    results = check_input_model(NLGP(12, correlation_length=2.0, gain=3.0), n_samples=2000)
    assert {result.status for result in results} == {"passed"}


def test_closed_forms_of_a_subclass_are_checked(monkeypatch):
    monkeypatch.setattr(StationaryField, "fourth_cumulant", lambda self, sites: np.ones(len(sites)))
    with pytest.raises(AssertionError, match=r"^fourth_cumulant: "):
        check_input_model(NLGP(**RING, gain=3.0))
