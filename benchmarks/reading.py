"""Seconds and memory of reading a panel from a pandas frame: python benchmarks/reading.py [thousands of councils]."""

import resource
import sys
import time

import numpy as np
import pandas as pd

import staggered as sg

PERIODS = 12
NAMED = {"cluster": "id", "period": "t", "outcome": "y", "start": "g"}


def frame(count: int, *, names: bool = False, shuffled: bool = False, gaps: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "id": np.repeat(np.arange(count), PERIODS),
            "t": np.tile(np.arange(1, PERIODS + 1), count),
            "g": np.repeat(rng.choice([4, 6, 8, np.inf], count), PERIODS),
            "y": rng.normal(size=count * PERIODS),
        }
    )
    if names:
        table["id"] = "council " + table["id"].astype(str)
    if gaps:
        table = table.drop(table.sample(n=count // 10, random_state=1).index)
    return table.sample(frac=1, random_state=1) if shuffled else table


def main() -> None:
    count = 1000 * int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    sg.read(frame(100), **NAMED)
    print(f"{'councils':>10} {'periods':>8}  {'rows':<28} {'seconds':>8} {'peak GB':>8}")
    for said, options in {
        "numbered": {},
        "numbered, shuffled": {"shuffled": True},
        "named": {"names": True},
        "named, shuffled, with gaps": {"names": True, "shuffled": True, "gaps": True},
    }.items():
        table = frame(count, **options)
        began = time.perf_counter()
        sg.read(table, **NAMED)
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{count:>10,} {PERIODS:>8}  {said:<28} {seconds:>8.2f} {peak:>8.2f}")


if __name__ == "__main__":
    main()
