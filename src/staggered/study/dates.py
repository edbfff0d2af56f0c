"""Go-live dates of a rollout, each looked at by itself so that all that are wrong are said."""

from __future__ import annotations

import numpy as np

from ..design.dates import to_date, to_dates
from ..errors import DesignError
from .problems import Problem, from_error
from .schema import Day, Rollout


def date_problems(section: Rollout) -> list[Problem]:
    """Window and go-live dates that cannot be used, council by council."""
    problems: list[Problem] = []
    window = []
    for key in ("start", "end"):
        try:
            window.append(to_date(getattr(section, key), f"{key} in [design]"))
        except DesignError as error:
            problems.append(from_error(error, ("design", key)))
    if len(window) == 2 and window[1] <= window[0]:
        what = f"The window ends ({window[1]}) before it begins ({window[0]})."
        return [*problems, Problem(("design", "end"), what, "No period fits in it.", "Swap or correct the dates.")]
    places = {council.name: k for k, council in enumerate(section.council) if council.name not in section.never}
    live = [section.council[k] for k in places.values()]
    for end in (0, 1):
        given = [_end(council.go_live, end) for council in live]
        try:
            days = to_dates(given, [council.name for council in live])
        except DesignError as error:
            blamed = next((k for name, k in places.items() if error.what.startswith(name)), 0)
            return [*problems, from_error(error, ("design", "council", blamed, "go_live"))]
        for council, value, day in zip(live, given, days, strict=True):
            path = ("design", "council", places[council.name], "go_live")
            if value is None or np.isnat(day):
                why = "Without it nobody knows which periods are treated."
                fix = f'Add go_live = ..., or name it in never = ["{council.name}"].'
                problems.append(Problem(path, f"{council.name} has no go-live date.", why, fix))
            elif len(window) == 2 and not window[0] <= day <= window[1]:
                what = f"{council.name} goes live on {day}, outside the window from {window[0]} to {window[1]}."
                why = "Such a council is never seen to cross over."
                fix = "Correct the date, widen the window, or name the council under never."
                problems.append(Problem(path, what, why, fix))
    return list(dict.fromkeys(problems))


def _end(go_live: Day | list[Day] | None, end: int) -> Day | None:
    """Earliest (0) or latest (1) day of a go-live; of a list that is not two, its first."""
    if not isinstance(go_live, list):
        return go_live
    return go_live[end] if len(go_live) == 2 else go_live[0] if go_live else None
