"""Which assumption a plan hangs on: each in turn at either end of its range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import DesignError, listing
from ..model.plan import Plan
from ..results.power import Power
from ..results.tornado import Tornado
from .grid import grid
from .power import power
from .variation import ASSUMPTIONS, own_value, with_value


def tornado(
    plan: Plan,
    ranges: Mapping[str, Sequence[float]],
    *,
    target: float = 0.8,
    alpha: float = 0.05,
    df: str | float | None = None,
) -> Tornado:
    """Power at both ends of the range of each assumption, all others as planned.

    Parameters
    ----------
    plan : Plan
    ranges : mapping of str to (low, high)
        Of "icc", "cac", "iac", "size" (mean people per cell), "effect", "sd", "baseline" and "clusters".
    target : float
        Power that was aimed at.
    alpha, df
        As in `power`.

    Returns
    -------
    Tornado
        The widest swing first; `sg.plot` draws it.

    Raises
    ------
    DesignError
        An assumption that the plan does not make, or a range of other than two numbers.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=24, steps=4), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(0.2))
    >>> found = tornado(plan, {"icc": (0.01, 0.1), "cac": (0.5, 1.0), "clusters": (20, 28)})
    >>> found.table()[["assumption", "power_from", "power_to"]].round(2).values.tolist()
    [['cac', 0.84, 0.99], ['icc', 0.99, 0.86], ['clusters', 0.89, 0.97]]
    """
    unknown = [name for name in ranges if name not in ASSUMPTIONS]
    if unknown or not ranges:
        raise DesignError(
            f"{listing(unknown)} cannot be varied." if unknown else "tornado was given no range.",
            "Each bar is one assumption of the plan at both ends of its range.",
            f"Give a mapping such as {{'icc': (0.01, 0.1)}}, of any of {', '.join(ASSUMPTIONS)}.",
        )
    for name, ends in ranges.items():
        if len(ends) != 2:
            raise DesignError(
                f"The range of {name} has {len(ends)} numbers.",
                "A bar has two ends.",
                f"Give the lowest and the highest value that are plausible, such as {name!r}: (low, high).",
            )
    powers = np.array([_ends(plan, name, ends, alpha, df) for name, ends in ranges.items()])
    order = np.argsort(-np.abs(np.diff(powers, axis=1))[:, 0], kind="stable")
    names = [*ranges]
    whole = power(plan, alpha=alpha, df=df)
    return Tornado(
        names=tuple(names[k] for k in order),
        own=np.array([own_value(plan, names[k]) for k in order]),
        values=np.array([ranges[names[k]] for k in order], dtype=float),
        powers=powers[order],
        power=float(whole.power),
        target=target,
        alpha=alpha,
        conventions=whole.conventions,
    )


def _ends(plan: Plan, name: str, ends: Sequence[float], alpha: float, df: str | float | None) -> list[float]:
    if name in {"sd", "baseline"}:
        return [float(power(with_value(plan, name, end), alpha=alpha, df=df).power) for end in ends]
    return [float(one) for one in _over(plan, name, [float(end) for end in ends], alpha, df).powers]


def _over(plan: Plan, name: str, ends: list[float], alpha: float, df: str | float | None) -> Power:
    varied = {name: ends}
    return grid(
        plan,
        icc=varied.get("icc"),
        cac=varied.get("cac"),
        iac=varied.get("iac"),
        size=varied.get("size"),
        effect=varied.get("effect"),
        clusters=varied.get("clusters"),
        alpha=alpha,
        df=df,
    )
