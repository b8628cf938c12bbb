"""Asks the new Lambda version what scikit-learn was asked, before it gets its first request."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ParityError, VerificationFailedError
from lambdaloop.domain.gateway_event import answer_of, post_event
from lambdaloop.domain.golden import Answer, worst_difference
from lambdaloop.domain.release import Release
from lambdaloop.domain.release_rules import check_open
from lambdaloop.domain.version import BUNDLE
from lambdaloop.ports import ArtifactStore, Clock, Leases, ReleaseLog, Traffic, VersionRegistry
from lambdaloop.services.hold_release import hold_release

_ROWS_PER_REQUEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How exactly the Lambda version answers."""

    rows: int
    worst_difference: float


def verify_release(
    definition: ModelDefinition,
    *,
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
    hold_release(definition, execution=execution, leases=leases, at=clock.now())
    release = releases.release(definition.name, number)
    check_open(release)
    bundle = artifacts.get(versions.version(release.model, release.version).files[BUNDLE])
    golden = unpack_bundle(bundle).golden()
    lambda_version = str(release.lambda_version)
    traffic.check_ready(lambda_version)
    answers: list[Answer] = []
    for first, rows in _chunks(golden.rows):
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


def _chunks(rows: Sequence[Any]) -> Iterator[tuple[int, Sequence[Any]]]:
    for first in range(0, len(rows), _ROWS_PER_REQUEST):
        yield first, rows[first : first + _ROWS_PER_REQUEST]


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
