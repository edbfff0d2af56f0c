"""Generalised estimating equations person by person, with the corrections as their papers write them.

Every matrix has one row per person: V_i is built whole and inverted, H_i = D_i M D_i'V_i⁻¹ is n_i × n_i, and pairs of
people are counted one by one.
"""

from dataclasses import dataclass

import numpy as np

from staggered.value import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class People:
    """Outcomes, columns, clusters and periods of people."""

    outcome: FloatArray
    columns: FloatArray
    cluster: IntArray
    period: IntArray
    family: str
    link: str


def means(people: People, beta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, its slope in the linear predictor, and variance up to the scale, of everyone."""
    predictor = people.columns @ beta
    mean = {
        "identity": lambda: predictor,
        "log": lambda: np.exp(predictor),
        "logit": lambda: 1 / (1 + np.exp(-predictor)),
    }[people.link]()
    slope = {"identity": lambda: np.ones_like(mean), "log": lambda: mean, "logit": lambda: mean * (1 - mean)}
    variance = {"gaussian": np.ones_like(mean), "binomial": mean * (1 - mean), "poisson": mean}[people.family]
    return mean, slope[people.link](), variance


def moments(people: People, beta: FloatArray, working: str) -> tuple[float, dict[int, tuple[float, int]]]:
    """Scale, and mean product and number of pairs of people d periods apart (0 for all pairs where it is one)."""
    mean, _, variance = means(people, beta)
    residual = (people.outcome - mean) / np.sqrt(variance)
    scale = float(np.mean(residual**2))
    products: dict[int, list[float]] = {}
    for i in range(len(residual)):
        for j in range(i):
            if people.cluster[i] == people.cluster[j]:
                lag = abs(int(people.period[i] - people.period[j]))
                kind = {"exchangeable": 0, "nested": int(lag > 0), "decay": lag}[working]
                products.setdefault(kind, []).append(float(residual[i] * residual[j]) / scale)
    return scale, {kind: (float(np.mean(one)), len(one)) for kind, one in products.items()}


def covariances(
    people: People, beta: FloatArray, scale: float, by_lag: FloatArray
) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Sum of the scores, which is 0 at a solution, and the covariance of the coefficients by correction."""
    mean, slope, variance = means(people, beta)
    width = people.columns.shape[1]
    parts = []
    for cluster in np.unique(people.cluster):
        own = people.cluster == cluster
        period = people.period[own]
        alike = by_lag[np.abs(period[:, None] - period)]
        np.fill_diagonal(alike, 1.0)
        root = np.sqrt(variance[own])
        whole = scale * root[:, None] * alike * root
        derivative = people.columns[own] * slope[own, None]
        parts.append((derivative, np.linalg.inv(whole), people.outcome[own] - mean[own]))
    model = np.linalg.inv(sum(d.T @ v @ d for d, v, _ in parts))
    middles = {name: np.zeros((width, width)) for name in ("none", "KC", "MD", "FG")}
    total = np.zeros(width)
    for derivative, inverse, residual in parts:
        score = derivative.T @ inverse @ residual
        total += score
        hat = derivative @ model @ derivative.T @ inverse
        raised = derivative.T @ inverse @ np.linalg.solve(np.eye(len(hat)) - hat, residual)
        diagonal = np.diag(derivative.T @ inverse @ derivative @ model)
        grown = score / np.sqrt(1 - np.minimum(0.75, diagonal))
        middles["none"] += np.outer(score, score)
        middles["MD"] += np.outer(raised, raised)
        middles["KC"] += (np.outer(raised, score) + np.outer(score, raised)) / 2
        middles["FG"] += np.outer(grown, grown)
    found = {name: model @ middle @ model for name, middle in middles.items()}
    clusters, observations = len(parts), len(people.outcome)
    plain = (observations - 1) / (observations - width) * clusters / (clusters - 1) * found["none"]
    inflation = max(1.0, float(np.trace(model @ middles["none"])) / width)
    found["MBN"] = plain + min(0.5, width / (clusters - width)) * inflation * model
    return total, found
