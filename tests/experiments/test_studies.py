import warnings

import numpy as np
import pytest
from skorch.callbacks import EarlyStopping, EpochTimer

from rfsk import FCNet, ipr
from rfsk.datasets import Discrimination, Ising
from rfsk.experiments import (
    FactorStudy,
    FieldStudy,
    OnsetStudy,
    PruningStudy,
    batch_noise,
    beta_lasso,
    control_over_time,
    cumulant_transition,
    localization_time,
    measure_course,
    nlgp_task,
    onset,
    phase_diagram,
    pruning,
    size_scaling,
    sweep,
    training_set_size,
    width_sweep,
)
from rfsk.experiments._workers import run_cells

SMALL = {"shape": 20, "correlation_length": 2.0, "n_hidden": 4, "learning_time": 100.0}
QUICK = {"n_jobs": 1, "random_state": 0}


@pytest.mark.slow
def test_ipr_scales_with_the_correlation_length_not_the_size():
    found = size_scaling((50, 100), (5.0, 10.0), n_seeds=1, **QUICK).mean("ipr_positive")
    scaled = found["ipr_positive"] * found["correlation_length"]
    np.testing.assert_allclose(scaled, 0.59, rtol=0.1)
    assert found["learning_time"].tolist() == [10_000.0] * 2 + [20_000.0] * 2


@pytest.mark.slow
def test_fields_localize_sooner_at_a_larger_gain():
    few = {"n_measures": 20, "learning_time": 8000.0}
    found = localization_time((1.0, 3.0), n_seeds=2, fixed=few, **QUICK).table()
    slow, fast = (found["onset_time"][found["gain"] == g] for g in (1.0, 3.0))
    assert slow.min() > 2 * fast.max()


def test_a_net_on_the_clone_never_localizes_and_learns_less():
    found = control_over_time(n_seeds=1, fixed={"n_measures": 6}, **QUICK).table()
    ends = found.groupby("law").last()
    assert ends["ipr_positive"]["nlgp"] > 2.5 * ends["ipr_positive"]["clone"]
    assert ends["accuracy"]["nlgp"] > ends["accuracy"]["clone"] + 0.02
    times = found["learning_time"][found["law"] == "nlgp"]
    assert times.iloc[-1] == 20_000.0
    np.testing.assert_allclose(np.diff(np.log(times)), np.log(1000) / 5, rtol=0.1)


@pytest.mark.slow
def test_the_factor_of_few_samples_is_localized_before_the_net_is():
    """At gain 1; an IPR of 0.12 lies between a wave (0.05), noise (0.1) and the law's factor."""
    found = cumulant_transition((100, 1000), (1.0,), n_seeds=5, **QUICK).mean()
    assert found["factor_ipr"][1] > 0.13 > found["factor_ipr"][0]
    assert found["net_ipr"][1] < 0.11
    assert found["match"].is_monotonic_increasing


@pytest.mark.slow
def test_pruning_leaves_local_weights():
    small = {"n_train": 5000, "n_hidden": 20, "learning_time": 5000.0}
    found = pruning(4, n_seeds=1, fixed=small, **QUICK).table()
    nlgp = found[found["law"] == "nlgp"]
    assert nlgp["round"].tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(nlgp["weights_left"], 0.7 ** np.arange(5), rtol=1e-2)
    assert nlgp["ipr_positive"].iloc[-1] > 1.3 * nlgp["ipr_positive"].iloc[0]


def test_beta_lasso_cuts_weights_that_the_plain_penalty_leaves():
    found = beta_lasso((3e-4,), n_seeds=1, **QUICK).mean()
    plain, cut = found["zero_weights"]
    assert plain < 0.05 < 0.4 < cut
    assert abs(np.diff(found["accuracy"])[0]) < 0.03


def test_noise_of_the_steps_hides_localization():
    """Rate over batch size 0.4 against 0.05, at equal learning time."""
    found = batch_noise((20.0,), (50, 400), n_seeds=1, **QUICK).mean()
    noisy, quiet = found["ipr_positive"]
    assert noisy < 0.05
    assert quiet == pytest.approx(0.060, rel=0.05)  # that of rate 5 and batches of 100


@pytest.mark.slow
def test_more_samples_and_more_units_do_better():
    half = {"learning_time": 10_000.0}
    data = training_set_size((2000, 10_000), n_seeds=1, fixed=half, **QUICK).mean()
    assert data["ipr_positive"][0] < 0.045 < data["ipr_positive"][1]
    units = width_sweep((4, 32), n_seeds=1, **QUICK).mean()
    assert units["accuracy"][1] > units["accuracy"][0] + 0.1


def test_phase_diagram_has_its_cells_and_gains_in_even_steps():
    found = phase_diagram(fixed={**SMALL, "learning_time": 5.0}, **QUICK).table()
    assert len(found) == 144
    gains, ratios = (np.unique(found[name]) for name in ("gain", "length_ratio"))
    assert (gains[0], gains[-1], ratios[0], ratios[-1]) == (0.1, 10.0, 1.25, 5.0)
    np.testing.assert_allclose(np.diff(np.log(gains)), np.log(100) / 11, rtol=0.02)


def test_cells_are_the_nets_one_would_train_by_hand():
    study = FieldStudy(measure=lambda net, task, seed: {"ipr": ipr(net.receptive_fields_).sum()})
    cell = {**SMALL, "gain": 2.0, "activation": "tanh", "random_state": 3}
    plan = study.plan(cell)
    by_hand = FCNet(
        4, activation="tanh", learning_rate=5.0, batch_size=100, weight_decay=0.0,
        random_state=plan.seeds[0],
    ).fit_online(nlgp_task(shape=20, correlation_length=2.0, gain=2.0), 2000)  # fmt: skip
    assert study(**cell)["ipr"] == pytest.approx(ipr(by_hand.receptive_fields_).sum(), rel=1e-5)


def test_what_becomes_of_a_cell_does_not_depend_on_its_company():
    cells = [{**SMALL, "gain": gain, "random_state": 7} for gain in (0.3, 1.0, 3.0)]
    together = run_cells(FieldStudy(), cells)
    alone = [run_cells(FieldStudy(), [cell])[0] for cell in cells]
    assert [t["result"] for t in together] == [a["result"] for a in alone]


def test_measuring_on_the_way_does_not_change_where_training_ends():
    cell = {**SMALL, "learning_rate": 0.5, "random_state": 0}
    course = FieldStudy(measure=measure_course)(**cell, n_measures=4)
    assert len(course["ipr_positive"]) == 4
    assert course["learning_time"][-1] == 100.0


def test_groups_are_as_large_as_takes_some_seconds():
    study = FieldStudy()
    assert study.at_once({}) == 16
    large = study.at_once({"shape": (28, 28), "correlation_length": 2.0, "n_hidden": 200})
    assert 1 <= large < 4
    assert study.at_once({"learning_time": 1e9}) == 1


def test_cells_that_cannot_be_trained_together_are_trained_alone():
    study = FieldStudy()
    assert study.group(SMALL) is not None
    for alone in ({"batch_size": 1}, {"n_train": 100}, {"callbacks": [EpochTimer()]}):
        assert study.group({**SMALL, **alone}) is None
        assert 0.0 <= study(**{**SMALL, **alone}, random_state=0)["accuracy"] <= 1.0
    for together in ({"readout": "linear"}, {"n_hidden": [4, 3]}):
        assert study.group({**SMALL, **together}) is not None
        assert 0.0 <= study(**{**SMALL, **together}, random_state=0)["accuracy"] <= 1.0


def test_a_net_may_stop_early():
    stopping = EarlyStopping("train_loss", patience=3, threshold=1e-4, sink=lambda *_: None)
    early = {**SMALL, "n_train": 500, "learning_time": 1e5, "random_state": 0}
    early["callbacks"] = [stopping]
    assert FieldStudy().plan(early).steps[0] == 20_000
    assert FieldStudy(measure=lambda net, *_: {"n": net.n_steps_})(**early)["n"] < 20_000


def test_studies_of_training_sets_run_their_cells_one_by_one():
    cells = [{**SMALL, "n_train": 200, "random_state": seed} for seed in (0, 1)]
    for study in (FactorStudy(), PruningStudy(n_rounds=1)):
        assert study.group(cells[0]) is None
        assert study.run_many(cells) == [study(**cell) for cell in cells]
    steep = {"learning_rate": 1e4, "activation": "linear", "learning_time": 1e6}
    (failure,) = FactorStudy().run_many([{**cells[0], **steep}])
    assert isinstance(failure, ValueError)


def test_a_net_that_diverges_fails_alone():
    grid = {"learning_rate": [5.0, 5000.0]}
    fixed = {**SMALL, "learning_time": 50_000.0, "n_hidden": 4, "activation": "linear"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with pytest.warns(UserWarning, match="1 of 2 cells failed, the first with 'ValueError: T"):
            found = sweep(FieldStudy(), grid, fixed=fixed, **QUICK)
    assert found.table()["learning_rate"].tolist() == [5.0]


def test_diverged_members_of_a_group_leave_the_others():
    cells = [
        {
            **SMALL,
            "learning_time": 1e4,
            "activation": "linear",
            "weight_decay": w,
            "random_state": 0,
        }
        for w in (0.0, 1.0)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        good, bad = run_cells(FieldStudy(), cells)
    assert "result" in good
    assert "The net diverged; lower its learning_rate" in bad["error"]


def test_a_study_takes_any_task():
    def ising(temperature=2.0):
        return Discrimination([Ising(20, temperature=t) for t in (temperature, temperature / 2)])

    small = {"n_hidden": 4, "learning_time": 100.0}
    found = sweep(FieldStudy(ising), {"temperature": [1.0, 2.0]}, fixed=small, **QUICK)
    assert found.table()["temperature"].tolist() == [1.0, 2.0]


def test_studies_in_two_dimensions_know_the_lattice():
    small = {**SMALL, "shape": (5, 4), "correlation_length": 1.0}
    found = sweep(FieldStudy(), {"gain": [3.0]}, fixed=small, **QUICK)
    assert found.n_finished == 1
    assert FieldStudy().plan(small).net.image_shape == (5, 4)


def test_onset_is_where_a_curve_leaves_its_minimum():
    times = np.geomspace(1, 1000, 31)
    values = np.maximum(1.0, np.log10(times))  # exceeds 1.5 at 10^1.5
    assert onset(times, values) == pytest.approx(10**1.5, rel=1e-6)
    assert onset(times, values, 2.9) == pytest.approx(10**2.9, rel=1e-6)
    assert np.isnan(onset(times, np.ones(31)))
    assert onset([1.0, 2.0, 4.0], [3.0, 1.0, 2.0]) == pytest.approx(2.0 * 2**0.5)


@pytest.mark.parametrize(
    ("study", "parameters", "message"),
    [
        (
            FieldStudy(),
            {"gian": 3.0},
            "'gian' is not a parameter of the study; expected learn",
        ),
        (FieldStudy(), {"learning_time": 0}, "learning_time=0; expected a finite number > 0"),
        (FieldStudy(), {"n_measures": 0}, "n_measures=0; expected an integer > 0"),
        (FieldStudy(), {"n_train": 10, "n_measures": 2}, "n_measures=2 with n_train=10; a net is"),
        (FieldStudy(), {"length_ratio": 1.0}, "length_ratio=1.0; expected a number above 1"),
        (FieldStudy(), {"correlation_length": -1}, "correlation_length=-1; expected"),
        (FieldStudy(), {"law": "gp"}, "law='gp' is unknown; expected one of 'nlgp', 'clone'"),
        (FieldStudy(), {"activation": "sine"}, "activation='sine'"),
        (FieldStudy(), {"learning_rate": -1.0}, "learning_rate=-1.0; expected"),
        (FieldStudy(), {"device": "tpu"}, "device='tpu' is not available"),
        (FieldStudy(), {"warm_start": False}, "'warm_start' is not .* max_epochs, random_state, w"),
        (OnsetStudy(), {"n_measures": 1}, "n_measures=1; an onset needs at least 2"),
        (FactorStudy(), {}, "n_train=None; this study needs a number of training samples"),
        (PruningStudy(), {}, "n_train=None; this study needs a number of training samples"),
    ],
)
def test_bad_parameters_are_refused_before_any_cell_runs(study, parameters, message):
    grid = {"gain": [3.0]}
    with pytest.raises(ValueError, match=message):
        sweep(study, grid, fixed=parameters, **QUICK)
