from staggered.results.check import Check


def test_a_finding_in_one_line_a_row_or_a_dictionary() -> None:
    wrong = Check("gaps", False, "Leeds has none in 2021.", "Ask for the value.")
    assert wrong.text() == "look: gaps. Leeds has none in 2021. Ask for the value."
    assert Check("gaps", True, "None.").text() == "ok: gaps. None."
    assert wrong.table().to_dict(orient="records") == [wrong.to_dict()]
    assert wrong.to_dict()["passed"] is False
