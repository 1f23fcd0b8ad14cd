"""Exercise 2: measure receptive fields."""

from collections.abc import Iterator
from typing import Any

import numpy as np

import rfsk

from ._grading import (
    Array,
    Wrong,
    call,
    checked,
    is_close,
    listed,
    mistake_in,
    number,
    numbers,
    require_finite,
)


@checked
def check_ipr(ipr: Any) -> str:
    """Check ipr(fields), the inverse participation ratio of each field.

    Parameters
    ----------
    ipr : callable
        The student's function.
    """
    sites = np.arange(40)
    fields = np.stack(
        [
            3.0 * np.eye(40)[7],
            np.full(40, 0.5),
            np.cos(2.0 * np.pi * 3 * sites / 40),
            np.exp(-0.5 * ((sites - 20) / 2.0) ** 2) - 0.1,
        ]
    )
    on = "four fields of 40 sites, shape (4, 40)"
    got = numbers(call(ipr, fields, on=on), "What your function returned")
    if got.shape == (40,):
        raise Wrong(
            "Got 40 numbers for 4 fields: the sum runs over units. Rows are units and columns are "
            "sites; sum over the sites."
        )
    if got.shape == ():
        raise Wrong("Got one number for 4 fields: the sum runs over units as well as over sites.")
    if got.shape != (4,):
        raise Wrong(f"Got shape {got.shape}; expected (4,), one number per field.")
    centered = fields - fields.mean(axis=1, keepdims=True)  # a uniform field becomes zero
    if is_close(got[[0, 2, 3]], rfsk.ipr(centered[[0, 2, 3]]), 1e-9):
        raise Wrong("The mean of each field is subtracted. Leave the mean in.")
    require_finite(got, "The IPR of four fields, none of them zero")
    expected = rfsk.ipr(fields)
    if not is_close(got, expected, 1e-9):
        names = ("one site", "uniform", "a Fourier mode", "a bump")
        raise mistake_in(
            got,
            _mistakes_of_ipr(fields),
            1e-9,
            f"{listed(names, got, expected, '.3g')}. Divide the sum over sites of w^4 by the "
            "square of the sum over sites of w^2.",
        )
    return "The IPR is 1 for one site, 1/40 for a uniform field and 1.5/40 for a Fourier mode."


def _mistakes_of_ipr(fields: Array) -> Iterator[tuple[Array, str]]:
    second, fourth = (fields**2).sum(axis=1), (fields**4).sum(axis=1)
    not_normalized = "The IPR must not change when a field is multiplied by 3: "
    yield second**2 / fourth, "That is the participation ratio, a number of sites: invert it."
    yield fourth, f"{not_normalized}the sum of fourth powers is not divided by anything."
    yield fourth / second, f"{not_normalized}square the sum of squares in the denominator."
    yield (
        np.ones(4),
        "Always 1: the denominator must be the square of a sum, not a sum of fourth powers.",
    )
    absolute = np.abs(fields).sum(axis=1)
    powers = "The powers are 2 and 1; expected 4 in the numerator and 2 in the denominator."
    yield second / absolute**2, powers
    yield second / fields.sum(axis=1) ** 2, powers
    yield fourth / second**2 * 40, "The IPR is 40 times too large: one of the sums is a mean."
    yield fourth / second**2 / 40, "The IPR is 40 times too small: one of the sums is a mean."


@checked
def check_sites(n_sites: Any, net: Any, X: Any) -> str:
    """Check how many sites the fields with positive bias cover.

    Parameters
    ----------
    n_sites : float
        The student's number.
    net : FCNet
        The net whose fields are measured.
    X : ndarray of shape (n_samples, n_features)
        Inputs, to recognise answers that measured activations.
    """
    got = number(n_sites, "n_sites")
    fields = net.receptive_fields_
    half = len(fields) // 2
    values = rfsk.ipr(fields)
    mean = values[:half].mean()
    if any(is_close(got, right, 0.1) for right in (1.0 / mean, (1.0 / values[:half]).mean())):
        return (
            f"A field with positive bias covers {got:.1f} of {fields.shape[1]} sites, and one with "
            f"negative bias {1.0 / values[half:].mean():.0f}."
        )
    activations = net.transform(X)
    both = "Both groups are in this mean, but they behave differently. Average only the units with "
    both += "positive bias, which are the first half of the rows."
    other = "That is the other group: the units with positive bias are the first half of the rows."
    seen = "That is the IPR of the activations, net.transform(X). Receptive fields are weights: "
    seen += "net.receptive_fields_."
    mistakes: list[tuple[Any, str]] = [
        (mean, "That is the mean IPR. The number of sites is one over it."),
        (values.mean(), f"That is an IPR, not a number of sites. {both}"),
        (mean * fields.shape[1], "That is the IPR relative to a uniform field; expected sites."),
        (1.0 / values.mean(), both),
        ((1.0 / values).mean(), both),
        (1.0 / values[half:].mean(), other),
        ((1.0 / values[half:]).mean(), other),
        *((1.0 / rfsk.ipr(rows).mean(), seen) for rows in (activations, activations.T)),
        (
            1.0 / rfsk.ipr(fields.T).mean(),
            "The fields are transposed: each row of receptive_fields_ is a unit.",
        ),
    ]
    raise mistake_in(
        got,
        mistakes,
        max(2e-3, 0.01 * abs(got)),
        f"Got {got:.3g}; expected a number of sites between 1 and {fields.shape[1]}: one over the "
        "mean IPR of the first half of net.receptive_fields_.",
    )
