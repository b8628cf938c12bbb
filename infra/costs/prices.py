"""What AWS charges, in one place: published list prices of one region, each with the page that publishes it.

Prices differ by up to a quarter between regions, and change: an estimate is no bill.
"""

from dataclasses import dataclass

REGION = "us-east-1"
AS_OF = "2026-11-22"
"""The day of the table; where a price has tiers, it is that of the first one. Look at a price's source before much depends on it."""

_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
_DYNAMODB = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
_S3 = "https://aws.amazon.com/s3/pricing/"
_FIREHOSE = "https://aws.amazon.com/firehose/pricing/"
_EVENTBRIDGE = "https://aws.amazon.com/eventbridge/pricing/"


@dataclass(frozen=True, kw_only=True)
class Price:
    """US dollars for one unit, what the unit is, and who says so."""

    usd: float
    unit: str
    service: str
    source: str
    free: float = 0.0
    """Units a month that are free for good, in each account; what is free for the first months only is not here."""


LAMBDA_GB_SECOND = Price(
    usd=0.0000133334, unit="GB-second, arm64", service="Lambda", source=_LAMBDA, free=400_000
)
LAMBDA_REQUEST = Price(usd=0.20e-6, unit="request", service="Lambda", source=_LAMBDA, free=1_000_000)
SNAPSHOT_GB_SECOND = Price(
    usd=0.0000015046, unit="GB-second of a kept snapshot", service="Lambda", source=_LAMBDA
)
SNAPSHOT_RESTORE_GB = Price(
    usd=0.0001397998, unit="GB restored from a snapshot", service="Lambda", source=_LAMBDA
)
HTTP_REQUEST = Price(
    usd=1.00e-6,
    unit="request of up to 512 KB",
    service="API Gateway",
    source="https://aws.amazon.com/api-gateway/pricing/",
)
TRANSITION = Price(
    usd=0.025e-3,
    unit="state transition",
    service="Step Functions",
    source="https://aws.amazon.com/step-functions/pricing/",
    free=4_000,
)
DYNAMODB_WRITE = Price(usd=0.625e-6, unit="write request unit", service="DynamoDB", source=_DYNAMODB)
DYNAMODB_READ = Price(usd=0.125e-6, unit="read request unit", service="DynamoDB", source=_DYNAMODB)
DYNAMODB_GB = Price(usd=0.25, unit="GB-month", service="DynamoDB", source=_DYNAMODB, free=25)
DYNAMODB_BACKUP_GB = Price(
    usd=0.20, unit="GB-month of point-in-time recovery", service="DynamoDB", source=_DYNAMODB
)
S3_GB = Price(usd=0.023, unit="GB-month", service="S3", source=_S3)
S3_WRITE = Price(usd=0.005e-3, unit="PUT or LIST", service="S3", source=_S3)
S3_READ = Price(usd=0.0004e-3, unit="GET", service="S3", source=_S3)
FIREHOSE_GB = Price(usd=0.029, unit="GB taken in", service="Firehose", source=_FIREHOSE)
FIREHOSE_UNPACKED_GB = Price(
    usd=0.00325, unit="GB of log data unpacked", service="Firehose", source=_FIREHOSE
)
LOGS_GB = Price(usd=0.50, unit="GB written to a log", service="CloudWatch Logs", source=_CLOUDWATCH, free=5)
LOGS_KEPT_GB = Price(usd=0.03, unit="GB-month of logs", service="CloudWatch Logs", source=_CLOUDWATCH)
METRIC = Price(usd=0.30, unit="metric-month, by the hour", service="CloudWatch", source=_CLOUDWATCH, free=10)
METRIC_ASKED = Price(
    usd=0.01e-3, unit="metric asked for by GetMetricData", service="CloudWatch", source=_CLOUDWATCH
)
ALARM_METRIC = Price(
    usd=0.10, unit="metric of an alarm, a month", service="CloudWatch", source=_CLOUDWATCH, free=10
)
COMPOSITE_ALARM = Price(usd=0.50, unit="composite alarm, a month", service="CloudWatch", source=_CLOUDWATCH)
DASHBOARD_METRICS = 50
"""A dashboard that refers to more metrics is not one of the free ones."""
DASHBOARD = Price(
    usd=3.00, unit="dashboard of up to 50 metrics, a month", service="CloudWatch", source=_CLOUDWATCH, free=3
)
LARGE_DASHBOARD = Price(
    usd=3.00, unit="dashboard of more metrics, a month", service="CloudWatch", source=_CLOUDWATCH
)
SCHEDULED_START = Price(
    usd=1.00e-6,
    unit="start by EventBridge Scheduler",
    service="EventBridge",
    source=_EVENTBRIDGE,
    free=14_000_000,
)
EVENT = Price(usd=1.00e-6, unit="event put on a bus", service="EventBridge", source=_EVENTBRIDGE)
QUEUE_REQUEST = Price(
    usd=0.40e-6,
    unit="request to a queue",
    service="SQS",
    source="https://aws.amazon.com/sqs/pricing/",
    free=1_000_000,
)
TRACE = Price(
    usd=5.00e-6,
    unit="trace",
    service="X-Ray",
    source="https://aws.amazon.com/xray/pricing/",
    free=100_000,
)
KEY = Price(
    usd=1.00,
    unit="customer managed key, a month",
    service="KMS",
    source="https://aws.amazon.com/kms/pricing/",
)
SECRET = Price(
    usd=0.40,
    unit="secret, a month",
    service="Secrets Manager",
    source="https://aws.amazon.com/secrets-manager/pricing/",
)
TRANSFER_GB = Price(
    usd=0.09,
    unit="GB sent to the internet",
    service="Data transfer",
    source="https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer",
    free=100,
)
