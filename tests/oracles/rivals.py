"""Other planning tools' formulas, slow and plain, each from its own inputs by its own names.

They are checked against numbers that the tools themselves gave, and then say what a tool would answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special

from staggered.value import FloatArray

CRITICAL = float(special.ndtri(0.975))


def standard_error(treatment: FloatArray, blocks: Sequence[FloatArray], time: str = "period") -> float:
    """Standard error of the treatment effect beside period effects (or one level), cluster by cluster."""
    periods = treatment.shape[1]
    others = np.eye(periods) if time == "period" else np.ones((periods, 1))
    information = np.zeros((1 + others.shape[1],) * 2)
    for row, block in zip(treatment, blocks, strict=True):
        seen = ~np.isnan(row)
        columns = np.column_stack([row, others])[seen]
        information += columns.T @ np.linalg.inv(block[np.ix_(seen, seen)]) @ columns
    return float(np.sqrt(np.linalg.inv(information)[0, 0]))


def power(effect: float, error: float, tails: int = 2) -> float:
    """Power of the normal test at 5%."""
    upper = special.ndtr(abs(effect) / error - CRITICAL)
    return float(upper + special.ndtr(-abs(effect) / error - CRITICAL) if tails == 2 else upper)


def swcrtdesign(inputs: Mapping[str, Any]) -> tuple[float, float]:
    """Standard error and power of swPwr for a gaussian outcome: sigma is the residual SD."""
    waves = inputs["clusters"]
    before, after = 1 + inputs.get("extra.ctl.time", 0), inputs.get("extra.trt.time", 0)
    steps = np.repeat(before + np.arange(len(waves)), waves)
    treatment = (np.arange(before + len(waves) + after) >= steps[:, None]).astype(float)
    given = np.asarray(inputs["n"], dtype=float)
    people = np.broadcast_to(given[:, None] if given.ndim == 1 else given, treatment.shape)
    sigma2 = inputs["sigma"] ** 2
    if "icc" in inputs:
        zeta2 = sigma2 * inputs["iac"] / (1 - inputs["iac"])
        between = inputs["icc"] / (1 - inputs["icc"]) * (sigma2 + zeta2)
        tau2, gamma2, eta, rho = inputs["cac"] * between, (1 - inputs["cac"]) * between, 0.0, 0.0
    else:
        tau2, gamma2, zeta2 = inputs["tau"] ** 2, inputs["gamma"] ** 2, inputs["zeta"] ** 2
        eta, rho = inputs["eta"], inputs["rho"]
    blocks = []
    for x, n in zip(treatment, people, strict=True):
        size = np.where(n > 0, n, 1.0)
        block = tau2 + zeta2 / size.max() + np.diag(gamma2 + sigma2 / size)
        blocks.append(block + eta**2 * np.outer(x, x) + rho * np.sqrt(tau2) * eta * np.add.outer(x, x))
    error = standard_error(np.where(people > 0, treatment, np.nan), blocks)
    return error, power(inputs["mu1"] - inputs["mu0"], error)


def steppedpower(inputs: Mapping[str, Any]) -> tuple[float, float]:
    """Standard error and power of glsPower for a gaussian outcome: sigma is the residual SD, AR makes parts decay."""
    treatment = np.asarray(inputs["DesMat"], dtype=float)
    periods = treatment.shape[1]
    lag = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    sigma2, tau, eta = inputs["sigma"] ** 2, inputs.get("tau", 0.0), inputs.get("eta", 0.0)
    gamma2, psi2, rho = inputs.get("gamma", 0.0) ** 2, inputs.get("psi", 0.0) ** 2, inputs.get("rho", 0.0)
    if "alpha_0_1_2" in inputs:
        a0, a1, a2 = inputs["alpha_0_1_2"]
        total = sigma2 / (1 - a0 - a2 + a1)
        tau, gamma2, psi2 = np.sqrt(total * a1), total * (a0 - a1), total * (a2 - a1)
    memory = inputs.get("AR", [1.0, 1.0, 1.0])
    given = np.asarray(inputs["N"], dtype=float)
    people = np.broadcast_to(given.reshape(-1, 1) if given.ndim == 1 else given, treatment.shape)
    blocks = []
    for x, n in zip(treatment, people, strict=True):
        block = tau**2 * memory[0] ** lag + eta**2 * np.outer(x, x) * memory[1] ** lag + psi2 / n[0] * memory[2] ** lag
        block = block + rho * tau * eta * np.add.outer(x, x) + np.diag(gamma2 + sigma2 / n)
        blocks.append(block)
    seen = np.asarray(inputs.get("incomplete", np.ones_like(treatment))) > 0
    error = standard_error(np.where(seen, treatment, np.nan), blocks)
    return error, power(inputs["mu1"] - inputs["mu0"], error)


def swdpwr(inputs: Mapping[str, Any]) -> tuple[float, float]:
    """Standard error and power of swdpower's marginal model: correlations of pairs of people, marginal variance.

    Without a difference between the control means at start and end it leaves period effects out.
    """
    treatment = np.asarray(inputs["design"], dtype=float)
    periods, people = treatment.shape[1], inputs["K"]
    a0, a1 = inputs["alpha0"], inputs["alpha1"]
    a2 = inputs.get("alpha2", a1)
    start, end = inputs["meanresponse_start"], inputs["meanresponse_end0"]
    link, inverse, slope = _links(inputs["link"])
    effect = link(inputs["meanresponse_end1"]) - link(end)
    linear = link(start) + (link(end) - link(start)) * np.arange(periods) / (periods - 1)
    means = (1 + (people - 1) * a0) / people * np.eye(periods)
    means = means + (a2 + (people - 1) * a1) / people * (1 - np.eye(periods))
    blocks = []
    for x in treatment:
        mean = inverse(linear + effect * x)
        variance = np.full(periods, inputs["sigma2"]) if inputs["family"] == "gaussian" else mean * (1 - mean)
        root = np.sqrt(variance) / slope(mean)
        blocks.append(np.outer(root, root) * means)
    error = standard_error(treatment, blocks, "none" if start == end else "period")
    return error, power(effect, error)


def shiny(inputs: Mapping[str, Any]) -> tuple[float, float]:
    """Standard error and power of the Shiny CRT calculator: SD and ICC on total variance, the upper tail alone."""
    lines = [line.split(",") for line in inputs["design"].split("\n")]
    sequences = np.array([[float(cell) if cell else np.nan for cell in line] for line in lines])
    treatment = np.repeat(sequences, int(inputs["clusters per sequence"]), axis=0)
    periods, people = treatment.shape[1], inputs["cluster-period size"]
    total, icc, cac, iac = (inputs[name] for name in ("standard deviation", "ICC", "CAC", "IAC"))
    lag = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    decays = inputs["correlation"] == "discrete-time decay"
    between = cac**lag if decays else np.where(lag > 0, cac, 1.0)
    own = iac + (1 - iac) * np.eye(periods)
    block = total**2 * (icc * between + (1 - icc) / people * own)
    varying = inputs["treatment effect SD"] ** 2
    blocks = [block + varying * np.outer(np.nan_to_num(x), np.nan_to_num(x)) for x in treatment]
    error = standard_error(treatment, blocks)
    return error, power(inputs["mean difference"], error, tails=1)


def _links(name: str) -> tuple[Any, Any, Any]:
    """Link, its inverse, and the slope of the mean."""
    if name == "identity":
        return (lambda p: p), (lambda x: x), np.ones_like
    if name == "log":
        return np.log, np.exp, (lambda p: p)
    return special.logit, special.expit, (lambda p: p * (1 - p))


RIVALS = {"swCRTdesign": swcrtdesign, "SteppedPower": steppedpower, "swdpwr": swdpwr, "shiny": shiny}
