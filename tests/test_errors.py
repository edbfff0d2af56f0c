import pickle

import pytest

import staggered as sg
from staggered.errors import listing

ERRORS = [
    sg.DesignError,
    sg.DataError,
    sg.StudyError,
    sg.IdentificationError,
    sg.ConvergenceError,
]
WARNINGS = [
    sg.DesignWarning,
    sg.DataWarning,
    sg.FewClustersWarning,
    sg.ConvergenceWarning,
    sg.DisclosureWarning,
]


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_have_three_lines_and_one_family(kind: type[sg.StaggeredError]) -> None:
    one = kind("What and where.", "Why.", "What to do.")
    assert str(one).splitlines() == ["What and where.", "  Why.", "  What to do."]
    assert (one.what, one.why, one.fix) == ("What and where.", "Why.", "What to do.")
    assert isinstance(one, (sg.StaggeredError, ValueError))


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_survive_the_way_to_another_process(kind: type[sg.StaggeredError]) -> None:
    back = pickle.loads(pickle.dumps(kind("What.", "Why.", "Do.")))
    assert type(back) is kind
    assert str(back) == "What.\n  Why.\n  Do."


@pytest.mark.parametrize("kind", WARNINGS)
def test_warnings_have_one_family(kind: type[Warning]) -> None:
    assert issubclass(kind, sg.StaggeredWarning)
    assert issubclass(kind, UserWarning)


def test_lists_in_sentences() -> None:
    assert listing([]) == "none"
    assert listing(["Leeds"]) == "Leeds"
    assert listing([2020, 2021, 2022]) == "2020, 2021 and 2022"
    assert listing(list("abcdefg")) == "a, b, c, d, e and 2 more"
    assert listing(list("abc"), most=2) == "a, b and 1 more"
