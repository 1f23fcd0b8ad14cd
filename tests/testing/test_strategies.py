"""Strategies: what they draw is what they say, is varied, and shrinks to something small."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from rfsk.datasets import NLGP, Discrimination, GaussianField, Ising, Phi4, Pulses
from rfsk.testing import fields, input_models, lattice_shapes, tasks

few = settings(max_examples=30)
first = settings(database=None, max_examples=300)


@few
@given(lattice_shapes(min_side=3, max_side=10))
def test_shapes_are_within_their_bounds(shape):
    assert len(shape) in (1, 2)
    assert all(3 <= side <= 10 for side in shape)
    assert np.prod(shape) <= 20


def test_tori_that_would_be_too_large_are_left_out():
    with pytest.raises(Exception, match="NoSuchExample"):
        raise_if_none(lattice_shapes(min_side=10, max_side=12), lambda shape: len(shape) == 2)


def raise_if_none(strategy, condition):
    try:
        find(strategy, condition, settings=settings(database=None, max_examples=100))
    except Exception as error:
        raise RuntimeError(type(error).__name__) from error


@few
@given(lattice_shapes().flatmap(lambda shape: st.tuples(st.just(shape), fields(shape))))
def test_one_field_lies_on_its_lattice_and_is_not_zero(drawn):
    shape, field = drawn
    assert field.shape == shape
    assert field.dtype == np.float64
    assert 0.01 < np.abs(field).max() <= 10.0


@few
@given(fields((3, 4), n_units=5))
def test_a_population_has_a_row_a_unit_and_none_is_zero(population):
    assert population.shape == (5, 12)
    assert (np.abs(population).max(axis=1) > 0.01).all()


def test_bumps_have_one_peak_and_waves_one_frequency():
    bump = find(fields(20, kinds=("bump",)), lambda field: True, settings=first)
    assert (np.diff(np.sign(np.diff(np.abs(bump)))) != 0).sum() <= 2

    @few
    @given(fields(20, kinds=("wave",)))
    def power_is_at_one_frequency(wave):
        power = np.abs(np.fft.rfft(wave)) ** 2
        assert power.max() >= 0.999 * power.sum()

    power_is_at_one_frequency()


@few
@given(input_models(boundary="periodic", max_side=8))
def test_periodic_models_are_asked_for(model):
    assert model.boundary == "periodic"
    assert max(model.shape) <= 8


@few
@given(input_models((NLGP, Pulses), shape=7))
def test_families_and_shape_are_asked_for(model):
    assert isinstance(model, NLGP | Pulses)
    assert model.shape == (7,)


@pytest.mark.slow
def test_every_family_boundary_and_kind_of_phi4_is_drawn():
    for cls in (NLGP, GaussianField, Ising, Pulses):
        assert isinstance(
            find(input_models(), lambda m, c=cls: isinstance(m, c), settings=first), cls
        )
    assert find(input_models(), lambda m: m.boundary == "open", settings=first).boundary == "open"
    for free in (True, False):
        phi4 = find(input_models((Phi4,)), lambda m, f=free: (m.quartic == 0) is f, settings=first)
        assert (phi4.quartic == 0) is free


@pytest.mark.slow
def test_models_shrink_to_small_rings_and_plain_parameters():
    model = find(input_models((GaussianField, NLGP)), lambda model: True, settings=first)
    assert isinstance(model, GaussianField)
    assert model.shape == (1,)
    assert model.kernel == "gaussian"
    task = find(
        tasks((NLGP, GaussianField), max_side=4), lambda task: task.n_features >= 2, settings=first
    )
    assert task.n_classes == 2
    assert task.priors is None
    assert task.shape == (2,)


@few
@given(tasks((NLGP, GaussianField), shape=(2, 3), max_classes=4))
def test_classes_of_a_task_have_one_shape(task):
    assert isinstance(task, Discrimination)
    assert 2 <= task.n_classes <= 4
    assert {model.shape for model in task.models} == {(2, 3)}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lattice_shapes(min_side=5, max_side=4), "min_side=5 exceeds max_side=4"),
        (lambda: lattice_shapes(max_side=0), "max_side=0; expected an integer > 0"),
        (lambda: fields(kinds=("noise",)), "kinds='noise' is unknown; expected one of 'any'"),
        (lambda: fields(kinds=()), r"kinds=\(\) is empty; expected some of"),
        (lambda: fields(8, n_units=0), "n_units=0; expected an integer > 0"),
        (lambda: fields((1, 2, 3)), r"shape=\(1, 2, 3\); expected a number of sites"),
        (lambda: input_models((int,)), "families holds <class 'int'>; expected classes among Gau"),
        (lambda: input_models(()), "families is empty"),
        (lambda: input_models(boundary="shut"), "boundary='shut' is unknown"),
        (lambda: input_models(max_side=1), "max_side=1; expected at least 2"),
        (
            lambda: input_models((Ising,), boundary="open"),
            "none of Ising has shape=None and boundary='open'",
        ),
        (lambda: input_models((Pulses,), shape=(3, 3)), r"none of Pulses has shape=\(3, 3\)"),
        (lambda: tasks(max_classes=1), "max_classes=1; expected at least 2"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_nothing_heavy_is_imported_and_checks_need_no_hypothesis():
    heavy = "('torch', 'skorch', 'matplotlib', 'hypothesis', 'pytest')"
    code = (
        "import sys, rfsk.testing; "
        f"print([name for name in {heavy} if name in sys.modules]); "
        "sys.modules['hypothesis'] = None; "
        "from rfsk import ipr; rfsk.testing.check_field_analyzer(ipr)\n"
        "for make in (rfsk.testing.lattice_shapes, rfsk.testing.fields, rfsk.testing.input_models,"
        " rfsk.testing.tasks):\n"
        "    try: make()\n"
        "    except ImportError as error: print(error)"
    )
    done = run_python(code)
    lines = done.stdout.splitlines()
    assert lines[0] == "[]", done.stderr
    assert len(lines) == 5
    assert all(
        "Hypothesis, which is not installed: pip install hypothesis" in line for line in lines[1:]
    )
