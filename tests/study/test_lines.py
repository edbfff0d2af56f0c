import tomllib

import pytest

from staggered.study.lines import key_lines, locate

TEXT = '''# a comment with = and [brackets]
schema = 1
[study]
title = "one # not a comment"   # a comment
source = """several
lines with key = value
and [a header]"""
note = 'it''s'

[design]
council = [
  { name = "Leeds", go_live = 2021-02-01 },
  # in between
  { name = "Kent", go_live = 2021-02-01 07:32:00 },
]
matrix = [[0, 1],
          [0, 0]]
a."b.c".d = 3

[[data.variant]]
name = "first"
[[data.variant]]
name = "second"
[data.variant.inner]
x = 1
'''.replace("'it''s'", "'its'")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("schema",), 2),
        (("study",), 3),
        (("study", "title"), 4),
        (("study", "source"), 5),
        (("study", "note"), 8),
        (("design", "council", 0, "go_live"), 12),
        (("design", "council", 1), 14),
        (("design", "council", 1, "go_live"), 14),
        (("design", "matrix", 1), 17),
        (("design", "a", "b.c", "d"), 18),
        (("data", "variant", 0), 20),
        (("data", "variant", 1, "name"), 23),
        (("data", "variant", 1, "inner", "x"), 25),
    ],
)
def test_each_key_is_found_on_its_line(path, line):
    assert key_lines(TEXT)[path] == line


def test_every_path_of_a_file_has_a_line():
    def paths(value, path=()):
        pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, part in pairs:
            yield (*path, key)
            yield from paths(part, (*path, key))

    lines = key_lines(TEXT)
    assert [path for path in paths(tomllib.loads(TEXT)) if path != ("data",) and path not in lines] == []


def test_what_is_absent_is_blamed_on_what_holds_it():
    lines = key_lines(TEXT)
    assert locate(lines, ("design", "council", 1, "size")) == 14
    assert locate(lines, ("nothing", "here")) == 0


def test_a_key_that_is_written_twice_in_tables_of_one_name_keeps_its_own_line():
    lines = key_lines("[[a.b]]\nx = 1\n[[a.b.c]]\ny = 2\n[[a.b]]\n[[a.b.c]]\ny = 3\n")
    assert lines[("a", "b", 0, "c", 0, "y")] == 4
    assert lines[("a", "b", 1, "c", 0, "y")] == 7
