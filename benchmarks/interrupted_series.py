"""How often interrupted time series find a change that did not happen.

Run python benchmarks/interrupted_series.py [--write]; with --write the table goes to docs/interrupted-series.md. The
script exits with 1 where ours rejects more than 12%.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from scipy import stats

from staggered.estimators.did.autoregressive import autoregressive

PAGE = Path(__file__).resolve().parents[1] / "docs" / "interrupted-series.md"
MARK = "<!-- written by benchmarks/interrupted_series.py -->\n"
LENGTHS = (12, 20, 40)
CORRELATIONS = (0.0, 0.3, 0.5, 0.8)
DRAWS = 500
MOST = 0.12
WAYS = ("ours", "GLSAR", "Newey–West", "ordinary")


def columns(periods: int) -> np.ndarray:
    """Level, slope, change of level, change of slope, half of the periods before."""
    t, start = np.arange(periods), periods // 2
    after = (t >= start).astype(float)
    return np.column_stack([np.ones(periods), t - start, after, after * (t - start)])


def series(generator: np.random.Generator, periods: int, correlation: float) -> np.ndarray:
    """Errors that remember the last, run in for 100 periods."""
    errors = generator.normal(size=periods + 100)
    for t in range(1, len(errors)):
        errors[t] += correlation * errors[t - 1]
    return errors[-periods:]


def rejections(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether each way rejects no change of level, and no change of slope, (ways, 2)."""
    periods = len(y)
    contrasts = np.eye(4)[2:]
    fit = autoregressive(x, y, np.arange(periods, dtype=float), contrasts)
    ours = 2 * stats.t.sf(np.abs(fit.values) / np.sqrt(np.diag(fit.covariance)), fit.degrees)
    glsar = sm.GLSAR(y, x, 1).iterative_fit(10).pvalues[2:]
    lags = int(4 * (periods / 100) ** (2 / 9))
    ordinary = sm.OLS(y, x)
    newey = ordinary.fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True).pvalues[2:]
    return np.array([ours, glsar, newey, ordinary.fit().pvalues[2:]]) < 0.05


def table() -> tuple[list[str], float]:
    """Rows of the page, and the worst share of ours."""
    rows = [
        "| periods | correlation | " + " | ".join(f"{way}: level | slope" for way in WAYS) + " |",
        "|---:|---:|" + "---:|---:|" * len(WAYS),
    ]
    worst = 0.0
    for periods in LENGTHS:
        x = columns(periods)
        for correlation in CORRELATIONS:
            generator = np.random.default_rng([periods, int(10 * correlation)])
            found = np.zeros((len(WAYS), 2))
            for _ in range(DRAWS):
                found += rejections(x, series(generator, periods, correlation))
            shares = found / DRAWS
            worst = max(worst, float(shares[0].max()))
            cells = " | ".join(f"{100 * share:.1f}%" for way in shares for share in way)
            rows.append(f"| {periods} | {correlation:.1f} | {cells} |")
            print(rows[-1], flush=True)
    return rows, worst


def main() -> None:
    warnings.simplefilter("ignore")
    rows, worst = table()
    if "--write" in sys.argv:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARK)
        _, _, after = rest.partition(MARK)
        PAGE.write_text(before + MARK + "\n".join(["", *rows, "", ""]) + MARK + after, encoding="utf-8")
    sys.exit(worst > MOST)


if __name__ == "__main__":
    main()
