"""scikit-learn's own checks: all pass, none is skipped or expected to fail."""

from unittest import SkipTest

import pytest
import torch
from sklearn.base import is_classifier
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from rfsk import CumulantCP, FieldMatcher, LocalizationAnalyzer, NonlinearHebbian, TensorComparison
from rfsk.nets import RBM, Autoencoder, ConvNet, FCNet

CLASSIFIERS = [
    FCNet(),
    ConvNet(),
    FCNet(readout="linear"),
    FCNet(activation="relu", readout="linear"),
    FCNet(n_hidden=(16, 8, 4), readout="linear", optimizer=torch.optim.SGD, learning_rate=1.0),
    ConvNet(boundary="zero", readout="linear"),
]
VARIANTS = [  # slow tests
    FCNet(loss="cross_entropy", optimizer__momentum=0.5, record=3),
    FCNet(activation="tanh", train_bias=False),
    FCNet(readout="sqrt", l1=1e-4, l1_cut=10.0),
    FCNet(readout="linear", optimizer="adam", learning_rate=0.01),
    ConvNet(image_shape=(1, -1), pooling="max", readout="sum", train_bias=False),
    ConvNet(image_shape=(-1, 1), boundary="zero", kernel_size=1, readout="linear"),
]
TRANSFORMERS = [
    Autoencoder(),
    Autoencoder(tied=False, sparsity=0.1, activation="erf"),
    LocalizationAnalyzer(),
    FieldMatcher(),
    CumulantCP(),
    NonlinearHebbian(),
    RBM(),
]
OTHERS = [TensorComparison(2, references=("cp", "ica", "pca", "dictionary", "hebbian"))]

pytestmark = [
    # Random small tensors can be degenerate, and then decompose slowly: a warning, not a fault.
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # Some checks pass features of mean 100, of which nets warn.
    pytest.mark.filterwarnings("ignore:X has a root mean square"),
    # The classes of many differ in their means.
    pytest.mark.filterwarnings("ignore:The classes differ in their means"),
    pytest.mark.filterwarnings("ignore:Localization cannot be tested"),
    pytest.mark.filterwarnings("ignore:X has .* rows and .* features"),
]


@parametrize_with_checks(CLASSIFIERS + TRANSFORMERS + OTHERS)
def test_scikit_learn_check(estimator, check):
    run(check, estimator)


@pytest.mark.slow
@parametrize_with_checks(VARIANTS)
def test_scikit_learn_check_of_variants(estimator, check):
    run(check, estimator)


def run(check, estimator):
    """Run a check; one that skips itself has not been passed."""
    try:
        check(estimator)
    except SkipTest as skip:
        pytest.fail(f"the check was skipped: {skip}")


@pytest.mark.parametrize("estimator", CLASSIFIERS + VARIANTS + TRANSFORMERS + OTHERS, ids=str)
def test_all_checks_of_the_kind_of_estimator_are_collected(estimator):
    collected = list(estimator_checks_generator(estimator))
    # scikit-learn 1.6 has 30 checks of any estimator, 40 of transformers and 55 of classifiers.
    least = 55 if is_classifier(estimator) else 40 if hasattr(estimator, "transform") else 30
    assert len(collected) >= least
    assert all(not hasattr(check, "marks") for _, check in collected)
