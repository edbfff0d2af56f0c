"""Synthetic difference-in-differences beside its peers: python benchmarks/synthetic_peers.py (pip install synthdid-py).

California's Proposition 99, as the peer ships it, and a generated rollout. Each line gives the estimate, the smallest
value that the unit weights reach of their own objective, and processor seconds.
"""

import time
from collections.abc import Callable

import numpy as np

import staggered as sg
from staggered.estimators.did.synthetic import simplex_weights


def objective(outcome: np.ndarray, controls: int, before: int, weights: np.ndarray) -> float:
    """What the unit weights minimise, intercept included."""
    past, own = outcome[:controls, :before], outcome[controls:, :before].mean(axis=0)
    noise = np.diff(past, axis=1).std(ddof=1)
    zeta = ((len(outcome) - controls) * (outcome.shape[1] - before)) ** 0.25 * noise
    gap = weights @ past - own
    return float(((gap - gap.mean()) ** 2).sum() + zeta**2 * before * weights @ weights)


def ours(outcome: np.ndarray, controls: int, before: int) -> tuple[float, np.ndarray]:
    treatment = np.zeros(outcome.shape)
    treatment[controls:, before:] = 1
    estimate = float(sg.SyntheticDid().point(sg.Panel(sg.Frame(sg.Design(treatment)), outcome)).values[0])
    past, own = outcome[:controls, :before], outcome[controls:, :before].mean(axis=0)
    noise = np.diff(past, axis=1).std(ddof=1)
    zeta = ((len(outcome) - controls) * (outcome.shape[1] - before)) ** 0.25 * noise
    return estimate, simplex_weights(past.T - past.mean(axis=1), own - own.mean(), zeta**2 * before)


def theirs(outcome: np.ndarray, controls: int, before: int) -> tuple[float, np.ndarray]:
    from synthdid import synthdid_estimate

    found = synthdid_estimate(outcome, controls, before)
    return float(found), np.asarray(found.weights.omega)


def told(name: str, outcome: np.ndarray, controls: int, before: int) -> None:
    ways: dict[str, Callable[[np.ndarray, int, int], tuple[float, np.ndarray]]] = {
        "staggered": ours,
        "synthdid-py": theirs,
    }
    for way, function in ways.items():
        began = time.process_time()
        estimate, weights = function(outcome, controls, before)
        seconds = time.process_time() - began
        reached = objective(outcome, controls, before, weights)
        print(f"{name:<18} {way:<12} {estimate:>12.6f} {reached:>14.6f} {seconds:>8.3f}")


def main() -> None:
    try:
        from synthdid import load_california_prop99
    except ImportError:
        raise SystemExit("The peer is absent: pip install synthdid-py") from None
    table = load_california_prop99()
    wide = table.pivot(index="State", columns="Year", values="PacksPerCapita")
    ordered = np.vstack([wide.drop("California").to_numpy(), wide.loc[["California"]].to_numpy()])
    generator = np.random.default_rng(1)
    walk = generator.normal(size=(150, 40)).cumsum(axis=1) + generator.normal(size=(150, 1))
    print(f"{'data':<18} {'by':<12} {'estimate':>12} {'objective':>14} {'seconds':>8}")
    told("Proposition 99", ordered, 38, 19)
    told("150 x 40", walk, 140, 30)


if __name__ == "__main__":
    main()
