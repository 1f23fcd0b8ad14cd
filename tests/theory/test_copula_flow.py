"""The copula flow against Monte Carlo, autograd, its limits, and nets of the same weights."""

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.integrate import solve_ivp
from scipy.linalg import toeplitz

from rfsk import NLGP, FCNet, ipr, predict_fields
from rfsk.analysis import cumulant
from rfsk.datasets import Algebraic, Discrimination, TransformedField
from rfsk.exceptions import LikelyMistakeWarning
from rfsk.theory import CopulaFlow, CubicFlow, gaussian_loss
from rfsk.theory import _copula as copula
from rfsk.theory._compiled_pairs import sum_pairs

TASK = Discrimination([NLGP(30, correlation_length=xi, gain=3.0) for xi in (1.5, 3.0)])


def units(n_units=6, scale=0.16, seed=0, n_features=30):
    rng = np.random.default_rng(seed)
    return scale * rng.standard_normal((n_units, n_features)), rng.standard_normal(n_units)


@pytest.mark.parametrize("kurtosis", [-1.9, -1.2, -0.1, -1e-5, 0.0, 1e-5, 0.3, 1.0])
def test_local_fields_have_unit_variance_and_the_kurtosis_asked_for(kurtosis):
    v, slope = (each[0] for each in copula.saturation(np.array([kurtosis])))
    h = 1e-4
    ahead, behind = (copula.saturation(np.array([kurtosis + s * h]))[0][0] for s in (1, -1))
    assert slope == pytest.approx((ahead - behind) / (2 * h), rel=0.05)
    zeta = stats.norm.ppf((np.arange(400_000) + 0.5) / 400_000)
    f = copula._erf_over(v, zeta)[0] / np.sqrt(copula.LocalFields.of(np.array([v])).norm)
    assert np.mean(f**2) == pytest.approx(1.0, abs=1e-3)
    assert stats.kurtosis(f) == pytest.approx(kurtosis, abs=2e-3 if v > 0 else 0.15)


@pytest.mark.parametrize(("first", "second"), [(-1.5, -0.4), (-1.0, 0.8), (0.5, 1.5), (0.0, -1.0)])
@pytest.mark.parametrize("correlation", [-0.6, 0.3])
def test_pairs_have_the_covariance_and_expectations_that_the_closure_says(
    first, second, correlation
):
    """Monte Carlo over 400,000 pairs of latent variables, within five standard errors."""
    v = copula.saturation(np.array([first, second]))[0]
    local = copula.LocalFields.of(v)
    x = correlation * np.sqrt(np.outer(local.norm, local.norm))
    p, c = np.prod(v), np.sqrt(np.prod(1.0 + v))
    root = np.sqrt(abs(p)) if p else 1e-6
    r = c / root * (np.sinh if p < 0.0 else np.sin)(root * x[0, 1])
    rng = np.random.default_rng(1)
    zeta = rng.multivariate_normal(np.zeros(2), [[1.0, r], [r, 1.0]], 400_000).T
    h, k = (copula._erf_over(v[i], zeta[i])[0] / np.sqrt(local.norm[i]) for i in (0, 1))
    assert np.mean(h * k) == pytest.approx(correlation, abs=0.012)
    s = np.tanh(0.4 + local.values[:1]), np.tanh(-0.7 + 1.5 * local.values[1:])
    a = np.concatenate(s) * copula.WEIGHTS @ copula.HERMITE
    (total,) = sum_pairs(a[None], x[None], v[None])[0]
    products = np.tanh(0.4 + h) * np.tanh(-0.7 + 1.5 * k)
    error = products.std() / np.sqrt(len(products))
    assert total / 2.0 == pytest.approx(products.mean(), abs=5 * error)


class TorchClosure:
    """The closure of science in plain torch, with gradients by autograd; negative kurtosis only."""

    def __init__(self, flow):
        self.C = [torch.from_numpy(C) for C in flow._covariances]
        self.T = [torch.from_numpy(cumulant(model).tensor()) for model in TASK.models]
        table = copula._saturation_table()[0]
        self.knots, self.c = torch.from_numpy(table.x), torch.from_numpy(table.c)

    def saturation(self, kurtosis):
        at = torch.searchsorted(self.knots, kurtosis.detach(), right=True) - 1
        step = kurtosis - self.knots[at]
        y = sum(self.c[i, at] * step ** (3 - i) for i in range(4))
        return y / (1.0 - y)

    def loss(self, u, b):
        nodes, weights = torch.from_numpy(copula.NODES), torch.from_numpy(copula.WEIGHTS)
        total = 0.0
        for C, T, target in zip(self.C, self.T, (1.0, -1.0), strict=True):
            Q = u @ C @ u.T
            q = Q.diag()
            v = self.saturation(torch.einsum("ijkl,ui,uj,uk,ul->u", T, u, u, u, u) / q**2)
            A = torch.asin(v / (1.0 + v))
            h = (q / (2.0 * A / torch.pi)).sqrt()[:, None] * torch.erf(
                (v / 2.0).sqrt()[:, None] * nodes
            )
            s = torch.erf((b[:, None] + h) / 2**0.5)
            a = (s * weights) @ torch.from_numpy(copula.HERMITE)
            root = (torch.outer(A, A) / torch.outer(q, q)).sqrt()
            r = torch.sin(Q * root) * torch.sqrt(torch.outer(1 + v, 1 + v) / torch.outer(v, v))
            powers = torch.stack([r**n for n in range(copula.N_TERMS)])
            pairs = torch.einsum("un,wn,nuw->uw", a, a, powers)
            diagonal = (s**2) @ weights
            both = pairs.sum() - pairs.diag().sum() + diagonal.sum()
            total = total + 0.5 * (both / len(u) ** 2 - 2 * target * a[:, 0].mean() + 1.0)
        return total


def test_gradient_is_that_of_autograd():
    flow = CopulaFlow(TASK)
    flow._kappas = [cumulant(model) for model in TASK.models]  # in double precision
    u, b = units()
    tensors = [torch.from_numpy(each).requires_grad_() for each in (u, b)]
    loss = TorchClosure(flow).loss(*tensors)
    loss.backward()
    assert flow.loss(u, b) == pytest.approx(loss.item(), rel=1e-10)
    for velocity, tensor in zip(flow.velocity(u, b), tensors, strict=True):
        expected = -len(u) * tensor.grad.numpy()
        np.testing.assert_allclose(velocity, expected, atol=1e-8 * np.abs(expected).max())


@pytest.mark.parametrize("activation", ["erf", "tanh", "relu"])
def test_gradient_is_that_of_finite_differences_for_positive_kurtosis_as_well(activation):
    pair = [TransformedField(8, correlation_length=xi, marginal="laplace") for xi in (0.6, 1.2)]
    flow = CopulaFlow(pair, activation=activation)
    u, b = units(4, 0.3, n_features=8)
    assert (flow._kappas[1].along(u) > 0).any()
    direction = units(4, 1.0, seed=1, n_features=8)
    h = 1e-5
    ahead, behind = (flow.loss(u + s * h * direction[0], b + s * h * direction[1]) for s in (1, -1))
    velocity = flow.velocity(u, b)
    along = -sum(np.sum(v * d) for v, d in zip(velocity, direction, strict=True)) / 4
    assert along == pytest.approx((ahead - behind) / (2 * h), rel=2e-6)


def test_gaussian_limit_is_the_gaussian_loss():
    u, b = units(8, 0.25)
    exact = gaussian_loss(u, b, TASK)
    assert CopulaFlow(TASK).loss(u, b, gaussian=True) == pytest.approx(exact, abs=1e-6)
    clone = CopulaFlow(TASK.gaussian_clone())
    assert clone.loss(u, b) == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize("bias", [1.0, -0.7])
def test_small_fields_follow_the_cubic_flow(bias):
    """The difference is of fifth order: relatively sixteen times smaller at half the size."""
    u = units(1, 0.03)[0]
    cubic = CubicFlow(TASK, bias=bias, form="neuron")
    errors = [
        np.linalg.norm(CopulaFlow(TASK).velocity(field, [bias])[0] - cubic.velocity(field))
        / np.linalg.norm(cubic.velocity(field))
        for field in (u, u / 2, u / 4)
    ]
    assert errors[0] < 5e-3
    np.testing.assert_allclose(np.divide(errors[:2], errors[1:]), 16.0, rtol=0.1)


def test_a_model_that_changes_has_another_flow():
    class Spins:
        n_features, shape, scale = 6, (6,), 1.0

        def covariance(self):
            return self.scale**2 * np.eye(6)

        def sample(self, n_samples, random_state=None):
            rng = np.random.default_rng(random_state)
            return self.scale * rng.choice([-1.0, 1.0], size=(n_samples, 6))

    model, fourth = Spins(), []
    for model.scale in (1.0, 3.0):
        kappa, _ = CopulaFlow([model, Spins()])._kappas
        fourth.append(kappa.along(np.eye(6)[0][None])[0])
    np.testing.assert_allclose(fourth, [-2.0, -162.0], rtol=1e-3)


def test_steps_of_the_flow_are_accurate():
    """Against a method of order 8 with a relative error of 1e-7 per step."""
    flow = CopulaFlow(TASK)
    course = flow.integrate(6, 30.0, times=[0.0, 5.0, 30.0], random_state=0)
    u, b = course.history[0], course.bias_history[0]

    def velocity(_, flat):
        return np.append(*flow.velocity(flat[: u.size].reshape(u.shape), flat[u.size :]))

    options = {"method": "DOP853", "rtol": 1e-7, "atol": 1e-9, "t_eval": course.times}
    exact = solve_ivp(velocity, (0.0, 30.0), np.append(u, b), **options).y.T
    np.testing.assert_allclose(ipr(course.fields), ipr(exact[-1][: u.size].reshape(u.shape)), 5e-3)
    np.testing.assert_allclose(course.bias_history, exact[:, u.size :], rtol=5e-3)


@pytest.fixture(scope="module")
def net():
    """K=40, batch 2000, learning rate x steps 3000, that is t = 100."""
    options = {"learning_rate": 1.0, "weight_decay": 0.0, "batch_size": 2000, "record": 200}
    return FCNet(40, **options, random_state=0).fit_online(TASK, 6_000_000)


def test_flow_follows_a_net_from_its_own_weights_to_the_end(net):
    times, history = net.snapshot_steps_ / 30, net.receptive_field_history_
    course = CopulaFlow(TASK).integrate(history[0], times[-1], times=times)
    X, y = TASK.sample(100_000, random_state=1)
    loss = np.mean((-net.decision_function(X) - np.where(y == 0, 1.0, -1.0)) ** 2)
    assert course.loss[-1] == pytest.approx(loss, rel=0.01)
    np.testing.assert_allclose(course.biases, net.biases_, atol=0.25)
    for half, tolerance in zip((slice(20), slice(20, None)), (0.05, 0.08), strict=True):
        of_flow, of_net = course.history[:, half], history[:, half]
        norms = np.linalg.norm([of_flow, of_net], axis=3)
        cosine = np.median(np.sum(of_flow * of_net, axis=2) / norms.prod(axis=0), axis=1)
        assert cosine.min() > 0.96
        assert cosine[times > 10.0].min() > 0.98
        expected = ipr(of_net[-1]).mean()
        assert ipr(of_flow[-1]).mean() == pytest.approx(expected, rel=tolerance)


def test_prediction_has_an_error_bar_and_agrees_with_a_net(net):
    prediction = predict_fields(TASK, random_state=0)
    mean, error = prediction.table.mean(), prediction.table.sem()
    assert mean.ipr_positive == pytest.approx(ipr(net.receptive_fields_[:20]).mean(), rel=0.05)
    assert 0.0 < error.ipr_positive < 0.02
    assert prediction.match(net)["positive"] > 0.98
    assert mean.accuracy == pytest.approx(net.score(*TASK.sample(20_000, random_state=1)), abs=0.01)
    assert mean.gap == pytest.approx(
        gaussian_loss(prediction.fields, prediction.biases, TASK) - mean.loss, abs=0.005
    )
    assert 8.0 < mean.localization_time < 13.0  # 10.9 for a net, by the course of its IPR


def test_prediction_from_samples_resembles_that_of_their_model():
    samples = [model.sample(20_000, random_state=0) for model in TASK.models]
    exact, estimated = (
        predict_fields(task, n_repeats=1, random_state=0) for task in (TASK, samples)
    )
    for name in ("ipr_positive", "ipr_negative", "loss", "accuracy"):
        assert estimated.table[name][0] == pytest.approx(exact.table[name][0], rel=0.1), name
    assert estimated.match(exact.fields)["positive"] > 0.97


def test_prediction_is_refused_for_skewed_inputs():
    """Exponentials of a Gaussian field: a loss of .77 by the closure and of .83 on samples."""
    rng = np.random.default_rng(0)
    fields = [
        NLGP(12, correlation_length=xi, gain=1.0).latent_autocovariance() for xi in (1.0, 2.0)
    ]
    roots = [np.linalg.cholesky(toeplitz(C) + 1e-9 * np.eye(12)) for C in fields]
    samples = [np.exp(rng.standard_normal((20_000, 12)) @ root.T) for root in roots]
    samples = [(x - x.mean()) / x.std() for x in samples]
    with (
        pytest.warns(LikelyMistakeWarning, match="leaves out the effect of odd moments"),
        pytest.raises(ValueError, match=r"The closure predicts a loss of 0\.7"),
    ):
        predict_fields(samples, n_units=10, end=200.0, random_state=0)


def test_prediction_is_refused_where_velocities_on_samples_would_change_the_fields():
    """Small kurtosis, heavy tails: nets end at an IPR of .098, the closure at .082."""
    pair = [TransformedField(30, correlation_length=xi, marginal=Algebraic(7)) for xi in (1.5, 3.0)]
    options = {"n_units": 10, "n_repeats": 1, "random_state": 0}
    with pytest.raises(
        ValueError, match=r"positive initial bias is 0\.079, with an error of about -[789]%"
    ):
        predict_fields(pair, **options)
    assert "ipr_error_positive" not in predict_fields(pair, **options, check=False).table


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_units": 1}, "`n_units` must be at least 2"),
        ({"n_repeats": 0}, "`n_repeats` must be a positive integer, got 0"),
        ({"end": -1.0}, "`end` must be positive and finite, got -1.0"),
        ({"activation": "linear"}, "`activation` must be one of .*, got 'linear'"),
        ({"bias_init": [1.0, 2.0]}, r"`biases` must have shape \(40,\), .* got \(2,\)"),
        ({"start": np.zeros((2, 30))}, "must not have rows of zeros"),
        ({"start": np.ones((2, 20))}, "`fields` must have 30 features"),
    ],
)
def test_bad_predictions_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        predict_fields(TASK, **parameters)


def test_fixed_biases_stay_and_a_torus_keeps_its_shape():
    pair = tuple(NLGP((5, 6), correlation_length=xi, gain=3.0) for xi in (0.7, 1.5))
    options = {"n_units": 4, "end": 5.0, "train_bias": False, "bias_init": 2.0, "random_state": 0}
    prediction = predict_fields(pair, **options)
    assert prediction.shape == (5, 6)
    np.testing.assert_array_equal(prediction.biases, [2.0, 2.0, -2.0, -2.0])
    with pytest.raises(ValueError, match=r"at least two units, .* got one"):
        prediction.match(np.ones((1, 30)))
