import pytest

from staggered.study.problems import Problem, as_error, nearest


def test_one_problem_is_three_lines():
    error = as_error("x.toml", [Problem(("a", "b"), "b is wrong.", "It matters.", "Mend it.")], {("a",): 3})
    assert str(error).split("\n  ") == ["x.toml, line 3: b is wrong.", "It matters.", "Mend it."]


def test_a_problem_without_a_place_has_no_line():
    assert str(as_error("x.toml", [Problem((), "it is empty.")], {})) == "x.toml: it is empty."


def test_several_problems_are_sorted_by_line():
    problems = [Problem(("b",), "second."), Problem(("a",), "first.", "Why.", "Fix."), Problem((), "the whole.")]
    error = as_error("x.toml", problems, {("a",): 1, ("b",): 9})
    assert error.what.split("\n  ") == [
        "x.toml has 3 errors:",
        "the whole.",
        "line 1: first. Why. Fix.",
        "line 9: second.",
    ]


@pytest.mark.parametrize(
    ("word", "answer"),
    [("ICC", "Did you mean icc?"), ("baselin", "Did you mean baseline?"), ("zzz", "Known here: icc, baseline.")],
)
def test_the_nearest_name_or_all_of_them(word, answer):
    assert nearest(word, ["icc", "baseline"]) == answer
