"""How the two channels of a function process become log messages."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from scripts.localcloud.lambda_host.output import Output
from tests.localcloud.lambda_cloud import eventually

KIND = 0xA55A0003


@dataclass
class Channels:
    """The ends a function writes to, and what was read."""

    messages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        plain, self.plain = os.pipe()
        framed, self.framed = os.pipe()
        self.output = Output(plain_fd=plain, framed_fd=framed, write=self.messages.append)

    def frame(self, message: str) -> bytes:
        body = message.encode()
        return KIND.to_bytes(4, "big") + len(body).to_bytes(4, "big") + bytes(8) + body


@pytest.fixture
def channels() -> Iterator[Channels]:
    made = Channels()
    yield made
    for fd in (made.plain, made.framed):
        os.close(fd)
    eventually(lambda: not made.output._parsers)


def test_everything_written_so_far_is_handed_on_before_drain_returns(channels: Channels) -> None:
    for number in range(500):
        os.write(channels.plain, f"{number}\n".encode())
        channels.output.drain()
        assert channels.messages[-1] == str(number)


def test_a_framed_message_keeps_its_lines_and_arrives_whole(channels: Channels) -> None:
    frame = channels.frame("first\nsecond\n")
    os.write(channels.framed, frame[:20])
    channels.output.drain()
    assert channels.messages == []
    os.write(channels.framed, frame[20:] + channels.frame("third"))
    channels.output.drain()
    assert channels.messages == ["first\nsecond", "third"]


def test_a_plain_line_waits_for_its_end_and_carriage_returns_join_lines(channels: Channels) -> None:
    os.write(channels.plain, b"half")
    channels.output.drain()
    assert channels.messages == []
    os.write(channels.plain, b" a line\nwhat\rfollows\n\xff\n")
    channels.output.drain()
    assert channels.messages == ["half a line", "what\nfollows", "\ufffd"]


def test_what_has_no_end_is_handed_on_when_the_process_ends() -> None:
    channels = Channels()
    os.write(channels.plain, b"last words")
    os.close(channels.plain)
    os.close(channels.framed)
    eventually(lambda: channels.messages == ["last words"])
