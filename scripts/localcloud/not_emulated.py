"""What the local cloud does not do, so that nobody takes a green local run for more than it proves.

The list is data: `docs/local-cloud-limits.md` is generated from it (`python -m scripts.localcloud.not_emulated`), and a
test fails when the page is stale. *Refused* means that a request is answered with an error; what is neither refused
nor done is the dangerous kind, and says what a test must not conclude.
"""

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "local-cloud-limits.md"

_HEAD = """# What the local cloud does not emulate

Generated from `scripts/localcloud/not_emulated.py`; change it there and run
`python -m scripts.localcloud.not_emulated`.

The local cloud deploys the same template as AWS and runs the same code, but it is not AWS. Whatever stands here has to
be asserted on the template, or tried in an AWS account.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEmulated:
    """One difference from AWS."""

    area: str
    what: str
    consequence_for_tests: str


def _of(area: str, *differences: tuple[str, str]) -> tuple[NotEmulated, ...]:
    return tuple(NotEmulated(area=area, what=what, consequence_for_tests=then) for what, then in differences)


NOT_EMULATED: tuple[NotEmulated, ...] = (
    *_of(
        "Everywhere",
        (
            "One account (123456789012), one region (us-east-1), one process.",
            "Nothing crosses accounts, regions or availability zones.",
        ),
        (
            "Service quotas, request throttling and eventual consistency, except where a fault is injected.",
            "Code that only works because a read follows its write at once passes here.",
        ),
        ("Prices and billing.", "Cost is estimated elsewhere, not measured here."),
        (
            "Nothing outlives the process, except the state directory with code and logs.",
            "Start from a fresh deployment.",
        ),
        (
            "Networks: VPCs, security groups, endpoints, TLS. Everything is plain HTTP on 127.0.0.1.",
            "Assert TLS-only policies and network settings on the template.",
        ),
        (
            "Services that only store what they are told (moto), such as Glue, WAF, Backup, Cognito, X-Ray and AppConfig.",
            "A successful create call proves nothing about behaviour.",
        ),
    ),
    *_of(
        "IAM",
        (
            "Service control policies, permission boundaries, and the resource policies of buckets, queues, topics and keys.",
            "A call allowed by a role here may still be denied there; assert resource policies on the template.",
        ),
        (
            "Condition operators and keys beyond those of `iam.conditions`: policies that use others are refused.",
            "Keep conditions simple, or assert them on the template.",
        ),
        (
            (
                "Conditions in the trust of roles that Scheduler, EventBridge, Firehose and CloudWatch Logs deliver with; alarms "
                "publish with the rights of the account's owner."
            ),
            "Assert trusts and topic policies on the template.",
        ),
        (
            "Signatures of API calls (those of HTTP routes are verified); unknown access keys count as the account's owner.",
            "Who calls is believed; what a function's role may do is enforced.",
        ),
        (
            "`dynamodb:LeadingKeys` of PartiQL and of queries of indexes: no condition on them holds.",
            "Query tables by their own keys.",
        ),
        ("Expiry of temporary credentials.", "Long runs never meet ExpiredToken."),
    ),
    *_of(
        "KMS and Secrets",
        (
            "Cryptography of keys: encryption at rest is a flag; RSA-PSS signatures and DIGEST messages differ from AWS's.",
            "Assert encryption on the template; do not test signatures of KMS here.",
        ),
    ),
    *_of(
        "Lambda",
        (
            (
                "Firecracker isolation, the arm64 processor and the Amazon Linux image: processes run on this machine's "
                "interpreter and architecture."
            ),
            "Layers are built for this machine; the layer canary checks the arm64 ones only as far as files go.",
        ),
        (
            "Enforced memory limits and the processor share that grows with memory.",
            "Timings are not Lambda's timings.",
        ),
        (
            "As many warm processes as there were requests at once: at most 32 wait for their next event, of all functions together.",
            "A function that others pushed out starts cold again.",
        ),
        ("SnapStart snapshots and restores.", "Hooks around snapshots run only in their unit tests."),
        ("Recursive-loop detection.", "A loop goes on until its own guard stops it."),
        ("Container images, extensions, file systems, VPC attachment.", "Refused, or without effect."),
        (
            "Virtual time limits: timeouts of functions and of the gateway run in real time.",
            "A fast clock never ends a function early.",
        ),
        (
            "Virtual time in the header `Date`, but for answers of Lambda.",
            "Other services date their answers by the machine's clock: the `cdk` command would sleep for as long as theirs is ahead.",
        ),
        (
            "Function URLs, and event source mappings of anything but streams of DynamoDB, with a batching window, or changed.",
            "Refused; test handlers of other batches directly.",
        ),
    ),
    *_of(
        "API Gateway",
        ("REST APIs, custom domains, certificates and usage plans.", "Only HTTP APIs (v2) answer requests."),
        (
            "The metrics in AWS/ApiGateway, and limits of an account as a whole.",
            "Count requests through AWS/Lambda.",
        ),
        (
            "Limits of routes in virtual time only: while the clock stands still, that of the machine lets requests in.",
            "Test limits with rates at which hours make no difference.",
        ),
        (
            "JWT authorizers, and Lambda authorizers with policies, credentials, or other identity sources than headers and query parameters.",
            "Refused: a route never stands open by accident.",
        ),
    ),
    *_of(
        "CloudFormation",
        (
            "Resource types and properties that no resource class knows.",
            "Refused: the deployment fails and names them.",
        ),
        ("Drift detection, stack sets, nested stacks, hooks.", "Refused or absent."),
    ),
    *_of(
        "Step Functions",
        (
            (
                "JSONata, Assign variables, nested executions (`.sync`), redrive, versions and aliases, TestState, "
                "ToleratedFailurePercentage, ItemBatcher."
            ),
            "Definitions that need them cannot run here.",
        ),
        (
            "Execution logs: the logging configuration is stored, and nothing is written.",
            "Assert it on the template; the execution history has the same facts.",
        ),
        (
            "Express workflows' at-least-once execution, and the payload limit of 256 KB.",
            "Assert the size of state documents in a test of its own.",
        ),
    ),
    *_of(
        "DynamoDB",
        (
            "Expiry of items by TTL, restores from backups and point-in-time recovery.",
            "Readers must not rely on expiry; restores need a drill in AWS.",
        ),
        (
            "ClientRequestToken of transactions.",
            "A repeated transaction is applied again: write idempotent ones.",
        ),
        (
            "Capacity, hot partitions, global tables, eventually consistent reads.",
            "Load and consistency are not tested.",
        ),
        (
            "Streams with several shards, their history, and reading them but by an event source mapping made before.",
            "Create the mapping first. An UpdateItem that makes a new item shows as INSERT of its key and MODIFY.",
        ),
    ),
    *_of(
        "S3",
        (
            "Bucket policies with conditions: not installed, because moto would deny everything.",
            "Assert them on the template.",
        ),
        (
            "Lifecycle rules, replication, storage classes, inventory, wrong checksums.",
            "Objects stay for ever, and a wrong checksum is accepted.",
        ),
        (
            "Notification delivery more than once or out of order.",
            "Use the copies of the event bus to see duplicates.",
        ),
    ),
    *_of(
        "SNS and SQS",
        (
            "Retries and dead-letter queues of SNS subscriptions, e-mail and SMS delivery.",
            "Notifications end in queues, functions and HTTP endpoints.",
        ),
        ("Visibility timeouts and delays in virtual time.", "They run on the machine's clock."),
    ),
    *_of(
        "EventBridge",
        (
            "Targets other than Lambda, Step Functions, SNS, SQS, Firehose, CloudWatch Logs and event buses.",
            "Refused when the target is added.",
        ),
        ("Patterns on members of objects inside arrays.", "Such a pattern matches nothing here."),
        (
            "Pipes, schema registry, API destinations, universal targets of the Scheduler.",
            "Refused or absent.",
        ),
        (
            "Events of AWS services other than S3 objects, Step Functions executions and CloudWatch alarms.",
            "Publish them in the test.",
        ),
        (
            (
                "Flexible time windows count as OFF; of one schedule at most 1000 firings follow a single jump of the clock, "
                "the newest ones."
            ),
            "Advance the clock in steps if every firing of a frequent schedule matters.",
        ),
        (
            "A function started by a schedule inside a jump sees the time after the jump.",
            "Take the due time from the event, as production code should; `POST /_localcloud/pass` stops at all that is due.",
        ),
    ),
    *_of(
        "CloudWatch metrics",
        (
            (
                "SEARCH, Metrics Insights (SELECT), anomaly detection, and metric math beyond arithmetic, comparisons, SUM, AVG, MIN, "
                "MAX, ABS, CEIL, FLOOR, FILL, IF and METRICS."
            ),
            "Refused with ValidationError.",
        ),
        (
            "Percentiles are exact, interpolated between ranks; CloudWatch approximates large samples.",
            "Allow a tolerance around percentile thresholds.",
        ),
        ("Statistics other than the simple ones and pNN (trimmed means and their like).", "Refused."),
        (
            (
                "Metrics that AWS services publish about themselves, except AWS/Lambda, "
                "executions in AWS/States, AWS/Events deliveries and AWS/Logs validation errors."
            ),
            "An alarm on any other AWS metric stays without data.",
        ),
        ("Delay until a value can be queried.", "Alarms react sooner than in AWS."),
        (
            "Exact percentiles of a minute with more than 200 different values: further ones are rounded by up to half a percent.",
            "Leave half a percent of room around percentiles of busy traffic.",
        ),
    ),
    *_of(
        "CloudWatch alarms",
        (
            "Actions other than SNS and Lambda, ActionsSuppressor, EvaluateLowSampleCountPercentile=ignore.",
            "Refused.",
        ),
        (
            "Evaluation more often than each minute, also for high-resolution alarms.",
            "A ten-second alarm reacts after up to a minute.",
        ),
        (
            "The evaluation range is the evaluation periods and two more; AWS does not document the number.",
            "Do not depend on how long an alarm lingers after its metric stops.",
        ),
    ),
    *_of(
        "CloudWatch Logs",
        ("Space-delimited filter patterns, and Logs Insights beyond fields, sort and limit.", "Refused."),
        (
            "Words in filter patterns match anywhere in a line, also inside other words.",
            "Quote phrases, or use JSON patterns.",
        ),
        (
            "Retention: of each log stream the newest 1,000 lines are kept, as long as the process lives.",
            "Assert retention on the template; read a busy stream before it goes on, or what it was forwarded to.",
        ),
    ),
    *_of(
        "Firehose",
        (
            "Destinations other than S3, Kinesis sources, format conversion, S3 backup, Snappy and ZIP.",
            "Refused when the stream is created.",
        ),
        (
            "JQ beyond an object of paths, Java date formats beyond yyyy, MM, dd, HH, mm and ss.",
            "Refused when the stream is created.",
        ),
        (
            "A buffer per partition: one buffer of the stream is flushed as a whole.",
            "AWS may write more and smaller objects, or later ones.",
        ),
        ("Delivery more than once.", "Readers of the lake must tolerate duplicates all the same."),
        (
            "The log of delivery errors, and the health checks that CloudWatch Logs sends through a stream.",
            "Refusals are told in the local cloud's own log; readers of the lake must tolerate lines that are none of theirs.",
        ),
    ),
    *_of(
        "Athena",
        (
            "SQL over S3: moto answers every query with an empty result.",
            "Query the same files locally with another engine.",
        ),
    ),
)


def render(differences: tuple[NotEmulated, ...] = NOT_EMULATED) -> str:
    """The page, one section per area in the order of the list."""
    sections = [
        "\n".join(
            [
                f"## {area}\n",
                "| not emulated | consequence for tests |",
                "|---|---|",
                *(f"| {one.what} | {one.consequence_for_tests} |" for one in members),
            ]
        )
        for area, members in groupby(differences, key=lambda one: one.area)
    ]
    return "\n\n".join([_HEAD.rstrip(), *sections]) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(render(), encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
