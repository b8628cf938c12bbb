"""Every documented operation, with requests as documented and damaged ones, answers as the OpenAPI document says."""

import pytest

from lambdaloop.domain.documents import Document
from lambdaloop.serving.served_model import LoadedBundle
from scripts.api_fuzz import Findings, fuzz_api
from tests.fakes.tiny_model import classifier
from tests.unit.functions.gateway import Gateway

pytestmark = pytest.mark.localcloud  # its threads make event loops, which take a pair of sockets each
SIGNATURE = LoadedBundle.from_bytes(classifier()).signature


def _fuzz(gateway: Gateway) -> Findings:
    return fuzz_api(gateway.invoke, SIGNATURE, examples=2, seed=1)


def test_requests_as_documented_and_damaged_ones_are_answered_as_documented() -> None:
    findings = _fuzz(Gateway())
    assert findings.failures == []
    assert findings.requests > 100
    assert {200, 202, 400, 404, 405, 422} <= findings.statuses.keys()


def test_what_is_not_documented_is_found() -> None:
    class Careless(Gateway):
        def invoke(self, event: Document) -> Document:
            response = super().invoke(event)
            return {**response, "statusCode": 418} if response["statusCode"] == 404 else response

    assert any("status_code_conformance" in failure for failure in _fuzz(Careless()).failures)
