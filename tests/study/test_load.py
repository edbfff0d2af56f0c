"""The study file: everything that is wrong with it is said at once, in plain words, with its line."""

import hashlib

import numpy as np
import pytest

import staggered as sg

BASE = 'schema = 1\n[study]\ntitle = "A study"\n'
ROLLOUT = BASE + '[design]\nkind = "rollout"\nstart = 2020-03-01\nend = 2022-11-24\n'
STEPPED = BASE + '[design]\nkind = "stepped"\nclusters = 6\nsteps = 3\nsize = 50\n'
# The example of the documentation of study files, with sections that only later versions fill.
WHOLE = """
schema = 1
[study]
title = "No Wrong Door: stepped-wedge trial as planned"
practice_model = "No Wrong Door"
question = "Does No Wrong Door reduce the chance that a referred young person becomes looked after within 18 months?"
source = "..."
[design]
kind = "stepped"
clusters = 5
steps = 5
size = 600
[outcome]
family = "binomial"
name = "becoming looked after within 18 months"
baseline = 0.07
better = "lower"
[correlation]
structure = "exchangeable"
icc = 0.00268
[effect]
kind = "constant"
size = -0.0185
[power]
alpha = 0.05
target = 0.8
df = "normal"
grid = { icc = [0.001, 0.00268, 0.01], cac = [0.5, 0.8, 1.0] }
[randomisation]
method = "stratified"
seed = 20200301
[data]
[analysis]
primary = { estimator = "mixed", inference = "permutation" }
sensitivity = [{ estimator = "imputation" }]
[hierarchical]
[economics]
[report]
[expected]
power = { value = 0.8012, digits = 4, source = "..." }
"""


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "x.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def refused(file):
    def load(text):
        with pytest.raises(sg.StudyError) as caught:
            sg.load(file(text))
        return str(caught.value)

    return load


def test_a_whole_file_is_read(file):
    study = sg.load(file(WHOLE))
    assert study.plan.design.treatment.shape == (5, 6)
    assert study.plan.covariance == sg.Exchangeable(icc=0.00268)
    assert study.plan.effect == sg.Constant(-0.0185)
    assert round(study.power().power, 4) == 0.8012
    assert [check.passed for check in sg.reproduce(study)] == [True]


def test_the_digest_is_that_of_the_bytes(file):
    assert sg.load(file(STEPPED)).digest == hashlib.sha256(STEPPED.encode()).hexdigest()


def test_windows_files_are_read(file):
    text = STEPPED.replace("\n", "\r\n").replace("A study", "Café").encode("utf-8-sig")
    study = sg.load(file(text))
    assert study.title == "Café"
    assert study.digest == hashlib.sha256(text).hexdigest()


@pytest.mark.parametrize(
    ("text", "line", "says", "fix"),
    [
        (STEPPED + "stepss = 3\n", 9, "unknown key stepss in [design].", "Did you mean steps?"),
        (STEPPED + "[poweer]\n", 9, "unknown section or key poweer.", "Did you mean power?"),
        (STEPPED + "end = 3\n", 9, "unknown key end in [design].", "Known here:"),
        (STEPPED + '[correlation]\nicc = 1.4\n',
         10, "icc in [correlation] is 1.4, but must be at most 1.", "0.05 for 5%"),
        (STEPPED + '[correlation]\nicc = -0.1\n',
         10, "icc in [correlation] is -0.1, but must be at least 0.", "0.05 for 5%"),
        (STEPPED + '[correlation]\nstructure = "nested"\ncac = 0.8\n', 11, "cac without icc", "Give icc="),
        (STEPPED + '[correlation]\nicc = 0.1\ncac = 0.8\n',
         11, "cac in [correlation] does not belong", "the keys are icc, iac"),
        (STEPPED + '[correlation]\nstructure = "netsed"\nicc = 0.1\n',
         10, "structure in [correlation] is 'netsed'.", "Did you mean nested?"),
        (STEPPED.replace("50", "0"), 8, "size in [design] is 0, but must be above 0.", "Give the number of people"),
        (STEPPED.replace("50", "inf"), 8, "size in [design] is inf, where", "Correct it."),
        (STEPPED.replace("50", '"many"'), 8, "size in [design] is 'many', where", "Correct it."),
        (STEPPED.replace("steps = 3", "steps = 7"), 6, "6 clusters cannot fill 7 steps.", "Use at most 6 steps"),
        (STEPPED.replace('"stepped"', '"stepd"'), 5, "kind in [design] is 'stepd'.", "Did you mean stepped?"),
        (STEPPED.replace('kind = "stepped"\n', ""), 4, "[design] has no kind.", "Known here: stepped"),
        (STEPPED.replace("clusters = 6\n", ""), 4, "[design] says nothing about its clusters.", "Add clusters = 24"),
        (STEPPED + '[effect]\nkind = "ramp"\nsize = 1\nsizes = [1, 2]\n',
         12, "sizes in [effect] does not belong", "size, over"),
        (STEPPED + '[effect]\nscale = "ratio"\n', 9, '[effect] of kind "constant" has no size.', "Add size = ..."),
        (STEPPED + '[outcome]\nfamily = "binomal"\n',
         10, "family in [outcome] is 'binomal'.", "Did you mean binomial?"),
        (STEPPED + '[outcome]\nfamily = "binomial"\nbaseline = 1.2\n', 11, "baseline is 1.2", "0.07"),
        (STEPPED + '[analysis]\nprimary = { estimator = "imputaton" }\n',
         10, "names the estimator 'imputaton'.", "Did you mean imputation?"),
        (STEPPED + '[analysis]\nprimary = { inference = "jackknife" }\n',
         10, "an entry without an estimator.", "Known here:"),
        (STEPPED + '[analysis]\nprimary = { estimator = "twfe", inference = "jacknife" }\n',
         10, "names the inference 'jacknife'.", "Did you mean jackknife?"),
        (STEPPED + '[analysis]\nprimary = { estimator = "imputation", bye = "event" }\n',
         10, "unknown option bye of imputation", "Did you mean by?"),
        (STEPPED + '[analysis]\nprimary = { estimator = "gls" }\n',
         10, "names gls, but the file has no [correlation].", "Add [correlation]"),
        (STEPPED + '[power]\ndf = "norml"\n', 10, "df in [power] is 'norml'.", "Did you mean normal?"),
        (STEPPED + '[[data.variant]]\nname = "a"\n[[data.variant]]\nname = "a"\n',
         12, "two variants of the data are called 'a'.", "Give each its own name."),
        (STEPPED + "[hierarchical]\nx = 1\n", 10, "unknown key x in [hierarchical].", ""),
        ("schema = 2\n" + STEPPED[11:], 1, "schema is 2.", "Write schema = 1"),
        ("schema = 1\n", 0, "the file has no [study] section.", "Add [study]"),
        ("schema = 1\nstudy = 3\n", 2, "study is 3, where a section belongs.", "Begin a line with [study]."),
        (BASE.replace("title", "titel"), 0, "x.toml has 2 errors:", "check the file again"),
    ],
)  # fmt: skip
def test_one_thing_wrong(refused, text, line, says, fix):
    said = refused(text)
    what, why, todo = said.rsplit("\n  ", 2)
    assert says in what
    assert fix in todo
    assert why
    if line:
        assert what.startswith(f"x.toml, line {line}: ")


def test_all_errors_are_listed_in_the_order_of_their_lines(refused):
    said = refused(
        ROLLOUT
        + '[[design.council]]\nname = "Walsall"\ngo_live = 2020-09-01\nsize = 0\n'
        + '[[design.council]]\nname = "walsall"\ngo_live = 2021-02-01\nsize = 10\n'
        + '[outcome]\nbaseline = "high"\n[correlation]\nicc = 7\n[stduy]\n'
    ).split("\n")
    assert said[0] == "x.toml has 5 errors:"
    assert [line.strip().split(":")[0] for line in said[1:6]] == ["line 11", "line 12", "line 17", "line 19", "line 20"]
    assert "Walsall and walsall look like two spellings of one name." in said[2]
    assert len(said) == 8


def test_go_live_dates_are_looked_at_one_by_one(refused):
    said = refused(
        ROLLOUT
        + '[[design.council]]\nname = "Walsall"\ngo_live = 2019-09-01\n'
        + '[[design.council]]\nname = "Swindon"\ngo_live = 2023-09-01\n'
        + '[[design.council]]\nname = "Kent"\n'
    )
    assert "line 10: Walsall goes live on 2019-09-01, outside the window from 2020-03-01 to 2022-11-24." in said
    assert "line 13: Swindon goes live on 2023-09-01, outside the window" in said
    assert "line 14: Kent has no go-live date." in said


@pytest.mark.parametrize(
    ("date", "says"),
    [
        ('"03/04/2021"', "Kent has '03/04/2021', which could mean two days."),
        ('"soon"', "Kent has 'soon' where a date belongs."),
        ('"31/02/2021"', "Kent has '31/02/2021', a day that no calendar has."),
    ],
)
def test_dates_that_are_none(refused, date, says):
    council = '[[design.council]]\nname = "Leeds"\ngo_live = 2021-02-01\n'
    said = refused(f'{ROLLOUT}{council}[[design.council]]\nname = "Kent"\ngo_live = {date}\n')
    assert said.startswith(f"x.toml, line 13: {says}")


def test_day_first_dates_are_read_when_one_of_them_settles_the_order(file):
    text = ROLLOUT + "".join(
        f'[[design.council]]\nname = "{name}"\ngo_live = "{date}"\n'
        for name, date in (("Leeds", "03/04/2021"), ("Kent", "25/12/2021"))
    )
    assert sg.load(file(text)).design.periods == ("2020-03-01", "2021-04-03", "2021-12-25")


def test_a_date_of_the_window_that_is_none(refused):
    said = refused(
        ROLLOUT.replace("2020-03-01", '"yesterday"') + '[[design.council]]\nname = "Kent"\ngo_live = 2021-02-01\n'
    )
    assert said.startswith("x.toml, line 6: start in [design] has 'yesterday' where a date belongs.")


def test_tables_that_speak_of_unknown_councils(refused):
    said = refused(
        ROLLOUT
        + 'size = { Walsal = 10, "Redcar & Cleveland" = 20 }\nstrata = { Leeds = "a" }\n'
        + '[[design.council]]\nname = "Walsall"\ngo_live = 2020-09-01\n'
        + '[[design.council]]\nname = "Redcar and Cleveland"\ngo_live = 2021-09-01\n'
    )
    assert "line 8: size in [design] speaks of Walsal, which is none of the councils." in said
    assert "Did you mean Walsall?" in said
    assert "Write it as Redcar and Cleveland, as in the list of councils." in said
    assert "line 9: strata in [design] speaks of Leeds" in said


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ('total = 10\nstratum = "a"\n|stratum = "a"\n', "Kent has no total, but other councils have one."),
        ("rate = 10\n|\n", "Kent has no rate, but other councils have one."),
        ('stratum = "a"\n|\n', "Kent has no stratum, but other councils have one."),
    ],
)
def test_what_one_council_has_all_must_have(refused, keys, says):
    first, second = keys.split("|")
    said = refused(
        f'{ROLLOUT}[[design.council]]\nname = "Leeds"\ngo_live = 2021-02-01\n{first}'
        f'[[design.council]]\nname = "Kent"\ngo_live = 2021-03-01\n{second}'
    )
    assert says in said


@pytest.mark.parametrize(
    ("design", "says"),
    [
        (
            'kind = "matrix"\ntreatment = [[1, 1], [1, 1]]',
            "Everyone is treated in every period, from the first (1) on.",
        ),
        ('kind = "matrix"\ntreatment = [[0, 1], [0, 1]]', "In no period are some councils treated and others not"),
        ('kind = "matrix"\ntreatment = [[0, 0], [0, 0]]', "Nobody is treated in any period."),
    ],
)
def test_a_schedule_without_a_comparison(refused, design, says):
    said = refused(f"{BASE}[design]\n{design}\n")
    assert says in said
    assert "What treatment did cannot be told from what the time brought." in said


def test_everyone_going_live_on_the_first_day(refused):
    councils = "".join(f'[[design.council]]\nname = "{name}"\ngo_live = 2020-03-01\n' for name in ("Leeds", "Kent"))
    assert "Everyone is treated in every period, from the first (2020-03-01) on." in refused(ROLLOUT + councils)


def test_a_closed_cohort_needs_equal_sizes_and_names_the_council(refused):
    councils = "".join(
        f'[[design.council]]\nname = "{name}"\ngo_live = 2021-0{k}-01\ntotal = 900\n'
        for k, name in ((2, "Leeds"), (5, "Kent"))
    )
    said = refused(ROLLOUT + councils + "[outcome]\nsd = 1\n[correlation]\nicc = 0.1\niac = 0.3\n")
    assert "iac is above 0 but Leeds is seen with" in said
    assert "line 20" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "x.toml is empty."),
        (b"\xef\xbb\xbf\n  \n", "x.toml is empty."),
        ("[study]\ntitle = Caf\u00e9".encode("latin-1"), "x.toml, line 2: the file is not in UTF-8."),
        (STEPPED.encode("utf-16"), "x.toml, line 1: the file is not in UTF-8."),
        (b"[study\ntitle = 1", "x.toml, line 1, column 7: this is not TOML"),
        (b"[study]\ntitle = ", "x.toml, at its end: this is not TOML"),
        (b"[study]\na = 1\na = 2\n", "x.toml, line 3, column 6: this is not TOML (cannot overwrite a value)."),
    ],
)
def test_files_that_cannot_be_read(refused, text, says):
    said = refused(text)
    assert said.startswith(says)
    assert len(said.split("\n")) == 3


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(sg.StudyError, match=r"nowhere.toml does not exist\."):
        sg.load(tmp_path / "nowhere.toml")
    with pytest.raises(sg.StudyError, match="is a folder"):
        sg.load(tmp_path)


def test_totals_are_spread_over_the_days_of_the_window(file):
    councils = "".join(
        f'[[design.council]]\nname = "{name}"\ngo_live = 2021-0{k}-01\ntotal = {total}\n'
        for k, name, total in ((2, "Leeds", 900), (5, "Kent", 300))
    )
    design = sg.load(file(ROLLOUT + councils)).design
    np.testing.assert_allclose(design.size.sum(axis=1), [900, 300])
    days = (design.dates[:, 1] - design.dates[:, 0]).astype(int) + 1
    np.testing.assert_allclose(design.size[0], 900 * days / days.sum())
