"""The document: cells are written by their column, text as it is."""

import math

from staggered.reporting.document import Column


def test_a_column_writes_its_numbers_and_leaves_text_alone():
    column = Column("power", "{:.0%}".format)
    assert column.numeric
    assert column.text(0.8) == "80%"
    assert column.text("none") == "none"


def test_a_column_of_words_has_no_numbers_to_write():
    column = Column("name")
    assert not column.numeric
    assert column.text("Kent") == "Kent"
    assert column.text(3.0) == "3"
    assert column.text(math.inf) == "inf"
