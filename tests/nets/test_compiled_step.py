"""Comparison of the compiled step with NumPy and autograd, and tests of the functions it uses."""

import importlib.util
import itertools
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rfsk import ConvNet, Discrimination, FCNet, nets
from rfsk._core import _single_precision as functions
from rfsk._core._compiled import FUSED, compiled
from rfsk.nets import _numpy_classifier, _numpy_modules
from rfsk.nets._batches import SampleBatches
from rfsk.nets._compiled_fields import fill_normal
from rfsk.nets._compiled_step import CompiledStep
from rfsk.nets._divergence import DivergenceError

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
    options["class_weight"] = {0: 2.0, 1: 1.0} if is_weighted else None
    parameters = {"bias_init": 0.5, "learning_rate": 0.3, "weight_decay": 0.0, "mask": mask}
    parameters |= {"batch_size": min(batch_size, n_samples - 1), "max_epochs": 1, "device": "cpu"}
    parameters |= options | penalties
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SampleBatches, "_order", lambda batches: torch.arange(n_samples))
        compiled_net = FCNet(**parameters).fit(*data)
        patch.setattr(CompiledStep, "fits", lambda net: False)
        reference = FCNet(**parameters).fit(*data)
    of_numpy = numpy_net(FCNet(**parameters), X, y).fit(*data)
    expected = {name: value.numpy() for name, value in reference.net_.module_.state_dict().items()}
    scale = max(1.0, np.abs(expected["weight"]).max())
    for found in (compiled_net.net_.module_.state_dict(), vars(of_numpy.net_.module_)):
        for name in ("weight", "bias"):
            distance = np.abs(np.asarray(found[name]) - expected[name])
            # A weight at the cut can be zero in one result and not in the other.
            at_cut = np.zeros(distance.shape, dtype=bool)
            if name == "weight" and "l1" in penalties:
                at_cut = (np.asarray(found[name]) == 0.0) != (expected[name] == 0.0)
                assert distance[at_cut].max(initial=0.0) < 0.0501
            assert distance[~at_cut].max(initial=0.0) <= 1e-5 * scale
    assert compiled_net.loss_curve_ == pytest.approx(reference.loss_curve_, rel=1e-5)
    assert of_numpy.loss_curve_ == pytest.approx(reference.loss_curve_, rel=1e-5)
    assert compiled_net.n_steps_ == reference.n_steps_ == of_numpy.n_steps_


def numpy_class(name):
    """Class of a net that NumPy trains, loaded from its file as if torch were missing."""
    backend = SimpleNamespace(
        NetClassifier=_numpy_classifier.NetClassifier,
        FullyConnected=_numpy_modules.FullyConnected,
        Convolutional=_numpy_modules.Convolutional,
    )
    spec = importlib.util.spec_from_file_location(
        f"rfsk.nets._numpy_{name.lower()}", Path(nets.__file__).with_name(f"_{name.lower()}.py")
    )
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "rfsk.nets._backend", backend)
        spec.loader.exec_module(module)
    return getattr(module, name)


def numpy_net(net, X, y):
    """Net that NumPy trains in the order of the data, from the initial weights of `net`."""
    net._check_parameters()
    net._start(np.unique(y), X.shape[1], is_warm=False)
    weight = net.net_.module_.weight.detach().double().numpy()

    class FromWeights(numpy_class(type(net).__name__)):
        def _start(self, classes, n_features):
            super()._start(classes, n_features)
            self.net_.module_.weight = weight.copy()
            self._rng = SimpleNamespace(permutation=np.arange)

    return FromWeights(**net.get_params())


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
    found = numpy_net(ConvNet(**parameters), X, y).fit(X, y)
    assert found.filters_ == pytest.approx(net.filters_, abs=1e-5)
    assert found.receptive_fields_ == pytest.approx(net.receptive_fields_, abs=1e-5)
    assert found.biases_ == pytest.approx(net.biases_, abs=1e-5)
    assert found.loss_curve_ == pytest.approx(net.loss_curve_, rel=1e-5)
    assert found.transform(X) == pytest.approx(net.transform(X), abs=1e-4)
    assert found.decision_function(X) == pytest.approx(net.decision_function(X), abs=1e-4)


def test_online_training_by_numpy_equals_training_on_the_drawn_samples(monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((110, 7)), np.arange(110) % 2
    options = {"n_hidden": 3, "batch_size": 25, "max_epochs": 1, "random_state": 0}
    options |= {"class_weight": {0: 2.0, 1: 1.0}, "weight_decay": 0.1, "record": 3}
    fitted = numpy_net(FCNet(**options), X, y).fit(X, y)
    left, sizes = iter(zip(X, y, strict=True)), []

    def draw(task, n, random_state):
        sizes.append(n)
        rows, labels = zip(*itertools.islice(left, n), strict=True)
        return np.array(rows), np.array(labels)

    monkeypatch.setattr(Discrimination, "sample", draw)
    online = numpy_net(FCNet(**options), X, y).fit_online((X, y), 110)
    assert sizes == [25, 25, 25, 25, 10]
    assert online.n_steps_ == fitted.n_steps_ == 5
    assert online.receptive_field_history_ == pytest.approx(
        fitted.receptive_field_history_, rel=1e-6, abs=1e-9
    )


@pytest.mark.filterwarnings("ignore:The classes differ in their means")
def test_a_last_step_by_numpy_that_diverges_is_refused():
    X, y = np.random.default_rng(0).standard_normal((600, 10)), np.arange(600) % 2
    options = {"activation": "linear", "batch_size": 200, "max_epochs": 1, "random_state": 0}
    net = numpy_net(FCNet(4, learning_rate=60.0, **options), X + 0.3 * y[:, None], y)
    with pytest.raises(DivergenceError, match="the net diverged"):
        net.fit(X + 0.3 * y[:, None], y)


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
