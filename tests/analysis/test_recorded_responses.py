"""Reverse correlation of recorded responses: spikes, correlated stimuli and time lags."""

import numpy as np
import pytest

from rfsk import LocalizationAnalyzer, receptive_fields
from rfsk.analysis import spike_triggered_average
from rfsk.plotting import ReceptiveFieldDisplay

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


MIXING = np.eye(8) + 0.6 * np.eye(8, k=1)


def recording(rng, n_samples=200):
    """Correlated stimuli of 8 pixels and spike counts, whose variance depends on the stimulus."""
    stimuli = rng.normal(size=(n_samples, 8)) @ MIXING
    return rng.poisson(np.exp(0.5 * stimuli @ FIELD[8:16] - 1.0)), stimuli


@pytest.mark.parametrize(
    "options", [{}, {"whiten": False}, {"ridge": 0.3}, {"ridge": "cv"}, {"lags": [0, 1]}], ids=str
)
def test_standard_errors_are_the_spread_over_recordings(options):
    """300 recordings of 200 samples; the deviation of one pixel is known to 4 %, bound 5 times."""
    rng = np.random.default_rng(0)
    found = [
        spike_triggered_average(*recording(rng), return_std=True, **options) for _ in range(300)
    ]
    spread = np.std([fields[0] for fields, _ in found], axis=0)
    errors = np.sqrt(np.mean([errors[0] ** 2 for _, errors in found], axis=0))
    np.testing.assert_allclose(errors, spread, rtol=0.2)


@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_standard_errors_are_those_of_the_sandwich_formula(ridge):
    counts, stimuli = recording(np.random.default_rng(1))
    stimuli = stimuli - stimuli.mean(axis=0)
    fields, errors = spike_triggered_average(counts, stimuli, ridge=ridge, return_std=True)
    covariance = np.cov(stimuli.T, bias=True)
    inverse = np.linalg.inv(covariance + ridge * np.diag(np.diag(covariance)))
    residuals = counts - counts.mean() - stimuli @ fields[0]
    middle = np.cov((residuals[:, None] * stimuli).T, bias=True)
    n_free = len(counts) - 1.0 - np.trace(inverse @ covariance)
    expected = np.sqrt(np.diag(inverse @ middle @ inverse) / n_free)
    np.testing.assert_allclose(errors, [expected])


def test_standard_errors_of_a_model_are_those_of_its_responses():
    counts, stimuli = recording(np.random.default_rng(2))
    for options in ({}, {"ridge": 0.1}, {"whiten": False}):
        recorded = spike_triggered_average(
            np.column_stack([counts, counts**2]), stimuli, return_std=True, **options
        )
        model = spike_triggered_average(
            lambda _: np.column_stack([counts, counts**2]) + 100.0,
            stimuli,
            return_std=True,
            **options,
        )
        np.testing.assert_allclose(model, recorded)
        np.testing.assert_allclose(
            spike_triggered_average(counts, stimuli, **options)[0], recorded[0][0]
        )
    exact = spike_triggered_average(lambda x: x[:, :2], stimuli, return_std=True)
    np.testing.assert_allclose(exact, [np.eye(2, 8), np.zeros((2, 8))], atol=1e-12)
    with pytest.raises(ValueError, match="X has 9 samples of 8 features; expected more samples"):
        spike_triggered_average(counts[:9], stimuli[:9], return_std=True)


def test_fields_of_recordings_join_those_of_nets_and_factors_in_one_table():
    rng = np.random.default_rng(3)
    stimuli = rng.normal(size=(2000, 40))
    spikes = spikes_of(stimuli @ FIELD, rng)
    recorded = receptive_fields(spike_triggered_average(spikes, stimuli))
    fields = np.vstack([recorded, FIELD])
    assert LocalizationAnalyzer(random_state=0).fit_transform(fields).shape[0] == 2
    assert ReceptiveFieldDisplay(fields).fields.shape == (2, 40)
    lagged = spike_triggered_average(spikes, stimuli, lags=[0, 1])
    np.testing.assert_allclose(receptive_fields(lagged[:, 0]), recorded, atol=0.05)
    for measure in (receptive_fields, LocalizationAnalyzer().fit, ReceptiveFieldDisplay):
        with pytest.raises(ValueError, match=r"\(1, 2, 40\).*the lag, choose one: fields\[:, 0\]"):
            measure(lagged)


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
