from ._autoencoder import Autoencoder as Autoencoder
from ._convnet import ConvNet as ConvNet
from ._ensemble import (
    fit_each as fit_each,
)
from ._ensemble import (
    fit_many as fit_many,
)
from ._ensemble import (
    fit_many_online as fit_many_online,
)
from ._fcnet import FCNet as FCNet
from ._persistence import load as load
from ._persistence import save as save
from ._rbm import RBM as RBM
from ._snapshots import EvaluationCurve as EvaluationCurve
