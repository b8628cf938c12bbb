"""An App whose adapters are given, not built: handlers cannot tell the difference."""

from typing import Any

from lambdaloop.bootstrap import App
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.settings import Settings
from tests.fakes.clock import FakeClock
from tests.fakes.live_log import LiveLog
from tests.fakes.samples import definition as sample_definition


class FakeApp(App):
    """Takes any of App's attributes by name: registry, artifacts, datasets, traffic, observer, workflows.

    Without an archive of its own its prediction log is a `LiveLog`.
    """

    def __init__(
        self,
        *,
        clock: FakeClock | None = None,
        definition: ModelDefinition | None = None,
        settings: Settings | None = None,
        **adapters: Any,
    ) -> None:
        super().__init__(settings or Settings(bootstrap_version="1", release_workflow=RELEASE_WORKFLOW))
        self.fake_clock = clock or FakeClock()
        if "registry" in adapters:
            adapters.setdefault("archive", LiveLog(adapters["registry"], self.fake_clock))
        # What a cached property has built lies in the instance's dictionary.
        self.__dict__.update(adapters)
        self.__dict__.update(clock=self.fake_clock, definition=definition or sample_definition())


RELEASE_WORKFLOW = "arn:aws:states:us-east-1:123456789012:stateMachine:churn-release"
