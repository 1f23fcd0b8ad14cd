"""Formulas of nets with one or several layers, first steps, seeds and threads."""

import numpy as np
import pytest
import torch
from scipy import special
from skorch.callbacks import PrintLog

from rfsk import ConvNet, FCNet, ipr
from rfsk.experiments import nlgp_task

ACTIVATIONS = {
    "erf": lambda h: special.erf(h / np.sqrt(2)),
    "tanh": np.tanh,
    "relu": lambda h: np.maximum(h, 0),
    "linear": lambda h: h,
}


@pytest.mark.parametrize(
    ("activation", "readout"),
    [*[(name, "mean") for name in ACTIVATIONS], ("erf", "sqrt"), ("erf", "sum")],
)
def test_fcnet_is_the_formula_of_its_docstring(ring, activation, readout):
    X, y = ring
    options = {"learning_rate": 0.1, "max_epochs": 2, "random_state": 0}
    net = FCNet(6, activation=activation, readout=readout, **options).fit(X, y)
    hidden = ACTIVATIONS[activation](X @ net.receptive_fields_.T + net.biases_)
    np.testing.assert_allclose(net.transform(X), hidden, atol=1e-9)
    output = {"mean": 1 / 6, "sqrt": 6**-0.5, "sum": 1.0}[readout] * hidden.sum(axis=1)
    decision = output - 0.5 if activation == "relu" else -output
    np.testing.assert_allclose(net.decision_function(X), decision, atol=1e-9)
    np.testing.assert_array_equal(net.predict(X), (decision > 0).astype(int))
    probability = np.clip(0.5 + decision * (1.0 if activation == "relu" else 0.5), 0.0, 1.0)
    np.testing.assert_allclose(net.predict_proba(X)[:, 1], probability, atol=1e-9)
    assert net.time_ == net.n_steps_ / 20 == 6 / 20


@pytest.mark.parametrize(
    ("n_hidden", "readout"), [(4, "mean"), (5, "mean"), (4, "sqrt"), (4, "sum")]
)
def test_first_step_is_gradient_descent_in_the_stated_scaling(ring, n_hidden, readout):
    """Rates are learning_rate / (s^2 K) for w and 1/D of it for b, with the readout scale s."""
    X, y = ring
    rate, shrink, D = 0.3, 0.01, 20
    scale = {"mean": 1 / n_hidden, "sqrt": n_hidden**-0.5, "sum": 1.0}[readout]
    options = {"weight_decay": shrink, "batch_size": len(X), "max_epochs": 1, "random_state": 0}
    net = FCNet(n_hidden, readout=readout, learning_rate=rate, record=2, **options).fit(X, y)
    assert net.snapshot_steps_.tolist() == [0, 1]
    w = net.receptive_field_history_[0] * np.sqrt(D)
    b = np.where(np.arange(n_hidden) < (n_hidden + 1) // 2, 1.0, -1.0)
    h = X @ w.T / np.sqrt(D) + b
    residual = scale * special.erf(h / np.sqrt(2)).sum(axis=1) - (1.0 - 2.0 * y)
    slope = np.sqrt(2 / np.pi) * np.exp(-(h**2) / 2)
    gradient = 2.0 / len(X) * scale * residual[:, None] * slope
    step = rate / (scale**2 * n_hidden)
    w_new = w - step * (gradient.T @ X / np.sqrt(D)) - rate * shrink * w
    np.testing.assert_allclose(net.receptive_fields_, w_new / np.sqrt(D), atol=2e-6)
    np.testing.assert_allclose(net.biases_, b - step / D * gradient.sum(axis=0), atol=2e-6)


@pytest.mark.parametrize("optimizer", ["adam", torch.optim.Adam])
def test_other_optimizers_use_the_unscaled_rate(ring, optimizer):
    net = FCNet(6, optimizer=optimizer, learning_rate=1e-3, max_epochs=1, random_state=0)
    net.set_params(batch_size=1500, record=2, weight_decay=0.0).fit(*ring)
    moved = np.abs(np.diff(net.receptive_field_history_, axis=0)) * np.sqrt(20)
    assert np.median(moved) == pytest.approx(1e-3, rel=0.01)  # as all first steps of Adam
    assert moved.max() <= 1.001e-3
    np.testing.assert_allclose(np.abs(np.abs(net.biases_) - 1.0), 1e-3, rtol=0.02)


@pytest.mark.parametrize(("side", "taps"), [(1, 1), (2, 1), (4, 3), (20, 15), (100, 75)])
def test_default_kernel_is_the_largest_odd_one_within_three_quarters(side, taps):
    X = np.random.default_rng(0).standard_normal((100, side))
    net = ConvNet(2, max_epochs=1, random_state=0).fit(X, np.arange(100) % 2)
    assert net.filters_.shape == (2, taps)


def test_same_seed_gives_the_same_fields_with_or_without_snapshots(make_net, ring):
    """Snapshots are evenly spaced in the logarithm of the step."""
    fields = make_net().fit(*ring).fit(*ring).receptive_fields_
    net = make_net(record=np.int64(6), max_epochs=np.int64(3)).fit(*ring)
    np.testing.assert_array_equal(net.receptive_fields_, fields)
    np.testing.assert_array_equal(net.receptive_field_history_[-1], fields)
    assert not np.array_equal(make_net(random_state=1).fit(*ring).receptive_fields_, fields)
    steps = net.set_params(batch_size=10).fit(*ring).snapshot_steps_
    assert (steps[0], steps[-1], len(steps)) == (0, 450, 6)
    assert np.all(np.diff(np.log(steps[1:])) > 1)


def test_training_does_not_use_global_generators(make_net, ring):
    torch.manual_seed(5)
    states = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    make_net().fit(*ring)
    assert torch.equal(torch.get_rng_state(), states[0])
    np.testing.assert_array_equal(np.random.get_state()[1], states[1])  # noqa: NPY002


@pytest.mark.parametrize(("batch_size", "expected"), [(100, 1), (1000, 2)])
def test_small_steps_are_taken_by_one_thread(ring, batch_size, expected):
    seen, before = [], torch.get_num_threads()
    watch = PrintLog(sink=lambda _: seen.append(torch.get_num_threads()))
    torch.set_num_threads(2)
    try:
        FCNet(200, batch_size=batch_size, max_epochs=1, callbacks=[watch]).fit(*ring)
        assert (set(seen), torch.get_num_threads()) == ({expected}, 2)
    finally:
        torch.set_num_threads(before)


def test_weights_of_classes_are_weights_of_samples(make_net, ring):
    kept = (ring[1] == 0) | (np.arange(1500) % 4 == 0)
    X, y = ring[0][kept], ring[1][kept]
    weight = {0: len(y) / (2 * (y == 0).sum()), 1: len(y) / (2 * (y == 1).sum())}
    expected = make_net().fit(X, y, sample_weight=np.where(y == 1, weight[1], weight[0]))
    for class_weight in ("balanced", weight):
        net = make_net(class_weight=class_weight).fit(X, y)
        np.testing.assert_allclose(net.receptive_fields_, expected.receptive_fields_, atol=1e-6)
    assert not np.allclose(make_net().fit(X, y).receptive_fields_, net.receptive_fields_, atol=1e-3)


def layers_of(net):
    """Weights and biases of all layers; those of the first layer are the fields."""
    state = {name: value.double().numpy() for name, value in net.net_.module_.state_dict().items()}
    pairs = [(net.receptive_fields_, net.biases_)]
    for i in range(len(net.n_hidden) - 1):
        weight = state[f"deep_weights.{i}"]
        pairs.append((weight / np.sqrt(weight.shape[1]), state[f"deep_biases.{i}"]))
    return pairs, state


@pytest.mark.parametrize("readout", ["mean", "sqrt", "linear"])
def test_deep_net_is_a_chain_of_layers_in_one_convention(ring, readout):
    X, y = ring
    net = FCNet((6, 5, 4), readout=readout, learning_rate=0.5, max_epochs=2, random_state=0)
    net.fit(X, y)
    pairs, state = layers_of(net)
    values = X
    for weight, bias in pairs:
        values = special.erf((values @ weight.T + bias) / np.sqrt(2.0))
    np.testing.assert_allclose(net.transform(X), values, atol=1e-9)
    assert net.receptive_fields_.shape == (6, 20)
    output = values.mean(axis=1) * (2.0 if readout == "sqrt" else 1.0)
    if readout == "linear":
        output = values @ state["readout_weight"][0] / 4 + state["readout_bias"][0]
    np.testing.assert_allclose(net.decision_function(X), -output, atol=1e-9)


@pytest.mark.parametrize("optimizer", ["sgd", torch.optim.SGD])
def test_first_step_of_every_layer_has_the_stated_rate(ring, optimizer):
    """Gradients of the formula of the net by autograd in double precision."""
    X, y = ring
    sizes, D, lr, rate_v = (6, 5), 20, 0.3, 0.7
    options = {"batch_size": len(X), "max_epochs": 1, "random_state": 0, "weight_decay": 0.01}
    net = FCNet(sizes, readout="linear", loss="squared", optimizer=optimizer)
    net.set_params(readout_rate=rate_v, **options)
    start = net.set_params(learning_rate=1e-30, readout_rate=1e-30).fit(X, y)
    before = {name: v.double() for name, v in start.net_.module_.state_dict().items()}
    net.set_params(learning_rate=lr, readout_rate=rate_v).fit(X, y)
    after = {name: v.double() for name, v in net.net_.module_.state_dict().items()}
    for value in before.values():
        value.requires_grad_(True)
    h = torch.tensor(X) @ before["weight"].T / np.sqrt(D) + before["bias"]
    h = torch.erf(h / np.sqrt(2)) @ before["deep_weights.0"].T / np.sqrt(6)
    h = torch.erf((h + before["deep_biases.0"]) / np.sqrt(2))
    output = h @ before["readout_weight"][0] / 5 + before["readout_bias"]
    ((output - torch.tensor(1.0 - 2.0 * y)) ** 2).mean().backward()
    factors = {"weight": 6, "bias": 6 / D, "deep_weights.0": 5, "deep_biases.0": 5 / 6}
    factors |= {"readout_weight": 5, "readout_bias": 1}
    assert set(factors) == set(before)
    for name, factor in factors.items():
        rate = lr * (factor if optimizer == "sgd" else 1) * (rate_v if "readout" in name else 1)
        decay = lr * 0.01 * before[name] if name == "weight" else 0.0
        expected = (before[name] - rate * before[name].grad - decay).detach().numpy()
        np.testing.assert_allclose(after[name].numpy(), expected, atol=2e-6, err_msg=name)


def test_biases_are_fixed_in_every_layer_and_the_mask_is_that_of_the_first(ring):
    mask = np.random.default_rng(0).random((6, 20)) < 0.5
    net = FCNet((6, 4), mask=mask, train_bias=False, max_epochs=2, random_state=0).fit(*ring)
    pairs, _ = layers_of(net)
    assert np.all(np.abs(pairs[0][1]) == 1.0)
    assert np.all(pairs[1][1] == 0.0)
    np.testing.assert_array_equal(net.receptive_fields_ != 0, mask)


@pytest.mark.slow
def test_three_hidden_layers_learn_the_task_and_localize_some_of_their_fields():
    """Seeds 0 to 2: accuracy .89 to .91, upper decile of the IPR .044 to .055 and .028 to .032."""
    deciles = []
    for inputs in (nlgp_task().gaussian_clone(), nlgp_task()):
        net = FCNet((40, 20, 10), learning_rate=10.0, batch_size=500, random_state=0)
        net.fit_online(inputs, 1_000_000)
        assert net.score(*inputs.sample(5000, random_state=5)) > 0.87
        deciles.append(np.quantile(ipr(net.receptive_fields_), 0.9))
    assert deciles[1] > max(0.04, 1.3 * deciles[0])
