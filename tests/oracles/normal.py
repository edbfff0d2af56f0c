"""Slow and plain: a normal mixed model as one big matrix over people, straight from its definition."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from staggered.data.panel import Panel
from staggered.value import FloatArray


@dataclass(frozen=True)
class People:
    """Rows of people with everything a covariance can depend on."""

    outcome: FloatArray
    columns: FloatArray
    cluster: FloatArray
    period: FloatArray
    unit: FloatArray
    treated: FloatArray
    exposure: FloatArray


def people_of(panel: Panel) -> People:
    """Rows of a panel: period dummies, covariates, treatment."""
    rows = panel.people
    keep = panel.frame.used[rows.cluster, rows.period]
    cluster, period = rows.cluster[keep], rows.period[keep]
    treated = np.nan_to_num(panel.design.treatment)[cluster, period]
    seen = np.unique(period)
    dummies = (period[:, None] == seen).astype(float)
    covariates = [column[keep] for column in rows.covariates.values()]
    return People(
        rows.outcome[keep],
        np.column_stack([dummies, *covariates, treated]),
        cluster,
        period,
        np.arange(len(cluster)) if rows.unit is None else rows.unit[keep],
        treated,
        panel.design.exposure[cluster, period],
    )


def parts(people: People, kind: str) -> list[FloatArray]:
    """Matrices whose weighted sum is the covariance: residual first."""
    together = people.cluster[:, None] == people.cluster[None, :]
    same = people.period[:, None] == people.period[None, :]
    person = (people.unit[:, None] == people.unit[None, :]) & together
    treated = np.outer(people.treated, people.treated)
    shared = (people.exposure[:, None] == people.exposure[None, :]) * treated
    eye = np.eye(len(people.outcome))
    return {
        "independent": [eye],
        "exchangeable": [eye, together],
        "nested": [eye, together, together & same],
        "random-treatment": [eye, together, together * treated],
        "cohort": [eye, together, person],
        "cohort-nested": [eye, together, together & same, person],
        "exposure": [eye, together, shared],
    }[kind]


def decay(people: People, theta: FloatArray, position: FloatArray) -> FloatArray:
    """Covariance with correlation r^lag between periods of a cluster."""
    together = people.cluster[:, None] == people.cluster[None, :]
    place = position[people.period]
    lag = np.abs(place[:, None] - place[None, :])
    return theta[0] * np.eye(len(place)) + theta[1] * together * theta[2] ** lag


def criterion(people: People, covariance: FloatArray, *, restricted: bool = True) -> float:
    """−2 log-likelihood."""
    n, p = people.columns.shape
    factor = linalg.cho_factor(covariance)
    information = people.columns.T @ linalg.cho_solve(factor, people.columns)
    beta = np.linalg.solve(information, people.columns.T @ linalg.cho_solve(factor, people.outcome))
    rest = people.outcome - people.columns @ beta
    value = np.linalg.slogdet(covariance)[1] + rest @ linalg.cho_solve(factor, rest)
    if restricted:
        return float(value + np.linalg.slogdet(information)[1] + (n - p) * np.log(2 * np.pi))
    return float(value + n * np.log(2 * np.pi))


def kenward_roger(people: People, matrices: list[FloatArray], theta: FloatArray) -> tuple[float, float]:
    """Adjusted standard error and degrees of freedom of the last coefficient, from the paper's formulas."""
    covariance = sum(t * m for t, m in zip(theta, matrices, strict=True))
    inverse = np.linalg.inv(covariance)
    x = people.columns
    phi = np.linalg.inv(x.T @ inverse @ x)
    p = [-x.T @ inverse @ m @ inverse @ x for m in matrices]
    count = len(matrices)
    information = np.zeros((count, count))
    adjust = np.zeros_like(phi)
    q = [[x.T @ inverse @ a @ inverse @ b @ inverse @ x for b in matrices] for a in matrices]
    for a in range(count):
        for b in range(count):
            information[a, b] = 0.5 * (
                np.trace(inverse @ matrices[a] @ inverse @ matrices[b])
                - 2 * np.trace(phi @ q[a][b])
                + np.trace(phi @ p[a] @ phi @ p[b])
            )
    spread = np.linalg.inv(information)
    for a in range(count):
        for b in range(count):
            adjust += spread[a, b] * (q[a][b] - p[a] @ phi @ p[b])
    adjusted = phi + 2 * phi @ adjust @ phi
    slope = np.array([(phi @ one @ phi)[-1, -1] for one in p])
    return float(np.sqrt(adjusted[-1, -1])), float(2 * phi[-1, -1] ** 2 / (slope @ spread @ slope))


def sandwich(people: People, covariance: FloatArray, kind: str) -> tuple[float, float]:
    """Cluster-robust standard error and Satterthwaite's df of the last coefficient, on people."""
    inverse = np.linalg.inv(covariance)
    x, n = people.columns, len(people.outcome)
    bread = np.linalg.inv(x.T @ inverse @ x)
    hat = x @ bread @ x.T @ inverse
    rest = people.outcome - hat @ people.outcome
    left = (np.eye(n) - hat) @ covariance @ (np.eye(n) - hat).T
    vectors = []
    for cluster in np.unique(people.cluster):
        rows = np.flatnonzero(people.cluster == cluster)
        block = np.ix_(rows, rows)
        if kind == "CR2":
            root = linalg.cholesky(covariance[block])
            values, turned = np.linalg.eigh(root @ left[block] @ root.T)
            adjust = root.T @ turned @ np.diag(values**-0.5) @ turned.T @ root
        else:
            adjust = np.linalg.inv((np.eye(n) - hat)[block]) if kind == "CR3" else np.eye(len(rows))
        vector = np.zeros(n)
        vector[rows] = adjust.T @ inverse[block] @ x[rows] @ bread[:, -1]
        vectors.append(vector)
    table = np.array(vectors)
    spread = table @ left @ table.T
    return float(np.sqrt(((table @ rest) ** 2).sum())), float(np.trace(spread) ** 2 / (spread**2).sum())
