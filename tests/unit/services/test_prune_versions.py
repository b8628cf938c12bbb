from typing import Any

import pytest

from functions.prune_versions.handler import handle as prune_versions
from lambdaloop.domain.errors import SettingMissingError
from lambdaloop.settings import Settings
from tests.fakes.app import FakeApp
from tests.fakes.release_history import ReleaseHistory, with_releases
from tests.fakes.samples import MODEL, definition
from tests.fakes.traffic import InMemoryTraffic


def app_of(history: ReleaseHistory, **rules: Any) -> FakeApp:
    return FakeApp(
        clock=history.clock,
        definition=definition(**rules),
        registry=history.registry,
        traffic=history.traffic,
    )


def test_the_definition_says_how_many_are_kept() -> None:
    history = with_releases(4)
    answer = prune_versions({"execution": "x"}, app_of(history, keep_lambda_versions=2))
    assert answer == {"deleted": ["2"], "kept": ["1", "3", "4", "5"]}


def test_by_default_five_of_those_that_were_live_are_kept() -> None:
    history = with_releases(7)
    assert prune_versions({}, app_of(history))["deleted"] == ["2"]


def test_a_version_that_lambda_refuses_to_delete_is_not_said_to_be_gone() -> None:
    history = with_releases(3)

    class Moved(InMemoryTraffic):
        """Somebody goes back to version 2 just before it would be deleted."""

        def delete(self, lambda_version: str) -> bool:
            history.roll_back(to=1, traffic=self)
            return super().delete(lambda_version)

    moved = Moved()
    moved.__dict__.update(history.traffic.__dict__)
    history.traffic = moved
    answer = prune_versions({}, app_of(history, keep_lambda_versions=1))
    assert answer["deleted"] == []
    assert history.routed() == ("2", None, 0.0)
    assert history.registry.release(MODEL, 1).lambda_version_deleted_at is None


def test_the_bootstrap_version_must_be_known() -> None:
    history = with_releases(1)
    app = app_of(history)
    app.settings = Settings()
    with pytest.raises(SettingMissingError, match="LAMBDALOOP_BOOTSTRAP_VERSION"):
        prune_versions({}, app)
