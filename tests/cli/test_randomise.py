import json

import pandas as pd
import pytest
from joblib import cpu_count

import staggered as sg
from staggered.study.checks import check as study_checks


def test_an_order_comes_with_its_certificate(staggered, folder, digest):
    result = staggered("allocate", "study.toml", "--out", "order.csv")
    assert result.exit_code == 0
    drawn = sg.load("study.toml").allocate()
    assert drawn.text() in result.stdout
    order = pd.read_csv(folder / "order.csv")
    assert order["starts"].tolist() == drawn.starts()
    certificate = json.loads((folder / "order-certificate.json").read_text())
    assert certificate["study_sha256"] == digest
    assert certificate["result_sha256"] == drawn.certificate()["result_sha256"]
    assert "drawn_at" in certificate


def test_the_time_stands_in_the_certificate_file_alone(staggered):
    first, second = (staggered("allocate", "study.toml", "--json").stdout for _ in range(2))
    assert first == second
    assert "drawn_at" not in first


def test_a_seed_on_the_line_comes_before_the_file(staggered):
    told = json.loads(staggered("allocate", "study.toml", "--seed", "99", "--json").stdout)
    assert told["seed"] == 99
    assert told["order"] == sg.load("study.toml").allocate(99).certificate()["order"]


def test_an_old_certificate_is_not_written_over(staggered, folder):
    (folder / "order-certificate.json").write_text("mine")
    result = staggered("allocate", "study.toml", "--out", "order.csv")
    assert result.exit_code == 2
    assert "order-certificate.json exists already." in result.stderr
    assert not (folder / "order.csv").exists()


def test_a_simulated_panel_can_be_piped_into_an_analysis(staggered, folder):
    text = staggered("simulate", "study.toml", "--seed", "4").stdout
    (folder / "panel.csv").write_text(text)
    result = staggered("analyse", "study.toml", "panel.csv", "--json")
    assert result.exit_code == 0, result.stderr
    row = json.loads(result.stdout)["analyses"][0]["rows"][0]
    assert abs(row["estimate"] - sg.load("study.toml").rehearse(4)[0].estimate.value) < 1e-12


def test_a_simulated_panel_is_written(staggered, folder):
    result = staggered("simulate", "study.toml", "--out", "panel.csv")
    assert result.exit_code == 0
    assert (folder / "panel.csv").read_text() == staggered("simulate", "study.toml").stdout
    assert staggered("simulate", "study.toml", "--out", "panel.json").exit_code == 2


BALANCED = """
method = "constrained"
balance = ["size", "rate"]
keep = 0.3
"""


@pytest.fixture
def balanced(folder):
    """The study with councils of unequal size, drawn among the balanced allocations."""
    councils = "".join(
        f'[[design.council]]\nname = "{name}"\nsize = {size}\ncovariates = {{ rate = {rate} }}\n'
        for name, size, rate in [
            ("Leeds", 400, 61.0), ("Kent", 90, 88.0), ("Bath", 30, 74.5),
            ("Hull", 150, 102.0), ("York", 240, 55.2), ("Bury", 60, 93.1),
        ]
    )  # fmt: skip
    text = (folder / "study.toml").read_text(encoding="utf-8")
    text = text.replace('clusters = ["Leeds", "Kent", "Bath", "Hull", "York", "Bury"]\n', "").replace("size = 50\n", "")
    text = text.replace("[outcome]", councils + "[outcome]").replace("seed = 7\n", "seed = 7\n" + BALANCED)
    text = "".join(part for part in text.split("[expected]")[:1])
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


@pytest.mark.parametrize("method", ["constrained", "minimisation"])
def test_a_balanced_draw_is_written_verified_and_an_edit_is_caught(staggered, balanced, method):
    balanced.write_text(balanced.read_text().replace('"constrained"', f'"{method}"'))
    result = staggered("allocate", "study.toml", "--out", "order.csv")
    assert result.exit_code == 0, result.stderr
    assert "in SDs of the covariate" in result.stdout
    good = staggered("verify", "study.toml", "order-certificate.json")
    assert good.exit_code == 0
    certificate = json.loads((balanced.parent / "order-certificate.json").read_text())
    assert certificate["method"] == method
    assert set(certificate["covariates"]) == {"size", "rate"}
    first, second = list(certificate["order"])[:2]
    order = certificate["order"]
    order[first] = order[second] if order[second] != order[first] else 99
    fair = json.loads((balanced.parent / "order-certificate.json").read_text())
    assert all(check.passed for check in sg.verify(balanced.parent / "order-certificate.json"))
    # A covariate that the study does not have, a wider choice, another method: each with everything else in step.
    study = sg.load("study.toml")
    for part, value in (("covariates", {"size": fair["covariates"]["size"]}), ("keep", 0.9), ("method", "simple")):
        assert not all(check.passed for check in study.verify({**fair, part: value})), part
    (balanced.parent / "edited.json").write_text(json.dumps(certificate))
    bad = staggered("verify", "study.toml", "edited.json")
    assert bad.exit_code == 1
    assert "edited after the draw" in bad.stdout


def test_a_certificate_of_another_study_and_a_file_that_is_none_are_told_apart(staggered, balanced, folder):
    staggered("allocate", "study.toml", "--out", "order.csv")
    balanced.write_text(balanced.read_text().replace("size = 400", "size = 401"))
    other = staggered("verify", "study.toml", "order-certificate.json")
    assert other.exit_code == 1
    assert "another design" in other.stdout
    (folder / "note.json").write_text("[1]")
    none = staggered("verify", "study.toml", "note.json")
    assert none.exit_code == 2
    assert "note.json is no certificate" in none.stderr
    assert "cannot be read" in staggered("verify", "study.toml", "lost.json").stderr


def test_what_a_draw_is_balanced_on_must_be_known(staggered, balanced):
    text = balanced.read_text()
    for old, new, said in [
        ('balance = ["size", "rate"]\n', "", "has no balance"),
        ('"rate"]', '"rates"]', "names 'rates', which no council has"),
        ("covariates = { rate = 88.0 }\n", "", "Kent has no covariate rate"),
        ("keep = 0.3", "keep = 0.001", "leaves 0 to draw from"),
    ]:
        balanced.write_text(text.replace(old, new))
        result = staggered("allocate", "study.toml")
        assert result.exit_code == 2, result.stdout
        assert said in result.stderr


def test_attained_power_follows_the_constraint(staggered, balanced):
    told = json.loads(staggered("attained", "study.toml", "--json").stdout)
    assert told["allocations"] == sg.load("study.toml").allocate().count
    text = staggered("attained", "study.toml", "--out", "attained.csv")
    assert "power averages" in text.stdout
    table = pd.read_csv(balanced.parent / "attained.csv")
    assert table["power"].tolist() == pytest.approx([row["power"] for row in told["rows"]])
    free = balanced.read_text().replace('method = "constrained"', 'method = "stratified"')
    balanced.write_text(free.replace('balance = ["size", "rate"]\n', ""))
    assert json.loads(staggered("attained", "study.toml", "--json").stdout)["allocations"] == 90


def test_power_by_simulation_is_the_same_on_two_workers(staggered):
    alone = json.loads(staggered("power", "study.toml", "--simulate", "300", "--json").stdout)
    together = staggered("power", "study.toml", "--simulate", "300", "--workers", "2", "--json")
    assert together.exit_code == 0, together.stderr
    assert json.loads(together.stdout) == alone
    row = alone["rows"][0]
    assert row["draws"] == 300
    assert row["inference"] == "jackknife over clusters"
    assert 0.05 < row["power"] < 1


def test_more_workers_than_cores_are_said(staggered):
    result = staggered("power", "study.toml", "--simulate", "20", "--workers", str(cpu_count() + 1))
    assert result.exit_code == 0, result.stderr
    assert "Note: " in result.stderr
    assert "fewer cores" in result.stderr


def test_another_seed_than_the_one_fixed_beforehand_is_said(staggered, folder):
    assert staggered("allocate", "study.toml", "--seed", "8", "--out", "order.csv").exit_code == 0
    result = staggered("verify", "study.toml", "order-certificate.json")
    assert result.exit_code == 1
    assert "8 where the study file says 7" in result.stdout
    assert [check.name for check in sg.verify("order-certificate.json") if not check.passed] == ["seed"]


def test_a_certificate_without_its_study_beside_it_asks_for_one(folder):
    certificate = sg.load("study.toml").allocate().certificate()
    with pytest.raises(sg.StudyError, match="not beside it"):
        sg.verify(certificate)
    assert all(check.passed for check in sg.verify(certificate, "study.toml"))


def test_a_permutation_test_compares_with_the_balanced_orders_alone(balanced):
    text = balanced.read_text().replace('inference = "jackknife"', 'inference = "permutation"')
    balanced.write_text(text)
    study = sg.load("study.toml")
    drawn = study.allocate()
    assert study.simulate(1).design.treatment.tolist() == drawn.design.treatment.tolist()
    found = study.rehearse()[0].estimate
    assert (
        found.p_value == study.analyses_of()[0].estimator.fit(study.simulate(1), sg.Permutation(allowed=drawn)).p_value
    )
    assert (found.p_value * drawn.count) == pytest.approx(round(found.p_value * drawn.count))
    assert drawn.count < study.design.allocations()
    said = next(one.message for one in study_checks(study) if one.name == "allocations")
    assert f"keeps {drawn.count:,} different" in said
