"""sg.plot: the picture that belongs to a result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from matplotlib.axes import Axes

from ..allocation.allocate import Allocation
from ..data.panel import Panel
from ..design.design import Design
from ..diagnostics.bacon import Decomposition
from ..diagnostics.compare import Comparison
from ..diagnostics.weights import Weights
from ..errors import DataError, listing
from ..hierarchical.beforehand import Beforehand
from ..hierarchical.earlier import Learnt
from ..hierarchical.posterior import Posterior
from ..hierarchical.sensitivity import Sensitivity
from ..kernel.rule import Rule
from ..model.plan import Plan
from ..model.prior import Belief, Priors
from ..results.attained import Attained
from ..results.bounds import Bounds
from ..results.design_comparison import DesignComparison
from ..results.estimate import Estimate
from ..results.information import Information
from ..results.joint_power import JointPower
from ..results.power import Power
from ..results.tornado import Tornado
from . import beliefs
from .bounds import bounds
from .canvas import Place
from .course import course
from .coverage import coverage
from .decomposition import decomposition
from .design_comparison import design_comparison
from .event_study import event_study
from .forest import forest
from .information_map import information_map
from .joint_power import joint_power
from .power_curve import power_curve
from .power_map import power_map
from .power_spread import power_spread
from .schedule import schedule
from .shrinkage import shrinkage
from .tornado import tornado
from .weights import weights


@singledispatch
def plot(result: object, ax: Place = None) -> Axes:
    """Draw a result.

    A design, plan or allocation: its schedule. A power: a heat map where two assumptions vary, else a curve. Power
    over allocations: a histogram. Designs side by side: a bar of power for each. Information: a map of cells, or a
    bar for each cluster or period. A tornado: a bar for each assumption. Several outcomes: a bar for each.
    A panel: the outcome over time.
    An estimate by event time: an event study; of a hierarchical fit by council: raw beside pooled effects; any other,
    a comparison or a list of estimates: a forest. Bounds: an interval for each departure from parallel trends.
    Goodman-Bacon's decomposition: a point for each comparison. A rule by cell: what can be estimated; any other rule,
    and weights: a map of them. A belief, priors, what they were learnt from, what they expect and what hangs on them:
    as such.

    Parameters
    ----------
    result : Design, Plan, Allocation, Power, Attained, DesignComparison, Information, JointPower, Tornado, \
Panel, Estimate, Comparison, sequence of Estimate, Bounds, Decomposition, Rule, Weights, Belief, Priors, Learnt, \
Beforehand, Sensitivity or Posterior
    ax : Axes or Figure, optional
        Where to draw. An empty figure takes the picture's own size; a new one is made when absent.

    Returns
    -------
    matplotlib Axes
        Whose ``figure.savefig`` writes a file.

    Raises
    ------
    DataError
        Something that has no picture.

    Examples
    --------
    >>> import staggered as sg
    >>> from matplotlib.figure import Figure
    >>> axes = sg.plot(sg.stepped(clusters=["Leeds", "Kent"], steps=2), ax=Figure())
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['Leeds', 'Kent']
    """
    raise DataError(
        f"A {type(result).__name__} has no picture.",
        "Designs, plans, orders, powers, panels, estimates, comparisons, bounds, weights and priors have one.",
        "Give one of these or a list of estimates; any result has .table() and .text().",
    )


@plot.register
def _(result: Design, ax: Place = None) -> Axes:
    return schedule(result, ax)


@plot.register
def _(result: Plan, ax: Place = None) -> Axes:
    return schedule(result.design, ax)


@plot.register
def _(result: Allocation, ax: Place = None) -> Axes:
    return schedule(result.design, ax)


@plot.register
def _(result: Power, ax: Place = None) -> Axes:
    return power_map(result, ax) if len(result.inputs) == 2 else power_curve(result, ax)


@plot.register
def _(result: Attained, ax: Place = None) -> Axes:
    return power_spread(result, ax)


@plot.register
def _(result: DesignComparison, ax: Place = None) -> Axes:
    return design_comparison(result, ax)


@plot.register
def _(result: Information, ax: Place = None) -> Axes:
    return information_map(result, ax)


@plot.register
def _(result: JointPower, ax: Place = None) -> Axes:
    return joint_power(result, ax)


@plot.register
def _(result: Tornado, ax: Place = None) -> Axes:
    return tornado(result, ax)


@plot.register
def _(result: Panel, ax: Place = None) -> Axes:
    return course(result, ax)


@plot.register
def _(result: Estimate, ax: Place = None) -> Axes:
    by_event = any(term.event is not None and term.cohort is None for term in result.terms)
    by_council = len(result.terms) > 1 and all(term.cluster is not None for term in result.terms[1:])
    if by_council and isinstance(result.posterior, Posterior):
        return shrinkage(result.posterior, ax)
    return event_study(result, ax) if by_event else forest([result], ax)


@plot.register(list)
@plot.register(tuple)
def _(result: Sequence[object], ax: Place = None) -> Axes:
    estimates = [one for one in result if isinstance(one, Estimate)]
    if len(estimates) < max(1, len(result)):
        strange = [type(one).__name__ for one in result if not isinstance(one, Estimate)]
        raise DataError(
            f"The list holds {listing(strange) if strange else 'nothing'}.",
            "Several estimates are drawn side by side.",
            "Give a list of estimates.",
        )
    return forest(estimates, ax)


@plot.register
def _(result: Rule, ax: Place = None) -> Axes:
    by_cell = any(term.cohort is not None and term.period is not None for term in result.terms)
    return coverage(result, ax) if by_cell else weights(result, ax)


@plot.register
def _(result: Comparison, ax: Place = None) -> Axes:
    return forest(result.estimates, ax)


@plot.register
def _(result: Weights, ax: Place = None) -> Axes:
    return weights(result.rule, ax)


@plot.register
def _(result: Bounds, ax: Place = None) -> Axes:
    return bounds(result, ax)


@plot.register
def _(result: Decomposition, ax: Place = None) -> Axes:
    return decomposition(result, ax)


@plot.register
def _(result: Posterior, ax: Place = None) -> Axes:
    return shrinkage(result, ax)


@plot.register
def _(result: Belief, ax: Place = None) -> Axes:
    return beliefs.belief(result, ax)


@plot.register
def _(result: Priors, ax: Place = None) -> Axes:
    return beliefs.priors(result, ax)


@plot.register
def _(result: Learnt, ax: Place = None) -> Axes:
    return beliefs.learnt(result, ax)


@plot.register
def _(result: Beforehand, ax: Place = None) -> Axes:
    return beliefs.beforehand(result, ax)


@plot.register
def _(result: Sensitivity, ax: Place = None) -> Axes:
    return forest(result.estimates, ax, labels=result.labels)
