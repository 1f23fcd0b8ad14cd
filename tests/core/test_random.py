import numpy as np
import pytest

from rfsk._core._random import as_generator, spawn_seeds


def test_child_seeds_differ_and_do_not_depend_on_how_many_are_drawn():
    few, many = spawn_seeds(3, 4), spawn_seeds(3, 40)
    assert many[:4] == few
    assert len(set(many)) == 40
    assert spawn_seeds(4, 4) != few


def test_a_generator_is_used_as_it_is_and_a_seed_makes_the_same_one():
    rng = np.random.default_rng(0)
    assert as_generator(rng) is rng
    assert as_generator(5).random() == as_generator(np.int64(5)).random()


def test_legacy_state_advances():
    state = np.random.RandomState(0)
    assert as_generator(state).random() != as_generator(state).random()


@pytest.mark.parametrize("state", [-1, 1.5, True, "seed", [1, 2]])
def test_what_cannot_seed_is_refused(state):
    with pytest.raises(ValueError, match="`random_state` must be None, a non-negative integer"):
        as_generator(state)
