"""The BARG checklist: what a Bayesian analysis must report, filled from the fit itself."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import numpy as np

from ..model.prior import Belief, Priors
from ..results.check import Check
from ..value import BoolArray, FloatArray
from .beforehand import Beforehand
from .extension import taken
from .outcomes import counted
from .posterior import Posterior
from .predictive import replicate
from .sensitivity import Sensitivity

REFERENCE = "Kruschke (2021), Bayesian analysis reporting guidelines, Nature Human Behaviour 5:1282."
_FAMILIES = {
    "gaussian": "normal, a council's own slow course integrated out",
    "binomial": "binomial, log odds",
    "poisson": "Poisson, log rate per child",
    "negbinomial": "negative binomial, log rate per child",
}
_REPLICATES = 400
_TOOLS = ("staggered", "numpy", "scipy")
_CHAINS = ("pymc", "nutpie", "arviz")


def checklist(
    posterior: Posterior,
    *,
    seed: int,
    expected: Beforehand | None = None,
    sensitivity: Sensitivity | None = None,
    beyond: float | None = None,
    reason: str = "",
) -> tuple[Check, ...]:
    """Fill the checklist.

    Parameters
    ----------
    posterior : Posterior
    seed : int
        That decided every draw.
    expected : Beforehand, optional
        What the priors expected.
    sensitivity : Sensitivity, optional
    beyond : float, optional
        The smallest effect that matters, on the link scale.
    reason : str
        Why these priors: their source, or the words in which they were said.

    Returns
    -------
    tuple of Check
        One for each item, in the order of the guidelines; those that did not pass say what is missing.

    References
    ----------
    Kruschke (2021), Nature Human Behaviour 5:1282, table 1.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4, size=50), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8))
    >>> fit = sg.Hierarchical(engine="analytic", points=256).posterior(sg.simulate(plan, seed=1))
    >>> [check.name for check in checklist(fit, seed=1) if not check.passed]
    ['prior justification', 'prior predictive', 'prior sensitivity', 'decision rule']
    """
    return (
        _model(posterior),
        _priors(posterior.priors, posterior.layout.hyper.names),
        _justified(posterior.priors, reason),
        _item(
            "prior predictive", expected is not None,
            expected.text() if expected is not None else "It was not looked at.",
            "Draw it: sg.plot(beforehand(model, panel)).",
        ),
        _computed(posterior),
        _fit(posterior, seed),
        _summary(posterior),
        _item(
            "prior sensitivity", sensitivity is not None,
            sensitivity.text() if sensitivity is not None else "No other priors were tried.",
            "Fit again: prior_sensitivity(model, panel).",
        ),
        _item(
            "decision rule", beyond is not None,
            f"A change beyond {beyond:.3g} on the model's own scale was called large enough to matter beforehand; its "
            "probability is given." if beyond is not None else "No smallest change that matters was named beforehand.",
            "Say it in [hierarchical] matters, before the data are seen.",
        ),
        _reproducible(posterior, seed),
    )  # fmt: skip


def _item(name: str, passed: bool, message: str, fix: str = "") -> Check:
    return Check(name, passed, message, "" if passed else fix)


def _model(posterior: Posterior) -> Check:
    layout = posterior.layout
    parts = [
        f"likelihood {_FAMILIES[posterior.family]}",
        "national time a random walk" if layout.structure.trend == "walk" else "national time free in each period",
        "a level and an effect for each council, drawn towards their mean",
        {
            "walk": "an effect that walks with the time since go-live",
            "monotone": "an effect that never turns back",
            "constant": "an effect that is the same throughout",
        }[layout.structure.exposure],
    ]
    if layout.structure.season is not None:
        parts.append(f"a season of {layout.structure.season} periods")
    if layout.structure.moderators:
        parts.append(f"an effect that may differ by {', '.join(layout.structure.moderators)}")
    cells, councils = int(layout.used.sum()), int(layout.used.any(axis=1).sum())
    said = f"{'; '.join(parts)}. {cells} cells of {councils} councils, {len(layout.treated)} of which go live."
    return _item("model and data", True, said[:1].upper() + said[1:])


def _priors(priors: Priors, used: tuple[str, ...]) -> Check:
    first = priors.first_effect
    scales = "; ".join(
        f"{name} Beta({priors.persistence.a:g}, {priors.persistence.b:g})"
        if name == "persistence"
        else f"{name} half-normal {getattr(priors, name).scale:.3g}"
        for name in used
    )
    return _item(
        "priors",
        True,
        f"Level normal {priors.level.mean:.3g} ± {priors.level.sd:.3g}; first effect normal {first.mean:.3g} ± "
        f"{first.sd:.3g}; {scales}.",
    )


def _justified(priors: Priors, reason: str) -> Check:
    words = priors.effect.text() if isinstance(priors.effect, Belief) else ""
    said = " ".join(part for part in (words, reason) if part)
    return _item(
        "prior justification",
        bool(said),
        said or "Wide priors around the outcome's own level; nobody said why.",
        "Say in words what was believed, or name the evaluations that it was learnt from.",
    )


def _computed(posterior: Posterior) -> Check:
    said = " ".join(check.message for check in posterior.checks)
    failed = [check for check in posterior.checks if not check.passed]
    return _item(
        "computation",
        not failed,
        f"{posterior.engine}, {len(posterior.fixed):,} draws. {said}",
        " ".join(check.fix for check in failed),
    )


def _fit(posterior: Posterior, seed: int) -> Check:
    """Whether councils move from period to period as much in outcomes drawn from the fit as in the data."""
    rows = np.linspace(0, len(posterior.fixed) - 1, min(_REPLICATES, len(posterior.fixed))).astype(np.int64)
    some = taken(posterior, rows)
    drawn = replicate(some, np.random.default_rng(np.random.SeedSequence([seed, 10])))
    used = posterior.layout.used
    seen, size = posterior.panel.outcome, np.ones(used.shape)
    if posterior.family != "gaussian":
        seen, size = counted(posterior.panel, posterior.layout.structure.family)
    pairs = used[:, 1:] & used[:, :-1]
    size = np.where(used & (size > 0), size, 1.0)
    data = _movement(np.where(used, seen, 0.0)[None] / size, pairs)[0]
    low, high = np.quantile(_movement(drawn / size, pairs), [0.005, 0.995])
    return _item(
        "posterior predictive",
        bool(low <= data <= high),
        f"From one period to the next a council's outcome moves by {data:.3g} (root mean square); outcomes drawn from "
        f"the fit move by {low:.3g} to {high:.3g} (99% of them).",
        "Councils move otherwise than the model has it: look at the checks of the fit, and at another family.",
    )


def _movement(outcome: FloatArray, pairs: BoolArray) -> FloatArray:
    change = np.where(pairs, np.diff(outcome, axis=2), 0.0)
    return np.asarray(np.sqrt((change**2).sum(axis=(1, 2)) / max(int(pairs.sum()), 1)))


def _summary(posterior: Posterior) -> Check:
    estimate = posterior.estimate()
    low, high = estimate.interval()
    said = (
        f"Mean effect: posterior mean {estimate.value:.3g}, 95% {estimate.uncertainty.kind} from {low:.3g} to "
        f"{high:.3g}; every interval in these results is of this kind and level unless it says otherwise."
    )
    return _item("posterior summary", True, said)


def _reproducible(posterior: Posterior, seed: int) -> Check:
    tools = _TOOLS if posterior.chains == 1 else (*_TOOLS, *_CHAINS)
    found = {name: _version(name) for name in tools}
    said = ", ".join(f"{name} {number}" for name, number in found.items() if number)
    return _item("reproducible", True, f"Seed {seed}; {said}.")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
