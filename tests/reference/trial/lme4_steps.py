"""How lme4 gets the standard error of a generalised linear mixed model, step by step, from its source.

glmer takes second differences (step 1e-4, `deriv12`) of a deviance whose penalised least squares (`pwrssUpdate`) start
from one and the same linear predictor and stop when the penalised deviance changes by less than 1e-7 of itself. The
determinant in the deviance belongs to the last but one step. That is of second order in the step, as is what the
differences are to measure.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

STEP = 1e-4
MOST = 25
NEVER = -1.0
"""A tolerance that stops nothing: all `MOST` steps are taken."""


@dataclass(frozen=True)
class Cells:
    """Cell totals y of n outcomes, fixed columns x, and columns z of random effects, one group per variance."""

    family: str
    y: np.ndarray
    n: np.ndarray
    x: np.ndarray
    z: tuple[np.ndarray, ...]

    def mean(self, eta: np.ndarray) -> np.ndarray:
        return special.expit(eta) if self.family == "binomial" else np.exp(eta)

    def spread(self, mean: np.ndarray) -> np.ndarray:
        return mean * (1 - mean) if self.family == "binomial" else mean

    def deviance(self, eta: np.ndarray) -> float:
        """−2 log-likelihood up to a constant."""
        if self.family == "binomial":
            return float(-2 * (self.y @ eta - self.n @ np.logaddexp(0.0, eta)))
        return float(-2 * (self.y @ eta - self.n @ np.exp(eta)))

    def laplace(self, parameters: np.ndarray, start: np.ndarray, tolerance: float, scale: float) -> float:
        """lme4's deviance at (SDs, β): `scale` is the size of the deviance that the tolerance is relative to."""
        count = len(self.z)
        offset = self.x @ parameters[count:]
        loaded = np.hstack([sd * z for sd, z in zip(parameters[:count], self.z, strict=True)])
        eta, old = start, np.inf
        for _ in range(MOST):
            mean = self.mean(eta)
            weight = self.n * self.spread(mean)
            working = eta - offset + (self.y / self.n - mean) / self.spread(mean)
            matrix = loaded.T @ (weight[:, None] * loaded) + np.eye(loaded.shape[1])
            effects = np.linalg.solve(matrix, loaded.T @ (weight * working))
            eta = offset + loaded @ effects
            penalised = self.deviance(eta) + effects @ effects
            if abs(old - penalised) <= tolerance * scale:
                break
            old = penalised
        return float(np.linalg.slogdet(matrix)[1] + penalised)

    def standard_error(self, parameters: np.ndarray, start: np.ndarray, tolerance: float) -> float:
        """Standard error of the last coefficient by second differences."""
        scale = abs(self.deviance(start))

        def at(*moves: tuple[int, float]) -> float:
            moved = parameters.copy()
            for k, step in moves:
                moved[k] += step
            return self.laplace(moved, start, tolerance, scale)

        size, centre = len(parameters), at()
        curve = np.zeros((size, size))
        for j in range(size):
            curve[j, j] = (at((j, STEP)) - 2 * centre + at((j, -STEP))) / STEP**2
            for k in range(j):
                ends = [at((j, a * STEP), (k, b * STEP)) * a * b for a in (1, -1) for b in (1, -1)]
                curve[j, k] = curve[k, j] = sum(ends) / (4 * STEP**2)
        return float(np.sqrt(2 * np.linalg.inv(curve)[-1, -1]))
