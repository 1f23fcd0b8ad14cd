"""Entries that the docstrings of the nets have in common."""

from .._core._docstrings import shared_entries

_ENTRIES = """\
bias_init : float or "auto", default="auto"
    Initial biases: +bias_init for the first half of the units and -bias_init for the second.
    "auto" is 0 for "relu" and for other activations without negative values, except for activations
    that are an odd function plus a constant, such as the logistic function. For all other
    activations, "auto" is 1.
train_bias : bool, default=True
    Whether the biases of the units are trained.
init_scale : float, default=0.1
    Standard deviation of the initial weights.
loss : {"auto", "squared", "cross_entropy"}, default="auto"
    Loss function. "auto" is "squared" for fixed readouts and "cross_entropy" for the linear
    readout.
class_weight : "balanced" or dict, optional
    Weights of the classes in the loss: a dict that maps labels to weights, or "balanced" for
    weights that are inversely proportional to the frequencies of the classes.
batch_size : int, default=500
    Number of samples per step. If the last batch is smaller, the last step is proportionally
    smaller.
optimizer : {"sgd", "adam"} or torch optimizer class, default="sgd"
    Optimizer. With "sgd", learning rates scale as described for `FCNet`. Other optimizers use
    `learning_rate` for all parameters except the readout. The learning rate of the readout is
    `readout_rate` times `learning_rate`.
validation_fraction : float, default=0.0
    Fraction of each class that `fit` keeps for validation. Callbacks can then monitor `valid_loss`
    and `valid_acc`.
image_shape : (int, int), optional
    Numbers of rows and columns of images. One of them may be -1, and then follows from the number
    of features. By default, the features form a ring.
record : int, optional
    Number of snapshots of the fields, at least 2. The steps of the snapshots are evenly spaced in
    the logarithm; steps that coincide are recorded once.
callbacks : list of skorch callbacks, optional
    Callbacks. If a callback is called for each training batch, training uses the slower loop of
    skorch.
device : str, default="auto"
    Torch device for the training. "auto" is "cuda" if a CUDA device is available, and "cpu"
    otherwise.
warm_start : bool, default=False
    Whether `fit` and `fit_online` continue the training of the fitted net, with the current
    learning rates.
verbose : int, default=0
    If positive, skorch prints a line for each epoch.
random_state : int, Generator, RandomState or None, default=None
    Seed of the weights, batches and samples.
**options : dict
    Parameters of skorch for the optimizer and the callbacks, such as ``optimizer__momentum=0.9``.
biases_ : ndarray of shape (n_units,)
    Biases of the units.
classes_ : ndarray of shape (n_classes,)
    Labels of the classes.
net_ : skorch.NeuralNet
    Trained skorch net, in which the labels are the numbers of the classes, from 0.
history_ : skorch.history.History
    `train_loss`, `step` and the records of callbacks for each epoch. An online fit is divided into
    100 epochs.
loss_curve_ : ndarray of shape (n_epochs,)
    Mean training loss of each epoch.
n_steps_ : int
    Number of training steps.
time_ : float
    Training time `n_steps_` / D, where D is the number of features, as in Ingrosso and Goldt
    (2022).
receptive_field_history_ : ndarray of shape (n_snapshots, n_units, n_features)
    Fields at the steps `snapshot_steps_`; only with `record`.
snapshot_steps_ : ndarray of shape (n_snapshots,)
    Steps of the snapshots; only with `record`.
evaluation_ : EvaluationCurve
    Loss and accuracy during training, on the task and on its control (Gaussian inputs with the same
    means and covariances); only after `fit_online` with `n_eval`.
shape_ : tuple of int
    Lattice of the features.
seed_ : int or None
    Seed of this net. If `random_state` is None, a seed is drawn. If `random_state` is a generator,
    `seed_` is None.
n_features_in_ : int
    Number of features.
"""

with_shared_entries = shared_entries(_ENTRIES)
