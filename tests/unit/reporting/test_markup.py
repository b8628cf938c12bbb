from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.reporting.markup import escaped, joined, style_sheet, tag


class Reader(HTMLParser):
    """What a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((name, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


ANY = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]))


@given(ANY)
def test_text_is_text_whatever_it_spells(text: str) -> None:
    read = Reader(tag("p", text, title=text).text)
    assert [name for name, _ in read.tags] == ["p"]
    assert read.text == escaped_back(text)
    assert read.tags[0][1] == {"title": escaped_back(text)}


@given(st.text())
def test_every_text_can_be_sent_whatever_it_holds(text: str) -> None:
    made = tag("p", text).text
    assert made.encode()
    assert not set("\x00\x08\x1b\u202e\ufffe") & set(made)


def escaped_back(text: str) -> str:
    """Without what no page may hold."""
    return Reader(escaped(text)).text


@pytest.mark.parametrize("trick", ["<script>", '"><img src=x onerror=alert(1)>', "</style>", "<!--", "&lt;"])
def test_what_tries_to_be_markup_stays_text(trick: str) -> None:
    read = Reader(tag("td", trick, title=trick).text)
    assert (read.text, read.tags) == (trick, [("td", {"title": trick})])


def test_pieces_are_joined_and_nothing_is_nothing() -> None:
    assert joined(["a", None, [tag("b", 1), "<"]]).text == "a<b>1</b>&lt;"
    assert tag("i", hidden=True, title=False, lang=None).text == "<i hidden></i>"
    assert (
        tag("svg", viewbox="0 0 1 1", stroke_width=0.125).text
        == '<svg viewBox="0 0 1 1" stroke-width="0.12"></svg>'
    )


def test_names_of_elements_and_attributes_come_from_us_alone() -> None:
    with pytest.raises(ValueError, match="no name"):
        tag("p onclick=x")
    with pytest.raises(ValueError, match="no name"):
        tag("p", **{"a b": "x"})
    with pytest.raises(ValueError, match="<"):
        style_sheet("</style>")
