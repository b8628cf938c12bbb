"""Grafana's dashboards are up to date, are what Grafana's own schema knows, and show the metrics that the alarms watch."""

import json
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from scripts.grafana import FOLDER, dashboards, main

FILES = sorted(dashboards())


def read_back(document: dict[str, Any]) -> dict[str, Any]:
    """What is left of it after Grafana's own types have read and written it."""
    register_default_plugins()
    text = json.dumps(Dashboard.from_json(document), cls=JSONEncoder)
    return dict(json.loads(text))


def lost(given: Any, left: Any, where: str = "") -> list[str]:
    """Everything that is not there any more, or is something else."""
    if isinstance(given, dict) and isinstance(left, dict):
        return [each for name in given for each in lost(given[name], left.get(name), f"{where}.{name}")]
    if isinstance(given, list) and isinstance(left, list) and len(given) == len(left):
        return [each for i in range(len(given)) for each in lost(given[i], left[i], f"{where}[{i}]")]
    return [] if given == left else [f"{where}: {given!r} became {left!r}"]


def test_the_files_are_up_to_date() -> None:
    assert main(["--check"]) == 0
    assert sorted(path.name for path in FOLDER.glob("*.json")) == FILES


@pytest.mark.parametrize("name", FILES)
def test_grafanas_own_types_know_everything_in_it(name: str) -> None:
    document = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert lost(document, read_back(document)) == []


def test_what_grafana_does_not_know_would_be_found() -> None:
    document = dashboards()["lambdaloop-model.json"]
    document["panels"][0]["targets"][0]["metric_name"] = "Invocations"
    document["panels"][1]["grid"] = {}
    told = lost(document, read_back(document))
    assert [each.partition(":")[0] for each in told] == [
        ".panels[0].targets[0].metric_name",
        ".panels[1].grid",
    ]


@pytest.mark.parametrize("name", FILES)
def test_panels_do_not_overlap_and_every_target_has_a_name_of_its_own(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboards()[name]["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
        names = [target["refId"] for target in panel["targets"]]
        assert len(set(names)) == len(names) > 0


def test_variables_of_a_dashboard_are_all_it_uses() -> None:
    document = dashboards()["lambdaloop-model.json"]
    known = {each["name"] for each in document["templating"]["list"]}
    used = {
        value.strip("${}").partition(":")[0]
        for panel in document["panels"]
        for target in panel["targets"]
        for values in target["dimensions"].values()
        for value in values
        if value.startswith("$")
    }
    assert used <= known
    assert {"model", "function", "training"} <= used | known


def test_every_feature_and_every_model_gets_a_line_of_its_own() -> None:
    targets = [
        target
        for document in dashboards().values()
        for panel in document["panels"]
        for target in panel["targets"]
        if ["*"] in target["dimensions"].values()
    ]
    assert {target["label"] for target in targets} == {"${PROP('Dim.Feature')}", "${PROP('Dim.Model')}"}
