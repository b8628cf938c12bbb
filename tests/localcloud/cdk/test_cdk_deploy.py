"""The real `cdk` command against the local cloud: what a developer does all day, and what must never happen."""

import json
import os
import shlex
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import pytest_socket

pytestmark = pytest.mark.localcloud

ROOT = Path(__file__).parents[3]
APP = Path(__file__).parent / "cdk_app" / "app.py"


class Project:
    """A CDK project on disk and a running local cloud to deploy it to."""

    def __init__(self, folder: Path, endpoint_url: str) -> None:
        self.folder = folder
        self.endpoint_url = endpoint_url
        self.environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint_url,
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }

    def cdk(self, *arguments: str, succeeds: bool = True) -> str:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("cdk")), *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        output = done.stdout + done.stderr
        assert (done.returncode == 0) is succeeds, output
        return output

    def deploy(self, *context: str, output: str = "other.out", succeeds: bool = True) -> str:
        pairs = [part for pair in (f"assets={self.folder}", *context) for part in ("-c", pair)]
        command = (
            "--app",
            f"{shlex.quote(sys.executable)} {shlex.quote(str(APP))}",
            "--output",
            output,
            "--no-notices",
            *pairs,
        )
        return self.cdk("deploy", "--all", "--require-approval", "never", *command, succeeds=succeeds)

    def deploy_original(self) -> None:
        """What the fixture deployed, once more and without synthesising it again."""
        self.cdk("deploy", "--all", "--require-approval", "never", "--app", "cdk.out")

    def client(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def stack(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return found

    def output(self, key: str) -> str:
        outputs = {one["OutputKey"]: str(one["OutputValue"]) for one in self.stack("Service")["Outputs"]}
        return outputs[key]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    pytest_socket.enable_socket()
    folder = tmp_path_factory.mktemp("project")
    for name, content in {
        "function": b"def handler(event, context):\n    return 1\n",
        "function2": b"def handler(event, context):\n    return 2\n",
        "layer": os.urandom(20_000_000),  # large enough for the CDK to send it in parts
        "layer2": b"small",
    }.items():
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as file:
            file.writestr("index.py" if name.startswith("function") else "python/content.bin", content)
    state = folder / "state"
    process = subprocess.Popen([sys.executable, "-m", "scripts.localcloud", "--state", str(state)], cwd=ROOT)
    try:
        pause = threading.Event()
        while not (state / "endpoint.json").exists():
            assert process.poll() is None
            pause.wait(0.05)
        project = Project(folder, json.loads((state / "endpoint.json").read_text())["endpoint_url"])
        project.cdk("bootstrap", "aws://123456789012/us-east-1")
        project.deploy(output="cdk.out")
        yield project
        project.cdk("destroy", "--all", "--force", "--app", "cdk.out")
        assert [
            stack["StackName"] for stack in project.client("cloudformation").describe_stacks()["Stacks"]
        ] == ["CDKToolkit"]
    finally:
        process.terminate()
        assert process.wait(60) == 0


def test_both_stacks_stand_and_the_workflow_can_run(project: Project) -> None:
    assert project.stack("Storage")["StackStatus"] == "CREATE_COMPLETE"
    assert project.stack("Service")["StackStatus"].endswith("_COMPLETE")
    states = project.client("stepfunctions")
    arn = states.start_execution(stateMachineArn=project.output("WorkflowArn"))["executionArn"]
    assert states.describe_execution(executionArn=arn)["status"] == "RUNNING"
    states.stop_execution(executionArn=arn)


def test_a_redeploy_changes_the_function_and_leaves_the_routing_of_its_alias(project: Project) -> None:
    name, client = project.output("FunctionName"), project.client("lambda")
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"PIN": "release 2"}})
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    second = client.publish_version(FunctionName=name)["Version"]
    client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=second)
    weights = {"AdditionalVersionWeights": {second: 0.1}}
    client.update_alias(FunctionName=name, Name="live", RoutingConfig=weights)
    before = client.get_alias(FunctionName=name, Name="live")

    project.deploy("message=changed", "code=function2", "layer=layer2")

    after = client.get_alias(FunctionName=name, Name="live")
    routing = ("FunctionVersion", "RoutingConfig", "RevisionId")
    assert [after[key] for key in routing] == [before[key] for key in routing]
    latest = client.get_function_configuration(FunctionName=name)
    assert latest["Environment"]["Variables"]["MESSAGE"] == "changed"
    released = client.get_function_configuration(FunctionName=name, Qualifier=second)
    assert released["Environment"]["Variables"] == {"PIN": "release 2"}
    assert released["CodeSha256"] != latest["CodeSha256"]


def test_a_stack_whose_exports_are_used_is_not_destroyed(project: Project) -> None:
    refused = project.cdk(
        "destroy", "Storage", "--exclusively", "--force", "--app", "cdk.out", succeeds=False
    )
    assert "in use by Service" in refused
    assert project.stack("Storage")["StackStatus"] == "CREATE_COMPLETE"


def test_a_diff_of_what_is_deployed_is_empty(project: Project) -> None:
    project.deploy_original()
    assert "Number of stacks with differences: 0" in project.cdk("diff", "--app", "cdk.out")


def test_an_unknown_resource_type_stops_the_deployment_with_its_name(project: Project) -> None:
    assert "does not provide AWS::Teleport::Gate" in project.deploy("unknown=true", succeeds=False)
    assert project.stack("Service")["StackStatus"].endswith("_COMPLETE")


def test_a_refused_resource_rolls_the_deployment_back_and_says_why(project: Project) -> None:
    project.deploy_original()
    assert "Missing 'Next' target: B" in project.deploy("message=never", "broken=true", succeeds=False)
    assert project.stack("Service")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    name = project.output("FunctionName")
    latest = project.client("lambda").get_function_configuration(FunctionName=name)
    assert latest["Environment"]["Variables"]["MESSAGE"] == "hello"
    assert "Number of stacks with differences: 0" in project.cdk("diff", "--app", "cdk.out")
