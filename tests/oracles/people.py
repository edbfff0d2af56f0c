"""A mixed model of every single person, as full matrices: slow, and straight from the textbook."""

from dataclasses import dataclass

import numpy as np

from staggered.value import FloatArray


@dataclass(frozen=True)
class Everyone:
    """One row per person and period.

    Parameters
    ----------
    columns : array (n, p)
    parts : list of arrays (n, n)
        Derivative of the covariance with respect to each variance parameter.
    bends : mapping of pairs to arrays (n, n)
        Second derivatives that are not 0.
    covariance : array (n, n)
    """

    columns: FloatArray
    parts: list[FloatArray]
    bends: dict[tuple[int, int], FloatArray]
    covariance: FloatArray


def rows_of(treatment: FloatArray, size: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Cluster, period, person within cluster, and treatment of every row."""
    cluster, period, person, treated = [], [], [], []
    for c, t in np.ndindex(treatment.shape):
        if not np.isnan(treatment[c, t]):
            for one in range(int(size[c, t])):
                cluster.append(c)
                period.append(t)
                person.append(one)
                treated.append(treatment[c, t])
    return np.array(cluster), np.array(period), np.array(person), np.array(treated)


def expected_degrees(model: Everyone, contrast: FloatArray) -> tuple[float, float, float]:
    """Variance of a contrast, Satterthwaite's degrees of freedom and Λ, from the expected REML information."""
    inverse = np.linalg.inv(model.covariance)
    phi = np.linalg.inv(model.columns.T @ inverse @ model.columns)
    projection = inverse - inverse @ model.columns @ phi @ model.columns.T @ inverse
    moved = [projection @ part for part in model.parts]
    information = 0.5 * np.array([[np.trace(one @ other) for other in moved] for one in moved])
    spread = np.linalg.inv(information)
    pulls = [model.columns.T @ inverse @ part @ inverse @ model.columns for part in model.parts]
    variance = float(contrast @ phi @ contrast)
    slope = np.array([contrast @ phi @ pull @ phi @ contrast for pull in pulls])
    degrees = 2 * variance**2 / float(slope @ spread @ slope)
    inner = np.zeros_like(phi)
    for k, one in enumerate(model.parts):
        for m, other in enumerate(model.parts):
            crossed = model.columns.T @ inverse @ one @ inverse @ other @ inverse @ model.columns
            inner += spread[k, m] * (crossed - pulls[k] @ phi @ pulls[m])
            bend = model.bends.get((min(k, m), max(k, m)))
            if bend is not None:
                inner -= spread[k, m] / 4 * (model.columns.T @ inverse @ bend @ inverse @ model.columns)
    return variance, degrees, float(contrast @ phi @ inner @ phi @ contrast)
