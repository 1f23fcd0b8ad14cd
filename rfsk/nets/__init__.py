"""What learns: scikit-learn estimators around torch modules trained by skorch."""

from ._convnet import ConvNet
from ._fcnet import FCNet

__all__ = ["ConvNet", "FCNet"]
