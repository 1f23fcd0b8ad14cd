import numpy as np
import pytest
from scipy import integrate

from rfsk.theory import mean_passage_time


@pytest.mark.parametrize(("rate", "noise"), [(-1.0, 0.5), (0.7, 0.1), (2.0, 0.01)])
def test_linear_drift_is_a_double_integral(rate, noise):
    """The scale function and speed measure of dx = rate x dt + noise^(1/2) dB."""
    x = np.linspace(0.0, 1.0, 200_001)
    inner = integrate.cumulative_trapezoid(np.exp(rate * x**2 / noise), x, initial=0.0)
    values = 2.0 / noise * np.exp(-rate * x**2 / noise) * inner
    expected = integrate.trapezoid(values[x >= 0.3], x[x >= 0.3])
    time = mean_passage_time(lambda x: rate * x, lambda x: noise, start=0.3, level=1.0)
    assert time == pytest.approx(expected, rel=2e-4)


def test_little_noise_leaves_the_time_of_the_drift():
    time = mean_passage_time(lambda x: x**3, lambda x: 1e-8, start=0.1, level=0.5)
    assert time == pytest.approx((100.0 - 4.0) / 2.0, rel=1e-3)


@pytest.mark.parametrize("start", [-0.1, 1.0])
def test_start_outside_of_the_levels_is_refused(start):
    with pytest.raises(ValueError, match=r"`start` must be at least 0 and below level=1\.0"):
        mean_passage_time(lambda x: x, lambda x: 1.0, start=start, level=1.0)
