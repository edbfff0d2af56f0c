"""Reading: a file or frame becomes a panel, or an error that says how to mend it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np

from ..errors import DataWarning, DesignWarning, listing
from .assembly import to_panel
from .calendar import to_grid
from .councils import misspelt, of_an_area, to_councils
from .panel import Panel
from .request import Request
from .source import open_table
from .treated import goes_back


def read(  # noqa: PLR0913 - the one call in which a user says what every column is
    data: object,
    *,
    cluster: str,
    period: str,
    outcome: str,
    start: str | None = None,
    treated: str | None = None,
    rows: Literal["cells", "people"] = "cells",
    unit: str | None = None,
    size: str | None = None,
    per: float | None = None,
    weights: str | None = None,
    strata: str | None = None,
    covariates: Sequence[str] = (),
    keep: Sequence[str] = (),
    adopt: Literal["any", "half", "full"] = "any",
    partial: Literal["treated", "blank", "fraction"] = "treated",
    year_ends: str | None = None,
) -> Panel:
    """Read the outcomes of councils over time, and when each went live.

    Parameters
    ----------
    data : DataFrame, table, mapping or path
        pandas, polars or pyarrow; a dict of columns; a csv, xlsx or parquet file with one row of
        column names.
    cluster : str
        Column that names the council (or team, school): one spelling each.
    period : str
        Column of periods: years, split years (2020-21), quarters (2021-Q3), months (2021-07), first
        days of periods, or numbers.
    outcome : str
        Column of the outcome, used as given. A blank is a gap; a symbol such as "c" or "<5" is an error.
    start : str, optional
        Column of the first treated period or the date of go-live, the same on every row of a
        council; blank, infinite, "never" or (among positive numbers) 0 for never.
    treated : str, optional
        Instead of `start`, a column of 0, 1, a fraction, or blank for not observed.
    rows : {"cells", "people"}
        Whether a row is a council-period or a person. People are averaged by council-period and
        counted: the counts are the design's sizes.
    unit : str, optional
        With people, the column that names a person who is followed; twice in a period is an error.
    size : str, optional
        Column with the number of people of a council-period.
    per : float, optional
        Divide the outcome by the size and multiply it by this: 10_000 for a rate per 10,000 children.
    weights : str, optional
        Column of weights, or "size". Left out, every council-period counts alike, and an effect is
        one per council; weighted by size it is one per child.
    strata : str, optional
        Column of strata within which schedules may be swapped, the same on every row of a council;
        blank only where a council never goes live.
    covariates : sequence of str
        Columns of numbers to adjust for; means of people.
    keep : sequence of str
        Columns to carry along that do not change within a council, such as its region.
    adopt : {"any", "half", "full"}
        How much of a period must be treated for it to count as treated, when a go-live date falls inside it.
    partial : {"treated", "blank", "fraction"}
        How that period itself is coded: as `adopt` says, left out as a transition, or as the share
        of its days that is treated. What follows it is treated in any case.
    year_ends : str, optional
        Last day of the years that bare numbers stand for: with "03-31", 2021 is April 2020 to March 2021.

    Returns
    -------
    Panel
        With `.design`, `.frame`, `.y`, `.notes` on what was done on the way, and `.checks()`.

    Raises
    ------
    DataError
        Data that cannot be used as they stand: an unknown column, a council twice in a period, two
        spellings of a name, two go-lives of a council, a period that no council has, an outcome that
        is no number, and so on, each with council, period and spreadsheet row (the header is row 1).
    DesignError, IdentificationError
        Everyone treated from the first period, or everyone going live at once.

    Warns
    -----
    DesignWarning
        A council goes back from treated to control.
    DataWarning
        Two names that differ by a letter, or in words such as "City Council", and never stand in the same
        period; the name of a total, a country or a region.

    Examples
    --------
    >>> panel = read(
    ...     {
    ...         "council": ["Leeds", "Leeds", "Kent", "Kent"],
    ...         "year": [2020, 2021, 2020, 2021],
    ...         "starts": [210, 190, 400, 410],
    ...         "children": [170_000, 171_000, 340_000, 342_000],
    ...         "go_live": ["2020-09-01", "2020-09-01", "", ""],
    ...     },
    ...     cluster="council", period="year", outcome="starts", start="go_live",
    ...     size="children", per=10_000, year_ends="03-31",
    ... )
    >>> panel.design.treatment
    array([[0., 1.],
           [0., 0.]])
    >>> panel.y.round(1)
    array([12.4, 11.1, 11.8, 12. ])
    >>> print(panel.notes[1])
    A period in which a council goes live counts as treated when any of it is: Leeds (2020-09-01, row 2): 58% of 2021.
    """
    asked = Request(
        cluster=cluster, period=period, outcome=outcome, start=start, treated=treated, rows=rows, unit=unit, size=size,
        per=per, weights=weights, strata=strata, covariates=covariates, keep=keep, adopt=adopt, partial=partial,
        year_ends=year_ends,
    )  # fmt: skip
    table = open_table(data, asked.columns, asked.names)
    grid, calendar = to_grid(table, asked.period, to_councils(table, asked.cluster), asked.year_ends)
    panel = to_panel(table, asked, grid, calendar)
    if back := goes_back(panel.design, grid):
        warnings.warn(
            f"{back}. Most estimators need treatment to stay on once it starts. "
            "Correct the rows, blank them as not observed, or use Gls, which allows treatment to go back.",
            DesignWarning,
            stacklevel=2,
        )
    if alike := misspelt(panel.design.clusters, np.isfinite(panel.outcome)):
        pairs = listing([f"{first!r} and {second!r}" for first, second in alike])
        warnings.warn(
            f"Names that nearly agree never stand in the same period: {pairs}. Read as they stand they are "
            "different councils, each with part of the history. Correct the spelling if they are one.",
            DataWarning,
            stacklevel=2,
        )
    if areas := of_an_area(panel.design.clusters):
        warnings.warn(
            f"Among the councils stands {listing(areas)}, the name of a total, a country or a region. It counts as a "
            "council of its own. Delete its rows unless it is one.",
            DataWarning,
            stacklevel=2,
        )
    return panel
