"""Strategies draw what they document, and nothing needs Hypothesis before they are used."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from rfsk.datasets import NLGP, Ising, Phi4, Pulses
from rfsk.testing import fields, input_models, lattice_shapes

few = settings(max_examples=30)
first = settings(database=None, max_examples=300, phases=[Phase.generate])


@few
@given(lattice_shapes(max_side=10))
def test_shapes_are_within_their_bounds(shape):
    assert len(shape) in (1, 2)
    assert max(shape) <= 10
    assert np.prod(shape) <= 20


@few
@given(lattice_shapes().flatmap(lambda shape: st.tuples(st.just(shape), fields(shape))))
def test_one_field_lies_on_its_lattice_and_is_not_zero(drawn):
    shape, field = drawn
    assert (field.shape, field.dtype) == (shape, np.float64)
    assert 0.01 < np.abs(field).max() <= 10.0


@few
@given(fields((3, 4), n_units=5))
def test_a_population_has_one_row_per_unit_and_none_is_zero(population):
    assert population.shape == (5, 12)
    assert (np.abs(population).max(axis=1) > 0.01).all()


@few
@given(
    input_models((NLGP, Pulses, Ising), boundary="periodic", max_side=8),
    st.lists(input_models(shape=(2, 3)), min_size=2, max_size=4),
)
def test_models_have_the_families_boundary_and_shape_asked_for(model, task):
    assert isinstance(model, NLGP | Pulses | Ising)
    assert model.boundary == "periodic"
    assert max(model.shape) <= 8
    assert {model.shape for model in task} == {(2, 3)}


@pytest.mark.parametrize(
    "condition",
    [
        lambda model: isinstance(model, Ising),
        lambda model: isinstance(model, Pulses),
        lambda model: model.boundary == "open",
        lambda model: isinstance(model, Phi4) and model.quartic == 0.0,
        lambda model: isinstance(model, Phi4) and model.quartic > 0.0,
    ],
)
def test_models_of_each_kind_are_drawn(condition):
    find(input_models(), condition, settings=first)


@pytest.mark.parametrize(
    ("families", "arguments", "message"),
    [
        ((int,), {}, "`families` must hold a class .* which are .*'GaussianField', 'NLGP'"),
        ((Ising,), {"boundary": "open"}, "boundary='open', which are"),
        ((Pulses,), {"shape": (3, 3)}, r"shape=\(3, 3\) and boundary=None"),
    ],
)
def test_families_without_such_models_are_refused(families, arguments, message):
    with pytest.raises(ValueError, match=message):
        input_models(families, **arguments)


def test_checks_need_no_hypothesis_and_strategies_ask_for_it():
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "from rfsk.testing import check_input_model\n"
        "try: from rfsk.testing import fields\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    message = "The strategies of `rfsk.testing` need Hypothesis: pip install hypothesis.\n"
    assert done.stdout == message, done.stderr
