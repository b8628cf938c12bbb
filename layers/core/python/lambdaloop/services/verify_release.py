"""Asks the new Lambda version what scikit-learn was asked, before it gets its first request."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.bundle import Bundle, unpack_bundle
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ParityError, VerificationFailedError
from lambdaloop.domain.experiment_pin import ArmPin
from lambdaloop.domain.gateway_event import answer_of, post_event
from lambdaloop.domain.golden import Answer, worst_difference
from lambdaloop.domain.release import Release
from lambdaloop.domain.release_rules import check_open
from lambdaloop.domain.signature import Signature, check_same_interface
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
    """Replay the golden rows through the HTTP interface of the release; those of every arm if it serves an experiment.

    Raises ArmsDifferError, ArtifactMissingError or ArtifactCorruptError when the registered bundle is not what it was,
    ReleaseNotReadyError while Lambda prepares the version (ask again), VerificationFailedError on any other answer.
    """
    hold_release(model, number, execution=execution, releases=releases, leases=leases, at=clock.now())
    release = releases.release(model, number)
    check_open(release)
    sides = _sides(release)
    bundles = [unpack_bundle(artifacts.get(_bundle(side, versions))) for side in sides]
    check_same_interface({side.name: bundle.signature for side, bundle in zip(sides, bundles, strict=True)})
    traffic.check_ready(str(release.lambda_version))
    found = [
        _replay(side, bundle, traffic=traffic, clock=clock)
        for side, bundle in zip(sides, bundles, strict=True)
    ]
    return Verification(
        rows=sum(one.rows for one in found), worst_difference=max(one.worst_difference for one in found)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """What is asked: the release itself, or one arm of its experiment."""

    release: Release
    version: int
    arm: ArmPin | None = None

    @property
    def name(self) -> str:
        """As answers call it."""
        return self.arm.name if self.arm else CHAMPION

    def __str__(self) -> str:
        of = f"arm {self.arm.name!r} of " if self.arm else ""
        return f"{of}Lambda version {self.release.lambda_version} (release {self.release.number} of {self.release.model!r})"


def _sides(release: Release) -> list[_Side]:
    """An experiment is verified arm by arm; its control is the release's own version."""
    if release.experiment is None:
        return [_Side(release=release, version=release.version)]
    return [_Side(release=release, version=arm.version, arm=arm) for arm in release.experiment.arms]


def _bundle(side: _Side, versions: VersionRegistry) -> Artifact:
    """By the registry, which a pin must agree with."""
    bundle = versions.version(side.release.model, side.version).files[BUNDLE]
    if side.arm and side.arm.bundle != bundle:
        raise VerificationFailedError(
            f"{side} is pinned to another bundle than version {side.version} is registered with: release anew"
        )
    return bundle


def _replay(side: _Side, bundle: Bundle, *, traffic: Traffic, clock: Clock) -> Verification:
    """Golden rows of one version, answered by it."""
    release, golden = side.release, bundle.golden()
    answers: list[Answer] = []
    for first, rows in _chunks(golden.rows, _rows_per_request(bundle.signature)):
        event = post_event(
            f"/models/{release.model}/predict",
            {"rows": list(rows)},
            request_id=f"verify-{release.model}-{release.number}-{side.name}-{first}",
            at=clock.now(),
            arm=side.arm.name if side.arm else None,
        )
        answers += _answers(side, traffic.invoke(str(release.lambda_version), event), first)
    try:
        worst = worst_difference(golden, answers)
    except ParityError as error:
        raise VerificationFailedError(f"{side} is not what was registered: {error}") from error
    return Verification(rows=len(golden.rows), worst_difference=worst)


def _rows_per_request(signature: Signature) -> int:
    """Fewer for a model with many or long class names, which every answered row repeats."""
    # Twice the name: it is text within JSON within JSON. Beside it stand a number and the prediction's other fields.
    answer = 1000 + sum(2 * len(json.dumps(str(label))) + 50 for label in signature.classes)
    return max(1, min(_ROWS_PER_REQUEST, _ANSWER_BYTES // answer))


def _chunks(rows: Sequence[Any], size: int) -> Iterator[tuple[int, Sequence[Any]]]:
    for first in range(0, len(rows), size):
        yield first, rows[first : first + size]


def _answers(side: _Side, response: Document, first: int) -> list[Answer]:
    """The answers of one request, which must come from the very version that is being released."""
    try:
        status, body = answer_of(response)
    except ValueError as error:
        raise VerificationFailedError(f"{side} answered no JSON: {response}") from error
    if status != 200:
        raise VerificationFailedError(
            f"{side} answered golden rows from {first} on with status {status}: {body}"
        )
    try:
        predictions = [_answer(side, prediction) for prediction in body["predictions"]]
    except (KeyError, TypeError) as error:
        raise VerificationFailedError(f"{side} answered in another format: {error!r} in {body}") from error
    return predictions


def _answer(side: _Side, prediction: Document) -> Answer:
    if (prediction["model_version"], prediction["variant"]) != (side.version, side.name):
        raise VerificationFailedError(
            f"{side} answered with model version {prediction['model_version']} as {prediction['variant']!r}, "
            f"wanted {side.version} as {side.name!r}"
        )
    return Answer(value=prediction["value"], probabilities=prediction.get("probabilities"))
