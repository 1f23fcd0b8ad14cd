"""Nets of an environment without torch, skorch and numba, which NumPy trains."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXERCISES = Path(__file__).parents[2] / "examples" / "exercises"

BLOCK = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "skorch", "numba", "llvmlite", "safetensors"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
"""

FITS = """
import json, warnings
import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_estimator
import rfsk

found = {}
task = rfsk.Discrimination([rfsk.NLGP(20, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)])
X, y = task.sample(4000, random_state=1)
options = {"batch_size": 100, "weight_decay": 0.0, "record": 4, "random_state": 0}
net = rfsk.FCNet(8, **options).fit_online(task, 150_000)
control = rfsk.FCNet(8, **options).fit_online(task.gaussian_clone(), 150_000)
conv = rfsk.ConvNet(2, kernel_size=19, **options).fit(X, y)
found["ipr"] = [rfsk.ipr(one.receptive_fields_[:4]).mean() for one in (net, control)]
found["accuracy"] = [one.score(X, y) for one in (net, conv)]
found["match"] = rfsk.analysis.match_matrix(net.receptive_fields_[:4], conv.receptive_fields_)
found["match"] = found["match"].max(axis=1).tolist()
found["steps"] = net.snapshot_steps_.tolist()
again = rfsk.FCNet(8, **options).fit_online(task, 150_000)
found["repeats"] = bool((net.receptive_fields_ == again.receptive_fields_).all())
search = GridSearchCV(rfsk.FCNet(4, max_epochs=2, random_state=0), {"bias_init": [0.5, 1.0]})
found["search"] = search.fit(X[:500], y[:500]).cv_results_["mean_test_score"].tolist()
found["unrecorded"] = not hasattr(search.best_estimator_, "snapshot_steps_")
mask = np.arange(20) < [[5], [20]]
masked = rfsk.FCNet(2, mask=mask, max_epochs=1, record=2, random_state=0).fit(X, y)
found["masked"] = bool((masked.receptive_field_history_ != 0.0).all(axis=0)[mask].all())
found["masked"] &= not masked.receptive_field_history_[:, ~mask].any()
before = net.decision_function(X)
with np.errstate(all="ignore"):
    try:
        net.set_params(activation="linear", learning_rate=1e6).fit(X, y)
    except ValueError as error:
        found["diverged"] = str(error)
found["kept"] = bool((net.decision_function(X) == before).all())
found["refused"] = []
for make in (
    lambda: rfsk.FCNet(readout="linear").fit(X, y),
    lambda: rfsk.FCNet((8, 4)).fit(X, y),
    lambda: rfsk.FCNet(activation=np.cos).fit(X, y),
    lambda: rfsk.FCNet(optimizer__momentum=0.9).fit(X, y),
    lambda: rfsk.ConvNet(boundary="zero").fit(X, y),
    lambda: rfsk.FCNet().fit_online(task, n_eval=10),
    lambda: conv.release(),
    lambda: rfsk.Autoencoder,
):
    try:
        make()
    except ImportError as error:
        found["refused"].append(str(error))
try:
    rfsk.FCNet(hidden_layer_sizes=4).fit(X, y)
except TypeError as error:
    found["foreign"] = str(error)
found["has_partial_fit"] = hasattr(net, "partial_fit")
warnings.simplefilter("ignore")
found["failed"] = [
    result["check_name"]
    for estimator in (rfsk.FCNet(4, max_epochs=2), rfsk.ConvNet(2, max_epochs=2))
    for result in check_estimator(estimator, on_skip=None, on_fail=None)
    if result["status"] == "failed"
]
print(json.dumps(found))
"""


def run_without_torch(code, *arguments, **options):
    command = [sys.executable, "-c", BLOCK + code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def found():
    return json.loads(run_without_torch(FITS))


def test_nets_localize_on_the_inputs_and_not_on_the_control(found):
    on_inputs, on_control = found["ipr"]
    assert on_inputs > 0.2
    assert on_control < 0.15
    assert min(found["match"]) > 0.9
    assert min(found["accuracy"]) > 0.7


def test_nets_behave_as_estimators(found):
    assert found["failed"] == []
    assert found["repeats"]
    assert found["steps"] == [0, 1, 39, 1500]
    assert found["unrecorded"]
    assert found["masked"]
    assert min(found["search"]) > 0.4


def test_a_training_that_diverges_leaves_the_net_unchanged(found):
    assert "the net diverged" in found["diverged"]
    assert found["kept"]


def test_what_needs_torch_is_refused_by_name(found):
    assert len(found["refused"]) == 8
    names = ("readout='linear'", "n_hidden=(8, 4)", "activation", "optimizer__momentum")
    names += "boundary='zero'", "n_eval=10", "release", "'torch'"
    assert "Did you mean 'n_hidden'" in found["foreign"]
    assert not found["has_partial_fit"]
    for name, message in zip(names, found["refused"], strict=True):
        assert name in message


@pytest.mark.parametrize(
    "number", [2, *(pytest.param(number, marks=pytest.mark.slow) for number in (1, 3, 4, 5, 6))]
)
def test_exercises_run_to_right(number):
    (solution,) = EXERCISES.glob(f"solution_{number}_*.py")
    code = "import runpy; sys.path.insert(0, '.'); runpy.run_path(sys.argv[1])"
    options = {"cwd": EXERCISES, "env": {**os.environ, "MPLBACKEND": "agg"}}
    printed = run_without_torch(code, solution.name, **options)
    checks = re.findall(r"^(?:verdict = )?check_\w+\(", solution.read_text(), re.MULTILINE)
    assert printed.count("Right.") == len(checks) > 0
