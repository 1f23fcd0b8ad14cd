"""Entries that the docstrings of the nets share."""

from .._core._docstrings import shared_entries

_ENTRIES = """\
bias_init : float or "auto", default="auto"
    Biases start at +bias_init for the first half of the units and -bias_init for the second.
    "auto" is 1, or 0 for "relu" and other functions without negative values, unless they are odd
    about their value at zero as the logistic function is.
train_bias : bool, default=True
    Whether the biases of the units are trained.
init_scale : float, default=0.1
    Standard deviation of the initial weights.
loss : {"auto", "squared", "cross_entropy"}, default="auto"
    "auto" is squared for the fixed readouts and cross-entropy for the linear one.
class_weight : "balanced" or dict, optional
    Weights of the classes in the loss: inversely proportional to their frequencies, or by label.
    Only their ratios matter.
batch_size : int, default=500
    Samples of a step. A smaller last batch takes a step that is shorter in proportion.
optimizer : {"sgd", "adam"} or torch optimizer class, default="sgd"
    "sgd" scales the rates as described for FCNet. With "adam" and torch classes the rate of every
    parameter is `learning_rate`, that of the readout `readout_rate` times as much.
validation_fraction : float, default=0.0
    Fraction of the data that `fit` keeps for validation, of each class alike. The history then
    has `valid_loss` and `valid_acc`, which callbacks can monitor.
image_shape : (int, int), optional
    (rows, columns) of images, one of which may be -1, to be inferred; a ring of all features by
    default.
record : int, optional
    Number of snapshots of the fields to keep, at least 2, at steps from the start to the end that
    are spaced evenly in the logarithm (fewer where these coincide).
callbacks : list of skorch callbacks, optional
    Called as in skorch; one that listens to single training batches selects skorch's slower loop.
device : str, default="auto"
    A torch device for the training. "auto" is cuda where there is one, else cpu.
warm_start : bool, default=False
    Whether `fit` and `fit_online` continue from the fitted net, at the rates set now.
verbose : int, default=0
    Above 0 skorch prints a line for each epoch.
random_state : int, Generator, RandomState or None, default=None
    Seed of the weights, batches and samples. Global generators are left alone.
**options : dict
    Parameters of skorch for the optimizer and for callbacks by name, such as
    ``optimizer__momentum=0.9``.
biases_ : ndarray of shape (n_units,)
    Biases of the units at the end of training.
classes_ : ndarray of shape (n_classes,)
    Labels.
net_ : skorch.NeuralNet
    The skorch net inside, which numbers the classes from 0.
history_ : skorch.history.History
    `train_loss`, `step` and what callbacks record, by epoch (1/100 of an online run).
loss_curve_ : ndarray of shape (n_epochs,)
    Mean training loss of each epoch.
n_steps_ : int
    Steps taken.
time_ : float
    Steps / D, the unit of time of the paper.
receptive_field_history_ : ndarray of shape (n_snapshots, n_units, n_features)
    Fields at the steps `snapshot_steps_`. Only with `record`.
snapshot_steps_ : ndarray of shape (n_snapshots,)
    Only with `record`.
evaluation_ : EvaluationCurve
    Loss and accuracy on the task and on its Gaussian clone. Only after `fit_online` with `n_eval`.
shape_ : tuple of int
    Lattice of the features.
seed_ : int or None
    The seed of this net, newly drawn if `random_state` is None, and None if that is a generator.
n_features_in_ : int
    Number of features.
"""

with_shared_entries = shared_entries(_ENTRIES)
