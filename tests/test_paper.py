"""The claims of Ingrosso and Goldt (PNAS 2022) at small size, each over several seeds.

C1 fields localize and tile; C2 they match convolutional filters; C3 a Gaussian control of
equal covariance does not localize; C5 they match the CP factors of the fourth cumulant.
"""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from rfsk import (
    ConvNet,
    CumulantCP,
    FCNet,
    FieldMatcher,
    LocalizationAnalyzer,
    ipr,
    make_gp,
    make_nlgp,
)
from rfsk.analysis import tiling
from rfsk.datasets import NLGP, Discrimination
from rfsk.exceptions import LikelyMistakeWarning

POSITIVE, NEGATIVE = slice(0, 20), slice(20, 40)


def mean_ipr(net, group):
    return ipr(net.receptive_fields_[group]).mean()


def test_c1_fields_of_positive_bias_localize(ring_nets):
    """Trained biases, rate 5, batches of 100, 4000 steps."""
    for net, _ in ring_nets:
        assert 0.053 <= mean_ipr(net, POSITIVE) <= 0.068
        assert mean_ipr(net, NEGATIVE) < 0.028
        localized = LocalizationAnalyzer(random_state=0).fit_transform(net.receptive_fields_)
        assert localized[POSITIVE, -1].mean() >= 0.95
        assert localized[NEGATIVE, -1].mean() <= 0.3


def test_c1_fields_tile_the_ring(ring_nets):
    summaries = [tiling(net.receptive_fields_[POSITIVE]) for net, _ in ring_nets]
    for summary in summaries:
        assert summary.coverage >= min(1.0, summary.random_coverage)
    assert sum(summary.rayleigh_p > 0.05 for summary in summaries) >= 4


def test_c1_the_task_is_learnt_though_no_line_separates_it(ring_nets, ring_task):
    """A plane through the origin is at chance: P(x) = P(-x). One off it gains a little, as
    the classes' variances along its normal differ, but stays far from the net."""
    X, y = ring_task.sample(20_000, random_state=99)
    linear = LinearDiscriminantAnalysis().fit(X[:10_000], y[:10_000])
    through_origin = (X[10_000:] @ linear.coef_[0] > 0) == y[10_000:]
    assert abs(through_origin.mean() - 0.5) < 5 * 0.5 / np.sqrt(10_000)
    assert linear.score(X[10_000:], y[10_000:]) < 0.6
    for net, _ in ring_nets:
        assert net.score(X, y) == pytest.approx(0.87, abs=0.02)


def test_c3_the_gaussian_control_does_not_localize(ring_nets):
    for net, clone in ring_nets:
        assert mean_ipr(clone, POSITIVE) < 0.026
        assert mean_ipr(clone, NEGATIVE) < 0.028
        assert mean_ipr(net, POSITIVE) > 2 * mean_ipr(clone, POSITIVE)
        localized = LocalizationAnalyzer(random_state=0).fit_transform(clone.receptive_fields_)
        assert localized[:, -1].mean() <= 0.15


def test_c2_localized_fields_match_the_filters_of_a_convnet(ring_nets, ring_task):
    """Two filters of 51 taps; oscillating fields match the localized filter far less."""
    for seed, (net, _) in enumerate(ring_nets[:3]):
        conv = ConvNet(
            2,
            kernel_size=51,
            learning_rate=20.0,
            batch_size=200,
            weight_decay=0.0,
            random_state=seed,
        ).fit_online(ring_task, 100_000)
        fields = net.receptive_fields_
        match = FieldMatcher().fit(conv.receptive_fields_[:1]).transform(fields)[:, 0]
        assert np.median(match[POSITIVE]) >= 0.93
        assert np.median(match[NEGATIVE]) < 0.5


def test_c5_localized_fields_match_the_factors_of_the_fourth_cumulant(ring_nets, ring_task):
    X = ring_task.models[1].sample(30_000, random_state=5)
    cp = CumulantCP(8, random_state=0).fit(X)
    assert np.all(cp.weights_ < 0)
    assert np.all((ipr(cp.components_) > 0.05) & (ipr(cp.components_) < 0.07))
    assert tiling(cp.components_).coverage > 0.9
    for net, _ in ring_nets:
        match = FieldMatcher().fit(cp.components_).transform(net.receptive_fields_)[:, 0]
        assert np.median(match[POSITIVE]) >= 0.95
        assert np.median(match[NEGATIVE]) < 0.3


def test_default_net_on_default_data_localizes():
    """`FCNet().fit(*make_nlgp())` against `make_gp()`: the localized half at least 1.8 times.

    Seed 0 is the README's quick start, which is run by its own test.
    """
    on_inputs, on_clone = (
        mean_ipr(FCNet(random_state=1).fit(*make(random_state=1)), slice(0, 32))
        for make in (make_nlgp, make_gp)
    )
    assert on_inputs >= 1.8 * on_clone


def test_swapping_the_classes_swaps_the_groups(ring_task):
    swapped = Discrimination(ring_task.models[::-1])
    net = FCNet(40, learning_rate=20.0, batch_size=1000, weight_decay=0.0, random_state=0)
    net.fit_online(swapped, 300_000)
    assert mean_ipr(net, NEGATIVE) > 0.045 > 0.028 > mean_ipr(net, POSITIVE)


def test_without_biases_nothing_is_learnt(ring_task):
    net = FCNet(40, bias_init=0.0, train_bias=False, batch_size=1000, random_state=0)
    with pytest.warns(LikelyMistakeWarning, match="without biases"):
        net.fit_online(ring_task, 500_000)
    assert net.score(*ring_task.sample(20_000, random_state=1)) == pytest.approx(0.5, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_c1_c3_two_dimensional_fields_localize_and_the_control_does_not(seed):
    """20 x 20, xi=(1, 2): from .0075 to over five times that; the clone stays below 1.2 times."""
    task = Discrimination([NLGP((20, 20), correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)])
    nets = [
        FCNet(
            100,
            learning_rate=100.0,
            batch_size=1000,
            weight_decay=0.0,
            image_shape=(20, 20),
            record=2,
            random_state=seed,
        ).fit_online(version, 1_600_000)
        for version in (task, task.gaussian_clone())
    ]
    start, end, control = (
        ipr(fields[:50]).mean()
        for fields in (
            nets[0].receptive_field_history_[0],
            nets[0].receptive_fields_,
            nets[1].receptive_fields_,
        )
    )
    assert end >= 5 * start
    assert control <= 1.2 * start
