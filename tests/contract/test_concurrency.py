"""Two at once, on DynamoDB and Lambda: threads that have read the same state before one of them writes."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from functions.register_version.handler import handle as register_version
from lambdaloop.domain.definition_digest import definition_digest
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.errors import ConflictError
from lambdaloop.domain.lease import Lease
from lambdaloop.domain.release import Judgement
from tests.contract.aws import Aws
from tests.contract.release_world import STEPS, app_on, check_invariants, check_settled, make_live, register
from tests.fakes.observer import FakeObserver
from tests.fakes.release_workflow import run_release
from tests.fakes.samples import MODEL, MORNING, artifact, definition, rules, run


def trained(name: str) -> Document:
    """The document of a training workflow before it registers."""
    reference = to_document(artifact())
    return {
        "run": {"id": name, "requested_by": "ml-team"},
        "dataset": {
            "manifest": reference,
            "digest": "01",
            "rows": 9,
            "definition": definition_digest(definition(steps=STEPS)),
        },
        "evaluation": {"winner": "linear", "passed": True, "metrics": {}, "checks": []},
        "package": {
            "manifest": reference,
            "files": {"bundle.zip": reference},
            "runtime": {"name": "compiled", "reason": "exact", "worst_difference": 0.0, "bytes": 1},
        },
        "parity": {"speed": {"load_ms": 1.0, "row_us": 1.0, "batch_row_us": 1.0}},
    }


def at_once(aws: Aws, *actions: Callable[[], Any]) -> list[Any]:
    """Run two actions that both have read, and decided, before one of them writes; results or names of errors."""
    both_have_read, met = threading.Barrier(2), threading.Event()

    def meet(operation: str) -> None:
        if operation == "dynamodb.TransactWriteItems" and not met.is_set():
            both_have_read.wait()
            met.set()

    results: list[Any] = [None, None]

    def run_one(number: int) -> None:
        try:
            results[number] = actions[number]()
        except ConflictError as error:
            results[number] = type(error).__name__

    with aws.wire.holding(meet):
        in_threads(*[threading.Thread(target=run_one, args=(number,)) for number in (0, 1)])
    return results


def test_two_concurrent_trainings_register_versions_1_and_2(aws: Aws) -> None:
    for name in ("a", "b"):
        aws.registry.start_run(run(name))
    answers = at_once(aws, *[partial(register_version, trained(name), app_on(aws)) for name in ("a", "b")])
    assert sorted(answer["number"] for answer in answers) == [1, 2]
    assert len(aws.waits) == 1  # the slower one collided and decided anew
    check_invariants(aws)


def test_one_run_that_registers_twice_at_once_has_one_version(aws: Aws) -> None:
    aws.registry.start_run(run("a"))
    answers = at_once(aws, *[partial(register_version, trained("a"), app_on(aws))] * 2)
    assert answers == [{"number": 1}, {"number": 1}]
    check_invariants(aws)


def test_of_two_first_releases_that_close_at_once_one_is_live(aws: Aws) -> None:
    register(aws, "run-1")
    opening = partial(
        aws.registry.open_release,
        model=MODEL,
        version=1,
        requested_by="ml-team",
        reason="first",
        previous_lambda_version="1",
        first=True,
        rules=rules(),
        at=MORNING,
    )
    releases = [opening(execution=name) for name in ("x", "y")]
    closing = partial(aws.registry.close_release, outcome="fine")
    results = at_once(
        aws,
        *[partial(closing, release, at=MORNING + timedelta(seconds=release.number)) for release in releases],
    )
    assert "AliasMovedError" in results
    assert sorted(release.status for release in aws.registry.releases(MODEL)) == ["live", "open"]


def test_two_executions_that_open_at_once_get_different_numbers(aws: Aws) -> None:
    opening = partial(
        aws.registry.open_release,
        model=MODEL,
        version=1,
        requested_by="ml-team",
        reason="first",
        previous_lambda_version="1",
        first=True,
        rules=rules(),
        at=MORNING,
    )
    releases = at_once(aws, *[partial(opening, execution=name) for name in ("x", "y")])
    assert sorted(release.number for release in releases) == [1, 2]


@pytest.mark.parametrize("held_before", [False, True])
def test_of_two_that_take_a_lease_at_once_one_gets_it(aws: Aws, *, held_before: bool) -> None:
    acquire = partial(aws.registry.acquire, model=MODEL, name="release", at=MORNING, seconds=60)
    if held_before:
        acquire(owner="before", seconds=0)
    results = at_once(aws, *[partial(acquire, owner=name) for name in ("x", "y")])
    assert "LeaseHeldError" in results
    assert len([result for result in results if isinstance(result, Lease)]) == 1


def test_judgements_of_two_at_once_are_both_kept(aws: Aws) -> None:
    release = aws.registry.open_release(
        model=MODEL,
        version=1,
        execution="x",
        requested_by="ml-team",
        reason="first",
        previous_lambda_version="1",
        first=True,
        rules=rules(),
        at=MORNING,
    )
    judgements = [
        Judgement(at=MORNING, step=step, weight=1, verdict="hold", reasons=(), numbers={}) for step in (0, 1)
    ]
    at_once(aws, *[partial(aws.registry.record_judgement, release, one) for one in judgements])
    kept = aws.registry.release(MODEL, 1).judgements
    assert sorted(one.step for one in kept) == [0, 1]


def test_of_two_concurrent_releases_one_proceeds_and_the_other_gets_a_typed_conflict(aws: Aws) -> None:
    register(aws, "run-1", "run-2")
    make_live(aws)
    documents: dict[str, Document] = {}
    other_has_ended = threading.Event()
    observer = FakeObserver()
    observer.before = other_has_ended.wait

    def release(execution: str, version: int) -> None:
        documents[execution] = run_release(
            app_on(aws, observer=observer), version=version, execution=execution
        )
        other_has_ended.set()

    in_threads(
        *[threading.Thread(target=release, args=(f"release-{version}", version)) for version in (1, 2)]
    )
    errors = [document["error"]["Error"] for document in documents.values() if "error" in document]
    assert errors == ["ReleaseInProgressError"]
    assert [release.status for release in aws.registry.releases(MODEL)] == ["live", "superseded"]
    check_settled(aws)


def in_threads(*threads: threading.Thread) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
