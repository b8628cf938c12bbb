"""Messages to people, in memory."""


class FakeNotices:
    """The port Notices; subjects and texts in the order in which they were told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def tell(self, subject: str, text: str) -> None:
        self.told.append((subject, text))
