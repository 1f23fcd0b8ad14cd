"""Formulas of nets, first steps, seeds and threads."""

import joblib
import numpy as np
import pytest
import torch
from scipy import special
from skorch.callbacks import Callback

from rfsk import ConvNet, FCNet, fit_many, make_nlgp

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
    """w moves by learning_rate / (s^2 K) dLoss/dw, b by 1/D of it, s the scale of the readout."""
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
def test_other_optimizers_take_the_rate_as_it_is(ring, optimizer):
    net = FCNet(6, optimizer=optimizer, learning_rate=1e-3, max_epochs=1, random_state=0)
    net.set_params(batch_size=1500, record=2, weight_decay=0.0).fit(*ring)
    moved = np.abs(np.diff(net.receptive_field_history_, axis=0)) * np.sqrt(20)
    assert np.median(moved) == pytest.approx(1e-3, rel=0.01)  # as all first steps of Adam
    assert moved.max() <= 1.001e-3
    np.testing.assert_allclose(np.abs(np.abs(net.biases_) - 1.0), 1e-3, rtol=0.02)


def test_convnet_filters_see_every_site_in_cross_correlation():
    X, y = make_nlgp(600, (4, 6), correlation_length=(0.7, 1.5), random_state=0)
    net = ConvNet(3, kernel_size=3, image_shape=(4, 6), max_epochs=2, random_state=0).fit(X, y)
    assert net.filters_.shape == (3, 3, 3)
    hidden = net.transform(X).reshape(len(X), 3, 4, 6)
    images = X.reshape(-1, 4, 6)
    h = np.zeros_like(hidden)
    for row, column in np.ndindex(3, 3):
        rolled = np.roll(images, (1 - row, 1 - column), axis=(1, 2))
        h += net.filters_[None, :, row, column, None, None] * rolled[:, None]
    expected = special.erf((h / 3 + net.biases_[:, None, None]) / np.sqrt(2))
    np.testing.assert_allclose(hidden, expected, atol=1e-9)
    at_center = special.erf((X @ net.receptive_fields_.T + net.biases_) / np.sqrt(2))
    np.testing.assert_allclose(hidden[:, :, 2, 3], at_center, atol=1e-9)


@pytest.mark.parametrize(("side", "taps"), [(1, 1), (2, 1), (4, 3), (20, 15), (100, 75)])
def test_default_kernel_is_the_largest_odd_one_within_three_quarters(side, taps):
    X = np.random.default_rng(0).standard_normal((100, side))
    net = ConvNet(2, max_epochs=1, random_state=0).fit(X, np.arange(100) % 2)
    assert net.filters_.shape == (2, taps)


def test_three_classes_are_learnt_with_a_linear_readout():
    lengths, names = (0.5, 1.5, 4.0), np.array(["short", "middle", "long"])
    X, y = make_nlgp(6000, 20, correlation_length=lengths, random_state=0)
    net = FCNet(random_state=0).fit(X, names[y])
    assert net.decision_function(X).shape == (6000, 3)
    X_new, y_new = make_nlgp(3000, 20, correlation_length=lengths, random_state=1)
    assert net.score(X_new, names[y_new]) > 0.85
    squared = FCNet(loss="squared", max_epochs=5, random_state=0).fit(X, names[y])
    for fitted in (net, squared):
        np.testing.assert_allclose(fitted.predict_proba(X).sum(axis=1), 1.0)


def test_fit_online_learns_and_uses_exactly_the_samples_asked_for(make_net):
    task = make_nlgp(10, 20, correlation_length=(1.0, 4.0), return_X_y=False).task
    net = make_net(batch_size=64).fit_online(task, 64 * 150 + 10)
    assert net.n_steps_ == 151
    assert net.score(*task.sample(4000, random_state=1)) > 0.75
    assert len(net.loss_curve_) == 100
    assert net.loss_curve_[-10:].mean() < net.loss_curve_[:10].mean()


def test_same_seed_same_fields_bit_for_bit_with_or_without_snapshots(make_net, ring):
    """Snapshots are spaced evenly in the logarithm, from the start to the end."""
    fields = make_net().fit(*ring).fit(*ring).receptive_fields_
    net = make_net(record=6, batch_size=500).fit(*ring)
    np.testing.assert_array_equal(net.receptive_fields_, fields)
    np.testing.assert_array_equal(net.receptive_field_history_[-1], fields)
    assert not np.array_equal(make_net(random_state=1).fit(*ring).receptive_fields_, fields)
    steps = net.set_params(batch_size=10).fit(*ring).snapshot_steps_
    assert (steps[0], steps[-1], len(steps)) == (0, 450, 6)
    assert np.all(np.diff(np.log(steps[1:])) > 1)


def test_training_leaves_global_generators_alone(make_net, ring):
    torch.manual_seed(5)
    states = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    make_net().fit(*ring)
    assert torch.equal(torch.get_rng_state(), states[0])
    np.testing.assert_array_equal(np.random.get_state()[1], states[1])  # noqa: NPY002


def test_seeded_fits_in_threads_equal_those_in_turn(ring):
    X, y = ring

    def fields(seed):
        net = FCNet(8, max_epochs=2, batch_size=50, random_state=seed)
        return net.fit(X[:300], y[:300]).receptive_fields_

    in_turn = [fields(seed) for seed in range(6)]
    threaded = joblib.Parallel(3, prefer="threads")(joblib.delayed(fields)(s) for s in range(6))
    np.testing.assert_array_equal(threaded, in_turn)


@pytest.mark.parametrize(("batch_size", "expected"), [(100, 1), (1000, 2)])
def test_small_steps_are_taken_by_one_thread(ring, batch_size, expected):
    class Watch(Callback):
        threads = None

        def on_epoch_end(self, net, **kwargs):
            self.threads = torch.get_num_threads()

    watch, before = Watch(), torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        FCNet(200, batch_size=batch_size, max_epochs=1, callbacks=[watch]).fit(*ring)
        assert watch.threads == expected
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_batch_callback_is_called_and_changes_no_number(make_net, ring):
    class Count(Callback):
        n_batches = 0

        def on_batch_end(self, net, **kwargs):
            self.n_batches += 1

    counter = Count()
    listened = make_net(callbacks=[counter], record=4).fit(*ring)
    plain = make_net(record=4).fit(*ring)
    assert counter.n_batches == listened.n_steps_ == plain.n_steps_ == 9
    # skorch's loop uses autograd, and the compiled step formulas: equal up to single precision.
    np.testing.assert_allclose(
        listened.receptive_field_history_, plain.receptive_field_history_, rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(listened.loss_curve_, plain.loss_curve_, rtol=1e-5)


def test_error_in_a_callback_is_raised_and_the_net_kept(make_net, ring):
    class Fail(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise RuntimeError("no space left")

    net = make_net(callbacks=[Fail()], verbose=1)
    with pytest.raises(RuntimeError, match="no space left"):
        net.fit(*ring)
    assert net.n_steps_ == 3
    assert np.isfinite(net.receptive_fields_).all()


def test_views_of_any_layout_are_taken(make_net, ring):
    X, y = ring
    net = make_net().fit(X[::-1], y[::-1])
    expected = net.decision_function(X.copy())
    for view in (np.asfortranarray(X), X[:, ::-1].copy()[:, ::-1]):
        np.testing.assert_allclose(net.decision_function(view), expected, atol=1e-12)


@pytest.mark.filterwarnings("ignore:.*20 times as many rows")
def test_balanced_weights_of_classes_save_the_minority():
    X, y = make_nlgp(8000, 20, correlation_length=(1.0, 2.0), random_state=0)
    kept = (y == 0) | (np.arange(len(y)) % 20 == 0)
    fresh = make_nlgp(2000, 20, correlation_length=(1.0, 2.0), random_state=1)
    options = {"batch_size": 100, "max_epochs": 40, "random_state": 0}
    ignored, *balanced = (
        FCNet(8, class_weight=weight, **options).fit(X[kept], y[kept])
        for weight in (None, "balanced", {0: 1.0, 1: 19.0})
    )
    assert ignored.predict(fresh[0]).mean() < 0.1
    for net in balanced:
        assert 0.25 < net.predict(fresh[0]).mean() < 0.75
        assert net.score(*fresh) > ignored.score(*fresh) + 0.1


def test_sizes_may_be_numpy_integers_as_grids_have_them(ring):
    X, y = (part[:200] for part in ring)
    two, four, twenty = (np.int64(n) for n in (2, 4, 20))
    sizes = {"batch_size": twenty, "max_epochs": two, "random_state": 0}
    for net in (
        FCNet(four, **sizes, record=four, image_shape=(four, np.int64(5))),
        FCNet((four, two), **sizes, readout="linear"),
        ConvNet(two, kernel_size=np.int64(5), **sizes),
    ):
        assert np.isfinite(net.fit(X, y).receptive_fields_).all()
    alone = FCNet(four, **sizes).fit(X, y)
    together = fit_many([FCNet(four, **sizes) for _ in range(2)], X, y)
    np.testing.assert_allclose(together[0].receptive_fields_, alone.receptive_fields_, atol=1e-6)
