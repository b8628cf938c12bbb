"""Copies of requests and a person's consent before a release takes traffic: deployed, with messages, links and signatures."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from lambdaloop.adapters.step_functions import StepFunctionsWorkflows
from lambdaloop.domain.release import Release
from lambdaloop.domain.retraining_request import GOVERNOR
from scripts.cli.caller import caller_name
from tests.e2e.conftest import Site, pointed_at
from tests.e2e.test_least_privilege import granted, usage
from tests.typed import lambdaloop

pytestmark = pytest.mark.localcloud

SLICE, HOUR = 600, 3600
_PATIENCE = 8  # halves of a slice: functions take real time, too
USUAL = """\
  steps: [10, 50, 100]  # percent of the traffic
  bake_seconds: 300
  min_requests: 20
"""
CAREFUL = f"""\
  steps: [100]
  bake_seconds: 60
  min_requests: 1
  max_holds: 20
  shadow: {{seconds: {SLICE}, min_rows: 30}}
  approval: {{expires_hours: 24, remind_hours: 4}}
"""
STAGES = ("ShadowRelease", "AskApproval", "RecordApproval", "DecideApproval")
NO_SEGMENTS = "  # segments: [NAME]"


@dataclass(frozen=True)
class Answer:
    status: int
    body: str


class Office:
    """The model, now with a shadow stage and an approval, and the mailbox that reads what people are told."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.model = site.definition.name
        sns, sqs = boto3.client("sns"), boto3.client("sqs")
        self.mailbox = sqs.create_queue(QueueName="approvers")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.mailbox, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        [topic] = [
            each["TopicArn"] for each in sns.list_topics()["Topics"] if "AlertsTopic" in each["TopicArn"]
        ]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        self.bob = _user("bob")

    def start(self, name: str, *, requested_by: str | None = None) -> str:
        document = {
            "model": self.model,
            "version": 1,
            "requested_by": requested_by or caller_name(),
            "reason": name,
        }
        workflow = self.site.deployment.release_workflow
        return StepFunctionsWorkflows().start(workflow=workflow, name=name, document=document)

    def release(self) -> Release:
        return self.site.registry.releases(self.model)[0]

    def pass_time(self, seconds: float) -> None:
        self.site.cloud.pass_until(self.site.cloud.now() + seconds)

    def wait_for_question(self) -> str:
        """Through the shadow stage; returns the message."""
        for _ in range(_PATIENCE):
            self.pass_time(SLICE / 2)
            if message := self.told("waits for approval"):
                return message
        raise AssertionError(f"nobody was asked about {self.release()}")

    def told(self, words: str) -> str:
        """The newest message about that; empty when there is none."""
        sqs, found = boto3.client("sqs"), ""
        while messages := sqs.receive_message(QueueUrl=self.mailbox, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=self.mailbox, ReceiptHandle=message["ReceiptHandle"])
                note = json.loads(message["Body"])
                if words in note.get("Subject", ""):
                    found = f"{note['Subject']}\n\n{note['Message']}"
        return found

    def status_of(self, execution: str) -> str:
        client: Any = boto3.client("stepfunctions")
        return str(client.describe_execution(executionArn=execution)["status"])

    def send_traffic(self) -> None:
        """What the log will hold of the live version by the end of the first slice."""
        self.site.traffic().send(60, show=False)
        self.pass_time(60)


def _user(name: str) -> dict[str, str]:
    """Somebody who may see where things are, and decide about releases; nothing else."""
    iam: Any = boto3.client("iam")
    iam.create_user(UserName=name)
    allowed = [
        {"Effect": "Allow", "Action": ["cloudformation:DescribeStacks"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["execute-api:Invoke"],
            "Resource": "arn:aws:execute-api:*:*:*/*/POST/approvals/*",
        },
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    iam.put_user_policy(UserName=name, PolicyName="approves", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def _link(message: str) -> str:
    [link] = re.findall(r"http://\S+/approvals/\S+", message)
    return str(link)


def _open(link: str, form: Mapping[str, str] | None = None) -> Answer:
    """GET the link, or POST a form to it, without any signature."""
    data = None if form is None else urllib.parse.urlencode(form).encode()
    try:
        with urllib.request.urlopen(link, data=data, timeout=30) as answer:
            return Answer(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode())


@pytest.fixture(scope="module")
def office(_released_site: Site) -> Iterator[Office]:
    site = _released_site
    path = site.folder / "models" / f"{site.definition.name}.yaml"
    before = path.read_text()
    with pointed_at(site.cloud):
        careful = before.replace(USUAL, CAREFUL).replace(NO_SEGMENTS, "  segments: [plan]")
        assert careful.count("\n  shadow:") == careful.count("\n  segments: [plan]") == 1
        path.write_text(careful)
        site.deploy()
        yield Office(site)
        path.write_text(before)
        site.deploy()


def test_somebody_else_approves_with_a_signed_request_after_the_shadow_stage(office: Office) -> None:
    with pointed_at(office.site.cloud):
        office.send_traffic()
        routed = office.site.routing()
        execution = office.start("with-consent")
        message = office.wait_for_question()
        release = office.release()
        [*_, shadowed] = release.judgements
        assert (shadowed.kind, shadowed.verdict) == ("shadow", "advance"), release.judgements
        assert shadowed.numbers["failures"] == 0
        assert shadowed.numbers["disagreement"] == 0  # the same version
        assert any(name.startswith("plan=") for name in shadowed.numbers)
        assert "lambdaloop releases approve" in message
        assert office.site.routing() == routed

        number = str(release.number)
        own = lambdaloop("releases", "approve", office.model, number, status=1)
        assert "somebody else has to approve it" in own
        link = _open(_link(message), {**_fields(message), "decision": "approve"})
        assert link.status == 403
        assert office.status_of(execution) == "RUNNING"

        agreed = lambdaloop(
            "releases", "approve", office.model, number, "--reason", "fine", variables=office.bob
        )
        assert "approved by arn:aws:iam::123456789012:user/bob" in agreed
        again = lambdaloop(
            "releases", "reject", office.model, number, "--reason", "too late", variables=office.bob, status=1
        )
        assert "was decided on" in again
        assert office.site.finish_release(execution).succeeded
        kinds = [event.kind for event in office.site.registry.events(office.model)]
        assert "release_approved" in kinds


def test_the_link_rejects_after_its_page_was_opened_by_whoever_opens_links(office: Office) -> None:
    with pointed_at(office.site.cloud):
        office.send_traffic()
        routed = office.site.routing()
        execution = office.start("rejected", requested_by=GOVERNOR)
        message = office.wait_for_question()
        for _ in range(2):
            page = _open(_link(message))
            assert page.status == 200
            assert 'value="approve"' in page.body  # no person asked, so one person is enough
        assert office.status_of(execution) == "RUNNING"
        assert _open(_link(message)[:-1] + "x").status == 403
        said = _open(_link(message), {**_fields(message), "decision": "reject", "reason": "not on Fridays"})
        assert said.status == 200
        assert office.site.finish_release(execution).status == "FAILED"
        release = office.release()
        assert release.status == "rolled_back"
        assert "not on Fridays" in str(release.outcome)
        assert office.site.routing() == routed


def test_silence_is_reminded_of_and_then_ends_the_release(office: Office) -> None:
    with pointed_at(office.site.cloud):
        office.send_traffic()
        routed = office.site.routing()
        execution = office.start("silence")
        office.wait_for_question()
        office.pass_time(20 * HOUR)
        assert office.told("Reminder")
        assert office.status_of(execution) == "RUNNING"
        office.pass_time(5 * HOUR)
        assert office.status_of(execution) == "FAILED"
        release = office.release()
        assert release.status == "rolled_back"
        assert "nobody approved it until" in str(release.outcome)
        assert office.site.routing() == routed
        number = str(release.number)
        lambdaloop("releases", "approve", office.model, number, variables=office.bob, status=1)


def test_all_that_was_granted_for_it_was_used_by_now_and_nothing_else_was_tried(office: Office) -> None:
    """Here and not where all other grants are tested: a deployment without these stages takes the roles away."""
    used: dict[str, set[str]] = defaultdict(set)
    with pointed_at(office.site.cloud):
        for entry in usage(office.site):
            assert entry["allowed"], entry
            used[entry["role"]].add(entry["action"])
        roles = {stage: [role for role in used if stage in role and granted(role)] for stage in STAGES}
        assert {stage: len(found) for stage, found in roles.items()} == dict.fromkeys(STAGES, 1)
        idle = {role: granted(role) - used[role] for [role] in roles.values()}
    assert idle == {role: set() for [role] in roles.values()}


def _fields(message: str) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(_link(message)).query))
