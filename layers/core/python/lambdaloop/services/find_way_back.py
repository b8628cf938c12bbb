"""Which Lambda version a release is, and which ones were live before it, as Lambda itself knows: from the pins."""

from collections.abc import Iterator

from lambdaloop.domain.errors import LambdaVersionDeletedError, NothingToReturnToError, ReleaseNotFoundError
from lambdaloop.domain.release import ReleasePin
from lambdaloop.domain.return_note import noted
from lambdaloop.domain.returning import Destination
from lambdaloop.domain.traffic import Routing
from lambdaloop.ports import Traffic

_WITHOUT_REGISTRY = "the registry does not answer, and"


def check_pin(model: str, release: int, lambda_version: str, traffic: Traffic) -> None:
    """LambdaVersionDeletedError unless that Lambda version exists and serves that release.

    A stack that was deleted and deployed anew gives old numbers to new versions.
    """
    pin = traffic.pin_of(lambda_version)
    if pin is None or (pin.model, pin.release) != (model, release):
        raise LambdaVersionDeletedError(
            f"Lambda version {lambda_version} is not release {release} of {model!r} any more: "
            "the function was deployed anew since; start a new release"
        )


def way_back(model: str, routing: Routing, *, to: int | None, traffic: Traffic) -> Destination:
    """Where a rollback leads when only Lambda can be asked.

    A pin names the version that was live before its own release. Those are the versions that can be gone back to; whether one
    of them was rolled back by hand meanwhile, only the registry knows.
    Raises NothingToReturnToError, ReleaseNotFoundError, LambdaVersionDeletedError.
    """
    if to is None and (note := noted(routing)) is not None and note.back:
        return Destination(release=note.to, lambda_version=note.lambda_version, left=None)
    found: list[tuple[str, ReleasePin]] = []
    for lambda_version, pin in _behind(routing, traffic):
        newest = found[0][1].release if found else None
        found.append((lambda_version, pin))
        # A candidate was not live yet.
        eligible = newest is not None or (to is not None and routing.candidate is None)
        if eligible and to in (None, pin.release):
            return Destination(release=pin.release, lambda_version=lambda_version, left=newest)
    if to is not None:
        raise ReleaseNotFoundError(
            f"{_WITHOUT_REGISTRY} release {to} of {model!r} is not among those that were live before the present one, as far "
            f"as Lambda knows them: {', '.join(str(pin.release) for _, pin in found) or 'none'}"
        )
    raise NothingToReturnToError(
        f"{_WITHOUT_REGISTRY} Lambda version {routing.candidate or routing.stable} does not say which one of {model!r} was live "
        "before it: point the alias at one with `aws lambda update-alias`"
    )


def _behind(routing: Routing, traffic: Traffic) -> Iterator[tuple[str, ReleasePin]]:
    """The newest version that has traffic, the one that was live before it, and so on, as far as they exist."""
    lambda_version: str | None = routing.candidate or routing.stable
    shares = routing.candidate is not None
    while lambda_version is not None:
        try:
            pin = traffic.pin_of(lambda_version)
        except LambdaVersionDeletedError:
            return
        if pin is None:
            return
        yield lambda_version, pin
        lambda_version, shares = routing.stable if shares else pin.previous_lambda_version, False
