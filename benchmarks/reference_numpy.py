"""Numbers that the claims of `rfsk.papers` expect, by NumPy and SciPy alone: no rfsk, no torch.

``python benchmarks/reference_numpy.py 5 "ring, gain 3" course`` measures the named parts (all by
default) with the seeds 0 to 4, and prints means and standard deviations over the seeds. The network
is that of A. Ingrosso and S. Goldt (PNAS 119, e2201854119, 2022), trained by plain SGD.
"""

import sys
from collections import deque
from functools import partial

import numpy as np
from scipy.optimize import minimize
from scipy.special import erf


def kernel(shape, length):
    """Covariance exp(-d^2 / length^2) of the sites with site 0, summed over periodic images."""
    rows = np.ones(())
    for side in shape:
        distance = np.arange(side)[:, None] + side * np.arange(-20, 21)
        row = np.exp(-((distance / length) ** 2)).sum(axis=1)
        rows = np.multiply.outer(rows, row / row[0])
    return rows


def gaussian(covariance):
    """Function of a generator and n that draws n periodic Gaussian fields."""
    amplitude = np.sqrt(np.maximum(np.fft.fftn(covariance).real, 0.0))
    axes = tuple(range(1, 1 + covariance.ndim))

    def draw(rng, n):
        noise = np.fft.fftn(rng.standard_normal((n, *covariance.shape)), axes=axes)
        return np.fft.ifftn(noise * amplitude, axes=axes).real.reshape(n, covariance.size)

    return draw


def saturate(z, gain):
    return erf(gain * z / np.sqrt(2.0)) / np.sqrt(2 / np.pi * np.arcsin(gain**2 / (1 + gain**2)))


def nlgp(shape, length, gain):
    latent = gaussian(kernel(shape, length))
    return lambda rng, n: saturate(latent(rng, n), gain)


def control(shape, length, gain):
    fraction = gain**2 / (1.0 + gain**2)
    return gaussian(np.arcsin(fraction * kernel(shape, length)) / np.arcsin(fraction))


def ising(shape, length, _):
    """Independent bonds, kept if they close the ring, and a random first spin."""
    flips = (1.0 - np.exp(-1.0 / length)) / 2.0

    def draw(rng, n):
        bonds = np.where(rng.random((3 * n + 99, *shape)) < flips, -1.0, 1.0)
        bonds = bonds[bonds.prod(axis=1) > 0][:n]
        return np.cumprod(bonds, axis=1) * rng.choice([-1.0, 1.0], (n, 1))

    return draw


def ising_control(shape, length, _):
    lag, a = np.arange(shape[0]), np.exp(-1.0 / length)
    return gaussian((a**lag + a ** (shape[0] - lag)) / (1.0 + a ** shape[0]))


def sample(models, rng, n):
    y = np.sort(rng.integers(0, 2, n))
    return np.concatenate([models[0](rng, n - y.sum()), models[1](rng, y.sum())]), y


def train(models, n_hidden, rate, batch, steps, relu=False, *, rng):
    """Yield weights, biases and the number of steps taken, after each step."""
    n = models[0](rng, 1).shape[1]
    w = 0.1 * rng.standard_normal((n_hidden, n))
    b = np.where(np.arange(n_hidden) < n_hidden // 2, 1.0, -1.0) * (not relu)
    for step in range(1, steps + 1):
        x, y = sample(models, rng, batch)
        h = x @ w.T / np.sqrt(n) + b
        target = y if relu else 1.0 - 2.0 * y
        slope = h > 0 if relu else np.sqrt(2 / np.pi) * np.exp(-(h**2) / 2)
        output = (np.maximum(h, 0) if relu else erf(h / np.sqrt(2.0))).mean(axis=1)
        error = 2.0 * (output - target)[:, None] * slope / batch
        w -= rate * error.T @ x / np.sqrt(n)
        b -= rate / n * error.sum(axis=0)
        yield w, b, step


def loss(inputs, w, b):
    """Squared loss and accuracy of erf units."""
    x, y = inputs
    output = erf((x @ w.T / np.sqrt(w.shape[1]) + b) / np.sqrt(2.0)).mean(axis=1)
    return np.mean((output - 1.0 + 2.0 * y) ** 2), np.mean((output > 0) == (y == 0))


def ipr(w):
    return (w**4).sum(axis=1) / (w**2).sum(axis=1) ** 2


def width(v):
    """Full width at half maximum around the peak, along a ring."""
    v = np.roll(v, -np.abs(v).argmax()) / v[np.abs(v).argmax()]
    right, left = (int(np.argmax(side < 0.5)) for side in (v, v[::-1]))
    total = right - 1 + (v[right - 1] - 0.5) / (v[right - 1] - v[right])
    inner = v[-left] if left else v[0]
    return total + left + (inner - 0.5) / (inner - v[-left - 1])


def groups(models, *training, rng):
    w, b, _ = deque(train(models, *training, rng=rng), maxlen=1).pop()
    half = len(w) // 2
    found = {"IPR b>0": ipr(w[:half]).mean(), "IPR b<0": ipr(w[half:]).mean()}
    found["accuracy"] = loss(sample(models, rng, 20_000), w, b)[1]
    found["width b>0"] = np.median([width(v) for v in w[:half]])
    return found


def course(rng):
    """Losses of a net on the NLGP and the control, and of its fields with random phases."""
    inputs, gaussians = (sample(on(make, 3.0), rng, 200_000) for make in (nlgp, control))
    found = {}
    for w, b, step in train(on(nlgp, 3.0), 40, 1.0, 20, 20_000, rng=rng):
        t = step // 5
        if t in (30, 44, 94, 200, 1000, 4000) and step == 5 * t:
            here, there = (loss(data, w, b)[0] for data in (inputs, gaussians))
            angles = np.exp(2j * np.pi * rng.random((40, 51)))
            angles[:, [0, -1]] = 1.0
            v = np.fft.irfft(np.fft.rfft(w) * angles, 100)
            kept = (loss(gaussians, v, b)[0] - loss(inputs, v, b)[0]) / (there - here)
            found |= {f"t={t}: loss": here, f"t={t}: loss on the control": there}
            found[f"t={t}: gap kept with random phases"] = kept
    local = inputs[0][inputs[1] == 1] @ w[:20].T
    kurtosis = (local**4).mean(axis=0) / (local**2).mean(axis=0) ** 2 - 3.0
    return found | {"excess kurtosis of w.x, b>0": kurtosis.mean()}


def leading_factor(gain, n=400_000, *, rng):
    """Unit a of largest |kappa(a, a, a, a)|, found in one sample, and its weight in another.

    The latent field, scaled, is a control variate: its cumulant is zero.
    """
    spectrum = np.fft.fft(kernel((30,), 3.0)).real

    def cumulant(a, z):
        x, slope = saturate(z, gain), np.mean(z * saturate(z, gain))
        p, q = x @ a, slope * (z @ a)
        smooth = slope**2 * np.fft.ifft(spectrum * np.fft.fft(a)).real
        value = np.mean(p**4) - 3 * np.mean(p**2) ** 2 - np.mean(q**4) + 3 * (a @ smooth) ** 2
        gradient = x.T @ p**3 - 3 * np.mean(p**2) * x.T @ p - slope * z.T @ q**3
        return value, 4 * gradient / n + 12 * (a @ smooth) * smooth

    def objective(a, z):
        length = np.linalg.norm(a)
        value, gradient = cumulant(a / length, z)
        return value, (gradient - (gradient @ a) * a / length**2) / length

    bump = np.exp(-((np.arange(30) - 15.0) ** 2) / 9.0)
    samples = [gaussian(kernel((30,), 3.0))(rng, n) for _ in range(2)]
    a = minimize(objective, bump, samples[0], jac=True, method="L-BFGS-B").x
    a /= np.linalg.norm(a)
    return {"weight": -cumulant(a, samples[1])[0], "IPR": ipr(a[None])[0]}


def on(make, gain, lengths=(5.0, 10.0), shape=(100,)):
    return [make(shape, length, gain) for length in lengths]


PARTS = {}
for name, make, gain in (
    *((f"gain {g:g}", nlgp, g) for g in (0.1, 1.0, 3.0, 10.0)),
    ("control", control, 3.0),
):
    PARTS[f"ring, {name}"] = partial(groups, on(make, gain), 40, 5.0, 100, 4000)
    small = on(make, gain, (1.5, 3.0), (30,))
    PARTS[f"30 sites, {name}"] = partial(groups, small, 40, 1.0, 1000, 3000)
for suffix, make, spins in (("", nlgp, ising), (", control", control, ising_control)):
    torus = on(make, 3.0, (1.0, 2.0), (20, 20))
    PARTS[f"torus{suffix}"] = partial(groups, torus, 100, 20.0, 100, 40_000)
    PARTS[f"relu{suffix}"] = partial(groups, on(make, 3.0), 40, 5.0, 100, 2000, True)
    PARTS[f"ising{suffix}"] = partial(groups, on(spins, 0, (2.0, 5.0)), 40, 5.0, 100, 3000)
PARTS["course"] = course
PARTS |= {f"cumulant, gain {gain}": partial(leading_factor, gain) for gain in (1, 3)}

if __name__ == "__main__":
    n_seeds, *names = sys.argv[1:]
    for name in names or PARTS:
        found = [PARTS[name](rng=np.random.default_rng(seed)) for seed in range(int(n_seeds))]
        for key in found[0]:
            values = np.array([numbers[key] for numbers in found])
            print(f"{name}: {key}: {values.mean():.4f} ± {values.std(ddof=1):.4f}", flush=True)
