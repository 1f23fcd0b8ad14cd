"""fit_many and fit_many_online against fits one by one."""

import _thread
import threading

import numpy as np
import pytest
import torch
from skorch.callbacks import EpochTimer

from rfsk import (
    ConvNet,
    Discrimination,
    FCNet,
    Ising,
    fit_many,
    fit_many_online,
    make_nlgp,
)
from rfsk.nets import _committee, _ensemble, _runs


@pytest.fixture(scope="module")
def ring():
    return make_nlgp(900, 20, correlation_length=(1.0, 2.0), random_state=0)


def task_of(gain, **options):
    options = {"correlation_length": (1.0, 2.0), "return_X_y": False, **options}
    return make_nlgp(2, 20, gain=gain, **options).task


MASK = np.random.default_rng(0).random((6, 20)) < 0.7
VARIANTS = [
    {},
    {"learning_rate": 2.0},
    {"weight_decay": 0.01},
    {"readout": "sqrt"},
    {"train_bias": False},
    {"bias_init": 0.5, "init_scale": 0.3},
    {"l1": 1e-3},
    {"l1": 1e-3, "l1_cut": 20.0, "schedule": "cosine"},
    {"mask": MASK},
    {"schedule": "linear"},
    {"scaling": "plain", "learning_rate": 0.5},
    {"record": 4},
]


def nets_of(variants=VARIANTS, **options):
    options = {"max_epochs": 4, "batch_size": 100, **options}
    return [FCNet(6, random_state=i, **(options | v)) for i, v in enumerate(variants)]


def assert_same(together, alone, atol=2e-5):
    for i, (net, other) in enumerate(zip(together, alone, strict=True)):
        note = f"net {i}"
        fields = net.receptive_fields_, other.receptive_fields_
        np.testing.assert_allclose(*fields, atol=atol, err_msg=note)
        np.testing.assert_allclose(net.biases_, other.biases_, atol=atol, err_msg=note)
        np.testing.assert_allclose(net.loss_curve_, other.loss_curve_, rtol=1e-4, err_msg=note)
        assert net.n_steps_ == other.n_steps_
        assert [row["step"] for row in net.history_] == [row["step"] for row in other.history_]
        assert hasattr(net, "snapshot_steps_") == hasattr(other, "snapshot_steps_")
        if hasattr(net, "snapshot_steps_"):
            np.testing.assert_array_equal(net.snapshot_steps_, other.snapshot_steps_)
            histories = net.receptive_field_history_, other.receptive_field_history_
            np.testing.assert_allclose(*histories, atol=atol)


@pytest.mark.parametrize("activation", ["erf", "tanh", "relu", "linear"])
def test_nets_fitted_together_are_those_fitted_alone(ring, activation):
    X, y = ring
    options = {"activation": activation}
    together = fit_many(nets_of(**options), X, y)
    alone = [net.fit(X, y) for net in nets_of(**options)]
    assert_same(together, alone)
    assert np.ptp([net.score(X, y) for net in together]) > 0 or activation == "linear"
    exact = [(net.receptive_fields_ == 0.0).any() for net in together]
    assert exact == [(net.receptive_fields_ == 0.0).any() for net in alone]


def test_nets_trained_online_together_are_those_trained_alone():
    """Each on its own task: gains, uneven shares, and a model that torch cannot draw."""
    tasks = [task_of(gain) for gain in np.geomspace(0.1, 10.0, len(VARIANTS))]
    tasks[1] = task_of(3.0, priors=(0.3, 0.7))
    tasks[2] = Discrimination([Ising(20, temperature=T) for T in (3.0, 1.0)])
    tasks[3] = task_of(3.0).gaussian_clone()
    n_samples = 100 * 45 + 33
    together = fit_many_online(nets_of(), tasks, n_samples)
    alone = [net.fit_online(t, n_samples) for net, t in zip(nets_of(), tasks, strict=True)]
    assert_same(together, alone)


def test_result_depends_on_neither_company_nor_order_nor_workers(ring, monkeypatch):
    """Bit for bit."""
    task = task_of(3.0)
    monkeypatch.setattr(_ensemble, "_AT_ONCE", 3)

    def fields(order, n_jobs, at_once=3):
        monkeypatch.setattr(_ensemble, "_AT_ONCE", at_once)
        nets = nets_of([{}] * 10)
        online = fit_many_online([nets[i] for i in order], task, 3000, n_jobs=n_jobs)
        by_seed = sorted(online, key=lambda net: net.random_state)
        offline = fit_many(nets_of([{}] * 10), *ring, n_jobs=n_jobs)
        return [net.receptive_fields_ for net in by_seed + offline]

    reference = fields(range(10), 1)
    np.testing.assert_array_equal(fields(range(10), 2), reference)
    np.testing.assert_array_equal(fields(range(9, -1, -1), 2), reference)
    np.testing.assert_array_equal(fields(range(10), 1, at_once=10), reference)
    np.testing.assert_array_equal(fields([4, 2], 1)[:2], [reference[2], reference[4]])


def test_sizes_and_batches_may_differ(ring):
    def nets():
        sizes = [(4, 100), (6, 100), (4, 90), (6, 100), (4, 100)]
        return [
            FCNet(k, batch_size=b, max_epochs=2, random_state=i) for i, (k, b) in enumerate(sizes)
        ]

    assert_same(fit_many(nets(), *ring), [net.fit(*ring) for net in nets()])
    tasks = [task_of(3.0), task_of(1.0)]
    small = make_nlgp(2, 12, correlation_length=(1.0, 2.0), return_X_y=False).task
    tasks += [small, small, small]
    alone = [net.fit_online(t, 1000) for net, t in zip(nets(), tasks, strict=True)]
    assert_same(fit_many_online(nets(), tasks, 1000), alone)


def test_fitted_together_a_net_predicts_saves_and_trains_on(ring, tmp_path):
    import rfsk

    X, y = ring
    names = np.array(["short", "long"])[y]
    (net,) = fit_many(nets_of([{"warm_start": True}]), X, names)
    assert set(net.predict(X)) <= {"short", "long"}
    rfsk.save(net, tmp_path / "net")
    np.testing.assert_array_equal(rfsk.load(tmp_path / "net").predict(X), net.predict(X))
    fit_many([net], X, names)
    (twice,) = nets_of([{"warm_start": True}])
    assert_same([net], [twice.fit(X, names).fit(X, names)])
    assert net.n_steps_ == 72


def test_one_that_diverges_does_not_harm_the_others(ring):
    X, y = ring
    variants = [{}, {"activation": "linear", "learning_rate": 1e4}, {}]
    options = {"activation": "linear", "learning_rate": 0.1}
    with pytest.warns(UserWarning, match=r"Nets \[1\] diverged and are not fitted; lower"):
        nets = fit_many(nets_of([options | v for v in variants]), X, y)
    assert [hasattr(net, "receptive_fields_") for net in nets] == [True, False, True]
    assert_same([nets[2]], [nets_of([options | v for v in variants])[2].fit(X, y)])


def test_interrupt_keeps_what_is_trained_and_leaves_the_rest_as_it_was(ring, monkeypatch):
    """Groups of two, the third of four stopped after 5 of 36 steps; the last had been fitted."""
    monkeypatch.setattr(_ensemble, "_AT_ONCE", 2)
    step, calls = _committee.Committee.step, []

    def interrupted(self, *batch):
        calls.append(batch)
        if len(calls) == 2 * 36 + 6:
            raise KeyboardInterrupt
        step(self, *batch)

    nets = nets_of([{}] * 8)
    earlier = nets[7].fit(*ring).receptive_fields_
    monkeypatch.setattr(_committee.Committee, "step", interrupted)
    with pytest.warns(UserWarning, match="interrupted; 6 of 8 nets are kept as far as they were"):
        fit_many(nets, *ring, n_jobs=1)
    assert [net.n_steps_ for net in nets[:6]] == [36] * 4 + [5] * 2
    assert not hasattr(nets[6], "net_")
    np.testing.assert_array_equal(nets[7].receptive_fields_, earlier)
    assert all(net.score(*ring) > 0.4 for net in nets[:6])


def test_interrupted_threads_stop_and_keep_their_nets():
    nets = nets_of([{}] * 4)
    timer = threading.Timer(0.7, _thread.interrupt_main)
    timer.start()
    with pytest.warns(UserWarning, match="interrupted; 4 of 4 nets are kept"):
        fit_many_online(nets, task_of(3.0), 10**9, n_jobs=2)
    assert _runs.Run.known == {}
    steps = [net.n_steps_ for net in nets]
    assert all(0 < n < 10**7 for n in steps)
    assert [net.n_steps_ for net in nets] == steps


def test_failing_preparation_leaves_all_nets_as_they_were(ring):
    X, y = ring
    fitted = FCNet(4, max_epochs=1, random_state=0).fit(X, y)
    decision = fitted.decision_function(X)
    unfit = FCNet(4, max_epochs=1, mask=np.ones((3, 20), bool))
    with pytest.raises(ValueError, match=r"mask has shape \(3, 20\)"):
        fit_many([fitted, unfit], X, y)
    with pytest.raises(ValueError, match="n_jobs == 0"):
        fit_many([fitted], X, y, n_jobs=0)
    late = FCNet(4, max_epochs=4, schedule=lambda done: 1.0 if done < 0.6 else -1.0)
    with pytest.raises(ValueError, match=r"schedule gives -1\.0 at 0\.75 of the training"):
        fit_many([fitted, late], X, y)
    np.testing.assert_array_equal(fitted.decision_function(X), decision)


def test_nets_that_share_a_generator_are_as_fitted_in_turn(ring):
    def nets():
        rng = np.random.default_rng(3)
        return [FCNet(6, max_epochs=2, random_state=rng) for _ in range(3)]

    assert_same(fit_many(nets(), *ring), [net.fit(*ring) for net in nets()])


def test_threads_of_torch_are_given_back(ring):
    def count():
        found = []
        thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        return found[0]

    before = count()
    fit_many(nets_of([{}] * 4), *ring, n_jobs=2)
    assert count() == before


def test_progress_is_shown_on_request(ring, capfd):
    fit_many(nets_of([{}] * 3), *ring)
    assert capfd.readouterr().err == ""
    fit_many(nets_of([{}] * 3), *ring, verbose=1)
    assert "group" in capfd.readouterr().err


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_hidden": (6, 4)},
        {"activation": torch.nn.functional.softplus},
        {"readout": "linear"},
        {"loss": "cross_entropy"},
        {"optimizer": "adam"},
        {"callbacks": [EpochTimer()]},
        {"patience": 3},
    ],
)
def test_what_cannot_be_batched_is_refused_before_any_training(ring, parameters):
    nets = nets_of([{}, {}])
    nets[1].set_params(**parameters)
    (name,) = parameters
    with pytest.raises(ValueError, match=f"{name}=.* does not go with nets trained together"):
        fit_many(nets, *ring)
    with pytest.raises(ValueError, match=f"{name}=.* does not go with nets trained together"):
        fit_many_online(nets, task_of(3.0), 100)
    assert not hasattr(nets[0], "net_")


def test_bad_ensembles_are_refused(ring):
    net, task = FCNet(4), task_of(3.0)
    with pytest.raises(ValueError, match="nets is empty"):
        fit_many([], *ring)
    with pytest.raises(ValueError, match="nets holds the same net twice"):
        fit_many([net, net], *ring)
    with pytest.raises(TypeError, match="nets holds a ConvNet; expected an FCNet"):
        fit_many([net, ConvNet()], *ring)
    with pytest.raises(ValueError, match="Got 2 tasks for 1 nets"):
        fit_many_online([net], [task, task])
    with pytest.raises(TypeError, match="tasks holds a str; expected a Discrimination"):
        fit_many_online([net], ["task"])
    with pytest.raises(ValueError, match="n_samples=0; expected an integer > 0"):
        fit_many_online([net], task, 0)
    with pytest.raises(ValueError, match="learning_rate=-1; expected a finite number > 0"):
        fit_many_online([FCNet(learning_rate=-1)], task)
    with pytest.raises(ValueError, match="y has 1 class"):
        fit_many([net], ring[0], np.zeros(900))
    with pytest.raises(ValueError, match="readout='auto' does not go with nets trained together"):
        fit_many([net], ring[0], np.arange(900) % 3)
    listening = FCNet(4)
    if hasattr(listening, "set_callbacks"):
        from sklearn.callback import ScoringMonitor

        with pytest.raises(
            ValueError, match="set_callbacks does not go with nets trained together"
        ):
            fit_many([listening.set_callbacks(ScoringMonitor(scoring="accuracy"))], *ring)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        fit_many([net], np.full((900, 20), np.nan), ring[1])
    assert not hasattr(net, "net_")
