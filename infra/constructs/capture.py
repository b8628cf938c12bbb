"""The road from the inference function's log to the capture bucket: subscription → Firehose → S3.

A request writes lines and waits for no network. CloudWatch Logs passes on the capture lines alone; Firehose unpacks them,
puts each on a line of its own and delivers a compressed object per model and hour of arrival.
"""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.service_role import service_role
from infra.grants import deliver_capture, put_records, write_to_log_stream
from infra.stages import log_retention
from lambdaloop.domain.capture import LABEL, PREDICTION

PATTERN = f'{{ ($.kind = "{PREDICTION}") || ($.kind = "{LABEL}") }}'
"""The lines that leave the log: no request's error, no metric, no report of Lambda's."""
_LONGEST_WAIT_SECONDS = 300
_MEGABYTES = 16
"""Small enough that the watch can hold what an object unpacks to, whichever side of the unpacking Firehose measures."""


class Capture(Construct):
    """One delivery stream of one model; `stream` is what alarms ask about."""

    def __init__(
        self, scope: Construct, id_: str, *, model: str, log_group: logs.ILogGroup, capture_bucket: s3.IBucket
    ) -> None:
        super().__init__(scope, id_)
        # What Firehose cannot deliver at all (a role, a bucket that is gone) is told here only.
        self.delivery_log = logs.LogGroup(
            self, "Log", retention=log_retention(self), removal_policy=RemovalPolicy.DESTROY
        )
        delivery_errors = logs.CfnLogStream(
            self, "Errors", log_group_name=self.delivery_log.log_group_name, log_stream_name="errors"
        )
        delivery = service_role(
            self,
            "Delivery",
            service="firehose",
            grants=[
                *deliver_capture(capture_bucket, model),
                write_to_log_stream(self.delivery_log.log_group_arn),
            ],
        )
        self.stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input=firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(
                key_type="AWS_OWNED_CMK"
            ),
            extended_s3_destination_configuration=firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
                bucket_arn=capture_bucket.bucket_arn,
                role_arn=delivery.role_arn,
                prefix=f"raw/model={model}/day=!{{timestamp:yyyy-MM-dd}}/hour=!{{timestamp:HH}}/",
                error_output_prefix=f"failed/model={model}/!{{firehose:error-output-type}}/day=!{{timestamp:yyyy-MM-dd}}/",
                compression_format="GZIP",
                buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(
                    interval_in_seconds=_LONGEST_WAIT_SECONDS, size_in_m_bs=_MEGABYTES
                ),
                processing_configuration=firehose.CfnDeliveryStream.ProcessingConfigurationProperty(
                    enabled=True,
                    # CloudWatch Logs sends gzipped envelopes of many lines, and what takes the lines out puts nothing
                    # between them.
                    processors=[
                        _processor("Decompression", CompressionFormat="GZIP"),
                        _processor("CloudWatchLogProcessing", DataMessageExtraction="true"),
                        _processor("AppendDelimiterToRecord"),
                    ],
                ),
                cloud_watch_logging_options=firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty(
                    enabled=True,
                    log_group_name=self.delivery_log.log_group_name,
                    log_stream_name=delivery_errors.ref,
                ),
            ),
        )
        forwarding = service_role(
            self, "Forwarding", service="logs", grants=[put_records(self.stream.attr_arn)]
        )
        self.subscription = logs.CfnSubscriptionFilter(
            self,
            "Subscription",
            log_group_name=log_group.log_group_name,
            filter_pattern=PATTERN,
            destination_arn=self.stream.attr_arn,
            role_arn=forwarding.role_arn,
        )


def _processor(kind: str, **parameters: str) -> firehose.CfnDeliveryStream.ProcessorProperty:
    named = [
        firehose.CfnDeliveryStream.ProcessorParameterProperty(parameter_name=name, parameter_value=value)
        for name, value in parameters.items()
    ]
    return firehose.CfnDeliveryStream.ProcessorProperty(type=kind, parameters=named or None)
