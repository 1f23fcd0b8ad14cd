"""Sweeps and decompositions on a Dask cluster of processes."""

import os
import signal

import joblib
import numpy as np
import pandas as pd
import pytest

from rfsk.analysis import cumulant
from rfsk.datasets import NLGP
from rfsk.experiments import phase_diagram

dask_array = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

pytestmark = [
    # Of the cluster's own sockets and event loops, as they come and go.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def cluster():
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    with (
        distributed.LocalCluster(**options, dashboard_address=None) as cluster,
        distributed.Client(cluster),
    ):
        yield cluster


def test_a_sweep_is_the_same_on_a_cluster_bit_for_bit(cluster):
    fixed = {"shape": 30, "correlation_length": 3.0, "n_hidden": 6, "learning_time": 200}
    options = {"fixed": fixed, "n_repeats": 2, "random_state": 0}
    with joblib.parallel_config("dask"):
        there = phase_diagram([0.3, 3.0], [3.0], **options)
    here = phase_diagram([0.3, 3.0], [3.0], n_jobs=1, **options)
    here["duration"] = there["duration"]
    assert there["error"].isna().all()
    pd.testing.assert_frame_equal(there, here, check_exact=True)


def test_blocks_lost_with_their_worker_are_drawn_again(cluster):
    def draw(info):
        k = info[0]["chunk-location"][0]
        return NLGP(10, correlation_length=2.0, gain=3.0).sample(2000, random_state=k)

    blocks = dask_array.map_blocks(
        lambda block, block_info=None: draw(block_info),
        dask_array.zeros((12_000, 10), chunks=(2000, 10)),
        dtype=float,
    )
    blocks = blocks.persist()
    distributed.wait(blocks)
    directions = np.eye(10)
    expected = cumulant(blocks).contract(directions)
    np.testing.assert_allclose(expected, cumulant(blocks.compute()).contract(directions))
    os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
    for _ in range(3):
        np.testing.assert_array_equal(cumulant(blocks).contract(directions), expected)
