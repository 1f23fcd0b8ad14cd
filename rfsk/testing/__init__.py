"""Checks of input models and Hypothesis strategies for your own tests.

The public names are listed in ``__init__.pyi`` and imported on first use, so that the checks do
not need Hypothesis.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
