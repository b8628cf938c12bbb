"""The training workflow. To read it, read the chain at the bottom."""

from dataclasses import dataclass
from typing import cast

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from infra.workflows.step import step


@dataclass(frozen=True, kw_only=True)
class TrainingFunctions:
    """One function for each step; some only where the definition asks for them."""

    collect_labelled: lambda_.Function
    resolve_dataset: lambda_.Function
    validate_dataset: lambda_.Function
    train_candidate: lambda_.Function
    evaluate_candidates: lambda_.Function
    package_model: lambda_.Function
    check_parity: lambda_.Function
    register_version: lambda_.Function
    close_run: lambda_.Function
    start_release: lambda_.Function | None
    log_run: lambda_.Function | None
    """Only where runs are told to a tracking server."""

    def all(self) -> list[lambda_.Function]:
        """What the state machine may invoke."""
        every = [getattr(self, name) for name in self.__dataclass_fields__]
        return [function for function in every if function is not None]


def training_chain(scope: Construct, functions: TrainingFunctions, *, parallel: int) -> sfn.IChainable:
    """`parallel` candidates are trained at the same time. The document is {"run": {…}}; each step adds its own key. A rejected run is a success: the gate did its work."""
    collect = step(scope, "Collect labelled", function=functions.collect_labelled, result="captured")
    resolve = step(scope, "Resolve dataset", function=functions.resolve_dataset, result="dataset")
    validate = step(scope, "Validate dataset", function=functions.validate_dataset, result="validation")
    train = step(scope, "Train candidate", function=functions.train_candidate, result=None)
    evaluate = step(scope, "Evaluate candidates", function=functions.evaluate_candidates, result="evaluation")
    package = step(scope, "Package model", function=functions.package_model, result="package")
    parity = step(scope, "Check parity", function=functions.check_parity, result="parity")
    register = step(scope, "Register version", function=functions.register_version, result="version")
    reject = step(
        scope,
        "Reject run",
        function=functions.close_run,
        result="closed",
        payload={"outcome": "rejected", "document": sfn.JsonPath.entire_payload},
    )
    record_failure = step(
        scope,
        "Record failure",
        function=functions.close_run,
        result="closed",
        payload={"outcome": "failed", "document": sfn.JsonPath.entire_payload},
    )
    failed = sfn.Fail(
        scope,
        "Run failed",
        error_path=sfn.JsonPath.string_at("$.error.Error"),
        cause_path=sfn.JsonPath.string_at("$.error.Cause"),
    )
    rejected = sfn.Succeed(scope, "Run rejected", comment="the winner did not pass the gate")

    def told(outcome: str, end: sfn.Succeed | sfn.Fail) -> sfn.IChainable:
        """The end of a run, after the tracking server was told; a step that fails there leads to the same end."""
        if functions.log_run is None:
            return end
        payload = {"outcome": outcome, "document": sfn.JsonPath.entire_payload}
        log = step(
            scope, f"Log {outcome} run", function=functions.log_run, result="tracking", payload=payload
        )
        log.add_catch(end, errors=["States.ALL"], result_path="$.tracking")
        return log.next(end)

    train_all = sfn.Map(
        scope,
        "Train candidates",
        items_path="$.validation.candidates",
        max_concurrency=parallel,
        item_selector={
            "run": sfn.JsonPath.object_at("$.run"),
            "dataset": sfn.JsonPath.object_at("$.dataset"),
            "candidate": sfn.JsonPath.string_at("$$.Map.Item.Value"),
        },
        result_path="$.candidates",
    )
    train_all.item_processor(train)
    guarded: list[tasks.LambdaInvoke | sfn.Map] = [
        collect,
        resolve,
        validate,
        train_all,
        evaluate,
        package,
        parity,
        register,
        reject,
    ]
    ending: sfn.IChainable | None = None
    if functions.log_run is not None or functions.start_release is None:
        ending = told("registered", sfn.Succeed(scope, "Version registered"))
    if functions.start_release is not None:
        release = step(scope, "Start release", function=functions.start_release, result="release")
        guarded.append(release)
        after_register: sfn.IChainable = release.next(ending) if ending else release
    else:
        after_register = cast("sfn.IChainable", ending)
    for state in guarded:
        state.add_catch(record_failure, errors=["States.ALL"], result_path="$.error")
    record_failure.next(told("failed", failed))

    return (
        collect.next(resolve)
        .next(validate)
        .next(train_all)
        .next(evaluate)
        .next(
            sfn.Choice(scope, "Gate passed?")
            .when(
                sfn.Condition.boolean_equals("$.evaluation.passed", True),
                package.next(parity).next(register).next(after_register),
            )
            .otherwise(reject.next(told("rejected", rejected)))
        )
    )
