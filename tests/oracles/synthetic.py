"""Synthetic controls straight from the papers: their objectives handed to a general optimiser, one loop at a time."""

import numpy as np
from scipy import optimize

from staggered.value import FloatArray

COST = 1e-15


def on_simplex(objective: object, slope: object, count: int, free: int = 0) -> FloatArray:
    """Minimise over weights that are not negative and sum to 1, after `free` unrestricted numbers."""
    start = np.concatenate([np.zeros(free), np.full(count, 1 / count)])
    total = np.concatenate([np.zeros(free), np.ones(count)])
    found = optimize.minimize(
        objective,
        start,
        jac=slope,
        method="SLSQP",
        bounds=[(None, None)] * free + [(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda x: total @ x - 1, "jac": lambda x: total},
        options={"ftol": COST, "maxiter": 2000},
    )
    return np.asarray(found.x[free:])


def fitted(columns: FloatArray, target: FloatArray, ridge: float) -> FloatArray:
    """Weights w and an intercept with the smallest Σ (w0 + Σ w columns − target)² + ridge |w|²."""
    count = columns.shape[1]
    scale = float((target - target.mean()) @ (target - target.mean())) + 1.0

    def objective(x: FloatArray) -> float:
        left = x[0] + columns @ x[1:] - target
        return float(left @ left + ridge * (x[1:] @ x[1:])) / scale

    def slope(x: FloatArray) -> FloatArray:
        left = x[0] + columns @ x[1:] - target
        return np.concatenate([[2 * left.sum()], 2 * columns.T @ left + 2 * ridge * x[1:]]) / scale

    return on_simplex(objective, slope, count, free=1)


def synthetic_did(outcome: FloatArray, start: FloatArray) -> dict[tuple[int, int], float]:
    """Arkhangelsky and others (2021), algorithm 1, for each cohort against the never-treated; effect by cell."""
    donors = [i for i, s in enumerate(start) if np.isinf(s)]
    effects = {}
    for g in sorted({int(s) for s in start if np.isfinite(s)}):
        members = [i for i, s in enumerate(start) if s == g]
        before, after = range(g), range(g, outcome.shape[1])
        changes = [outcome[i, t] - outcome[i, t - 1] for i in donors for t in before if t > 0]
        noise = np.std(changes, ddof=1)
        own = np.array([np.mean([outcome[i, t] for i in members]) for t in range(outcome.shape[1])])
        zeta = (len(members) * len(after)) ** 0.25 * noise
        unit = fitted(outcome[donors][:, before].T, own[list(before)], zeta**2 * g)
        future = np.array([np.mean([outcome[i, t] for t in after]) for i in donors])
        time = fitted(outcome[donors][:, before], future, (1e-6 * noise) ** 2 * len(donors))
        for t in after:
            gap = {s: own[s] - sum(w * outcome[i, s] for w, i in zip(unit, donors, strict=True)) for s in (*before, t)}
            effects[g, t] = gap[t] - sum(w * gap[s] for w, s in zip(time, before, strict=True))
    return effects


def augmented(past: FloatArray, own: FloatArray, penalty: float) -> FloatArray:
    """Ben-Michael and others (2021), lemma 1: synthetic control plus the ridge correction, weights of the donors.

    past (periods, donors), own (periods,).
    """
    count = past.shape[1]
    scale = float((own - past.mean(axis=1)) @ (own - past.mean(axis=1))) + 1.0
    simplex = on_simplex(
        lambda w: float(((past @ w - own) ** 2).sum()) / scale,
        lambda w: 2 * past.T @ (past @ w - own) / scale,
        count,
    )
    centred = np.array([row - row.mean() for row in past])
    target = own - past.mean(axis=1)
    bridge = np.linalg.inv(centred @ centred.T + penalty * np.eye(len(own)))
    return np.asarray(simplex + (target - centred @ simplex) @ bridge @ centred)
