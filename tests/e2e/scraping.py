"""What a Prometheus server sees of a deployed platform, through a proxy that signs for it."""

import urllib.request
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.conftest import Site


def scrape(site: Site) -> dict[tuple[str, ...], float]:
    """Values by name, without the part that all names have, and values of labels."""
    request = AWSRequest("GET", f"{site.deployment.api_endpoint}/metrics", headers={"accept": "text/plain"})
    session = boto3.Session()
    credentials: Any = session.get_credentials()
    SigV4Auth(credentials.get_frozen_credentials(), "execute-api", session.region_name).add_auth(request)
    signed = urllib.request.Request(str(request.url), headers=dict(request.headers.items()))
    with urllib.request.urlopen(signed, timeout=60) as answer:
        text = answer.read().decode()
    return {
        (sample.name.removeprefix("lambdaloop_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
