import pytest

from staggered.study.names import name_problems, plain, twice, unknown


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Telford & Wrekin", "Telford and Wrekin"),
        ("Stoke-on-Trent", "Stoke on Trent"),
        ("KENT", "Kent"),
        (" Kent ", "Kent"),
        ("St. Helens", "St Helens"),
    ],
)
def test_spellings_of_one_place_agree(one, other):
    assert plain(one) == plain(other)


def test_two_places_do_not_agree():
    assert plain("Bury") != plain("Bury St Edmunds")


def test_two_spellings_and_a_repeat_are_told_apart():
    places = [(("a", 0), "Kent"), (("a", 1), "KENT"), (("a", 2), "Kent")]
    spelled, repeated = twice(places)
    assert spelled.what == "Kent and KENT look like two spellings of one name."
    assert repeated.what == "Kent is named twice."
    assert repeated.path == ("a", 2)


def test_an_unknown_name_gets_the_spelling_of_the_list_or_the_nearest_name():
    other, near, far = unknown(
        [(("t",), "Redcar & Cleveland"), (("t",), "Leds"), (("t",), "Xyz")], ["Redcar and Cleveland", "Leeds"], "size"
    )
    assert other.fix == "Write it as Redcar and Cleveland, as in the list of councils."
    assert near.fix == "Did you mean Leeds?"
    assert far.fix == "Known here: Redcar and Cleveland, Leeds."


def test_names_are_looked_at_wherever_they_stand():
    raw = {
        "council": [{"name": "Leeds", "go_live": 1}, {"name": "Kent"}],
        "never": ["Kent", "Bath"],
        "strata": {"Leeds": "a", "Kent": "a", "Bath": "b", "Hull": "b"},
    }
    assert [problem.what for problem in name_problems(raw)] == [
        "strata in [design] speaks of Hull, which is none of the councils."
    ]


def test_a_council_cannot_go_live_and_never_go_live():
    problems = name_problems({"council": [{"name": "Leeds", "go_live": 1}], "never": ["Leeds"]})
    assert [problem.what for problem in problems] == ["Leeds is named twice."]


def test_no_names_give_no_problems():
    assert name_problems({"clusters": 5}) == []
    assert name_problems("nonsense") == []
