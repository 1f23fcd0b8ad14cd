import pickle
import signal

import joblib
import numpy as np
import pytest
import torch
from scipy import special
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback, EarlyStopping

from rfsk import ConvNet, FCNet, make_nlgp
from rfsk.datasets import Discrimination, MultivariateGaussian
from rfsk.nets._batches import SampleBatches
from rfsk.nets._compiled_step import CompiledStep

NETS = {
    "FCNet": lambda **kwargs: FCNet(6, max_epochs=3, random_state=0, **kwargs),
    "ConvNet": lambda **kwargs: ConvNet(3, max_epochs=3, random_state=0, **kwargs),
}


@pytest.fixture(scope="module")
def ring():
    return make_nlgp(1500, 20, correlation_length=(1.0, 2.0), random_state=0)


@pytest.fixture(scope="module")
def torus():
    return make_nlgp(600, (4, 6), correlation_length=(0.7, 1.5), random_state=0)


@pytest.fixture(params=NETS)
def make_net(request):
    return NETS[request.param]


ACTIVATIONS = {
    "erf": lambda h: special.erf(h / np.sqrt(2)),
    "tanh": np.tanh,
    "relu": lambda h: np.maximum(h, 0),
    "linear": lambda h: h,
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_fcnet_is_the_formula_of_its_docstring(ring, activation):
    X, y = ring
    net = FCNet(6, activation=activation, learning_rate=0.5, max_epochs=2, random_state=0)
    net.fit(X, y)
    hidden = ACTIVATIONS[activation](X @ net.receptive_fields_.T + net.biases_)
    np.testing.assert_allclose(net.transform(X), hidden, atol=1e-9)
    output = hidden.mean(axis=1)
    decision = output - 0.5 if activation == "relu" else -output
    np.testing.assert_allclose(net.decision_function(X), decision, atol=1e-9)
    np.testing.assert_array_equal(net.predict(X), (decision > 0).astype(int))


@pytest.mark.parametrize("n_hidden", [4, 5])
def test_first_step_is_gradient_descent_in_the_stated_scaling(ring, n_hidden):
    """One full-batch step from the recorded start against gradients written by hand."""
    X, y = ring
    rate, shrink = 0.7, 0.01
    net = FCNet(
        n_hidden,
        learning_rate=rate,
        weight_decay=shrink,
        batch_size=len(X),
        max_epochs=1,
        record=2,
        random_state=0,
    ).fit(X, y)
    assert net.snapshot_steps_.tolist() == [0, 1]
    D = X.shape[1]
    w = net.receptive_field_history_[0] * np.sqrt(D)
    b = np.where(np.arange(n_hidden) < (n_hidden + 1) // 2, 1.0, -1.0)
    target = 1.0 - 2.0 * y
    h = X @ w.T / np.sqrt(D) + b
    residual = special.erf(h / np.sqrt(2)).mean(axis=1) - target
    # K dLoss/dh_k: the K of the step cancels the 1/K of the mean.
    slope = 2 * residual[:, None] * np.sqrt(2 / np.pi) * np.exp(-(h**2) / 2) / len(X)
    new_w = w - rate * (slope.T @ X / np.sqrt(D)) - rate * shrink * w
    new_b = b - rate / D * slope.sum(axis=0)
    np.testing.assert_allclose(net.receptive_fields_, new_w / np.sqrt(D), atol=2e-6)
    np.testing.assert_allclose(net.biases_, new_b, atol=2e-6)


def test_convnet_filters_see_every_site_in_cross_correlation(torus):
    X, y = torus
    net = ConvNet(3, kernel_size=3, image_shape=(4, 6), max_epochs=2, random_state=0).fit(X, y)
    assert net.filters_.shape == (3, 3, 3)
    hidden = net.transform(X).reshape(len(X), 3, 4, 6)
    images = X.reshape(-1, 4, 6)
    expected = np.zeros_like(hidden)
    for row in range(3):
        for column in range(3):
            rolled = np.roll(images, (1 - row, 1 - column), axis=(1, 2))
            expected += net.filters_[None, :, row, column, None, None] * rolled[:, None]
    expected = special.erf((expected / 3 + net.biases_[:, None, None]) / np.sqrt(2))
    np.testing.assert_allclose(hidden, expected, atol=1e-9)
    at_center = special.erf((X @ net.receptive_fields_.T + net.biases_) / np.sqrt(2))
    np.testing.assert_allclose(hidden[:, :, 2, 3], at_center, atol=1e-9)


@pytest.mark.parametrize(("side", "taps"), [(1, 1), (2, 1), (4, 3), (20, 15), (100, 75)])
def test_default_kernel_is_the_largest_odd_one_within_three_quarters(side, taps):
    X = np.random.default_rng(0).standard_normal((100, side))
    net = ConvNet(2, max_epochs=1, random_state=0).fit(X, np.arange(100) % 2)
    assert net.filters_.shape == (2, taps)


def test_three_classes_are_learnt_with_a_linear_readout():
    X, y = make_nlgp(6000, 20, correlation_length=(0.5, 1.5, 4.0), random_state=0)
    names = np.array(["short", "middle", "long"])[y]
    net = FCNet(random_state=0).fit(X, names)
    assert net.decision_function(X).shape == (6000, 3)
    np.testing.assert_allclose(net.predict_proba(X).sum(axis=1), 1.0)
    X_new, y_new = make_nlgp(3000, 20, correlation_length=(0.5, 1.5, 4.0), random_state=1)
    accuracy = net.score(X_new, np.array(["short", "middle", "long"])[y_new])
    assert accuracy > 0.85
    squared = FCNet(loss="squared", max_epochs=5, random_state=0).fit(X, names)
    np.testing.assert_allclose(squared.predict_proba(X).sum(axis=1), 1.0)


@pytest.mark.parametrize("loss", ["squared", "cross_entropy"])
@pytest.mark.parametrize("readout", ["mean", "linear"])
def test_probabilities_agree_with_decisions(ring, loss, readout):
    X, y = ring
    net = FCNet(8, loss=loss, readout=readout, learning_rate=1.0, max_epochs=5, random_state=0)
    net.fit(X, y)
    probability = net.predict_proba(X)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    sure = np.abs(net.decision_function(X)) > 1e-6
    np.testing.assert_array_equal((probability[:, 1] > 0.5)[sure], net.predict(X)[sure] == 1)


def test_fit_online_learns_and_sees_exactly_the_samples_asked_for(make_net):
    task = make_nlgp(10, 20, correlation_length=(1.0, 4.0), return_X_y=False).task
    net = make_net(batch_size=64).fit_online(task, 64 * 150 + 10)
    assert net.n_steps_ == 151
    X, y = task.sample(4000, random_state=1)
    assert net.score(X, y) > 0.75
    assert len(net.loss_curve_) == 100
    assert net.loss_curve_[-10:].mean() < net.loss_curve_[:10].mean()


def test_fit_online_takes_models_that_torch_cannot_draw():
    models = [MultivariateGaussian([mean, 0.0], np.eye(2)) for mean in (-2.0, 2.0)]
    net = FCNet(4, batch_size=50, random_state=0).fit_online(Discrimination(models), 20_000)
    assert net.score([[-2.0, 0.0], [2.0, 0.0]], [0, 1]) == 1.0


def test_partial_fit_equals_an_epoch_of_fit(make_net, ring):
    X, y = ring
    once = make_net().set_params(max_epochs=1).fit(X, y)
    block = make_net().partial_fit(X, y)
    np.testing.assert_array_equal(once.receptive_fields_, block.receptive_fields_)
    block.partial_fit(X[:100], y[:100])
    assert block.n_steps_ == 4
    assert len(block.history_) == 2


def test_partial_fit_takes_classes_that_come_later(ring):
    X, y = ring
    net = FCNet(4, random_state=0)
    net.partial_fit(X[y == 0][:40], y[y == 0][:40], classes=[0, 1])
    net.partial_fit(X[y == 1][:40], y[y == 1][:40])
    assert net.classes_.tolist() == [0, 1]
    assert net.n_steps_ == 2
    with pytest.raises(ValueError, match=r"labels \[2\] that are not among the classes \[0, 1\]"):
        net.partial_fit(X[:2], [0, 2])
    with pytest.raises(ValueError, match="differ from those of the first call"):
        net.partial_fit(X[:2], [0, 1], classes=[0, 1, 2])


def test_warm_start_goes_on_and_cold_start_begins_again(make_net, ring):
    X, y = ring
    warm = make_net(warm_start=True).fit(X, y)
    steps, fields = warm.n_steps_, warm.receptive_fields_.copy()
    warm.fit(X, y)
    assert warm.n_steps_ == 2 * steps
    cold = make_net().fit(X, y).fit(X, y)
    assert cold.n_steps_ == steps
    np.testing.assert_array_equal(cold.receptive_fields_, fields)


def test_same_seed_same_fields_bit_for_bit_with_or_without_record(make_net, ring):
    X, y = ring
    fields = make_net().fit(X, y).receptive_fields_
    np.testing.assert_array_equal(make_net(record=5).fit(X, y).receptive_fields_, fields)
    other = make_net().set_params(random_state=1).fit(X, y).receptive_fields_
    assert not np.array_equal(other, fields)


def test_training_leaves_global_generators_alone(make_net, ring):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make_net().fit(*ring)
    assert torch.equal(torch.rand(3), expected)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_snapshots_are_log_spaced_from_start_to_end(make_net, ring):
    net = make_net(record=6, batch_size=10).fit(*ring)
    steps = net.snapshot_steps_
    assert (steps[0], steps[-1], len(steps)) == (0, 450, 6)
    assert np.all(np.diff(np.log(steps[1:])) > 1)
    np.testing.assert_array_equal(net.receptive_field_history_[-1], net.receptive_fields_)


def test_pickle_and_joblib_keep_the_net(make_net, ring, tmp_path):
    X, y = ring
    net = make_net(verbose=1).fit(X, y)
    restored = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(restored.decision_function(X), net.decision_function(X))
    joblib.dump(net, tmp_path / "net.joblib")
    restored = joblib.load(tmp_path / "net.joblib").partial_fit(X, y)
    assert restored.n_steps_ == net.n_steps_ + 3


@pytest.mark.slow
def test_grid_search_has_the_same_scores_in_one_process_and_in_two(ring):
    X, y = ring
    pipe = make_pipeline(StandardScaler(), FCNet(8, max_epochs=3, random_state=0))
    grid = {"fcnet__n_hidden": [4, 8], "fcnet__learning_rate": [1.0, 5.0]}
    one, two = (GridSearchCV(pipe, grid, cv=2, n_jobs=jobs).fit(X, y) for jobs in (1, 2))
    np.testing.assert_array_equal(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )
    np.testing.assert_array_equal(
        one.best_estimator_[-1].receptive_fields_, two.best_estimator_[-1].receptive_fields_
    )


def test_fields_do_not_depend_on_the_number_of_threads(ring):
    X, y = ring
    threads = torch.get_num_threads()
    fields = []
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            fields.append(FCNet(64, max_epochs=3, random_state=0).fit(X, y).receptive_fields_)
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(*fields)


class CountBatches(Callback):
    def on_train_begin(self, net, **kwargs):
        self.n_batches_ = 0

    def on_batch_end(self, net, **kwargs):
        self.n_batches_ += 1


def test_batch_callback_is_called_and_changes_no_number(make_net, ring):
    X, y = ring
    counter = CountBatches()
    listened = make_net(callbacks=[counter], record=4).fit(X, y)
    plain = make_net(record=4).fit(X, y)
    assert counter.n_batches_ == listened.n_steps_ == plain.n_steps_ == 9
    # skorch's loop uses autograd, and the compiled step formulas: equal up to single precision.
    np.testing.assert_allclose(
        listened.receptive_field_history_, plain.receptive_field_history_, rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(listened.loss_curve_, plain.loss_curve_, rtol=1e-5)


class PressCtrlC(Callback):
    """Sends a real SIGINT when a number of steps have been taken."""

    def __init__(self, n_steps):
        self.n_steps = n_steps

    def on_batch_end(self, net, training, **kwargs):
        if training and net.n_steps_ == self.n_steps:
            signal.raise_signal(signal.SIGINT)


def interrupt_after(n_batches, make_net, monkeypatch):
    """Press Ctrl-C when these batches of the first epochs of three have been used."""
    if make_net is NETS["FCNet"]:
        run, steps = CompiledStep.run, []

        def interrupted(self, chunk, targets, first, last):
            loss = 0.0
            for number in range(first, last):
                if len(steps) == n_batches:
                    signal.raise_signal(signal.SIGINT)
                steps.append(number)
                loss += run(self, chunk, targets, number, number + 1)
            return loss

        monkeypatch.setattr(CompiledStep, "run", interrupted)
        monkeypatch.setattr("rfsk.nets._compiled_step._OPERATIONS_AT_ONCE", 0.0)  # one step a call
        return
    fetch, fetched = SampleBatches.__iter__, []

    def interrupted(self):
        for batch in fetch(self):
            if len(fetched) == n_batches:
                signal.raise_signal(signal.SIGINT)
            fetched.append(batch)
            yield batch

    monkeypatch.setattr(SampleBatches, "__iter__", interrupted)


@pytest.mark.parametrize("listens", [False, True])
def test_interrupted_fit_keeps_the_net_trained_so_far(make_net, ring, monkeypatch, listens):
    X, y = ring
    two = make_net().set_params(max_epochs=2).fit(X, y)
    if not listens:
        interrupt_after(6, make_net, monkeypatch)
    with pytest.warns(UserWarning, match="interrupted after 6 steps; the net trained so far"):
        net = make_net(callbacks=[PressCtrlC(6)] if listens else None, record=3).fit(X, y)
    assert net.n_steps_ == 6
    assert net.net_.interrupted_
    np.testing.assert_allclose(net.receptive_fields_, two.receptive_fields_, rtol=1e-4, atol=1e-6)
    assert net.snapshot_steps_.tolist() == [0, 1, 6]  # 9 were to be taken


def test_interrupt_in_mid_epoch_counts_what_was_done(make_net, ring, monkeypatch):
    """As in skorch, the interrupted epoch has a loss for its batches, but none of its own."""
    interrupt_after(4, make_net, monkeypatch)
    with pytest.warns(UserWarning, match="interrupted after 4 steps"):
        net = make_net().fit(*ring)
    assert net.loss_curve_.shape == (1,)
    assert [row["step"] for row in net.history_] == [3, 4]
    assert net.history_[-1, "batches", -1, "train_batch_size"] == 500
    assert 0.0 < net.history_[-1, "batches", -1, "train_loss"] < 2.0


def test_early_stopping_is_no_interrupt(make_net, ring):
    stopper = EarlyStopping(monitor="train_loss", patience=2, threshold=1.0, sink=lambda *_: None)
    net = make_net(callbacks=[stopper]).set_params(max_epochs=20).fit(*ring)
    assert 2 <= len(net.history_) < 20
    assert not net.net_.interrupted_


class Fail(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise RuntimeError("no space left")


def test_error_in_a_callback_is_raised_and_the_net_kept(make_net, ring):
    net = make_net(callbacks=[Fail()], verbose=1)
    with pytest.raises(RuntimeError, match="no space left"):
        net.fit(*ring)
    assert net.n_steps_ == 3
    assert np.isfinite(net.receptive_fields_).all()


def test_diverging_net_says_so_and_is_not_kept(ring):
    X, y = ring
    net = FCNet(8, activation="linear", learning_rate=1e6, random_state=0)
    with pytest.raises(ValueError, match=r"the net diverged. Lower learning_rate"):
        net.fit(X, y)
    with pytest.raises(NotFittedError):
        net.predict(X)


def test_rates_can_change_between_fits(make_net, ring):
    X, y = ring
    net = make_net(warm_start=True).fit(X, y)
    before = net.receptive_fields_
    net.set_params(learning_rate=1e-12, weight_decay=0.0).fit(X, y)
    np.testing.assert_allclose(net.receptive_fields_, before, rtol=1e-6)


def test_snapshots_count_from_the_start_of_a_warm_fit_and_do_not_outlive_it(make_net, ring):
    X, y = ring
    net = make_net(warm_start=True, record=3).fit(X, y).fit(X, y)
    assert net.snapshot_steps_.tolist() == [9, 10, 18]
    assert [row["step"] for row in net.history_] == [3, 6, 9, 12, 15, 18]
    net.partial_fit(X, y)
    assert not hasattr(net, "snapshot_steps_")


def test_seeded_fits_in_threads_equal_those_in_turn(ring):
    X, y = ring
    torch.manual_seed(0)
    state = torch.get_rng_state()

    def fields(seed):
        net = FCNet(8, max_epochs=2, batch_size=50, random_state=seed)
        return net.fit(X[:300], y[:300]).receptive_fields_

    in_turn = [fields(seed) for seed in range(6)]
    threaded = joblib.Parallel(3, prefer="threads")(joblib.delayed(fields)(s) for s in range(6))
    np.testing.assert_array_equal(threaded, in_turn)
    assert torch.equal(torch.get_rng_state(), state)


def test_views_of_any_layout_are_taken(make_net, ring):
    X, y = ring
    net = make_net().fit(X[::-1], y[::-1])
    expected = net.decision_function(X.copy())
    for view in (np.asfortranarray(X), X[:, ::-1].copy()[:, ::-1]):
        np.testing.assert_allclose(net.decision_function(view), expected, atol=1e-12)


def test_verbose_prints_a_line_for_each_epoch_and_silence_is_silent(make_net, ring, capsys):
    make_net().fit(*ring)
    assert capsys.readouterr() == ("", "")
    make_net(verbose=1).fit(*ring)
    shown = capsys.readouterr()
    assert shown.err == ""
    header, _, *rows = shown.out.splitlines()
    assert header.split() == ["epoch", "step", "train_loss", "dur"]
    assert [row.split()[:2] for row in rows] == [["1", "3"], ["2", "6"], ["3", "9"]]


def test_hidden_units_are_named_for_pandas(ring):
    X, y = ring
    table = FCNet(3, max_epochs=1, random_state=0).set_output(transform="pandas").fit(X, y)
    assert list(table.transform(X).columns) == ["fcnet0", "fcnet1", "fcnet2"]


def test_estimators_clone_with_their_parameters(make_net):
    net = make_net(record=7)
    assert clone(net).get_params() == net.get_params()
