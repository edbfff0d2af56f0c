"""Three councils over four years, to be broken in one place at a time."""

from collections.abc import Callable

import pytest

Columns = dict[str, list[object]]


@pytest.fixture
def columns() -> Callable[..., Columns]:
    """Columns of Leeds (2019), Kent (2020) and Bath (never), one row a council-year, with any column replaced."""

    def build(years: tuple[object, ...] = (2018, 2019, 2020, 2021), **replaced: list[object]) -> Columns:
        names = [name for name in ("Leeds", "Kent", "Bath") for _ in years]
        go_live = [year for year in (2019, 2020, None) for _ in years]
        return {
            "council": list(names),
            "year": list(years) * 3,
            "starts": [100 + 7 * k % 31 for k in range(len(names))],
            "go_live": list(go_live),
            **replaced,
        }

    return build
