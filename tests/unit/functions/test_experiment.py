"""An experiment behind HTTP: who answers is told with each row, and only the release workflow can choose an arm."""

import copy
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from functions.inference.limits import max_rows
from lambdaloop.adapters.emf_request_metrics import EmfRequestMetrics
from lambdaloop.domain.errors import ArmsDifferError
from lambdaloop.domain.gateway_event import ARM_HEADER
from lambdaloop.domain.signature import Signature
from tests.fakes.clock import FakeClock
from tests.fakes.experiment import CHALLENGER, CONTROL, entities_of, two_arms
from tests.fakes.tiny_model import ROW
from tests.unit.functions.gateway import Answer, Gateway, load_event

LOADED = two_arms()
CUSTOMERS = entities_of(LOADED, 3)


def verified(gateway: Gateway, *rows: Any, arm: str | None = None) -> Answer:
    """A request of the release workflow."""
    event = copy.deepcopy(load_event("predict"))
    event["requestContext"]["apiId"] = "verification"
    event["body"] = json.dumps({"rows": rows})
    event["headers"] = {"content-type": "application/json", **({ARM_HEADER: arm} if arm else {})}
    return gateway.send(event)


def tensors(customers: list[str]) -> list[dict[str, Any]]:
    columns = {
        "age": ("FP64", 40.0),
        "visits": ("INT64", 3),
        "active": ("BOOL", True),
        "plan": ("BYTES", "plus"),
    }
    count = len(customers)
    return [
        {"name": "customer", "datatype": "BYTES", "shape": [count], "data": customers},
        *(
            {"name": name, "datatype": kind, "shape": [count], "data": [value] * count}
            for name, (kind, value) in columns.items()
        ),
    ]


def outputs(answer: Answer) -> dict[str, list[Any]]:
    return {one["name"]: one["data"] for one in answer.body["outputs"]}


def test_each_row_of_an_answer_names_its_variant_and_version() -> None:
    gateway = Gateway(LOADED)
    mixed = [CUSTOMERS["challenger"][0], CUSTOMERS["control"][0], CUSTOMERS["challenger"][1]]
    answer = gateway.predict(*({**ROW, "customer": one} for one in mixed))
    found = [(one["variant"], one["model_version"], one["value"]) for one in answer.body["predictions"]]
    assert found == [
        ("challenger", CHALLENGER, "no"),
        ("control", CONTROL, "yes"),
        ("challenger", CHALLENGER, "no"),
    ]
    assert [line["variant"] for line in gateway.captured] == ["challenger", "control", "challenger"]
    assert [line["assignment"] for line in gateway.captured] == ["entity"] * 3
    assert gateway.measured[0]["predictions"] == 3


def test_rows_without_an_entity_carry_the_id_of_their_request() -> None:
    gateway = Gateway(LOADED)
    answer = gateway.predict(ROW, ROW)
    assert {(line["assignment"], line["request"]) for line in gateway.captured} == {
        ("request", answer.body["request_id"])
    }


def test_tensors_are_assigned_as_rows_are() -> None:
    gateway = Gateway(LOADED)
    mixed = [CUSTOMERS["control"][0], CUSTOMERS["challenger"][0]]
    answer = gateway.infer(*tensors(mixed))
    assert outputs(answer)["variant"] == ["control", "challenger"]
    assert outputs(answer)["model_version"] == [CONTROL, CHALLENGER]
    assert outputs(answer)["value"] == ["yes", "no"]
    assert "model_version" not in answer.body
    one = gateway.infer(*tensors(CUSTOMERS["challenger"]), outputs=[{"name": "variant"}])
    assert outputs(one) == {"variant": ["challenger"] * 3}
    assert one.body["model_version"] == str(CHALLENGER)


@pytest.mark.parametrize(
    ("version", "variant", "value"), [(CONTROL, "champion", "yes"), (CHALLENGER, "challenger", "no")]
)
def test_who_asks_for_a_version_gets_it_and_is_in_no_experiment(
    version: int, variant: str, value: str
) -> None:
    gateway = Gateway(LOADED)
    mixed = [CUSTOMERS["control"][0], CUSTOMERS["challenger"][0]]
    answer = gateway.infer(*tensors(mixed), path=f"/v2/models/churn/versions/{version}/infer")
    assert answer.body["model_version"] == str(version)
    assert outputs(answer)["value"] == [value] * 2
    assert {(line["experiment"], line["variant"], line["model_version"]) for line in gateway.captured} == {
        (None, variant, version)
    }
    assert gateway.request("GET", f"/v2/models/churn/versions/{version}").body["versions"] == [str(version)]


def test_metadata_list_every_version_that_answers() -> None:
    gateway = Gateway(LOADED)
    assert gateway.request("GET", "/v2/models/churn").body["versions"] == [str(CONTROL), str(CHALLENGER)]
    refused = gateway.request("GET", "/v2/models/churn/versions/8")
    assert (refused.status, refused.body["error"]) == (
        404,
        "unknown version '8': versions 7, 9 are served here",
    )


def test_a_verification_is_answered_by_the_arm_it_names_whomever_its_rows_are_about() -> None:
    gateway = Gateway(LOADED)
    rows = [{**ROW, "customer": one} for some in CUSTOMERS.values() for one in some]
    for arm, variant, version in (
        ("control", "control", CONTROL),
        ("challenger", "challenger", CHALLENGER),
        (None, "champion", CONTROL),
    ):
        answer = verified(gateway, *rows, arm=arm)
        assert {(one["variant"], one["model_version"]) for one in answer.body["predictions"]} == {
            (variant, version)
        }
    assert gateway.captured == gateway.measured == []


def test_a_verification_of_an_arm_that_is_not_served_is_refused() -> None:
    refused = verified(Gateway(LOADED), ROW, arm="other")
    assert (refused.status, refused.body["error"]) == (
        404,
        "unknown arm 'other': this release has control, challenger",
    )
    refused = verified(Gateway(), ROW, arm="control")
    assert (refused.status, refused.body["error"]) == (404, "unknown arm 'control': this release has none")


def test_callers_cannot_choose_their_arm() -> None:
    gateway = Gateway(LOADED)
    body = {"rows": [{**ROW, "customer": CUSTOMERS["control"][0]}]}
    for arm in ("challenger", "nonsense"):
        answer = gateway.request("POST", "/models/churn/predict", body, headers={ARM_HEADER: arm})
        assert answer.body["predictions"][0]["variant"] == "control"


def test_arms_that_do_not_fit_together_are_503() -> None:
    answer = Gateway(ArmsDifferError("they differ")).predict(ROW)
    assert (answer.status, answer.body["error"]) == (503, "the model cannot be loaded: try again")


class _Broken:
    """A ServedModel with a bug."""

    signature = LOADED.model.signature

    def predict(self, rows: Any) -> Any:
        raise ZeroDivisionError(f"{len(rows)} rows")

    def exact_shares(self, *_: Any, **__: Any) -> None:
        """It knows nothing."""


def test_a_failure_is_counted_as_that_of_the_arm_that_was_asked() -> None:
    broken = replace(LOADED.arms[1], model=_Broken())
    gateway = Gateway(replace(LOADED, arms=(LOADED.arms[0], broken)))
    control, challenger = ({**ROW, "customer": some[0]} for some in CUSTOMERS.values())
    assert gateway.predict(control).status == 200
    assert gateway.predict(challenger).status == 500
    assert gateway.predict(control, challenger).status == 500
    assert [(one["status"], one["arm"]) for one in gateway.measured] == [
        (200, "control"),
        (500, "challenger"),
        (500, "challenger"),
    ]


def test_a_server_error_is_told_by_arm_and_nothing_else_is() -> None:
    stream = io.StringIO()
    metrics = EmfRequestMetrics(model="churn", clock=FakeClock(), stream=stream)
    for status in (200, 422, 500):
        metrics.record(release=3, predictions=0, status=status, seconds=0.1, arm="challenger")
    metrics.record(release=3, predictions=0, status=500, seconds=0.1)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    told = [line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][2:] for line in lines]
    assert told == [[], [], [["Model", "Release", "Variant"]], []]
    assert [line.get("Variant") for line in lines] == [None, None, "challenger", None]


def test_long_names_of_arms_leave_room_for_fewer_rows() -> None:
    classes = tuple(f"class {number}" for number in range(30))
    signature = Signature(model="churn", task="multiclass", features={}, classes=classes)
    assert max_rows(signature, variants=["champion", "x" * 32]) < max_rows(signature)
