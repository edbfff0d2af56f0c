"""The planning examples: their numbers are those that are published, or follow from the plan."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

import staggered as sg

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_wrong_door_begins_with_the_protocols_number_and_ends_far_below_it() -> None:
    module = example("no_wrong_door")
    table = module.table(module.steps()).set_index("what")
    first, last = table.iloc[0], table.iloc[-1]
    assert first["power (%)"] == pytest.approx(80.12, abs=0.005)
    assert first["detectable (points)"] == pytest.approx(1.847, abs=0.0005)
    # Both are computed for the project on other ways: see designs/nwd_protocol.toml.
    assert table.iloc[1]["power (%)"] == pytest.approx(85.0, abs=0.05)
    assert table.iloc[2]["power (%)"] == pytest.approx(75.5, abs=0.05)
    assert last["power (%)"] < 20
    assert last["df"] == 2


def test_drifting_councils_raise_false_alarms_in_the_protocols_calculation() -> None:
    module = example("no_wrong_door")
    module.DRAWS = 4000
    said = module.false_alarms(module.steps()["as in the protocol"][0])
    right, drifting, learned = (float(share) for share in re.findall(r"in (\d+\.\d)%", said))
    assert right == pytest.approx(5.0, abs=1.1)
    assert drifting > 6.0
    assert learned < drifting


def test_the_planned_trial_prints_the_power_of_its_plan(capsys: pytest.CaptureFixture[str]) -> None:
    module = example("plan_a_trial")
    plan = module.the_plan()
    module.plan_it(plan)
    printed = capsys.readouterr().out
    assert sg.power(plan).text() in printed
    assert "7a. Sample size." in printed
    assert all(f"== {step}." in printed for step in range(1, 11))
