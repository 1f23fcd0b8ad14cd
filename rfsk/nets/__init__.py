"""What learns: scikit-learn estimators around torch modules trained by skorch."""

from ._autoencoder import Autoencoder
from ._convnet import ConvNet
from ._evaluation import EvaluationCurve
from ._fcnet import FCNet
from ._persistence import load, save
from ._pruning import iterative_magnitude_pruning

__all__ = [
    "Autoencoder",
    "ConvNet",
    "EvaluationCurve",
    "FCNet",
    "iterative_magnitude_pruning",
    "load",
    "save",
]
