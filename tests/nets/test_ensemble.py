"""fit_many and fit_many_online against fits one by one."""

import copy
import signal
import threading

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Callback, Checkpoint, EarlyStopping, EpochScoring, LRScheduler
from torch.nn import functional

from rfsk import (
    Autoencoder,
    ConvNet,
    Discrimination,
    FCNet,
    Ising,
    fit_many,
    fit_many_online,
    make_nlgp,
)
from rfsk.nets import _ensemble, fit_each
from rfsk.nets._compiled_step import CompiledStep


@pytest.fixture(scope="module")
def ring():
    return make_nlgp(900, 20, correlation_length=(1.0, 2.0), random_state=0)


def task_of(gain, **options):
    options = {"correlation_length": (1.0, 2.0), "return_X_y": False, **options}
    return make_nlgp(2, 20, gain=gain, **options).task


def scheduler(**options):
    return LRScheduler("CosineAnnealingLR", T_max=4, **options)


MASK = np.random.default_rng(0).random((6, 20)) < 0.7
COMPILED = [
    {},
    {"learning_rate": 2.0},
    {"weight_decay": 0.01},
    {"readout": "sqrt"},
    {"train_bias": False},
    {"bias_init": 0.5, "init_scale": 0.3},
    {"l1": 1e-3},
    {"l1": 1e-3, "l1_cut": 20.0, "callbacks": [scheduler()]},
    {"mask": MASK},
    {"optimizer": torch.optim.SGD, "learning_rate": 0.5},
    {"record": 4},
    {"n_hidden": 5, "batch_size": 90, "max_epochs": 3},
    {"class_weight": {0: 1.0, 1: 3.0}},
    {"callbacks": [EpochScoring("accuracy", on_train=True, use_caching=False)]},
]
# Pairs of each are trained as one batched computation.
STACKED = {
    "deep": lambda **options: FCNet((5, 4), **options),
    "deep, masked": lambda **options: FCNet((6, 4), mask=MASK, l1=1e-3, **options),
    "cross-entropy": lambda **options: FCNet(6, loss="cross_entropy", **options),
    "linear readout": lambda **options: FCNet(6, readout="linear", **options),
    "three classes": lambda **options: FCNet(5, readout="linear", **options),
    "three classes, squared": lambda **options: FCNet(
        5, readout="linear", loss="squared", **options
    ),
    "adam": lambda **options: FCNet(6, optimizer="adam", learning_rate=1e-2, **options),
    "momentum": lambda **options: FCNet(6, optimizer__momentum=0.9, learning_rate=0.5, **options),
    "softplus": lambda **options: FCNet(6, activation=functional.softplus, **options),
    "convolution": lambda **options: ConvNet(3, **options),
    "weighted": lambda **options: ConvNet(3, class_weight={0: 1.0, 1: 3.0}, **options),
    "pooled": lambda **options: ConvNet(3, pooling="max", learning_rate=0.1, **options),
    "tied": lambda **options: Autoencoder(6, **options),
    "untied": lambda **options: Autoencoder(6, tied=False, sparsity=0.5, **options),
}


BOTH_KINDS = pytest.mark.parametrize("options", [{}, {"loss": "cross_entropy"}])


class Count(Callback):
    def __init__(self):
        self.n = 0

    def on_epoch_end(self, net, **kwargs):
        self.n += 1


def compiled_nets(variants=COMPILED, **options):
    options = {"n_hidden": 6, "max_epochs": 4, "batch_size": 100, **options}
    return [
        FCNet(random_state=i, **copy.deepcopy(options | variant))
        for i, variant in enumerate(variants)
    ]


def stacked_nets(*kinds, n_nets=2, **options):
    options = {"max_epochs": 3, "batch_size": 120, **options}
    return [STACKED[kind](random_state=i, **options) for kind in kinds for i in range(n_nets)]


def assert_same(together, alone, atol=0.0):
    """Equal up to `atol`, of weights of order one; by default to the last bit."""
    for i, (net, other) in enumerate(zip(together, alone, strict=True)):
        note = f"net {i}, {net}"
        states = [fitted.net_.module_.state_dict() for fitted in (net, other)]
        for name, value in states[0].items():
            np.testing.assert_allclose(value, states[1][name], atol=atol, rtol=0.0, err_msg=note)
        losses = net.loss_curve_, other.loss_curve_
        np.testing.assert_allclose(*losses, atol=atol, rtol=0.0, err_msg=note)
        assert net.n_steps_ == other.n_steps_
        assert [row["step"] for row in net.history_] == [row["step"] for row in other.history_]
        assert set(net.history_[-1]) == set(other.history_[-1])
        assert hasattr(net, "snapshot_steps_") == hasattr(other, "snapshot_steps_")
        if "valid_loss" in net.history_[-1]:
            losses = net.history_[:, "valid_loss"], other.history_[:, "valid_loss"]
            np.testing.assert_allclose(*losses, atol=atol, rtol=0.0)
        if hasattr(net, "snapshot_steps_"):
            np.testing.assert_array_equal(net.snapshot_steps_, other.snapshot_steps_)
            histories = net.receptive_field_history_, other.receptive_field_history_
            np.testing.assert_allclose(*histories, atol=atol, rtol=0.0)


def fitted_together(nets, *data, atol=1e-5, **options):
    """Nets of `fit_many`, compared with those of their own fits."""
    together = fit_many(nets(), *data, **options)
    assert_same(together, [net.fit(*data) for net in nets()], atol)
    return together


@pytest.mark.parametrize("activation", ["erf", "tanh", "relu", "linear"])
def test_compiled_nets_fitted_together_are_those_fitted_alone_bit_for_bit(ring, activation):
    nets = fitted_together(lambda: compiled_nets(activation=activation), *ring, atol=0.0, n_jobs=2)
    assert np.ptp([net.score(*ring) for net in nets]) > 0 or activation == "linear"


def test_compiled_nets_trained_online_together_are_those_trained_alone_bit_for_bit():
    """Each on its own task: gains, uneven priors, and a model that is not drawn by modes."""
    tasks = [task_of(gain) for gain in np.geomspace(0.1, 10.0, len(COMPILED))]
    tasks[1] = task_of(3.0, priors=(0.3, 0.7))
    tasks[2] = Discrimination([Ising(20, temperature=T) for T in (3.0, 1.0)])
    tasks[3] = task_of(3.0).gaussian_clone()
    n_samples = 100 * 45 + 33
    variants = [{k: v for k, v in variant.items() if k != "callbacks"} for variant in COMPILED]
    together = fit_many_online(compiled_nets(variants), tasks, n_samples, n_jobs=2)
    alone = [
        net.fit_online(task, n_samples)
        for net, task in zip(compiled_nets(variants), tasks, strict=True)
    ]
    assert_same(together, alone)


def test_compiled_result_depends_on_neither_size_nor_order_nor_threads(ring):
    """Bit for bit."""
    task = task_of(3.0)

    def fields(order, n_jobs):
        nets = compiled_nets([{}] * 7)
        online = fit_many_online([nets[i] for i in order], task, 3000, n_jobs=n_jobs)
        offline = fit_many([compiled_nets([{}] * 7)[i] for i in order], *ring, n_jobs=n_jobs)
        return [
            {net.random_state: net.receptive_fields_.tobytes() for net in nets}
            for nets in (online, offline)
        ]

    reference = fields(range(7), 1)
    assert fields(range(7), 2) == reference
    assert fields(range(6, -1, -1), 3) == reference
    for few, all_of_them in zip(fields([4, 2], 2), reference, strict=True):
        assert few == {seed: all_of_them[seed] for seed in (4, 2)}


@pytest.fixture
def stack_sizes(monkeypatch):
    """Numbers of nets of the batched computations that have begun."""
    sizes, init = [], _ensemble._Stack.__init__

    def counting(self, engines):
        sizes.append(len(engines))
        init(self, engines)

    monkeypatch.setattr(_ensemble._Stack, "__init__", counting)
    return sizes


@pytest.mark.parametrize("kind", STACKED)
def test_stacked_nets_are_those_fitted_alone(ring, kind, stack_sizes):
    """Within 1e-5, from batches of 120 and a smaller last one; only the second takes snapshots."""

    def nets():
        first, second = stacked_nets(kind)
        return [first, second.set_params(record=4)]

    labels = np.arange(900) % 3 if "three" in kind else ring[1]
    fitted_together(nets, ring[0], labels, n_jobs=1)
    assert stack_sizes == [2]


@pytest.mark.parametrize("kind", ["cross-entropy", "weighted", "untied"])
def test_stacked_nets_trained_online_are_those_trained_alone(kind, stack_sizes):
    tasks = [task_of(3.0), task_of(1.0, priors=(0.3, 0.7))]
    together = fit_many_online(stacked_nets(kind), tasks, 2000, n_jobs=1)
    assert stack_sizes == [2]
    alone = [
        net.fit_online(task, 2000) for net, task in zip(stacked_nets(kind), tasks, strict=True)
    ]
    assert_same(together, alone, atol=1e-5)


def test_lists_are_divided_into_stacks_of_equal_architecture_and_limited_size(
    ring, stack_sizes, monkeypatch
):
    def nets():
        trios = zip(*(stacked_nets(k) for k in ("convolution", "deep", "tied")), strict=True)
        return [FCNet(6, max_epochs=2, random_state=0), *(net for trio in trios for net in trio)]

    fitted_together(nets, *ring, n_jobs=1)
    assert stack_sizes == [2, 2, 2]
    stack_sizes.clear()
    monkeypatch.setattr(_ensemble, "_AT_ONCE", 2)
    fitted_together(lambda: stacked_nets("deep", n_nets=5), *ring, n_jobs=1)
    assert stack_sizes == [2, 2]  # the fifth is trained as if alone


def test_nets_that_hold_all_data_in_one_batch_are_those_fitted_alone(ring):
    """In double precision, compiled architecture or not."""
    for nets in (
        lambda: compiled_nets([{}, {"readout": "sqrt"}], batch_size=900),
        lambda: stacked_nets("deep", "convolution", "tied", batch_size=1000),
    ):
        fitted_together(nets, *ring, atol=1e-6)


@BOTH_KINDS
def test_sizes_and_batches_may_differ(ring, options):
    def nets():
        sizes = [(4, 100), (6, 100), (4, 90), (6, 100), (4, 100)]
        return [
            FCNet(k, batch_size=b, max_epochs=2, random_state=i, **options)
            for i, (k, b) in enumerate(sizes)
        ]

    fitted_together(nets, *ring)
    data = [(ring[0][:n], ring[1][:n]) for n in (900, 500, 500, 900, 900)]
    alone = [net.fit(*part) for net, part in zip(nets(), data, strict=True)]
    assert_same(fit_each(nets(), data), alone, atol=1e-5)
    small = make_nlgp(2, 12, correlation_length=(1.0, 2.0), return_X_y=False).task
    tasks = [task_of(3.0), task_of(1.0), small, small, small]
    alone = [net.fit_online(t, 1000) for net, t in zip(nets(), tasks, strict=True)]
    assert_same(fit_many_online(nets(), tasks, 1000), alone, atol=1e-5)


@BOTH_KINDS
def test_fitted_together_a_net_predicts_and_trains_on(ring, options):
    X, y = ring
    names = np.array(["short", "long"])[y]
    nets = fit_many(compiled_nets([{}, {}], warm_start=True, **options), X, names)
    assert {label for net in nets for label in net.predict(X)} == {"short", "long"}
    fit_many(nets, X, names)
    twice = compiled_nets([{}, {}], warm_start=True, **options)
    assert_same(nets, [net.fit(X, names).fit(X, names) for net in twice], atol=1e-5)
    assert nets[0].n_steps_ == 72


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "adam"},
        {"optimizer__momentum": 0.9},
        *[
            {"optimizer": getattr(torch.optim, name), "learning_rate": 1e-3}
            for name in ("NAdam", "Adagrad", "Adadelta", "Rprop", "ASGD")
        ],
    ],
    ids=str,
)
def test_state_of_any_optimizer_is_kept_when_stacked_nets_train_on(ring, options):
    def nets():
        shared = {"max_epochs": 1, "warm_start": True, "learning_rate": 1e-2}
        return compiled_nets([{}, {}], **shared | options)

    together, alone = fit_many(nets(), *ring), [net.fit(*ring) for net in nets()]
    assert_same(together, alone, atol=1e-5)
    one_by_one = [net.fit(*ring) for net in fit_many(nets(), *ring)]
    assert_same(one_by_one, [net.fit(*ring) for net in alone], atol=1e-5)
    assert_same(fit_many(together, *ring), one_by_one, atol=1e-5)


@BOTH_KINDS
def test_callbacks_of_nets_trained_together_are_called_as_in_their_own_fit(ring, options, tmp_path):
    def nets(folder):
        callbacks = [
            [Count()],
            [scheduler()],
            [EarlyStopping("train_loss", patience=1, threshold=1.0)],
            [EpochScoring("accuracy", on_train=True)],
            [Checkpoint(monitor=None, dirname=str(tmp_path / folder))],
            None,
        ]
        return compiled_nets([{"callbacks": entry} for entry in callbacks], **options)

    together, alone = nets("together"), [net.fit(*ring) for net in nets("alone")]
    callbacks = [net.callbacks for net in together]
    fit_many(together, *ring, n_jobs=2)
    assert_same(together, alone, atol=1e-5 if options else 0.0)
    assert len(together[2].history_) == 2
    accuracy = together[3].score(*ring)
    assert together[3].history_[-1]["accuracy"] == pytest.approx(accuracy, abs=0.1)
    assert (tmp_path / "together" / "params.pt").exists()
    assert [net.callbacks for net in together] == callbacks


@BOTH_KINDS
def test_nets_trained_together_may_keep_data_for_validation(ring, options):
    variants = [{"validation_fraction": 0.25}, {"validation_fraction": 0.5}, {}]
    variants += [{"validation_fraction": 0.25, "callbacks": [EarlyStopping(patience=1)]}]
    for net in fitted_together(lambda: compiled_nets(variants, **options), *ring):
        assert ("valid_acc" in net.history_[-1]) == (net.validation_fraction > 0.0)


LINEAR = {"activation": "linear", "max_epochs": 3, "batch_size": 100}
DIVERGING = {
    "compiled": lambda i: FCNet(6, learning_rate=50.0 if i == 1 else 0.1, **LINEAR),
    "stacked": lambda i: FCNet(6, readout="linear", loss="squared", learning_rate=0.1, **LINEAR),
    "autoencoders": lambda i: Autoencoder(6, optimizer="sgd", **LINEAR),
}


def diverging(kind):
    """Three nets of one architecture and rate, the second of which starts too far out."""
    return [
        DIVERGING[kind](i).set_params(init_scale=scale, random_state=i)
        for i, scale in enumerate((0.1, 1e5, 0.1))
    ]


@pytest.mark.parametrize("kind", DIVERGING)
@pytest.mark.parametrize("is_fitted", [False, True])
def test_one_that_diverges_is_as_before_and_does_not_harm_the_others(ring, kind, is_fitted):
    nets = diverging(kind)
    if is_fitted:
        rate = nets[1].learning_rate
        nets[1].set_params(init_scale=0.1, learning_rate=0.1 * nets[0].learning_rate).fit(*ring)
        hidden, losses = nets[1].transform(ring[0]), nets[1].loss_curve_
        nets[1].set_params(init_scale=1e5, learning_rate=rate)
    with pytest.warns(UserWarning, match=r"Nets \[1\] diverged and are as they were before; lower"):
        fit_many(nets, *ring)
    assert hasattr(nets[1], "net_") == is_fitted
    if is_fitted:
        np.testing.assert_array_equal(nets[1].transform(ring[0]), hidden)
        np.testing.assert_array_equal(nets[1].loss_curve_, losses)
    assert_same(nets[::2], [net.fit(*ring) for net in diverging(kind)[::2]], atol=1e-5)


@pytest.mark.parametrize(
    ("nets", "method", "epochs_before"),
    [
        (lambda: compiled_nets([{}] * 6), (CompiledStep, "run"), 4 * 4 + 1),
        (
            lambda: stacked_nets("deep", n_nets=6, max_epochs=4),
            (_ensemble._Stack, "run_epoch"),
            4 + 1,
        ),
    ],
    ids=["compiled", "stacked"],
)
def test_interrupt_keeps_what_is_trained_and_leaves_the_rest_as_it_was(
    ring, nets, method, epochs_before, monkeypatch, press_ctrl_c_at_call
):
    """One net, or a stack of two, is stopped before the second of four epochs."""
    monkeypatch.setattr(_ensemble, "_AT_ONCE", 2)
    nets = nets()
    earlier = nets[5].fit(*ring).receptive_fields_
    press_ctrl_c_at_call(*method, epochs_before + 1)
    stopped = [4] if method[0] is CompiledStep else [2, 3]
    per_epoch = 900 // nets[0].batch_size + (900 % nets[0].batch_size > 0)
    message = f"interrupted; {stopped[-1] + 1} of 6 nets are kept as far as they were"
    with pytest.warns(UserWarning, match=message):
        fit_many(nets, *ring, n_jobs=1)
    for i, net in enumerate(nets[:5]):
        assert hasattr(net, "net_") == (i <= stopped[-1])
        if i in stopped:
            assert net.net_.interrupted_
            assert net.n_steps_ == per_epoch
            short = clone(net).set_params(max_epochs=1).fit(*ring)
            np.testing.assert_allclose(net.receptive_fields_, short.receptive_fields_, atol=1e-5)
        elif i < stopped[0]:
            assert net.n_steps_ == 4 * per_epoch
    np.testing.assert_array_equal(nets[5].receptive_fields_, earlier)


def test_interrupted_threads_stop_and_keep_their_nets(monkeypatch):
    """Ctrl-C while two threads train the first two of six nets."""
    run, at_work = CompiledStep.run, threading.Barrier(3)
    first_calls = set()

    def watched(self, *arguments):
        loss = run(self, *arguments)
        if self.weight.ctypes.data not in first_calls:
            first_calls.add(self.weight.ctypes.data)
            at_work.wait(30)
        return loss

    def press_ctrl_c():
        at_work.wait(30)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    monkeypatch.setattr(CompiledStep, "run", watched)
    nets = compiled_nets([{}] * 6)
    threading.Thread(target=press_ctrl_c).start()
    with pytest.warns(UserWarning, match="interrupted; 2 of 6 nets are kept as far as they were"):
        fit_many_online(nets, task_of(3.0), 10**8, n_jobs=2)
    assert [hasattr(net, "net_") for net in nets] == [True] * 2 + [False] * 4
    steps = [net.n_steps_ for net in nets[:2]]
    assert all(0 < n < 10**6 for n in steps)
    assert [net.net_.n_steps_ for net in nets[:2]] == steps
    assert all(net.net_.interrupted_ for net in nets[:2])


def test_error_of_a_callback_is_raised_and_the_nets_that_had_not_begun_are_as_before(ring):
    class Fail(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise RuntimeError("no space left")

    nets = compiled_nets([{"callbacks": [Fail()]}, {}])
    with pytest.raises(RuntimeError, match="no space left"):
        fit_many(nets, *ring, n_jobs=1)
    assert not hasattr(nets[1], "net_")


@BOTH_KINDS
def test_nets_that_share_a_generator_are_as_fitted_in_turn(ring, options):
    def nets():
        rng = np.random.default_rng(3)
        return [FCNet(6, max_epochs=2, random_state=rng, **options) for _ in range(3)]

    fitted_together(nets, *ring)


def test_threads_of_torch_are_given_back(ring):
    def count():
        found = []
        thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        return found[0]

    before = count()
    fit_many(compiled_nets([{}] * 4), *ring, n_jobs=2)
    fit_many(stacked_nets("deep"), *ring, n_jobs=2)
    assert count() == before


def test_progress_is_shown_on_request(ring, capfd):
    fit_many(compiled_nets([{}] * 3), *ring)
    assert capfd.readouterr().err == ""
    fit_many(compiled_nets([{}] * 3), *ring, verbose=1)
    assert "3/3" in capfd.readouterr().err


TASK, COUNTER = task_of(3.0), Count()
FAULTS = {
    "nets is empty": lambda net, X, y: fit_many([], X, y),
    "nets holds the same net twice": lambda net, X, y: fit_many([net, net], X, y),
    "nets holds a str; expected an FCNet, Con": lambda net, X, y: fit_many([net, "net"], X, y),
    "Two nets have the same callback object": lambda net, X, y: fit_many(
        [FCNet(4, callbacks=[entry]) for entry in (COUNTER, ("counter", COUNTER))], X, y
    ),
    "Got 2 tasks for 1 nets": lambda net, X, y: fit_many_online([net], [TASK, TASK]),
    "task is a str; expected a Discrimination": lambda net, X, y: fit_many_online([net], ["task"]),
    "n_samples=0; expected an integer > 0": lambda net, X, y: fit_many_online([net], TASK, 0),
    "learning_rate=-1; expected a finite number > 0": lambda net, X, y: fit_many_online(
        [FCNet(learning_rate=-1)], TASK
    ),
    "y has 1 class": lambda net, X, y: fit_many([net], X, np.zeros(900)),
    r"mask has shape \(3, 20\)": lambda net, X, y: fit_many(
        [net, FCNet(4, mask=np.ones((3, 20), bool))], X, y
    ),
    "n_jobs == 0": lambda net, X, y: fit_many([net], X, y, n_jobs=0),
    "EarlyStopping needs valid_loss, but no data are": lambda net, X, y: fit_many_online(
        [net, FCNet(4, callbacks=[EarlyStopping()], validation_fraction=0.2)], TASK
    ),
}


@pytest.mark.parametrize("message", FAULTS)
def test_bad_ensembles_are_refused_and_leave_all_nets_as_they_were(ring, message):
    fitted = FCNet(4, max_epochs=1, random_state=0).fit(*ring)
    decision = fitted.decision_function(ring[0])
    with pytest.raises((ValueError, TypeError), match=message):
        FAULTS[message](fitted, *ring)
    np.testing.assert_array_equal(fitted.decision_function(ring[0]), decision)
    unfitted = FCNet(4)
    with pytest.raises((ValueError, TypeError), match=message):
        FAULTS[message](unfitted, *ring)
    assert not hasattr(unfitted, "net_")
    assert COUNTER.n == 0
