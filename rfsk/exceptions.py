"""Warning classes of rfsk, by which its warnings can be caught or silenced."""

__all__ = ["LikelyMistakeWarning", "NotTestableWarning"]


class LikelyMistakeWarning(UserWarning):
    """Warning about a valid call that is probably a mistake.

    Examples are nets without biases, several classes pooled into one cumulant, transposed fields
    and images whose rows and columns are exchanged. The message gives the reason and the remedy.

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
    """Warning that a test is not valid for the data and returns NaN instead of p-values.

    Localization is tested against fields with random phases. They represent the null hypothesis
    only if all sites of the inputs are statistically equivalent. The message gives the reason.

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
