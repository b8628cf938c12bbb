"""What a Lambda version remembers of its experiment: whole, small enough, and readable by every later reader."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import PinTooLargeError
from lambdaloop.domain.experiment_pin import ArmPin, ExperimentPin
from lambdaloop.domain.release import ReleasePin, pin_text
from lambdaloop.settings import Settings
from tests.fakes.samples import MODEL, artifact

LAMBDA_BYTES = 4096


def arms(*shares: int) -> tuple[ArmPin, ...]:
    bundle = replace(artifact(), version_id="v" * 32, size=99_999_999)
    return tuple(
        ArmPin(name="control" if number == 1 else f"arm-{number}", version=number, bundle=bundle, share=share)
        for number, share in enumerate(shares, start=1)
    )


def experiment(*shares: int, **changes: Any) -> ExperimentPin:
    pin = ExperimentPin(
        id="checkout-2026-07",
        salt="8f14e45fceea167a",
        namespace=MODEL,
        first_bucket=0,
        buckets=10_000,
        arms=arms(*(shares or (5000, 5000))),
    )
    return replace(pin, **changes)


def pin(*shares: int) -> ReleasePin:
    found = experiment(*shares)
    control = found.arms[0]
    return ReleasePin(
        model=MODEL, release=12, version=control.version, bundle=control.bundle, experiment=found
    )


def test_a_pin_with_an_experiment_survives_the_environment() -> None:
    assert from_document(ReleasePin, json.loads(pin_text(pin()))) == pin()


def test_pins_of_the_first_schema_are_still_read() -> None:
    old = {"schema": 1, "model": MODEL, "release": 3, "version": 7, "bundle": to_document(artifact())}
    found = from_document(ReleasePin, old)
    assert (found.release, found.version, found.experiment) == (3, 7, None)


@pytest.mark.parametrize("schema", [0, 3])
def test_a_pin_of_another_schema_is_refused_for_it_may_say_more_than_is_understood(schema: int) -> None:
    with pytest.raises(ValueError, match="schema must be 1 to 2"):
        from_document(ReleasePin, {**to_document(pin()), "schema": schema})


def test_an_experiment_assigned_by_an_unknown_algorithm_is_refused() -> None:
    document = to_document(pin())
    document["experiment"]["algorithm"] = "v2"
    with pytest.raises(ValueError, match="algorithm"):
        from_document(ReleasePin, document)


def test_the_control_is_the_version_of_the_release() -> None:
    with pytest.raises(ValueError, match="must be version 9, got version 1"):
        replace(pin(), version=9)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"arms": arms(10_000)}, "2 or more arms"),
        ({"arms": (*arms(5000), *arms(5000))}, "different names"),
        ({"arms": arms(5000, 4999)}, "must add up to 10000"),
        ({"first_bucket": 9000, "buckets": 1001}, "lie within 0 to 10000"),
        ({"first_bucket": -1}, "lie within 0 to 10000"),
        ({"buckets": -1}, "lie within 0 to 10000"),
        ({"salt": ""}, "salt must be 1 to 100"),
        ({"salt": "a\0b"}, "salt must be 1 to 100"),
        ({"namespace": "é"}, "namespace must be 1 to 100"),
        ({"id": "x" * 101}, "id must be 1 to 100"),
    ],
)
def test_an_experiment_that_cannot_be_assigned_is_no_pin(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        experiment(**changes)


@pytest.mark.parametrize(
    ("name", "share"), [("", 1), ("Arm", 1), ("a b", 1), ("x" * 33, 1), ("a", -1), ("a", 10_001)]
)
def test_an_arm_has_a_plain_name_and_a_share(name: str, share: int) -> None:
    with pytest.raises(ValueError, match=r"name must be|share of arm"):
        ArmPin(name=name, version=1, bundle=artifact(), share=share)


def test_every_pin_that_is_taken_fits_into_lambdas_environment_and_others_name_the_fix() -> None:
    fitting = 0
    for count in range(2, 20):
        some = pin(*[10_000 // count + (10_000 % count if number == 0 else 0) for number in range(count)])
        try:
            text = pin_text(some)
        except PinTooLargeError as error:
            assert "take fewer arms" in str(error)  # noqa: PT017  (either outcome is right)
            continue
        fitting = count
        longest = Settings(
            pin=text,
            model="m" * 40,
            model_bucket="b" * 63,
            entity_salt=f"arn:aws-us-gov:cloudformation:us-gov-west-1:123456789012:stack/{'s' * 128}/{'u' * 36}",
        )
        assert len(json.dumps(longest.to_env(), separators=(",", ":"))) <= LAMBDA_BYTES
    assert 6 <= fitting < 19
