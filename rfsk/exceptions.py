"""Warnings that rfsk gives, so that they can be caught or silenced by name."""

__all__ = ["LikelyMistakeWarning"]


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
