"""Warnings of rfsk, which can be caught or silenced by class."""

__all__ = ["LikelyMistakeWarning", "NotTestableWarning"]


class LikelyMistakeWarning(UserWarning):
    """A valid request that is probably a mistake.

    Examples are nets without biases, classes pooled into one cumulant, transposed fields and
    exchanged sides of images. The message gives the reason and the remedy.

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
    """A test is not valid for these data and returns NaN instead of p-values.

    Localization is tested against random phases, which are a null hypothesis only if all sites of
    the inputs are statistically equivalent. The message gives the reason.

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
