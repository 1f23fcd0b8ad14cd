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
@given(st.data())
def test_fields_lie_on_their_lattice_and_are_not_zero(data):
    shape = data.draw(lattice_shapes(max_side=10))
    assert len(shape) in (1, 2)
    assert max(shape) <= 10
    assert np.prod(shape) <= 20
    field, population = data.draw(fields(shape)), data.draw(fields(shape, n_units=5))
    assert (field.shape, field.dtype) == (shape, np.float64)
    assert population.shape == (5, np.prod(shape))
    for values in (field, *population):
        assert 0.009 < np.abs(values).max() <= 10.0


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


CONDITIONS = [
    lambda model: isinstance(model, Ising),
    lambda model: isinstance(model, Pulses),
    lambda model: model.boundary == "open",
    lambda model: isinstance(model, Phi4) and model.quartic == 0.0,
    lambda model: isinstance(model, Phi4) and model.quartic > 0.0,
]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_models_of_each_kind_are_drawn(condition):
    find(input_models(), condition, settings=first)


REFUSED = [
    ((int,), {}, "`families` must contain a class .* These are .*'GaussianField', 'NLGP'"),
    ((Pulses,), {"shape": (3, 3)}, r"shape=\(3, 3\) and boundary=None"),
]


@pytest.mark.parametrize(("families", "arguments", "message"), REFUSED)
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
