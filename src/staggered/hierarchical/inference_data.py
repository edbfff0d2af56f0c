"""A fit as ArviZ's own object, so that all its plots and diagnostics work on it, whatever the engine."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..errors import DesignError
from ..value import BoolArray, FloatArray
from .likelihood import log_likelihood
from .outcomes import counted
from .posterior import Posterior
from .predictive import replicate

_CELLS = ("council", "period")


def inference_data(posterior: Posterior, seed: int = 1) -> Any:
    """InferenceData of ArviZ 0.23, or the DataTree of ArviZ 1, as installed.

    Groups: `posterior`, `posterior_predictive`, `log_likelihood` (cell by cell), `sample_stats` (of Markov chains),
    `observed_data` and `constant_data`. Cells without data are nan.

    Parameters
    ----------
    posterior : Posterior
    seed : int
        Of the predicted outcomes.

    Raises
    ------
    DesignError
        ArviZ is not installed.
    """
    if find_spec("arviz") is None:
        raise DesignError(
            "An ArviZ object was asked for, but ArviZ is not installed.",
            "It is the form in which other tools for Bayesian analysis read a fit.",
            "Install staggered with its bayes extra; .draws and .posterior need nothing more.",
        )
    array = import_module("xarray").DataArray
    layout, panel = posterior.layout, posterior.panel
    names = panel.design.clusters
    coordinates = {
        "council": list(names),
        "treated_council": [names[row] for row in layout.treated],
        "period": [str(period) for period in panel.design.periods],
        "exposure": list(range(1, len(layout.curve) + 1)),
        "coefficient": list(layout.names),
    }

    def labelled(values: FloatArray | BoolArray, *dimensions: str, sampled: bool = True) -> Any:
        if sampled:
            values = values.reshape(posterior.chains, -1, *values.shape[1:])
            dimensions = ("chain", "draw", *dimensions)
        inside = {name: coordinates[name] for name in dimensions if name in coordinates}
        counted_off = {name: np.arange(values.shape[k]) for k, name in enumerate(dimensions) if name not in inside}
        return array(values, dims=dimensions, coords=inside | counted_off)

    observed, size = panel.outcome, posterior.size
    if posterior.family != "gaussian":
        observed, size = counted(panel, posterior.family)
    where = layout.used
    predicted = replicate(posterior, np.random.default_rng(np.random.SeedSequence([seed, 5])))
    groups: dict[str, dict[str, Any]] = {
        "posterior": {
            "mean_effect": labelled(posterior.estimate().draws[:, 0]),
            "exposure_effect": labelled(posterior.fixed @ layout.curve.T, "exposure"),
            "council_effect": labelled(posterior.estimate("cluster").draws, "treated_council"),
            "council_level": labelled(posterior.levels, "council"),
            "coefficients": labelled(posterior.fixed, "coefficient"),
            **{name: labelled(values) for name, values in posterior.hyper.items()},
        },
        "posterior_predictive": {"outcome": labelled(np.where(where, predicted, np.nan), *_CELLS)},
        "log_likelihood": {"outcome": labelled(log_likelihood(posterior), *_CELLS)},
        "sample_stats": {
            name: labelled(np.asarray(values > 0) if name == "diverging" else values)
            for name, values in posterior.statistics.items()
        },
        "observed_data": {"outcome": labelled(np.where(where, observed, np.nan), *_CELLS, sampled=False)},
        "constant_data": {
            "treatment": labelled(np.where(where, layout.treatment, np.nan), *_CELLS, sampled=False),
            "exposure_periods": labelled(np.where(where, layout.exposure, 0), *_CELLS, sampled=False),
            "size": labelled(np.where(where, size, np.nan), *_CELLS, sampled=False),
        },
    }
    return _assembled({name: values for name, values in groups.items() if values}, posterior)


def _assembled(groups: dict[str, dict[str, Any]], posterior: Posterior) -> Any:
    """The groups in the form of the installed ArviZ."""
    arviz, xarray = import_module("arviz"), import_module("xarray")
    about = {
        "inference_library": posterior.engine,
        "model": f"hierarchical {posterior.family} model",
        **{check.name: check.message for check in posterior.checks},
    }
    sets = {name: xarray.Dataset(values, attrs=about) for name, values in groups.items()}
    if int(arviz.__version__.split(".")[0]) < 1:
        return arviz.InferenceData(**sets)
    return xarray.DataTree.from_dict(sets)
