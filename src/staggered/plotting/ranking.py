"""Ranking: each council's place with its interval, so that nobody reads an order into what is not known."""

from __future__ import annotations

from matplotlib.axes import Axes

from ..hierarchical.councils import ranking as places_of
from ..hierarchical.posterior import Posterior
from .canvas import INK, SMALL, TREATED, Place, axes_for, tidy


def ranking(posterior: Posterior, on: Place = None, *, level: float = 0.95) -> Axes:
    """Draw the interval of each council's place, 1 for the lowest effect, and its median place on it.

    Parameters
    ----------
    posterior : Posterior
    on : Axes, Figure or None
    level : float

    Examples
    --------
    >>> import staggered as sg
    >>> from matplotlib.figure import Figure
    >>> plan = sg.Plan(design=sg.stepped(clusters=6, steps=3, size=50), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8))
    >>> fit = sg.Hierarchical(engine="analytic", points=64, draws=400).posterior(sg.simulate(plan, seed=1))
    >>> len(ranking(fit, Figure()).get_yticklabels())
    6
    """
    table = places_of(posterior, level)
    count = len(table)
    axes = axes_for(on, 7.6, 1.3 + 0.32 * count)
    for row, one in enumerate(table.itertuples()):
        low, high, middle = (float(x) for x in (one.low, one.high, one.median_place))  # type: ignore[arg-type]
        axes.plot([low, high], [row, row], color=TREATED, linewidth=2.0, solid_capstyle="butt")
        axes.plot([middle], [row], marker="o", markersize=6.5, color=TREATED, linestyle="none")
        axes.text(
            1.02, row, f"{low:.0f} to {high:.0f}", transform=axes.get_yaxis_transform(), va="center", size=SMALL,
            color=INK,
        )  # fmt: skip
    step = 1 if count <= 12 else 5
    axes.set_yticks(range(count), [str(name) for name in table["council"]])
    axes.set_xticks([k for k in range(1, count + 1) if k == 1 or k % step == 0])
    axes.set(xlim=(0.5, count + 0.5), ylim=(count - 0.3, -0.7))
    tidy(axes, grid="x")
    axes.set_xlabel(f"place of {count}, 1 for the lowest effect; line: {100 * level:g}% interval, point: median")
    return axes
