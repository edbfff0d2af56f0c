"""A permutation test of a mixed model: what is held, what is exchanged, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...data.frame import Frame
from ...data.panel import Panel
from ...errors import IdentificationError, listing
from ...inference.permutation import Permutation, allocation_notes
from ...inference.reallocations import reallocations, require_measured, uses_blanks, with_strata
from ...results.uncertainty import Reference
from ...results.words import number_words
from ...value import FloatArray
from .effects import effect_columns
from .normal import Choices, normal_model
from .normal_fit import NormalFit, fit_normal
from .permuted import Exchange, under_orders


def permuted(
    panel: Panel, choices: Choices, inference: Permutation
) -> tuple[FloatArray, Reference, tuple[str, ...], NormalFit]:
    """Values by REML, the randomisation distribution of those with weights held, notes, and the fit by REML.

    Raises
    ------
    IdentificationError
        Covariates of people together with schedules that leave different cells out.
    """
    panel = with_strata(panel, inference.strata)
    others = reallocations(panel.design, inference.draws, inference.seed, inference.allowed)
    require_measured(panel, others.orders)
    blanks = uses_blanks(panel, others.orders)
    if blanks and panel.people is not None and panel.people.covariates:
        raise IdentificationError(
            "Schedules leave different cells out, and the model adjusts for covariates of people.",
            "Under another allocation other people would be in the model, and their covariates with them.",
            "Leave the covariates out for the permutation test, or use Jackknife().",
        )
    held = replace(choices, effect="", working=choices.working.without_treatment())
    fit = fit_normal(normal_model(panel, held))
    # Cells that the own schedule leaves out and another would use: measured, and at hand.
    null = normal_model(all_that_was_measured(panel), held) if blanks else fit.model
    schedule = effect_columns(Frame(panel.design), choices.effect, knots=choices.knots, delay=choices.delay)
    theta = fit.maximum.point.theta
    data = null.data
    actual = np.where(panel.frame.used, np.nan_to_num(panel.design.treatment), 0.0)
    exchange = Exchange(
        fixed=null.columns,
        schedules=schedule.grid,
        observed=panel.design.observed,
        root=data.root,
        period=data.period,
        working=null.structure.at(theta).value[0],
        outcomes=np.stack([data.outcome, data.spread(actual[:, :, None])[:, :, 0]], axis=2),
        contrast=schedule.contrast,
    )
    own = under_orders(exchange, np.arange(len(data.root))[None])[0]
    found = under_orders(exchange, others.orders)
    inverts = inference.interval and not blanks
    slope = found[:, :, 1] if inverts else None
    reference = Reference(found[:, :, 0], slope, own[:, 1], others.exact, statistic=own[:, 0])
    shown = listing([number_words(float(value)) for value in own[:1, 0]])
    notes = (
        "p-value and interval compare allocations with weights from a fit without the effect, which knows nothing "
        f"of the allocation; with these weights the estimate is {shown}.",
        *allocation_notes(others, reference, own[:, 0], inverts or not inference.interval),
    )
    actual_fit = fit_normal(normal_model(panel, choices))
    values = schedule.contrast @ actual_fit.beta[0][actual_fit.model.effect_rows]
    return values, reference, notes, actual_fit


def all_that_was_measured(panel: Panel) -> Panel:
    """Give the panel with every cell that has an outcome, whether its own schedule uses it or not."""
    design = panel.design
    size = np.where(design.size > 0, design.size, 1.0)
    observed = replace(design, treatment=np.nan_to_num(design.treatment), size=size)
    return replace(panel, frame=replace(panel.frame, design=observed))
