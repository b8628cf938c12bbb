"""What callers get for every kind of mistake, through API Gateway and the deployed function."""

import json
import urllib.error
import urllib.request

import pytest

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.fleet import SETTLING, STRETCH
from scripts.cli.predict import SignedClient, input_types, read_csv
from tests.e2e.conftest import Site
from tests.e2e.scraping import scrape

pytestmark = pytest.mark.localcloud


def test_unsigned_requests_are_forbidden(released_site: Site) -> None:
    request = urllib.request.Request(released_site.deployment.predict_url, data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == 403
    refused.value.close()


def test_a_wrong_row_is_named_with_its_field_and_problem(released_site: Site) -> None:
    client = SignedClient()
    rows = read_csv(released_site.data, input_types(client, released_site.deployment))[:2]
    rows[1]["months"] = "twelve"
    status, answer = client.post(released_site.deployment.predict_url, {"rows": rows})
    assert status == 422
    assert [(detail["row"], detail["field"]) for detail in answer["details"]] == [(1, "months")]


def test_an_unknown_model_is_not_found_and_the_answer_names_the_deployed_ones(released_site: Site) -> None:
    url = released_site.deployment.predict_url.replace(released_site.definition.name, "nothing-here")
    status, answer = SignedClient().post(url, {"rows": []})
    assert status == 404
    assert released_site.definition.name in json.dumps(answer)


def test_an_unknown_version_is_not_found(released_site: Site) -> None:
    url = f"{released_site.deployment.api_endpoint}/v2/models/{released_site.definition.name}/versions/999"
    assert SignedClient().get(url)[0] == 404


def test_the_open_inference_protocol_is_spoken(released_site: Site) -> None:
    client, endpoint = SignedClient(), released_site.deployment.api_endpoint
    base = f"{endpoint}/v2/models/{released_site.definition.name}"
    assert client.get(f"{endpoint}/v2/health/live")[0] == 200
    assert client.get(f"{base}/ready")[0] == 200
    types = input_types(client, released_site.deployment)
    row = next(r for r in read_csv(released_site.data, types) if None not in r.values())
    inputs = [
        {"name": name, "shape": [1], "datatype": datatype, "data": [row[name]]}
        for name, datatype in types.items()
    ]
    status, answer = client.post(f"{base}/infer", {"id": "one", "inputs": inputs})
    assert status == 200, answer
    assert answer["id"] == "one"
    _, plain = client.post(released_site.deployment.predict_url, {"rows": [row]})
    value = next(output for output in answer["outputs"] if output["name"] == "value")
    assert value["data"] == [plain["predictions"][0]["value"]]


def test_a_prometheus_server_is_told_who_serves_and_what_was_asked(released_site: Site) -> None:
    client, cloud, url = SignedClient(), released_site.cloud, released_site.deployment.predict_url
    row = read_csv(released_site.data, input_types(client, released_site.deployment))[0]
    length = STRETCH.total_seconds()
    start = (cloud.now() // length + 1) * length
    cloud.pass_until(start)
    assert client.post(url, {"rows": [row]})[0] == 200
    assert client.post(url, {"rows": [{"months": "twelve"}]})[0] == 422
    cloud.pass_until(start + length + SETTLING.total_seconds())
    model, samples = released_site.definition.name, scrape(released_site)
    champion = released_site.registry.alias(model, CHAMPION)
    assert champion is not None
    assert samples["model_info", model, str(champion.version), str(champion.release)] == 1
    assert samples["last_5m_end_timestamp_seconds",] == start + length
    assert samples["model_requests_last_5m", model] == 2
    assert samples["model_request_errors_last_5m", model, "4xx"] == 1
    assert samples["model_request_errors_last_5m", model, "5xx"] == 0
    assert samples["model_invalid_requests_last_5m", model] == 1
    assert samples["model_latency_last_5m_seconds", model, "p99"] > 0


def test_metrics_are_for_signed_requests(released_site: Site) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{released_site.deployment.api_endpoint}/metrics", timeout=30)
    assert refused.value.code == 403
    refused.value.close()
