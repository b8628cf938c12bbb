"""The watch workflow. To read it, read the chain at the bottom."""

from dataclasses import dataclass

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.workflows.step import step
from lambdaloop.domain.errors import LeaseHeldError


@dataclass(frozen=True, kw_only=True)
class WatchFunctions:
    """One function for each step."""

    watch_model: lambda_.Function
    govern_retraining: lambda_.Function

    def all(self) -> list[lambda_.Function]:
        """What the state machine may invoke."""
        return [getattr(self, name) for name in self.__dataclass_fields__]


def watch_chain(scope: Construct, functions: WatchFunctions) -> sfn.IChainable:
    """The document is {"at": time}; each step adds its own key. A run that finds another one at work is a success."""
    watch = step(
        scope,
        "Watch model",
        function=functions.watch_model,
        result="window",
        payload={
            "at": sfn.JsonPath.string_at("$.at"),
            "execution": sfn.JsonPath.string_at("$$.Execution.Name"),
        },
    )
    govern = step(
        scope,
        "Govern retraining",
        function=functions.govern_retraining,
        result="decision",
        payload={"cause": "watch", "at": sfn.JsonPath.string_at("$.at")},
    )
    watched = sfn.Succeed(scope, "Watched")
    busy = sfn.Succeed(
        scope,
        "Another watch is running",
        comment="it reads what this one would have read, or the next one does",
    )

    watch.add_catch(busy, errors=[LeaseHeldError.__name__], result_path="$.error")

    return watch.next(govern).next(watched)
