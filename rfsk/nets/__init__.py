"""Networks as scikit-learn estimators, built from torch modules and trained by skorch.

Where torch is not installed, NumPy trains `FCNet` and `ConvNet` with a fixed readout.
"""

import lazy_loader

# Names that need torch are imported on first use.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
