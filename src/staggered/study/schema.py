"""What a study file may say: one model per section, unknown keys refused.

Keys carry the names of the arguments they become (``icc``, ``baseline``, ``go_live``). Which keys of
[correlation] and [effect] belong to which structure is the business of the classes themselves.
Every section may carry `source`: where its numbers come from, and which of them are borrowed.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Day = datetime.date | str
Fraction = Annotated[float, Field(ge=0, le=1)]
Correlation = Annotated[float, Field(ge=-1, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Cell = Annotated[float, Field(allow_inf_nan=True)]
"""A number of one cell, nan where the cell is not observed."""


class Section(BaseModel):
    """A section: its keys are known, its values of the right kind, and it does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    source: str = ""


class About(Section):
    """[study]: what the study is and where its numbers come from."""

    title: str
    practice_model: str = ""
    question: str = ""


class Council(BaseModel):
    """[[design.council]]: one council, or whatever the clusters are.

    `go_live` is a day, or the earliest and the latest day that it may have been, as a list of two.
    `size` counts people per period, `rate` people per 30 days, `total` people in the whole window
    (spread over the periods by their length).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    name: str
    code: str = ""
    go_live: Day | list[Day] | None = None
    size: Positive | None = None
    rate: Positive | None = None
    total: Positive | None = None
    stratum: str | None = None
    covariates: dict[str, float] = {}


class Shape(Section):
    """What every kind of [design] may say.

    With `batches` above 1 the design is rolled out again to new clusters, each batch `lag` periods after the
    one before.
    """

    name: str = ""
    clusters: int | list[str] | None = None
    council: list[Council] = []
    strata: list[str] | dict[str, str] = []
    size: Positive | list[Positive] | list[list[Cell]] | dict[str, Positive] | None = None
    batches: Annotated[int, Field(ge=1)] = 1
    lag: Annotated[int, Field(ge=1)] | None = None


class Stepped(Shape):
    """[design] kind = "stepped"."""

    kind: Literal["stepped"]
    steps: Annotated[int, Field(ge=1)] = 6
    baseline: Count = 1
    after: Count = 0
    transition: Count = 0


class Parallel(Shape):
    """[design] kind = "parallel"."""

    kind: Literal["parallel"]
    periods: Annotated[int, Field(ge=1)] = 4
    baseline: Count = 0


class Crossover(Shape):
    """[design] kind = "crossover"."""

    kind: Literal["crossover"]
    periods: Annotated[int, Field(ge=2)] = 2


class Staircase(Shape):
    """[design] kind = "staircase"."""

    kind: Literal["staircase"]
    steps: Annotated[int, Field(ge=1)] = 6
    before: Annotated[int, Field(ge=1)] = 1
    after: Annotated[int, Field(ge=1)] = 1


class Hybrid(Shape):
    """[design] kind = "hybrid"."""

    kind: Literal["hybrid"]
    steps: Annotated[int, Field(ge=1)] = 6
    stepped: Fraction = 0.6


class Rollout(Shape):
    """[design] kind = "rollout": real go-live dates within a window."""

    kind: Literal["rollout"]
    start: Day
    end: Day
    period: Literal["step", "month", "quarter", "year"] = "step"
    rate: Positive | dict[str, Positive] | None = None
    never: list[str] = []


class Matrix(Shape):
    """[design] kind = "matrix": 0 control, 1 treated, a fraction, nan not observed."""

    kind: Literal["matrix"]
    treatment: list[list[Cell]]
    periods: list[str | int] = []


class FromData(Section):
    """[design] kind = "data": the schedule comes with the data."""

    kind: Literal["data"]


DESIGNS: dict[str, type[Section]] = {
    "stepped": Stepped,
    "parallel": Parallel,
    "crossover": Crossover,
    "staircase": Staircase,
    "hybrid": Hybrid,
    "rollout": Rollout,
    "matrix": Matrix,
    "data": FromData,
}
"""Every kind of design, by its name in the file."""


class OutcomeSection(Section):
    """[outcome]: the arguments of `Outcome`."""

    family: Literal["gaussian", "binomial", "poisson", "negbinomial"] = "gaussian"
    name: str = "the outcome"
    sd: Positive | None = None
    baseline: Positive | None = None
    link: Literal["identity", "log", "logit"] | None = None
    variance: Literal["baseline", "average", "by-cell"] = "baseline"
    dispersion: Annotated[float, Field(ge=0)] | None = None
    exposure: Positive = 1.0
    better: Literal["higher", "lower"] | None = None


class RandomTreatmentSection(BaseModel):
    """[correlation] random_treatment: an effect that differs between clusters."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    sd: Positive | None = None
    share: Annotated[float, Field(ge=0)] | None = None
    corr: Correlation = 0.0


class CorrelationSection(Section):
    """[correlation]: a structure and its parameters; `between` and `within` are SDs of a log rate."""

    structure: str = "exchangeable"
    icc: Fraction | None = None
    cac: Correlation | None = None
    iac: Fraction | None = None
    retention: Fraction | list[Fraction] | None = None
    time: Literal["period", "date"] | None = None
    per_days: Positive | None = None
    correlation: list[list[Correlation]] | None = None
    between: Annotated[float, Field(ge=0)] | None = None
    within: Annotated[float, Field(ge=0)] | None = None
    random_treatment: RandomTreatmentSection | None = None


class EffectSection(Section):
    """[effect]: a pattern over time and its sizes; a fall is negative."""

    kind: str = "constant"
    size: float | None = None
    scale: Literal["difference", "ratio", "odds"] | None = None
    over: Annotated[int, Field(ge=1)] | None = None
    sizes: list[float] | dict[str, float] | None = None


class Grid(BaseModel):
    """[power] grid: the values over which power is shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    icc: list[Fraction] = []
    cac: list[Correlation] = []


class PowerSection(Section):
    """[power]: how power is worked out."""

    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    target: Annotated[float, Field(gt=0, lt=1)] = 0.8
    df: str | Positive | None = None
    grid: Grid | None = None


class RandomisationSection(Section):
    """[randomisation]: how the order is drawn."""

    method: Literal["simple", "stratified", "constrained", "minimisation"] = "stratified"
    seed: Count | None = None
    balance: list[str] = []
    candidates: Annotated[int, Field(ge=1)] = 100_000
    keep: Annotated[float, Field(gt=0, le=1)] = 0.1


class DataVariant(BaseModel):
    """[[data.variant]]: another reading of the same data, shown beside the first.

    A key that is given stands in for the same key of [data]; `clusters = "adopters"` leaves out
    those that never adopt. `analysis` lists the analyses of this reading, where those of [analysis]
    do not suit it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    name: str
    adopt: Literal["any", "half", "full"] | None = None
    partial: Literal["treated", "blank", "fraction"] | None = None
    clusters: Literal["all", "adopters"] = "all"
    analysis: list[dict[str, object]] = []


class DataSection(Section):
    """[data]: a file beside this one, or rows typed in, and the arguments of `sg.read`."""

    file: str | None = None
    row: list[dict[str, str | int | float | datetime.date]] = []
    cluster: str | None = None
    period: str | None = None
    outcome: str | None = None
    start: str | None = None
    treated: str | None = None
    rows: Literal["cells", "people"] = "cells"
    unit: str | None = None
    size: str | None = None
    per: Positive | None = None
    log: bool = False
    weights: str | None = None
    strata: str | None = None
    covariates: list[str] = []
    keep: list[str] = []
    adopt: Literal["any", "half", "full"] = "any"
    partial: Literal["treated", "blank", "fraction"] = "treated"
    year_ends: str | None = None
    variant: list[DataVariant] = []


class AnalysisSection(Section):
    """[analysis]: the primary analysis and those that stand beside it.

    Each is a table with `estimator`, `inference` (a name, a table with `name` and its options, or a
    list of either) and any option of the estimator.
    """

    primary: dict[str, object] = {}
    sensitivity: list[dict[str, object]] = []


class EffectBelief(BaseModel):
    """[hierarchical] effect: what was believed before the data, in words of relative changes, or as a normal."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    large: Annotated[float, Field(gt=0, lt=1)] | None = None
    not_credible: Annotated[float, Field(gt=0, lt=1)] | None = None
    expected: Annotated[float, Field(gt=-1)] | None = None
    mean: float | None = None
    sd: Positive | None = None


class EarlierEvaluation(BaseModel):
    """[[hierarchical.earlier]]: an earlier evaluation that the prior learns from, published or your own."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    published: str | None = None
    name: str | None = None
    outcome: str | None = None
    comparison: Literal["randomised", "matched", "none"] | None = None
    ratio: Positive | None = None
    low: Positive | None = None
    high: Positive | None = None
    before: Positive | None = None
    after: Positive | None = None
    counts_for: Annotated[float, Field(gt=0, le=1)] | None = None
    bias_sd: Annotated[float, Field(ge=0)] | None = None
    source: str | None = None


class HierarchicalSection(Section):
    """[hierarchical]: the Bayesian model of all councils, and what was believed before the data.

    Priors that are not given are wide ones around the outcome's own level.
    """

    family: Literal["gaussian", "binomial", "poisson", "negbinomial"] | None = None
    engine: Literal["pymc", "analytic"] = "pymc"
    trend: Literal["walk", "indicators"] = "walk"
    exposure: Literal["walk", "monotone", "constant"] = "walk"
    deviations: Literal["ar1", "none"] = "ar1"
    season: Annotated[int, Field(ge=2)] | None = None
    moderators: list[str] = []
    practice_models: str | None = None
    effect: EffectBelief | None = None
    matters: Annotated[float, Field(gt=0)] | None = None
    earlier: list[EarlierEvaluation] = []
    priors: dict[str, Positive] = {}
    draws: Annotated[int, Field(ge=200)] = 4000
    points: Annotated[int, Field(ge=32)] | None = None
    seed: Count = 1


class ReportSection(Section):
    """[report]: what the report should say besides what it works out itself."""

    limits: list[str] = []


class ReservedSection(BaseModel):
    """A section whose name is kept for later: it may stand empty."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Expectation(BaseModel):
    """A number to reproduce: its value, the significant digits that were printed, and where."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    value: float
    digits: Annotated[int, Field(ge=1, le=15)]
    source: str = ""


class ExpectedNumbers(BaseModel):
    """Numbers that follow from a plan."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    power: Expectation | None = None
    detectable: Expectation | None = None
    se: Expectation | None = None
    allocations: Expectation | None = None
    smallest_p: Expectation | None = None
    people: Expectation | None = None


class ExpectedVariant(ExpectedNumbers):
    """[[expected.variant]]: numbers under other assumptions.

    A section given here is laid over the file's own, key by key; one that states its kind, structure or
    family stands in its place.
    """

    name: str
    design: dict[str, object] = {}
    outcome: dict[str, object] = {}
    correlation: dict[str, object] = {}
    effect: dict[str, object] = {}


class ExpectedEstimate(BaseModel):
    """[[expected.estimate]]: what one analysis of the data gives."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    estimator: str
    inference: str = ""
    data: str = ""
    value: Expectation | None = None
    se: Expectation | None = None
    p_value: Expectation | None = None


class ExpectedSection(ExpectedNumbers):
    """[expected]: the numbers that the file reproduces."""

    variant: list[ExpectedVariant] = []
    estimate: list[ExpectedEstimate] = []


class StudyFile(BaseModel):
    """The whole file; a section that is absent is None."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    study: About
    design: Section | None = None
    outcome: OutcomeSection | None = None
    correlation: CorrelationSection | None = None
    effect: EffectSection | None = None
    power: PowerSection = PowerSection()
    randomisation: RandomisationSection | None = None
    data: DataSection | None = None
    analysis: AnalysisSection | None = None
    hierarchical: HierarchicalSection | None = None
    economics: ReservedSection | None = None
    report: ReportSection | None = None
    expected: ExpectedSection | None = None


SECTIONS: dict[str, type[BaseModel]] = {
    "study": About,
    "outcome": OutcomeSection,
    "correlation": CorrelationSection,
    "effect": EffectSection,
    "power": PowerSection,
    "randomisation": RandomisationSection,
    "data": DataSection,
    "analysis": AnalysisSection,
    "hierarchical": HierarchicalSection,
    "economics": ReservedSection,
    "report": ReportSection,
    "expected": ExpectedSection,
}
"""Every section but [design], whose keys depend on its kind."""
SCHEMA = 1
"""The version of this page that a file declares as `schema`."""
