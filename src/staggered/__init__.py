"""Plan, randomise, analyse and report stepped-wedge and staggered rollouts of practice models.

Public names load on first use, so that ``import staggered`` costs little more than NumPy.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

_ROOMS: dict[str, tuple[str, ...]] = {
    "errors": ("StaggeredError", "StaggeredWarning"),
    "design.design": ("Design",),
    "design.shapes": ("stepped", "parallel", "crossover", "staircase", "hybrid"),
    "design.rollout": ("rollout",),
    "model.covariance": ("Independent", "Exchangeable", "Nested", "Decay", "ProportionalDecay", "RandomTreatment"),
    "model.effect": ("Constant", "Ramp", "ByExposure", "ByCohort", "ByCalendar"),
    "model.outcome": ("Outcome",),
    "model.plan": ("Plan",),
    "data.read": ("read",),
    "inference.cluster": ("Cluster",),
    "inference.jackknife": ("Jackknife",),
    "inference.permutation": ("Permutation",),
    "inference.design_based": ("DesignBased",),
    "inference.bootstrap": ("Bootstrap",),
    "inference.wild": ("WildBootstrap",),
    "estimators.trial.gls": ("Gls",),
    "estimators.trial.marginal": ("Marginal",),
    "estimators.trial.mixed": ("Mixed",),
    "estimators.trial.glmm": ("Glmm",),
    "inference.model_based": ("ModelBased",),
    "estimators.did.twfe": ("Twfe",),
    "estimators.did.group_time": ("GroupTime",),
    "estimators.did.imputation": ("Imputation",),
    "estimators.did.sun_abraham": ("SunAbraham",),
    "estimators.did.extended": ("Extended",),
    "estimators.did.stacked": ("Stacked",),
    "estimators.did.within_period": ("WithinPeriod",),
    "estimators.did.efficient": ("Efficient",),
    "estimators.did.synthetic_did": ("SyntheticDid",),
    "estimators.did.panel_regression": ("PanelRegression",),
    "results.cite": ("cite",),
    "allocation.allocate": ("allocate",),
    "hierarchical.hierarchical": ("Hierarchical",),
    "hierarchical.synthesis": ("synthesise",),
    "planning.power": ("power", "detectable"),
    "planning.grid": ("grid",),
    "planning.information": ("information",),
    "planning.needed": ("needed",),
    "planning.convert": ("convert",),
    "planning.attained": ("attained",),
    "planning.compare_designs": ("compare_designs",),
    "planning.correlation": ("estimate_correlation",),
    "planning.assurance": ("assurance",),
    "planning.simulate": ("simulate",),
    "diagnostics.bacon": ("bacon",),
    "diagnostics.compare": ("compare",),
    "diagnostics.weights": ("weights",),
    "diagnostics.pretrends": ("pretrends",),
    "diagnostics.bounds": ("bounds",),
    "study.load": ("load",),
    "study.reproduce": ("reproduce",),
    "study.verify": ("verify",),
    "plotting.plot": ("plot",),
    "reporting.report": ("report",),
}  # fmt: skip
# What the functions above return, raise and warn of: named in annotations and filters, not typed every day, so
# reachable as ``staggered.Panel`` and not listed.
_RETURNED: dict[str, tuple[str, ...]] = {
    "errors": (
        "DesignError", "DataError", "StudyError", "IdentificationError", "ConvergenceError",
        "DesignWarning", "DataWarning", "FewClustersWarning", "ConvergenceWarning", "DisclosureWarning",
    ),
    "data.frame": ("Frame",),
    "data.panel": ("Panel",),
    "results.estimate": ("Estimate", "Term"),
    "results.power": ("Power",),
    "results.check": ("Check",),
    "allocation.allocate": ("Allocation",),
    "study.study": ("Study",),
}  # fmt: skip
_NAMESPACES: dict[str, str] = {"prior": "model.prior"}
_HOME = {name: room for rooms in (_ROOMS, _RETURNED) for room, names in rooms.items() for name in names}
__all__ = sorted([*(name for names in _ROOMS.values() for name in names), *_NAMESPACES, "__version__"])


def __getattr__(name: str) -> object:
    """Load a public name from its room on first use."""
    if name in _NAMESPACES:
        return import_module(f"staggered.{_NAMESPACES[name]}")
    if name not in _HOME:
        raise AttributeError(f"module 'staggered' has no attribute {name!r}")
    value = getattr(import_module(f"staggered.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
