"""What a release may have to pass before its first step: copies of live requests, and a person's consent.

Each stage is in the state machine only where the model's definition has its section.
"""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.workflows.step import step, waiting_step
from lambdaloop.domain.errors import ApprovalDecidedError
from lambdaloop.domain.release_rules import slice_seconds
from lambdaloop.domain.releasing_rules import Approval, Shadow


def shadow_stage(
    scope: Construct,
    *,
    shadow: Shadow,
    function: lambda_.Function,
    passed: sfn.State,
    failed: sfn.State,
) -> sfn.State:
    """Slices of waiting and looking, until what was seen is enough; a first release has nobody to be compared with."""
    wait = sfn.Wait(scope, "Shadow", time=sfn.WaitTime.duration(Duration.seconds(slice_seconds(shadow))))
    look = step(scope, "Shadow release", function=function, result="shadow")
    look.add_catch(failed, errors=["States.ALL"], result_path="$.error")
    verdict = "$.shadow.verdict"
    wait.next(look).next(
        sfn.Choice(scope, "Shadow verdict")
        .when(sfn.Condition.string_equals(verdict, "advance"), passed)
        .when(sfn.Condition.string_equals(verdict, "hold"), wait)
        .otherwise(failed)
    )
    return (
        sfn.Choice(scope, "First release?")
        .when(sfn.Condition.boolean_equals("$.opened.first", True), passed)
        .otherwise(wait)
    )


def approval_stage(
    scope: Construct,
    *,
    approval: Approval,
    ask: lambda_.Function,
    record: lambda_.Function,
    passed: sfn.State,
    failed: sfn.State,
) -> sfn.State:
    """Ask, wait, remind, wait, and read what is on record: a wait that nobody ended is a no.

    Two waits and not one with a clock beside it: a task that waits cannot be told to remind. The question that was answered
    between them is noticed by the second one, which refuses to ask.
    """
    first = Duration.hours(approval.expires_hours - approval.remind_hours)
    last = Duration.hours(approval.remind_hours)
    asking = waiting_step(
        scope, "Ask approval", function=ask, payload=_question(reminder=False), patience=first
    )
    reminding = waiting_step(
        scope, "Remind approvers", function=ask, payload=_question(reminder=True), patience=last
    )
    recording = step(scope, "Record approval", function=record, result="approval")
    for state, silence in ((asking, reminding), (reminding, recording)):
        state.add_catch(silence, errors=["States.Timeout"], result_path=sfn.JsonPath.DISCARD)
        state.add_catch(recording, errors=[ApprovalDecidedError.__name__], result_path=sfn.JsonPath.DISCARD)
        state.next(recording)
    for state in (asking, reminding, recording):
        state.add_catch(failed, errors=["States.ALL"], result_path="$.error")
    recording.next(
        sfn.Choice(scope, "Approved?")
        .when(sfn.Condition.boolean_equals("$.approval.approved", True), passed)
        .otherwise(failed)
    )
    return asking


def _question(*, reminder: bool) -> dict[str, object]:
    return {
        "execution": sfn.JsonPath.string_at("$.execution"),
        "opened": sfn.JsonPath.object_at("$.opened"),
        "token": sfn.JsonPath.task_token,
        "reminder": reminder,
    }
