"""Numbers in words: the interval comes before any verb, and nothing is said that it does not allow."""

from __future__ import annotations

import math


def number_words(value: float, digits: int = 3) -> str:
    """Give a number with its sign, or say that there is none.

    Examples
    --------
    >>> number_words(0.01234), number_words(-2.0), number_words(float("nan"))
    ('+0.0123', '−2', 'not estimable')
    """
    if math.isnan(value):
        return "not estimable"
    if math.isinf(value):
        return "unbounded above" if value > 0 else "unbounded below"
    size = abs(value)
    decimals = digits - 1 - math.floor(math.log10(size)) if 0 < size < 10**digits else 0
    text = f"{size:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return ("−" if value < 0 else "+" if value > 0 else "") + text


def chance_words(share: float) -> str:
    """Give a probability in per cent; what rounds to none or to all is not said to be certain.

    Examples
    --------
    >>> chance_words(0.412), chance_words(0.0), chance_words(0.9991)
    ('41%', 'below 1%', 'above 99%')
    """
    percent = f"{100 * share:.0f}%"
    return {"0%": "below 1%", "100%": "above 99%"}.get(percent, percent)


def interval_words(low: float, high: float, level: float, kind: str, neutral: float = 0.0) -> str:
    """Say what an interval allows one to conclude; `neutral` stands for no effect, 1 for ratios.

    Examples
    --------
    >>> print(interval_words(-0.1, 0.2, 0.95, "confidence interval"))
    The 95% confidence interval runs from −0.1 to +0.2 and includes no effect: from these data we cannot tell
    whether there was a change, or in which direction.
    """
    name = f"{100 * level:g}% {kind}"
    if math.isnan(low) or math.isnan(high):
        return f"No {name} can be given."
    if math.isinf(low) and math.isinf(high):
        return (
            f"The {name} has no end on either side: this design cannot reach that level, "
            "so nothing can be concluded from it."
        )
    ends = (number_words(low), number_words(high)) if neutral == 0 else (f"{low:.3g}", f"{high:.3g}")
    runs = f"The {name} runs from {ends[0]} to {ends[1]}"
    if low <= neutral <= high:
        return (
            f"{runs} and includes no effect: from these data we cannot tell whether there was a change, "
            "or in which direction."
        )
    side = "above" if low > neutral else "below"
    what, where = ("difference", "zero") if neutral == 0 else ("ratio", f"{neutral:g}")
    return (
        f"{runs} and leaves out no effect: the {what} is {side} {where} by more than chance alone would "
        "readily give, if the assumptions hold."
    )
