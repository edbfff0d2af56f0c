"""Goodman-Bacon's decomposition: which two-by-two comparisons a two-way fixed-effects estimate is made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from ..data.panel import Panel, require_panel
from ..errors import DesignError, IdentificationError, listing
from ..results.words import number_words
from ..value import BoolArray, FloatArray, Value

EARLIER_LATER = "earlier against later"
LATER_EARLIER = "later against earlier"
NEVER = "treated against never"
ALWAYS = "later against always treated"
_REFERENCES = (
    "Goodman-Bacon A (2021). Difference-in-differences with variation in treatment timing. "
    "Journal of Econometrics 225:254-277.",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One two-by-two comparison.

    Parameters
    ----------
    kind : str
        What sort of comparison it is.
    treated, control : object
        First treated period of the cohort that changes, and of the one it is compared with (None: never treated).
    weight, estimate : float
        Its share of the two-way fixed-effects estimate, and its own.
    """

    kind: str
    treated: object
    control: object
    weight: float
    estimate: float


@dataclass(frozen=True, slots=True, eq=False)
class Decomposition(Value):
    """A two-way fixed-effects estimate as a weighted average of two-by-two comparisons.

    Parameters
    ----------
    pairs : tuple of Pair
    """

    pairs: tuple[Pair, ...]
    references: tuple[str, ...] = _REFERENCES

    @property
    def value(self) -> float:
        """The estimate that the comparisons add up to."""
        return float(sum(pair.weight * pair.estimate for pair in self.pairs))

    @property
    def forbidden(self) -> float:
        """Share of the weight on comparisons with clusters that are already treated."""
        return float(sum(pair.weight for pair in self.pairs if pair.kind in (LATER_EARLIER, ALWAYS)))

    def table(self) -> pd.DataFrame:
        """One row per comparison: kind, treated, control, weight, estimate."""
        return pd.DataFrame([asdict(pair) for pair in self.pairs])

    def summary(self) -> pd.DataFrame:
        """One row per kind of comparison: its weight and its average estimate."""
        table = self.table()
        table["part"] = table.weight * table.estimate
        grouped = table.groupby("kind", sort=False)[["weight", "part"]].sum()
        grouped["estimate"] = grouped.part / grouped.weight
        return grouped[["weight", "estimate"]].reset_index()

    def text(self) -> str:
        """Say in a paragraph what the estimate rests on."""
        summary = self.summary()
        parts = [
            f"{weight:.0%} on {kind} ({number_words(estimate)} on average)"
            for kind, weight, estimate in zip(
                summary["kind"].tolist(), summary["weight"].tolist(), summary["estimate"].tolist(), strict=True
            )
        ]
        said = f"The two-way fixed-effects estimate of {number_words(self.value)} is an average of {len(self.pairs)} "
        said += f"two-by-two comparisons: {'; '.join(parts)}."
        if self.forbidden > 0:
            said += (
                f" {self.forbidden:.0%} of the weight lies on comparisons with councils that are already treated: "
                "if the effect grows or fades with time, these pull the estimate away from the effect."
            )
        return said

    def to_dict(self) -> dict[str, object]:
        """Give every comparison as plain values."""
        return {
            "value": self.value,
            "pairs": [asdict(pair) for pair in self.pairs],
            "references": list(self.references),
        }


def bacon(panel: Panel) -> Decomposition:
    """Decompose the two-way fixed-effects estimate into comparisons of pairs of cohorts.

        θ = Σ_k s_kU θ_kU + Σ_k Σ_{l later} ( s_kl^k θ_kl^k + s_kl^l θ_kl^l )

    Parameters
    ----------
    panel : Panel
        Every council observed in every period, with a weight that does not change over time.

    Raises
    ------
    DesignError
        Treatment that goes back or is partial, gaps, or weights that change.
    IdentificationError
        Fewer than two cohorts.

    References
    ----------
    Goodman-Bacon (2021), Journal of Econometrics 225:254, Theorem 1.

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=6, steps=3), outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> parts = sg.bacon(panel)
    >>> abs(parts.value - sg.Twfe().fit(panel, sg.Jackknife()).value) < 1e-12
    True
    """
    require_panel(panel)
    start, mass = _cohorts(panel)
    found = np.unique(start)
    if len(found) < 2:
        raise IdentificationError(
            "All councils start together.",
            "A decomposition sets cohorts with different starts against each other.",
            "Add councils that start later or never.",
        )
    means = np.stack([mass[start == g] @ panel.outcome[start == g] / mass[start == g].sum() for g in found])
    share = np.array([mass[start == g].sum() for g in found]) / mass.sum()
    periods = panel.outcome.shape[1]
    treated = 1 - np.minimum(found, periods) / periods
    pairs: list[tuple[str, int, int, float, float]] = []
    for k in range(len(found)):
        for later in range(k + 1, len(found)):
            pairs += _pair(found, means, share, treated, k, later)
    total = sum(pair[3] for pair in pairs)
    if not total:
        raise IdentificationError(
            "No council changes from control to treated within the data.",
            "A decomposition sets changes at go-live against each other.",
            "Bring periods before and after go-live.",
        )
    names = [panel.design.periods[int(g)] if np.isfinite(g) else None for g in found]
    return Decomposition(
        tuple(Pair(kind, names[k], names[c], weight / total, value) for kind, k, c, weight, value in pairs)
    )


def _pair(
    found: FloatArray, means: FloatArray, share: FloatArray, treated: FloatArray, k: int, later: int
) -> list[tuple[str, int, int, float, float]]:
    """Comparisons of two cohorts with their unscaled weights: (kind, treated, control, weight, estimate)."""
    n_k, n_l, d_k, d_l = share[k], share[later], treated[k], treated[later]
    columns = np.arange(means.shape[1])
    first: BoolArray = columns >= found[k]
    second: BoolArray = columns >= found[later]
    each = n_k * n_l
    if np.isinf(found[later]):
        if d_k == 1:
            return []
        value = _two_by_two(means[k], means[later], first, ~first)
        return [(NEVER, k, later, each * d_k * (1 - d_k), value)]
    rows = []
    if d_k < 1:
        value = _two_by_two(means[k], means[later], first & ~second, ~first)
        rows.append((EARLIER_LATER, k, later, each * (d_k - d_l) * (1 - d_k), value))
    value = _two_by_two(means[later], means[k], second, first & ~second)
    kind = LATER_EARLIER if d_k < 1 else ALWAYS
    rows.append((kind, later, k, each * d_l * (d_k - d_l), value))
    return rows


def _two_by_two(changing: FloatArray, other: FloatArray, after: BoolArray, before: BoolArray) -> float:
    return float((changing[after].mean() - changing[before].mean()) - (other[after].mean() - other[before].mean()))


def _cohorts(panel: Panel) -> tuple[FloatArray, FloatArray]:
    """Start and weight of each cluster, for a panel that can be decomposed."""
    frame, design = panel.frame, panel.design
    frame.require_absorbing("The decomposition")
    assert frame.weights is not None
    gaps = [design.clusters[i] for i in np.flatnonzero(~frame.used.all(axis=1))]
    partly = [design.clusters[i] for i in np.flatnonzero(((design.treatment > 0) & (design.treatment < 1)).any(axis=1))]
    moving = [design.clusters[i] for i in np.flatnonzero(np.ptp(frame.weights, axis=1) > 0)]
    for who, what in (
        (gaps, "not observed in every period"),
        (partly, "partly treated"),
        (moving, "weighted unevenly over time"),
    ):
        if who:
            raise DesignError(
                f"{listing(who)} is {what}.",
                "The decomposition into two-by-two comparisons holds for complete panels of councils treated or not.",
                "Leave it out, or look at weights(Twfe(), design), which needs no such thing.",
            )
    return design.start, frame.weights[:, 0]
