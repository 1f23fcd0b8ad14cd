"""Masks of weights, and iterative magnitude pruning."""

import itertools

import numpy as np
import pytest

from rfsk import ConvNet, FCNet
from rfsk.experiments import iterative_magnitude_pruning
from rfsk.nets._compiled_step import CompiledStep


def half_mask(seed=0):
    return np.random.default_rng(seed).random((6, 20)) < 0.5


@pytest.mark.parametrize("parameters", [{}, {"readout": "linear"}, {"optimizer": "adam"}])
def test_masked_weights_are_zero_from_start_to_end(ring, parameters):
    net = FCNet(6, mask=half_mask(), record=4, learning_rate=0.5, max_epochs=2, random_state=0)
    history = net.set_params(**parameters).fit(*ring).receptive_field_history_
    assert np.all(history[:, ~half_mask()] == 0.0)
    assert np.all(history[:, half_mask()] != 0.0)


def test_full_mask_changes_nothing_and_units_without_weights_are_constant(ring):
    plain = FCNet(6, max_epochs=2, random_state=0).fit(*ring)
    mask = np.ones((6, 20), bool)
    full = FCNet(6, mask=mask, max_epochs=2, random_state=0).fit(*ring)
    np.testing.assert_array_equal(full.receptive_fields_, plain.receptive_fields_)
    mask[2] = False
    net = FCNet(6, mask=mask, max_epochs=2, random_state=0).fit(*ring)
    assert np.ptp(net.transform(ring[0])[:, 2]) == 0.0


def test_each_round_removes_a_fraction_of_the_smallest_weights_and_starts_again(ring):
    net = FCNet(6, max_epochs=2, record=2, random_state=3)
    nets = iterative_magnitude_pruning(net, *ring, n_rounds=3, fraction=0.25)
    counts = [(fitted.receptive_fields_ != 0).sum() for fitted in nets]
    assert counts == [120, 90, 68, 51]
    first = nets[0].receptive_field_history_[0]
    for before, after in itertools.pairwise(nets):
        mask = after.mask
        np.testing.assert_array_equal(after.receptive_field_history_[0], first * mask)
        kept, removed = np.abs(before.receptive_fields_)[mask], before.receptive_fields_[~mask]
        assert np.abs(removed).max() <= kept.min()
    assert net.mask is None
    assert not hasattr(net, "receptive_fields_")


def test_interrupted_pruning_is_a_keyboard_interrupt_with_the_finished_nets(
    ring, press_ctrl_c_at_call
):
    net = FCNet(6, max_epochs=2, random_state=3)
    press_ctrl_c_at_call(CompiledStep, "run", 2 * 2 + 1)  # in the third round
    with (
        pytest.warns(UserWarning, match="interrupted after 0 steps"),
        pytest.raises(KeyboardInterrupt) as interrupt,
    ):
        iterative_magnitude_pruning(net, *ring, n_rounds=3)
    assert [found.n_steps_ for found in interrupt.value.nets] == [6, 6]
    assert interrupt.value.__notes__ == ["The 2 finished nets are in `nets` of this exception."]


@pytest.mark.parametrize(
    ("net", "options", "error", "message"),
    [
        (FCNet(6), {}, ValueError, "`random_state` of the net must be an int, got None"),
        (
            FCNet(6, random_state=0),
            {"fraction": 1.0},
            ValueError,
            "must be between 0 and 1, got 1.0",
        ),
        (
            FCNet(6, random_state=0),
            {"n_rounds": 0},
            ValueError,
            "`n_rounds` must be a positive integer, got 0",
        ),
        (ConvNet(), {}, TypeError, "`net` must be an FCNet, got a ConvNet"),
    ],
)
def test_bad_pruning_is_refused(ring, net, options, error, message):
    with pytest.raises(error, match=message):
        iterative_magnitude_pruning(net, *ring, **options)
