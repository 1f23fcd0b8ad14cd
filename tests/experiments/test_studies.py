import numpy as np
import pytest
import torch

from rfsk import Discrimination, FCNet, Ising, ipr
from rfsk._core._random import spawn_seeds
from rfsk.analysis import onset
from rfsk.experiments import (
    FactorStudy,
    FieldStudy,
    PredictionStudy,
    gain_sweep,
    measure_course,
    nlgp_task,
    phase_diagram,
    sweep,
)

SMALL = {"shape": 20, "correlation_length": 2.0, "n_hidden": 4, "learning_time": 100.0}
TORUS = {"shape": (5, 4), "correlation_length": 1.0}
QUICK = {"n_jobs": 1, "random_state": 0}


@pytest.mark.slow
def test_fields_localize_sooner_at_a_larger_gain():
    few = {"n_measures": 20, "learning_time": 8000.0}
    study = FieldStudy(measure=measure_course)
    found = sweep(study, {"gain": [1.0, 3.0]}, 2, fixed=few, **QUICK)
    groups = found.groupby(["gain", "repeat"])[["learning_time", "ipr_positive"]]
    times = groups.apply(lambda rows: onset(*rows.to_numpy().T))
    assert times[1.0].min() > 2 * times[3.0].max()


def test_a_net_on_the_control_does_not_localize_and_learns_less():
    study = FieldStudy(measure=measure_course)
    found = sweep(study, {"inputs": ["nlgp", "control"]}, fixed={"n_measures": 6}, **QUICK)
    ends = found.groupby("inputs").last()
    assert ends["ipr_positive"]["nlgp"] > 2.5 * ends["ipr_positive"]["control"]
    assert ends["accuracy"]["nlgp"] > ends["accuracy"]["control"] + 0.02
    times = found["learning_time"][found["inputs"] == "nlgp"]
    assert times.iloc[-1] == 20_000.0
    np.testing.assert_allclose(np.diff(np.log(times)), np.log(1000) / 5, rtol=0.1)


@pytest.mark.slow
def test_the_factor_of_few_samples_is_localized_before_the_net_is():
    """At gain 1; an IPR of 0.12 lies between a mode (0.05), noise (0.1) and the model's factor."""
    small = {"shape": 30, "correlation_length": 3.0, "learning_time": 3000.0, "gain": 1.0}
    found = sweep(FactorStudy(), {"n_train": [100, 1000]}, 5, fixed=small, **QUICK)
    found = found.groupby("n_train", as_index=False).mean(numeric_only=True)
    assert found["factor_ipr"][1] > 0.13 > found["factor_ipr"][0]
    assert found["net_ipr"][1] < 0.11
    assert found["match"].is_monotonic_increasing


@pytest.mark.slow
def test_pruning_leaves_local_weights():
    small = {"n_train": 5000, "n_hidden": 20, "learning_time": 5000.0, "batch_size": 500}
    nlgp = sweep(FieldStudy(), {"n_rounds": [4]}, fixed=small, **QUICK)
    assert nlgp["round"].tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(nlgp["weights_left"], 0.7 ** np.arange(5), rtol=1e-2)
    assert nlgp["ipr_positive"].iloc[-1] > 1.3 * nlgp["ipr_positive"].iloc[0]


def test_beta_lasso_cuts_weights_that_the_plain_penalty_leaves():
    found = sweep(FieldStudy(), {"l1_cut": [0.0, 200.0]}, fixed={"l1": 3e-4}, **QUICK)
    plain, cut = found["zero_weights"]
    assert plain < 0.05 < 0.4 < cut
    assert abs(np.diff(found["accuracy"])[0]) < 0.03


def test_large_gradient_noise_prevents_localization():
    """Rate over batch size 0.4 against 0.05, at equal learning time."""
    grid = {"batch_size": [50, 400]}
    found = sweep(FieldStudy(), grid, fixed={"learning_rate": 20.0}, **QUICK)
    noisy, quiet = found["ipr_positive"]
    assert noisy < 0.05
    assert quiet == pytest.approx(0.060, rel=0.05)  # that of rate 5 and batches of 100


def test_phase_diagram_has_its_cells_and_gains_in_even_steps():
    def study(gain, length_ratio, random_state):
        return {"product": gain * length_ratio}

    found = phase_diagram(study=study, **QUICK)
    assert len(found) == 144
    gains, ratios = (np.unique(found[name]) for name in ("gain", "length_ratio"))
    assert (gains[0], gains[-1], ratios[0], ratios[-1]) == (0.1, 10.0, 1.25, 5.0)
    np.testing.assert_allclose(np.diff(np.log(gains)), np.log(100) / 11, rtol=0.02)


def test_cells_are_the_nets_one_would_train_by_hand():
    study = FieldStudy(measure=lambda net, task, seed: {"ipr": ipr(net.receptive_fields_).sum()})
    cell = {**SMALL, "gain": 2.0, "activation": "tanh"}
    options = {"learning_rate": 5.0, "batch_size": 100, "weight_decay": 0.0}
    by_hand = FCNet(4, activation="tanh", **options, random_state=spawn_seeds(3, 3)[0])
    by_hand.fit_online(nlgp_task(shape=20, correlation_length=2.0, gain=2.0), 2000)
    found = study(random_state=3, **cell)["ipr"]
    assert found == pytest.approx(ipr(by_hand.receptive_fields_).sum(), rel=1e-5)


@pytest.mark.parametrize(
    "parameters",
    [{"batch_size": 1}, {"n_train": 100}, {"readout": "linear"}, {"n_hidden": [4, 3]}, TORUS],
)
def test_any_net_can_be_swept(parameters):
    study = FieldStudy(measure=lambda net, *_: {"shape": net.image_shape})
    found = study(**{**SMALL, **parameters}, random_state=0)
    assert found["shape"] == parameters.get("shape")


def test_a_study_takes_any_task():
    def ising(temperature=2.0):
        return Discrimination([Ising(20, temperature=t) for t in (temperature, temperature / 2)])

    small = {"n_hidden": 4, "learning_time": 100.0}
    found = sweep(FieldStudy(ising), {"temperature": [1.0, 2.0]}, fixed=small, **QUICK)
    assert found["temperature"].tolist() == [1.0, 2.0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_net_that_diverges_fails_alone():
    grid = {"learning_rate": [5.0, 5000.0]}
    fixed = {**SMALL, "learning_time": 50_000.0, "activation": "linear"}
    with pytest.warns(UserWarning, match="1 of 2 cells failed, .*: the net diverged"):
        found = sweep(FieldStudy(), grid, fixed=fixed, **QUICK)
    assert found["learning_rate"][found["error"].notna()].tolist() == [5000.0]


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
        (FieldStudy(), {"learning_time": 0}, "`learning_time` must be positive and finite, got 0"),
        (FieldStudy(), {"n_measures": 0}, "`n_measures` must be a positive integer, got 0"),
        (FieldStudy(), {"n_train": 10, "n_measures": 2}, "`n_measures` must be 1 if `n_train`"),
        (FieldStudy(), {"length_ratio": 1.0}, "`length_ratio` must be above 1, got 1.0"),
        (FieldStudy(), {"correlation_length": -1}, "`correlation_length` must be positive"),
        (
            FieldStudy(),
            {"inputs": "gp"},
            "`inputs` must be one of 'nlgp', 'control'.*, got 'gp'",
        ),
        (FieldStudy(), {"activation": "sine"}, "`activation` must be one of .*, got 'sine'"),
        (FieldStudy(), {"learning_rate": -1.0}, "`learning_rate` must be positive"),
        (FieldStudy(), {"device": "tpu"}, "device='tpu' is not available"),
        (FactorStudy(), {}, "`n_train` must be given for this study"),
        (FieldStudy(), {"n_rounds": 2}, "`n_train` must be given for this study"),
    ],
)
def test_bad_parameters_are_refused(study, parameters, message):
    with pytest.raises(ValueError, match=message):
        study(gain=3.0, random_state=0, **parameters)


@pytest.mark.parametrize("name", ["gian", "warm_start", "max_epochs"])
def test_unknown_parameters_are_refused_before_any_cell_runs(name):
    with pytest.raises(TypeError, match=f"got an unexpected keyword argument '{name}'"):
        sweep(FieldStudy(), {name: [1]}, **QUICK)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_fields_of_a_gpu_have_the_distribution_of_those_of_the_cpu():
    def means(device, **options):
        fixed = {"learning_rate": 5.0, "batch_size": 100, "device": device}
        options = {"n_repeats": 8, "fixed": fixed, "random_state": 0, **options}
        groups = gain_sweep((1.0, 3.0), **options).groupby(["gain", "inputs"])
        return groups[["ipr_positive", "ipr_negative", "accuracy"]].agg(["mean", "sem"])

    here, there = means("cpu"), means("cuda", n_jobs=1)
    for name in ("ipr_positive", "ipr_negative", "accuracy"):
        error = np.hypot(here[name, "sem"], there[name, "sem"])
        assert np.all(np.abs(here[name, "mean"] - there[name, "mean"]) < 5 * error)


def test_phase_diagram_is_predicted_in_place_of_trained():
    fixed = {"shape": 30, "correlation_length": 3.0, "learning_time": 3000.0}
    options = {"fixed": fixed, "random_state": 0, "n_jobs": 1}
    grid = [1.0, 3.0], [2.0]
    trained = phase_diagram(*grid, **options)
    predicted = phase_diagram(*grid, study=PredictionStudy(), **options)
    for name in ("ipr_positive", "ipr_negative"):
        np.testing.assert_allclose(predicted[name], trained[name], rtol=0.15)
    np.testing.assert_allclose(predicted["accuracy"], trained["accuracy"], atol=0.02)
    with pytest.raises(TypeError, match="unexpected keyword argument 'n_hidden'"):
        phase_diagram(*grid, study=PredictionStudy(), fixed={"n_hidden": 3}, random_state=0)
