"""Step Functions in memory."""

from lambdaloop.domain.documents import Document


class FakeWorkflows:
    """The port Workflows; remembers what was started."""

    def __init__(self) -> None:
        self.started: dict[tuple[str, str], Document] = {}

    def start(self, *, workflow: str, name: str, document: Document) -> str:
        self.started.setdefault((workflow, name), document)
        return f"{workflow.replace(':stateMachine:', ':execution:')}:{name}"
