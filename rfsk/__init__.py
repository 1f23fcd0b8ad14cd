"""Receptive fields in the style of scikit-learn.

Train networks whose receptive fields form on data, measure these fields, and predict them. The
public names are listed in ``__init__.pyi`` and imported on first use, so that data and analysis
need neither torch nor matplotlib.
"""

import lazy_loader

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
