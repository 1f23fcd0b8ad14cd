"""Checks of input models and Hypothesis strategies for tests."""

import lazy_loader

# The checks are available without Hypothesis, because names are imported on first use.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
