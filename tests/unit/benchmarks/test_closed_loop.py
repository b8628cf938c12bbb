from collections.abc import Iterator
from itertools import count

import pytest

from scripts.benchmarks.closed_loop import Seen, send_in_turns


def _ticks() -> Iterator[float]:
    return (float(tick) for tick in count())


def test_a_percentile_is_a_time_that_was_seen() -> None:
    seen = Seen(seconds=[each / 1000 for each in range(100, 0, -1)], elapsed=1.0)
    assert (seen.percentile(50), seen.percentile(99), seen.percentile(100)) == (0.05, 0.099, 0.1)
    assert Seen(seconds=[0.5], elapsed=1.0).percentile(1) == 0.5


def test_the_rate_is_that_of_all_clients_together() -> None:
    assert Seen(seconds=[0.5] * 8, elapsed=2.0).requests_per_second == 4


def test_the_requests_are_shared_among_the_clients_and_none_is_lost() -> None:
    sent = [0, 0, 0]

    def client(place: int) -> None:
        sent[place] += 1

    clients = [lambda place=place: client(place) for place in range(3)]
    seen = send_in_turns(clients, requests=11)
    assert sent == [4, 4, 3]
    assert len(seen.seconds) == 11


def test_each_request_is_timed_from_its_beginning_to_its_end() -> None:
    ticks = _ticks()
    seen = send_in_turns([lambda: None], requests=3, clock=lambda: next(ticks))
    assert list(seen.seconds) == [1, 1, 1]
    assert seen.elapsed == 7  # of the clock's ticks: two for each request, and one at each end


def test_a_client_that_fails_fails_the_measurement() -> None:
    def broken() -> None:
        raise RuntimeError("status 500")

    with pytest.raises(RuntimeError, match="status 500"):
        send_in_turns([lambda: None, broken], requests=4)
