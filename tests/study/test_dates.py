from staggered.study.dates import date_problems
from staggered.study.schema import Rollout


def problems(*councils, **window):
    told = {"start": "2020-03-01", "end": "2022-11-24", **window}
    named = [{"name": name, **({"go_live": day} if day else {})} for name, day in councils]
    return [
        (p.path, p.what) for p in date_problems(Rollout.model_validate({"kind": "rollout", "council": named, **told}))
    ]


def test_each_date_is_looked_at():
    first, second = problems(("a", "2019-01-01"), ("b", "2021-01-01"), ("c", None))
    assert first == (
        ("design", "council", 0, "go_live"),
        "a goes live on 2019-01-01, outside the window from 2020-03-01 to 2022-11-24.",
    )
    assert second == (("design", "council", 2, "go_live"), "c has no go-live date.")


def test_a_council_under_never_needs_no_date():
    assert problems(("a", "2021-01-01"), ("b", None), never=["b"]) == []


def test_a_window_that_cannot_be_read_hides_no_other_error():
    found = problems(("a", "2021-01-01"), ("b", None), start="x", end="")
    assert [path for path, _ in found] == [("design", "start"), ("design", "end"), ("design", "council", 1, "go_live")]


def test_the_days_at_either_end_are_inside():
    assert problems(("a", "2020-03-01"), ("b", "2022-11-24")) == []


def test_a_window_that_ends_before_it_begins_is_one_error():
    assert problems(("a", "2021-01-01"), ("b", None), end="2019-01-01") == [
        (("design", "end"), "The window ends (2019-01-01) before it begins (2020-03-01).")
    ]
