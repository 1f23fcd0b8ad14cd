"""Nets of several hidden layers."""

import numpy as np
import pytest
import torch
from scipy import special

from rfsk import FCNet, ipr


def layers_of(net):
    """Weights and biases, the first layer's in the convention of the fields."""
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
    """Gradients by autograd in double precision, for the formula of the net."""
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


def test_biases_are_fixed_in_every_layer_and_a_mask_is_of_the_first(ring):
    mask = np.random.default_rng(0).random((6, 20)) < 0.5
    net = FCNet((6, 4), mask=mask, train_bias=False, max_epochs=2, random_state=0).fit(*ring)
    pairs, _ = layers_of(net)
    assert np.all(np.abs(pairs[0][1]) == 1.0)
    assert np.all(pairs[1][1] == 0.0)
    np.testing.assert_array_equal(net.receptive_fields_ != 0, mask)


@pytest.mark.slow
def test_three_hidden_layers_learn_the_task_and_localize_some_of_their_fields(ring_task):
    """D = 100, g = 3, rate 10, 2000 steps of 500, seeds 0 to 2: accuracy .89 to .91, upper decile
    of the IPR .044 to .055, on the clone .028 to .032. At rate 5 and 4000 steps .931 to .951 (one
    layer: .865), .056 to .066 and .028 to .039; two layers .048 to .055 and .031 to .037."""
    deciles = []
    for inputs in (ring_task.gaussian_clone(), ring_task):
        net = FCNet((40, 20, 10), learning_rate=10.0, batch_size=500, random_state=0)
        net.fit_online(inputs, 1_000_000)
        assert net.score(*inputs.sample(5000, random_state=5)) > 0.87
        deciles.append(np.quantile(ipr(net.receptive_fields_), 0.9))
    assert deciles[1] > max(0.04, 1.3 * deciles[0])
