"""A stateless experiment through the deployed stack: requests are split by Lambda itself, and counted by what answered."""

import math
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.experiment_life import execution_of
from scripts.benchmarks.rollback_speed import register_again
from scripts.cli.experiment import advance
from scripts.cli.predict import SignedClient, input_types, read_csv
from tests.e2e.conftest import Site
from tests.e2e.test_least_privilege import run_workflow
from tests.typed import lambdaloop, read

pytestmark = pytest.mark.localcloud

REQUESTS = 10_000
CALLERS = 4
SHARE = 0.3
FLAKE = 5.0
"""Standard deviations: chance goes further once in 1.7 million runs."""
_MOST_LOOKS = 5


@pytest.fixture(scope="module")
def versions() -> dict[str, int]:
    """Filled by the first test that needs it: of the control, and of the treatment."""
    return {}


@pytest.fixture(scope="module")
def answers() -> Counter[int]:
    """Filled by the first test: requests by the version that answered."""
    return Counter()


@pytest.fixture
def site(released_site: Site, versions: dict[str, int]) -> Site:
    """An experiment that has its share of the requests."""
    if versions:
        return released_site
    site, model = released_site, released_site.definition.name
    champion = site.registry.alias(model, CHAMPION)
    assert champion is not None
    versions.update(
        control=champion.version, treatment=register_again(site.registry, model, champion.version)
    )
    lambdaloop(
        "experiment",
        "start",
        model,
        "--stateless",
        *("--arm", f"new={versions['treatment']}", "--shares", f"{100 - SHARE * 100:g},{SHARE * 100:g}"),
        *("--smallest-effect", "0.5", "--id", "stateless", "--no-wait"),
    )
    ended = site.finish_release(last_release(site))
    assert ended.succeeded, ended.cause
    assert advance(site.deployment)["status"] == "running"
    return site


def last_release(site: Site) -> str:
    """The execution of the release that the experiment asked for last."""
    experiment = site.registry.experiment(site.definition.name, "stateless")
    executions = site.deployment.release_workflow.replace(":stateMachine:", ":execution:")
    return f"{executions}:{execution_of(experiment)}"


def answered_by(site: Site, rows: Sequence[dict[str, Any]], count: int) -> Counter[int]:
    """Requests by the version of the model that answered, over connections that are kept."""

    def call(caller: int) -> Counter[int]:
        client, found = SignedClient(), Counter[int]()
        for number in range(caller, count, CALLERS):
            status, answer = client.post(site.deployment.predict_url, {"rows": [rows[number % len(rows)]]})
            assert status == 200, answer
            found[answer["predictions"][0]["model_version"]] += 1
        return found

    with ThreadPoolExecutor(CALLERS) as pool:
        return sum(pool.map(call, range(CALLERS)), Counter[int]())


def test_the_weights_of_the_alias_are_realised_over_ten_thousand_requests(
    site: Site, versions: dict[str, int], answers: Counter[int]
) -> None:
    assert list(site.routing()["weights"].values()) == [SHARE]
    rows = read_csv(site.data, input_types(SignedClient(), site.deployment))
    answers.update(answered_by(site, rows, REQUESTS))
    assert answers.total() == REQUESTS
    assert set(answers) == set(versions.values())
    wanted, deviation = SHARE * REQUESTS, math.sqrt(REQUESTS * SHARE * (1 - SHARE))
    assert abs(answers[versions["treatment"]] - wanted) < FLAKE * deviation


def test_a_look_counts_each_request_for_the_release_that_answered(
    site: Site, versions: dict[str, int], answers: Counter[int]
) -> None:
    def units() -> dict[str, int]:
        looks = site.registry.experiment(site.definition.name, "stateless").looks
        return {name: figures.units for name, figures in looks[-1].figures.items()} if looks else {}

    wanted = {"control": answers[versions["control"]], "new": answers[versions["treatment"]]}
    for _ in range(_MOST_LOOKS):
        site.cloud.pass_until(
            site.cloud.now() + 3600
        )  # a look is at whole hours, and Firehose waits for minutes
        run_workflow(site, "ExperimentWorkflow")
        if sum(units().values()) >= REQUESTS:
            break
    assert units() == wanted


def test_while_it_runs_no_other_release_begins(site: Site, versions: dict[str, int]) -> None:
    refused = lambdaloop(
        "releases", "start", site.definition.name, "--version", str(versions["control"]), status=1
    )
    assert "ReleaseInProgressError" in refused


def test_nobody_can_be_let_in_where_nobody_is_told_from_another(site: Site) -> None:
    model = site.definition.name
    refused = lambdaloop("experiment", "ramp", model, "--participants", "50", status=1)
    assert "ramp the share of arm 'new' instead" in refused
    newest, *_ = read("experiment", "list", model)
    assert newest["status"] == "running"


def test_stopping_gives_all_requests_back_to_the_control(site: Site, versions: dict[str, int]) -> None:
    model = site.definition.name
    lambdaloop("experiment", "stop", model)
    stopped = read("experiment", "status", model, "--id", "stateless")
    assert (stopped["status"], stopped["winner"]) == ("stopped", "control")
    [live] = [each for each in site.registry.releases(model) if each.status == "live"]
    assert live.version == versions["control"]
    assert site.routing() == {"stable": live.lambda_version, "weights": {}}
    assert site.registry.releases(model)[0].status == "withdrawn"
