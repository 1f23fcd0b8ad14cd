"""Classes of the warnings that rfsk emits, for use in warning filters."""

__all__ = ["LikelyMistakeWarning", "NotTestableWarning"]


class LikelyMistakeWarning(UserWarning):
    """Warning about a valid call that is probably a mistake.

    Typical mistakes are nets without biases, several classes pooled into one cumulant, transposed
    fields and images whose rows and columns are exchanged. The message of the warning gives the
    reason and the remedy.

    Examples
    --------
    >>> import warnings
    >>> from rfsk import FCNet, make_nlgp
    >>> from rfsk.exceptions import LikelyMistakeWarning
    >>> X, y = make_nlgp(500, 20, correlation_length=(1.0, 2.0), random_state=0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", LikelyMistakeWarning)
    ...     net = FCNet(4, bias_init=0, train_bias=False, max_epochs=2).fit(X, y)
    """


class NotTestableWarning(UserWarning):
    """Warning that fields cannot be tested for localization, so that their p-values are NaN.

    By default, each field is compared with surrogate fields that have random Fourier phases.
    Surrogate fields with random phases represent the null hypothesis only if all sites of the
    inputs are statistically equivalent. The message of the warning says why the sites do not seem
    to be statistically equivalent.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from rfsk import LocalizationAnalyzer
    >>> from rfsk.exceptions import NotTestableWarning
    >>> fields = np.random.default_rng(0).normal(size=(20, 30)) * np.linspace(0.2, 3.0, 30)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", NotTestableWarning)
    ...     measures = LocalizationAnalyzer(random_state=0).fit_transform(fields)
    """
