"""Warnings that rfsk gives, so that they can be caught or silenced by name."""

__all__ = ["LikelyMistakeWarning", "NotTestableWarning"]


class LikelyMistakeWarning(UserWarning):
    """What was asked for can be done, but is probably not what was meant.

    Nets without biases, classes pooled into one cumulant, fields transposed, sides of images
    exchanged: each is told with its reason and its remedy. Where it is meant, silence it.

    Examples
    --------
    >>> import warnings
    >>> from rfsk import FCNet, make_nlgp
    >>> from rfsk.exceptions import LikelyMistakeWarning
    >>> X, y = make_nlgp(500, 20, correlation_length=(1.0, 2.0), random_state=0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", LikelyMistakeWarning)
    ...     net = FCNet(4, bias_init=0, train_bias=False, max_epochs=2, random_state=0).fit(X, y)
    >>> bool((net.biases_ == 0).all())
    True
    """


class NotTestableWarning(UserWarning):
    """A test cannot keep its level on these data, so that it returns NaN instead of p-values.

    Localization is tested with random phases, which are a null hypothesis only if the sites of the
    inputs are alike. The warning gives the reason.

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
    >>> bool(np.isnan(measures[:, -1]).all())
    True
    """
