"""The release workflow. To read it, read the chain at the bottom."""

from dataclasses import dataclass

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.workflows.before_traffic import approval_stage, shadow_stage
from infra.workflows.step import step
from lambdaloop.domain.errors import ReleaseInProgressError, ReleaseNotReadyError
from lambdaloop.domain.releasing_rules import ReleaseRules

_READY_ATTEMPTS = 12
"""Two to three minutes: Lambda makes a version ready within seconds."""
_SNAPSHOT_ATTEMPTS = 35
"""Ten minutes: Lambda starts a version with SnapStart, and takes its snapshot, before it is ready."""


@dataclass(frozen=True, kw_only=True)
class ReleaseFunctions:
    """One function for each step."""

    open_release: lambda_.Function
    verify_release: lambda_.Function
    shift_traffic: lambda_.Function
    judge_release: lambda_.Function
    close_release: lambda_.Function
    roll_back_release: lambda_.Function
    prune_versions: lambda_.Function
    shadow_release: lambda_.Function | None = None
    """Only where the definition has a shadow section."""
    ask_approval: lambda_.Function | None = None
    record_approval: lambda_.Function | None = None
    """Both only where the definition has an approval section."""

    def all(self) -> list[lambda_.Function]:
        """What the state machine may invoke."""
        functions = (getattr(self, name) for name in self.__dataclass_fields__)
        return [each for each in functions if each is not None]


def release_chain(
    scope: Construct, functions: ReleaseFunctions, *, rules: ReleaseRules, snap_start: bool
) -> sfn.IChainable:
    """The document becomes {"request": input, "execution": name}; each step adds its own key."""
    ready_attempts = _SNAPSHOT_ATTEMPTS if snap_start else _READY_ATTEMPTS
    accept = sfn.Pass(
        scope,
        "Accept request",
        parameters={
            "request": sfn.JsonPath.object_at("$"),
            "execution": sfn.JsonPath.string_at("$$.Execution.Name"),
        },
    )
    open_ = step(
        scope,
        "Open release",
        function=functions.open_release,
        result="opened",
        wait_for=ReleaseNotReadyError,
        wait_attempts=ready_attempts,
    )
    verify = step(
        scope,
        "Verify release",
        function=functions.verify_release,
        result="verified",
        wait_for=ReleaseNotReadyError,
        wait_attempts=ready_attempts,
    )
    shift = step(scope, "Shift traffic", function=functions.shift_traffic, result="shift")
    bake = sfn.Wait(scope, "Bake", time=sfn.WaitTime.seconds_path("$.shift.bake_seconds"))
    judge = step(scope, "Judge release", function=functions.judge_release, result="judgement")
    close = step(scope, "Close release", function=functions.close_release, result="closed")
    roll_back = step(
        scope,
        "Roll back release",
        function=functions.roll_back_release,
        result="rolled_back",
        persistent=True,
    )
    released = sfn.Succeed(scope, "Released")
    rolled_back = sfn.Fail(
        scope,
        "Release rolled back",
        error="ReleaseRolledBack",
        cause_path="$.rolled_back.reason",
    )
    refused = sfn.Fail(
        scope,
        "Release refused",
        error=ReleaseInProgressError.__name__,
        cause="another release of this model is running; nothing was changed",
    )

    stuck = sfn.Fail(
        scope,
        "Release stuck",
        error="ReleaseNotRolledBack",
        cause="traffic may still go to the release: type lambdaloop rollback",
    )
    roll_back.add_catch(stuck, errors=["States.ALL"])

    open_.add_catch(refused, errors=[ReleaseInProgressError.__name__], result_path="$.error")
    # However it ended, it has ended: what cannot be deleted now is deleted after the next release.
    prune = step(scope, "Prune versions", function=functions.prune_versions, result="pruned")
    prune.add_catch(released, errors=["States.ALL"], result_path="$.pruned")
    prune_failed = step(
        scope, "Prune versions after rollback", function=functions.prune_versions, result="pruned"
    )
    prune_failed.add_catch(rolled_back, errors=["States.ALL"], result_path="$.pruned")

    for state in (open_, verify, shift, judge, close):
        state.add_catch(roll_back, errors=["States.ALL"], result_path="$.error")

    first_step: sfn.State = shift
    if rules.approval and functions.ask_approval and functions.record_approval:
        first_step = approval_stage(
            scope,
            approval=rules.approval,
            ask=functions.ask_approval,
            record=functions.record_approval,
            passed=first_step,
            failed=roll_back,
        )
    if rules.shadow and functions.shadow_release:
        first_step = shadow_stage(
            scope,
            shadow=rules.shadow,
            function=functions.shadow_release,
            passed=first_step,
            failed=roll_back,
        )

    verdict = "$.judgement.verdict"
    accept.next(open_).next(
        # A stateless experiment whose control stays asks for what is live; its other arm has lost its share by now.
        sfn.Choice(scope, "Live already?")
        .when(sfn.Condition.string_equals("$.opened.status", "live"), prune)
        .otherwise(verify)
    )
    verify.next(first_step)
    (
        shift.next(bake)
        .next(judge)
        .next(
            sfn.Choice(scope, "Verdict")
            .when(sfn.Condition.string_equals(verdict, "complete"), close.next(prune).next(released))
            .when(sfn.Condition.string_equals(verdict, "advance"), shift)
            .when(sfn.Condition.string_equals(verdict, "hold"), bake)
            .otherwise(roll_back.next(prune_failed).next(rolled_back))
        )
    )
    return accept
