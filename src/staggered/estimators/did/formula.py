"""Formulas over a panel: which columns there are, and the matrices that a formula makes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...data.panel import Panel
from ...errors import DataError, DesignError, listing
from ...value import FloatArray, IntArray

FUNCTIONS = ("C", "I", "bs", "center", "cr", "exp", "log", "log10", "log2", "poly", "scale", "standardize")
_OWN = ("y", "treated", "exposure", "size")
_EVENT = ("treated", "exposure")
_WORD = re.compile(r"[^\W\d]\w*")
_QUOTED = re.compile(r"`([^`]*)`")


@dataclass(frozen=True, slots=True)
class Matrices:
    """What a formula makes of a panel.

    Parameters
    ----------
    names : tuple of str
        Of the columns.
    columns : array (n, p)
    response : array (n,)
    weight : array (n,)
    cluster, period : array (n,)
        Row and column of the design.
    notes : tuple of str
    """

    names: tuple[str, ...]
    columns: FloatArray
    response: FloatArray
    weight: FloatArray
    cluster: IntArray
    period: IntArray
    notes: tuple[str, ...]


def rows_of(panel: Panel) -> pd.DataFrame:
    """One row per cell in use: y, treated, exposure, size, covariates, kept labels, and the cell itself."""
    frame, used = panel.frame, panel.frame.used
    assert frame.weights is not None
    cluster, period = np.nonzero(used)
    table = pd.DataFrame(
        {
            "y": panel.outcome[used],
            "treated": frame.design.treatment[used],
            "exposure": np.nan_to_num(frame.design.exposure[used]),
            "size": frame.design.size[used],
            **{name: np.asarray(column, dtype=float)[used] for name, column in frame.covariates.items()},
            **{name: np.array(column, dtype=object)[cluster] for name, column in frame.labels.items()},
        }
    )
    return table.assign(_weight=frame.weights[used], _cluster=cluster, _period=period)


def require_formula(formula: str, estimator: str) -> None:
    """Refuse a formula that has no left side, or no treatment on its right one."""
    sides = formula.split("~")
    if len(sides) != 2 or not sides[0].strip() or not set(_EVENT) & set(_WORD.findall(sides[1])):
        raise DesignError(
            f"{estimator} was given the formula {formula!r}.",
            "It says what is explained (left of ~) and by what, treatment among it.",
            'Write, for example, "y ~ treated + x".',
        )


def matrices_of(panel: Panel, formula: str, estimator: str) -> Matrices:
    """Evaluate a formula on the cells in use; rows where a covariate is missing are left out and named.

    Raises
    ------
    DesignError
        A name that is neither a column nor a function, or a function without a value somewhere.
    """
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    table = rows_of(panel)
    known = [name for name in table.columns if not name.startswith("_")]
    words = [*_QUOTED.findall(formula), *_WORD.findall(_QUOTED.sub(" ", formula))]
    if unknown := [word for word in dict.fromkeys(words) if word not in (*known, *FUNCTIONS)]:
        raise DesignError(
            f"The formula {formula!r} has {listing(unknown)}, which is no column of the panel.",
            f"Columns are {listing(known, most=20)}.",
            "Read the panel with covariates=[...] or keep=[...], or correct it (a name with spaces stands in `...`).",
        )
    complete = table[[name for name in known if name in words]].notna().all(axis=1)
    notes = _missing_note(panel, table[~complete])
    table = table[complete]
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            left, right = Formula(formula).get_model_matrix(table, na_action="ignore")
    except FormulaicError as error:
        raise DesignError(
            f"The formula {formula!r} cannot be read: {error}",
            f"{estimator} builds its columns from it.",
            'Write, for example, "y ~ treated + x".',
        ) from None
    columns = np.asarray(right, dtype=float)
    response = np.asarray(left, dtype=float)[:, 0]
    broken = ~(np.isfinite(columns).all(axis=1) & np.isfinite(response))
    if broken.any():
        raise DataError(
            f"The formula {formula!r} gives no number for {_cells(panel, table[broken])}.",
            "A logarithm of 0, for example, is no number, and those rows would silently drop out.",
            "Use another form, or leave those rows out when reading.",
        )
    kept = [k for k, name in enumerate(right.columns) if name != "Intercept"]
    return Matrices(
        names=tuple(str(right.columns[k]) for k in kept),
        columns=columns[:, kept],
        response=response,
        weight=table["_weight"].to_numpy(),
        cluster=table["_cluster"].to_numpy(),
        period=table["_period"].to_numpy(),
        notes=notes,
    )


def _cells(panel: Panel, rows: pd.DataFrame) -> str:
    names, periods = panel.design.clusters, panel.design.periods
    return listing([f"{names[i]} in {periods[t]}" for i, t in zip(rows["_cluster"], rows["_period"], strict=True)])


def _missing_note(panel: Panel, rows: pd.DataFrame) -> tuple[str, ...]:
    if rows.empty:
        return ()
    return (f"Left out for want of a covariate: {_cells(panel, rows)}.",)
