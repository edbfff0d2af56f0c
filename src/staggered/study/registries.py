"""Everything that a study file can name, by that name.

Names are the class names in lower case with hyphens: `GroupTime` is "group-time". A class that joins its
room's tuple can be named here without further ado.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from ..estimators.did.augmented import AugmentedSynthetic
from ..estimators.did.efficient import Efficient
from ..estimators.did.extended import Extended
from ..estimators.did.group_time import GroupTime
from ..estimators.did.imputation import Imputation
from ..estimators.did.interrupted import InterruptedSeries
from ..estimators.did.panel_regression import PanelRegression
from ..estimators.did.planned_date import PlannedDate
from ..estimators.did.stacked import Stacked
from ..estimators.did.sun_abraham import SunAbraham
from ..estimators.did.synthetic_did import SyntheticDid
from ..estimators.did.twfe import Twfe
from ..estimators.did.within_period import WithinPeriod
from ..estimators.trial.glmm import Glmm
from ..estimators.trial.gls import Gls
from ..estimators.trial.marginal import Marginal
from ..estimators.trial.mixed import Mixed
from ..hierarchical.hierarchical import Hierarchical
from ..inference.bootstrap import Bootstrap
from ..inference.cluster import Cluster
from ..inference.design_based import DesignBased
from ..inference.few_treated import ConleyTaber, FermanPinto
from ..inference.fixed_weights import FixedWeightsJackknife
from ..inference.jackknife import Jackknife
from ..inference.model_based import ModelBased, ParametricBootstrap, Profile
from ..inference.permutation import Permutation
from ..inference.placebo import Placebo
from ..inference.wild import WildBootstrap
from ..kernel.protocols import Estimator, Inference
from ..model.covariance import COVARIANCES as _COVARIANCES
from ..model.covariance import Covariance
from ..model.effect import EFFECTS as _EFFECTS
from ..model.effect import Effect

_Kind = TypeVar("_Kind")


def spelled(kind: type) -> str:
    """Spell a class as a study file does.

    Examples
    --------
    >>> class GroupTime: ...
    >>> spelled(GroupTime)
    'group-time'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", kind.__name__).lower()


def _by_name(kinds: Iterable[type[_Kind]]) -> dict[str, type[_Kind]]:
    return {spelled(kind): kind for kind in kinds}


COVARIANCES: dict[str, type[Covariance]] = _by_name(_COVARIANCES)
"""[correlation] structure."""
EFFECTS: dict[str, type[Effect]] = _by_name(_EFFECTS)
"""[effect] kind."""
ESTIMATORS: dict[str, type[Estimator]] = _by_name(
    (
        Gls,
        Twfe,
        GroupTime,
        Imputation,
        SunAbraham,
        Extended,
        Stacked,
        WithinPeriod,
        Efficient,
        SyntheticDid,
        AugmentedSynthetic,
        PanelRegression,
        PlannedDate,
        InterruptedSeries,
        Mixed,
        Marginal,
        Glmm,
        Hierarchical,
    )
)
"""[analysis] estimator."""
INFERENCES: dict[str, type[Inference]] = _by_name(
    (
        Cluster,
        Jackknife,
        Permutation,
        DesignBased,
        Bootstrap,
        WildBootstrap,
        ConleyTaber,
        FermanPinto,
        Placebo,
        FixedWeightsJackknife,
        ModelBased,
        Profile,
        ParametricBootstrap,
    )
)
"""[analysis] inference."""
