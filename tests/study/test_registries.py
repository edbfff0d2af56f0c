import pytest

import staggered as sg
from staggered.study import registries


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (sg.Gls, "gls"),
        (sg.Twfe, "twfe"),
        (sg.GroupTime, "group-time"),
        (sg.Imputation, "imputation"),
        (sg.Cluster, "cluster"),
        (sg.Jackknife, "jackknife"),
        (sg.Permutation, "permutation"),
        (sg.Mixed, "mixed"),
        (sg.Hierarchical, "hierarchical"),
        (sg.ModelBased, "model-based"),
        (sg.ProportionalDecay, "proportional-decay"),
    ],
)
def test_names_are_those_of_the_classes(kind, name):
    assert registries.spelled(kind) == name
    everything = registries.ESTIMATORS | registries.INFERENCES | registries.COVARIANCES
    assert everything[name] is kind
