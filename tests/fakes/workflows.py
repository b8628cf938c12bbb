"""Step Functions in memory."""

from lambdaloop.domain.documents import Document


class FakeWorkflows:
    """The port Workflows; remembers what was started and answered."""

    def __init__(self) -> None:
        self.started: dict[tuple[str, str], Document] = {}
        self.waiting: set[str] = set()
        """The tokens of tasks that wait."""
        self.answered: dict[str, Document] = {}

    def start(self, *, workflow: str, name: str, document: Document) -> str:
        self.started.setdefault((workflow, name), document)
        return f"{workflow.replace(':stateMachine:', ':execution:')}:{name}"

    def answer(self, token: str, document: Document) -> bool:
        if token not in self.waiting:
            return False
        self.waiting.discard(token)
        self.answered[token] = document
        return True
