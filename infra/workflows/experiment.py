"""The experiment workflow. To read it, read the chain at the bottom."""

from dataclasses import dataclass

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.workflows.step import step
from lambdaloop.domain.errors import LeaseHeldError


@dataclass(frozen=True, kw_only=True)
class ExperimentFunctions:
    """One function for each step."""

    advance_experiment: lambda_.Function
    evaluate_experiment: lambda_.Function

    def all(self) -> list[lambda_.Function]:
        """What the state machine may invoke."""
        return [getattr(self, name) for name in self.__dataclass_fields__]


def experiment_chain(scope: Construct, functions: ExperimentFunctions) -> sfn.IChainable:
    """The document is {"at": time}; each step adds its own key. Mostly there is no experiment, and one cheap step sees that."""
    advance = step(
        scope,
        "Advance experiment",
        function=functions.advance_experiment,
        result="present",
    )
    evaluate = step(
        scope,
        "Evaluate experiment",
        function=functions.evaluate_experiment,
        result="look",
        payload={
            "at": sfn.JsonPath.string_at("$.at"),
            "execution": sfn.JsonPath.string_at("$$.Execution.Name"),
        },
    )
    carry_out = step(
        scope,
        "Carry out",
        function=functions.advance_experiment,
        result="outcome",
        payload={"order": sfn.JsonPath.object_at("$.look.order")},
    )
    nothing = sfn.Succeed(scope, "Nothing to look at")
    looked = sfn.Succeed(scope, "Looked")
    busy = sfn.Succeed(scope, "Another look is being taken", comment="it reads what this one would have read")

    evaluate.add_catch(busy, errors=[LeaseHeldError.__name__], result_path="$.error")

    return advance.next(
        sfn.Choice(scope, "Running?")
        .when(
            sfn.Condition.string_equals("$.present.status", "running"),
            evaluate.next(
                sfn.Choice(scope, "Anything to do?")
                .when(sfn.Condition.string_equals("$.look.order.kind", "none"), looked)
                .otherwise(carry_out.next(looked))
            ),
        )
        .otherwise(nothing)
    )
