"""Entries shared by the docstrings of the nets."""

from .._core._docstrings import shared_entries

_ENTRIES = """\
bias_init : float or "auto", default="auto"
    Initial biases: +bias_init for the first half of the units and -bias_init for the second.
    "auto" is 1, but 0 for "relu" and other functions without negative values that are not odd
    about their value at zero (as the logistic function is).
train_bias : bool, default=True
    Whether the biases of the units are trained.
init_scale : float, default=0.1
    Standard deviation of the initial weights.
loss : {"auto", "squared", "cross_entropy"}, default="auto"
    "auto" is "squared" for the fixed readouts and "cross_entropy" for the linear one.
class_weight : "balanced" or dict, optional
    Weights of the classes in the loss: by label, or inversely proportional to their frequencies.
batch_size : int, default=500
    Samples per step. A smaller last batch takes a proportionally smaller step.
optimizer : {"sgd", "adam"} or torch optimizer class, default="sgd"
    "sgd" scales the rates as described for FCNet. Others use `learning_rate` for every parameter
    except the readout, whose rate is `readout_rate` times `learning_rate`.
validation_fraction : float, default=0.0
    Fraction of each class that `fit` keeps for validation. Callbacks can then monitor `valid_loss`
    and `valid_acc`.
image_shape : (int, int), optional
    (rows, columns) of images, one of which may be -1; by default the features form a ring.
record : int, optional
    Number of snapshots of the fields, at least 2, at steps evenly spaced in the logarithm (fewer
    where these coincide).
callbacks : list of skorch callbacks, optional
    Callbacks. One that is called for each training batch selects skorch's slower loop.
device : str, default="auto"
    Torch device for the training. "auto" is "cuda" if it is available, else "cpu".
warm_start : bool, default=False
    Whether `fit` and `fit_online` continue from the fitted net, at the current learning rates.
verbose : int, default=0
    Above 0 skorch prints a line for each epoch.
random_state : int, Generator, RandomState or None, default=None
    Seed of the weights, batches and samples.
**options : dict
    Parameters of skorch for the optimizer and callbacks, such as ``optimizer__momentum=0.9``.
biases_ : ndarray of shape (n_units,)
    Biases of the units.
classes_ : ndarray of shape (n_classes,)
    Labels of the classes.
net_ : skorch.NeuralNet
    The trained skorch net, which numbers the classes from 0.
history_ : skorch.history.History
    `train_loss`, `step` and the records of callbacks per epoch (1/100 of an online run).
loss_curve_ : ndarray of shape (n_epochs,)
    Mean training loss of each epoch.
n_steps_ : int
    Number of training steps.
time_ : float
    `n_steps_` / D, the time in the units of Ingrosso and Goldt (2022).
receptive_field_history_ : ndarray of shape (n_snapshots, n_units, n_features)
    Fields at the steps `snapshot_steps_`; only with `record`.
snapshot_steps_ : ndarray of shape (n_snapshots,)
    Steps of the snapshots; only with `record`.
evaluation_ : EvaluationCurve
    Loss and accuracy on the task and its Gaussian clone; only after `fit_online` with `n_eval`.
shape_ : tuple of int
    Lattice of the features.
seed_ : int or None
    Seed of this net, drawn if `random_state` is None; None if `random_state` is a generator.
n_features_in_ : int
    Number of features.
"""

with_shared_entries = shared_entries(_ENTRIES)
