"""Where each key of a TOML text stands: what tomllib does not tell, so that an error can name its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""
    (?P<skip>[ \t\r]+|\#[^\n]*)
  | (?P<newline>\n)
  | (?P<text>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
  | (?P<mark>[\[\]{}=,])
  | (?P<bare>[^\s\[\]{}=,\#"']+)
    """,
    re.VERBOSE | re.DOTALL,
)
_Token = tuple[str, str, int]


def key_lines(text: str) -> dict[Path, int]:
    r"""Line of each key, table and list item of a text that tomllib accepts, counted from 1.

    Examples
    --------
    >>> key_lines('[design]\nsteps = 5\n[[design.council]]\nname = "Leeds"')[("design", "council", 0, "name")]
    4
    """
    return _Lines(list(_tokens(text))).found


def locate(lines: Mapping[Path, int], path: Path) -> int:
    """Line of a path, or of the nearest thing that holds it; 0 when there is neither."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 0


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "skip"
        if kind != "skip":
            yield kind, match.group(), line
        line += match.group().count("\n")


class _Lines:
    """One walk over the tokens, noting where each path begins."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self.at = tokens, 0
        self.found: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}
        table: Path = ()
        while self.at < len(tokens):
            kind, word, _ = tokens[self.at]
            if kind == "newline":
                self.at += 1
            elif word == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        line = self.tokens[self.at][2]
        repeated = self.tokens[self.at + 1][1] == "["
        self.at += 2 if repeated else 1
        names = self._key("]")
        self.at += 2 if repeated else 1
        path: Path = ()
        for k, name in enumerate(names):
            path = (*path, name)
            if repeated and k == len(names) - 1:
                self.counts[path] = self.counts.get(path, -1) + 1
            if path in self.counts:
                self.found.setdefault(path, line)
                path = (*path, self.counts[path])
            self.found.setdefault(path, line)
        return path

    def _pair(self, table: Path) -> None:
        line = self.tokens[self.at][2]
        path = table
        for name in self._key("="):
            path = (*path, name)
            self.found.setdefault(path, line)
        self.at += 1
        self._value(path)

    def _key(self, until: str) -> list[str]:
        names: list[str] = []
        while self.tokens[self.at][1] != until:
            kind, word, _ = self.tokens[self.at]
            names += [word[1:-1]] if kind == "text" else [part for part in word.split(".") if part]
            self.at += 1
        return names

    def _value(self, path: Path) -> None:
        word = self.tokens[self.at][1]
        if word == "[":
            self._list(path)
        elif word == "{":
            self._inline(path)
        else:
            # A date and its time are two words.
            while self.at < len(self.tokens) and self.tokens[self.at][0] in {"text", "bare"}:
                self.at += 1

    def _list(self, path: Path) -> None:
        self.at += 1
        item = 0
        while self.tokens[self.at][1] != "]":
            kind, word, line = self.tokens[self.at]
            if kind == "newline" or word == ",":
                self.at += 1
            else:
                self.found[(*path, item)] = line
                self._value((*path, item))
                item += 1
        self.at += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        while self.tokens[self.at][1] != "}":
            if self.tokens[self.at][0] == "newline" or self.tokens[self.at][1] == ",":
                self.at += 1
            else:
                self._pair(path)
        self.at += 1
