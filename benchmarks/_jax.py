"""Online training as one writes it in plain JAX: `jit` of a `lax.scan` that draws its batches.

A step draws a batch of the NLGP task, half of it of each class (at batch one, of a random class),
and takes the step of SGD of the paper's scaling. Fields are the product of white noise with the
square root of the latent covariance: on a torus, whose covariance is a product, with one factor for
each axis.
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from rfsk.datasets import NLGP


def roots(model: NLGP) -> list[jax.Array]:
    """Square roots of the latent covariance, one for each axis of the lattice."""
    latent = model.latent_autocovariance()
    lines = [latent] if latent.ndim == 1 else [latent[:, 0], latent[0]]
    powers = [np.fft.fft(line / line[0]).real.clip(min=0.0) for line in lines]
    filters = [np.fft.ifft(np.sqrt(power)).real for power in powers]
    return [
        jnp.asarray(np.stack([np.roll(f, i) for i in range(len(f))]), dtype=jnp.float32)
        for f in filters
    ]


def trainer(
    models: list[NLGP], n_units: int, batch_size: int, n_steps: int, rate: float
) -> Callable[[int], tuple[jax.Array, jax.Array]]:
    """Function from a seed to the trained weights and biases.

    Parameters
    ----------
    models : list of two NLGP
    n_units, batch_size, n_steps : int
    rate : float
        Learning rate.
    """
    shape, n_features = models[0].shape, models[0].n_features
    root = [jnp.stack(pair) for pair in zip(*map(roots, models), strict=True)]
    scale = [model.gain / math.sqrt(2.0) for model in models]
    norm = [1.0 / model.normalization for model in models]
    amplitude, factor = jnp.asarray(scale), jnp.asarray(norm)

    def fields(noise: jax.Array, label: jax.Array | int) -> jax.Array:
        latent = noise @ root[-1][label]
        if len(shape) == 2:
            latent = jnp.einsum("nij,ik->nkj", latent, root[0][label])
        return factor[label] * jax.lax.erf(amplitude[label] * latent).reshape(-1, n_features)

    def draw(key: jax.Array) -> tuple[jax.Array, jax.Array]:
        which, key = jax.random.split(key)
        noise = jax.random.normal(key, (batch_size, *shape), dtype=jnp.float32)
        if batch_size == 1:
            label = jax.random.bernoulli(which).astype(jnp.int32)
            return fields(noise, label), jnp.where(label == 0, 1.0, -1.0)[None]
        half = batch_size // 2
        X = jnp.concatenate([fields(noise[:half], 0), fields(noise[half:], 1)])
        return X, jnp.where(jnp.arange(batch_size) < half, 1.0, -1.0)

    def loss(parameters: tuple[jax.Array, jax.Array], X: jax.Array, y: jax.Array) -> jax.Array:
        weight, bias = parameters
        hidden = jax.lax.erf((X @ weight.T / math.sqrt(n_features) + bias) / math.sqrt(2.0))
        return jnp.mean((hidden.mean(axis=1) - y) ** 2)

    def step(
        parameters: tuple[jax.Array, jax.Array], key: jax.Array
    ) -> tuple[tuple[jax.Array, jax.Array], None]:
        of_weight, of_bias = jax.grad(loss)(parameters, *draw(key))
        weight, bias = parameters
        step_of_weight = rate * n_units
        return (
            weight - step_of_weight * of_weight,
            bias - step_of_weight / n_features * of_bias,
        ), None

    @jax.jit
    def train(key: jax.Array) -> tuple[jax.Array, jax.Array]:
        first, key = jax.random.split(key)
        weight = 0.1 * jax.random.normal(first, (n_units, n_features), dtype=jnp.float32)
        bias = jnp.where(jnp.arange(n_units) < n_units / 2, 1.0, -1.0)
        parameters, _ = jax.lax.scan(step, (weight, bias), jax.random.split(key, n_steps))
        return parameters

    return lambda seed: jax.block_until_ready(train(jax.random.key(seed)))
