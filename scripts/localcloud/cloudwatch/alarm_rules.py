"""The rules of composite alarms: `ALARM("errors") AND (ALARM(latency) OR NOT OK(traffic))`."""

import re
from collections.abc import Callable, Mapping

_TOKEN = re.compile(r'\s*(?:(?P<punctuation>[()])|"(?P<quoted>[^"]*)"|(?P<word>[^\s()"]+))')
_STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")

_Term = Callable[[Mapping[str, str]], bool]


class InvalidAlarmRuleError(ValueError):
    """An alarm rule that CloudWatch would refuse."""


class AlarmRule:
    """A parsed rule.

    Raises InvalidAlarmRuleError.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = 0
        self.alarm_names: set[str] = set()
        """Names of the alarms that the rule looks at."""
        self._holds = self._any()
        if self._next < len(self._tokens):
            raise InvalidAlarmRuleError(f"unexpected {self._peek()!r} in alarm rule {text!r}")

    def holds(self, states: Mapping[str, str]) -> bool:
        """Whether the rule is true; an alarm that is not among `states` is in INSUFFICIENT_DATA."""
        return self._holds(states)

    def _any(self) -> _Term:
        parts = [self._all()]
        while self._take("OR"):
            parts.append(self._all())
        return lambda states: any(part(states) for part in parts)

    def _all(self) -> _Term:
        parts = [self._one()]
        while self._take("AND"):
            parts.append(self._one())
        return lambda states: all(part(states) for part in parts)

    def _one(self) -> _Term:
        if self._take("NOT"):
            inner = self._one()
            return lambda states: not inner(states)
        if self._take("("):
            inner = self._any()
            self._expect(")")
            return inner
        word = self._peek()
        self._next += 1
        if word in ("TRUE", "FALSE"):
            return lambda _: word == "TRUE"
        if word not in _STATES:
            raise InvalidAlarmRuleError(
                f"expected ALARM, OK, INSUFFICIENT_DATA, TRUE or FALSE, got {word!r} in alarm rule {self._text!r}"
            )
        self._expect("(")
        name = self._peek().rpartition(":alarm:")[2]  # a name or an ARN
        self._next += 1
        self._expect(")")
        self.alarm_names.add(name)
        return lambda states: states.get(name, "INSUFFICIENT_DATA") == word

    def _peek(self) -> str:
        if self._next >= len(self._tokens):
            raise InvalidAlarmRuleError(f"alarm rule {self._text!r} ends too early")
        token = self._tokens[self._next]
        return str(token["punctuation"] or token["word"] or token["quoted"])

    def _take(self, word: str) -> bool:
        found = (
            self._next < len(self._tokens)
            and self._peek() == word
            and self._tokens[self._next]["quoted"] is None
        )
        self._next += found
        return found

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise InvalidAlarmRuleError(f"expected {word!r} in alarm rule {self._text!r}")


def _tokens(text: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    text = text.rstrip()
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise InvalidAlarmRuleError(f"cannot read alarm rule {text!r} from {text[position:]!r} on")
        found.append(match)
        position = match.end()
    return found
