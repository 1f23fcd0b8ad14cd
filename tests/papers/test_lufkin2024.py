"""The claims on a ReLU neuron at small size, and the controls on which they fail."""

from pathlib import Path

import numpy as np
import pytest

from rfsk.analysis import ipr
from rfsk.papers import lufkin2024
from rfsk.papers.lufkin2024 import CLAIMS

BY_NAME = {claim.name: claim for claim in CLAIMS}
# The effective flow does not give a cusp: this fails on the inputs themselves.
KNOWN = {"L4": {"flow: first drop of log w over the second"}}
DECISIVE = {
    ("L1", "Gaussian inputs"): "erf(0.774 z): IPR of the drive over that of S w",
    ("L1", "elliptical"): "erf(0.774 z): IPR of the drive over that of S w",
    ("L2", "Gaussian inputs"): "neuron, erf(0.774 z): IPR over control",
    ("L2", "elliptical"): "neuron, erf(0.774 z): IPR over control",
    ("L2", "permuted pixels"): "neuron, erf(1 z), lengths 1 and 3: spread (sites)",
    ("L3", "NLGP inputs"): "neuron: R^2 of a sinusoid",
    ("L3", "permuted pixels"): "neuron: R^2 of a sinusoid",
    ("L4", "Gaussian inputs"): "neuron: IPR over control",
    ("L4", "elliptical"): "neuron: spread (sites)",
    ("L4", "permuted pixels"): "flow: decay at 4 to 8 sites over the derived one",
    ("L5", "Gaussian inputs"): "FastICA, algebraic(3): IPR over control",
    ("L5", "elliptical"): "FastICA, algebraic(3): spread (sites)",
}


def slow(name):
    # Nets of large batches, and many of FastICA.
    return [pytest.mark.slow] if name in ("L2", "L3", ("L5", "elliptical")) else []


@pytest.mark.usefixtures("_close_figures")
@pytest.mark.parametrize("name", [pytest.param(name, marks=slow(name)) for name in BY_NAME])
def test_claims_hold_as_reported(name, bench, failures):
    assert failures(BY_NAME[name], bench) == KNOWN.get(name, set())
    assert {pair for pair in DECISIVE if pair[0] == name} == {
        (name, control) for control in BY_NAME[name].controls
    }
    BY_NAME[name].draw(bench)


@pytest.mark.parametrize(
    ("name", "control"),
    [pytest.param(*pair, marks=slow(pair[0]) or slow(pair)) for pair in DECISIVE],
)
def test_claims_fail_on_their_controls(name, control, bench, failures):
    assert DECISIVE[name, control] in failures(BY_NAME[name], bench.under(control))


@pytest.mark.parametrize("name", ["erf(0.774 z)", "algebraic(10)", "sign, lengths 1 and 3"])
def test_flow_ends_where_the_independent_one_does_and_not_on_controls(name, bench):
    (quantity,) = (q for q in BY_NAME["L2"].quantities if q.name == f"flow, {name}: IPR")
    end = {
        control: ipr(lufkin2024.flow_end(bench.under(control), name, 0))
        for control in (None, "Gaussian inputs", "elliptical")
    }
    assert quantity.holds(end.pop(None))
    assert not any(quantity.holds(value) for value in end.values())


def test_flow_on_elliptical_inputs_ends_in_a_sinusoid_and_on_others_not(bench):
    is_sinusoid, *_ = BY_NAME["L3"].quantities
    for control, holds in ((None, True), ("NLGP inputs", False), ("permuted pixels", False)):
        field = lufkin2024.flow_end(bench.under(control), "oscillating", 0)
        power = np.abs(np.fft.rfft(field[0])) ** 2
        assert is_sinusoid.holds(power[4] / (power.sum() - 0.5 * power[[0, -1]].sum())) == holds


def test_models_by_name_have_the_moments_that_the_name_says():
    _, long = lufkin2024.models("control of algebraic(6.1), lengths 1 and 3")
    assert long.excess_kurtosis() == 0.0
    source = lufkin2024.models("algebraic(6.1), lengths 1 and 3")
    assert [model.correlation_length for model in source] == [1.0, 3.0]
    np.testing.assert_allclose(long.autocovariance(), source[1].autocovariance(), atol=1e-8)
    assert lufkin2024.models("elliptical Ising")[1].excess_kurtosis() == pytest.approx(6.0)
    ising, elliptical = (lufkin2024.models(name)[1] for name in ("Ising", "elliptical Ising"))
    np.testing.assert_allclose(ising.autocovariance(), elliptical.autocovariance(), atol=1e-6)


def test_the_page_has_all_claims_with_their_bounds():
    page = Path(__file__).parents[2] / "docs" / "papers" / "lufkin2024.md"
    text = page.read_text(encoding="utf-8")
    for claim in CLAIMS:
        verdict = "fails" if claim.name in KNOWN else "holds"
        assert f"## {claim.name}: {claim.title} ({verdict})\n\n{claim.statement}" in text
        for quantity in claim.quantities:
            assert f"| {quantity.name} | {quantity.expected} | {quantity.evidence}" in text
