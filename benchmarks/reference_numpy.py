"""Numbers that the claims of `rfsk.papers` expect, by NumPy and SciPy alone: no rfsk, no torch.

``python benchmarks/reference_numpy.py 5 ring`` trains the two-layer network of A. Ingrosso and
S. Goldt (PNAS 119, e2201854119, 2022) by plain SGD, five seeds from 0 on, and prints the mean and
the standard deviation of each number over the seeds. Other parts are named at the end of the file.
"""

import sys
from functools import partial

import numpy as np
from scipy.optimize import minimize
from scipy.special import erf


def kernel(shape, length):
    """Covariance exp(-d^2 / length^2) of the sites with site 0, summed over periodic images."""
    rows = np.ones(())
    for side in shape:
        d = np.arange(side)[:, None] + side * np.arange(-20, 21)
        row = np.exp(-((d / length) ** 2)).sum(axis=1)
        rows = np.multiply.outer(rows, row / row[0])
    return rows


def gaussian(covariance):
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


def clone(shape, length, gain):
    share = gain**2 / (1.0 + gain**2)
    return gaussian(np.arcsin(share * kernel(shape, length)) / np.arcsin(share))


def ising(sites, length):
    """Independent bonds, kept if they close the ring, and a random first spin."""
    flips = (1.0 - np.exp(-1.0 / length)) / 2.0

    def draw(rng, n):
        bonds = np.where(rng.random((3 * n + 99, sites)) < flips, -1.0, 1.0)
        bonds = bonds[bonds.prod(axis=1) > 0][:n]
        return np.cumprod(bonds, axis=1) * rng.choice([-1.0, 1.0], (n, 1))

    return draw


def spins_clone(sites, length):
    a = np.exp(-1.0 / length)
    lag = np.arange(sites)
    return gaussian((a**lag + a ** (sites - lag)) / (1.0 + a**sites))


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
        g = 2.0 * (output - target)[:, None] * slope / batch
        w -= rate * g.T @ x / np.sqrt(n)
        b -= rate / n * g.sum(axis=0)
        yield w, b, step


def ipr(w):
    return (w**4).sum(axis=1) / (w**2).sum(axis=1) ** 2


def width(w):
    """Full width at half maximum on a ring."""
    w = [np.roll(v * np.sign(v[np.abs(v).argmax()]), -np.abs(v).argmax()) for v in w]
    return [sum(_fall(v / v[0]) for v in (v, np.roll(v[::-1], 1))) for v in w]


def _fall(v):
    i = int(np.argmax(v < 0.5))
    return i - 1 + (v[i - 1] - 0.5) / (v[i - 1] - v[i])


def loss(models_or_sample, w, b):
    x, y = models_or_sample
    output = erf((x @ w.T / np.sqrt(w.shape[1]) + b) / np.sqrt(2.0)).mean(axis=1)
    return np.mean((output - 1.0 + 2.0 * y) ** 2), np.mean((output > 0) == (y == 0))


def groups(models, *training, rng):
    for w, b, _ in train(models, *training, rng=rng):
        pass
    half = len(w) // 2
    found = {"IPR b>0": ipr(w[:half]).mean(), "IPR b<0": ipr(w[half:]).mean()}
    found["accuracy"] = loss(sample(models, rng, 20_000), w, b)[1]
    found["width b>0"] = np.median(width(w[:half]))
    return found


def course(rng):
    """Losses of a net on the NLGP and the clone, and of its fields with random phases."""
    tasks = [[make((100,), xi, 3.0) for xi in (5.0, 10.0)] for make in (nlgp, clone)]
    inputs, gaussians = (sample(task, rng, 200_000) for task in tasks)
    found = {}
    for w, b, step in train(tasks[0], 40, 1.0, 20, 20_000, rng=rng):
        if (t := step // 5) in (30, 44, 94, 200, 1000, 4000) and step == 5 * t:
            on, off = (loss(data, w, b)[0] for data in (inputs, gaussians))
            found |= {f"t={t}: loss": on, f"t={t}: loss on the clone": off}
            angles = np.exp(2j * np.pi * rng.random((40, 51)))
            angles[:, [0, -1]] = 1.0
            v = np.fft.irfft(np.fft.rfft(w) * angles, 100)
            kept = loss(gaussians, v, b)[0] - loss(inputs, v, b)[0]
            found[f"t={t}: gap kept with random phases"] = kept / (off - on)
    local = inputs[0][inputs[1] == 1] @ w[:20].T
    found["excess kurtosis of w.x, b>0"] = np.mean(
        (local**4).mean(axis=0) / (local**2).mean(axis=0) ** 2 - 3.0
    )
    return found


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


BATCHES = (40, 5.0, 100, 4000)
SMALL, FAST, TORUS = (1.5, 3.0), (40, 1.0, 1000, 3000), (100, 20.0, 100, 40_000)
RELU, SPIN = (40, 5.0, 100, 2000, True), (40, 5.0, 100, 3000)
MEASURES = {
    **{f"ring, gain {g:g}": partial(groups, on(nlgp, g), *BATCHES) for g in (0.1, 1.0, 3.0, 10.0)},
    "ring, clone": partial(groups, on(clone, 3.0), *BATCHES),
    "relu": partial(groups, on(nlgp, 3.0), *RELU),
    "relu, clone": partial(groups, on(clone, 3.0), *RELU),
    "ising": partial(groups, [ising(100, 2.0), ising(100, 5.0)], *SPIN),
    "ising, clone": partial(groups, [spins_clone(100, 2.0), spins_clone(100, 5.0)], *SPIN),
    **{f"30 sites, gain {g:g}": partial(groups, on(nlgp, g, SMALL, (30,)), *FAST) for g in (1.0, 3.0)},
    "30 sites, clone": partial(groups, on(clone, 3.0, SMALL, (30,)), *FAST),
    "course": course,
    **{f"cumulant, gain {g:g}": partial(leading_factor, g) for g in (0.1, 1.0, 3.0)},
    "torus": partial(groups, on(nlgp, 3.0, (1.0, 2.0), (20, 20)), *TORUS),
    "torus, clone": partial(groups, on(clone, 3.0, (1.0, 2.0), (20, 20)), *TORUS),
}
if __name__ == "__main__":
    n_seeds, *names = sys.argv[1:]
    for name in names or MEASURES:
        rows = [MEASURES[name](rng=np.random.default_rng(seed)) for seed in range(int(n_seeds))]
        for key in rows[0]:
            values = np.array([row[key] for row in rows])
            print(f"{name}: {key}: {values.mean():.4f} ± {values.std(ddof=1):.4f}", flush=True)
