"""Data as people have them: every container, kind of number and kind of label."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from rfsk import CumulantCP, FCNet, control_test, make_gaussian_clone, make_nlgp
from rfsk.__main__ import main
from rfsk.experiments import study_data

FIELDS, Y = make_nlgp(120, (4, 5), correlation_length=(0.5, 1.0), random_state=0)
X = FIELDS.astype(np.float16).astype(np.float64)  # values that every kind of number can hold


def memory_map(values, folder):
    path = folder / "X.npy"
    np.save(path, values)
    return np.load(path, mmap_mode="r")


def fit(rows, labels):
    return FCNet(2, max_epochs=2, random_state=0).fit(rows, labels)


FUNCTIONS = {
    "fit": fit,
    "make_gaussian_clone": lambda rows, labels: make_gaussian_clone(rows, labels, random_state=0),
    "control_test": lambda rows, labels: control_test(FCNet(2), rows, labels),
    "study_data": lambda rows, labels: study_data(rows, labels, n_hidden=2, max_steps=20),
    "CumulantCP": lambda rows, labels: CumulantCP(2, target=1).fit(rows, labels),
}
CONTAINERS = {
    "polars": lambda rows, folder: pl.DataFrame(rows),
    "float16": lambda rows, folder: rows.astype(np.float16),
    "float32": lambda rows, folder: rows.astype(np.float32),
    "memory map": memory_map,
    "pandas": lambda rows, folder: pd.DataFrame(rows),
    "list": lambda rows, folder: rows.tolist(),
}
WORDS = np.array(["cat", "dog"])[Y]
LABELS = {
    "bool": Y.astype(bool),
    "signs": 2.0 * Y - 1.0,
    "strings": WORDS,
    "pandas categories": pd.Series(WORDS, dtype="category"),
    "polars strings": pl.Series(WORDS),
}


@pytest.fixture
def trained_on(monkeypatch):
    """Function that returns the rows, labels and lattice on which a study would train nets."""

    class TrainingError(Exception):
        pass

    def refuse_to_train(net, rows, labels, **options):
        raise TrainingError(rows, labels, net.image_shape)

    def trained_on(*arguments, call=study_data):
        with pytest.raises(TrainingError) as caught:
            call(*arguments)
        return caught.value.args

    monkeypatch.setattr("rfsk.experiments._own_data.control_test", refuse_to_train)
    return trained_on


@pytest.mark.parametrize("kind", CONTAINERS)
def test_study_does_not_depend_on_the_container(kind, trained_on, tmp_path):
    rows, labels, _ = trained_on(CONTAINERS[kind](X, tmp_path), Y)
    np.testing.assert_allclose(rows, (X - X.mean()) / X.std(), rtol=1e-12)
    np.testing.assert_array_equal(labels, Y)


@pytest.mark.parametrize("kind", CONTAINERS)
def test_fit_does_not_depend_on_the_container(kind, tmp_path):
    rows = CONTAINERS[kind](X, tmp_path)
    np.testing.assert_array_equal(fit(rows, Y).receptive_fields_, fit(X, Y).receptive_fields_)


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_kind_give_the_same_net(kind, trained_on):
    labels = trained_on(X, LABELS[kind])[1]
    np.testing.assert_array_equal(np.unique(labels, return_inverse=True)[1], Y)
    net = fit(X, LABELS[kind])
    np.testing.assert_array_equal(net.receptive_fields_, fit(X, Y).receptive_fields_)
    np.testing.assert_array_equal(net.classes_, np.unique(LABELS[kind]))


def test_integer_pixels_are_studied_as_the_same_numbers(trained_on):
    pixels = np.clip(128.0 + 40.0 * X, 0.0, 255.0).round()
    rows = trained_on(pixels.astype(np.uint8), Y)[0]
    np.testing.assert_array_equal(rows, trained_on(pixels, Y)[0])


def test_constant_pixels_stay_constant_in_the_control():
    rows = X.copy()
    rows[:, 3] = 7.0
    clone, _ = make_gaussian_clone(rows, Y, random_state=0)
    np.testing.assert_allclose(clone[:, 3], 7.0, rtol=1e-12)


@pytest.mark.parametrize("n_channels", [0, 1, 2, 3, 4])
def test_images_are_studied_on_their_own_lattice_without_alpha(n_channels, trained_on):
    images = X.reshape(-1, 4, 5)
    if n_channels:
        opacity = np.random.default_rng(0).random(images.shape)
        n_colours = n_channels - (n_channels in (2, 4))
        images = np.stack([images] * n_colours + [opacity] * (n_channels - n_colours), axis=3)
    rows, _, shape = trained_on(images, Y)
    assert shape == (4, 5)
    np.testing.assert_allclose(rows, (X - X.mean()) / X.std(), rtol=1e-12)


def test_command_line_takes_the_lattice_from_the_images_of_a_file(trained_on, tmp_path):
    np.savez(tmp_path / "images.npz", images=X.reshape(-1, 4, 5), labels=WORDS)
    rows, labels, shape = trained_on(["--data", str(tmp_path / "images.npz")], call=main)
    assert shape == (4, 5)
    assert rows.shape == X.shape
    np.testing.assert_array_equal(labels, WORDS)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("n_columns", [2, 3])
def test_one_hot_labels_are_refused_with_the_remedy(name, n_columns):
    message = rf"y has shape \(120, {n_columns}\); expected one label .* pass y.argmax\(axis=1\)"
    with pytest.raises(ValueError, match=message):
        FUNCTIONS[name](X, np.eye(n_columns, dtype=int)[Y])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_sparse_inputs_are_refused_with_the_remedy(name):
    with pytest.raises(TypeError, match=r"Sparse data was passed for X.*'\.toarray\(\)'"):
        FUNCTIONS[name](sparse.csr_array(X), Y)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_missing_values_are_refused(name):
    with pytest.raises(ValueError, match="Input X contains NaN"):
        FUNCTIONS[name](np.where(X > 0.5, np.nan, X), Y)


@pytest.mark.parametrize("name", ["make_gaussian_clone", "study_data", "CumulantCP"])
def test_missing_labels_are_refused(name):
    with pytest.raises(ValueError, match="y contains NaN"):
        FUNCTIONS[name](X, np.where(np.arange(120) == 7, np.nan, Y))
