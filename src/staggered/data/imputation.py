"""Chained equations: gaps in columns of people filled in several times over, from everything else that is known.

Each column with gaps is regressed on all others, the regression's coefficients are drawn from their distribution, and
the gaps are drawn from what they predict: numbers by predictive mean matching, which gives only values that somebody
has; 0/1 columns from a logistic regression; categories from one for each, among those in none before it. Councils,
periods and treatment always stand among the predictors as indicators, so that a council's level is its own and an
effect of treatment is not diluted.

statsmodels' own chain (`statsmodels.imputation.mice`) reads a formula anew for each regression, which takes a hundred
times as long as the regression, and knows no categories; where both apply the tests compare them.

Van Buuren (2018), Flexible Imputation of Missing Data, chapters 3, 4 and 9.2 (delta adjustment).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import DataError, listing
from ..value import BoolArray, FloatArray
from .conditional_draws import drawn_risk, matched

_FEWEST_KNOWN = 10


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of people in the coding of the equations.

    Parameters
    ----------
    missing : array (n,)
    numbers : array (n,)
        Numbers, or codes of categories; nan and −1 where missing.
    levels : Index or None
        Categories by code; None for numbers.
    """

    missing: BoolArray
    numbers: FloatArray
    levels: pd.Index | None = None

    def started(self, generator: np.random.Generator) -> FloatArray:
        """Numbers or codes to begin with, gaps drawn from what is known."""
        numbers = self.numbers.copy()
        numbers[self.missing] = generator.choice(numbers[~self.missing], size=int(self.missing.sum()))
        return numbers

    def predictors(self, numbers: FloatArray) -> FloatArray:
        """Columns in which it explains others: itself, or one for each category but the first, (n, m)."""
        if self.levels is None:
            return numbers[:, None]
        return np.asarray(numbers[:, None] == np.arange(1, len(self.levels)), dtype=float)

    def values(self, numbers: FloatArray) -> pd.Series:
        """Values that numbers or codes stand for."""
        return pd.Series(numbers if self.levels is None else self.levels[numbers.astype(int)])


@dataclass(frozen=True, slots=True)
class _Shift:
    """What is added to imputed values, and of which category."""

    column: str
    level: str
    by: float

    @classmethod
    def of(cls, key: str, by: float) -> _Shift:
        """Read "ethnicity: Mixed" as a column and a category."""
        column, _, level = key.partition(": ")
        return cls(column, level, by)


def impute(
    data: pd.DataFrame,
    columns: Sequence[str],
    *,
    within: Sequence[str],
    draws: int = 10,
    sweeps: int = 10,
    seed: int = 1,
    shift: Mapping[str, float] | None = None,
) -> Iterator[pd.DataFrame]:
    """Fill gaps in several times over.

    Parameters
    ----------
    data : DataFrame
        One row per person.
    columns : sequence of str
        What the equations are made of: the outcome, everything the analysis adjusts for, and whatever else tells about
        the gaps. Text is taken for categories.
    within : sequence of str
        Columns without gaps whose every value has a level of its own: council, period, treated.
    draws : int
        Completed data sets.
    sweeps : int
        Rounds of the chain before each is taken; one is enough, and taken, where a single column has gaps.
    seed : int
    shift : mapping of str to float, optional
        Delta adjustment, to see how far values missing for a reason that nothing else tells would move the answer:
        what is added to imputed numbers of a column, or to the log-odds of its 1; {"ethnicity: Mixed": 0.5} adds to
        the log-odds of that category against all others.

    Yields
    ------
    DataFrame
        The data with the gaps of `columns` filled.

    Raises
    ------
    DataError
        A column that is absent or almost empty, gaps in `within`, a shift that has no meaning.

    Examples
    --------
    >>> people = pd.DataFrame({"council": ["A", "B"] * 50, "age": [float(k % 9) for k in range(100)]})
    >>> people["looked after"] = (people["age"] > 5).astype(float)
    >>> people.loc[::10, "age"] = np.nan
    >>> [int(one["age"].isna().sum()) for one in impute(people, ["age", "looked after"], within=["council"], draws=2)]
    [0, 0]
    """
    _require_columns(data, columns, within)
    moved = [_Shift.of(key, value) for key, value in (shift or {}).items()]
    raised = {one.column: one.level for one in moved}
    coded = {name: _coded(data[name], name, raised.get(name, "")) for name in columns}
    gaps = sorted((name for name in columns if coded[name].missing.any()), key=lambda one: coded[one].missing.sum())
    _require_shift(moved, coded, gaps)
    by = {one.column: one.by for one in moved}
    generator = np.random.default_rng(seed)
    fixed = _indicators(data, within)
    now = {name: column.started(generator) for name, column in coded.items()}
    for _ in range(draws):
        for _ in range(sweeps if len(gaps) > 1 else 1):
            for name in gaps:
                others = [column.predictors(now[one]) for one, column in coded.items() if one != name]
                predictors = np.concatenate([fixed, *others], axis=1)
                now[name] = _drawn(coded[name], predictors, by.get(name, 0.0), generator)
        filled = data.copy()
        for name in gaps:
            whole = np.where(coded[name].missing, coded[name].values(now[name]), data[name])
            filled[name] = pd.Series(whole, index=data.index).astype(data[name].dtype)
        yield filled


def _drawn(column: _Column, predictors: FloatArray, shift: float, generator: np.random.Generator) -> FloatArray:
    """Numbers or codes of everyone, gaps drawn given the other columns."""
    known, numbers = ~column.missing, column.numbers.copy()
    asked = predictors[column.missing]
    if column.levels is None:
        numbers[column.missing] = shift + matched(predictors[known], numbers[known], asked, generator)
        return numbers
    codes = np.zeros(len(asked))
    # From the last category to the second: in it, or in one of those before.
    for code in range(len(column.levels) - 1, 0, -1):
        reached = known & (numbers <= code)
        # The first regression is that of the last category against all others, which a shift is about.
        by = shift if code == len(column.levels) - 1 else 0.0
        risk = drawn_risk(predictors[reached], numbers[reached] == code, asked, by, generator)
        codes[(codes == 0) & (generator.random(len(asked)) < risk)] = code
    numbers[column.missing] = codes
    return numbers


def _indicators(data: pd.DataFrame, within: Sequence[str]) -> FloatArray:
    """A column of ones, and one for every value but the first, those dropped that others explain, (n, m)."""
    parts = [pd.get_dummies(data[name].astype(str), drop_first=True).to_numpy(dtype=float) for name in within]
    columns = np.concatenate([np.ones((len(data), 1)), *parts], axis=1)
    kept = [0]
    for k in range(1, columns.shape[1]):
        trial = columns[:, [*kept, k]]
        if np.linalg.matrix_rank(trial.T @ trial) > len(kept):
            kept.append(k)
    return np.asarray(columns[:, kept])


def _coded(column: pd.Series, name: str, last: str) -> _Column:
    """Numbers as they are; 0/1 and text as categories, the named one last."""
    missing = column.isna().to_numpy()
    number = pd.api.types.is_numeric_dtype(column)
    if number and not column.dropna().isin([0, 1]).all():
        return _Column(missing, column.to_numpy(dtype=float, na_value=np.nan))
    levels = pd.Index(sorted(column.dropna().unique(), key=lambda level: (str(level) == last, level)))
    codes = levels.get_indexer(pd.Index(column))
    if len(levels) < 2:
        raise DataError(
            f"The column {name!r} is the same for everyone of whom it is known.",
            "Nothing can be learned from it, or about it.",
            "Leave the column out.",
        )
    return _Column(missing, codes.astype(float), levels)


def _require_columns(data: pd.DataFrame, columns: Sequence[str], within: Sequence[str]) -> None:
    absent = [name for name in (*columns, *within) if name not in data]
    if absent:
        raise DataError(
            f"There is no column {listing([repr(name) for name in absent])}.",
            f"The columns are {listing([repr(name) for name in data.columns], most=20)}.",
            "Write the name as it stands in the data.",
        )
    blank = {name: int(data[name].isna().sum()) for name in within}
    if any(blank.values()):
        raise DataError(
            f"Blank: {listing([f'{name} of {count:,} people' for name, count in blank.items() if count])}.",
            "Where and when a person was seen, and whether treated, is what a trial knows of everyone.",
            "Fill it in, or leave those people out and say so.",
        )
    for name in columns:
        known = int(data[name].notna().sum())
        if known < _FEWEST_KNOWN:
            raise DataError(
                f"The column {name!r} is known of {known} people.",
                "From so few nothing can be learned about the others.",
                "Leave the column out.",
            )


def _require_shift(shifts: Sequence[_Shift], coded: Mapping[str, _Column], gaps: Sequence[str]) -> None:
    for one in shifts:
        if one.column not in gaps:
            raise DataError(
                f"A shift is given for {one.column!r}, in which nothing is imputed.",
                "It moves imputed values.",
                f"Columns with gaps are {listing([repr(name) for name in gaps])}." if gaps else "There are no gaps.",
            )
        levels = coded[one.column].levels
        names = [] if levels is None else [str(level) for level in levels]
        if (one.level and one.level not in names) or (len(names) > 2 and not one.level):
            raise DataError(
                f"A shift is given for {one.column!r}" + (f" and its category {one.level!r}." if one.level else "."),
                f"It has the categories {listing(names)}; towards which of them it moves people must be said."
                if names
                else "It holds numbers, which have no categories.",
                f'Write, for example, "{one.column}: {names[-1]}".' if names else f"Write {one.column!r}.",
            )
