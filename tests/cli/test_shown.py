import json
from datetime import date

import numpy as np
import pandas as pd

from staggered.cli.shown import say_table, to_json


def test_json_holds_plain_values_only():
    content = {
        "a": np.float64(1.5),
        "b": np.array([1, 2]),
        "c": date(2021, 2, 1),
        "d": (float("nan"), -np.inf),
        5: None,
    }
    assert json.loads(to_json(content)) == {"a": 1.5, "b": [1, 2], "c": "2021-02-01", "d": [None, "-inf"], "5": None}


def test_a_wide_table_is_not_cut(capsys):
    say_table(pd.DataFrame({f"column {k}": ["x" * 30] for k in range(8)}), "Title")
    lines = capsys.readouterr().out.split("\n")
    assert lines[0].rstrip() == "Title"
    assert sum("x" * 30 in line for line in lines) == 1
    assert "column 7" in lines[2]


def test_what_cannot_be_estimated_is_said_to_be_so(capsys):
    say_table(pd.DataFrame({"se": [0.123456, float("nan")], "note": [None, "one"]}))
    out = capsys.readouterr().out
    assert "0.1235" in out
    assert "n/a" in out
    assert "None" not in out
