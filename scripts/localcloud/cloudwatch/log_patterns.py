"""The filter pattern language of CloudWatch Logs, for metric filters, subscription filters and FilterLogEvents.

moto knows words only and treats every other pattern as "all events", which makes a wrong filter look right.
Here a pattern is understood or refused.
"""

import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from scripts.localcloud import json_path

Matcher = Callable[[str], bool]
"""Takes the message of a log event."""

_Condition = Callable[[Any], bool]

_JSON_TOKEN = re.compile(
    r"""\s*(?:(?P<op>&&|\|\||\(|\)|!=|<=|>=|=|<|>)
    |(?P<path>\$(?:\.?\[[^\]]*\]|\.[\w\-@*]+)+)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |%(?P<regex>[^%]*)%
    |(?P<word>[^\s()&|=<>!"]+))""",
    re.VERBOSE,
)
_TERM = re.compile(
    r"""\s*(?P<sign>[-?]?)(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]*)%|(?P<word>[^\s"]+))"""
)
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class InvalidPatternError(ValueError):
    """A filter pattern that AWS refuses, or that the local cloud does not understand."""


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Matcher:
    """What decides whether a message matches.

    Raises InvalidPatternError for a malformed pattern, and for space-delimited ones (`[a, b]`).
    """
    pattern = pattern.strip()
    if not pattern:
        return lambda _: True
    if pattern.startswith("{"):
        return _json_matcher(pattern)
    if pattern.startswith("["):
        raise InvalidPatternError(
            f"space-delimited filter patterns are not emulated locally, got {pattern!r}"
        )
    return _term_matcher(pattern)


def _term_matcher(pattern: str) -> Matcher:
    required: list[Matcher] = []
    optional: list[Matcher] = []
    excluded: list[Matcher] = []
    position = 0
    while position < len(pattern):
        match = _TERM.match(pattern, position)
        if match is None:
            raise InvalidPatternError(f"unbalanced quotes in filter pattern {pattern!r}")
        {"": required, "?": optional, "-": excluded}[match["sign"]].append(_term(match))
        position = match.end()

    def matches(message: str) -> bool:
        if any(term(message) for term in excluded):
            return False
        if required:  # AWS: beside other terms the ones with a question mark count for nothing
            return all(term(message) for term in required)
        return not optional or any(term(message) for term in optional)

    return matches


def _term(match: re.Match[str]) -> Matcher:
    if match["regex"] is not None:
        found = _regex(match["regex"])
        return lambda message: found.search(message) is not None
    text = match["word"] if match["quoted"] is None else match["quoted"].replace('\\"', '"')
    if match["quoted"] is None and not re.fullmatch(r"\w+", text):
        raise InvalidPatternError(
            f"put terms with other signs than letters, digits and _ in quotes, got {text!r}"
        )
    return lambda message: text in message


def _regex(expression: str) -> re.Pattern[str]:
    if "(" in expression or ")" in expression:
        raise InvalidPatternError(
            f"regular expressions in filter patterns have no parentheses, got {expression!r}"
        )
    try:
        return re.compile(expression)
    except re.error as error:
        raise InvalidPatternError(f"invalid regular expression {expression!r}: {error}") from error


def _json_matcher(pattern: str) -> Matcher:
    if not pattern.endswith("}"):
        raise InvalidPatternError(f"missing }} at the end of filter pattern {pattern!r}")
    condition = _JsonPattern(pattern).condition()

    def matches(message: str) -> bool:
        if not message.lstrip().startswith("{"):
            return False
        try:
            document = json.loads(message)
        except ValueError:
            return False
        return condition(document)

    return matches


class _JsonPattern:
    """Recursive descent over `{ a && (b || c) }`; && binds stronger than ||."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._tokens = _tokens(pattern[1:-1], pattern)
        self._next = 0

    def condition(self) -> _Condition:
        found = self._any()
        if self._next < len(self._tokens):
            raise self._invalid(f"unexpected {self._tokens[self._next][1]!r}")
        return found

    def _any(self) -> _Condition:
        parts = [self._all()]
        while self._take("||"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda document: any(part(document) for part in parts)

    def _all(self) -> _Condition:
        parts = [self._one()]
        while self._take("&&"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda document: all(part(document) for part in parts)

    def _one(self) -> _Condition:
        if self._take("("):
            inside = self._any()
            if not self._take(")"):
                raise self._invalid("missing )")
            return inside
        kind, text = self._token("a selector like $.level")
        if kind != "path":
            raise self._invalid(f"expected a selector like $.level, got {text!r}")
        try:
            path = json_path.parse(text)
        except ValueError as error:
            raise self._invalid(str(error)) from error
        return _on(path, self._test())

    def _test(self) -> _Condition:
        kind, text = self._token("a comparison")
        if kind == "word":
            return self._word_test(text.upper())
        if text in _ORDER:
            return _ordered(text, self._number())
        if text not in ("=", "!="):
            raise self._invalid(f"expected a comparison, got {text!r}")
        equal = _equal(*self._token("a value"))
        return equal if text == "=" else lambda value: value is not json_path.MISSING and not equal(value)

    def _word_test(self, word: str) -> _Condition:
        _, second = self._token(f"a word after {word}")
        tests: dict[tuple[str, str], _Condition] = {
            ("IS", "NULL"): lambda value: value is None,
            ("IS", "TRUE"): lambda value: value is True,
            ("IS", "FALSE"): lambda value: value is False,
            ("NOT", "EXISTS"): lambda value: value is json_path.MISSING,
        }
        try:
            return tests[word, second.upper()]
        except KeyError:
            raise self._invalid(
                f"expected IS NULL, IS TRUE, IS FALSE or NOT EXISTS, got {word} {second}"
            ) from None

    def _number(self) -> float:
        _, text = self._token("a number")
        try:
            return float(text)
        except ValueError:
            raise self._invalid(f"expected a number, got {text!r}") from None

    def _take(self, text: str) -> bool:
        found = self._next < len(self._tokens) and self._tokens[self._next] == ("op", text)
        self._next += found
        return found

    def _token(self, expected: str) -> tuple[str, str]:
        if self._next >= len(self._tokens):
            raise self._invalid(f"expected {expected} at the end")
        self._next += 1
        return self._tokens[self._next - 1]

    def _invalid(self, problem: str) -> InvalidPatternError:
        return InvalidPatternError(f"{problem} in filter pattern {self._pattern!r}")


def _tokens(text: str, pattern: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _JSON_TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise InvalidPatternError(f"cannot read filter pattern {pattern!r} from {text[position:]!r} on")
        found.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


def _on(path: json_path.Path, test: _Condition) -> _Condition:
    if "*" in path:
        return lambda document: any(test(value) for value in json_path.find_all(document, path))
    return lambda document: test(json_path.find(document, path))


def _ordered(operator: str, limit: float) -> _Condition:
    compare = _ORDER[operator]
    return lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and compare(value, limit)
    )


def _equal(kind: str, text: str) -> _Condition:
    if kind == "regex":
        found = _regex(text)
        return lambda value: isinstance(value, str) and found.search(value) is not None
    if kind == "string":
        return _equal_text(text[1:-1].replace('\\"', '"'))
    try:
        number = float(text)
    except ValueError:
        return _equal_text(text)
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value == number


def _equal_text(text: str) -> _Condition:
    if "*" not in text:
        return lambda value: value == text
    shape = re.sub(r"([\[?])", r"[\1]", text)  # only * is special to AWS
    return lambda value: isinstance(value, str) and fnmatchcase(value, shape)
