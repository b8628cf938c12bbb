import threading
import time

import pytest

from scripts.localcloud.clock import VirtualClock


def test_a_new_clock_shows_the_time_of_the_machine() -> None:
    clock = VirtualClock()
    assert clock.is_real
    assert clock.time() == pytest.approx(time.time(), abs=0.05)
    assert clock.now().timestamp() == pytest.approx(time.time(), abs=0.05)


def test_a_frozen_clock_stands_still_until_it_is_advanced() -> None:
    clock = VirtualClock(speed=0)
    before = clock.time()
    assert clock.time() == before
    clock.advance(3600)
    assert clock.time() == before + 3600
    assert not clock.is_real


def test_a_fast_clock_sleeps_an_hour_in_no_time() -> None:
    clock = VirtualClock(speed=1_000_000)
    started = time.monotonic()
    assert clock.sleep(3600)
    assert time.monotonic() - started < 1


def test_changing_the_speed_does_not_make_time_jump() -> None:
    clock = VirtualClock(speed=0)
    before = clock.time()
    clock.set_speed(100)
    clock.set_speed(0)
    assert before <= clock.time() < before + 100


def test_advancing_wakes_a_sleeper() -> None:
    clock = VirtualClock(speed=0)
    awake = threading.Event()

    def sleep() -> None:
        clock.sleep(86_400, owner="sleeper")
        awake.set()

    thread = threading.Thread(target=sleep)
    thread.start()
    while not clock.owners():  # it may not have begun to sleep
        threading.Event().wait(0.01)
    assert not awake.is_set()
    clock.advance(86_400)
    thread.join()
    assert awake.is_set()


def test_a_cancelled_sleep_says_so() -> None:
    assert not VirtualClock(speed=0).sleep(10, cancelled=lambda: True)


def test_time_never_runs_backwards() -> None:
    clock = VirtualClock()
    with pytest.raises(ValueError, match="got -1"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="got -2"):
        clock.set_speed(-2)
