"""The number of samples from which an empirical cumulant shows the factor of its model."""

import numpy as np
import pytest

from rfsk import NLGP, Discrimination, symmetric_cp
from rfsk.analysis import cumulant, match_matrix
from rfsk.theory import localization_sample_size


def median_match(model, n_samples):
    """Median match of the leading factors of seven samples with that of the model."""
    exact = symmetric_cp(cumulant(model), 1, tol=1e-10, random_state=0).components
    found = [
        symmetric_cp(model.sample(n_samples, seed), 1, random_state=seed).components[0]
        for seed in range(7)
    ]
    return float(np.median(match_matrix(found, exact)))


@pytest.mark.parametrize("gain", [1.0, 3.0])
@pytest.mark.parametrize(("n_sites", "length"), [(45, 3.0), (64, 3.0), (64, 6.4)])
def test_factors_appear_at_one_to_a_few_times_the_predicted_number(n_sites, length, gain):
    """Median match with the exact factor below .9 at half the number, above it at four times."""
    model = NLGP(n_sites, correlation_length=length, gain=gain)
    scale = localization_sample_size(model)
    assert median_match(model, int(0.5 * scale)) < 0.9 < median_match(model, int(4.0 * scale))


def test_it_scales_with_the_sites_at_fixed_length_and_not_at_fixed_ratio():
    def sizes(*pairs):
        models = [NLGP(n, correlation_length=length, gain=3.0) for n, length in pairs]
        return [localization_sample_size(model) for model in models]

    first, second, third = sizes((30, 3.0), (60, 3.0), (90, 3.0))
    # The first term grows as D^2, the term of Gaussian noise as log D.
    assert 2.4 < (third - first) / (second - first) < 8 / 3
    np.testing.assert_allclose(sizes((60, 6.0), (90, 9.0)), first, rtol=1e-3)


def test_gaussian_inputs_show_no_factor_at_any_size():
    clone = NLGP(20, correlation_length=2.0, gain=3.0).gaussian_clone()
    with pytest.raises(ValueError, match="The fourth cumulant is zero"):
        localization_sample_size(clone)
    with pytest.raises(ValueError, match="does not stand out from noise; expected more"):
        localization_sample_size(clone.sample(2000, random_state=0))
    with pytest.raises(TypeError, match="expected the model of one class"):
        localization_sample_size(Discrimination([clone, clone]))


def test_enough_samples_estimate_the_number_of_their_model():
    model = NLGP(20, correlation_length=2.0, gain=3.0)
    estimated = localization_sample_size(model.sample(20_000, random_state=0))
    assert estimated == pytest.approx(localization_sample_size(model), rel=0.1)
