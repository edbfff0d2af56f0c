"""Simulation spread over a real local Dask cluster of two workers gives the numbers of one."""

from __future__ import annotations

import os

import distributed
import pytest
from joblib import parallel_config

import staggered as sg


@pytest.mark.slow
def test_two_dask_workers_give_the_numbers_of_one() -> None:
    plan = sg.Plan(
        design=sg.stepped(clusters=8, steps=4, size=30),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=0.05, cac=0.8),
        effect=sg.Constant(0.3),
    )
    alone = sg.power(plan, sg.Twfe(), simulate=1000, inference=sg.Jackknife(), seed=6)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
        parallel_config("dask"),
    ):
        client.wait_for_workers(2, timeout=120)
        together = sg.power(plan, sg.Twfe(), simulate=1000, inference=sg.Jackknife(), seed=6)
        # Each worker answers for itself: the scheduler's own picture of them may lag behind.
        processes = set(client.run(os.getpid).values())
    assert len(processes) == 2
    assert together == alone
