"""The same studies on a GPU, where there is one; and what leads there, where there is none."""

import numpy as np
import pytest
import torch

from rfsk.experiments import FieldStudy, gain_sweep
from rfsk.experiments import _field_study as module

COARSE = {"learning_rate": 5.0, "batch_size": 100}


def means(device, **options):
    fixed = {**COARSE, "device": device}
    return gain_sweep((1.0, 3.0), n_seeds=8, fixed=fixed, random_state=0, **options).mean()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", ["ipr_positive", "ipr_negative", "accuracy"])
def test_fields_grown_on_a_gpu_follow_the_law_of_the_cpu(name):
    here, there = means("cpu"), means("cuda", n_jobs=1)
    error = np.hypot(here[f"{name}_sem"], there[f"{name}_sem"])
    assert np.all(np.abs(here[name] - there[name]) < 5 * error)


def test_a_device_trains_many_more_nets_at_once(monkeypatch):
    study, small = FieldStudy(), {"shape": 20, "correlation_length": 2.0}
    on_cpu = study.at_once(small), study.group(small), study.group({**small, "batch_size": 1})
    monkeypatch.setattr(module, "resolve_device", lambda name: torch.device("cuda"))
    assert (on_cpu[0], study.at_once(small)) == (16, 512)
    assert study.group(small) not in (None, on_cpu[1])
    # Single samples too are trained in company there, where calls cost more than sums.
    assert on_cpu[2] is None
    assert study.group({**small, "batch_size": 1}) is not None
