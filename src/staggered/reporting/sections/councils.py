"""Council by council: each one's own effect, drawn towards the others', with how sure it is."""

from __future__ import annotations

import warnings

import numpy as np

from ...data.panel import Panel
from ...errors import StaggeredWarning, listing
from ...hierarchical.councils import shrinkage
from ...hierarchical.hierarchical import Hierarchical
from ..document import Block, Bullets, Column, Paragraph, Section, Table
from ..material import Material
from ..words import scale_of_data

_FEWEST = 3
_SEED = 1


def councils(material: Material) -> Section | None:
    """Show what a hierarchical model says of each council, where enough of them go live to tell."""
    if material.kind != "trial" or not _suitable(material.panel):
        return None
    with warnings.catch_warnings():
        # What it would warn of (priors, few councils) is said below or rules the section out above.
        warnings.simplefilter("ignore", StaggeredWarning)
        fitted = Hierarchical(engine="analytic", seed=_SEED).posterior(material.panel)
    scale = scale_of_data(material.study)
    table, new = shrinkage(fitted), fitted.estimate("new")
    low, high = (float(end) for end in new.interval())
    outside = (table["low"] > 0) | (table["high"] < 0)
    clear = [str(name) for name in table["council"][outside]]
    said = (
        f"The interval of {listing(clear)} leaves out no change; those of the others include it."
        if clear
        else "Every interval includes no change: from these data no council can be told from one where nothing "
        "happened."
    )
    blocks: list[Block] = [
        Paragraph(
            "What each council's own data say is in the first column of figures. One council's data are few, so that "
            "the largest and the smallest of these differences are mostly chance. The second column draws each towards "
            f"the mean of all, the more the less its own data tell. {said}"
        ),
        Table(
            "Each council's change since go-live",
            (
                Column("Council"), Column("Its own data alone", scale.shown), Column("Drawn together", scale.shown),
                Column("95% credible interval, from", scale.shown), Column("to", scale.shown),
            ),
            tuple(
                (str(row.council), _cell(row.raw), _cell(row.pooled), _cell(row.low), _cell(row.high))
                for row in table.itertuples()
            ),
            "This is no league table: the intervals overlap, and the order of the councils is not known.",
        ),
        Paragraph(
            f"In another council like these the change would lie between {scale.shown(low)} and {scale.shown(high)} "
            "(95% prediction interval)."
        ),
    ]  # fmt: skip
    said_of_fit = (*fitted.estimate().alerts, *(check.message for check in fitted.checks))
    blocks.append(Bullets(said_of_fit, "How the model was fitted, and whether it can be relied on"))
    return Section("councils", "Council by council", tuple(blocks))


def _cell(value: object) -> str | float:
    number = float(value)  # type: ignore[arg-type]
    return number if np.isfinite(number) else "no comparison"


def _suitable(panel: Panel) -> bool:
    """Whether enough councils go live, for good, in periods and places that can be compared."""
    used, treatment = panel.frame.used, np.nan_to_num(panel.design.treatment)
    live = int((used & (treatment > 0)).any(axis=1).sum())
    return live >= _FEWEST and bool(panel.design.absorbing.all()) and not panel.frame.covariates
