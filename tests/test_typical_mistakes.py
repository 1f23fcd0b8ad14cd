"""Typical mistakes are reported with their reason and remedy, and nothing else is."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.special
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

import rfsk
from rfsk import (
    NLGP,
    Autoencoder,
    ConvNet,
    CumulantCP,
    Discrimination,
    FCNet,
    FieldMatcher,
    LocalizationAnalyzer,
    make_gaussian_clone,
    make_gp,
    make_nlgp,
)
from rfsk.exceptions import LikelyMistakeWarning
from rfsk.plotting import ReceptiveFieldDisplay

RING = {"shape": 40, "correlation_length": (2.0, 4.0)}


def likely_mistake(match):
    return pytest.warns(LikelyMistakeWarning, match=match)


@pytest.fixture(scope="module")
def data():
    return make_nlgp(4000, **RING, random_state=0)


@pytest.fixture(scope="module")
def net(data):
    return FCNet(20, batch_size=100, max_epochs=50, random_state=0).fit(*data)


@pytest.fixture(scope="module")
def oblong():
    """Fields on a torus of 6 x 14 sites, smooth along both axes."""
    X = NLGP((6, 14), correlation_length=2.0, gain=1.0).sample(30, random_state=0)
    return X / np.sqrt(84)


# Fields transposed


@pytest.mark.parametrize(
    "measure",
    [
        rfsk.ipr,
        rfsk.population_summary,
        rfsk.receptive_fields,
        LocalizationAnalyzer(random_state=0).fit,
        FieldMatcher().fit,
        ReceptiveFieldDisplay,
    ],
    ids=lambda measure: getattr(measure, "__qualname__", str(measure)),
)
def test_transposed_fields_are_reported(net, measure):
    with likely_mistake(r"\(40, 20\) vary smoothly down their columns .* are they transposed\?"):
        measure(net.receptive_fields_.T)


def test_units_that_are_alike_within_each_half_are_not_taken_for_transposed():
    """Fields of digits under permuted labels: the same for one sign of the bias."""
    X, y = load_digits(return_X_y=True)
    X = (X - X.mean(axis=1, keepdims=True)) / 6.0
    for seed in range(3):
        labels = np.random.default_rng(seed).permutation(y % 2)
        net = FCNet(32, image_shape=(8, 8), batch_size=100, random_state=seed).fit(X, labels)
        rfsk.analysis.field_width(rfsk.receptive_fields(net), (8, 8))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_weights_of_a_perceptron_are_reported_as_transposed(data):
    mlp = MLPClassifier(16, alpha=1.0, max_iter=40, random_state=0).fit(*data)
    with likely_mistake(r"rfsk.receptive_fields\(mlp\) lays it right"):
        rfsk.ipr(mlp.coefs_[0])
    assert rfsk.ipr(rfsk.receptive_fields(mlp)).shape == (16,)


def test_error_for_a_lattice_that_fits_the_units_suggests_the_other_axis():
    fields = np.random.default_rng(0).normal(size=(7, 12))
    with pytest.raises(ValueError, match=r"They have as many rows: are they transposed\?"):
        LocalizationAnalyzer((3, 4)).fit(fields.T)


@pytest.mark.parametrize("trained", [True, False])
def test_fields_of_nets_are_not_suspected(data, trained):
    """Grown fields and initial ones, those of a clone, factors, in any order of units."""
    X, y = data if trained else make_gp(4000, **RING, random_state=0)
    net = FCNet(20, batch_size=100, max_epochs=20, record=3, random_state=0).fit(X, y)
    factors = CumulantCP(8, target=1, random_state=0).fit(X, y).components_
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for fields in (*net.receptive_field_history_, factors, np.sort(factors, axis=0)):
            rfsk.ipr(fields)


def test_fields_of_the_first_steps_are_not_suspected():
    """Units that have seen the same batches look alike, each as rough as the noise."""
    task = Discrimination([NLGP(40, correlation_length=xi, gain=10.0) for xi in (0.5, 1.0)])
    net = FCNet(20, batch_size=200, record=30, random_state=0).fit_online(task, 200 * 200)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for fields in net.receptive_field_history_:
            rfsk.ipr(fields)


def test_few_fields_and_repeated_ones_are_not_suspected():
    rng = np.random.default_rng(0)
    wave = np.cos(2.0 * np.pi * np.arange(18) / 6)[None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rfsk.ipr(np.repeat(rng.normal(size=(10, 40)), 20, axis=0))
        rfsk.ipr(np.repeat(rng.normal(size=(1, 40)), 20, axis=0))
        LocalizationAnalyzer((3, 6), random_state=0).fit(wave)
        LocalizationAnalyzer((6, 3), random_state=0).fit(wave)


# Axes of images


def test_error_for_images_that_are_no_rows_says_how_to_reshape_them(net):
    images, labels = np.zeros((9, 5, 4)), np.arange(9) % 2
    with pytest.raises(ValueError, match=r"dim 3, of shape \(9, 5, 4\).*X.reshape\(len\(X\), -1\)"):
        FCNet(4).fit(images, labels)
    with pytest.raises(ValueError, match=r"along the last axis: X = np.moveaxis\(X, -1, 0\)"):
        FCNet(4).fit(np.moveaxis(images, 0, -1), labels)
    with pytest.raises(ValueError, match=r"take a channel or their mean, X.mean\(axis=-1\)"):
        ConvNet(2).fit(np.zeros((9, 5, 4, 3)), labels)
    for fit in (Autoencoder().fit, CumulantCP().fit, net.predict, make_gaussian_clone):
        with pytest.raises(ValueError, match=r"One row an image: X.reshape\(len\(X\), -1\)"):
            fit(images)
    with pytest.raises(ValueError, match=r"fields.reshape\(.*\) and the shape \(5, 4\), rows"):
        rfsk.ipr(images)


@pytest.mark.parametrize(
    "take",
    [
        lambda fields, shape: LocalizationAnalyzer(shape, random_state=0).fit(fields),
        lambda fields, shape: FieldMatcher(shape).fit(fields),
        lambda fields, shape: rfsk.population_summary(fields, shape, random_state=0),
        ReceptiveFieldDisplay,
    ],
    ids=["analyzer", "matcher", "summary", "display"],
)
def test_exchanged_sides_of_fields_are_reported(oblong, take):
    take(oblong, (6, 14))
    with likely_mistake(r"shape=\(14, 6\), \(rows, columns\).*are the sides exchanged\?"):
        take(oblong, (14, 6))


def test_exchanged_sides_of_photographs_are_reported():
    X, y = rfsk.make_image_patches(1000, (8, 12), random_state=0)
    X = X + 5.0 * np.random.default_rng(0).normal(size=(1000, 1))  # brightness of each
    FCNet(2, image_shape=(8, 12), max_epochs=1).fit(X, y)
    with likely_mistake(r"image_shape=\(12, 8\).*are the sides exchanged\?"):
        FCNet(2, image_shape=(12, 8), max_epochs=1).fit(X, y)


@pytest.mark.parametrize("make", [FCNet, ConvNet, Autoencoder])
def test_exchanged_sides_of_inputs_are_reported(make):
    X, y = make_nlgp(500, (6, 14), correlation_length=(1.0, 2.0), random_state=0)
    make(2, image_shape=(6, 14), max_epochs=1).fit(X, y)
    with likely_mistake(r"image_shape=\(14, 6\).*are the sides exchanged\?"):
        make(2, image_shape=(14, 6), max_epochs=1).fit(X, y)


# The other convention of the gain


def test_the_other_convention_of_the_gain_is_reported():
    options = {"correlation_length": 4.0, "gain": 2.0}
    with likely_mistake(r"nonlinearity is erf\(h\).*gain=2.0 \* sqrt\(2\) = 2.82843"):
        other = NLGP(40, **options, nonlinearity=scipy.special.erf)
    ours = NLGP(40, correlation_length=4.0, gain=2.0 * np.sqrt(2.0))
    np.testing.assert_allclose(other.covariance(), ours.covariance(), atol=1e-9)
    assert other.excess_kurtosis() == pytest.approx(ours.excess_kurtosis(), abs=1e-9)
    with pytest.raises(ValueError, match=r"'erf' is erf\(h / sqrt 2\): where erf\(h\) is written"):
        NLGP(40, **options, nonlinearity="erf(h)")
    described = make_nlgp(4, 40, gain=2.0, random_state=0, return_X_y=False).DESCR
    assert "where erf(gain z) is written, the gain of this distribution is 1.414" in described


# No seed


@pytest.mark.parametrize("make", [FCNet, ConvNet, Autoencoder])
def test_a_seed_that_was_forgotten_is_kept(data, make):
    X, y = data[0][:300], data[1][:300]
    first, second = (make(4, max_epochs=2).fit(X, y) for _ in range(2))
    assert first.seed_ != second.seed_
    again = clone(first).set_params(random_state=first.seed_).fit(X, y)
    np.testing.assert_array_equal(again.receptive_fields_, first.receptive_fields_)
    assert make(4, max_epochs=1, random_state=7).fit(X, y).seed_ == 7
    assert make(4, max_epochs=1, random_state=np.random.default_rng(7)).fit(X, y).seed_ is None


def test_a_seed_that_was_forgotten_is_printed_and_kept_in_files(data, capsys, tmp_path):
    X, y = data[0][:300], data[1][:300]
    net = FCNet(4, max_epochs=1, verbose=1).fit(X, y)
    message = f"random_state={net.seed_} trains the same net on the same data."
    assert message in capsys.readouterr().err
    rfsk.save(net, tmp_path / "net.safetensors")
    assert rfsk.load(tmp_path / "net.safetensors").seed_ == net.seed_
    FCNet(4, max_epochs=1, verbose=1, random_state=0).fit(X, y)
    assert "seed" not in capsys.readouterr().err


def test_the_seed_of_data_that_were_drawn_without_one_is_kept():
    bunch = make_nlgp(50, **RING, return_X_y=False)
    X, y = make_nlgp(50, **RING, random_state=bunch.random_state)
    np.testing.assert_array_equal(X, bunch.X)
    np.testing.assert_array_equal(y, bunch.y)
    assert f"random_state: {bunch.random_state}" in bunch.DESCR


# No biases


@pytest.mark.parametrize("make", [FCNet, ConvNet])
def test_an_odd_net_without_biases_is_reported_to_learn_nothing(data, make):
    net = make(4, bias_init=0, train_bias=False, max_epochs=2, random_state=0)
    with likely_mistake("without biases .* learns nothing, accuracy 0.5"):
        net.fit(*data)
    assert net.score(*data) == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(len(data[0])))
    task = Discrimination([NLGP(40, correlation_length=xi, gain=3.0) for xi in (2.0, 4.0)])
    with likely_mistake("without biases"):
        net.fit_online(task, 1000)


def test_nets_without_biases_that_can_learn_are_not_reported(data):
    """Means that differ, biases that start at zero but are trained, rectified units."""
    X, y = data
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "The classes differ in their means")
        FCNet(4, bias_init=0, train_bias=False, max_epochs=1).fit(X + 0.3 * y[:, None], y)
        FCNet(4, bias_init=0, max_epochs=1).fit(X, y)
        FCNet(4, activation="relu", train_bias=False, max_epochs=1).fit(X, y)


# Targets of rectified units


def test_rectified_units_whose_target_is_the_short_range_class_are_reported(data):
    X, y = data
    net = FCNet(4, activation="relu", max_epochs=1, random_state=0)
    net.fit(X, y)
    with likely_mistake("class 1 is here the one of shorter range.*y = 1 - y"):
        net.fit(X, 1 - y)
    models = [NLGP(40, correlation_length=xi, gain=3.0) for xi in (4.0, 2.0)]
    with likely_mistake("class 1 is here the one of shorter range"):
        net.fit_online(Discrimination(models), 1000)
    with likely_mistake("class 1 is here the one of shorter range"):
        rfsk.fit_many([net], X, 1 - y, n_jobs=1)
    with likely_mistake("class 1 is here the one of shorter range"):
        rfsk.fit_many_online([net], Discrimination(models), 1000, n_jobs=1)
    with likely_mistake("pass the pair in the other order"):
        rfsk.localization_index(models)


# Activations measured as if they were fields


@pytest.mark.parametrize("make", [FCNet, ConvNet, Autoencoder])
def test_a_pipeline_that_would_measure_activations_is_refused(data, make):
    pipeline = make_pipeline(make(12, max_epochs=1), LocalizationAnalyzer())
    message = (
        r"activations of a net, of shape .*: a row an input.*pass rfsk.receptive_fields\(net\)"
    )
    with pytest.raises(TypeError, match=message):
        pipeline.fit(*data)
    with pytest.raises(TypeError, match=message):
        pipeline.set_output(transform="pandas").fit(*data)


def test_activations_are_refused_and_what_is_computed_of_them_is_not(net, data):
    hidden = net.transform(data[0])
    for measure in (rfsk.ipr, rfsk.population_summary, FieldMatcher().fit):
        with pytest.raises(TypeError, match="Got activations of a net"):
            measure(hidden)
    correlated = hidden.T @ data[0] / len(hidden)
    assert rfsk.ipr(correlated).shape == (20,)
    assert rfsk.ipr(pd.DataFrame(net.receptive_fields_)).shape == (20,)


# Classes pooled into one cumulant


@pytest.mark.parametrize("make", [make_nlgp, make_gp])
def test_pooling_classes_into_one_cumulant_is_reported(make):
    X, y = make(4000, 20, correlation_length=(1.0, 2.0), random_state=0)
    message = "y has 2 classes whose covariances differ, and target=None pools them"
    with likely_mistake(message):
        CumulantCP(2, max_iter=200, tol=1e-3, random_state=0).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for target, labels in ((None, None), (1, y), ("within", y), (None, np.arange(4000) % 2)):
            CumulantCP(2, target=target, max_iter=200, tol=1e-3, random_state=0).fit(X, labels)


# Scales, and models that cannot be cloned


def test_inputs_far_from_unit_variance_are_reported(data):
    X, y = data[0][:300], data[1][:300]
    for factor in (0.01, 100.0):
        with likely_mistake("X has a root mean square of .*X = "):
            Autoencoder(4, max_epochs=1).fit(factor * X, y)


@pytest.mark.parametrize("make", [FCNet, ConvNet, Autoencoder])
def test_inputs_far_from_unit_variance_are_reported_in_every_call(data, make):
    X, y = data[0][:300], data[1][:300]
    net = make(4, batch_size=100, max_epochs=1, learning_rate=1e-6, warm_start=True).fit(X, y)
    for call in (net.fit, net.partial_fit, lambda X, y: rfsk.fit_many([net], X, y)):
        with likely_mistake("X has a root mean square of 100; rates are meant for .*X = "):
            call(100.0 * X / np.sqrt(np.mean(X**2)), y)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            call(X, y)


# Blocks of a single class


@pytest.mark.parametrize("make", [FCNet, ConvNet])
def test_blocks_sorted_by_class_are_reported(data, make):
    X, y = data[0][:1000], np.array(["short", "long"])[data[1][:1000]]
    order = np.argsort(y, kind="stable")
    net = make(4, random_state=0)
    for rows in np.array_split(order, 4):
        label = y[rows][0]
        if len(set(y[rows])) == 1:
            with likely_mistake(rf"All {len(rows)} rows of this block have the label '{label}'\. .*"
                                "shuffle the rows before you divide them into blocks"):  # fmt: skip
                net.partial_fit(X[rows], y[rows], classes=["long", "short"])
        else:
            net.partial_fit(X[rows], y[rows], classes=["long", "short"])
    assert net.n_steps_ == 4


def test_blocks_of_few_rows_and_of_both_classes_are_not_suspected(data):
    X, y = data
    net = FCNet(4, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.partial_fit(X[y == 0][:49], y[y == 0][:49], classes=[0, 1])
        net.partial_fit(X[y == 1][:1], y[y == 1][:1])
        rows = np.concatenate([np.flatnonzero(y == 0)[:500], np.flatnonzero(y == 1)[:1]])
        net.partial_fit(X[rows], y[rows])
        Autoencoder(4, random_state=0).partial_fit(X[y == 0][:500], y[y == 0][:500])
    assert net.n_steps_ == 4


def test_fewer_rows_than_features_are_reported_by_fit_alone(data):
    X, y = data[0][:30], data[1][:30]
    with likely_mistake("X has 30 rows and 40 features: a net can fit the noise"):
        FCNet(4, max_epochs=1, random_state=0).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FCNet(4, random_state=0).partial_fit(X, y, classes=[0, 1])


def test_classes_of_very_different_sizes_are_reported_unless_weighted(data):
    X, y = data
    kept = (y == 0) | (np.arange(len(y)) % 10 == 0)
    with likely_mistake("The largest class has 1[01] times as many rows as the smallest"):
        FCNet(4, max_epochs=1, random_state=0).fit(X[kept], y[kept])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net = FCNet(4, max_epochs=1, class_weight="balanced", random_state=0)
        net.fit(X[kept], y[kept])


def test_evaluation_on_a_clone_that_a_model_has_not_is_refused_before_training():
    class Bare:
        shape, n_features = (6,), 6

        def sample(self, n_samples, random_state=None):
            return np.random.default_rng(random_state).normal(size=(n_samples, 6))

    net = FCNet(2, random_state=0)
    with pytest.raises(NotImplementedError, match=r"Class 0, a Bare, has no gaussian_clone\(\)"):
        net.fit_online(Discrimination([Bare(), Bare()]), 1000, n_eval=100)
    assert not hasattr(net, "receptive_fields_")


def test_warnings_point_at_the_line_that_asked(data):
    with pytest.warns(LikelyMistakeWarning) as caught:
        make_pipeline(FCNet(4, bias_init=0, train_bias=False, max_epochs=1)).fit(*data)
    assert {warning.filename for warning in caught} == {__file__}


# Classes that differ in their means


@pytest.mark.parametrize("make", [FCNet, ConvNet])
def test_classes_that_differ_in_their_means_are_reported(data, make):
    X, y = data
    shifted = X + np.where(y == 1, 0.5, 0.0)[:, None]
    for order in (np.arange(len(X)), np.argsort(y, kind="stable")):
        with likely_mistake(r"means, which alone tell them apart with accuracy 0\.\d+ \(chance 0"):
            make(2, max_epochs=1, random_state=0).fit(shifted[order], y[order])


def test_classes_of_equal_means_are_not_suspected(data):
    X, y = data
    FCNet(2, max_epochs=1, random_state=0).fit(X + 0.3, y)
    FCNet(2, max_epochs=1, random_state=0).fit(X, np.random.default_rng(0).permutation(y))
