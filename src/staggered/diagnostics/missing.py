"""The same analysis under several ways of handling missing values, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..data.imputation import impute
from ..data.panel import Panel
from ..data.read import read
from ..errors import DataError, listing
from ..kernel.protocols import Estimator, Inference
from ..results.estimate import Estimate
from ..results.pooled import pooled
from ..results.words import number_words
from ..value import IntArray, Value

_UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, eq=False)
class MissingData(Value):
    """Estimates under several ways of handling missing values.

    Parameters
    ----------
    handlings : tuple of str
    estimates : tuple of Estimate
    people : tuple of int
        How many each rests on.
    gaps : tuple of (str, int)
        How many people each column with gaps is not known of.
    asked : int
        People in the data.
    """

    handlings: tuple[str, ...]
    estimates: tuple[Estimate, ...]
    people: tuple[int, ...]
    gaps: tuple[tuple[str, int], ...]
    asked: int

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row per handling: people, estimate, interval."""
        columns = ["estimate", "std_error", "df", "p_value", "conf_low", "conf_high"]
        rows = [one.select([0]).table(level).iloc[0][columns] for one in self.estimates]
        table = pd.DataFrame(rows).reset_index(drop=True).astype(float)
        table.insert(0, "people", self.people)
        table.insert(0, "missing_values", self.handlings)
        return table

    def text(self) -> str:
        """Say in a paragraph what is missing and how much the handling matters."""
        gaps = [f"{name} of {count:,} ({count / self.asked:.1%})" for name, count in self.gaps]
        values = np.array([float(one.values[0]) for one in self.estimates])
        ends = [one.select([0]).interval(0.95) for one in self.estimates]
        apart = sum(low > 0 or high < 0 for low, high in ends)
        se = float(self.estimates[0].select([0]).se)
        return (
            f"Of {self.asked:,} people some are not known: {listing(gaps)}. "
            f"{len(values)} ways of handling that put the effect between {number_words(float(values.min()))} and "
            f"{number_words(float(values.max()))}, a range of {np.ptp(values) / se:.2g} standard errors; {apart} of "
            f"their 95% intervals leave out no effect. Complete cases are right when who is complete depends on "
            "nothing but what is adjusted for; imputation when it depends on anything that is known; a missing "
            "indicator when treatment was drawn at random and the gaps were there before it. None of them helps where "
            "values are missing for a reason that nothing tells: shifted imputations show how far that could move the "
            "answer."
        )

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        gaps = [list(one) for one in self.gaps]
        return {"asked": self.asked, "gaps": gaps, "rows": self.table().to_dict(orient="records")}


def missing_data(
    data: pd.DataFrame,
    estimator: Estimator,
    inference: Inference | None = None,
    *,
    reading: Mapping[str, str],
    covariates: Sequence[str] = (),
    draws: int = 10,
    seed: int = 1,
    shifts: Sequence[Mapping[str, float]] = (),
) -> MissingData:
    """Analyse people with complete cases, a missing indicator, multiple imputation, and shifted imputations.

    Parameters
    ----------
    data : DataFrame
        One row per person.
    estimator : Estimator
    inference : Inference, optional
        One that gives a variance, since Rubin's rules add variances; the estimator's default when absent.
    reading : mapping of str to str
        The columns, as `read` takes them: cluster, period, outcome, and treated or start.
    covariates : sequence of str
        Columns to adjust for. Text is taken for categories: one column for each but the most common.
    draws : int
        Completed data sets.
    seed : int
    shifts : sequence of mapping of str to float
        Delta adjustments, one more handling each (see `impute`).

    Raises
    ------
    DataError
        Nothing missing; a column that is absent; an inference without a variance.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys; Barnard and Rubin (1999), Biometrika 86:948;
    White, Royston and Wood (2011), Statistics in Medicine 30:377.

    Examples
    --------
    >>> import numpy as np, pandas as pd, staggered as sg
    >>> council, quarter = (index.ravel().repeat(30) for index in np.indices((8, 5)))
    >>> people = pd.DataFrame({"council": council, "quarter": quarter, "treated": (quarter > council // 2) * 1})
    >>> generator = np.random.default_rng(1)
    >>> people["age"] = generator.integers(0, 13, len(people)).astype(float)
    >>> people["score"] = people["age"] / 10 - 0.3 * people["treated"] + generator.normal(size=len(people))
    >>> people.loc[generator.random(len(people)) < 0.1, "age"] = np.nan
    >>> reading = {"cluster": "council", "period": "quarter", "outcome": "score", "treated": "treated"}
    >>> found = missing_data(people, sg.Marginal("gaussian"), reading=reading, covariates=["age"], draws=5)
    >>> found.table()["missing_values"].tolist()
    ['complete cases', 'missing indicator', 'multiple imputation (5)']
    """
    outcome = reading.get("outcome", "")
    columns = [name for name in (outcome, *covariates) if name]
    absent = [name for name in columns if name not in data]
    if absent:
        raise DataError(
            f"There is no column {listing([repr(name) for name in absent])}.",
            f"The columns are {listing([repr(name) for name in data.columns], most=20)}.",
            "Write the name as it stands in the data.",
        )
    gaps = tuple((name, int(data[name].isna().sum())) for name in columns if data[name].isna().any())
    if not gaps:
        raise DataError(
            f"Nothing is missing in {listing(columns)}.",
            "All ways of handling missing values are the same then.",
            "Fit the estimator itself.",
        )
    common = {name: data[name].mode().iloc[0] for name in covariates if not _is_number(data[name])}

    def panel(frame: pd.DataFrame, covariates: Sequence[str] = covariates) -> Panel:
        whole, names = _numbers(frame, covariates, common)
        return read(whole, rows="people", covariates=names, **reading)  # type: ignore[arg-type]  # columns by name

    complete = data.dropna(subset=columns)
    marked, added = _marked(data, covariates)
    handled = {
        "complete cases": [panel(complete)],
        "missing indicator": [panel(marked, (*covariates, *added))],
    }
    sets = {"multiple imputation": {}, **{f"imputation, {_shown(shift)}": shift for shift in shifts}}
    within = _with_treated(data, reading)
    for name, shift in sets.items():
        completed = impute(
            within,
            columns,
            within=[reading["cluster"], reading["period"], "_treated"],
            draws=draws,
            seed=seed,
            shift=shift,
        )
        handled[f"{name} ({draws})"] = [panel(one.drop(columns="_treated")) for one in completed]
    estimates = [_fitted(estimator, panels, inference) for panels in handled.values()]
    people = tuple(len(panels[0].people.outcome) for panels in handled.values() if panels[0].people is not None)
    return MissingData(tuple(handled), tuple(estimates), people, gaps, len(data))


def _fitted(estimator: Estimator, panels: Sequence[Panel], inference: Inference | None) -> Estimate:
    found = [estimator.fit(panel, inference) for panel in panels]
    return found[0] if len(found) == 1 else pooled(found)


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column))


def _numbers(
    frame: pd.DataFrame, covariates: Sequence[str], common: Mapping[str, object]
) -> tuple[pd.DataFrame, list[str]]:
    """Categories as one column for each but the most common."""
    added: dict[str, IntArray] = {}
    names: list[str] = []
    for name in covariates:
        if name not in common:
            names.append(name)
            continue
        for level in sorted(set(frame[name]) - {common[name]}):
            added[f"{name}: {level}"] = (frame[name] == level).to_numpy().astype(int)
            names.append(f"{name}: {level}")
    return frame.assign(**added), names


def _marked(frame: pd.DataFrame, covariates: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """Gaps of covariates as a category of their own, or at the mean with a column that says so."""
    marked, added = frame.copy(), []
    for name in covariates:
        missing = frame[name].isna()
        if not missing.any():
            continue
        if _is_number(frame[name]):
            marked[name] = frame[name].fillna(frame[name].mean())
            marked[f"{name} {_UNKNOWN}"] = missing.astype(int)
            added.append(f"{name} {_UNKNOWN}")
        else:
            marked[name] = frame[name].fillna(_UNKNOWN)
    return marked, added


def _with_treated(data: pd.DataFrame, reading: Mapping[str, str]) -> pd.DataFrame:
    """The data with each person's treatment as the reading has it, also where the outcome is not known."""
    everyone = data.assign(**{reading["outcome"]: 0.0})
    panel = read(everyone, rows="people", **reading)  # type: ignore[arg-type]  # columns by name
    assert panel.people is not None
    treated = panel.design.treatment[panel.people.cluster, panel.people.period]
    return data.assign(_treated=np.nan_to_num(treated))


def _shown(shift: Mapping[str, float]) -> str:
    return listing([f"{name} shifted by {number_words(value)}" for name, value in shift.items()])
