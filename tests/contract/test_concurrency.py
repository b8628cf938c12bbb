"""Two at once, on DynamoDB and Lambda: threads whose requests interleave one by one."""

import threading

from functions.register_version.handler import handle as register_version
from lambdaloop.domain.documents import Document, to_document
from tests.contract.aws import Aws
from tests.contract.release_world import app_on, check_invariants, check_settled, make_live, register
from tests.fakes.observer import FakeObserver
from tests.fakes.release_workflow import run_release
from tests.fakes.samples import MODEL, artifact, run


def trained(name: str) -> Document:
    """The document of a training workflow before it registers."""
    reference = to_document(artifact())
    return {
        "run": {"id": name, "requested_by": "ana"},
        "dataset": {"manifest": reference, "digest": "01", "rows": 9},
        "evaluation": {"winner": "linear", "passed": True, "metrics": {}, "checks": []},
        "package": {"manifest": reference, "files": {"bundle.zip": reference}},
    }


def test_two_concurrent_trainings_register_versions_1_and_2(aws: Aws) -> None:
    numbers: dict[str, int] = {}
    both_have_read, met = threading.Barrier(2), threading.Event()

    def meet(operation: str) -> None:
        """Hold each first write back until both trainings want to write the same number."""
        if operation == "dynamodb.TransactWriteItems" and not met.is_set():
            both_have_read.wait()
            met.set()

    def train(name: str) -> None:
        numbers[name] = register_version(trained(name), app_on(aws))["number"]

    for name in ("a", "b"):
        aws.registry.start_run(run(name))
    with aws.wire.holding(meet):
        in_threads(*[threading.Thread(target=train, args=(name,)) for name in ("a", "b")])
    assert sorted(numbers.values()) == [1, 2]
    assert aws.waits  # the slower one collided and decided anew
    check_invariants(aws)


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
