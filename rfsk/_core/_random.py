"""Random number generators and their seeds."""

from typing import Any

import numpy as np


def as_generator(random_state: Any) -> np.random.Generator:
    """Convert `random_state` to a NumPy generator; a legacy RandomState seeds a new generator."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**32, size=4, dtype=np.uint32))
    if random_state is None:
        return np.random.default_rng()
    is_integer = isinstance(random_state, int | np.integer) and not isinstance(random_state, bool)
    if is_integer and random_state >= 0:
        return np.random.default_rng(int(random_state))
    raise ValueError(
        "`random_state` must be None, a non-negative integer, a numpy.random.Generator or a "
        f"numpy.random.RandomState, got {random_state!r}."
    )


def generator_and_seed(random_state: Any) -> tuple[np.random.Generator, int | None]:
    """Return a generator and its integer seed; the seed is None if a generator was passed."""
    if random_state is None:
        random_state = int(np.random.SeedSequence().generate_state(1, np.uint32)[0])
    is_seed = isinstance(random_state, int | np.integer)
    return as_generator(random_state), int(random_state) if is_seed else None


def draw_seed(rng: np.random.Generator) -> int:
    """Draw a 63-bit seed for the generator of another library."""
    return int(rng.integers(2**63))


def spawn_seeds(random_state: Any, n: int) -> list[int]:
    """Draw `n` independent integer seeds; a larger `n` only appends seeds."""
    entropy = draw_seed(as_generator(random_state))
    children = np.random.SeedSequence(entropy).spawn(n)
    return [int(child.generate_state(1, np.uint32)[0]) for child in children]


def seed_of_key(entropy: int, key: str, number: int) -> int:
    """Seed of repetition `number` of the computation with the given hexadecimal key.

    The seeds of all keys and repetitions are derived from the integer `entropy`.
    """
    words = [int(key[i : i + 8], 16) for i in range(0, len(key), 8)]
    child = np.random.SeedSequence(entropy, spawn_key=(*words, number))
    return int(child.generate_state(1, np.uint32)[0])
