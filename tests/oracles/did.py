"""Difference-in-differences straight from the papers, one loop at a time."""

import numpy as np
import statsmodels.api as sm

from staggered.data.frame import Frame
from staggered.value import FloatArray
from tests.oracles import dense

Cell = tuple[int, int]


def twfe(frame: Frame, outcome: FloatArray) -> sm.regression.linear_model.RegressionResultsWrapper:
    """Weighted least squares with a dummy per cluster and period; the first coefficient is treatment's."""
    clusters, periods = dense.dummies(frame)
    seen = periods.any(axis=0)
    design = np.column_stack([frame.design.treatment[frame.used], clusters, periods[:, seen][:, 1:]])
    return sm.WLS(outcome[frame.used], design, weights=frame.weights[frame.used]).fit()


def group_time(
    frame: Frame, outcome: FloatArray, *, controls: str = "notyet", anticipation: int = 0, universal: bool = False
) -> dict[Cell, float]:
    """Callaway and Sant'Anna (2021), equation 2.8 with unconditional parallel trends.

    ATT(g, t) = mean change from the base to t of cohort g less that of the comparison, each cluster weighted by its
    weight in the base period and observed in both; the base after treatment is the last period in which anybody
    of the cohort was observed before it.
    """
    start, used = frame.design.start, frame.used
    effects = {}
    for g in sorted({int(s) for s in start if np.isfinite(s)}):
        seen = [t for t in range(used.shape[1]) if any(used[c, t] for c in np.flatnonzero(start == g))]
        before = [t for t in seen if t < g - anticipation]
        for t in seen if before else []:
            base = before[-1] if t >= g - anticipation or universal else t - 1
            change: dict[bool, list[float]] = {True: [], False: []}
            weight: dict[bool, list[float]] = {True: [], False: []}
            for c, s in enumerate(start):
                own = s == g
                other = np.isinf(s) if controls == "never" else (not own and s > max(t, base) + anticipation)
                if base >= 0 and used[c, t] and used[c, base] and (own or other):
                    change[own].append(outcome[c, t] - outcome[c, base])
                    weight[own].append(frame.weights[c, base])
            if change[True] and change[False]:
                treated = np.average(change[True], weights=weight[True])
                effects[g, t] = treated - np.average(change[False], weights=weight[False])
    return effects


def cohort_shares(frame: Frame) -> dict[int, float]:
    """Total of the clusters' average weights, by cohort."""
    start = frame.design.start
    return {
        int(g): sum(frame.weights[c][frame.used[c]].mean() for c in np.flatnonzero(start == g))
        for g in np.unique(start[np.isfinite(start)])
    }


def aggregated(effects: dict[Cell, float], shares: dict[int, float], by: str) -> dict[object, float]:
    """Callaway and Sant'Anna (2021), section 3.1: "overall" plus one entry per event time, cohort or period."""
    after = {cell: value for cell, value in effects.items() if cell[1] >= cell[0]}

    def mean(cells: dict[Cell, float]) -> float:
        return float(np.average(list(cells.values()), weights=[shares[g] for g, _ in cells]))

    if by == "overall":
        return {"overall": mean(after)}
    if by == "event":
        times = sorted({t - g for g, t in effects})
        rows = {e: mean({c: v for c, v in effects.items() if c[1] - c[0] == e}) for e in times}
        return {"overall": float(np.mean([v for e, v in rows.items() if e >= 0])), **rows}
    if by == "calendar":
        rows = {t: mean({c: v for c, v in after.items() if c[1] == t}) for t in sorted({t for _, t in after})}
        return {"overall": float(np.mean(list(rows.values()))), **rows}
    rows = {g: float(np.mean([v for c, v in after.items() if c[0] == g])) for g in sorted({g for g, _ in after})}
    overall = float(np.average(list(rows.values()), weights=[shares[g] for g in rows]))
    return {"overall": overall, **rows}


def imputation(frame: Frame, outcome: FloatArray) -> dict[tuple[int, int], float]:
    """Borusyak, Jaravel and Spiess (2024), section 4: effect of each treated cell (cluster, period).

    Cluster and period effects from untreated cells by least squares; a cell is left out when its cluster or
    its period has no untreated cell (enough where the untreated cells hang together).
    """
    row, period = np.nonzero(frame.used)
    treated = frame.design.treatment[frame.used] > 0
    clusters, periods = dense.dummies(frame)
    design = np.column_stack([clusters, periods])
    root = np.sqrt(frame.weights[frame.used][~treated])
    coefficients, *_ = np.linalg.lstsq(
        design[~treated] * root[:, None], outcome[frame.used][~treated] * root, rcond=1e-10
    )
    predicted = design @ coefficients
    known = np.isin(row, row[~treated]) & np.isin(period, period[~treated])
    return {
        (int(row[k]), int(period[k])): float(outcome[row[k], period[k]] - predicted[k])
        for k in np.flatnonzero(treated & known)
    }


def imputation_by(frame: Frame, cells: dict[tuple[int, int], float], by: str) -> dict[object, float]:
    """Averages of cells' effects, each counting by its weight within a cohort and period."""
    start = frame.design.start
    total: dict[Cell, float] = {}
    mass: dict[Cell, float] = {}
    for (c, t), effect in cells.items():
        key = int(start[c]), t
        total[key] = total.get(key, 0.0) + effect * frame.weights[c, t]
        mass[key] = mass.get(key, 0.0) + frame.weights[c, t]
    effects = {key: total[key] / mass[key] for key in total}

    def mean(chosen: list[Cell]) -> float:
        return sum(effects[key] * mass[key] for key in chosen) / sum(mass[key] for key in chosen)

    if by == "overall":
        return {"overall": mean(list(effects))}
    if by == "event":
        rows = {e: mean([k for k in effects if k[1] - k[0] == e]) for e in sorted({t - g for g, t in effects})}
        return {"overall": float(np.mean(list(rows.values()))), **rows}
    if by == "calendar":
        rows = {p: mean([k for k in effects if k[1] == p]) for p in sorted({t for _, t in effects})}
        return {"overall": float(np.mean(list(rows.values()))), **rows}
    cohorts = sorted({g for g, _ in effects})
    rows = {g: float(np.mean([effects[k] for k in effects if k[0] == g])) for g in cohorts}
    weight = [np.mean([mass[k] for k in effects if k[0] == g]) for g in cohorts]
    return {"overall": float(np.average(list(rows.values()), weights=weight)), **rows}


def hussey_hughes_variance(treatment: FloatArray, within: float, between: float) -> float:
    """Hussey and Hughes (2007), equation 8: variance of the treatment effect on cluster-period means.

    within = σ²_e / m, between = τ².
    """
    clusters, periods = treatment.shape
    u = treatment.sum()
    w = (treatment.sum(axis=0) ** 2).sum()
    v = (treatment.sum(axis=1) ** 2).sum()
    above = clusters * within * (within + periods * between)
    below = (clusters * u - w) * within + (u**2 + clusters * periods * u - periods * w - clusters * v) * between
    return float(above / below)


def extended_curve(
    frame: Frame,
    outcome: FloatArray,
    family: sm.families.Family,
    cells: list[Cell],
    exposure: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Wooldridge (2023), procedure 3.1: average partial effects and their covariance.

    A pooled GLM with a dummy per cohort, per period and per cell named; each cell's effect is the average over its
    clusters of the fitted mean with its dummy less that without. The covariance is the cluster-robust one of the
    coefficients (no small-sample factor) by the delta method.
    """
    row, period = np.nonzero(frame.used)
    start = frame.design.start[row]
    cohorts, periods = np.unique(start), np.unique(period)
    design = np.column_stack(
        [
            *[start == g for g in cohorts],
            *[period == t for t in periods[1:]],
            *[(start == g) & (period == t) for g, t in cells],
        ]
    ).astype(float)
    offset = None if exposure is None else np.log(exposure[frame.used])
    weight = frame.weights[frame.used]
    model = sm.GLM(outcome[frame.used], design, family=family, var_weights=weight, offset=offset)
    fit = model.fit(tol=1e-14, maxiter=200)
    slope = family.link.inverse_deriv
    inverse = np.linalg.inv(design.T @ (design * (weight * slope(fit.predict(which="linear")))[:, None]))
    sums = [design[row == c].T @ (weight * fit.resid_response)[row == c] for c in np.unique(row)]
    covariance = inverse @ sum(np.outer(one, one) for one in sums) @ inverse
    effects, slopes = [], []
    for k, (g, t) in enumerate(cells):
        own = (start == g) & (period == t)
        share = weight[own] / weight[own].sum()
        base = design[own].copy()
        base[:, design.shape[1] - len(cells) + k] = 0
        shift = 0 if offset is None else offset[own]
        one, none = (family.link.inverse(x @ fit.params + shift) for x in (design[own], base))
        effects.append(share @ (one - none))
        slopes.append(
            share
            @ (
                slope(design[own] @ fit.params + shift)[:, None] * design[own]
                - slope(base @ fit.params + shift)[:, None] * base
            )
        )
    return np.array(effects), np.array(slopes) @ covariance @ np.array(slopes).T


def roth_santanna(frame: Frame) -> tuple[FloatArray, FloatArray]:
    """Roth and Sant'Anna (2023), section 2: weights (clusters, periods) of the overall unadjusted effect, and of X.

    Each cohort in each treated period less those not treated by then, within strata, strata averaged by the cohort's
    weight in them; X is the same difference in the period before go-live. Cells count by the cohort's weight.
    """
    start, strata = frame.design.start, np.array(frame.design.strata)
    unit = frame.weights.mean(axis=1)
    plain, before = np.zeros(frame.used.shape), np.zeros(frame.used.shape)
    total = 0.0
    for g in sorted({int(s) for s in start if np.isfinite(s) and s > 0}):
        for t in range(g, frame.used.shape[1]):
            for stratum in np.unique(strata):
                own = np.flatnonzero((start == g) & (strata == stratum))
                other = np.flatnonzero((start > t) & (strata == stratum))
                if len(own) and len(other):
                    mass = unit[own].sum()
                    total += mass
                    for who, sign in ((own, 1.0), (other, -1.0)):
                        for c in who:
                            plain[c, t] += sign * mass * unit[c] / unit[who].sum()
                            before[c, g - 1] += sign * mass * unit[c] / unit[who].sum()
    return plain / total, before / total
