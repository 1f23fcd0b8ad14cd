"""Flows against trained nets, exact integrals, solvers of another kind and finite differences."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from rfsk import NLGP, FCNet, FieldMatcher, GaussianField, ipr
from rfsk.analysis import cumulant
from rfsk.datasets import Discrimination, EllipticalField, StudentT
from rfsk.theory import CubicFlow, RectifiedFlow, activation_derivatives, fixed_point
from rfsk.theory._runge_kutta_chebyshev import integrate_gradient_flow


def task(n=30, lengths=(1.5, 3.0), gain=3.0):
    return Discrimination([NLGP(n, correlation_length=xi, gain=gain) for xi in lengths])


def cosines(one, other):
    return np.sum(one * other, axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


@pytest.mark.parametrize("activation", ["erf", "tanh", "linear"])
def test_derivatives_are_those_of_autograd(activation):
    functions = {"erf": lambda h: torch.erf(h / 2**0.5), "tanh": torch.tanh, "linear": torch.clone}
    b = torch.linspace(-3, 3, 13, dtype=torch.float64, requires_grad=True)
    value = functions[activation](b)
    expected = [value.detach().numpy()]
    for _ in range(4):
        (value,) = torch.autograd.grad(value.sum() + 0.0 * b.sum() ** 2, b, create_graph=True)
        expected.append(value.detach().numpy())
    found = activation_derivatives(activation, b.detach().numpy())
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("activation", ["erf", "tanh"])
def test_flow_drives_small_fields_as_the_averaged_step_of_a_net_does(activation):
    """Gradient of the loss of a real FCNet, K=10, on 200,000 samples and their negatives (which
    rids it of its largest noise): cosine above .99 for every unit, and lengths within 10 %."""
    pair = task()
    X, y = pair.sample(200_000, random_state=0)
    X, y = np.vstack([X, -X]), np.concatenate([y, y])
    target = np.where(y == 0, 1.0, -1.0)
    net = FCNet(10, activation=activation, learning_rate=1e-6, max_epochs=1, random_state=0)
    net.fit(X[:1000], y[:1000])
    rng = np.random.default_rng(1)
    smooth = GaussianField(30, correlation_length=2.0).sample(10, random_state=2)
    u = 0.1 * smooth / np.sqrt(30) + 0.02 * rng.standard_normal((10, 30)) / np.sqrt(30)
    b = net.biases_
    module = net.net_.module_.double()
    with torch.no_grad():
        module.weight.copy_(torch.tensor(u * np.sqrt(30)))
    total = torch.zeros(10, 30, dtype=torch.float64)
    for part in np.array_split(np.arange(len(X)), 8):
        module.zero_grad()
        ((module(torch.tensor(X[part])) - torch.tensor(target[part])) ** 2).sum().backward()
        total += module.weight.grad
    # w moves by lr K dLoss/dw a step; u = w / sqrt(D), time is lr x steps / D.
    step = -10 * total.numpy() / len(X) / np.sqrt(30) * 30
    drive = CubicFlow(pair, bias=b, activation=activation, interacting=True).velocity(u)
    length = np.linalg.norm(drive, axis=1) / np.linalg.norm(step, axis=1)
    assert cosines(drive, step).min() > 0.99
    assert np.abs(length - 1).max() < 0.1


@pytest.mark.parametrize("form", ["committee", "neuron"])
def test_velocity_is_the_formula_written_out(form):
    pair = task(8, (1.0, 2.0))
    u = np.random.default_rng(0).normal(size=(3, 8))
    b = np.array([1.0, -0.5, 0.3])
    C0, C1 = (model.covariance() for model in pair.models)
    moments = []
    for model, C in zip(pair.models, (C0, C1), strict=True):
        pairs = [np.einsum(p, C, C) for p in ("ij,kl->ijkl", "ik,jl->ijkl", "il,jk->ijkl")]
        moments.append(cumulant(model).tensor() + sum(pairs))
    DC, MC = (C0 - C1) / 2, (C0 + C1) / 2
    DT, MT = (moments[0] - moments[1]) / 2, (moments[0] + moments[1]) / 2
    s0, s1, s2, s3, s4 = activation_derivatives("erf", b)[:, :, None]

    def cubic(T):
        return np.einsum("ijkl,rj,rk,rl->ri", T, u, u, u)

    if form == "committee":
        expected = 2 * (s2 * (u @ DC) + s4 / 6 * cubic(DT))
    else:
        expected = 2 * (
            -((s1**2 + s0 * s2) * (u @ MC) - s2 * (u @ DC))
            - (s2**2 / 2 + s0 * s4 / 6 + 2 * s1 * s3 / 3) * cubic(MT)
            + s4 / 6 * cubic(DT)
        )
    flow = CubicFlow(pair, bias=b, form=form)
    np.testing.assert_allclose(flow.velocity(u), expected, atol=1e-10)
    if form == "committee":
        full = CubicFlow(pair, bias=b, interacting=True).velocity(u)
        rest = -2 * s1 * ((s1 * u).mean(axis=0) @ MC) - 2 * s2 * s0.mean() * (u @ MC)
        np.testing.assert_allclose(full, expected + rest, atol=1e-10)
        second = CubicFlow(pair, bias=b, fourth="none").velocity(u)
        np.testing.assert_allclose(second, 2 * s2 * (u @ DC), atol=1e-10)


@pytest.mark.parametrize("form", ["committee", "neuron"])
@pytest.mark.parametrize("fourth", ["full", "gaussian", "none"])
def test_jacobian_is_that_of_finite_differences(form, fourth):
    flow = CubicFlow(task(8, (1.0, 2.0)), form=form, fourth=fourth, bias=[1.0, -0.5])
    u = np.random.default_rng(0).normal(size=8)
    h = 1e-6
    for unit in (0, 1):
        numeric = []
        for e in np.eye(8):
            ahead, back = (flow.velocity(np.stack([u + s * h * e] * 2))[unit] for s in (1, -1))
            numeric.append((ahead - back) / (2 * h))
        np.testing.assert_allclose(flow.jacobian(u, unit), np.array(numeric).T, atol=1e-6)


@pytest.mark.parametrize(("gain", "expected"), [(1.0, 0.143), (3.0, 0.205)])
def test_cubic_flow_ends_in_bumps_of_known_ipr_and_a_net_close_to_them(gain, expected):
    """D=30, xi=(1.5, 3). Net: K=40, batch 1000, lr x steps 3000, trained biases, seeds 0 and 1."""
    pair = task(gain=gain)
    fields = CubicFlow(pair).integrate(4, 100.0, random_state=0).fields
    np.testing.assert_allclose(ipr(fields), expected, rtol=0.005)
    found = []
    for seed in range(2):
        net = FCNet(40, learning_rate=5.0, batch_size=1000, weight_decay=0.0, random_state=seed)
        grown = net.fit_online(pair, 600_000).receptive_fields_[:20]
        match = FieldMatcher().fit(fields).transform(grown)[:, 0]
        assert np.median(match) >= 0.96
        found.append(ipr(grown).mean())
    assert np.mean(found) == pytest.approx(expected, rel=0.12)


def test_on_the_control_the_flow_ends_in_a_fourier_mode():
    fields = CubicFlow(task(), fourth="gaussian").integrate(4, 300.0, random_state=0).fields
    power = np.abs(np.fft.fft(fields)) ** 2
    assert np.all(power.max(axis=1) / power.sum(axis=1) > 0.99)
    clone = CubicFlow(task().gaussian_clone()).integrate(4, 300.0, random_state=0).fields
    np.testing.assert_allclose(clone, fields, rtol=1e-3, atol=1e-3)


def test_uniform_field_is_an_unstable_fixed_point_and_the_bump_a_stable_one():
    flow = CubicFlow(task(20, (1.0, 2.0)))
    uniform = fixed_point(flow, 0.3 * np.ones(20))
    np.testing.assert_allclose(uniform.field, uniform.field[0])
    assert not uniform.is_stable
    bump = fixed_point(flow, np.exp(-0.5 * (np.arange(20) - 10.0) ** 2), end=100.0)
    assert bump.is_stable
    assert abs(bump.eigenvalues[0]) < 1e-3 * np.abs(bump.eigenvalues).max()  # its shift
    slope = np.gradient(bump.field)
    assert abs(bump.eigenvectors[0] @ slope) / np.linalg.norm(slope) > 0.98
    clone = CubicFlow(task(20, (1.0, 2.0)), fourth="gaussian")
    assert fixed_point(clone, 0.3 * np.ones(20)).is_stable


def test_fields_that_run_away_are_reported_and_large_ones_may_decay():
    large = CubicFlow(task(12, (1.0, 2.0))).integrate(np.full((1, 12), 50.0), 1.0).fields
    assert np.abs(large).max() < 5.0
    flow = CubicFlow(task(12, (1.0, 2.0)), bias=2.5)  # s4 has changed its sign
    with pytest.raises(FloatingPointError, match="A field diverged at t = "):
        flow.integrate(3, 1000.0, random_state=0)


@pytest.mark.parametrize(
    ("gain", "expected"), [(0.3 * 2**0.5, 0.053), (2**0.5, 0.152), (None, 0.284)]
)
def test_flow_of_a_relu_neuron_ends_at_known_localization(gain, expected):
    """L=40, xi=(1, 3): erf(0.3 z), erf(z) and the sign."""
    options = {"gain": gain} if gain else {"gain": 1.0, "nonlinearity": "sign"}
    pair = [NLGP(40, correlation_length=xi, **options) for xi in (1.0, 3.0)]
    fields = RectifiedFlow(pair).integrate(4, 4000.0, random_state=0).fields
    np.testing.assert_allclose(ipr(fields), expected, rtol=0.02)


def test_flow_of_a_relu_neuron_solves_its_equation():
    """Against SciPy's solver at a relative error of 1e-9; halving the step quarters the error."""
    flow = RectifiedFlow([NLGP(16, correlation_length=xi, gain=2.0) for xi in (0.8, 2.0)])
    start = flow.initial_fields(2, random_state=0)

    def velocity(_, flat):
        return flow.velocity(flat.reshape(2, 16)).ravel()

    exact = solve_ivp(velocity, (0, 5), start.ravel(), rtol=1e-9, atol=1e-12).y[:, -1]
    ends = [flow.integrate(start, 5.0, n_steps=n).fields.ravel() for n in (400, 800)]
    error = np.abs(ends - exact).max(axis=1)
    assert error[1] < 1e-4
    assert 3.0 < error[0] / error[1] < 5.0


@pytest.mark.parametrize("radial", ["shell", StudentT(5.0)])
def test_elliptical_inputs_end_in_the_mode_of_the_largest_ratio(radial):
    pair = [EllipticalField(20, correlation_length=xi, radial=radial) for xi in (1.0, 2.0)]
    flow = RectifiedFlow(pair)
    result = flow.integrate(3, 3000.0, random_state=0)
    best = int(np.argmax(flow.spectra[1] / flow.spectra[0]))
    assert best == 0
    np.testing.assert_allclose(ipr(result.fields), 1 / 20, rtol=1e-3)
    swapped = RectifiedFlow(pair[::-1]).integrate(3, 3000.0, random_state=0).fields
    power = np.abs(np.fft.rfft(swapped)) ** 2
    assert np.all(power.argmax(axis=1) == 10)


def test_linear_flow_decays_as_its_matrix_exponential_does():
    """Rates from .1 to 50; the error falls with the tolerance."""
    rng = np.random.default_rng(0)
    vectors = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    rates, times = np.geomspace(0.1, 50.0, 20), np.array([0.0, 0.3, 1.0, 5.0, 20.0])
    start, evaluations = np.ones(20), []

    def velocity(y):
        evaluations.append(y)
        return -vectors @ (rates * (vectors.T @ y))

    exact = np.exp(-np.outer(times, rates)) * (vectors.T @ start) @ vectors.T
    for tol, largest in ((1e-2, 2e-3), (1e-5, 2e-5)):
        history = integrate_gradient_flow(velocity, start, times, tol)
        np.testing.assert_allclose(history, exact, rtol=0.0, atol=largest)
        if tol == 1e-2:  # other explicit methods need 50 x 20 / .85 evaluations
            assert len(evaluations) < 320


def test_flow_keeps_the_times_it_is_asked_for():
    flow = RectifiedFlow(task(12, (1.0, 2.0)))
    result = flow.integrate(2, 10.0, n_steps=100, n_times=5, random_state=0)
    np.testing.assert_allclose(result.times, [0.0, 2.5, 5.0, 7.5, 10.0])
    assert result.history.shape == (5, 2, 12)
    np.testing.assert_array_equal(result.history[0], flow.initial_fields(2, random_state=0))
    cubic = CubicFlow(task(12, (1.0, 2.0))).integrate(2, 4.0, times=[1.0, 4.0], random_state=0)
    np.testing.assert_allclose(cubic.times, [1.0, 4.0])


PAIR = task(12, (1.0, 2.0))
CUBIC = CubicFlow(PAIR)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: CubicFlow(PAIR, form="pair"), "`form` must be one of .*, got 'pair'"),
        (lambda: CubicFlow(PAIR, fourth="half"), "`fourth` must be one of .*, got 'half'"),
        (lambda: activation_derivatives("relu", 0.0), "`activation` must be one of .*, got 'relu'"),
        (lambda: CubicFlow(PAIR, form="neuron", interacting=True), "`interacting` must be False"),
        (lambda: CubicFlow(PAIR.models[:1]), "`task` must be a Discrimination of two classes"),
        (lambda: CubicFlow(PAIR, bias=[1.0, 2.0]).velocity(np.ones((3, 12))), "2 biases for 3"),
        (lambda: CubicFlow(PAIR, bias=[1.0, -1.0]).integrate(3, 1.0), "got 2 biases for 3 fields"),
        (lambda: fixed_point(CubicFlow(PAIR, bias=[1.0, -1.0]), np.ones(12)), "one bias, got 2"),
        (lambda: CubicFlow(PAIR, interacting=True).jacobian(np.ones(12)), "`interacting` must be"),
        (lambda: CUBIC.velocity(np.ones((3, 7))), "must have 12 features"),
        (lambda: CUBIC.integrate(2, 1.0, times=[]), r"`times` must be .* got shape \(0,\)"),
        (lambda: CUBIC.integrate(2, 1.0, times=[0.5, 2.0]), "`times` must increase"),
        (lambda: CUBIC.integrate(np.full((1, 12), 1e3), 1.0), "with norms below 1000"),
        (lambda: RectifiedFlow(PAIR).integrate(np.ones((1, 7)), 1.0), "must have 12 features"),
        (lambda: RectifiedFlow(PAIR).integrate(2, -1.0), "`end` must be positive and finite"),
        (
            lambda: RectifiedFlow([NLGP(n, correlation_length=1.0, gain=1.0) for n in (8, 9)]),
            r"the same shape, got \(8,\) and \(9,\)",
        ),
    ],
)
def test_bad_flows_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
