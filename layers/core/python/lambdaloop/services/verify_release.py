"""Asks the new Lambda version what scikit-learn was asked, before it gets its first request."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ParityError, VerificationFailedError
from lambdaloop.domain.gateway_event import answer_of, post_event
from lambdaloop.domain.golden import Answer, worst_difference
from lambdaloop.domain.release import Release
from lambdaloop.domain.release_rules import check_open
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.version import BUNDLE
from lambdaloop.ports import ArtifactStore, Clock, Leases, ReleaseLog, Traffic, VersionRegistry
from lambdaloop.services.hold_release import hold_release

_ROWS_PER_REQUEST = 20
_ANSWER_BYTES = 1_000_000
"""Far below what Lambda can return, and so below the rows that the inference function takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How exactly the Lambda version answers."""

    rows: int
    worst_difference: float


def verify_release(
    *,
    model: str,
    number: int,
    execution: str,
    versions: VersionRegistry,
    releases: ReleaseLog,
    leases: Leases,
    artifacts: ArtifactStore,
    traffic: Traffic,
    clock: Clock,
) -> Verification:
    """Replay the golden rows through the HTTP interface of the release.

    Raises ArtifactMissingError or ArtifactCorruptError when the registered bundle is not what it was,
    ReleaseNotReadyError while Lambda prepares the version (ask again), VerificationFailedError on any other answer.
    """
    hold_release(model, number, execution=execution, releases=releases, leases=leases, at=clock.now())
    release = releases.release(model, number)
    check_open(release)
    bundle = artifacts.get(versions.version(release.model, release.version).files[BUNDLE])
    unpacked = unpack_bundle(bundle)
    golden, size = unpacked.golden(), _rows_per_request(unpacked.signature)
    lambda_version = str(release.lambda_version)
    traffic.check_ready(lambda_version)
    answers: list[Answer] = []
    for first, rows in _chunks(golden.rows, size):
        event = post_event(
            f"/models/{release.model}/predict",
            {"rows": list(rows)},
            request_id=f"verify-{release.model}-{release.number}-{first}",
            at=clock.now(),
        )
        answers += _answers(release, traffic.invoke(lambda_version, event), first)
    try:
        worst = worst_difference(golden, answers)
    except ParityError as error:
        raise VerificationFailedError(f"{_named(release)} is not what was registered: {error}") from error
    return Verification(rows=len(golden.rows), worst_difference=worst)


def _rows_per_request(signature: Signature) -> int:
    """Fewer for a model with many or long class names, which every answered row repeats."""
    # Twice the name: it is text within JSON within JSON. Beside it stand a number and the prediction's other fields.
    answer = 1000 + sum(2 * len(json.dumps(str(label))) + 50 for label in signature.classes)
    return max(1, min(_ROWS_PER_REQUEST, _ANSWER_BYTES // answer))


def _chunks(rows: Sequence[Any], size: int) -> Iterator[tuple[int, Sequence[Any]]]:
    for first in range(0, len(rows), size):
        yield first, rows[first : first + size]


def _answers(release: Release, response: Document, first: int) -> list[Answer]:
    """The answers of one request, which must come from the very version that is being released."""
    try:
        status, body = answer_of(response)
    except ValueError as error:
        raise VerificationFailedError(f"{_named(release)} answered no JSON: {response}") from error
    if status != 200:
        raise VerificationFailedError(
            f"{_named(release)} answered golden rows from {first} on with status {status}: {body}"
        )
    try:
        predictions = [_answer(release, prediction) for prediction in body["predictions"]]
    except (KeyError, TypeError) as error:
        raise VerificationFailedError(
            f"{_named(release)} answered in another format: {error!r} in {body}"
        ) from error
    return predictions


def _answer(release: Release, prediction: Document) -> Answer:
    if prediction["model_version"] != release.version:
        raise VerificationFailedError(
            f"{_named(release)} answered with model version {prediction['model_version']}, wanted {release.version}"
        )
    return Answer(value=prediction["value"], probabilities=prediction.get("probabilities"))


def _named(release: Release) -> str:
    return f"Lambda version {release.lambda_version} (release {release.number} of {release.model!r})"
