"""Typical mistakes are reported with their reason and remedy, and similar calls are not.

The suite turns warnings into errors, so that a call without `likely_mistake` must be silent.
"""

import numpy as np
import pandas as pd
import pytest
import scipy.special
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline

import rfsk
from rfsk import Autoencoder, ConvNet, CumulantCP, FCNet, FieldMatcher, LocalizationAnalyzer
from rfsk.datasets import NLGP, Discrimination, make_gaussian_clone, make_gp, make_nlgp
from rfsk.exceptions import LikelyMistakeWarning
from rfsk.plotting import ReceptiveFieldDisplay

RING = {"shape": 40, "correlation_length": (2.0, 4.0)}
CLASSIFIERS, NETS = [FCNet, ConvNet], [FCNet, ConvNet, Autoencoder]


def likely_mistake(match):
    return pytest.warns(LikelyMistakeWarning, match=match)


@pytest.fixture(scope="module")
def data():
    return make_nlgp(4000, **RING, random_state=0)


@pytest.fixture
def few(data):
    return data[0][:300], data[1][:300]


@pytest.fixture(scope="module")
def net(data):
    return FCNet(20, batch_size=100, max_epochs=50, random_state=0).fit(*data)


FITS = (LocalizationAnalyzer(random_state=0).fit, FieldMatcher().fit)


@pytest.mark.parametrize(
    "measure",
    [rfsk.ipr, rfsk.population_summary, rfsk.receptive_fields, ReceptiveFieldDisplay, *FITS],
)
def test_transposed_fields_are_reported(net, measure):
    with likely_mistake(r"\(40, 20\) vary smoothly down their columns .* are they transposed\?"):
        measure(net.receptive_fields_.T)


@pytest.mark.parametrize("kind", ["nlgp", "clone", "first steps"])
def test_fields_of_nets_are_not_suspected(data, kind):
    """Initial and trained fields, fields after few batches, and factors in any order."""
    X, y = make_gp(4000, **RING, random_state=0) if kind == "clone" else data
    if kind == "first steps":
        task = Discrimination([NLGP(40, correlation_length=xi, gain=10.0) for xi in (0.5, 1.0)])
        net = FCNet(20, batch_size=200, record=30, random_state=0).fit_online(task, 200 * 200)
    else:
        net = FCNet(20, batch_size=100, max_epochs=20, record=3, random_state=0).fit(X, y)
    cp = CumulantCP(
        2 if kind == "clone" else 8, target=1, random_state=0
    )  # with more, noise cancels
    factors = cp.fit(X, y).components_
    for fields in (*net.receptive_field_history_, factors, np.sort(factors, axis=0)):
        rfsk.ipr(fields)


def test_fields_that_are_the_same_for_one_sign_of_the_bias_are_not_suspected():
    X, y = load_digits(return_X_y=True)
    X = (X - X.mean(axis=1, keepdims=True)) / 6.0
    for seed in range(3):
        labels = np.random.default_rng(seed).permutation(y % 2)
        net = FCNet(32, image_shape=(8, 8), batch_size=100, random_state=seed).fit(X, labels)
        rfsk.ipr(rfsk.receptive_fields(net))


@pytest.mark.parametrize("noise", [0.0, 0.05])
@pytest.mark.parametrize("width", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("first", [0, 37])
def test_narrow_fields_that_are_sorted_by_their_centres_are_not_suspected(noise, width, first):
    """With several units per site, units vary as smoothly as sites do."""
    rng = np.random.default_rng(0)
    distance = (np.arange(40) - np.arange(first, first + 40, 0.3)[:, None] + 20) % 40 - 20
    fields = np.exp(-0.5 * (distance / width) ** 2) + noise * rng.normal(size=distance.shape)
    shuffled = rng.permutation(fields)
    for order in (fields, fields[::-1], shuffled):
        rfsk.ipr(order)
    if width == 1.0:
        with likely_mistake("are they transposed"):
            rfsk.ipr(shuffled.T)


def test_few_fields_repeated_ones_and_images_of_known_shape_are_not_suspected():
    """The images are drifting stripes, which are rough along the rows and smooth across units."""
    for n_fields in (10, 1):
        fields = np.random.default_rng(0).normal(size=(n_fields, 40))
        rfsk.ipr(np.repeat(fields, 20, axis=0))
    mode = np.cos(2.0 * np.pi * np.arange(18) / 6)[None]
    images = np.tile(NLGP(30, correlation_length=4.0, gain=1.0).sample(8, random_state=0).T, 8)
    for fields, shape in ((mode, (3, 6)), (mode, (6, 3)), (images, (8, 8))):
        LocalizationAnalyzer(shape, random_state=0).fit(fields)
    ReceptiveFieldDisplay(images, (8, 8))
    with likely_mistake("are they transposed"):
        rfsk.ipr(images)


def test_error_for_stacks_of_images_says_how_to_reshape_them(net):
    with pytest.raises(ValueError, match=r"data have as many rows: are they transposed\?"):
        LocalizationAnalyzer((3, 4)).fit(np.random.default_rng(0).normal(size=(12, 7)))
    images, labels = np.zeros((9, 5, 4)), np.arange(9) % 2
    with pytest.raises(ValueError, match=r"dim 3, of shape \(9, 5, 4\).*X.reshape\(len\(X\), -1\)"):
        FCNet(4).fit(images, labels)
    with pytest.raises(ValueError, match=r"along the last axis: pass X = np.moveaxis\(X, -1, 0\)"):
        FCNet(4).fit(np.moveaxis(images, 0, -1), labels)
    with pytest.raises(ValueError, match=r"take one channel or the mean .*, X.mean\(axis=-1\)"):
        ConvNet(2).fit(np.zeros((9, 5, 4, 3)), labels)
    for fit in (Autoencoder().fit, CumulantCP().fit, net.predict, make_gaussian_clone):
        with pytest.raises(ValueError, match=r"Pass one row per image, X.reshape\(len\(X\), -1\)"):
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
)
def test_exchanged_sides_of_fields_are_reported(take):
    fields = NLGP((6, 14), correlation_length=2.0, gain=1.0).sample(30, random_state=0)
    take(fields, (6, 14))
    with likely_mistake(r"shape=\(14, 6\), \(rows, columns\).*are the sides exchanged\?"):
        take(fields, (14, 6))


@pytest.mark.parametrize("make", NETS)
@pytest.mark.parametrize("kind", ["model", "photographs"])
def test_exchanged_sides_of_inputs_are_reported(make, kind):
    if kind == "model":
        X, y = make_nlgp(500, (8, 12), correlation_length=(1.0, 2.0), random_state=0)
    else:
        X, y = rfsk.make_image_patches(1000, (8, 12), random_state=0)
        X = X + 5.0 * np.random.default_rng(0).normal(size=(1000, 1))  # random brightness
    make(2, image_shape=(8, 12), max_epochs=1).fit(X, y)
    with likely_mistake(r"image_shape=\(12, 8\).*are the sides exchanged\?"):
        make(2, image_shape=(12, 8), max_epochs=1).fit(X, y)


def test_the_other_convention_of_the_gain_is_reported():
    options = {"correlation_length": 4.0, "gain": 2.0}
    with likely_mistake(r"`nonlinearity` is erf\(h\).*gain=2.0 \* sqrt\(2\) = 2.82843"):
        other = NLGP(40, **options, nonlinearity=scipy.special.erf)
    ours = NLGP(40, correlation_length=4.0, gain=2.0 * np.sqrt(2.0))
    np.testing.assert_allclose(other.covariance(), ours.covariance(), atol=1e-9)
    assert other.excess_kurtosis() == pytest.approx(ours.excess_kurtosis(), abs=1e-9)
    with pytest.raises(
        ValueError, match=r"'erf' is erf\(h / sqrt 2\); with the convention erf\(h\)"
    ):
        NLGP(40, **options, nonlinearity="erf(h)")
    described = make_nlgp(4, 40, gain=2.0, random_state=0, return_X_y=False).DESCR
    assert "the convention erf(gain z), the gain of this distribution is 1.414" in described


@pytest.mark.parametrize("make", NETS)
def test_seed_that_was_not_given_is_stored_printed_and_saved(few, make, capsys, tmp_path):
    first, second = (make(4, max_epochs=2, verbose=1).fit(*few) for _ in range(2))
    assert first.seed_ != second.seed_
    message = f"random_state={first.seed_} to train the same net on the same data."
    assert message in capsys.readouterr().err
    rfsk.save(first, tmp_path / "net.safetensors")
    assert rfsk.load(tmp_path / "net.safetensors").seed_ == first.seed_
    again = clone(first).set_params(random_state=first.seed_).fit(*few)
    np.testing.assert_array_equal(again.receptive_fields_, first.receptive_fields_)
    assert again.seed_ == first.seed_
    assert "seed" not in capsys.readouterr().err
    assert make(4, max_epochs=1, random_state=np.random.default_rng(7)).fit(*few).seed_ is None
    bunch = make_nlgp(50, **RING, return_X_y=False)
    np.testing.assert_array_equal(
        make_nlgp(50, **RING, random_state=bunch.random_state)[0], bunch.X
    )
    assert f"random_state: {bunch.random_state}" in bunch.DESCR


# Calls that are reported, and similar calls that are not

TASK, REVERSED = (
    Discrimination([NLGP(40, correlation_length=xi, gain=3.0) for xi in lengths])
    for lengths in ((2.0, 4.0), (4.0, 2.0))
)
ODD = {"bias_init": 0, "train_bias": False, "max_epochs": 1, "random_state": 0}
RELU = {"activation": "relu", "max_epochs": 1, "random_state": 0}
NO_BIASES = "without biases .* learns nothing, and its accuracy stays at 0.5"
SHORT_TARGET = "Class 1 has the shorter correlation length.*y = 1 - y"
MEANS = r"a classifier that uses only the means has accuracy 0\.\d+ \(chance 0"
POOLED = "y has 2 classes whose covariances differ, and target=None pools them"


def unequal(X, y):
    kept = (y == 0) | (np.arange(len(y)) % 10 == 0)
    return X[kept], y[kept]


def shifted(X, y, order=slice(None)):
    return (X + 0.5 * y[:, None])[order], y[order]


def pooled(target, labels):
    X, y = make_gp(4000, 20, correlation_length=(1.0, 2.0), random_state=0)
    labels = {"classes": y, "none": None, "alternating": np.arange(4000) % 2}[labels]
    return CumulantCP(2, target=target, max_iter=200, tol=1e-3, random_state=0).fit(X, labels)


@pytest.mark.parametrize(
    ("message", "call"),
    [
        (NO_BIASES, lambda X, y: FCNet(4, **ODD).fit(X, y)),
        (NO_BIASES, lambda X, y: ConvNet(4, **ODD).fit_online(TASK, 1000)),
        (SHORT_TARGET, lambda X, y: FCNet(4, **RELU).fit(X, 1 - y)),
        (SHORT_TARGET, lambda X, y: FCNet(4, **RELU).fit_online(REVERSED, 1000)),
        (SHORT_TARGET, lambda X, y: rfsk.fit_many([FCNet(4, **RELU)], X, 1 - y, n_jobs=1)),
        (SHORT_TARGET, lambda X, y: rfsk.fit_many_online([FCNet(4, **RELU)], REVERSED, 1000)),
        (MEANS, lambda X, y: FCNet(4, **ODD).fit(*shifted(X, y))),  # no warning about biases
        (MEANS, lambda X, y: ConvNet(2, max_epochs=1).fit(*shifted(X, y, np.argsort(y)))),
        ("has 1[01] times as many", lambda X, y: FCNet(4, max_epochs=1).fit(*unequal(X, y))),
        ("X has 30 rows and 40 features", lambda X, y: FCNet(4, max_epochs=1).fit(X[:30], y[:30])),
        (POOLED, lambda X, y: pooled(None, "classes")),
    ],
)
def test_call_is_reported(data, message, call):
    with likely_mistake(message):
        call(*data)


@pytest.mark.parametrize(
    "call",
    [
        lambda X, y: FCNet(4, bias_init=0, max_epochs=1).fit(X, y),  # the biases are trained
        lambda X, y: FCNet(4, train_bias=False, **RELU).fit(X, y),
        lambda X, y: FCNet(2, max_epochs=1).fit(X + 0.3, y),
        lambda X, y: FCNet(2, max_epochs=1).fit(X, np.random.default_rng(0).permutation(y)),
        lambda X, y: FCNet(4, max_epochs=1, class_weight="balanced").fit(*unequal(X, y)),
        lambda X, y: FCNet(4).partial_fit(X[:30], y[:30], classes=[0, 1]),
        lambda X, y: FCNet(4).partial_fit(X[y == 0][:49], y[y == 0][:49], classes=[0, 1]),
        lambda X, y: Autoencoder(4).partial_fit(X[y == 0][:500], y[y == 0][:500]),
        lambda X, y: pooled(None, "none"),
        lambda X, y: pooled(1, "classes"),
        lambda X, y: pooled("within", "classes"),
        lambda X, y: pooled(None, "alternating"),
    ],
)
def test_similar_call_is_not_reported(data, call):
    call(*data)


@pytest.mark.parametrize("make", NETS)
@pytest.mark.parametrize("output", ["default", "pandas"])
def test_a_pipeline_that_would_measure_activations_is_refused(few, make, output):
    pipeline = make_pipeline(make(12, max_epochs=1), LocalizationAnalyzer())
    message = r"activations of a net, .*, one row per input.*pass rfsk.receptive_fields\(net\)"
    with pytest.raises(TypeError, match=message):
        pipeline.set_output(transform=output).fit(*few)


def test_activations_are_refused_but_results_computed_from_them_are_not(net, data):
    hidden = net.transform(data[0])
    for measure in (rfsk.ipr, rfsk.population_summary, FieldMatcher().fit):
        with pytest.raises(TypeError, match="got activations of a net"):
            measure(hidden)
    for correlated in (hidden.T @ data[0], np.einsum("nk,nd->kd", hidden, data[0]), hidden + 0.0):
        assert type(correlated) is np.ndarray
        assert len(rfsk.ipr(correlated)) == len(correlated)
    assert rfsk.ipr(pd.DataFrame(net.receptive_fields_)).shape == (20,)


@pytest.mark.parametrize("make", NETS)
@pytest.mark.parametrize("size", [0.01, 100.0])
def test_inputs_far_from_unit_variance_are_reported_in_every_call(few, make, size):
    X, y = few
    net = make(4, batch_size=100, max_epochs=1, learning_rate=1e-6, warm_start=True).fit(X, y)
    for call in (net.fit, net.partial_fit, lambda X, y: rfsk.fit_many([net], X, y)):
        with likely_mistake(
            f"X has a root mean square of {size:g}.*learning rates are meant for .*X = "
        ):
            call(size * X / np.sqrt(np.mean(X**2)), y)
        call(X, y)


@pytest.mark.parametrize("make", CLASSIFIERS)
def test_blocks_sorted_by_class_are_reported(data, make):
    X, y = data[0][:1000], np.array(["short", "long"])[data[1][:1000]]
    net = make(4, random_state=0)
    for name in ("long", "short"):
        rows = np.flatnonzero(y == name)[:400]
        with likely_mistake(rf"All {len(rows)} rows of this block have the label '{name}'\. .*"
                            "shuffle the rows before you divide them into blocks"):  # fmt: skip
            net.partial_fit(X[rows], y[rows], classes=["long", "short"])
    mixed = np.r_[np.flatnonzero(y == "short")[:400], np.flatnonzero(y == "long")[:1]]
    for rows in (slice(400), mixed, slice(1)):
        net.partial_fit(X[rows], y[rows])
    assert net.n_steps_ == 5


def test_warnings_show_the_line_of_the_call(data):
    with pytest.warns(LikelyMistakeWarning) as caught:
        make_pipeline(FCNet(4, bias_init=0, train_bias=False, max_epochs=1)).fit(*data)
    assert {warning.filename for warning in caught} == {__file__}
