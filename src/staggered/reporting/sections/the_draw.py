"""How much depends on the draw: balance before and after, and power over the allocations that may come up."""

from __future__ import annotations

import numpy as np

from ...allocation.allocate import Allocation
from ...errors import DesignError, IdentificationError
from ...plotting.power_map import percent
from ...plotting.power_spread import power_spread
from ...results.attained import Attained
from ...results.power import Power
from ...results.simulated import Simulated
from ..document import Block, Column, Figure, Paragraph, Section, Table
from ..material import Material

_DRAWS = 1000
_EQUAL = 0.005
_NEAR = 2.0
_QUANTILES = {
    0.0: "worst of them",
    0.05: "worse in 1 of 20",
    0.25: "worse in 1 of 4",
    0.5: "in the middle",
    0.75: "better in 1 of 4",
    0.95: "better in 1 of 20",
    1.0: "best of them",
}


def the_draw(material: Material) -> Section | None:
    """Say how balanced the drawn order is, and what power the possible orders have."""
    study = material.study
    if material.kind != "protocol" or study.design is None or study.design.allocations() < 2:
        return None
    blocks: list[Block] = []
    allocation = material.allocation
    if allocation is not None and allocation.constraint is not None:
        blocks += _balance(allocation)
    spread = _attained(material)
    if spread is not None:
        kept = allocation is not None and allocation.constraint is not None
        blocks += _spread(spread, " that the balance leaves" if kept else "")
    if not study.lacks and study.effect is not None and study.analyses and study.quick_to_simulate:
        blocks.append(_simulated(study.simulated_power(_DRAWS, seed=1), study.power()))
    return Section("draw", "How much depends on the draw", tuple(blocks)) if blocks else None


def _attained(material: Material) -> Attained | None:
    """Give power over the allocations, where the plan has one power each and they differ."""
    study = material.study
    if study.lacks or study.effect is None:
        return None
    try:
        spread = study.attained(_DRAWS)
    except (IdentificationError, DesignError):
        # An effect that grows, or a variance that moves with the schedule: there is no one power per allocation.
        return None
    return spread if np.ptp(spread.power) > _EQUAL else None


def _balance(allocation: Allocation) -> list[Block]:
    table = allocation.balance()
    columns = (
        Column("Covariate"),
        *(Column(name, "{:.2f}".format) for name in ("Study file's own order", "Drawn without balance", "This draw")),
    )
    numbers = table[["planned", "random", "drawn"]].to_numpy(dtype=float).tolist()
    rows = tuple((str(name), *line) for name, line in zip(table["covariate"], numbers, strict=True))
    certificate = allocation.certificate()
    blocks: list[Block] = [
        Table(
            "Balance before and after",
            columns,
            rows,
            "Difference between the means of councils with and without the model in a typical period, in SDs of the "
            "covariate; 0 is perfect balance.",
        )
    ]
    for key, said in (
        ("pairs_always_together", "must always go live together"),
        ("pairs_never_together", "can never go live together"),
    ):
        pairs = certificate.get(key)
        if isinstance(pairs, list) and pairs:
            named = "; ".join(f"{first} and {second}" for first, second in pairs)
            blocks.append(
                Paragraph(
                    f"Under this balance some pairs of councils {said}: {named}. A draw with many such pairs is less "
                    "random than it looks; a larger share of acceptable allocations would loosen it."
                )
            )
    return blocks


def _spread(spread: Attained, of_which: str) -> list[Block]:
    count = len(spread.power)
    which = f"all {count:,} orders{of_which or ' that are possible'}"
    if not spread.complete:
        which = f"{count:,} orders drawn at random" + (f" from those{of_which}" if of_which else "")
    table = spread.table()
    numbers = table[["quantile", "power", "std_error"]].to_numpy(dtype=float).tolist()
    rows = tuple((_QUANTILES[quantile], power, error) for quantile, power, error in numbers)
    return [
        Paragraph(
            f"Councils differ in size, so power depends on who draws which step. Over {which}, power averages "
            f"{percent(spread.expected, spread.target)}; {100 * spread.below:.0f}% of the orders fall short of "
            f"{100 * spread.target:.0f}%, and the worst has {percent(spread.worst, spread.target)}."
        ),
        Figure(
            "power-spread",
            "Power over the possible orders",
            f"A histogram of the power of {which}: from {percent(spread.worst, spread.target)} to "
            f"{percent(float(spread.power.max()), spread.target)}, {percent(spread.expected, spread.target)} on "
            "average. Its quantiles are in the table that follows.",
            lambda canvas: power_spread(spread, canvas),
            f"Paler bars fall short of {100 * spread.target:.0f}%.",
        ),
        Table(
            "Power over the possible orders, in numbers",
            (
                Column("Among the orders"),
                Column("Power", lambda power: percent(power, spread.target)),
                Column("Standard error", "{:.3g}".format),
            ),
            rows,
        ),
    ]


def _simulated(result: Simulated, formula: Power) -> Paragraph:
    wrong = f" {result.failed} gave no p-value and count as not finding it." if result.failed else ""
    apart = result.power - float(formula.powers[0])
    if abs(apart) <= _NEAR * result.mcse:
        compared = "That is what the formula gives, as far as a simulation of this size can tell."
    elif apart < 0:
        compared = (
            f"The formula gives {percent(float(formula.powers[0]))}; the difference is the price of an analysis that "
            "does not take the planned correlation for known."
        )
    else:
        compared = (
            f"The formula gives {percent(float(formula.powers[0]))}: it tests more strictly than this analysis does "
            f"(t with {formula.degrees[0]:g} degrees of freedom)."
        )
    return Paragraph(
        f"The primary analysis itself ({result.estimator}, {result.inference}) was run on {result.draws:,} sets of "
        f"children simulated from the plan. It found the planned effect in {100 * result.power:.1f}% of them (Monte "
        f"Carlo standard error {100 * result.mcse:.1f} points) at {100 * result.alpha:g}%.{wrong} {compared}"
    )
