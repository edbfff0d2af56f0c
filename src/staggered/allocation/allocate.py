"""Random allocation of clusters to schedules, with a certificate that lets anyone draw it again."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from ..design.design import Design
from ..errors import DesignError, DesignWarning, listing
from ..value import IntArray, Value, digest
from .constrained import Candidates, balance_scores, balanced_candidates, forced_pairs, standardised
from .minimisation import BIAS, minimised_orders
from .orders import all_orders, random_orders, schedule_codes, strata_rows
from .seeds import Seed, whole_seed

_ENUMERABLE = 20_000
_REPLAYS = 10_000
Balance = pd.DataFrame | Mapping[str, Any]
Method = Literal["constrained", "minimisation"]


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a draw was balanced on, and how.

    Parameters
    ----------
    scored : Candidates
        For minimisation the orders of its replays, each as often as it came up, the drawn one first.
    columns : mapping of covariate to council to value
    candidates, keep
        As asked for.
    method : {"constrained", "minimisation"}
    """

    scored: Candidates
    columns: Mapping[str, Mapping[str, float]]
    candidates: int
    keep: float
    method: Method = "constrained"


@dataclass(frozen=True, slots=True, eq=False)
class Allocation(Value):
    """A drawn order: which cluster follows which schedule, and how to check it.

    Parameters
    ----------
    design : Design
        The design with the schedules dealt out.
    order : array (clusters,)
        Cluster i received the schedule that the planned design listed for cluster ``order[i]``.
    planned : Design
        The design before the draw.
    seed : int
    constraint : Constraint, optional
        What the draw was balanced on.
    """

    design: Design
    order: IntArray
    planned: Design
    seed: int
    constraint: Constraint | None = None

    @property
    def count(self) -> int:
        """Number of different allocations from which the order was drawn."""
        # Minimisation can arrive at any allocation that the strata allow, if at some of them rarely.
        constrained = self.constraint is not None and self.constraint.method == "constrained"
        return len(self.constraint.scored.acceptable) if self.constraint and constrained else self.design.allocations()

    @property
    def allowed(self) -> IntArray | None:
        """Orders from which this one was drawn, relative to it, itself first; None when too many to list.

        After minimisation: the orders of its replays, each as often as it came up, so that a test which
        plays them through weighs each by its probability.

        Row r, entry i is the cluster of `design` whose schedule cluster i would receive.
        """
        if self.constraint is None:
            return all_orders(self.design) if self.count <= _ENUMERABLE else None
        # A schedule that came from planned row j now lies with the cluster that received row j.
        holder = np.argsort(self.order)
        relative = holder[self.constraint.scored.acceptable]
        if self.constraint.method == "minimisation":
            return np.asarray(relative)
        actual = (relative == np.arange(len(self.order))).all(axis=1)
        return np.concatenate([relative[actual], relative[~actual]])

    @property
    def smallest_p(self) -> float:
        """Smallest p-value a randomisation test can give under this scheme.

        After minimisation: the share of its replays, the draw itself among them, that end at this allocation.
        """
        if self.constraint is None or self.constraint.method == "constrained":
            return 1 / self.count
        codes = schedule_codes(self.planned)
        replays = self.constraint.scored.acceptable
        return float((codes[replays] == codes[self.order]).all(axis=1).mean())

    def certificate(self) -> dict[str, object]:
        """What was drawn, from what, and the numbers that prove it; the same for the same seed and design."""
        strata = list(dict.fromkeys(self.design.strata))
        constraint = {} if self.constraint is None else self._constraint_record()
        return {
            "method": self.constraint.method if self.constraint else "stratified" if len(strata) > 1 else "simple",
            "seed": self.seed,
            "generator": "numpy PCG64",
            "strata": strata,
            "allowed_allocations": self.count,
            "smallest_p": self.smallest_p,
            **constraint,
            "input_sha256": self.planned.digest,
            "result_sha256": digest((self.design.clusters, tuple(str(p) for p in self.starts()))),
            "order": dict(zip(self.design.clusters, self.starts(), strict=True)),
        }

    def _constraint_record(self) -> dict[str, object]:
        """What a balanced draw adds to the certificate."""
        assert self.constraint is not None
        scored = self.constraint.scored
        covariates = {name: dict(values) for name, values in self.constraint.columns.items()}
        if self.constraint.method == "minimisation":
            return {
                "covariates": covariates,
                "candidates_asked": self.constraint.candidates,
                "replays": len(scored.acceptable) - 1,
                "bias": BIAS,
                "replays_sha256": digest(scored.acceptable),
            }
        always, never = forced_pairs(self.planned, scored.acceptable)
        return {
            "covariates": covariates,
            "candidates_asked": self.constraint.candidates,
            "candidates_scored": len(scored.scores),
            "all_allocations_scored": scored.complete,
            "keep": self.constraint.keep,
            "score_threshold": scored.threshold,
            "pairs_always_together": always,
            "pairs_never_together": never,
            "acceptable_sha256": digest(scored.acceptable),
        }

    def starts(self) -> list[object]:
        """First treated period of each cluster; None when it is never treated."""
        periods = self.design.periods
        return [periods[int(s)] if np.isfinite(s) else None for s in self.design.start]

    def table(self) -> pd.DataFrame:
        """One row per cluster: stratum and first treated period."""
        return pd.DataFrame({"cluster": self.design.clusters, "stratum": self.design.strata, "starts": self.starts()})

    def balance(self) -> pd.DataFrame:
        """Balance of each covariate before and after the draw: one row per covariate, none where there is none.

        The number is the root mean square, over the periods, of the difference between the means of treated
        and control councils in SDs of the covariate: for the schedules as planned, over allocations drawn at
        random within the strata, and as drawn.
        """
        names = list(self.constraint.columns) if self.constraint is not None else []
        rows = []
        for name in names:
            assert self.constraint is not None
            covariate = standardised(self.planned, {name: self.constraint.columns[name]})
            orders = random_orders(self.planned, 1_000, np.random.default_rng(0))
            drawn = np.stack([np.arange(len(self.order)), self.order])
            treated = np.nan_to_num(self.planned.treatment)
            control = self.planned.observed - treated
            periods = int(((treated.sum(axis=0) > 0) & (control.sum(axis=0) > 0)).sum())
            planned, own = np.sqrt(balance_scores(self.planned, covariate, drawn) / max(periods, 1))
            typical = np.sqrt(balance_scores(self.planned, covariate, orders) / max(periods, 1)).mean()
            rows.append({"covariate": name, "planned": planned, "random": typical, "drawn": own})
        return pd.DataFrame(rows, columns=["covariate", "planned", "random", "drawn"])

    def text(self) -> str:
        """Say in a paragraph what was drawn and what it allows."""
        how = "within strata" if len(set(self.design.strata)) > 1 else "without strata"
        fraction = f" (1/{self.count})" if self.count < 10_000 else ""
        floor = f"so no exact two-sided p-value can be smaller than {self.smallest_p:.3g}{fraction}."
        said = f"The scheme allows {self.count:,} different allocations, {floor}"
        if self.constraint is not None:
            names = listing(list(self.constraint.columns))
            scored = len(self.constraint.scored.scores)
            if self.constraint.method == "minimisation":
                how += f" by minimisation: each council in turn was sent, with probability {BIAS:g} or more, where it "
                how += f"balances {names} best"
                said = (
                    f"The strata allow {self.count:,} different allocations, some likelier than others. The draw was "
                    f"played through another {scored - 1:,} times with the same rule; a randomisation test that "
                    f"compares the result with those cannot give a p-value smaller than {self.smallest_p:.3g}."
                )
            else:
                how += f", among the allocations that balance {names} best"
                said = (
                    f"Of {scored:,} allocations that were scored, the scheme keeps {self.count:,} different "
                    f"allocations, {floor}"
                )
        return f"The order was drawn at random {how} (seed {self.seed}). {said}"

    def to_dict(self) -> dict[str, object]:
        """Give the certificate."""
        return self.certificate()


def allocate(
    design: Design,
    *,
    seed: Seed,
    balance: Balance | None = None,
    method: Method = "constrained",
    candidates: int = 100_000,
    keep: float = 0.1,
) -> Allocation:
    """Draw who follows which schedule, at random within the design's strata.

    Parameters
    ----------
    design : Design
        The planned schedules; clusters of one stratum swap theirs.
    seed : int, SeedSequence or Generator
        Decides the draw; the same seed and inputs give the same order. The certificate records it as a number,
        from which the same order can be drawn again.
    balance : frame or mapping, optional
        Covariates of the councils (a column each, indexed by council or with a column that names it), on
        which the draw is to be balanced.
    method : {"constrained", "minimisation"}
        With `balance`: draw among the allocations that balance best, each equally likely; or take councils
        in random order and send each, with a probability of 0.8 or more, where it balances best.
    candidates : int
        With `balance`: most allocations to score, all of them when the scheme allows no more. For minimisation,
        how often it is played through for the randomisation test, at most 10,000.
    keep : float
        With "constrained": share of the scored allocations that stay acceptable.

    Raises
    ------
    DesignError
        Treatment schedules that leave nothing to draw; a covariate that is missing or constant; a constraint
        that leaves nothing to draw from.

    Warns
    -----
    DesignWarning
        A stratum with fewer councils than there are steps.

    Examples
    --------
    >>> from staggered.design.shapes import stepped
    >>> drawn = allocate(stepped(clusters=["Leeds", "Kent", "Bath"], steps=3), seed=7)
    >>> drawn.count, sorted(drawn.starts())
    (6, [2, 3, 4])
    """
    if design.allocations() == 1:
        raise DesignError(
            "There is nothing to draw: every allocation within the strata is the same.",
            "A stratum of one council, or councils with equal schedules, leave no choice.",
            "Join strata, or give the councils different schedules.",
        )
    _warn_of_short_strata(design)
    seed = whole_seed(seed)
    generator = np.random.default_rng(seed)
    if balance is None:
        if method != "constrained":
            raise DesignError(
                "Minimisation was given nothing to balance.",
                "It sends each council where the councils so far are balanced best.",
                "Give balance= with a covariate of the councils, or leave method= out.",
            )
        order = random_orders(design, 1, generator)[0]
        return Allocation(replace(design, treatment=design.treatment[order]), order, design, seed)
    columns = by_council(design, balance)
    scored, order = _balanced(design, columns, method, (candidates, keep), generator)
    return Allocation(
        design=replace(design, treatment=design.treatment[order]),
        order=order,
        planned=design,
        seed=seed,
        constraint=Constraint(scored, columns, candidates, keep, method),
    )


def _balanced(
    design: Design,
    columns: Mapping[str, Mapping[str, float]],
    method: Method,
    asked: tuple[int, float],
    generator: np.random.Generator,
) -> tuple[Candidates, IntArray]:
    """Draw an order that balances covariates, and the orders it was drawn from."""
    candidates, keep = asked
    covariates = standardised(design, columns)
    if method == "constrained":
        scored = balanced_candidates(design, covariates, candidates, keep, generator)
        return scored, scored.acceptable[generator.integers(len(scored.acceptable))]
    if method != "minimisation":
        raise DesignError(
            f"method is {method!r}.",
            "It says how the draw is balanced.",
            f"Use one of {', '.join(get_args(Method))}.",
        )
    if candidates < 1:
        raise DesignError(
            f"candidates is {candidates}.",
            "It counts how often minimisation is played through for the test.",
            "Give, for example, 10000.",
        )
    orders = minimised_orders(design, covariates, 1 + min(candidates, _REPLAYS), generator)
    return Candidates(orders, np.sort(balance_scores(design, covariates, orders)), False), orders[0]


def _warn_of_short_strata(design: Design) -> None:
    """Say which strata cannot reach every step, so that stratum and time are mixed up."""
    starts = design.start
    steps = len(np.unique(starts))
    short = [
        f"{design.strata[rows[0]]} ({len(rows)})"
        for rows in strata_rows(design.strata)
        if len(rows) < steps and len(rows) < len(starts)
    ]
    if short:
        warnings.warn(
            f"Fewer councils than the {steps} steps in the strata {listing(short)}: their councils can only draw "
            "the steps planned for their own stratum, so differences between strata and changes over time are "
            "partly mixed up.",
            DesignWarning,
            stacklevel=3,
        )


def by_council(design: Design, balance: Balance) -> dict[str, dict[str, float]]:
    """Covariates as a mapping of covariate to council to value."""
    table = pd.DataFrame(balance)
    names = set(design.clusters)
    # An index that pandas made by counting rows names nobody, even where councils are called 1, 2, 3.
    counted = isinstance(table.index, pd.RangeIndex) and table.index.start == 0
    if counted or not names & set(map(str, table.index)):
        naming = [column for column in table.columns if names & set(table[column].astype(str))]
        if len(naming) != 1:
            raise DesignError(
                "The covariates do not say which council each row is.",
                "Balance is scored council by council.",
                "Give a frame indexed by council, or with one column of council names.",
            )
        table = table.set_index(naming[0])
    table.index = table.index.map(str)
    if table.index.has_duplicates:
        twice = listing(list(table.index[table.index.duplicated()].unique()))
        raise DesignError(
            f"{twice} has more than one row of covariates.",
            "Which one counts is not clear.",
            "Keep one row per council.",
        )
    numbers = table.apply(pd.to_numeric, errors="coerce")
    return {str(name): {str(k): float(v) for k, v in column.items()} for name, column in numbers.items()}
