"""A capture bucket whose process dies at one of its writes."""

from tests.fakes.capture import InMemoryCaptureArchive


class DiedError(BaseException):
    """The process is gone."""


class MortalArchive(InMemoryCaptureArchive):
    """Dies at the n-th write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.deadly: tuple[int, str] | None = None

    def save(self, key: str, content: bytes) -> None:
        self.writes += 1
        if self.deadly == (self.writes, "before"):
            raise DiedError
        super().save(key, content)
        if self.deadly == (self.writes, "after"):
            raise DiedError
