"""Comparison of fit_many and fit_many_online with single fits."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Callback, EarlyStopping, EpochScoring, LRScheduler
from torch.nn import functional

from rfsk.datasets import Discrimination, Ising, make_nlgp
from rfsk.nets import Autoencoder, ConvNet, FCNet, _ensemble, fit_each, fit_many, fit_many_online
from rfsk.nets._compiled_step import CompiledStep


@pytest.fixture(scope="module")
def ring():
    return make_nlgp(900, 20, correlation_length=(1.0, 2.0), random_state=0)


def task_of(gain, side=20, **options):
    options |= {"correlation_length": (1.0, 2.0), "return_X_y": False}
    return make_nlgp(2, side, gain=gain, **options).task


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
    {"optimizer": torch.optim.SGD, "learning_rate": 0.5, "record": 4},
    {"n_hidden": 5, "batch_size": 90, "max_epochs": 3},
    {"class_weight": {0: 1.0, 1: 3.0}},
    {"callbacks": [EpochScoring("accuracy", on_train=True, use_caching=False)]},
]

# Pairs of such nets are trained in one batched computation.
STACKED = {
    "deep": (FCNet, (5, 4), {}),
    "deep, masked": (FCNet, (6, 4), {"mask": MASK, "l1": 1e-3}),
    "cross-entropy": (FCNet, 6, {"loss": "cross_entropy"}),
    "linear readout": (FCNet, 6, {"readout": "linear"}),
    "three classes": (FCNet, 5, {"readout": "linear"}),
    "three classes, squared": (FCNet, 5, {"readout": "linear", "loss": "squared"}),
    "adam": (FCNet, 6, {"optimizer": "adam", "learning_rate": 1e-2}),
    "momentum": (FCNet, 6, {"optimizer__momentum": 0.9, "learning_rate": 0.5}),
    "softplus": (FCNet, 6, {"activation": functional.softplus}),
    "convolution": (ConvNet, 3, {}),
    "weighted": (ConvNet, 3, {"class_weight": {0: 1.0, 1: 3.0}}),
    "pooled": (ConvNet, 3, {"pooling": "max", "learning_rate": 0.1}),
    "tied": (Autoencoder, 6, {}),
    "untied": (Autoencoder, 6, {"tied": False, "sparsity": 0.5}),
}
BOTH_KINDS = pytest.mark.parametrize("options", [{}, {"loss": "cross_entropy"}])


def compiled_nets(variants=COMPILED, **options):
    options = {"n_hidden": 6, "max_epochs": 4, "batch_size": 100, **options}
    return [
        FCNet(random_state=i, **copy.deepcopy(options | variant))
        for i, variant in enumerate(variants)
    ]


def stacked_nets(*kinds, n_nets=2, **options):
    options = {"max_epochs": 3, "batch_size": 120, **options}
    return [
        make(size, random_state=i, **options | variant)
        for make, size, variant in map(STACKED.get, kinds)
        for i in range(n_nets)
    ]


def numbers_of(net):
    """Weights, attributes and history of a net, without times."""
    numbers = net.net_.module_.state_dict()
    names = "loss_curve_", "n_steps_", "snapshot_steps_", "receptive_field_history_"
    numbers |= {name: getattr(net, name) for name in names if hasattr(net, name)}
    columns = {name for name in net.history_[-1] if name not in ("batches", "dur")}
    return numbers | {column: net.history_[:, column] for column in columns}


def assert_same(together, alone, atol=0.0):
    """Assert that nets are equal up to `atol`, by default to the last bit."""
    for i, (net, other) in enumerate(zip(together, alone, strict=True)):
        found, expected = numbers_of(net), numbers_of(other)
        assert found.keys() == expected.keys()
        for name, value in found.items():
            note = f"{name} of net {i}, {net}"
            np.testing.assert_allclose(value, expected[name], atol=atol, rtol=0.0, err_msg=note)


def fitted_together(nets, *data, atol=1e-5, **options):
    """Compare the nets of `fit_many` with those of single fits."""
    together = fit_many(nets(), *data, **options)
    assert_same(together, [net.fit(*data) for net in nets()], atol)
    return together


def trained_online_together(nets, tasks, n_samples, atol=1e-5, **options):
    together = fit_many_online(nets(), tasks, n_samples, **options)
    pairs = zip(nets(), tasks, strict=True)
    assert_same(together, [net.fit_online(task, n_samples) for net, task in pairs], atol)


@pytest.mark.parametrize("activation", ["erf", "tanh", "relu", "linear"])
def test_compiled_nets_fitted_together_are_those_fitted_alone_bit_for_bit(ring, activation):
    nets = fitted_together(lambda: compiled_nets(activation=activation), *ring, atol=0.0, n_jobs=2)
    assert np.ptp([net.score(*ring) for net in nets]) > 0 or activation == "linear"


def test_compiled_nets_trained_online_together_are_those_trained_alone_bit_for_bit():
    """Tasks differ in gain and priors, and one has a model that is not drawn by modes."""
    variants = [variant for variant in COMPILED if "callbacks" not in variant]
    tasks = [task_of(gain) for gain in np.geomspace(0.1, 10.0, len(variants))]
    tasks[1] = task_of(3.0, priors=(0.3, 0.7))
    tasks[2] = Discrimination([Ising(20, temperature=T) for T in (3.0, 1.0)])
    trained_online_together(lambda: compiled_nets(variants), tasks, 4533, atol=0.0, n_jobs=2)


def test_compiled_result_depends_on_neither_size_nor_order_nor_threads(ring):
    """The results are equal to the last bit."""
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
    """Record the number of nets of each batched computation."""
    sizes, init = [], _ensemble._Stack.__init__

    def counting(self, engines):
        sizes.append(len(engines))
        init(self, engines)

    monkeypatch.setattr(_ensemble._Stack, "__init__", counting)
    return sizes


@pytest.mark.parametrize("kind", STACKED)
def test_stacked_nets_are_those_fitted_alone(ring, kind, stack_sizes):
    """They agree within 1e-5, with a smaller last batch; only the second net takes snapshots."""

    def nets():
        first, second = stacked_nets(kind)
        return [first, second.set_params(record=4)]

    labels = np.arange(900) % 3 if "three" in kind else ring[1]
    fitted_together(nets, ring[0], labels, n_jobs=1)
    assert stack_sizes == [2]
    if "three" not in kind:
        tasks = [task_of(3.0), task_of(1.0, priors=(0.3, 0.7))]
        trained_online_together(nets, tasks, 500, n_jobs=1)
        assert stack_sizes == [2, 2]


def test_lists_are_divided_into_stacks_of_equal_architecture_and_limited_size(
    ring, stack_sizes, monkeypatch
):
    """This includes double precision, which is used if all data form one batch."""
    monkeypatch.setattr(_ensemble, "_AT_ONCE", 2)
    kinds = "convolution", "deep", "tied"
    for batch_size in (120, 1000):

        def nets(batch_size=batch_size):
            single = FCNet(6, max_epochs=2, batch_size=batch_size, random_state=0)
            return [single, *stacked_nets(*kinds, n_nets=3, batch_size=batch_size)]

        fitted_together(nets, *ring, n_jobs=1)
        # The last net of an odd number is trained alone, as are nets with compiled steps.
        assert stack_sizes == [2] * 3
        stack_sizes.clear()


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
    small = task_of(3.0, side=12)
    trained_online_together(nets, [task_of(3.0), task_of(1.0), small, small, small], 1000)


STATEFUL = [{"optimizer": "adam"}, {"optimizer__momentum": 0.9}]
STATEFUL += [{"optimizer": torch.optim.Rprop, "learning_rate": 1e-3}]


@pytest.mark.parametrize("options", STATEFUL, ids=str)
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
def test_callbacks_and_validation_of_nets_trained_together_are_as_in_their_own_fit(ring, options):
    def nets():
        callbacks = [
            [scheduler()],
            [EarlyStopping("train_loss", patience=1, threshold=1.0)],
            [EpochScoring("accuracy", on_train=True)],
            None,
        ]
        variants: list = [{"callbacks": entry} for entry in callbacks]
        variants += [{"validation_fraction": fraction} for fraction in (0.25, 0.25, 0.5)]
        variants += [{"validation_fraction": 0.25, "callbacks": [EarlyStopping(patience=1)]}]
        return compiled_nets(variants, **options)

    together = fitted_together(nets, *ring, n_jobs=2, atol=1e-5 if options else 0.0)
    assert len(together[1].history_) == 2
    assert ["valid_acc" in net.history_[-1] for net in together] == [False] * 4 + [True] * 4


LINEAR = {"activation": "linear", "max_epochs": 3, "batch_size": 100}
# The second of three nets with equal architecture has too large initial weights.
DIVERGING = {
    "compiled": (FCNet, {"learning_rate": 0.1}),
    "stacked": (FCNet, {"readout": "linear", "loss": "squared", "learning_rate": 0.1}),
    "autoencoders": (Autoencoder, {"optimizer": "sgd"}),
}


@pytest.mark.parametrize("kind", DIVERGING)
def test_a_net_that_diverges_is_unchanged_and_does_not_affect_the_others(ring, kind):
    make, options = DIVERGING[kind]
    nets, alone = ([make(6, random_state=i, **options, **LINEAR) for i in range(3)] for _ in "ab")
    nets[0].set_params(warm_start=True).fit(*ring)
    hidden, losses = nets[0].transform(ring[0]), nets[0].loss_curve_
    nets[0].set_params(learning_rate=1e12)
    nets[1].set_params(init_scale=1e25)
    message = r"Nets \[0, 1\] diverged and are unchanged; reduce"
    with pytest.warns(UserWarning, match=message):
        fit_many(nets, *ring)
    np.testing.assert_array_equal(nets[0].transform(ring[0]), hidden)
    np.testing.assert_array_equal(nets[0].loss_curve_, losses)
    assert not hasattr(nets[1], "net_")
    assert_same(nets[2:], [alone[2].fit(*ring)], atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "method", "call", "stopped"),
    [
        ("compiled", (CompiledStep, "run"), 4 * 4 + 2, [4]),
        ("stacked", (_ensemble._Stack, "run_epoch"), 4 + 2, [2, 3]),
    ],
)
def test_interrupt_keeps_trained_nets_and_leaves_the_others_unchanged(
    ring, kind, method, call, stopped, monkeypatch, press_ctrl_c_at_call
):
    """One net, or a stack of two, is interrupted before the second of four epochs."""
    monkeypatch.setattr(_ensemble, "_AT_ONCE", 2)
    options = {"loss": "cross_entropy"} if kind == "stacked" else {}
    nets = compiled_nets([{}] * 6, **options)
    earlier = nets[5].fit(*ring).receptive_fields_
    press_ctrl_c_at_call(*method, call)
    n_kept = stopped[-1] + 1
    with pytest.warns(UserWarning, match=f"interrupted; {n_kept} of 6 nets are kept as trained"):
        fit_many(nets, *ring, n_jobs=1)
    assert [hasattr(net, "net_") for net in nets[:5]] == [i < n_kept for i in range(5)]
    assert [net.n_steps_ for net in nets[:n_kept]] == [36] * stopped[0] + [9] * len(stopped)
    for i in stopped:
        assert nets[i].net_.interrupted_
        short = clone(nets[i]).set_params(max_epochs=1).fit(*ring)
        np.testing.assert_allclose(nets[i].receptive_fields_, short.receptive_fields_, atol=1e-5)
    np.testing.assert_array_equal(nets[5].receptive_fields_, earlier)


def test_interrupted_threads_stop_and_keep_their_nets(press_ctrl_c_at_call):
    """Ctrl-C is pressed while two threads train the first two of six nets."""
    nets = compiled_nets([{}] * 6)
    press_ctrl_c_at_call(CompiledStep, "run", 20)
    with pytest.warns(UserWarning, match="interrupted; 2 of 6 nets are kept as trained so far"):
        fit_many_online(nets, task_of(3.0), 10**8, n_jobs=2)
    assert [hasattr(net, "net_") for net in nets] == [True] * 2 + [False] * 4
    assert all(net.net_.interrupted_ and 0 < net.n_steps_ < 10**6 for net in nets[:2])


def test_error_of_a_callback_is_raised_and_only_the_nets_that_are_trained_are_kept(ring):
    class Fail(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise RuntimeError("no space left")

    nets = compiled_nets([{}, {"callbacks": [Fail()]}, {}])
    with pytest.raises(RuntimeError, match="no space left"):
        fit_many(nets, *ring, n_jobs=1)
    assert [hasattr(net, "net_") for net in nets] == [True, False, False]


@BOTH_KINDS
def test_nets_with_the_same_generator_equal_nets_fitted_in_turn(ring, options):
    def nets():
        rng = np.random.default_rng(3)
        return [FCNet(6, max_epochs=2, random_state=rng, **options) for _ in range(3)]

    fitted_together(nets, *ring)


def test_number_of_torch_threads_is_restored_and_progress_is_shown_on_request(ring, capfd):
    def count():
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(torch.get_num_threads).result()

    before = count()
    for verbose in (0, 1):
        fit_many(compiled_nets([{}] * 4), *ring, n_jobs=2, verbose=verbose)
        assert ("4/4" in capfd.readouterr().err) == bool(verbose)
    fit_many(stacked_nets("deep"), *ring, n_jobs=2)
    assert count() == before


TASK, COUNTER = task_of(3.0), EarlyStopping("train_loss")
SHARING = [FCNet(4, callbacks=[entry]) for entry in (COUNTER, ("counter", COUNTER))]
MASKED, NEEDY = FCNet(4, mask=np.ones((3, 20), bool)), FCNet(4, callbacks=[EarlyStopping()])
FAULTS = {
    "`nets` must have at least one net": lambda net, X, y: fit_many([], X, y),
    "got the same net twice": lambda net, X, y: fit_many([net, net], X, y),
    "`nets` must be a list .* of str in the list": lambda net, X, y: fit_many([net, "net"], X, y),
    "two nets have the same callback object": lambda net, X, y: fit_many(SHARING, X, y),
    "as many tasks as nets, 1, got 2": lambda net, X, y: fit_many_online([net], [TASK, TASK]),
    "`task` must be .* instance of str": lambda net, X, y: fit_many_online([net], ["task"]),
    "`n_samples` must be a positive": lambda net, X, y: fit_many_online([net], TASK, 0),
    "`y` must contain at least 2 classes": lambda net, X, y: fit_many([net], X, np.zeros(900)),
    r"`mask` must be .* \(3, 20\)": lambda net, X, y: fit_many([net, MASKED], X, y),
    "`n_jobs` must be a nonzero": lambda net, X, y: fit_many([net], X, y, n_jobs=0),
    "EarlyStopping needs valid_loss": lambda net, X, y: fit_many_online([net, NEEDY], TASK),
}


@pytest.mark.parametrize("message", FAULTS)
def test_invalid_ensembles_are_refused_and_leave_all_nets_unchanged(ring, message):
    fitted, unfitted = FCNet(4, max_epochs=1, random_state=0).fit(*ring), FCNet(4)
    decision = fitted.decision_function(ring[0])
    for net in (fitted, unfitted):
        with pytest.raises((ValueError, TypeError), match=message):
            FAULTS[message](net, *ring)
    np.testing.assert_array_equal(fitted.decision_function(ring[0]), decision)
    assert not hasattr(unfitted, "net_")
