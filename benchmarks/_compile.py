"""Compile time of the training step, on a machine that has never run it and on one that has."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

_FIRST_FIT = """
import time
import numba, torch, rfsk
X, y = rfsk.make_nlgp(2000, 40, correlation_length=(2.0, 4.0), random_state=0)
task = rfsk.make_nlgp(2, 40, correlation_length=(2.0, 4.0), return_X_y=False).task
net = rfsk.FCNet(8, batch_size=100, max_epochs=1, random_state=0)
start = time.perf_counter()
net.fit(X, y)
net.fit_online(task, 1000)
print(time.perf_counter() - start)
"""


def rows() -> Iterator[dict[str, object]]:
    """First fits with an empty cache, and with a full one."""
    with tempfile.TemporaryDirectory() as folder:
        times = []
        for _ in range(2):
            run = subprocess.run(
                [sys.executable, "-c", _FIRST_FIT],
                env={**os.environ, "NUMBA_CACHE_DIR": folder},
                capture_output=True,
                text=True,
                check=True,
            )
            times.append(float(run.stdout))
            time.sleep(0.1)
    cold, warm = times
    yield {
        "what": f"first fit and fit_online, compiling: {cold:.1f} s ({warm:.2f} s from the cache)",
        "reference": "6 s",
        "ratio": cold / 6.0,
        "limit": 1.0,
        "seconds": cold,
        "seconds from the cache": warm,
    }
