"""HTML and SVG that cannot be forgotten to be escaped: text becomes markup only by going through here.

A page holds names that users chose: features, categories, reasons, people. There is no template in which one of them could
stand unescaped, because a `str` is always text, and only `tag` makes `Markup`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_VOID = frozenset({"meta", "br", "hr", "img", "col"})
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*")
_LETTERS = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
# Not allowed in HTML, or (the last two ranges) able to show a name in another order than it has.
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
_SPELLED = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio"}
"""Attributes of SVG with a capital letter."""

Attribute = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Markup:
    """A piece of a page that is ready to be sent."""

    text: str


Content = Markup | str | int | None | Iterable["Content"]
"""What a tag holds: markup as it is, text to be escaped, nothing, or several of these."""


def tag(name: str, /, *content: Content, **attributes: Attribute) -> Markup:
    """One element. `class_` is class, `aria_label` is aria-label; None and False leave an attribute out, True has no value.

    >>> tag("p", "1 < 2", class_="note", aria_label=None).text
    '<p class="note">1 &lt; 2</p>'
    """
    opened = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{_checked(name)}{opened}>")
    return Markup(f"<{_checked(name)}{opened}>{joined(content).text}</{name}>")


def joined(content: Content) -> Markup:
    """Several pieces after each other.

    >>> joined(["a & b", None, tag("br")]).text
    'a &amp; b<br>'
    """
    if content is None:
        return Markup("")
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return Markup(escaped(content))
    if isinstance(content, int):
        return Markup(str(content))
    return Markup("".join(joined(each).text for each in content))


def escaped(text: str) -> str:
    """As it may stand in an element or in a quoted attribute; characters that no page may hold become �.

    >>> escaped("<script>")
    '&lt;script&gt;'
    """
    return _UNFIT.sub("\ufffd", text).translate(_LETTERS)


def style_sheet(text: str) -> Markup:
    """A style element of our own text; ValueError when that would end it."""
    if "<" in text:
        raise ValueError("a style sheet must not hold a <")
    return Markup(f"<style>{text}</style>")


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = _checked(_SPELLED.get(key, key.rstrip("_").replace("_", "-")))
    if value is True:
        return f" {name}"
    return f' {name}="{number(value) if isinstance(value, float) else escaped(str(value))}"'


def number(value: float) -> str:
    """A coordinate, as short as it can be without being seen.

    >>> number(12.3456), number(3.0)
    ('12.35', '3')
    """
    return f"{value:.2f}".rstrip("0").rstrip(".") if "." in f"{value:.2f}" else f"{value:.2f}"


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an element or attribute")
    return name
