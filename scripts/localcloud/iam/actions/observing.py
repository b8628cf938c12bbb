"""Which rights CloudWatch, Logs, SSM, STS and CloudFormation operations need."""

from scripts.localcloud.iam.actions.rule import Parameters, Rules, arn, named, same_name
from scripts.localcloud.iam.policy import Access


def _put_metric_data(parameters: Parameters) -> list[Access]:
    context = (("cloudwatch:namespace", (str(parameters.get("Namespace", "")),)),)
    return [Access(action="cloudwatch:PutMetricData", resource="*", context=context)]


def _set_alarm_state(parameters: Parameters) -> list[Access]:
    return [
        Access(
            action="cloudwatch:SetAlarmState", resource=arn("cloudwatch", f"alarm:{parameters['AlarmName']}")
        )
    ]


def _describe_alarms(parameters: Parameters) -> list[Access]:
    names = parameters.get("AlarmNames") or ["*"]
    return [
        Access(action="cloudwatch:DescribeAlarms", resource=arn("cloudwatch", f"alarm:{name}"))
        for name in names
    ]


def _log_group(parameters: Parameters) -> str:
    """IAM always sees a log stream behind the group, an empty one where the request names none."""
    named_group = parameters.get("logGroupName") or parameters.get("logGroupIdentifier") or "*"
    group = str(named_group).rpartition(":log-group:")[2].removesuffix(":*")
    return arn("logs", f"log-group:{group}:log-stream:{parameters.get('logStreamName', '')}")


def _start_query(parameters: Parameters) -> list[Access]:
    groups = [*parameters.get("logGroupNames", []), *parameters.get("logGroupIdentifiers", [])]
    if not groups:
        groups = [parameters.get("logGroupName", "*")]
    return [
        Access(action="logs:StartQuery", resource=_log_group({"logGroupName": group})) for group in groups
    ]


def _parameter(parameters: Parameters) -> str:
    return _parameter_arn(str(parameters["Name"]))


def _parameter_arn(name: str) -> str:
    return name if name.startswith("arn:") else arn("ssm", f"parameter/{name.lstrip('/')}")


def _get_parameters(parameters: Parameters) -> list[Access]:
    return [
        Access(action="ssm:GetParameters", resource=_parameter_arn(str(name))) for name in parameters["Names"]
    ]


def _get_parameters_by_path(parameters: Parameters) -> list[Access]:
    resource = _parameter_arn(str(parameters["Path"]).rstrip("/"))
    return [Access(action="ssm:GetParametersByPath", resource=resource)]


def _nothing(_: Parameters) -> list[Access]:
    """Anybody with a valid key may ask who they are."""
    return []


def _stack(parameters: Parameters) -> str:
    name = str(parameters.get("StackName", "*"))
    return name if name.startswith("arn:") else arn("cloudformation", f"stack/{name}/*")


CLOUDWATCH: Rules = {
    "PutMetricData": _put_metric_data,
    "SetAlarmState": _set_alarm_state,
    "DescribeAlarms": _describe_alarms,
    **same_name("cloudwatch", "GetMetricData GetMetricStatistics ListMetrics"),
}

LOGS: Rules = {
    **same_name("logs", "CreateLogGroup CreateLogStream PutLogEvents GetLogEvents", _log_group),
    **same_name("logs", "FilterLogEvents DescribeLogStreams", _log_group),
    **same_name("logs", "DescribeLogGroups GetQueryResults StopQuery"),
    "StartQuery": _start_query,
}

SSM: Rules = {
    **same_name("ssm", "GetParameter PutParameter DeleteParameter", _parameter),
    "GetParameters": _get_parameters,
    "GetParametersByPath": _get_parameters_by_path,
}

STS: Rules = {
    "GetCallerIdentity": _nothing,
    **same_name("sts", "AssumeRole", named("iam", "role", "RoleArn")),
}

CLOUDFORMATION: Rules = same_name(
    "cloudformation",
    "DescribeStacks DescribeStackEvents DescribeStackResource DescribeStackResources ListStackResources",
    _stack,
)
