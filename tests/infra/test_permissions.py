"""Who may do what: exact rights, and duties that stay separate."""

import pytest

from infra.grants import Grant
from tests.infra.synthesis import Resource, Template

TRAINING = {
    "collect_labelled",
    "resolve_dataset",
    "validate_dataset",
    "train_candidate",
    "evaluate_candidates",
    "package_model",
    "check_parity",
    "register_version",
    "close_run",
    "start_release",
}
RELEASE = {
    "open_release",
    "verify_release",
    "shift_traffic",
    "judge_release",
    "close_release",
    "roll_back_release",
    "prune_versions",
}
WATCH = {"watch_model", "govern_retraining"}
EXPERIMENTS = {"advance_experiment", "evaluate_experiment"}
WORKFLOWS = {
    "Training": TRAINING,
    "Releasing": RELEASE,
    "Watching": WATCH,
    "Experimenting": EXPERIMENTS,
}
"""By how the logical ids of their state machines begin."""
SHARED_NAMESPACES = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["NAMESPACE#*"]}}
"""Experiments of several models keep out of each other's way."""
LOGGING = {"logs:CreateLogStream", "logs:PutLogEvents"}


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _actions(template: Template, verb: str) -> set[str]:
    return {str(action) for each in template.grants(verb) for action in _listed(each["Action"])}


def _statements_about(template: Template, verb: str, service: str) -> list[Resource]:
    return [each for each in template.grants(verb) if str(_listed(each["Action"])[0]).startswith(service)]


def _tail(resource: object) -> str:
    """The text after the last reference."""
    return str(resource["Fn::Join"][1][-1]) if isinstance(resource, dict) and "Fn::Join" in resource else ""


def test_no_role_may_do_everything_of_a_kind(templates: dict[str, Template]) -> None:
    for template in templates.values():
        for role in template.of_type("AWS::IAM::Role").values():
            assert "ManagedPolicyArns" not in role
            for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
                assert not any("*" in str(action) for action in _listed(statement["Action"]))


def test_wildcards_stand_only_where_aws_leaves_no_choice(templates: dict[str, Template]) -> None:
    allowed = {
        "cloudwatch:GetMetricData",
        "cloudwatch:DescribeAlarms",
        "logs:CreateLogDelivery",
        "states:SendTaskSuccess",
        "xray:PutTraceSegments",
    }
    for template in templates.values():
        for role in template.of_type("AWS::IAM::Role").values():
            for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
                if "*" in _listed(statement["Resource"]):
                    assert _listed(statement["Action"])[0] in allowed


def test_every_function_has_a_role_of_its_own(templates: dict[str, Template]) -> None:
    for template in templates.values():
        roles = [each["Role"]["Fn::GetAtt"][0] for each in template.functions().values()]
        assert len(set(roles)) == len(roles)


def test_who_checks_api_keys_may_read_its_models_keys_and_count_their_requests_only(
    templates: dict[str, Template],
) -> None:
    template = templates["Lambdaloop-credit"]
    statements = _statements_about(template, "authorize", "dynamodb:")
    assert {each["Action"]: each["Condition"] for each in statements} == {
        "dynamodb:GetItem": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["APIKEYS#credit"]}},
        "dynamodb:UpdateItem": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["BUCKET#credit#*"]}},
    }
    assert _actions(template, "authorize") - LOGGING == {"dynamodb:GetItem", "dynamodb:UpdateItem"}
    assert "authorize" not in templates["Lambdaloop-churn"].functions()


def test_training_can_neither_publish_nor_route_nor_invoke(churn: Template) -> None:
    for verb in TRAINING:
        assert not any(action.startswith("lambda:") for action in _actions(churn, verb)), verb


def test_only_release_functions_may_touch_the_inference_function_and_no_other(churn: Template) -> None:
    [inference] = [
        id_ for id_ in churn.of_type("AWS::Lambda::Function") if id_.startswith("ServingInference")
    ]
    own = {"Fn::GetAtt": [inference, "Arn"]}
    versions = {"Fn::Join": ["", [own, ":*"]]}
    for verb in RELEASE:
        for statement in _statements_about(churn, verb, "lambda:"):
            assert statement["Resource"] in (own, versions), verb
            if statement["Resource"] == versions:
                assert verb in ("verify_release", "judge_release", "prune_versions")


def test_only_opening_shifting_and_rolling_back_may_move_traffic(churn: Template) -> None:
    movers = {verb for verb in RELEASE if "lambda:UpdateAlias" in _actions(churn, verb)}
    assert movers == {"open_release", "shift_traffic", "roll_back_release"}
    publishers = {verb for verb in RELEASE if "lambda:PublishVersion" in _actions(churn, verb)}
    assert publishers == {"open_release"}


def test_inference_may_only_read_its_own_models_artifacts_and_log(churn: Template) -> None:
    assert _actions(churn, "inference") == {
        "s3:GetObjectVersion",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    [statement] = _statements_about(churn, "inference", "s3:")
    assert _tail(statement["Resource"]) == "/models/churn/artifacts/*"


def test_starting_a_release_is_all_that_training_may_do_to_it(churn: Template) -> None:
    assert _actions(churn, "start_release") - {"logs:CreateLogStream", "logs:PutLogEvents"} == {
        "states:StartExecution"
    }
    [statement] = _statements_about(churn, "start_release", "states:")
    assert statement["Resource"] == churn.document["Outputs"]["ReleaseWorkflow"]["Value"]


def test_the_registry_is_open_for_the_items_of_ones_own_model_only(templates: dict[str, Template]) -> None:
    for model in ("churn", "price", "species"):
        template = templates[f"Lambdaloop-{model}"]
        for verb in template.functions():
            for statement in _statements_about(template, verb, "dynamodb:"):
                if statement["Condition"] == SHARED_NAMESPACES:
                    assert verb in ("start_experiment", "advance_experiment")
                    continue
                if verb == "inference":  # stored features, in a table of their own: test_feature_stack
                    assert statement["Action"] == "dynamodb:BatchGetItem"
                    continue
                assert statement["Condition"] == {
                    "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [f"MODEL#{model}"]}
                }
                assert "dynamodb:Scan" not in _listed(statement["Action"])


@pytest.mark.parametrize(("model", "folder"), [("churn", "churn/"), ("price", "houses/sold/")])
def test_training_data_are_read_below_the_definitions_location_only(
    model: str, folder: str, templates: dict[str, Template]
) -> None:
    for statement in _statements_about(templates[f"Lambdaloop-{model}"], "resolve_dataset", "s3:"):
        if statement["Action"] == "s3:ListBucketVersions":
            assert statement["Condition"] == {"StringEquals": {"s3:prefix": [folder]}}
        else:
            assert _tail(statement["Resource"]) in {f"/{folder}*", f"/models/{model}/artifacts/*"}


def test_alarms_are_read_only_where_the_definition_names_some(templates: dict[str, Template]) -> None:
    assert "cloudwatch:DescribeAlarms" in _actions(templates["Lambdaloop-churn"], "judge_release")
    assert "cloudwatch:DescribeAlarms" not in _actions(templates["Lambdaloop-price"], "judge_release")


def test_watching_and_deciding_change_nothing_but_records(churn: Template) -> None:
    for verb in WATCH:
        actions = _actions(churn, verb)
        assert not any(action.startswith("lambda:") for action in actions), verb
        assert not any("Delete" in action for action in actions), verb


def test_the_watch_reads_what_came_in_and_writes_only_what_it_derives(churn: Template) -> None:
    places: dict[str, set[str]] = {}
    for statement in _statements_about(churn, "watch_model", "s3:"):
        if "Condition" not in statement:
            for action in _listed(statement["Action"]):
                places.setdefault(str(action), set()).update(map(_tail, _listed(statement["Resource"])))
    kept = {f"/{each}/model=churn/*" for each in ("hours", "days", "sources")}
    assert places["s3:PutObject"] == {*kept, "/quarantine/model=churn/*", "/reports/model=churn/*"}
    assert places["s3:GetObject"] == {*kept, "/raw/model=churn/*"}
    assert places["s3:GetObjectVersion"] == {"/feedback/churn/*", "/models/churn/artifacts/*"}


def test_who_writes_reports_changes_nothing_but_pages(churn: Template) -> None:
    statements = _statements_about(churn, "write_report", "s3:")
    written = [
        _tail(resource)
        for each in statements
        if "s3:PutObject" in _listed(each["Action"])
        for resource in _listed(each["Resource"])
    ]
    assert written == ["/pages/model=churn/*"]
    assert _actions(churn, "write_report") == LOGGING | {
        "s3:ListBucket",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:PutObject",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "sqs:SendMessage",
    }


def test_collecting_reads_the_models_log_and_labels_and_writes_artifacts_only(churn: Template) -> None:
    actions: dict[str, set[str]] = {}
    prefixes = set()
    for statement in _statements_about(churn, "collect_labelled", "s3:"):
        for values in statement.get("Condition", {}).values():
            prefixes |= set(values["s3:prefix"])
        for action in _listed(statement["Action"]):
            actions.setdefault(str(action), set()).update(map(_tail, _listed(statement["Resource"])))
    assert prefixes == {"raw/model=churn/*", "feedback/churn/"}
    assert actions == {
        "s3:ListBucket": {""},
        "s3:ListBucketVersions": {""},
        "s3:GetObject": {"/raw/model=churn/*", "/models/churn/artifacts/*"},
        "s3:GetObjectVersion": {"/feedback/churn/*"},
        "s3:PutObject": {"/models/churn/artifacts/*"},
    }
    assert _actions(churn, "collect_labelled") - LOGGING == actions.keys()


def test_the_watch_lists_its_own_models_folders_only(churn: Template) -> None:
    lists = [each for each in _statements_about(churn, "watch_model", "s3:") if "Condition" in each]
    prefixes = [
        prefix for each in lists for values in each["Condition"].values() for prefix in values["s3:prefix"]
    ]
    assert prefixes
    for prefix in prefixes:
        assert prefix == "feedback/churn/" or prefix.endswith("/model=churn/*"), prefix


def test_starting_a_training_is_all_that_the_governor_may_do_beside_its_records(churn: Template) -> None:
    assert _actions(churn, "govern_retraining") - LOGGING == {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "states:StartExecution",
        "sqs:SendMessage",
    }
    [statement] = _statements_about(churn, "govern_retraining", "states:")
    assert statement["Resource"] == churn.document["Outputs"]["TrainingWorkflow"]["Value"]
    [statement] = _statements_about(churn, "govern_retraining", "sqs:")
    [queue] = churn.of_type("AWS::SQS::Queue")
    assert statement["Resource"] == {"Fn::GetAtt": [queue, "Arn"]}


def test_a_state_machine_may_invoke_exactly_its_own_functions(churn: Template) -> None:
    for id_, machine in churn.of_type("AWS::StepFunctions::StateMachine").items():
        role = churn.resources[machine["RoleArn"]["Fn::GetAtt"][0]]["Properties"]
        invoked = role["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"]
        functions = churn.of_type("AWS::Lambda::Function")
        verbs = {functions[each["Fn::GetAtt"][0]]["Handler"].split(".")[1] for each in invoked}
        [expected] = [verbs for prefix, verbs in WORKFLOWS.items() if id_.startswith(prefix)]
        assert verbs == expected


def test_a_role_serves_one_aws_service(templates: dict[str, Template]) -> None:
    for template in templates.values():
        for role in template.of_type("AWS::IAM::Role").values():
            [statement] = role["AssumeRolePolicyDocument"]["Statement"]
            assert statement["Principal"]["Service"].removesuffix(".amazonaws.com") in {
                "lambda",
                "states",
                "scheduler",
                "firehose",
                "logs",
            }


def test_a_grant_is_one_statement_of_its_actions_and_resources() -> None:
    statement = Grant(actions=("s3:GetObject",), resources=("arn:aws:s3:::b/k",)).statement().to_json()
    assert statement == {"Action": "s3:GetObject", "Effect": "Allow", "Resource": "arn:aws:s3:::b/k"}
