"""Reverse correlation of recorded responses: spikes, correlated stimuli and time lags."""

import numpy as np
import pytest

from rfsk.analysis import spike_triggered_average

FIELD = np.exp(-0.5 * ((np.arange(40) - 12.0) / 2.0) ** 2)


def cosine(found, expected=FIELD):
    return float(found @ expected / np.linalg.norm(found) / np.linalg.norm(expected))


def spikes_of(drive, rng):
    return rng.poisson(np.exp(0.3 * drive / drive.std() - 1.0))


def test_spike_counts_show_the_field():
    """9,000 white stimuli of 40 pixels, some 3,500 spikes."""
    rng = np.random.default_rng(0)
    stimuli = rng.normal(size=(9000, 40))
    spikes = spikes_of(stimuli @ FIELD, rng)
    (found,) = spike_triggered_average(spikes, stimuli)
    assert cosine(found) > 0.9
    columns = spike_triggered_average(np.column_stack([spikes, -spikes]), stimuli.tolist())
    np.testing.assert_allclose(columns, [found, -found])


def test_ridge_finds_the_field_under_correlated_stimuli():
    """9,000 stimuli of 40 pixels whose amplitudes fall as 1/f, as those of natural scenes do."""
    rng = np.random.default_rng(0)
    frequency = np.maximum(np.abs(np.fft.fftfreq(40)), 1 / 40)
    noise = np.fft.fft(rng.normal(size=(9000, 40)), axis=1)
    stimuli = np.fft.ifft(noise / frequency, axis=1).real
    stimuli /= stimuli.std()
    narrow = np.exp(-0.5 * ((np.arange(40) - 12.0) / 1.5) ** 2)
    spikes = spikes_of(stimuli @ narrow, rng)
    plain = spike_triggered_average(spikes, stimuli)[0]
    chosen = spike_triggered_average(spikes, stimuli, ridge="cv")[0]
    assert cosine(plain, narrow) < 0.5 < 0.8 < cosine(chosen, narrow)


def test_ridge_shrinks_as_ridge_regression_does():
    rng = np.random.default_rng(1)
    stimuli = rng.normal(size=(500, 6)) @ rng.normal(size=(6, 6))
    responses = rng.normal(size=(500, 2))
    found = spike_triggered_average(responses, stimuli, ridge=0.3)
    scaled = (stimuli - stimuli.mean(axis=0)) / stimuli.std(axis=0)
    scatter = scaled.T @ scaled + 0.3 * 500 * np.eye(6)
    expected = np.linalg.solve(scatter, scaled.T @ (responses - responses.mean(axis=0)))
    np.testing.assert_allclose(found, expected.T / stimuli.std(axis=0))


@pytest.mark.parametrize("ridge", [0.0, "cv"])
def test_lag_is_found(ridge):
    rng = np.random.default_rng(2)
    stimuli = rng.normal(size=(9000, 40))
    spikes = spikes_of(np.roll(stimuli @ FIELD, 3), rng)
    (found,) = spike_triggered_average(spikes, stimuli, lags=range(6), ridge=ridge)
    assert found.shape == (6, 40)
    norms = np.linalg.norm(found, axis=1)
    assert norms.argmax() == 3
    assert cosine(found[3]) > 0.9


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"response": np.ones(7)}, "inconsistent numbers of samples"),
        ({"response": np.full(50, np.nan)}, "response contains NaN"),
        ({"lags": [-1]}, r"lags=\[-1\]; expected one or more whole numbers"),
        ({"lags": [0.5]}, r"lags=\[0.5\]; expected one or more"),
        ({"lags": []}, r"lags=\[\]; expected one or more"),
        ({"response": lambda x: x, "lags": [1]}, "lags is given for what is no recording"),
        ({"ridge": -1.0}, "ridge=-1.0"),
        ({"ridge": 0.1, "whiten": False}, "ridge=0.1 with whiten=False"),
    ],
)
def test_what_is_not_valid_is_refused(parameters, message):
    stimuli = np.random.default_rng(0).normal(size=(50, 4))
    response = parameters.pop("response", np.ones(50))
    with pytest.raises(ValueError, match=message):
        spike_triggered_average(response, stimuli, **parameters)
