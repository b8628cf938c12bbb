"""The command line against the deployed stack: what people type and what programs read."""

import json
import os
import re
import subprocess
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from tests.e2e.conftest import Site
from tests.typed import COMMAND, lambdaloop, read

pytestmark = pytest.mark.localcloud


def test_versions_are_listed_shown_and_downloaded_with_their_checksums(
    released_site: Site, tmp_path: Path
) -> None:
    model = released_site.definition.name
    oldest = read("versions", "list", model)[-1]
    assert oldest["number"] == 1
    assert oldest.pop("aliases") in ([], ["champion"])
    assert oldest == read("versions", "show", model, "1")
    assert "champion" in lambdaloop("versions", "list", model)
    assert "roc_auc" in lambdaloop("versions", "show", model, "1")

    lambdaloop("versions", "download", model, "1", "--to", str(tmp_path))
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert {path.name for path in tmp_path.iterdir()} == {"manifest.json", *oldest["files"]}
    assert manifest["files"]["bundle.zip"]["size"] == (tmp_path / "bundle.zip").stat().st_size


def test_releases_are_listed_and_shown_with_their_judgements(released_site: Site) -> None:
    model = released_site.definition.name
    listed = read("releases", "list", model)
    assert listed["releases"][-1]["number"] == 1
    assert listed["traffic"]["stable"] == released_site.routing()["stable"]
    assert read("releases", "show", model, "1")["judgements"][0]["verdict"] == "complete"
    assert "Traffic: Lambda version" in lambdaloop("releases", "list", model)
    assert "complete" in lambdaloop("releases", "show", model, "1")


def test_a_report_is_one_file_that_tells_of_the_version_or_the_release(
    released_site: Site, tmp_path: Path
) -> None:
    model = released_site.definition.name
    card, release = tmp_path / "card.html", tmp_path / "folder" / "release.html"
    told = read("report", model, "--version", "1", "--out", str(card))
    assert told == {"model": model, "kind": "version", "id": "1", "file": str(card)}
    assert "What it goes by" in card.read_text(encoding="utf-8")
    assert "bytes" in lambdaloop("report", model, "--release", "1", "--out", str(release))
    assert "Share of the traffic" in release.read_text(encoding="utf-8")
    assert "give one of --version, --release" in lambdaloop(
        "report", model, "--version", "1", "--release", "1", status=2
    )
    assert "has no version 99" in lambdaloop("report", model, "--version", "99", status=1)


def test_what_was_champion_is_told_for_any_time(released_site: Site) -> None:
    model = released_site.definition.name
    assert read("versions", "at", model, "2000-01-01") is None
    assert read("versions", "at", model, "2999-01-01")["version"] >= 1


def test_runs_and_the_audit_trail_tell_what_happened_and_why(released_site: Site) -> None:
    model = released_site.definition.name
    first = read("runs", "list", model)[-1]
    assert (first["status"], first["version"]) == ("registered", 1)
    assert read("runs", "show", model, first["id"]) == first
    kinds = {event["kind"] for event in read("events", model)}
    assert {"version_registered", "alias_moved"} <= kinds
    assert "version_registered" in lambdaloop("events", model)


def test_rows_of_a_csv_file_are_predicted_whatever_else_is_in_it(released_site: Site) -> None:
    model = released_site.definition.name
    predictions = read("predict", model, "--rows", str(released_site.data))
    assert len(predictions) == 800
    assert {prediction["value"] for prediction in predictions} == {"yes", "no"}


def test_what_is_not_there_is_told_in_one_line(released_site: Site) -> None:
    model = released_site.definition.name
    assert "run `cdk deploy --all`" in lambdaloop("versions", "list", "nothing-here", status=1)
    told = lambdaloop("versions", "show", model, "999", status=1)
    assert "999" in told
    assert "Traceback" not in told


def test_the_local_cloud_tells_its_state_and_its_functions_logs(released_site: Site) -> None:
    state = str(released_site.cloud.state)
    assert read("local", "status", "--state", state)["endpoint_url"] == released_site.cloud.endpoint_url
    released_site.traffic().send(1, show=False)
    logs = lambdaloop("local", "logs", released_site.definition.name, "--state", state)
    assert '"kind": "prediction"' in logs or '"kind":"prediction"' in logs
    assert "model_predictions_total" in logs


def test_the_doctor_finds_the_local_cloud_in_order_and_says_what_it_does_not_serve(
    released_site: Site,
) -> None:
    arguments = ("--state", str(released_site.cloud.state), "--models", str(released_site.folder / "models"))
    found = {each["name"]: each for each in read("doctor", *arguments)}
    assert found["credentials"]["status"] == "ok"
    assert found["bootstrap"]["status"] == "ok"
    assert released_site.definition.name in found["deployed"]["told"]
    assert found["local cloud"]["status"] == "ok"
    assert (found["lambda"]["status"], found["lambda"]["told"]) == (
        "unknown",
        "the local cloud does not serve it",
    )
    assert not [each for each in found.values() if each["status"] == "failed"]


def test_a_month_is_estimated_from_what_is_deployed(released_site: Site) -> None:
    model, models = released_site.definition.name, released_site.folder / "models"
    templates = released_site.cloud.state / "cdk.out"
    told = lambdaloop("cost", model, "--templates", str(templates), "--models", str(models))
    assert model in told
    assert re.search(r"Together \$\d+\.\d\d a month", told)


def test_a_key_is_made_listed_and_revoked(released_site: Site) -> None:
    model = released_site.definition.name
    made = read("keys", "create", "reporting", "--model", model, "--rate", "2", "--burst", "5")
    assert made["id"] in made["key"]
    [listed] = read("keys", "list", "--model", model)
    assert (listed["id"], listed["status"]) == (made["id"], "active")
    assert made["key"] not in lambdaloop("keys", "list", "--model", model)
    assert "is revoked" in lambdaloop("keys", "revoke", made["id"], "--model", model)
    assert [each["status"] for each in read("keys", "list", "--model", model)] == ["revoked"]


def test_a_local_cloud_is_started_and_stopped(tmp_path: Path) -> None:
    state = str(tmp_path / "cloud")
    try:
        assert "export AWS_ENDPOINT_URL=http://127.0.0.1:" in lambdaloop("local", "up", "--state", state)
        assert read("local", "status", "--state", state)["stacks"] == {}
    finally:
        assert "is down" in lambdaloop("local", "down", "--state", state)


def test_deployed_models_and_their_alarms_are_listed(released_site: Site) -> None:
    model = released_site.definition.name
    [found] = [each for each in read("models") if each["model"] == model]
    assert found["version"] >= 1
    assert found["stack"].endswith("_COMPLETE")
    alarms = {each["alarm"]: each for each in read("alarms", model)}
    assert f"lambdaloop-{model}-live-errors" in alarms
    assert all(each["means"] for each in alarms.values())
    assert model in lambdaloop("models")


def test_training_data_are_put_where_the_next_training_reads_them(
    released_site: Site, tmp_path: Path
) -> None:
    model, models = released_site.definition.name, str(released_site.folder / "models")
    listed = read("data", "list", model, "--models", models)
    (tmp_path / "empty.csv").touch()
    assert "is empty" in lambdaloop(
        "data", "put", model, str(tmp_path / "empty.csv"), "--models", models, status=1
    )
    [first] = [each for each in listed if each["key"].endswith(".csv")]
    same = tmp_path / Path(first["key"]).name  # what later tests train on stays what it is
    boto3.client("s3").download_file(released_site.deployment.data_bucket, first["key"], str(same))
    assert same.stat().st_size == first["bytes"]
    again = read("data", "put", model, str(same), "--models", models)  # the same name: a new version
    assert again["keys"] == [first["key"]]
    put = read("data", "list", model, "--models", models)
    assert [each["key"] for each in put] == [each["key"] for each in listed]
    assert [each for each in put if each["key"] == first["key"]] != [first]


def test_the_watch_runs_when_somebody_asks(released_site: Site) -> None:
    model = released_site.definition.name
    last_full_hour = datetime.fromtimestamp(released_site.cloud.now() // 3600 * 3600, UTC)
    assert f"lambdaloop windows show {model}" in lambdaloop("watch", model)
    newest = max(datetime.fromisoformat(each["end"]) for each in read("windows", "list", model))
    assert newest >= last_full_hour
    shown = read("windows", "show", model, f"{newest:%Y-%m-%dT%H:%M:%S}")
    assert datetime.fromisoformat(shown["end"]) == newest
    again = f"{newest + timedelta(minutes=10):%Y-%m-%dT%H:%M:%S}"
    assert "windows show" in lambdaloop("watch", model, "--at", again)


def test_the_console_shows_all_models_at_an_address_for_its_caller(
    released_site: Site, tmp_path: Path
) -> None:
    model = released_site.definition.name
    command = [str(COMMAND), "console", "--no-open", "--port", "0"]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            said = re.search(r"http://127\.0\.0\.1:\d+/\?secret=\S+", running.stdout.readline())
            assert said is not None
            address, secret = said[0].split("?")
            with urllib.request.urlopen(f"{address}snapshot.json?{secret}", timeout=120) as answer:
                snapshot = json.load(answer)
            with urllib.request.urlopen(
                f"{address}{snapshot['reports']}{model}/version/1?{secret}", timeout=120
            ) as answer:
                assert b"<!doctype html>" in answer.read()
        finally:
            running.terminate()
    [shown] = [each for each in snapshot["models"] if each["name"] == model]
    assert {part["lambda_version"] for part in shown["traffic"]} >= {released_site.routing()["stable"]}
    champion = released_site.registry.alias(model, "champion")
    assert champion is not None
    assert shown["champion"]["version"] == champion.version
    assert shown["releases"][-1]["judgements"][0]["verdict"] == "complete"
    assert "version_registered" in {event["kind"] for event in shown["events"]}

    file = tmp_path / "given" / "console.html"
    assert "bytes" in lambdaloop("console", "--export", str(file))
    assert f'"name":"{model}"' in file.read_text(encoding="utf-8")
