"""The study: what one file says, as values, and every stage of an evaluation that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..allocation.allocate import Allocation, allocate
from ..allocation.certificate import verify_certificate
from ..data.frame import Frame
from ..data.panel import Panel
from ..design.design import Design
from ..errors import StudyError, listing
from ..hierarchical.predictive import prior_draws
from ..inference.permutation import Permutation
from ..kernel.protocols import Inference
from ..model.covariance import Covariance
from ..model.effect import Constant, Effect
from ..model.outcome import Outcome
from ..model.plan import Plan
from ..model.prior import Priors, completed
from ..planning.analysis_scale import panel_as_analysed
from ..planning.assurance import assurance
from ..planning.attained import attained
from ..planning.decisions import Decisions
from ..planning.grid import grid
from ..planning.power import detectable, power
from ..planning.sample_size import sample_size
from ..planning.simulate import simulate
from ..planning.simulation import Progress, simulated_power, vectorised
from ..results.attained import Attained
from ..results.check import Check
from ..results.estimate import Estimate
from ..results.power import Power
from ..results.sample_size import SampleSize
from ..results.simulated import Simulated
from .analyses import Analysis
from .balance import balance_columns
from .beliefs import Beliefs
from .panels import dated_allocations, read_panel
from .schema import DataVariant, ExpectedSection, StudyFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysed:
    """One analysis of one reading of the data.

    Parameters
    ----------
    data : str
        Name of the reading, "" when there is only one.
    analysis : Analysis
        What was run.
    estimate : Estimate
        What came out.
    """

    data: str
    analysis: Analysis
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Study:
    """A study file, read and checked.

    Parameters
    ----------
    path : str
        Where the file stands; data files it names are looked for beside it.
    digest : str
        SHA-256 of the file's bytes.
    spec : StudyFile
        Its contents, section by section.
    design : Design or None
        None when the schedule comes with the data.
    outcome, covariance, effect : values or None
        None where the file gives no planning values.
    analyses : tuple of Analysis
        The primary ones first.
    beliefs : Beliefs or None
        The hierarchical model and what was believed before the data.
    """

    path: str
    digest: str
    spec: StudyFile
    design: Design | None = None
    outcome: Outcome | None = None
    covariance: Covariance | None = None
    effect: Effect | None = None
    analyses: tuple[Analysis, ...] = ()
    beliefs: Beliefs | None = None

    def __repr__(self) -> str:
        return f"<Study {self.title!r}, {Path(self.path).name}, SHA-256 {self.digest[:12]}...>"

    @property
    def title(self) -> str:
        """Title, as it should stand on a report."""
        return self.spec.study.title

    @property
    def question(self) -> str:
        """The question that the study asks."""
        return self.spec.study.question

    @property
    def practice_model(self) -> str:
        """The practice model that is rolled out."""
        return self.spec.study.practice_model

    @property
    def source(self) -> str:
        """Where the study's facts come from."""
        return self.spec.study.source

    @property
    def outcome_name(self) -> str:
        """The outcome in plain English."""
        return self.spec.outcome.name if self.spec.outcome is not None else "the outcome"

    @property
    def expected(self) -> ExpectedSection:
        """Numbers that the file should reproduce."""
        return self.spec.expected or ExpectedSection()

    @property
    def lacks(self) -> tuple[str, ...]:
        """What a power question would still need, in words; empty when the plan is complete."""
        parts = (
            (self.design is None, "a schedule of its own in [design]"),
            (self.outcome is None, "a baseline or sd in [outcome]"),
            (self.covariance is None, "a section [correlation]"),
        )
        return tuple(words for absent, words in parts if absent)

    @property
    def plan(self) -> Plan:
        """The plan: design, outcome, correlation and effect (none when the file gives no [effect]).

        Raises
        ------
        StudyError
            Naming what the file does not say.
        """
        if self.design is None or self.outcome is None or self.covariance is None:
            raise StudyError(
                f"{Path(self.path).name} does not give {listing(self.lacks)}.",
                "Power rests on these, and what is not known is not made up.",
                "Add them, and say in `source` where you took them from.",
            )
        return Plan(
            design=self.design, outcome=self.outcome, covariance=self.covariance, effect=self.effect or Constant(0.0)
        )

    def power(self) -> Power:
        """Power for the effect in the file, with the file's alpha and degrees of freedom."""
        self._require_effect()
        return power(self.plan, alpha=self.spec.power.alpha, df=self.spec.power.df)

    def _require_effect(self) -> None:
        if self.effect is None:
            raise StudyError(
                f"{Path(self.path).name} has no [effect].",
                "Power is the chance of finding an effect of a certain size.",
                "Add [effect] with size = ..., or ask for the smallest detectable effect, which needs none.",
            )

    def detectable(self) -> Power:
        """Smallest effect that is detected with the target power."""
        return detectable(self.plan, self.spec.power.target, alpha=self.spec.power.alpha, df=self.spec.power.df)

    def grid(
        self,
        *,
        icc: list[float] | None = None,
        cac: list[float] | None = None,
        size: list[float] | None = None,
        effect: list[float] | None = None,
        clusters: list[float] | None = None,
    ) -> Power:
        """Power over a range of assumptions: those given, else those of the file's grid."""
        self._require_effect()
        told = self.spec.power.grid
        given = {"icc": icc, "cac": cac, "size": size, "effect": effect, "clusters": clusters}
        if not size and not effect and not clusters and told is not None:
            given = {**given, "icc": icc or told.icc, "cac": cac or told.cac}
        chosen = {name: values for name, values in given.items() if values}
        if not chosen:
            raise StudyError(
                f"{Path(self.path).name} has no grid in [power].",
                "A range of correlations says more than one number that nobody knows.",
                "Add grid = { icc = [...], cac = [...] }.",
            )
        return grid(
            self.plan,
            icc=chosen.get("icc"),
            cac=chosen.get("cac"),
            size=chosen.get("size"),
            effect=chosen.get("effect"),
            clusters=chosen.get("clusters"),
            alpha=self.spec.power.alpha,
            df=self.spec.power.df,
        )

    def sample_size(self) -> SampleSize:
        """A paragraph for a protocol, and CONSORT's item 7a, over the range of the file's grid."""
        self._require_effect()
        told, asked = self.spec.power, self.spec.power.grid
        return sample_size(
            self.plan,
            target=told.target,
            alpha=told.alpha,
            df=told.df,
            icc=asked.icc if asked is not None else (),
            cac=asked.cac if asked is not None else (),
        )

    def simulated_power(
        self, draws: int, *, seed: int = 1, precise: float | None = None, on_progress: Progress | None = None
    ) -> Simulated:
        """Power by running the primary analysis on simulated data sets; the plan's own where the file names none.

        Parameters
        ----------
        draws : int
            Data sets; fewer when `precise` is reached before.
        seed : int
        precise : float, optional
            Stop when the Monte Carlo standard error of power is below this.
        on_progress : callable, optional
            Told the number of data sets done so far.
        """
        self._require_effect()
        primary = self.analyses_of()[0] if self.analyses else None
        drawn = self.balanced_draw
        return simulated_power(
            self._plan_as_drawn(drawn),
            draws,
            estimator=primary.estimator if primary else None,
            inference=_among(drawn, primary.inference) if primary else None,
            alpha=self.spec.power.alpha,
            df=self.spec.power.df if primary is None else None,
            seed=seed,
            precise=precise,
            on_progress=on_progress,
        )

    @property
    def quick_to_simulate(self) -> bool:
        """Whether the primary analysis can be run on a thousand simulated data sets in a moment."""
        primary = self.analyses_of()[0] if self.analyses else None
        if primary is None or self.lacks:
            return False
        return vectorised(primary.estimator, primary.inference, Frame(self.plan.design), 0.95) is not None

    def attained(self, allocations: int = 1000, *, seed: int = 1) -> Attained:
        """Power over the allocations that the file's randomisation may draw."""
        self._require_effect()
        told, plan = self.spec.randomisation, self.plan
        if told is not None and told.method == "simple":
            plan = replace(plan, design=replace(plan.design, strata=()))
        balanced = self.allocate(seed if told is None or told.seed is None else None) if self._balanced else None
        return attained(
            plan,
            allocations=allocations,
            seed=seed,
            allowed=balanced,
            target=self.spec.power.target,
            alpha=self.spec.power.alpha,
            df=self.spec.power.df,
        )

    @property
    def _balanced(self) -> bool:
        told = self.spec.randomisation
        return told is not None and told.method in {"constrained", "minimisation"}

    def verify(self, certificate: Mapping[str, Any]) -> list[Check]:
        """Check a certificate of an allocation by drawing again as this file says, from the certificate's seed."""
        checks = verify_certificate(certificate, self._dealt_design(), self.allocate)
        told = self.spec.randomisation
        if told is not None and told.seed is not None and checks[0].passed:
            same = certificate["seed"] == told.seed
            said = "as the study file says" if same else f"{certificate['seed']} where the study file says {told.seed}"
            fix = "" if same else "Say why the draw was not made with the seed that was fixed beforehand."
            checks.insert(1, Check("seed", same, f"seed: {said}.", fix))
        return checks

    def allocate(self, seed: int | None = None) -> Allocation:
        """Draw the order as [randomisation] says: within strata where it says nothing."""
        told = self.spec.randomisation
        seed = seed if seed is not None else told.seed if told else None
        if seed is None:
            raise StudyError(
                f"{Path(self.path).name} has no seed in [randomisation].",
                "Without it nobody can draw the order again and check it.",
                "Add seed = ..., for example the date of the draw.",
            )
        design = self._dealt_design()
        if told is None or not self._balanced:
            return allocate(design, seed=seed)
        return allocate(
            design,
            seed=seed,
            balance=balance_columns(self.spec, design),
            method="minimisation" if told.method == "minimisation" else "constrained",
            candidates=told.candidates,
            keep=told.keep,
        )

    def _dealt_design(self) -> Design:
        """Design whose schedules are dealt out: without its strata where the draw is simple."""
        if self.design is None:
            raise StudyError(
                f"The schedule of {Path(self.path).name} comes with its data.",
                "What has already happened cannot be randomised.",
                "Describe the planned schedule in [design].",
            )
        told = self.spec.randomisation
        return replace(self.design, strata=()) if told is not None and told.method == "simple" else self.design

    def assurance(self, draws: int = 1000, *, seed: int = 1) -> Decisions:
        """Probability that the hierarchical analysis decides, over what [hierarchical] believed of the effect.

        Raises
        ------
        StudyError
            A file that says nothing of the effect beforehand.
        """
        told = self.spec.hierarchical
        if self.beliefs is None or told is None or told.effect is None:
            raise StudyError(
                f"{Path(self.path).name} says nothing of the effect in [hierarchical].",
                "Assurance is power averaged over what was believed of the effect.",
                "Add effect = { large = 0.10, not_credible = 0.30 }, or ask for power, which needs one effect.",
            )
        plan, model = self.plan, self.beliefs.model
        expected = prior_draws(
            Frame(plan.design), model.structure, completed(model.priors, Priors()), draws=draws, seed=seed
        )
        found = assurance(plan, estimator=model, effect=expected.estimate().draws[:, 0], draws=draws, seed=seed)
        assert isinstance(found, Decisions)
        return found

    @property
    def can_assure(self) -> bool:
        """Whether the plan is complete and says what effect was believed, of the outcome that the model takes."""
        told = self.spec.hierarchical
        if told is None or told.effect is None or self.beliefs is None or self.lacks:
            return False
        return self.beliefs.model.family == self.plan.outcome.family

    @property
    def balanced_draw(self) -> Allocation | None:
        """Order drawn among balanced ones, where the file says so and has a seed: analyses are compared with those."""
        told = self.spec.randomisation
        known = self.design is not None and told is not None and told.seed is not None
        return self.allocate() if self._balanced and known else None

    def _plan_as_drawn(self, drawn: Allocation | None) -> Plan:
        return self.plan if drawn is None else replace(self.plan, design=drawn.design)

    def simulate(self, seed: int = 1) -> Panel:
        """Draw a panel from the plan, as if the study had been run; under the drawn order where that is balanced."""
        return simulate(self._plan_as_drawn(self.balanced_draw), seed=seed)

    @property
    def variants(self) -> tuple[DataVariant, ...]:
        """Readings of the data that the file asks for; the first leads."""
        told = self.spec.data.variant if self.spec.data is not None else []
        return tuple(told) or (DataVariant(name=""),)

    def panel(self, data: Any = None, variant: str | None = None) -> Panel:
        """Read the data as the file says.

        Parameters
        ----------
        data : frame, path or dict of columns, optional
            The file or the rows that [data] names when absent.
        variant : str, optional
            Name of a [[data.variant]]; the first when absent.
        """
        chosen = next((one for one in self.variants if variant in (None, one.name)), None)
        if chosen is None:
            raise StudyError(
                f"{Path(self.path).name} has no data variant {variant!r}.",
                "A variant is one way to read the data.",
                f"It has {listing([one.name for one in self.variants])}.",
            )
        return read_panel(self.spec, Path(self.path).parent, self.design, data, chosen)

    def panels(self, data: Any = None) -> dict[str, Panel]:
        """Every reading of the data that the file asks for, by its name."""
        return {one.name: self.panel(data, one.name) for one in self.variants}

    def dated_allocations(self, data: Any = None) -> int | None:
        """Ways to deal the go-live dates of the data within their strata; None where the data hold no dates.

        Fewer schedules may differ once dates have become periods: those are ``panel.design.allocations()``.
        """
        return dated_allocations(self.spec, Path(self.path).parent, data)

    def analyse(self, data: Any = None) -> tuple[Analysed, ...]:
        """Run every analysis of the file on every reading of the data, the primary one first.

        Raises
        ------
        StudyError
            No [analysis], or an estimator that this version does not have.
        """
        drawn = self.balanced_draw
        return tuple(
            Analysed(data=name, analysis=one, estimate=_fit(one, panel, drawn))
            for name, panel in self.panels(data).items()
            for one in self.analyses_of(name)
        )

    def analyses_of(self, variant: str = "") -> tuple[Analysis, ...]:
        """Analyses of one reading of the data: its own where it has some, else those of [analysis]."""
        runnable = self._runnable()
        own = tuple(one for one in runnable if one.variant == variant)
        return own or tuple(one for one in runnable if one.variant is None)

    def rehearse(self, seed: int = 1) -> tuple[Analysed, ...]:
        """Run every analysis of the file on data simulated from its own plan, on the scale of the plan's effect."""
        panel, drawn = self.simulate(seed), self.balanced_draw
        plan = self._plan_as_drawn(drawn)
        return tuple(
            Analysed(
                data="simulated",
                analysis=one,
                estimate=_fit(one, panel_as_analysed(panel, plan, one.estimator), drawn),
            )
            for one in self.analyses_of()
        )

    def _runnable(self) -> tuple[Analysis, ...]:
        """All analyses, when there are any."""
        if not self.analyses:
            raise StudyError(
                f"{Path(self.path).name} names no analysis.",
                "An analysis that is chosen after the data are seen is worth less.",
                'Add [analysis] with primary = { estimator = "imputation", inference = "jackknife" }.',
            )
        return self.analyses


def _fit(analysis: Analysis, panel: Panel, drawn: Allocation | None) -> Estimate:
    return analysis.estimator.fit(panel, _among(drawn, analysis.inference))


def _among(drawn: Allocation | None, inference: Inference | None) -> Inference | None:
    """Compare a permutation test with the orders that could have been drawn, and no others."""
    if drawn is None or not isinstance(inference, Permutation):
        return inference
    told_otherwise = inference.strata is not None or inference.allowed is not None
    return inference if told_otherwise else replace(inference, allowed=drawn)


def same_numbers(value: float, expected: float, digits: int) -> bool:
    """Whether a number, rounded to so many significant digits, is the expected one.

    Examples
    --------
    >>> same_numbers(0.80125, 0.8012, 4), same_numbers(0.8014, 0.8012, 4)
    (True, False)
    """
    if expected == 0:
        return bool(abs(value) < 0.5 * 10.0**-digits)
    unit = 10.0 ** (np.floor(np.log10(abs(expected))) + 1 - digits)
    return bool(abs(value - expected) <= 0.5 * unit * (1 + 1e-9))
