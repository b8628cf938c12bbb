import threading

import pytest

from lambdaloop.services.read_ahead import read_ahead


def test_sources_come_in_their_order_with_what_was_read() -> None:
    found = [(source, outcome.result()) for source, outcome in read_ahead(lambda n: n * n, range(20))]
    assert found == [(n, n * n) for n in range(20)]


def test_a_failure_belongs_to_its_source_alone() -> None:
    outcomes = dict(read_ahead(lambda n: 1 // n, [2, 0, 1]))
    assert outcomes[1].result() == 1
    with pytest.raises(ZeroDivisionError):
        outcomes[0].result()


def test_no_more_than_a_few_are_read_before_they_are_wanted() -> None:
    read: list[int] = []
    lock = threading.Lock()

    def note(number: int) -> int:
        with lock:
            read.append(number)
        return number

    outcomes = read_ahead(note, range(1000), ahead=3)
    for wanted in range(5):
        assert next(outcomes)[1].result() == wanted
    outcomes.close()
    assert len(read) <= 5 + 3
