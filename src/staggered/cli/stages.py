"""All stages of a study, each a library call and a file."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import scipy

from .. import __version__
from ..reporting.report import report
from ..study.checks import check
from ..study.panels import source_of
from ..study.picture import picture
from ..study.study import Study
from .analyse import results, to_dict
from .shown import stamp, to_csv, to_json
from .write import MARK

_REHEARSAL_SEED = 1


def write_stages(study: Study, data: str | None, folder: Path) -> Iterator[str]:
    """Write every stage that the study file describes into a folder, saying what was written.

    Parameters
    ----------
    study : Study
    data : str or None
        Data file; what [data] names when absent.
    folder : Path
        An empty folder.
    """
    (folder / "study.toml").write_bytes(Path(study.path).read_bytes())
    (folder / "checks.json").write_bytes(to_json({**stamp(study), "checks": [one.to_dict() for one in check(study)]}))
    yield "study.toml and checks.json: the study file as it was read, and what was found in it"
    observed = data is not None or _names_data(study)
    yield from _plan(study, folder)
    if observed:
        yield from _analysis(study, data, folder)
    seeds = {"rehearsal": _REHEARSAL_SEED}
    report(study, data, out=folder / "report.html")
    yield "report.html: the report, to be opened in any browser"
    (folder / MARK).write_bytes(to_json({**stamp(study), **_provenance(study, data), "seeds": seeds}))
    yield f"{MARK}: SHA-256 of what went in, and the versions used"


def _plan(study: Study, folder: Path) -> Iterator[str]:
    """Schedule, power, allocation and rehearsal, as far as the file describes a plan."""
    if study.design is not None:
        drawn = f"{study.title}\n\n{picture(study.design)}\n\nStudy file SHA-256 {study.digest}\n"
        (folder / "schedule.txt").write_text(drawn, encoding="utf-8")
        yield "schedule.txt: who starts when"
        told = study.spec.randomisation
        if told is not None and told.seed is not None and study.design.allocations() > 1:
            allocation = study.allocate()
            dated = {**stamp(study), "drawn_at": _now(), **allocation.certificate()}
            (folder / "allocation.csv").write_bytes(to_csv(allocation.table(), study))
            (folder / "allocation-certificate.json").write_bytes(to_json(dated))
            yield "allocation.csv and allocation-certificate.json: a drawn order, and how to check it"
    if study.lacks:
        return
    smallest = study.detectable()
    tables = {"detectable": smallest.table()}
    if study.effect is not None:
        tables["power"] = study.power().table()
        if study.spec.power.grid is not None:
            tables["power-grid"] = study.grid().table()
    for name, table in tables.items():
        (folder / f"{name}.csv").write_bytes(to_csv(table, study))
    yield f"{', '.join(f'{name}.csv' for name in tables)}: what the plan can show"
    (folder / "simulated.csv").write_bytes(to_csv(study.simulate(_REHEARSAL_SEED).to_frame(), study))
    yield "simulated.csv: one simulated panel, in which nobody was observed"
    if study.analyses:
        rehearsed = study.rehearse(_REHEARSAL_SEED)
        (folder / "rehearsal.csv").write_bytes(to_csv(results(rehearsed), study))
        yield "rehearsal.csv: the planned analyses, run on the simulated panel"


def _analysis(study: Study, data: str | None, folder: Path) -> Iterator[str]:
    for k, (name, panel) in enumerate(study.panels(data).items()):
        ending = f"-{k + 1}" if name else ""
        (folder / f"panel{ending}.csv").write_bytes(to_csv(panel.to_frame(), study))
        yield f"panel{ending}.csv: the data as they were read" + (f" ({name})" if name else "")
    found = study.analyse(data)
    (folder / "analysis.csv").write_bytes(to_csv(results(found), study))
    (folder / "analysis.json").write_bytes(to_json({**stamp(study), "analyses": [to_dict(one) for one in found]}))
    yield "analysis.csv and analysis.json: every analysis that the file names"


def _names_data(study: Study) -> bool:
    return study.spec.data is not None and bool(study.spec.data.file or study.spec.data.row)


def _provenance(study: Study, data: str | None) -> dict[str, object]:
    """SHA-256 of the data, and the versions of everything that computed."""
    source = data
    if source is None and _names_data(study):
        named = source_of(study.spec, Path(study.path).parent)
        source = str(named) if isinstance(named, Path) else None
    return {
        "data_file": Path(source).name if source is not None else None,
        "data_sha256": hashlib.sha256(Path(source).read_bytes()).hexdigest() if source is not None else None,
        "versions": {
            "python": platform.python_version(),
            "staggered": __version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "pandas": pd.__version__,
        },
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
