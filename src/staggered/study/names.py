"""Names that must agree: one spelling for each council, and no table that speaks of an unknown one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .lines import Path
from .problems import Problem, nearest


def name_problems(raw: object) -> list[Problem]:
    """Councils of a bare [design] named twice, and tables that speak of unknown ones."""
    if not isinstance(raw, dict):
        return []
    councils = [part for part in raw.get("council", []) if isinstance(part, dict)]
    named: list[tuple[Path, str]] = [
        (("design", "council", k), council["name"])
        for k, council in enumerate(councils)
        if isinstance(council.get("name"), str)
    ]
    named += _listed(raw, "clusters")
    listed = [name for _, name in named]
    # A council may stand both in the list and under `never`, unless it goes live.
    live = {council.get("name") for council in councils if "go_live" in council}
    added = [(path, name) for path, name in _listed(raw, "never") if name not in listed or name in live]
    problems = twice([*named, *added])
    known = [*listed, *(name for _, name in added)]
    for table in ("size", "rate", "strata"):
        given = raw.get(table)
        if isinstance(given, dict):
            problems += unknown([(("design", table, name), name) for name in given], known, f"{table} in [design]")
    return problems


def _listed(raw: Mapping[str, Any], key: str) -> list[tuple[Path, str]]:
    """Names of a list in [design], each with its place."""
    given = raw.get(key)
    if not isinstance(given, list):
        return []
    return [(("design", key, k), name) for k, name in enumerate(given) if isinstance(name, str)]


def plain(name: str) -> str:
    """Spell a name so that spellings of one place agree: case, spaces, hyphens and & aside.

    Examples
    --------
    >>> plain("Telford & Wrekin") == plain("telford and wrekin")
    True
    """
    return re.sub(r"[^a-z0-9]", "", name.casefold().replace("&", "and"))


def twice(places: Sequence[tuple[Path, str]]) -> list[Problem]:
    """Names that stand twice, in one spelling or in two."""
    first: dict[str, str] = {}
    problems = []
    for path, name in places:
        key = plain(name)
        if key not in first:
            first[key] = name
            continue
        known = first[key]
        if known == name:
            what = f"{name} is named twice."
            problems.append(
                Problem(path, what, "One council has one go-live date and one size.", "Keep one of the two.")
            )
        else:
            what = f"{known} and {name} look like two spellings of one name."
            problems.append(
                Problem(
                    path,
                    what,
                    "Two spellings would count as two councils.",
                    "Use one spelling, or tell the two names apart.",
                )
            )
    return problems


def unknown(places: Iterable[tuple[Path, str]], known: Sequence[str], table: str) -> list[Problem]:
    """Names in a table that are none of the councils."""
    problems = []
    by_plain = {plain(name): name for name in known}
    for path, name in places:
        if name in known:
            continue
        twin = by_plain.get(plain(name))
        what = f"{table} speaks of {name}, which is none of the councils."
        fix = f"Write it as {twin}, as in the list of councils." if twin else nearest(name, known)
        problems.append(Problem(path, what, "What is said of an unknown council would be lost.", fix))
    return problems
