import numpy as np
import pytest

from rfsk import make_gaussian_clone, make_gp, make_nlgp
from rfsk.datasets import NLGP, Discrimination, GaussianField


def models(*lengths, shape=10):
    return [NLGP(shape, correlation_length=xi, gain=3.0) for xi in lengths]


@pytest.mark.parametrize("make", [make_nlgp, make_gp])
def test_generators_return_float64_inputs_and_int64_labels(make):
    X, y = make(101, (4, 5), correlation_length=(1.0, 2.0), random_state=0)
    assert (X.shape, X.dtype, y.dtype) == ((101, 20), np.float64, np.int64)
    assert sorted(np.bincount(y)) == [50, 51]


@pytest.mark.parametrize("make", [make_nlgp, make_gp])
def test_same_seed_same_data_and_another_seed_other_data(make):
    first, again, other = (make(20, 8, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_generators_leave_numpy_s_global_state_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make_nlgp(10)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_every_kind_of_random_state_is_taken():
    for state in (None, 3, np.random.default_rng(0), np.random.RandomState(0)):
        assert make_nlgp(4, 6, random_state=state)[0].shape == (4, 6)
    with pytest.raises(ValueError, match="random_state='seed' cannot seed a generator"):
        make_nlgp(4, 6, random_state="seed")


def test_class_i_has_the_ith_correlation_length():
    X, y = make_nlgp(20_000, 30, correlation_length=(1.0, 4.0, 2.0), random_state=0)
    neighbours = [np.mean(X[y == k] * np.roll(X[y == k], 1, axis=1)) for k in range(3)]
    assert neighbours[0] < neighbours[2] < neighbours[1]


def test_gp_has_the_covariance_of_the_nlgp_and_bare_kernel_without_gain():
    nlgp = make_nlgp(2, 20, gain=3.0, return_X_y=False)
    clone = make_gp(2, 20, gain=3.0, return_X_y=False)
    bare = make_gp(2, 20, gain=None, return_X_y=False)
    for ours, theirs in zip(clone.task.models, nlgp.task.models, strict=True):
        np.testing.assert_allclose(ours.covariance(), theirs.covariance(), atol=1e-12)
    assert bare.task.models[0] == GaussianField(20, correlation_length=5.0)


def test_bunch_tells_what_was_drawn():
    bunch = make_nlgp(6, 8, correlation_length=(1.0, 2.0), random_state=0, return_X_y=False)
    assert bunch.X.shape == (6, 8)
    assert bunch.shape == (8,)
    assert bunch.target_names == ["correlation_length=1", "correlation_length=2"]
    assert bunch.parameters["gain"] == 3.0
    assert "NLGP" in bunch.DESCR
    X, y = bunch.task.sample(6, random_state=0)
    np.testing.assert_array_equal(X, bunch.X)
    np.testing.assert_array_equal(y, bunch.y)


def test_unshuffled_rows_are_sorted_by_class():
    _, y = make_nlgp(9, 6, correlation_length=(1.0, 2.0, 3.0), shuffle=False, random_state=0)
    assert y.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_priors_set_the_class_shares():
    task = Discrimination(models(1.0, 2.0), priors=(0.2, 0.8))
    _, y = task.sample(1000, random_state=0)
    assert np.bincount(y).tolist() == [200, 800]


def test_single_draws_follow_the_priors():
    """1000 batches of one sample: the count of class 1 within five standard errors."""
    task = Discrimination(models(1.0, 2.0, shape=2), priors=(0.3, 0.7))
    labels = np.concatenate([y for _, y in task.batches(1, 1000, random_state=0)])
    assert abs(labels.mean() - 0.7) < 5 * np.sqrt(0.21 / 1000)


def test_batches_are_fresh_and_sized():
    task = Discrimination(models(1.0, 2.0))
    batches = list(task.batches(5, 3, random_state=0))
    assert [X.shape for X, _ in batches] == [(5, 10)] * 3
    assert not np.array_equal(batches[0][0], batches[1][0])


def test_clone_of_a_task_clones_each_class():
    task = Discrimination(models(1.0, 2.0), priors=(0.4, 0.6))
    clone = task.gaussian_clone()
    assert clone.priors == task.priors
    assert [model.excess_kurtosis() for model in clone.models] == [0.0, 0.0]
    for ours, theirs in zip(clone.models, task.models, strict=True):
        np.testing.assert_allclose(ours.covariance(), theirs.covariance(), atol=1e-12)


def test_gaussian_clone_of_data_has_its_mean_and_covariance_by_class_and_no_kurtosis():
    X, y = make_nlgp(4000, 6, correlation_length=(0.7, 2.0), random_state=0)
    X[y == 1] += 3.0
    clone, labels = make_gaussian_clone(X, y, n_samples=200_000, random_state=1)
    for label in (0, 1):
        ours, theirs = clone[labels == label], X[y == label]
        error = 5 / np.sqrt(len(ours))
        np.testing.assert_allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=error)
        np.testing.assert_allclose(np.cov(ours.T), np.cov(theirs.T), atol=2 * error)
        standard = (ours - ours.mean(axis=0)) / ours.std(axis=0)
        assert np.abs((standard**4).mean(axis=0) - 3).max() < 5 * np.sqrt(96 / len(ours))


def test_gaussian_clone_keeps_labels_in_place_and_takes_unlabelled_data():
    X, y = make_nlgp(50, 4, random_state=0)
    names = np.array(["short", "long"])[y]
    clone, labels = make_gaussian_clone(X, names, random_state=0)
    np.testing.assert_array_equal(labels, names)
    assert clone.shape == X.shape
    assert make_gaussian_clone(X, n_samples=7, random_state=0).shape == (7, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make_nlgp(0), r"n_samples=0; expected an integer > 0"),
        (lambda: make_nlgp(gain=-1), r"gain=-1; expected a finite number > 0"),
        (lambda: make_gp(gain=-1), r"gain=-1; expected a finite number > 0"),
        (
            lambda: make_nlgp(correlation_length=5.0),
            r"correlation_length=5.0 has 1 value\(s\); expected at least two, one for each class",
        ),
        (
            lambda: make_nlgp(correlation_length=(5.0, -1.0)),
            r"correlation_length=-1.0; expected a finite number > 0",
        ),
        (lambda: make_gaussian_clone([[1.0, np.nan], [0.0, 1.0]]), "X contains NaN"),
        (lambda: make_gaussian_clone(np.eye(3), [0, 0, 1]), "Class .*1.* has 1 row in y"),
        (lambda: make_gaussian_clone(np.eye(3), [0, 1]), "inconsistent numbers of samples"),
        (lambda: make_gaussian_clone(np.eye(4), [0, 0, np.nan, 1]), "Input y.* contains NaN"),
        (
            lambda: make_gaussian_clone(np.eye(4), [0, 0, 1, 1], n_samples=1),
            "n_samples=1 leaves no row for a class of 2",
        ),
        (lambda: Discrimination(models(1.0)), "models has 1 entry; expected at least 2"),
        (
            lambda: Discrimination([*models(1.0), *models(2.0, shape=11)]),
            r"models have shapes \[\(10,\), \(11,\)\]; expected one shape",
        ),
        (
            lambda: Discrimination(models(1.0, 2.0), priors=(0.5, 0.6)),
            "expected 2 positive numbers that sum to 1",
        ),
    ],
)
def test_bad_input_is_one_clear_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
