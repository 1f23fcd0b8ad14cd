"""Comparison of the compiled step with NumPy and autograd, and tests of the functions it uses."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rfsk import ConvNet, FCNet
from rfsk._core import _single_precision as functions
from rfsk._core._compiled import FUSED, compiled
from rfsk.nets import _numpy_modules
from rfsk.nets._batches import SampleBatches
from rfsk.nets._compiled_fields import fill_normal
from rfsk.nets._compiled_step import CompiledStep

OPTIONS = {
    "n_hidden": st.integers(1, 7),
    "n_features": st.integers(1, 11),
    "n_samples": st.integers(12, 300),
    "batch_size": st.integers(1, 299),
    "activation": st.sampled_from(("erf", "tanh", "relu", "linear")),
    "readout": st.sampled_from(("mean", "sqrt", "sum")),
    "train_bias": st.booleans(),
    "penalties": st.sampled_from(({}, {"weight_decay": 0.1}, {"l1": 0.01, "l1_cut": 5.0})),
    "is_masked": st.booleans(),
    "is_weighted": st.booleans(),
    "random_state": st.integers(0, 1000),
}
REFERENCE = {"n_hidden": 3, "n_features": 5, "n_samples": 290, "batch_size": 140}
REFERENCE |= dict.fromkeys(("is_masked", "is_weighted", "train_bias"), True)
REFERENCE |= {"activation": "erf", "readout": "sqrt", "random_state": 0}
REFERENCE |= {"penalties": {"weight_decay": 0.1, "l1": 0.01, "l1_cut": 5.0}}


@given(**OPTIONS)
@example(**REFERENCE)
@example(**REFERENCE | {"batch_size": 1})
@settings(max_examples=60, deadline=None)
def test_compiled_step_numpy_and_autograd_agree(
    n_features, n_samples, batch_size, penalties, is_masked, is_weighted, **options
):
    rng = np.random.default_rng(options["random_state"])
    size = options["n_hidden"], n_features
    X, y = rng.standard_normal((n_samples, n_features)), np.arange(n_samples) % 2
    mask = rng.random(size) < 0.7 if is_masked else None
    data = X, y, rng.random(n_samples) + 0.1 if is_weighted else None
    parameters = {"bias_init": 0.5, "learning_rate": 0.3, "weight_decay": 0.0, "mask": mask}
    parameters |= {"batch_size": min(batch_size, n_samples - 1), "max_epochs": 1, "device": "cpu"}
    parameters |= options | penalties
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SampleBatches, "_order", lambda batches: torch.arange(n_samples))
        compiled_net = FCNet(**parameters).fit(*data)
        patch.setattr(CompiledStep, "fits", lambda net: False)
        reference = FCNet(**parameters).fit(*data)
    module = numpy_module(FCNet(**parameters), X, y)
    loss = train(module, FCNet(**parameters), *data)
    expected = {name: value.numpy() for name, value in reference.net_.module_.state_dict().items()}
    scale = max(1.0, np.abs(expected["weight"]).max())
    for found in (compiled_net.net_.module_.state_dict(), vars(module)):
        for name in ("weight", "bias"):
            distance = np.abs(np.asarray(found[name]) - expected[name])
            # A weight at the cut can be zero in one result and not in the other.
            at_cut = np.zeros(distance.shape, dtype=bool)
            if name == "weight" and "l1" in penalties:
                at_cut = (np.asarray(found[name]) == 0.0) != (expected[name] == 0.0)
                assert distance[at_cut].max(initial=0.0) < 0.0501
            assert distance[~at_cut].max(initial=0.0) <= 1e-5 * scale
    assert compiled_net.loss_curve_ == pytest.approx(reference.loss_curve_, rel=1e-5)
    assert [loss] == pytest.approx(reference.loss_curve_, rel=1e-5)
    assert compiled_net.n_steps_ == reference.n_steps_


def numpy_module(net, X, y):
    """NumPy module with the initial weights of a net that is fitted to X and y."""
    net._check_parameters()
    net._start(np.unique(y), X.shape[1], is_warm=False)
    names = "activation", "init_scale", "bias_init", "train_bias", "readout"
    options = {name: getattr(net, name) for name in names} | net._module_params(net.shape_)
    options.pop("boundary", None)
    make = _numpy_modules.FullyConnected if isinstance(net, FCNet) else _numpy_modules.Convolutional
    module = make(**options, rng=np.random.default_rng(0))
    module.weight = net.net_.module_.weight.detach().double().numpy()
    if isinstance(net, FCNet) and net.mask is not None:
        module.mask = net.mask
        module.weight *= net.mask
    return module


def train(module, net, X, y, sample_weight=None):
    """Train a NumPy module for an epoch, in the order of the data, and return the mean loss."""
    targets = np.array([0.0, 1.0] if net.activation == "relu" else [1.0, -1.0])[y]
    penalties = {name: getattr(net, name, 0.0) for name in ("weight_decay", "l1", "l1_cut")}
    total = 0.0
    for first in range(0, len(X), net.batch_size):
        rows = slice(first, first + net.batch_size)
        weight = None if sample_weight is None else (sample_weight / sample_weight.mean())[rows]
        rate = net.learning_rate * len(X[rows]) / net.batch_size
        loss = module.step(X[rows], targets[rows], rate, sample_weight=weight, **penalties)
        total += loss * len(X[rows])
    return total / len(X)


@pytest.mark.parametrize("pooling", [None, "mean"])
@pytest.mark.parametrize(
    ("shape", "kernel_size", "stride"), [((7,), 5, 1), ((4, 5), 3, 1), ((4, 5), (3, 5), (2, 1))]
)
def test_convolutional_numpy_step_equals_autograd(shape, kernel_size, stride, pooling, monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, math.prod(shape))), np.arange(60) % 2
    parameters = {"n_channels": 3, "kernel_size": kernel_size, "stride": stride, "readout": "sqrt"}
    parameters |= {"image_shape": shape if len(shape) == 2 else None, "pooling": pooling}
    parameters |= {"batch_size": 25, "max_epochs": 1, "weight_decay": 0.1, "bias_init": 0.5}
    parameters |= {"random_state": 0, "device": "cpu"}
    monkeypatch.setattr(SampleBatches, "_order", lambda batches: torch.arange(len(X)))
    monkeypatch.setattr(_numpy_modules, "_AT_ONCE", 500)  # several blocks of rows
    net = ConvNet(**parameters).fit(X, y)
    module = numpy_module(ConvNet(**parameters), X, y)
    loss = train(module, net, X, y)
    assert module.weight == pytest.approx(net.net_.module_.weight.detach().numpy(), abs=1e-5)
    assert module.bias == pytest.approx(net.biases_, abs=1e-5)
    assert [loss] == pytest.approx(net.loss_curve_, rel=1e-5)
    assert module(X, return_hidden=True) == pytest.approx(net.transform(X), abs=1e-4)


def test_numbers_do_not_depend_on_the_number_of_threads(ring, task, monkeypatch):
    monkeypatch.setattr("rfsk.nets._compiled_step._OPERATIONS_TO_SHARE", 0.0)
    before, found = torch.get_num_threads(), []
    for n in (1, 2, 3):
        torch.set_num_threads(n)
        net = FCNet(8, batch_size=1000, max_epochs=3, random_state=0).fit(*ring)
        online = FCNet(8, batch_size=1000, random_state=0).fit_online(task, 20_300)
        found.append((net.receptive_fields_, net.biases_, online.receptive_fields_))
    torch.set_num_threads(before)
    for other in found[1:]:
        assert all((a == b).all() for a, b in zip(found[0], other, strict=True))


@compiled(fastmath=FUSED)
def _values(x, erf, exp_minus, tanh):
    for i in range(len(x)):
        erf[i] = functions.erf(x[i])
        exp_minus[i] = functions.exp_minus(abs(x[i]))
        tanh[i] = functions.tanh(x[i])


def test_elementary_functions_have_the_stated_errors():
    x = np.concatenate([np.linspace(-87.0, 87.0, 200_001), np.geomspace(1e-30, 10.0, 100_000)])
    x = x.astype(np.float32)
    erf, exp_minus, tanh = np.empty((3, len(x)), dtype=np.float32)
    _values(x, erf, exp_minus, tanh)
    exact = x.astype(np.float64)
    nonzero = exact != 0.0
    assert np.abs(erf[nonzero] / scipy.special.erf(exact[nonzero]) - 1.0).max() < 5e-7
    small = np.abs(exact) < 20.0
    assert np.abs(exp_minus / np.exp(-np.abs(exact)) - 1.0)[small].max() < 2e-6
    assert np.abs(exp_minus - np.exp(-np.abs(exact))).max() < 2e-7
    assert np.abs(tanh - np.tanh(exact)).max() < 2e-7


def test_normal_numbers_are_standard_normal_and_independent_from_any_entry():
    n = 2**20
    z, other = np.empty((2, n), dtype=np.float32)
    fill_normal(z, np.uint64(123), 0)
    fill_normal(other, np.uint64(124), 0)
    part = np.empty(100, dtype=np.float32)
    fill_normal(part, np.uint64(123), 400)
    assert (part == z[400:500]).all()
    z = z.astype(np.float64)
    error = 5.0 / math.sqrt(n)
    for power, moment, variance in ((1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)):
        assert abs((z**power).mean() - moment) < error * math.sqrt(variance)
    for lag in (1, 2, 3):  # pairs of a transform are neighbours
        assert abs((z[:-lag] * z[lag:]).mean()) < error
        assert abs(((z[:-lag] ** 2 - 1.0) * (z[lag:] ** 2 - 1.0)).mean()) < 2.0 * error
    beyond = 2.0 * scipy.stats.norm.sf(4.0) * n
    assert abs((np.abs(z) > 4.0).sum() - beyond) < 5.0 * math.sqrt(beyond)
    assert scipy.stats.kstest(z[:200_000], "norm").pvalue > 1e-4
    assert abs((z * other).mean()) < error
