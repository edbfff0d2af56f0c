"""Reading what was answered to the ten questions: a number, names, or an error that says what was asked."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..errors import StudyError
from .questions import KINDS, Question, questions

_PER = 10_000.0
_FEWEST = 3
_FEWEST_WAVES = 2


def kind_of(answers: Mapping[str, str]) -> str:
    """Kind of outcome that has been answered so far; yes-no before it has.

    Raises
    ------
    StudyError
        An answer that is none of the three kinds.
    """
    given = answers.get("kind", "").strip().lower() or KINDS[0]
    spelled = {"yes/no": "yes-no", "yes no": "yes-no", "counts": "count", "scores": "score"}.get(given, given)
    if spelled not in KINDS:
        raise StudyError(
            f"{given!r} is no way in which an outcome is recorded.",
            "It decides how much children and councils differ by chance.",
            f"Answer {', '.join(KINDS[:-1])} or {KINDS[-1]}.",
        )
    return spelled


def read_answer(key: str, text: str, kind: str) -> object:
    """Read one answer: a text, a number, numbers, or names.

    Parameters
    ----------
    key : str
    text : str
        What was typed; an empty line stands for the question's example.
    kind : str
        Kind of outcome.

    Raises
    ------
    StudyError
        An answer that cannot be meant, in three lines.

    Examples
    --------
    >>> read_answer("now", "7%", "yes-no"), read_answer("councils", "Leeds, Kent, Bath", "yes-no")
    (0.07, ['Leeds', 'Kent', 'Bath'])
    """
    asked = next(question for question in questions(kind) if question.key == key)
    text = text.strip() or asked.example
    if key in {"model", "outcome"}:
        return text
    if key == "kind":
        return kind_of({"kind": text})
    if key == "councils":
        return _councils(text)
    if key == "people":
        parts = text.replace(" ", "").split(",") if "," in text and not _thousands(text) else [text]
        sizes = [_number(part, asked, low=0.0, high=math.inf) for part in parts]
        return sizes[0] if len(sizes) == 1 else sizes
    if key == "waves":
        return _whole(text, asked)
    if key in {"now", "hoped"}:
        return _level(text, asked, kind)
    if key in {"alike", "lasting"} and kind == "count":
        return _number(text, asked, low=0.0, high=5.0)
    return _number(text, asked, low=0.0, high=1.0, closed=key == "lasting")


def _level(text: str, asked: Question, kind: str) -> float:
    """A level or a change on the scale of the outcome: a risk, a rate per child, or points."""
    if kind == "yes-no":
        value = _number(text.removesuffix("%").strip(), asked, low=0.0, high=100.0)
        if value < 1 and not text.endswith("%"):
            raise StudyError(
                f"{text} could mean {text}% or {100 * value:g}%.",
                "The two plans would differ by a factor of 100.",
                f"Write {text}% or {100 * value:g}%.",
            )
        return value / 100
    if kind == "count":
        return _number(text, asked, low=0.0, high=_PER) / _PER
    return _number(text, asked, low=0.0 if asked.key == "now" else -math.inf, high=math.inf)


def _councils(text: str) -> int | list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    number = int(text) if text.isdigit() else len(names)
    if number < _FEWEST:
        raise StudyError(
            f"{text!r} are fewer than {_FEWEST} councils.",
            "With so few, how much councils differ by themselves cannot be known, and no plan can allow for it.",
            "Give names with commas between them, or how many there are; teams within one council will do as well.",
        )
    return number if text.isdigit() else names


def _thousands(text: str) -> bool:
    """Whether the commas of a text stand between thousands, as in 60,000."""
    first, *rest = text.split(",")
    return first.isdigit() and 1 <= len(first) <= 3 and all(len(part) == 3 and part.isdigit() for part in rest)


def _whole(text: str, asked: Question) -> int:
    if not text.isdigit() or int(text) < _FEWEST_WAVES:
        raise _unusable(
            text, asked, f"a whole number from {_FEWEST_WAVES}, as a single wave has nobody left to compare with"
        )
    return int(text)


def _number(text: str, asked: Question, *, low: float, high: float, closed: bool = False) -> float:
    """A number above `low` and below `high`; both are allowed where closed."""
    try:
        value = float(text.replace(",", "") if _thousands(text) else text)
    except ValueError:
        raise _unusable(text, asked, "a number") from None
    if not (low <= value <= high if closed else low < value < high):
        between = f"a number between {low:g} and {high:g}" if math.isfinite(high) else f"a number above {low:g}"
        raise _unusable(text, asked, between)
    return value


def _unusable(text: str, asked: Question, wanted: str) -> StudyError:
    return StudyError(
        f"{text!r} does not answer the question: {asked.asks}",
        "Everything that is worked out from the file rests on it.",
        f"Give {wanted}, such as {asked.example}.",
    )
