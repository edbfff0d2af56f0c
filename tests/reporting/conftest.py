"""The two reports of the worked studies, made once, as text and as a tree."""

import pytest
from lxml import html

import staggered as sg
from staggered.reporting.compose import compose
from staggered.reporting.html import to_html
from staggered.reporting.material import gather
from tests.reporting.reading import PLAN, RESULTS


@pytest.fixture(scope="session")
def plan():
    """Material of a plan."""
    return gather(sg.load(PLAN), None, "protocol")


@pytest.fixture(scope="session")
def results():
    """Material of results."""
    return gather(sg.load(RESULTS), None, "trial")


@pytest.fixture(scope="session")
def pages(plan, results):
    """Both reports as text."""
    return {"plan": to_html(compose(plan)), "results": to_html(compose(results))}


@pytest.fixture(scope="session")
def trees(pages):
    """Both reports as trees."""
    return {name: html.document_fromstring(page) for name, page in pages.items()}


@pytest.fixture(params=["plan", "results"])
def page(request, pages):
    """One report after the other."""
    return pages[request.param]


@pytest.fixture(params=["plan", "results"])
def tree(request, trees):
    """One report after the other."""
    return trees[request.param]
