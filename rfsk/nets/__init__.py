"""Networks as scikit-learn estimators, built from torch modules and trained by skorch."""

from ._autoencoder import Autoencoder
from ._convnet import ConvNet
from ._ensemble import fit_each, fit_many, fit_many_online
from ._fcnet import FCNet
from ._persistence import load, save
from ._rbm import RBM
from ._snapshots import EvaluationCurve

__all__ = [
    "RBM",
    "Autoencoder",
    "ConvNet",
    "EvaluationCurve",
    "FCNet",
    "fit_each",
    "fit_many",
    "fit_many_online",
    "load",
    "save",
]
