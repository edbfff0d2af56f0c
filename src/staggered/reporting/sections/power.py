"""Power over a range of assumptions."""

from __future__ import annotations

import numpy as np

from ...planning.tests_of_zero import distance_for
from ...plotting.power_curve import power_curve
from ...plotting.power_map import crossed, percent, power_map
from ...results.power import Power
from ...study.study import Study
from ...value import FloatArray
from ..document import Block, Bullets, Cell, Column, Figure, Paragraph, Section, Table
from ..material import Material
from ..planned import effect_words
from ..words import scale_of_plan
from .in_short_plan import range_sentence


def the_power(material: Material) -> Section | None:
    """Show power as a map over ICC and CAC, and the smallest effect that each pair would find."""
    study = material.study
    if study.lacks or study.effect is None:
        return None
    single, target = study.power(), study.spec.power.target
    blocks: list[Block] = [
        Paragraph(
            "Power is the chance of finding an effect that is really there. The effect looked for is "
            f"{effect_words(study, single)}. At the study file's own correlation ({correlation_words(study)}) "
            f"power is {percent(single.power, target)}, with a standard error of "
            f"{scale_of_plan(study).amount(single.se)}."
        ),
    ]
    told = study.spec.power.grid
    if told is not None and told.icc and told.cac:
        grid = study.grid()
        blocks += [
            Paragraph(range_sentence(grid, target)),
            _map(study, grid),
            _powers(grid, target),
            _smallest(study, grid),
        ]
        blocks.append(
            Paragraph(
                "No one knows the ICC and the CAC of a study beforehand. Read the whole map, not the tile that "
                "suits: a CAC of 1 says that councils differ but never drift apart, which is the most favourable "
                "assumption there is."
            )
        )
    else:
        blocks.append(
            Figure(
                "power-curve",
                "Power for smaller and larger effects",
                "Power rises with the size of the effect; at the planned effect it is "
                f"{percent(single.power, target)}.",
                lambda canvas: power_curve(single, canvas, scale=scale_of_plan(study), target=target),
            )
        )
    blocks.append(
        Bullets(
            (*single.conventions, f"Two-sided test at {100 * single.alpha:g}%; both tails count."),
            "How these numbers are meant",
        )
    )
    blocks.append(Paragraph(f"As a paragraph for a protocol. {study.sample_size().text()}"))
    return Section("power", "What the study could find", tuple(blocks))


def correlation_words(study: Study) -> str:
    """Name the correlation that the study file assumes."""
    told = study.spec.correlation
    if told is None:
        return "independent children"
    named = [(name.upper(), getattr(told, name)) for name in ("icc", "cac", "iac")]
    parts = [f"{name} {value:g}" for name, value in named if value is not None]
    if told.cac is None and told.structure == "exchangeable":
        parts.append("CAC 1")
    return ", ".join(parts) or told.structure


def _map(study: Study, grid: Power) -> Figure:
    target = study.spec.power.target
    columns, rows, tiles = crossed(grid)
    low, high = (np.unravel_index(pick(tiles), tiles.shape) for pick in (np.argmin, np.argmax))
    return Figure(
        "power-map",
        "Power by ICC and CAC",
        f"Power in percent for {len(rows)} values of the ICC and {len(columns)} of the CAC. Lowest, "
        f"{percent(float(tiles[low]), target)}, at ICC {rows[low[0]]:g} and CAC {columns[low[1]]:g}; highest, "
        f"{percent(float(tiles[high]), target)}, at ICC {rows[high[0]]:g} and CAC {columns[high[1]]:g}. All values "
        "are in the table that follows.",
        lambda canvas: power_map(grid, canvas, target=target),
        f"Tiles that reach {100 * target:.0f}% are framed." if (tiles >= target).any() else "",
    )


def _powers(grid: Power, target: float) -> Table:
    columns, rows, tiles = crossed(grid)
    head = (Column("ICC"), *(Column(f"CAC {value:g}", lambda power: percent(power, target)) for value in columns))
    cells = _lines(rows, tiles)
    return Table("The same in figures", head, cells)


def _smallest(study: Study, grid: Power) -> Table:
    """Effect found with the target power at each pair: the standard error times one distance."""
    target, scale = study.spec.power.target, scale_of_plan(study)
    distance = distance_for(target, float(grid.degrees[0]), grid.alpha, True)
    columns, rows, errors = crossed(grid, grid.errors)
    head = (Column("ICC"), *(Column(f"CAC {value:g}", lambda size: scale.shown(size).lstrip("+")) for value in columns))
    cells = _lines(rows, distance * errors)
    return Table(
        f"Smallest difference found with {100 * target:.0f}% power ({scale.axis})",
        head,
        cells,
        "In either direction. The difference that a study could find is easier to judge than a percentage of "
        "power: would it matter to children?",
    )


def _lines(rows: FloatArray, tiles: FloatArray) -> tuple[tuple[Cell, ...], ...]:
    """Lines of a table over ICC (down) and CAC (across)."""
    return tuple((f"{value:g}", *(float(tile) for tile in line)) for value, line in zip(rows, tiles, strict=True))
