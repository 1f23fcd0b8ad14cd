"""Invalid arguments raise a one-sentence error before any work and leave no state behind."""

import contextlib
import inspect
import pickle
import time
import traceback
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback

import rfsk
from rfsk import analysis, datasets, experiments, nets, theory

X, Y = rfsk.make_nlgp(60, 12, correlation_length=(1.0, 2.0), random_state=0)
TASK = rfsk.make_nlgp(4, 12, correlation_length=(1.0, 2.0), return_X_y=False).task
FIELDS = np.random.default_rng(0).normal(size=(6, 12))
NET = rfsk.FCNet(4, max_epochs=1, random_state=0).fit(X, Y)
KAPPA = analysis.cumulant(X)
SOURCES = [Path(rfsk.__file__).parent, Path(sklearn.__file__).parent]


def fit(estimator, *data):
    """Return a function that constructs an estimator with given parameters and fits it."""

    def call(**parameters):
        return estimator(**parameters).fit(*data)

    call.__signature__ = inspect.signature(estimator)
    return call


def study(a, random_state):
    return {"a": a}


def new():
    return rfsk.FCNet(4, max_epochs=1, random_state=0)


SHORT = {"max_epochs": 1, "random_state": 0}
# Valid arguments by function; those of estimators are the parameters of the constructor.
CALLS = {
    fit(rfsk.FCNet, X, Y): {"n_hidden": 4, **SHORT},
    fit(rfsk.ConvNet, X, Y): {"n_channels": 2, **SHORT},
    fit(rfsk.Autoencoder, X): {"n_hidden": 4, **SHORT},
    fit(rfsk.NonlinearHebbian, X): {"random_state": 0},
    fit(rfsk.CumulantCP, X): {"n_components": 2, "max_iter": 5, "random_state": 0},
    fit(rfsk.LocalizationAnalyzer, FIELDS): {"n_null": 9, "random_state": 0},
    fit(rfsk.FieldMatcher, FIELDS): {},
    lambda X, y, sample_weight=None: new().fit(X, y, sample_weight): {"X": X, "y": Y},
    lambda X, y, classes=None: new().partial_fit(X, y, classes): {"X": X, "y": Y},
    lambda task, n_samples=100, n_eval=0: new().fit_online(task, n_samples, n_eval=n_eval): {
        "task": TASK
    },
    lambda X: rfsk.Autoencoder(4, **SHORT).fit(X): {"X": X},
    lambda X: NET.transform(X): {"X": X},
    lambda X, layer=0: NET.hidden_activations(X, layer): {"X": X},
    lambda nets, X, y, n_jobs=1: rfsk.fit_many(nets, X, y, n_jobs=n_jobs): {
        "nets": [new()],
        "X": X,
        "y": Y,
    },
    lambda nets, data, n_jobs=1: rfsk.nets.fit_each(nets, data, n_jobs=n_jobs): {
        "nets": [new()],
        "data": [(X, Y)],
    },
    lambda nets, tasks, n_samples=100, n_jobs=1: rfsk.fit_many_online(
        nets, tasks, n_samples, n_jobs=n_jobs
    ): {"nets": [new()], "tasks": TASK},
    lambda X: rfsk.CumulantCP(2, max_iter=5, random_state=0).fit(X): {"X": X},
    lambda X: rfsk.NonlinearHebbian(2, random_state=0).fit(X): {"X": X},
    lambda X: rfsk.LocalizationAnalyzer(n_null=9, random_state=0).fit_transform(X): {"X": FIELDS},
    lambda X: rfsk.FieldMatcher().fit(FIELDS).transform(X): {"X": FIELDS},
    lambda directions: KAPPA.contract(directions): {"directions": FIELDS},
    lambda directions: KAPPA.along(directions): {"directions": FIELDS},
    lambda n_samples, offset: TASK.class_boundaries(n_samples, offset): {
        "n_samples": 4,
        "offset": 0.5,
    },
    lambda n_samples, random_state=0: TASK.sample(n_samples, random_state): {"n_samples": 4},
    analysis.cumulant: {"source": X},
    analysis.DenseCumulant: {"tensor": np.eye(3)},
    analysis.symmetric_cp: {"source": X, "n_components": 1, "random_state": 0, "max_iter": 5},
    analysis.ipr: {"fields": FIELDS},
    analysis.localization_score: {"estimator": FIELDS},
    analysis.receptive_fields: {"fitted": FIELDS},
    analysis.field_width: {"fields": FIELDS},
    analysis.field_center: {"fields": FIELDS},
    analysis.field_spread: {"fields": FIELDS},
    analysis.field_orientation: {"fields": FIELDS, "shape": (3, 4)},
    analysis.dominant_frequency: {"fields": FIELDS},
    analysis.group_split: {"fields": FIELDS, "n_null": 9, "random_state": 0},
    analysis.population_summary: {"fields": FIELDS, "n_null": 9, "random_state": 0},
    analysis.tiling: {"fields": FIELDS},
    analysis.random_phase_fields: {"fields": FIELDS, "random_state": 0},
    analysis.match_matrix: {"fields": FIELDS, "references": FIELDS},
    analysis.chance_match: {"fields": FIELDS, "references": FIELDS, "n_null": 9},
    analysis.bump_match: {"references": FIELDS},
    analysis.translation_orbits: {"fields": FIELDS},
    analysis.fit_profiles: {"fields": FIELDS},
    analysis.cavity_score: {"fields": FIELDS, "X": X},
    analysis.spike_triggered_average: {"response": NET, "X": X},
    analysis.spike_triggered_covariance: {"response": NET.decision_function, "X": X},
    analysis.why_not_testable: {"fields": FIELDS},
    datasets.make_nlgp: {"n_samples": 4, "shape": 6, "random_state": 0},
    datasets.make_gp: {"n_samples": 4, "shape": 6, "random_state": 0},
    datasets.make_ising: {"n_samples": 4, "shape": 6, "random_state": 0},
    datasets.make_phi4: {"n_samples": 4, "shape": 6, "random_state": 0},
    datasets.make_pulses: {"n_samples": 4, "shape": 6, "random_state": 0},
    datasets.make_elliptical: {"n_samples": 4, "shape": 6, "random_state": 0},
    datasets.make_spiked_cumulant: {"n_samples": 4, "shape": 6, "random_state": 0},
    datasets.make_transformed_field: {"n_samples": 4, "shape": 6, "random_state": 0},
    datasets.make_gaussian_clone: {"X": X, "y": Y, "random_state": 0},
    datasets.augment_shifts: {"X": X, "y": Y, "random_state": 0},
    datasets.EmpiricalDistribution: {"X": X},
    datasets.MultivariateGaussian: {"mean": np.zeros(3), "cov": np.eye(3)},
    datasets.Discrimination: {"models": TASK.models},
    datasets.as_task: {"task": (X, Y)},
    analysis.onset: {"times": [0.0, 1.0, 2.0], "values": [1.0, 1.0, 3.0]},
    lambda fields: theory.CubicFlow(TASK).velocity(fields): {"fields": FIELDS},
    theory.Amplifier: {"source": TASK.models[0]},
    theory.RectifiedFlow: {"task": TASK},
    theory.localization_index: {"task": TASK, "n_samples": 100},
    theory.field_statistics: {"source": X},
    theory.activation_derivatives: {"activation": "erf", "bias": 0.0},
    theory.bivariate_normal_cdf: {"h": 0.0, "k": 0.0, "correlation": 0.5},
    theory.gaussian_loss: {"fields": FIELDS, "biases": np.zeros(6), "task": TASK},
    theory.gaussian_accuracy: {"field": FIELDS[0], "bias": 1.0, "task": TASK},
    theory.CubicFlow: {"task": TASK},
    theory.denoiser_fields: {"source": TASK.models[0], "noise": 1.0},
    experiments.sweep: {"study": study, "grid": {"a": [1]}, "n_jobs": 1, "random_state": 0},
    experiments.iterative_magnitude_pruning: {"net": new(), "X": X, "y": Y, "n_rounds": 1},
}
BAD = {
    "None": None,
    "True": True,
    "minus one": -1,
    "zero": 0,
    "1.5": 1.5,
    "text": "bad",
    "integer beyond floats": 10**400,
    "large integer": 10**13,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "huge": 1e300,
    "complex": 1j,
    "empty list": [],
    "mixed list": [1.0, "a"],
    "ragged": [[1.0, 2.0], [3.0]],
    "dict": {},
    "object": object(),
    "class": int,
    "array of no axes": np.array(3.0),
    "empty": np.zeros((0, 12)),
    "masked": np.ma.masked_greater(X, 1.0),
    "masked labels": np.ma.masked_equal(Y, 1),
    "complex array": X * 1j,
    "dates": np.full((60, 12), np.datetime64("2020-01-01")),
    "strings": np.full((60, 12), "a"),
    "objects": np.array([[{}, 1.0]] * 60, dtype=object),
    "with NaN": np.where(X > 1.0, np.nan, X),
    "with infinity": np.where(X > 1.0, np.inf, X),
    "huge array": 1e30 * X,
    "beyond single precision": 1e300 * X,
    "constant": np.ones((60, 12)),
    "one row": X[:1],
    "one column": X[:, :1],
    "half precision": X.astype(np.float16),
    "three axes": X.reshape(60, 3, 4),
    "model": TASK.models[0],
    "task": TASK,
    "net": NET,
}


@pytest.fixture(scope="module", autouse=True)
def _elsewhere(tmp_path_factory):
    """A folder for what a bad path may write, such as the store "bad" of a sweep."""
    with contextlib.chdir(tmp_path_factory.mktemp("elsewhere")):
        yield


def fault_of(call, parameter, bad, settings_of_process):
    """Description of any fault in the outcome of a call with one invalid argument, or ''.

    A call that takes long is repeated, because the first call may have compiled a loop.
    """
    found, seconds = outcome(call, parameter, bad, settings_of_process)
    if not found and seconds > 1.0:
        found, seconds = outcome(call, parameter, bad, settings_of_process)
    return found if seconds <= 1.0 else f"{found} took {seconds:.1f} s"


def outcome(call, parameter, bad, settings_of_process):
    """Any fault in a call with one invalid argument, and the processor time of the call."""
    arguments = {**CALLS[call], parameter: BAD[bad]}
    before, start = settings_of_process(), time.process_time()
    found = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        try:
            call(**arguments)
        except (ValueError, TypeError, NotImplementedError, OSError) as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            if not any(source in Path(frame.filename).parents for source in SOURCES):
                found = f"{type(error).__name__} of {frame.filename}: {error}"
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
    seconds = time.process_time() - start
    if settings_of_process() != before:
        found += " changed the settings of the process"
    return found, seconds


PARAMETERS = [
    (call, parameter.name)
    for call in CALLS
    for parameter in inspect.signature(call).parameters.values()
    if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
]


@settings(max_examples=60)
@given(st.sampled_from(PARAMETERS), st.sampled_from(sorted(BAD)))
def test_a_bad_argument_is_refused_at_once_or_works_and_leaves_no_state(
    settings_of_process, call_and_parameter, bad
):
    call, parameter = call_and_parameter
    assert fault_of(call, parameter, bad, settings_of_process) == ""


@pytest.mark.slow
@pytest.mark.parametrize("bad", sorted(BAD))
def test_every_argument_is_refused_or_works_if_it_is(settings_of_process, bad):
    faults = (fault_of(*pair, bad, settings_of_process) for pair in PARAMETERS)
    assert [fault for fault in faults if fault] == []


NOT_NUMBERS = {
    "masked": "must not be a masked array; pass .*filled",
    "complex array": "must be an array of real numbers: got dtype complex128",
    "dates": "must be an array of real numbers: got dtype datetime64",
    "strings": "must be an array of real numbers: could not convert string to float",
    "objects": "must be an array of real numbers: float.. argument must be a string or a real",
    "integer beyond floats": "must be an array of real numbers: int too large to convert to float",
    "with NaN": "contains NaN",
    "with infinity": "contains infinity",
    "empty": r"0 sample\(s\)",
}
TAKING_DATA = {
    "net": new().fit,
    "autoencoder": lambda X, y: rfsk.Autoencoder(4).fit(X),
    "outputs": lambda X, y: NET.transform(X),
    "decomposition": lambda X, y: rfsk.CumulantCP(2).fit(X),
    "clone": rfsk.make_gaussian_clone,
    "shifts": rfsk.augment_shifts,
    "fields": lambda X, y: rfsk.ipr(X),
    "analyzer": lambda X, y: rfsk.LocalizationAnalyzer().fit(X),
}


@pytest.mark.filterwarnings("error::numpy.exceptions.ComplexWarning")
@pytest.mark.parametrize("call", TAKING_DATA)
@pytest.mark.parametrize("bad", NOT_NUMBERS)
def test_invalid_data_raise_the_same_error_everywhere(call, bad):
    with pytest.raises((ValueError, TypeError), match=NOT_NUMBERS[bad]):
        TAKING_DATA[call](BAD[bad], Y)


def test_the_place_of_the_first_missing_value_is_named():
    for value, kind in ((np.nan, "NaN"), (-np.inf, "infinity")):
        data, labels = X.copy(), np.array(["a", "b"], dtype=object)[Y]
        data[7, 3] = data[9, 1] = value
        place = rf"Input X contains {kind}, first in row 7, column"
        with pytest.raises(ValueError, match=rf"{place} 3 \(counted from 0\)"):
            new().fit(data, Y)
        with pytest.raises(ValueError, match=rf"{place} 'c3'"):
            new().fit(pd.DataFrame(data).add_prefix("c"), Y)
        with pytest.raises(ValueError, match=rf"contains {kind}, first in image 7, pixel \[0, 3\]"):
            experiments.study_data(data.reshape(60, 3, 4), Y)
    with pytest.raises(ValueError, match="y should be a 1d array, got an array of shape"):
        new().fit(X, np.nan)
    labels[5] = np.nan
    with pytest.raises(ValueError, match=r"^Input y contains NaN, first in row 5 \(counted"):
        new().fit(X, labels)


OPTIONS = [
    (lambda: new().fit(X, BAD["masked labels"]), "`y` must not be a masked array"),
    (lambda: new().set_params(n_hidden=10**11).fit(X, Y), "`n_hidden` is too large"),
    (lambda: new().set_params(n_hidden=10**400).fit(X, Y), "`n_hidden` is too large"),
    (lambda: new().set_params(bias_init=1e300).fit(X, Y), "`bias_init` is too large"),
    (lambda: new().set_params(record=10**13).fit(X, Y), "`record` is too large"),
    (lambda: new().fit_online(TASK, 100, n_eval=10**13), "`n_eval` is too large"),
    (
        lambda: rfsk.LocalizationAnalyzer(n_null=10**12).fit_transform(FIELDS),
        "`n_null` is too large",
    ),
    (lambda: rfsk.make_phi4(4, 6, mass_squared=1e200), "`mass_squared` is too large"),
    (lambda: rfsk.make_gp(4, 10**400), "`shape` must be an array of real numbers: int too large"),
    (lambda: rfsk.make_gp(4, 10**13), "`shape` must be a positive integer for a ring"),
    (lambda: rfsk.make_gp(4, BAD["ragged"]), "`shape` must be an array of real numbers"),
    (
        lambda: new().set_params(optimizer=torch.optim.LBFGS).fit(X, Y),
        "built with .*LBFGS.*: LBFGS",
    ),
    (lambda: new().set_params(optimizer=torch.optim.SparseAdam).fit(X, Y), "SparseAdam does not"),
    (lambda: new().set_params(activation=np.tanh).fit(X, Y), "with a gradient, as torch.nn.func"),
    (lambda: new().set_params(activation=torch.detach).fit(X, Y), "with a gradient"),
    (lambda: new().set_params(device="meta").fit(X, Y), "device='meta' is not available"),
    (lambda: new().set_params(random_state=True).fit(X, Y), "`random_state` must be .*, got True"),
    (
        lambda: experiments.sweep(study, {"a": [1]}, random_state=True),
        "`random_state` must be .*, got True",
    ),
    (
        lambda: experiments.sweep(study, {"a": [1]}, n_jobs=0),
        "`n_jobs` must be a nonzero integer or None, got 0",
    ),
    (
        lambda: experiments.sweep(study, {"a": [1]}, store=3, random_state=0),
        "`store` must be a path, got 3",
    ),
    (lambda: rfsk.fit_many(3, X, Y), "`nets` must be a list .*, got an instance of int"),
    (lambda: rfsk.fit_many(new(), X, Y), "`nets` must be a list .*, got an instance of FCNet"),
    (lambda: rfsk.fit_many([new()], X, Y, n_jobs="a"), "`n_jobs` must be .*, got 'a'"),
    (
        lambda: rfsk.fit_many_online([new()], 3, 100),
        "`task` must be a Discrimination or .*, got an instance of int",
    ),
    (lambda: nets.fit_each([new()], [X]), "`data` must contain one pair"),
    (lambda: analysis.cumulant(3), "`source` must be samples .*, got a int"),
    (lambda: analysis.cumulant(TASK), "`source` must be samples .*, got a Discrimination"),
    (
        lambda: KAPPA.contract(FIELDS[:, 1:]),
        r"`directions` must have 12 features, got shape \(6, 11\)",
    ),
    (lambda: KAPPA.contract("a"), "`directions` must be an array of real numbers"),
    (lambda: KAPPA.along(3), r"`directions` must have 12 features, got shape \(\)"),
    (lambda: TASK.class_boundaries(5, "a"), "`offset` must be an array of real numbers"),
    (
        lambda: TASK.class_boundaries(np.inf, 0.5),
        "`n_samples` must be a non-negative integer, got inf",
    ),
    (
        lambda: TASK.models[0].from_noise("a"),
        "`noise` must be an array or a tensor, got an instance of str",
    ),
    (
        lambda: analysis.why_not_testable(FIELDS, inputs=np.ones((9, 12))),
        "`inputs` must not be constant",
    ),
    (lambda: analysis.onset([1.0, 2.0], [1.0]), "`times` and `values` must be"),
    (lambda: analysis.onset([1.0, 2.0], [1.0, 2.0], 0.5), "`factor` must be above 1"),
    (lambda: theory.gaussian_accuracy(FIELDS[0], 10**400, TASK), "`bias` is too large"),
    (lambda: new().fit(X, Y, np.nan), "sample_weight contains NaN"),
    (
        lambda: rfsk.make_gaussian_clone(BAD["beyond single precision"]),
        "too large for single precision",
    ),
]


@pytest.mark.parametrize(("call", "message"), OPTIONS, ids=[message for _, message in OPTIONS])
def test_error_of_an_invalid_option_names_the_option(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_weight_of_a_layer_is_a_field(dtype):
    weight = torch.nn.Linear(12, 6, dtype=dtype).weight
    fields = weight.detach().double().numpy()
    for measure in (rfsk.ipr, rfsk.receptive_fields, analysis.field_width):
        np.testing.assert_array_equal(measure(weight), measure(fields))
    assert weight.requires_grad


def test_half_precision_gives_the_same_result_as_double_precision():
    half = BAD["half precision"]
    fitted = [new().fit(data, Y).receptive_fields_ for data in (half, half.astype(np.float64))]
    np.testing.assert_array_equal(*fitted)


@pytest.mark.parametrize("options", [{}, {"readout": "linear"}])
def test_the_default_type_of_torch_and_its_gradients_do_not_matter(options):
    expected = new().set_params(**options).fit(X, Y).receptive_fields_
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            found = new().set_params(**options).fit(X, Y).receptive_fields_
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    np.testing.assert_array_equal(found, expected)


class Fail(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise RuntimeError("no space left")


@pytest.mark.parametrize("make", [rfsk.FCNet, rfsk.ConvNet, rfsk.Autoencoder])
@pytest.mark.parametrize("record", [None, 3])
def test_a_fit_that_raises_an_error_leaves_the_estimator_unchanged(make, record):
    net = make(2, callbacks=[Fail()], record=record, **SHORT)
    with pytest.raises(RuntimeError, match="no space left"):
        net.fit(X, Y)
    with pytest.raises(NotFittedError):
        net.transform(X)
    before = pickle.dumps(net.set_params(callbacks=None).fit(X, Y).transform(X))
    with pytest.raises(RuntimeError, match="no space left"):
        net.set_params(callbacks=[Fail()], warm_start=True).fit(X, Y)
    assert pickle.dumps(net.transform(X)) == before
    assert net.n_steps_ == net.net_.n_steps_ == len(net.history_)
