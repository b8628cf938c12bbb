import json
from typing import Any

import pytest

from functions.put_features.handler import handle
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ArtifactMissingError
from lambdaloop.domain.shared_groups import SharedGroup
from tests.fakes.app import FakeApp
from tests.fakes.clock import FakeClock
from tests.fakes.datasets import InMemoryDatasetStore
from tests.fakes.features import InMemoryFeatureHistory, InMemoryFeatureStore
from tests.fakes.notices import FakeNotices

GROUP = SharedGroup(name="spending", entity="customer", features={"spend": Feature(type="number")})
KEY = "features/spending/incoming/2026/march 100%20.csv"
GOOD = b"customer,event_time,spend\nc-1,2026-01-01,41.5\n"


class Desk:
    """The function with its bucket and its table."""

    def __init__(self) -> None:
        self.datasets, self.store = InMemoryDatasetStore(), InMemoryFeatureStore()
        self.history, self.notices = InMemoryFeatureHistory(), FakeNotices()
        self.app = FakeApp(
            clock=FakeClock(),
            datasets=self.datasets,
            feature_store=self.store,
            feature_history=self.history,
            feature_groups={"spending": GROUP},
            notices=self.notices,
        )

    def arrive(self, content: bytes, *, key: str = KEY) -> Document:
        version = self.datasets.upload(key, content)
        return self.tell(key, version)

    def tell(self, key: str, version: str) -> Document:
        event: Any = {"detail": {"object": {"key": key, "version-id": version}}}
        return handle(event, self.app)


def test_a_file_that_arrives_is_put() -> None:
    desk = Desk()
    answer = desk.arrive(GOOD)
    assert answer["put"] == {"rows": 1, "written": 1, "kept": 0, "expired": 0}
    assert desk.store.items["spending#c-1"][0].values == {"spend": 41.5}
    [key] = desk.history.objects
    assert key.startswith("features/spending/history/")
    assert desk.notices.told == []


def test_an_event_that_comes_twice_changes_nothing() -> None:
    desk = Desk()
    desk.arrive(GOOD)
    before = (dict(desk.store.items), dict(desk.history.objects))
    assert desk.tell(KEY, "v1")["put"]["kept"] == 1
    assert (desk.store.items, desk.history.objects) == before


def test_a_file_that_is_wrong_is_told_and_not_tried_again() -> None:
    desk = Desk()
    answer = desk.arrive(b"customer,event_time,spend\nc-1,2026-01-01,much\nc-2,2026-01-01,1\n")
    assert "put" not in answer
    assert "row 1: spend must be a number, got 'much'" in answer["problem"]
    assert desk.store.items == {}
    [(key, content)] = desk.history.objects.items()
    assert key == "features/spending/quarantine/2026/march 100%20.csv/v1.json"
    assert json.loads(content)["problem"] == answer["problem"]
    [(subject, text)] = desk.notices.told
    assert subject == "features of group spending were not put"
    assert answer["problem"] in text


@pytest.mark.parametrize(
    "key", ["features/unknown/incoming/a.csv", "features/spending/history/a.csv", "a.csv"]
)
def test_any_other_place_is_nothing_to_put(key: str) -> None:
    desk = Desk()
    assert "is not in the incoming folder" in desk.arrive(GOOD, key=key)["problem"]
    assert desk.store.items == {}


def test_a_file_that_cannot_be_read_fails_so_that_lambda_tries_again() -> None:
    with pytest.raises(ArtifactMissingError):
        Desk().tell(KEY, "v9")
