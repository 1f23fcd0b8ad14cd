"""Receptive fields in the style of scikit-learn.

Train networks, measure the receptive fields that they learn, and predict these fields. The public
names are listed in ``__init__.pyi`` and imported on first use, so that `rfsk.datasets` and
`rfsk.analysis` need neither torch nor matplotlib.
"""

import lazy_loader

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
