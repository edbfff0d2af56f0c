"""Chained equations: gaps in columns of people filled in several times over, from everything else that is known.

Each column with gaps is regressed on all others, the regression's coefficients are drawn from their distribution, and
the gaps are drawn from what they predict: numbers by predictive mean matching, which gives only values that somebody
has; 0/1 columns from a logistic regression; categories from one for each, among those in none before it. Councils,
periods and treatment always stand among the predictors as indicators, so that a council's level is its own and an
effect of treatment is not diluted.

The regressions are statsmodels'. Its own chain (`statsmodels.imputation.mice`) reads a formula anew for each of them,
which takes a hundred times as long as the regression, and knows no categories. To logistic regressions as many people
are added as they have coefficients, half of either outcome, around the mean, so that coefficients stay finite where a
council has no events (White, Daniel and Royston 2010, Computational Statistics and Data Analysis 54:2267).

Van Buuren (2018), Flexible Imputation of Missing Data, chapters 3, 4 and 9.2 (delta adjustment); matching of observed
predictions at the estimate with missing ones at the draw, among 10 donors: Morris, White and Royston (2014), BMC
Medical Research Methodology 14:75.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.special import expit

from ..errors import DataError, listing
from ..value import BoolArray, FloatArray

_FEWEST_KNOWN = 10
_DONORS = 10


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
        Delta adjustment: what is added to imputed values of a column, on the log-odds for 0/1 (and for the second of
        two categories), to see how far values missing for a reason that nothing else tells would move the answer.

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
    shift = dict(shift or {})
    coded = {name: _coded(data[name], name) for name in columns}
    gaps = sorted((name for name in columns if coded[name].missing.any()), key=lambda one: coded[one].missing.sum())
    _require_shift(shift, coded, gaps)
    generator = np.random.default_rng(seed)
    fixed = _indicators(data, within)
    now = {name: column.started(generator) for name, column in coded.items()}
    for _ in range(draws):
        for _ in range(sweeps if len(gaps) > 1 else 1):
            for name in gaps:
                others = [column.predictors(now[one]) for one, column in coded.items() if one != name]
                predictors = np.concatenate([fixed, *others], axis=1)
                now[name] = _drawn(coded[name], predictors, shift.get(name, 0.0), generator)
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
        numbers[column.missing] = shift + _matched(predictors[known], numbers[known], asked, generator)
        return numbers
    codes = np.zeros(len(asked))
    # From the last category to the second: in it, or in one of those before.
    for code in range(len(column.levels) - 1, 0, -1):
        reached = known & (numbers <= code)
        risk = _risk(predictors[reached], numbers[reached] == code, asked, shift, generator)
        codes[(codes == 0) & (generator.random(len(asked)) < risk)] = code
    numbers[column.missing] = codes
    return numbers


def _matched(known: FloatArray, numbers: FloatArray, asked: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Numbers of people whose predicted number is near, at coefficients drawn around a least-squares fit."""
    fit = sm.OLS(numbers, known).fit()
    variance = fit.ssr / generator.chisquare(fit.df_resid)
    drawn = generator.multivariate_normal(fit.params, variance * fit.normalized_cov_params)
    order = np.argsort(fit.fittedvalues, kind="stable")
    predicted, donors = fit.fittedvalues[order], min(_DONORS, len(order))
    wanted = asked @ drawn
    place = np.searchsorted(predicted, wanted)
    window = np.clip(place[:, None] + np.arange(-donors, donors), 0, len(order) - 1)
    distance = np.abs(predicted[window] - wanted[:, None])
    # At the ends the window repeats its last member, which must count once.
    distance[:, 1:][window[:, 1:] == window[:, :-1]] = np.inf
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :donors]
    chosen = nearest[np.arange(len(asked)), generator.integers(0, donors, len(asked))]
    found = predicted[window[np.arange(len(asked)), chosen]]
    # People with the same prediction are equally near, however many: any of them gives, not those at the edge.
    hair = 1e-9 * max(float(np.ptp(predicted)), 1e-300)
    first, last = np.searchsorted(predicted, found - hair), np.searchsorted(predicted, found + hair, side="right")
    return np.asarray(numbers[order[generator.integers(first, last)]])


def _risk(
    known: FloatArray, happened: BoolArray, asked: FloatArray, shift: float, generator: np.random.Generator
) -> FloatArray:
    """Risks at coefficients drawn around a logistic regression's, moved on the log-odds."""
    mean, spread = known.mean(axis=0), known.std(axis=0)
    steps = np.diag(spread)[spread > 0]
    around = np.concatenate([mean + steps, mean - steps])
    columns = np.concatenate([known, around, around])
    outcome = np.concatenate([happened, np.zeros(len(around)), np.ones(len(around))])
    # As many people in all as there are coefficients.
    weight = np.append(np.ones(len(known)), np.full(2 * len(around), known.shape[1] / max(2 * len(around), 1)))
    fit = sm.GLM(outcome, columns, family=sm.families.Binomial(), freq_weights=weight).fit()
    drawn = generator.multivariate_normal(fit.params, fit.cov_params())
    return np.asarray(expit(asked @ drawn + shift))


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


def _coded(column: pd.Series, name: str) -> _Column:
    """Numbers as they are; 0/1 and text as categories."""
    missing = column.isna().to_numpy()
    number = pd.api.types.is_numeric_dtype(column)
    if number and not column.dropna().isin([0, 1]).all():
        return _Column(missing, column.to_numpy(dtype=float, na_value=np.nan))
    codes, levels = pd.factorize(column, sort=True)
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


def _require_shift(shift: Mapping[str, float], coded: Mapping[str, _Column], gaps: Sequence[str]) -> None:
    for name in shift:
        if name not in gaps:
            raise DataError(
                f"A shift is given for {name!r}, in which nothing is imputed.",
                "It moves imputed values.",
                f"Columns with gaps are {listing([repr(one) for one in gaps])}." if gaps else "There are no gaps.",
            )
        levels = coded[name].levels
        if levels is not None and len(levels) > 2:
            raise DataError(
                f"A shift is given for {name!r}, which has {len(levels)} categories.",
                "Towards which of them it should move people is not said.",
                "Make a 0/1 column of the category in question, and shift that.",
            )
