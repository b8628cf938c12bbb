from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.return_note import ReturnNote, noted
from lambdaloop.domain.traffic import Routing
from tests.fakes.samples import MORNING

NOTE = ReturnNote(to=2, lambda_version="3", left=3, at=MORNING, by="anna", reason="wrong prices")


def routing(note: str, *, stable: str = "3", candidate: str | None = None) -> Routing:
    return Routing(stable=stable, candidate=candidate, revision="r", note=note)


def test_a_note_reads_back_as_it_was_written() -> None:
    assert noted(routing(NOTE.text())) == NOTE
    assert noted(routing(replace(NOTE, left=None).text())) == replace(NOTE, left=None)


@pytest.mark.parametrize("moved_on", [{"stable": "4"}, {"candidate": "4"}])
def test_a_note_says_nothing_about_traffic_that_moved_on(moved_on: dict[str, str]) -> None:
    assert noted(routing(NOTE.text(), **moved_on)) is None


@pytest.mark.parametrize("words", ["", "the live alias", "rolled back: by me", 'rolled back: {"to": "2"}'])
def test_the_words_of_others_are_no_note(words: str) -> None:
    assert noted(routing(words)) is None


@given(by=st.text(max_size=400), reason=st.text(max_size=400))
def test_whatever_the_name_and_the_reason_it_fits_and_keeps_what_matters(by: str, reason: str) -> None:
    text = replace(NOTE, by=by, reason=reason).text()
    assert len(text) <= 256
    found = noted(routing(text))
    assert found is not None
    assert (found.to, found.lambda_version, found.left, found.at) == (2, "3", 3, MORNING)
    assert reason.startswith(found.reason)
    assert by.startswith(found.by)
    assert not found.reason or found.by == by
