import numpy as np
import pytest
from scipy import integrate

from rfsk.datasets import Phi4
from rfsk.datasets._heat_bath import HeatBath


@pytest.mark.parametrize(
    ("coupling", "length", "variance", "excess"),
    [(2.0, 40.4, 1.401, -1.882), (1.0, 5.62, 1.356, -1.857)],
)
def test_infinite_chain_has_the_known_length_and_moments(coupling, length, variance, excess):
    transfer = Phi4(40, coupling=coupling)._transfer
    assert transfer.correlation_length == pytest.approx(length, rel=1e-3)
    second = transfer.moment(2, None)
    assert second == pytest.approx(variance, abs=5e-4)
    assert transfer.moment(4, None) / second**2 - 3.0 == pytest.approx(excess, abs=5e-4)
    if coupling == 2.0:  # a ring of forty sites differs from an infinite chain
        assert Phi4(40, coupling=2.0).autocovariance()[0] == pytest.approx(1.409, abs=5e-4)


@pytest.mark.parametrize("side", [1, 2, 3])
def test_short_rings_have_the_moments_of_the_integral(side):
    """The integral over all sites is a product of Gauss-Legendre rules."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    phi = np.array(np.meshgrid(*[3.0 * nodes] * side, indexing="ij")).reshape(side, -1)
    weight = np.prod(np.meshgrid(*[weights] * side, indexing="ij"), axis=0).ravel()
    model = Phi4(side, coupling=0.7, mass_squared=-3.0, quartic=2.0)
    bonds = ((np.roll(phi, -1, axis=0) - phi) ** 2).sum(axis=0)
    action = 0.35 * bonds + (-1.5 * phi**2 + 0.5 * phi**4).sum(axis=0)
    density = weight * np.exp(-(action - action.min()))
    density /= density.sum()
    np.testing.assert_allclose(model.autocovariance(), (phi[0] * phi) @ density, atol=1e-10)
    second, fourth = phi[0] ** 2 @ density, phi[0] ** 4 @ density
    assert model.excess_kurtosis() == pytest.approx(fourth / second**2 - 3.0, abs=1e-10)


def test_transfer_operator_of_the_free_field_is_the_propagator():
    free = Phi4(30, coupling=2.0, mass_squared=0.5, quartic=0.0)
    np.testing.assert_allclose(free._transfer.autocovariance(30), free.autocovariance(), atol=1e-11)


@pytest.mark.parametrize("potential", [{}, {"mass_squared": 1e-2, "quartic": 0.0}])
def test_decay_of_the_covariance_is_the_correlation_length(potential):
    model = Phi4(500, coupling=1.0, **potential)
    C = model.autocovariance()
    assert -1.0 / np.log(C[60] / C[59]) == pytest.approx(model.correlation_length, rel=1e-6)


FREE = {"coupling": 1.0, "mass_squared": 1.0}
TORI = {
    # Nearly free fields against the propagator, and a torus of one row against the ring.
    shape: (Phi4(shape, **FREE, quartic=1e-15, n_sweeps=5), Phi4(shape, **FREE, quartic=0.0))
    for shape in ((6, 6), (5, 4), (3, 5), (1, 6))
}
TORI[1, 10] = Phi4((1, 10), coupling=1.0, n_sweeps=5), Phi4(10, coupling=1.0)


@pytest.mark.parametrize("shape", TORI)
def test_chains_of_a_torus_have_the_exact_covariance(shape):
    model, exact = TORI[shape]
    X = model.sample(20_000, random_state=3)
    times = model.autocorrelation_times(300, random_state=1)
    slowdown = np.sqrt(max(1.0, max(times.values()) / 5))
    covariance = X.T @ X / len(X)
    error = np.sqrt(((X**2).T @ X**2 / len(X) - covariance**2) / len(X))
    assert np.all(np.abs(covariance - exact.covariance()) < 5 * slowdown * error)


@pytest.mark.parametrize("quadratic", [-40.0, -3.0, 0.0, 5.0])
@pytest.mark.parametrize("linear", [0.0, 0.3, -50.0])
@pytest.mark.parametrize("quartic", [0.1, 8.0])
def test_heat_bath_has_the_moments_of_the_conditional_density(quadratic, linear, quartic):
    """Moments of the first of two sites, which have two bonds, given the second."""
    x = np.linspace(-40.0, 40.0, 400_001)
    exponent = -0.5 * quadratic * x**2 + linear * x - 0.25 * quartic * x**4
    density = np.exp(exponent - exponent.max())
    density /= density.sum()
    fields = np.full((50_000, 2), 0.5 * linear)
    HeatBath((2,), 1.0, quadratic - 2.0, quartic, 30.0, 0.1).sweep(fields, rng())
    for power in (1, 2, 3):
        values = fields[:, 0] ** power
        error = 5 * values.std() / np.sqrt(len(values))
        assert abs(values.mean() - density @ x**power) < error


STEEP = [Phi4(20, coupling=1.2), Phi4((5, 4), coupling=100.0), Phi4(1, coupling=1.0)]
STEEP += [Phi4(20, coupling=1.0, mass_squared=1e4, quartic=1.0)]
STEEP += [Phi4(20, coupling=0.1, mass_squared=-50.0, quartic=1.0)]


@pytest.mark.parametrize("model", STEEP)
def test_strips_of_the_heat_bath_bound_every_density_of_their_bin(model):
    """At random points, the acceptance probability is at most one up to rounding."""
    _, _, neighbours, coupling, a, lam, edges, heights, means, scale = model._heat_bath._arguments
    largest = neighbours.shape[1] * coupling * model._edge
    for fraction in rng().random(2000):
        b = largest * fraction**2
        j = min(int(np.sqrt(scale * b)), len(means) - 1)
        x = rng().uniform(edges[j, :-1], edges[j, 1:], (50, heights.shape[1]))
        kept = b * (x - means[j]) - x**2 * (a + lam * x**2) - heights[j]
        assert kept.max() < 1e-9
    assert np.all(edges[:, [0, -1]] == [-model._edge, model._edge])


@pytest.mark.parametrize("side", [1, 2, 3, 4, 7, 20])
def test_samples_of_a_ring_have_the_moments_of_the_transfer_operator(side):
    model = Phi4(side, coupling=1.2)
    X = model.sample(100_000, random_state=0)
    assert len(np.unique(X)) == X.size

    def agrees(values, expected):
        return abs(values.mean() - expected) < 5 * values.std() / np.sqrt(len(values))

    for start in range(0, side, 5):
        for d, expected in enumerate(model.autocovariance()):
            assert agrees(X[:, start] * X[:, (start + d) % side], expected)
        sites = (start + np.array([0, 1, 3, 6])) % side
        assert agrees(X[:, sites].prod(axis=1), model.fourth_moment(sites))


def rng():
    return np.random.default_rng(3)


SLOW = pytest.mark.slow
POTENTIALS = [(1.0, 1e-18), (1e4, 1.0), (0.0, 50.0), (-2.0, 1.0)]
POTENTIALS += [pytest.param(-200.0, 1.0, marks=SLOW), pytest.param(-12.0, 0.004, marks=SLOW)]


@pytest.mark.parametrize(("mass_squared", "quartic"), POTENTIALS)
def test_single_site_has_the_variance_of_the_integral_for_any_potential(mass_squared, quartic):
    """Compare deep wells and nearly free fields with adaptive quadrature around each well."""
    well = np.sqrt(max(0.0, -mass_squared / quartic))
    width = 12.0 / np.sqrt(abs(mass_squared) + np.sqrt(quartic))
    lowest = 0.5 * mass_squared * well**2 + 0.25 * quartic * well**4

    def moment(power):
        def weight(x):
            return x**power * np.exp(lowest - 0.5 * mass_squared * x**2 - 0.25 * quartic * x**4)

        ends = max(0.0, well - width), well + width
        return integrate.quad(weight, *ends, epsabs=0, epsrel=1e-12, limit=500)[0]

    model = Phi4(1, coupling=1.0, mass_squared=mass_squared, quartic=quartic)
    assert model.autocovariance()[0] == pytest.approx(moment(2) / moment(0), rel=1e-8)


def test_weights_too_narrow_for_a_grid_are_refused():
    for shape in (8, (8, 8)):
        with pytest.raises(ValueError, match="too narrow for a grid of 1536 points"):
            Phi4(shape, coupling=1e9).sample(1)
