"""control_test: test of whether fields are localized because the data are not Gaussian."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn.base import clone

from .._core._random import as_generator, draw_seed, spawn_seeds
from .._core._trained_nets import mean_of_known, starts_positive
from .._core._types import Array
from .._core._validation import check_positive
from ..analysis import ipr
from ..datasets import make_gaussian_clone
from ..nets import ConvNet, FCNet, fit_each

CONTROLS = {
    "mean": "white Gaussian controls",
    "covariance": "Gaussian controls",
    "marginals": "Gaussian copula controls",
}
GROWN = 1.5  # norm of a field, relative to the initial norm, above which the field has grown


@dataclass(frozen=True)
class ControlTest:
    """Comparison of the fields of a net with those of Gaussian controls, from `control_test`.

    Attributes
    ----------
    net : FCNet or ConvNet
        Net fitted to the data.
    controls : list of FCNet or ConvNet
        Nets fitted to the Gaussian controls of the data.
    groups : dict of str to ndarray of bool of shape (n_units,)
        Units of each group: "b > 0" and "b < 0", the units with positive and with negative initial
        bias, or "all units" if the initial bias is zero.
    has_grown : ndarray of bool of shape (n_units,)
        Units whose fields have grown, that is, have more than 1.5 times their initial norm.
        `statistic` and `control_statistic` are means over units whose fields have grown.
    statistic : dict of str to float
        Mean of `measure` over the units of each group, for the net trained on the data; NaN for a
        group in which no field has grown.
    control_statistic : dict of str to ndarray of shape (n_controls,)
        Mean of `measure` over the units of each group, for the net trained on each control.
    ratio : dict of str to float
        Effect size: `statistic` divided by the mean of `control_statistic`.
    p_value : float
        Monte Carlo p-value. The test statistic is the largest of the group means in `statistic`,
        each standardized over all nets.
    unit_values : ndarray of shape (n_units,)
        Measure of each unit.
    unit_p_values : ndarray of shape (n_units,)
        p-value of each unit whose field has grown. The unit is compared with the units of the same
        group whose fields have grown in the nets trained on the controls. The p-values are
        corrected for multiple testing (Benjamini and Hochberg, JRSS B 57, 289, 1995). The p-value
        of a unit whose field has not grown is NaN.
    alpha : float
        Level of the test.
    keep : {"mean", "covariance", "marginals"}
        Statistics that the controls have in common with the data, as in `control_test`.

    Examples
    --------
    >>> from rfsk import FCNet, control_test, make_nlgp
    >>> X, y = make_nlgp(2000, 20, correlation_length=(1.0, 2.0), random_state=0)
    >>> list(control_test(FCNet(4, max_epochs=2, random_state=0), X, y, random_state=0).groups)
    ['b > 0', 'b < 0']
    """

    net: FCNet | ConvNet = field(repr=False)
    controls: list[FCNet | ConvNet] = field(repr=False)
    groups: dict[str, NDArray[np.bool_]] = field(repr=False)
    has_grown: NDArray[np.bool_] = field(repr=False)
    statistic: dict[str, float]
    control_statistic: dict[str, Array] = field(repr=False)
    ratio: dict[str, float]
    p_value: float
    unit_values: Array = field(repr=False)
    unit_p_values: Array = field(repr=False)
    alpha: float
    keep: str = "covariance"

    @property
    def is_localized(self) -> NDArray[np.bool_]:
        """Units that are significantly localized; none if `p_value` exceeds `alpha`."""
        return np.asarray((self.unit_p_values <= self.alpha) & (self.p_value <= self.alpha))

    @property
    def verdict(self) -> str:
        """Result in one sentence."""
        grown = int(self.has_grown.sum())
        if not grown:
            return (
                "Cannot say: no field has grown beyond its initial size. Train for longer, or with "
                "a larger learning rate."
            )
        if not any(np.isfinite(means).any() for means in self.control_statistic.values()):
            return (
                "Cannot say: no field of the controls has grown, because means and covariances do "
                "not distinguish the classes. The data cannot be compared with the controls."
            )
        ratios = ", ".join(
            f"{value:.2f} for {name}"
            for name, value in self.ratio.items()
            if np.isfinite(self.control_statistic[name]).any()
        )
        kind = f"{len(self.controls)} {CONTROLS[self.keep]}"
        comparison = f"ratio to the mean of {kind}: {ratios}; p = {self.p_value:.2g}"
        if self.p_value * (len(self.controls) + 1) < 1.5:
            comparison += ", the smallest possible value"
        if self.p_value <= self.alpha:
            n_alone = int(self.is_localized.sum())
            result = "Localized" if n_alone else "Localized on average"
            alone = (
                f"and {n_alone} of {grown} units are significantly localized"
                if n_alone
                else "but no unit is significant by itself"
            )
            return (
                f"{result}: on average, the fields are more localized than those of the controls, "
                f"{alone} ({comparison})."
            )
        return f"No: the fields are not more localized than those of the controls ({comparison})."

    def table(self) -> Any:
        """Table of the units: `group`, `has_grown`, `value`, `p_value` and `is_localized`."""
        return pd.DataFrame(
            {
                "group": np.select(list(self.groups.values()), list(self.groups), ""),
                "has_grown": self.has_grown,
                "value": self.unit_values,
                "p_value": self.unit_p_values,
                "is_localized": self.is_localized,
            }
        )


def control_test(
    net: FCNet | ConvNet,
    X: ArrayLike,
    y: ArrayLike,
    *,
    keep: Literal["mean", "covariance", "marginals"] = "covariance",
    n_controls: int = 19,
    measure: Callable[[Array], ArrayLike] = ipr,
    alpha: float = 0.05,
    n_jobs: int | None = -1,
    verbose: int = 0,
    random_state: Any = None,
) -> ControlTest:
    """Test whether the fields of a net are localized because its data are not Gaussian.

    The same net is trained on the data and on Gaussian controls, which have exactly the mean and
    covariance of the data in each class (`make_gaussian_clone`). The null hypothesis is that the
    data are Gaussian given the class. Under the null hypothesis, the data and the controls are
    exchangeable, so that the Monte Carlo p-value (Barnard, JRSS B 25, 294, 1963) is exact. The
    p-value is exact for any lattice and boundary, for features with different variances, and for
    classes with different means.

    Parameters
    ----------
    net : FCNet or ConvNet
        Net to train. The net itself remains unfitted; copies of it are trained. All copies use the
        `random_state` of the net, or a common random seed if that `random_state` is None.
    X : array-like of shape (n_samples, n_features)
        Inputs.
    y : array-like of shape (n_samples,)
        Labels.
    keep : {"mean", "covariance", "marginals"}, default="covariance"
        Statistics of each class that the controls have in common with the data. With keep="mean",
        the null hypothesis is that the data are Gaussian with independent features of equal
        variance about the class mean, and the p-value is exact. With keep="marginals", the null
        hypothesis is that the data have a Gaussian copula, that is, that each feature is a
        monotonic function of a feature of Gaussian data, as in an NLGP. The p-value of a test with
        keep="marginals" is approximate.
    n_controls : int, default=19
        Number of controls. The smallest p-value is 1 / (n_controls + 1).
    measure : callable, default=ipr
        Function that maps fields of shape (n_units, n_features) to one number per unit, which must
        increase with localization.
    alpha : float, default=0.05
        Significance level of the test. `alpha` must be at least 1 / (n_controls + 1).
    n_jobs : int, default=-1
        Number of parallel trainings, as in `fit_many`.
    verbose : int, default=0
        Verbosity, as in `fit_many`.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the controls.

    Returns
    -------
    found : ControlTest

    Raises
    ------
    ValueError
        If a training diverges.

    Examples
    --------
    >>> from rfsk import FCNet, control_test, make_nlgp
    >>> X, y = make_nlgp(2000, 30, correlation_length=(1.5, 3.0), random_state=0)
    >>> net = FCNet(10, batch_size=50, max_epochs=20, random_state=0)
    >>> control_test(net, X, y, random_state=0).p_value
    0.05
    """
    if not isinstance(net, FCNet | ConvNet):
        raise TypeError(f"`net` must be an FCNet or ConvNet, got a {type(net).__name__}.")
    check_positive(n_controls, "n_controls", integer=True)
    check_positive(alpha, "alpha")
    if not 1.0 / (n_controls + 1) <= alpha < 1.0:
        raise ValueError(
            "`alpha` must be below 1 and at least the smallest p-value, 1 / (n_controls + 1) = "
            f"{1.0 / (n_controls + 1):.3g}, got {alpha!r}. Increase `n_controls` or `alpha`."
        )
    rng = as_generator(random_state)
    seed = draw_seed(rng) if net.random_state is None else net.random_state
    nets = [clone(net).set_params(random_state=seed) for _ in range(n_controls + 1)]
    data = [(X, y)]
    data += [
        make_gaussian_clone(X, y, keep=keep, random_state=s) for s in spawn_seeds(rng, n_controls)
    ]
    fit_each(nets, data, n_jobs=n_jobs, verbose=verbose)
    if not all(hasattr(fitted, "receptive_fields_") for fitted in nets):
        raise ValueError("A training diverged or was interrupted. Decrease `learning_rate`.")
    fields = np.stack([fitted.receptive_fields_ for fitted in nets])
    values = np.asarray([measure(of_net) for of_net in fields], dtype=np.float64)
    if values.shape != fields.shape[:2]:
        raise ValueError(
            f"`measure` must return one number for each of {fields.shape[1]} units, got shape "
            f"{values.shape[1:]}."
        )
    fitted = nets[0]
    grown = np.linalg.norm(fields, axis=2) > GROWN * fitted.init_scale
    positive = starts_positive(fields[0])
    groups = {"b > 0": positive, "b < 0": ~positive}
    if not fitted.net_.module__bias_init:
        groups = {"all units": np.ones(len(positive), dtype=bool)}
    means = {
        name: np.ma.array(values, mask=~(grown & members)).mean(axis=1).filled(np.nan)
        for name, members in groups.items()
    }
    statistic = {name: float(mean[0]) for name, mean in means.items()}
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = {n: float(mean[0] / mean_of_known(mean[1:])) for n, mean in means.items()}
    unit_p_values = np.full(len(values[0]), np.nan)
    for members in groups.values():
        pool = np.sort(values[1:][grown[1:] & members])
        for unit in np.flatnonzero(members & grown[0]):
            n_above = len(pool) - np.searchsorted(pool, values[0, unit])
            unit_p_values[unit] = (1.0 + n_above) / (1.0 + len(pool))
    tested = np.isfinite(unit_p_values)
    if tested.any():
        unit_p_values[tested] = stats.false_discovery_control(unit_p_values[tested])
    return ControlTest(
        net=fitted,
        controls=nets[1:],
        groups=groups,
        has_grown=grown[0],
        statistic=statistic,
        control_statistic={name: mean[1:] for name, mean in means.items()},
        ratio=ratio,
        p_value=_p_value_of_largest(np.stack(list(means.values()))),
        unit_values=values[0],
        unit_p_values=unit_p_values,
        alpha=alpha,
        keep=keep,
    )


def _p_value_of_largest(means: Array) -> float:
    """p-value of the largest standardized group mean of net 0, which is trained on the data.

    `means` has shape (n_groups, n_nets).
    """
    known = np.ma.masked_invalid(means)
    spread = known.std(axis=1, keepdims=True)
    scores = known.anom(axis=1) / np.ma.where(spread > 0.0, spread, 1.0)
    largest = scores.filled(-np.inf).max(axis=0)
    return float(np.mean(largest >= largest[0]))
