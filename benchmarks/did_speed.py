"""Seconds of difference-in-differences on large panels beside targets and peers: python benchmarks/did_speed.py.

Times are from a ready panel; reading the table is a row of its own. Peers that are installed (`pip install
-r benchmarks/peers.txt`) are run on the same data; where they are not, their last known times stand for them. Processor
time, the median of several runs after one to warm up, one thread. Exits 1 on a miss; --write puts the tables into
docs/did-speed.md.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import io
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import textwrap
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import did_panels
import numpy as np
import pandas as pd

import staggered as sg

PAGE = Path(__file__).resolve().parents[1] / "docs" / "did-speed.md"
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
BOOTSTRAP = sg.Bootstrap(draws=999)
Work = Callable[[sg.Panel], object]


def table_of(estimator: object, inference: object) -> Work:
    """Fit and make the table: every number that a user sees."""
    return lambda panel: estimator.fit(panel, inference).table()


def effects(inference: object, **options: object) -> Work:
    """All cells, the event study and the overall effect, as the peers are asked for them."""
    cells, events, overall = (sg.GroupTime(controls="never", by=by, **options) for by in ("cell", "event", "overall"))

    def work(panel: sg.Panel) -> object:
        return [one.fit(panel, inference).table() for one in (cells, events, overall)]

    return work


PLAIN = sg.Cluster("CR0")
# What is timed: name, shape, covariate, target in seconds (None: no target).
OURS: dict[str, tuple[Work, str, bool, float | None]] = {
    "group-time, event and overall effects, small": (effects(PLAIN), "small", False, 0.03),
    "group-time, event and overall effects, medium": (effects(PLAIN), "medium", False, 0.15),
    "group-time, event and overall effects, large": (effects(PLAIN), "large", False, 1.0),
    "the same with 999 multiplier draws, large": (effects(BOOTSTRAP), "large", False, 2.0),
    "the same doubly robust with a covariate, large": (effects(PLAIN, method="dr"), "large", True, None),
    "Sun–Abraham by event, large": (table_of(sg.SunAbraham(by="event"), PLAIN), "large", False, 1.0),
    "imputation by event, large": (table_of(sg.Imputation(by="event"), PLAIN), "large", False, 1.0),
    "two-way fixed effects, large": (table_of(sg.Twfe(), PLAIN), "large", False, 0.1),
    "two-way fixed effects with CR2 and its df, large": (table_of(sg.Twfe(), None), "large", False, 0.1),
    "efficient rollout estimator, medium": (table_of(sg.Efficient(), sg.DesignBased()), "medium", False, 0.05),
}
JACKKNIVES = (
    sg.Twfe(), sg.GroupTime(), sg.SunAbraham(), sg.Imputation(), sg.Extended(), sg.Stacked(), sg.WithinPeriod(),
    sg.Efficient(), sg.SyntheticDid(), sg.Gls(sg.Nested(icc=0.1, cac=0.8)),
)  # fmt: skip
OURS.update(
    {f"jackknife, {one.name}, small": (table_of(one, sg.Jackknife()), "small", False, 1.0) for one in JACKKNIVES}
)
OURS.update(
    {
        f"jackknife, group-time effects {words} with a covariate, small": (
            table_of(one, sg.Jackknife()),
            "small",
            True,
            1.0,
        )
        for one, words in (
            (sg.GroupTime(method="reg"), "by regression"),
            (sg.GroupTime(method="ipw"), "by weighting"),
            (sg.GroupTime(method="dr"), "doubly robust"),
            (sg.GroupTime(method="dr", compare="levels"), "of levels, doubly robust"),
        )
    }
)
# Seconds of earlier runs, for peers that are not installed where this runs: diff-diff and csdid on group-time effects
# without a covariate by processor time, the others by the wall clock.
KNOWN = {
    ("group-time, event and overall effects, small", "diff-diff 3.13"): 0.037,
    ("group-time, event and overall effects, small", "csdid 0.4"): 0.62,
    ("group-time, event and overall effects, medium", "diff-diff 3.13"): 0.094,
    ("group-time, event and overall effects, medium", "csdid 0.4"): 0.66,
    ("group-time, event and overall effects, large", "diff-diff 3.13"): 0.71,
    ("group-time, event and overall effects, large", "csdid 0.4"): 2.96,
    ("the same with 999 multiplier draws, large", "diff-diff 3.13"): 4.24,
    ("the same doubly robust with a covariate, large", "diff-diff 3.13"): 3.98,
    ("the same doubly robust with a covariate, large", "csdid 0.4"): 1.28,
    ("Sun–Abraham by event, large", "diff-diff 3.13"): 9.16,
    ("imputation by event, large", "diff-diff 3.13"): 3.49,
    ("two-way fixed effects, large", "diff-diff 3.13"): 0.18,
    ("two-way fixed effects, large", "pyfixest 0.60"): 0.59,
    ("efficient rollout estimator, medium", "StatsPAI 1.40"): 0.05,
    ("jackknife, group-time effects (Callaway–Sant'Anna, not-yet-treated comparison), small", "StatsPAI 1.40"): 23.0,
}


def by_diff_diff(name: str, data: pd.DataFrame) -> Callable[[], object] | None:
    """The same by diff-diff."""
    import diff_diff as package

    columns = {"outcome": "y", "unit": "id", "time": "t", "first_treat": "g"}
    if "group-time" in name or "the same" in name:
        draws = 999 if "999" in name else 0
        asked = package.CallawaySantAnna(
            control_group="never_treated", base_period="universal", n_bootstrap=draws, seed=1 if draws else None
        )
        covariates = ["x"] if "covariate" in name else None
        return lambda: asked.fit(data, covariates=covariates, **columns).aggregate("event_study")
    if name.startswith("Sun"):
        return lambda: package.SunAbraham().fit(data, **columns)
    if name.startswith("imputation"):
        return lambda: package.ImputationDiD().fit(data, **columns).aggregate("event_study")
    return None


def by_pyfixest(name: str, data: pd.DataFrame) -> Callable[[], object] | None:
    """The same by pyfixest."""
    import pyfixest as package

    if not name.startswith("two-way"):
        return None
    treated = data.assign(treated=((data["g"] > 0) & (data["t"] >= data["g"])).astype(int))
    return lambda: package.feols("y ~ treated | id + t", treated, vcov={"CRV1": "id"})


def by_csdid(name: str, data: pd.DataFrame) -> Callable[[], object] | None:
    """The same by csdid."""
    from csdid.att_gt import ATTgt

    if not ("group-time, event" in name or ("the same" in name and "999" not in name)):
        return None
    formula = "y~x" if "covariate" in name else "y~1"

    def work() -> object:
        asked = ATTgt(
            yname="y", tname="t", idname="id", gname="g", data=data, xformla=formula, control_group="nevertreated"
        )
        # It prints what it finds.
        with contextlib.redirect_stdout(io.StringIO()):
            fit = asked.fit(est_method="dr", base_period="universal", bstrap=False)
            return [fit.aggte(typec=kind, bstrap=False, cband=False) for kind in ("dynamic", "simple")]

    return work


PEERS = {"diff_diff": by_diff_diff, "csdid": by_csdid, "pyfixest": by_pyfixest}


def seconds(work: Callable[[], object], runs: int) -> float:
    """Median processor time after one run to warm up."""
    work()
    times = []
    for _ in range(runs):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return statistics.median(times)


def peers_of(name: str, shape: str, runs: int) -> dict[str, float]:
    """Seconds of every peer that is installed, else what is known of them."""
    found, data = {}, None
    for module, adapter in PEERS.items():
        if importlib.util.find_spec(module) is None:
            continue
        data = did_panels.table(did_panels.drawn(did_panels.SHAPES[shape])) if data is None else data
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            work = adapter(name, data)
            if work is not None:
                label = f"{module.replace('_', '-')} {importlib.metadata.version(module.replace('_', '-'))}"
                found[label] = seconds(work, runs)
    installed = {label.split()[0] for label in found}
    known = {f"{peer} (earlier run)": took for (what, peer), took in KNOWN.items() if what == name}
    return {**found, **{peer: took for peer, took in known.items() if peer.split()[0] not in installed}}


def measured(runs: int) -> list[tuple[str, float, float | None, dict[str, float]]]:
    """Every row: name, our seconds, target, and the peers' seconds."""
    panels: dict[tuple[str, bool], sg.Panel] = {}
    rows = []
    for name, (work, shape, covariate, target) in OURS.items():
        key = shape, covariate
        if key not in panels:
            panels[key] = did_panels.panel(did_panels.drawn(did_panels.SHAPES[shape]), covariate=covariate)
        panel = panels[key]
        rows.append(
            (
                name,
                seconds(partial(work, panel), 1 if "jackknife" in name else runs),
                target,
                peers_of(name, shape, runs),
            )
        )
        print(cells(rows[-1]), flush=True)
    return rows


def reading(runs: int) -> dict[str, float]:
    """Seconds that `sg.read` takes for each table."""
    found = {}
    for shape in ("small", "medium", "large"):
        data = did_panels.table(did_panels.drawn(did_panels.SHAPES[shape]))
        data["g"] = data["g"].where(data["g"] > 0)
        found[shape] = seconds(partial(sg.read, data, cluster="id", period="t", outcome="y", start="g"), runs)
    return found


def peak(task: str) -> tuple[float, float]:
    """Megabytes that a task adds to what its data take, and the most its process had, in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--task", task], check=True, capture_output=True, text=True)
    added, most = json.loads(done.stdout.splitlines()[-1])
    return float(added), float(most)


def run_task(task: str) -> None:
    """What `peak` measures: 999 multiplier draws, or a million units from drawing the data to the table."""
    shape = "large" if task == "draws" else "a million"
    panel = did_panels.panel(did_panels.drawn(did_panels.SHAPES[shape]))
    before = _memory()
    if task == "draws":
        effects(BOOTSTRAP)(panel)
    else:
        effects(PLAIN)(panel)
        for one in (sg.Twfe(), sg.SunAbraham(by="event"), sg.Imputation(by="event")):
            one.fit(panel, PLAIN).table()
    print(json.dumps([_memory() - before, _memory()]))


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cells(row: tuple[str, float, float | None, dict[str, float]]) -> str:
    """One row of the table."""
    name, took, target, peers = row
    beside = "; ".join(f"{peer}: {there:.3g} s, {there / took:.1f} × ours" for peer, there in peers.items()) or "–"
    judged = "–" if target is None else f"{target:g} s"
    ratio = "–" if target is None else f"{took / target:.2f}"
    return f"| {name} | {took:.3g} s | {judged} | {ratio} | {beside} |"


def page(rows: list[tuple[str, float, float | None, dict[str, float]]], read: dict[str, float], memory: str) -> str:
    """Text of the page."""
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}, {platform.system()}"
    shapes = {name: f"{one.units:,} × {one.periods}" for name, one in did_panels.SHAPES.items()}
    reading_rows = "\n".join(f"| `sg.read`, {shape} ({shapes[shape]}) | {took:.3g} s |" for shape, took in read.items())
    return f"""# How long difference-in-differences takes

Written by `python benchmarks/did_speed.py --write`, which exits with 1 when anything takes longer than its target.

Small is {shapes["small"]} (units × periods), medium {shapes["medium"]}, large {shapes["large"]}; five cohorts and
never-treated units. From a ready panel to the finished table, median processor time on one thread;
{versions}. Peers that were not installed there stand with the time of an earlier
run on a similar machine: read those ratios as rough.

| what | found | target | found ÷ target | peers |
|---|---:|---:|---:|---|
{chr(10).join(cells(row) for row in rows)}

Reading a long table into a panel comes before that, once:

| what | found |
|---|---:|
{reading_rows}

{memory}
"""


def main() -> None:
    """Measure, print, judge."""
    options = argparse.ArgumentParser()
    options.add_argument("--write", action="store_true")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--task", choices=["draws", "million"])
    asked = options.parse_args()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        sys.exit(subprocess.call([sys.executable, *sys.argv], env={**os.environ, **ONE_THREAD}))
    if asked.task:
        run_task(asked.task)
        return
    rows, read = measured(asked.runs), reading(min(asked.runs, 3))
    draws, million = peak("draws"), peak("million")
    memory = textwrap.fill(
        f"999 multiplier draws at large raise the peak memory by {draws[0]:,.0f} MB over that of making the panel "
        "(target 600). A million units: "
        "group-time effects, Sun–Abraham, imputation and two-way fixed effects fit in "
        f"{million[1] / 1024:.1f} GB, the data and Python included (target 8).",
        115,
    )
    print(memory)
    if asked.write:
        PAGE.write_text(page(rows, read, memory), encoding="utf-8")
    missed = any(target is not None and took > target for _, took, target, _ in rows)
    sys.exit(int(missed or draws[0] > 600 or million[1] > 8 * 1024))


if __name__ == "__main__":
    main()
