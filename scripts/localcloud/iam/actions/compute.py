"""Which rights Lambda and Step Functions operations need."""

from scripts.localcloud.iam.actions.rule import Parameters, Rules, allow, arn, named, same_name


def function_arn(name: str, qualifier: str | None = None) -> str:
    """The ARN that IAM sees: with its qualifier when the request names one, in whichever form."""
    tail = name.rpartition(":function:")[2] if ":function:" in name else name
    plain, _, own = tail.partition(":")
    qualifier = qualifier or own
    return arn("lambda", f"function:{plain}" + (f":{qualifier}" if qualifier else ""))


def _qualified(parameters: Parameters) -> str:
    return function_arn(str(parameters["FunctionName"]), parameters.get("Qualifier"))


def _function(parameters: Parameters) -> str:
    """Aliases and versions are managed on the function itself."""
    return function_arn(str(parameters["FunctionName"]).rpartition(":function:")[2].partition(":")[0])


_execution = named("states", "execution", "executionArn", ":")
_machine = named("states", "stateMachine", "stateMachineArn", ":")

LAMBDA: Rules = {
    "Invoke": allow("lambda:InvokeFunction", _qualified),
    "InvokeAsync": allow("lambda:InvokeFunction", _qualified),
    **same_name("lambda", "GetFunction GetFunctionConfiguration GetPolicy AddPermission", _qualified),
    **same_name("lambda", "RemovePermission DeleteFunction", _qualified),
    **same_name("lambda", "GetAlias CreateAlias UpdateAlias DeleteAlias ListAliases", _function),
    **same_name("lambda", "PublishVersion ListVersionsByFunction", _function),
    **same_name("lambda", "UpdateFunctionCode UpdateFunctionConfiguration", _function),
    **same_name("lambda", "GetFunctionConcurrency PutFunctionConcurrency", _function),
    **same_name("lambda", "DeleteFunctionConcurrency GetFunctionEventInvokeConfig", _function),
    **same_name("lambda", "PutFunctionEventInvokeConfig", _function),
    **same_name("lambda", "CreateEventSourceMapping GetEventSourceMapping ListEventSourceMappings"),
    **same_name("lambda", "DeleteEventSourceMapping ListFunctions ListLayers"),
}

STEP_FUNCTIONS: Rules = {
    **same_name("states", "StartExecution DescribeStateMachine ListExecutions UpdateStateMachine", _machine),
    **same_name("states", "DescribeExecution GetExecutionHistory StopExecution", _execution),
    **same_name("states", "DescribeStateMachineForExecution RedriveExecution", _execution),
    **same_name("states", "SendTaskSuccess SendTaskFailure SendTaskHeartbeat ListStateMachines"),
}
