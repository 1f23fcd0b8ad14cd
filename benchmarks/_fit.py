"""FCNet.fit against loops that make the same updates."""

import math
import warnings
from collections.abc import Iterator

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from skorch import NeuralNetClassifier

from rfsk import FCNet, make_nlgp
from rfsk.nets._modules import FullyConnected

from ._timing import best_of

N_HIDDEN, RATE, DECAY = 64, 5.0, 2e-4


def torch_loop(X: np.ndarray, targets: np.ndarray, batch_size: int, epochs: int) -> torch.Tensor:
    """Autograd, torch.optim.SGD and randperm batches, as one writes them by hand."""
    inputs, y = torch.tensor(X, dtype=torch.float32), torch.tensor(targets, dtype=torch.float32)
    D = X.shape[1]
    w = torch.nn.Parameter(0.1 * torch.randn(N_HIDDEN, D))
    b = torch.nn.Parameter(torch.ones(N_HIDDEN))
    rate = RATE * N_HIDDEN
    optimizer = torch.optim.SGD(
        [
            {"params": [w], "lr": rate, "weight_decay": DECAY / N_HIDDEN},
            {"params": [b], "lr": rate / D},
        ],
        lr=rate,
    )
    for _ in range(epochs):
        order = torch.randperm(len(inputs))
        for start in range(0, len(inputs), batch_size):
            rows = order[start : start + batch_size]
            optimizer.zero_grad()
            h = inputs[rows] @ w.T / math.sqrt(D) + b
            phi = torch.erf(h / math.sqrt(2)).mean(dim=1)
            loss = ((phi - y[rows]) ** 2).mean()
            loss.backward()
            optimizer.step()
    return w


def gradient_loop(X: np.ndarray, targets: np.ndarray, batch_size: int, epochs: int) -> torch.Tensor:
    """The same updates with gradients derived by hand: the nearer limit."""
    inputs, y = torch.tensor(X, dtype=torch.float32), torch.tensor(targets, dtype=torch.float32)
    D = X.shape[1]
    w, b = 0.1 * torch.randn(N_HIDDEN, D), torch.ones(N_HIDDEN)
    slope = 2.0 * math.sqrt(2.0 / math.pi)
    for _ in range(epochs):
        for rows in torch.randperm(len(inputs)).split(batch_size):
            x = inputs.index_select(0, rows)
            h = torch.addmm(b, x, w.T, alpha=1.0 / math.sqrt(D))
            residual = torch.erf(h * (1.0 / math.sqrt(2.0))).mean(dim=1)
            residual.sub_(y.index_select(0, rows)).mul_(slope / len(x))
            gradient = h.square_().mul_(-0.5).exp_().mul_(residual[:, None])
            w.mul_(1.0 - RATE * DECAY).addmm_(gradient.T, x, alpha=-RATE / math.sqrt(D))
            b.sub_(gradient.sum(dim=0), alpha=RATE / D)
    return w


def plain_skorch(
    X: np.ndarray, targets: np.ndarray, batch_size: int, epochs: int
) -> NeuralNetClassifier:
    """The same module in skorch as it comes, without a validation split."""
    rate = RATE * N_HIDDEN
    net = NeuralNetClassifier(
        FullyConnected,
        criterion=torch.nn.MSELoss,
        module__n_features=X.shape[1],
        module__n_hidden=(N_HIDDEN,),
        module__n_outputs=1,
        module__activation="erf",
        module__readout="mean",
        module__init_scale=0.1,
        module__bias_init=1.0,
        module__train_bias=True,
        module__seed=0,
        optimizer__param_groups=[
            ("weight", {"lr": rate, "weight_decay": DECAY / N_HIDDEN}),
            ("bias", {"lr": rate / X.shape[1]}),
        ],
        batch_size=batch_size,
        max_epochs=epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    return net.fit(X.astype(np.float32), targets.astype(np.float32))


def fcnet(batch_size: int, epochs: int) -> FCNet:
    """Ours, at the rates of the others."""
    return FCNet(
        N_HIDDEN,
        batch_size=batch_size,
        max_epochs=epochs,
        learning_rate=RATE,
        weight_decay=DECAY,
        random_state=0,
    )


def scikit_learn(batch_size: int, epochs: int) -> MLPClassifier:
    """A net of the same size and method, with its readout and cross-entropy."""
    return MLPClassifier(
        N_HIDDEN,
        activation="tanh",
        solver="sgd",
        momentum=0.0,
        learning_rate_init=0.1,
        batch_size=batch_size,
        max_iter=epochs,
        n_iter_no_change=epochs,
        random_state=0,
    )


def against_loops(D: int, X: np.ndarray, y: np.ndarray) -> Iterator[dict[str, object]]:
    """Loops of torch and scikit-learn's perceptron, at two batch sizes."""
    targets = 1.0 - 2.0 * y
    for batch_size, epochs, limit, most in (
        (10, 1, None, 0.1),
        (100, 5, None, 0.35),
        (1000, 15, 1.0, 0.8),
    ):
        net = fcnet(batch_size, epochs)
        peer = scikit_learn(batch_size, epochs)
        arguments = (X, targets, batch_size, epochs)
        contenders = {
            "rfsk": lambda net=net: net.fit(X, y),
            "torch loop": lambda arguments=arguments: torch_loop(*arguments),
            "hand-derived gradients": lambda arguments=arguments: gradient_loop(*arguments),
        }
        steps = epochs * math.ceil(len(X) / batch_size)
        loops = best_of(contenders, rounds=4)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            # Apart from the loops: the threads of its BLAS slow what follows them.
            peers = best_of(
                {"rfsk": contenders["rfsk"], "MLPClassifier": lambda peer=peer: peer.fit(X, y)}
            )
        if D > 100:  # no limits but one: matrix products of a BLAS gain on ours as they grow
            most = 1.0 if batch_size < 1000 else None
        limits = {"torch loop": most, "hand-derived gradients": None, "MLPClassifier": limit}
        for reference, most in limits.items():
            seconds = peers if reference in peers else loops
            yield {
                "what": f"FCNet.fit, D={D}, K=64, batch {batch_size}",
                "reference": reference,
                "ratio": seconds["rfsk"] / seconds[reference],
                "limit": most,
                "microseconds a step": 1e6 * seconds["rfsk"] / steps,
            }


def rows() -> Iterator[dict[str, object]]:
    """Two sizes of inputs against loops, and one against skorch."""
    X, y = make_nlgp(random_state=0)
    yield from against_loops(100, X, y)
    yield from against_loops(
        784, *make_nlgp(10_000, (28, 28), correlation_length=(2.0, 4.0), random_state=0)
    )
    targets = 1.0 - 2.0 * y
    net = fcnet(100, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds = best_of(
            {"rfsk": lambda: net.fit(X, y), "skorch": lambda: plain_skorch(X, targets, 100, 1)},
            rounds=3,
        )
    yield {
        "what": "FCNet.fit, D=100, K=64, batch 100",
        "reference": "plain skorch.NeuralNetClassifier",
        "ratio": seconds["rfsk"] / seconds["skorch"],
        "limit": 1 / 3,
        "microseconds a step": 1e6 * seconds["rfsk"] / math.ceil(len(X) / 100),
    }
