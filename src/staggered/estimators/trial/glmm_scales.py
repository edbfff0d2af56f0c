"""Effects of a generalised linear mixed model as people say them: differences and ratios of risks and rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logit

from ...errors import DataError, DesignError
from ...results.estimate import Estimate, Term
from ...results.ratio import Ratio
from ...results.uncertainty import Sampling
from ...results.words import number_words
from ...value import FloatArray, Value

RISKS = ("risk difference", "risk ratio", "odds ratio", "conditional odds ratio")
RATES = ("rate difference", "rate ratio", "conditional rate ratio")
PER = ("child", "council")
_SAID = ("As an odds ratio:", "As a rate ratio:")
_EVERYONE = {"child": "each child counting alike", "council": "each council counting alike"}


@dataclass(frozen=True, slots=True, eq=False)
class Averages(Value):
    """Average risks or rates of the same people without and with treatment.

    Parameters
    ----------
    means : array (2,)
    covariance : array (2, 2)
    """

    means: FloatArray
    covariance: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Scales(Value):
    """What a fit knows beyond its own scale.

    Parameters
    ----------
    family : str
    per : {"child", "council"}
        Of what an average is one when nobody says.
    averages : mapping of {"child", "council"} to Averages
        Empty where the inference gives no standard error for them.
    degrees : float
        Degrees of freedom of intervals of differences and ratios.
    who : str
        Over whom the averages are taken.
    """

    family: str
    per: str
    averages: Mapping[str, Averages]
    degrees: float
    who: str

    @property
    def known(self) -> tuple[str, ...]:
        """Scales that can be asked for."""
        return RISKS if self.family == "binomial" else RATES

    def restate(self, estimate: Estimate, scale: str) -> Estimate:
        """Restate the effect as "risk difference", "risk ratio" or "odds ratio" (rates for counts).

        These are averages over the people of the data. A "conditional" ratio compares people of one council and
        period and is the exponential of the estimate. " per child" or " per council" after the name says who counts
        alike; without it, what the panel's weights say.

        Raises
        ------
        DesignError
            A scale that is none.
        DataError
            An inference that gives no standard error of averages.
        """
        estimate = replace(estimate, notes=tuple(note for note in estimate.notes if not note.startswith(_SAID)))
        name, _, per = scale.partition(" per ")
        per = per or self.per
        if name not in self.known or per not in PER:
            raise DesignError(
                f"The scale {scale!r} was asked for.",
                "An effect can be said in several ways.",
                f'Use one of {", ".join(self.known)}, each with " per child" or " per council" after it if you like.',
            )
        if name.startswith("conditional"):
            values = np.exp(estimate.values)
            said = f"{name} of {estimate.estimand.split(' of ', 1)[-1]}"
            return replace(
                estimate,
                values=values,
                uncertainty=Ratio.of(estimate.uncertainty, values),
                estimand=said,
                posterior=None,
            )
        if per not in self.averages:
            raise DataError(
                f"A {name} was asked of an estimate by {estimate.inference}.",
                "That inference is about the model's own scale, and gives no standard error of an average.",
                'Fit with ModelBased() or Cluster("CR2"), or ask for the conditional ratio.',
            )
        return self._averaged(estimate, name, per)

    def _averaged(self, estimate: Estimate, name: str, per: str) -> Estimate:
        """A difference or ratio of the averages, and the interval of its own scale."""
        found = self.averages[per]
        control, treated = found.means
        if name.endswith("difference"):
            value, slope = treated - control, np.array([-1.0, 1.0])
        elif name == "odds ratio":
            value = logit(treated) - logit(control)
            slope = np.array([-1 / (control * (1 - control)), 1 / (treated * (1 - treated))])
        else:
            value, slope = np.log(treated / control), np.array([-1 / control, 1 / treated])
        variance = slope @ found.covariance @ slope
        uncertainty = Sampling(np.array([[variance]]), np.array([self.degrees]))
        values = np.array([value])
        if not name.endswith("difference"):
            values = np.exp(values)
        return replace(
            estimate,
            terms=(Term(name),),
            values=values,
            uncertainty=uncertainty if name.endswith("difference") else Ratio.of(uncertainty, values),
            estimand=f"{name}, averaged over {self.who}, {_EVERYONE[per]}",
            headed=False,
            posterior=None,
        )

    def sentence(self, estimate: Estimate) -> str:
        """Say the first term as ratio and as difference, each with its interval."""
        ratio = self.restate(estimate.select([0]), self.known[-1])
        low, high = ratio.interval()
        noun = self.known[-1].removeprefix("conditional ")
        said = [
            f"As {'an' if noun[0] == 'o' else 'a'} {noun}: {ratio.value:.3g} (95% interval {low:.3g} to {high:.3g})."
        ]
        if self.per in self.averages:
            control, treated = self.averages[self.per].means
            change = self.restate(estimate, self.known[0])
            low, high = change.interval()
            if self.family == "binomial":
                levels = f"risk is {100 * control:.3g}% without and {100 * treated:.3g}% with the practice model"
                ends = [f"{number_words(100 * end)}" for end in (low, change.value, high)]
                unit = " percentage points"
            else:
                levels = f"rate per person is {control:.3g} without and {treated:.3g} with the practice model"
                ends, unit = [number_words(end) for end in (low, change.value, high)], ""
            said.append(
                f"Averaged over {self.who}, {_EVERYONE[self.per]}, the 95% interval of the difference runs from "
                f"{ends[0]} to {ends[2]}{unit} around {ends[1]}: the expected {levels}."
            )
        return " ".join(said)
