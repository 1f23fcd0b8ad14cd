"""LocalizationAnalyzer, which measures and tests localization, and a scorer for grid searches."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import (
    check_option,
    check_positive,
    learn_fields,
    validate_fields,
)
from ._measures import (
    center_of,
    concentration_of,
    frequency_of,
    ipr_of,
    orientation_of,
    scaled_images,
    spread_of,
    width_of,
)
from ._nulls import compact_p_values, ipr_p_values, null_ipr, random_phases, warn_not_testable
from ._profiles import PROFILES, profiles_of
from ._receptive_fields import receptive_fields


class LocalizationAnalyzer(TransformerMixin, BaseEstimator):
    """Measure how localized receptive fields are, and test each field against a null hypothesis.

    By default, a field is localized if it is compact and if its IPR is significantly larger than
    the IPR of surrogates with the same power spectrum and random phases. The second-order
    statistics of translation-invariant inputs determine only the power spectrum of a field and not
    its phases, so that the rate of false positives of the test is known. A field is compact if some
    disc of 1 / IPR sites contains more than 55 % of the field's energy, and significantly more than
    after random permutations of the sites. If a single site has half of the field's energy, the
    field is not compared with permutations.

    Parameters
    ----------
    shape : int or tuple of int, optional
        Lattice of the features: a ring by default, (rows, columns) for images.
    null : "phase", array-like of shape (n_null, n_features) or fitted net, default="phase"
        Null fields, with whose IPR the IPR of each field is compared. "phase" stands for surrogates
        of the field with random phases. Null fields can be given as an array, for example of noise,
        or as a net trained on the control (Gaussian inputs with the same mean and covariance).
    n_null : int, default=199
        Number of surrogates. The smallest possible p-value of a field is 1 / (n_null + 1).
    alpha : float, default=0.05
        Level of the test: the probability that a field with random phases is called localized.
    profile : {"gaussian", "gabor", "dog"}, optional
        Profile to fit to each field (`fit_profiles`). If a profile is given, the result of
        `transform` has additional columns.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the phases of the surrogates. The phases of the surrogates are drawn once, in `fit`.

    Attributes
    ----------
    shape_ : tuple of int
    phases_ : ndarray of shape (n_null,) + half spectrum
        Fourier phases of the surrogates, which are equal for all fields. The attribute `phases_`
        exists only with ``null="phase"``.
    null_ipr_ : ndarray of shape (n_null,)
        Sorted IPR of the null fields. The attribute `null_ipr_` exists only if `null` is an array
        of fields or a net.
    not_testable_ : str or None
        Reason why the fields cannot be tested with ``null="phase"``, or None if they can be tested.
    n_features_in_ : int

    Notes
    -----
    For inputs that are not translation-invariant, such as photographs and digits, `p_value` and
    `is_localized` are NaN, and a warning gives the reason. `rfsk.control_test` also tests fields
    that nets learn from inputs without translation invariance.

    The columns of the result are ``ipr``; ``width``; ``center_0`` (and ``center_1``); ``spread``;
    ``concentration``, the largest fraction of the energy in a disc of 1 / IPR sites (0.93 for a
    Gaussian bump on a ring, 0.87 on a torus); ``excess_kurtosis`` (n_features * ipr - 3);
    ``dominant_frequency``; for images ``orientation``; with a profile ``profile_width`` (geometric
    mean over the axes) and ``profile_explained_variance``; ``p_value`` (of the IPR); and
    ``is_localized`` (0 or 1). Lengths are in sites, frequencies in cycles per site, and
    orientations in degrees. For a field of zeros, ``is_localized`` is 0 and all other columns are
    NaN. A sinusoid has the same IPR as its surrogates and is not localized, except at a quarter of
    the sampling frequency, where the IPR of a sinusoid depends on its phase.

    Examples
    --------
    >>> from rfsk import LocalizationAnalyzer
    >>> analyzer = LocalizationAnalyzer(random_state=0).set_output(transform="pandas")
    >>> analyzer.fit_transform([[0, 3, 9, 3] + [0] * 46])[["ipr", "width", "is_localized"]].round(2)
        ipr  width  is_localized
    0  0.69    1.5           1.0
    """

    def __init__(
        self,
        shape: int | tuple[int, ...] | None = None,
        *,
        null: Any = "phase",
        n_null: int = 199,
        alpha: float = 0.05,
        profile: str | None = None,
        random_state: Any = None,
    ) -> None:
        self.shape = shape
        self.null = null
        self.n_null = n_null
        self.alpha = alpha
        self.profile = profile
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None, *, inputs: Any = None) -> "LocalizationAnalyzer":
        """Store the lattice, draw random phases, and check that these are a valid null hypothesis.

        Parameters
        ----------
        X : array-like of shape (n_units, n_features)
        y : ignored
        inputs : array-like of shape (n_samples, n_features), or input model, optional
            Inputs from which the fields were learned; `why_not_testable` tests whether their sites
            are equivalent.
        """
        if getattr(y, "ndim", 1) == 2:
            raise TypeError(
                f"`y` is ignored and must not be a matrix, got shape {y.shape}. Pass the inputs "
                "of the net by name: fit(fields, inputs=X)."
            )
        check_positive(self.n_null, "n_null", integer=True)
        check_positive(self.alpha, "alpha")
        if isinstance(self.null, str):
            check_option(self.null, "null", ("phase",))
        if self.profile is not None:
            check_option(self.profile, "profile", PROFILES)
        fields, self.shape_ = learn_fields(self, X, self.shape)
        for name in ("phases_", "null_ipr_"):  # attributes of an earlier fit
            self.__dict__.pop(name, None)
        self.not_testable_, n_null = None, self.n_null
        if isinstance(self.null, str):
            self.not_testable_ = warn_not_testable(fields, self.shape_, inputs)
            self.phases_ = random_phases(self.shape_, n_null, as_generator(self.random_state))
        else:
            self.null_ipr_ = null_ipr(self.null, self.n_features_in_)
            n_null = len(self.null_ipr_)
        if not 1.0 / (n_null + 1) <= self.alpha < 1.0:
            raise ValueError(
                f"`alpha` must be below 1 and at least the smallest p-value, 1 / (n_null + 1) = "
                f"{1 / (n_null + 1):.3g}, got {self.alpha!r}. Increase `n_null` or `alpha`."
            )
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Measure each field, and return the columns listed in the Notes of `LocalizationAnalyzer`.

        Parameters
        ----------
        X : array-like of shape (n_units, n_features)
        """
        check_is_fitted(self)
        fields = validate_fields(self, X)
        images = scaled_images(fields, self.shape_)
        ratio = ipr_of(images)
        columns = [ratio, width_of(images), *center_of(images).T, spread_of(images)]
        columns += [concentration_of(images), fields.shape[1] * ratio - 3.0, frequency_of(images)]
        if len(self.shape_) == 2:
            columns.append(orientation_of(images))
        if self.profile is not None:
            fit = profiles_of(fields.reshape(images.shape), self.profile)
            columns += [
                np.exp(np.log(fit.filter(like="width")).mean(axis=1)),
                fit.explained_variance,
            ]
        null = self.phases_ if hasattr(self, "phases_") else self.null_ipr_
        p_value, n_orders = ipr_p_values(images, null), math.ceil(10.0 / self.alpha) - 1
        larger = np.maximum(p_value, compact_p_values(images, n_orders))
        is_localized = (larger <= self.alpha).astype(np.float64)
        if self.not_testable_ is not None:
            p_value[:] = is_localized[:] = np.nan
        return np.column_stack([*columns, p_value, is_localized])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the columns that `transform` returns.

        Parameters
        ----------
        input_features : ignored
        """
        check_is_fitted(self)
        names = ["ipr", "width", *(f"center_{axis}" for axis in range(len(self.shape_)))]
        names += ["spread", "concentration", "excess_kurtosis", "dominant_frequency"]
        names += ["orientation"] * (len(self.shape_) == 2)
        names += ["profile_width", "profile_explained_variance"] * (self.profile is not None)
        return np.asarray([*names, "p_value", "is_localized"], dtype=object)


def localization_score(estimator: Any, X: Any = None, y: Any = None) -> float:
    """Mean inverse participation ratio of the receptive fields of a fitted estimator.

    This function can be passed as ``scoring=`` to a grid search. The IPR of a field of zeros counts
    as 1 / n_features.

    Parameters
    ----------
    estimator : object
        Fitted estimator, or anything that `receptive_fields` accepts.
    X, y : ignored

    Returns
    -------
    score : float

    Examples
    --------
    >>> from rfsk import localization_score
    >>> localization_score([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    0.75
    """
    fields = receptive_fields(estimator)
    ratio = ipr_of(scaled_images(fields, fields.shape[1:]))
    return float(np.mean(np.nan_to_num(ratio, nan=1.0 / fields.shape[1])))
