"""The pipelines that `lambdaloop ci init` writes are what GitHub and GitLab take, and no key is needed to run them."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from lambdaloop.domain.errors import StageInvalidError
from scripts.cli.main import app
from scripts.cli.pipeline_files import FILES, BranchInvalidError, pipeline

SCHEMAS = {
    "github": ["vendor.github-workflows"],
    "gitlab": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
}
STAGES = ("dev", "staging", "prod")


@pytest.mark.parametrize("kind", list(FILES))
def test_a_pipeline_is_what_its_schema_allows(kind: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["ci", "init", kind, "--folder", str(tmp_path)])
    assert done.exit_code == 0, done.output
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        *SCHEMAS[kind],
        str(tmp_path / FILES[kind]),
    ]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("kind", list(FILES))
def test_every_script_in_a_pipeline_is_one_that_bash_can_read(kind: str) -> None:
    scripts = list(_scripts(yaml.safe_load(pipeline(kind, STAGES, "main"))))
    assert len(scripts) > 10
    for script in scripts:
        without_expressions = re.sub(r"\$\{\{.*?\}\}", "expression", script)
        read = subprocess.run(
            ["/bin/bash", "-n"], input=without_expressions, capture_output=True, text=True, check=False
        )
        assert read.returncode == 0, f"{script}\n{read.stderr}"


def test_each_stage_of_github_follows_the_one_before_in_an_environment_of_its_own() -> None:
    jobs = _github()["jobs"]
    assert [jobs[f"deploy-{name}"]["needs"] for name in STAGES] == [
        ["check", "train"],
        ["deploy-dev"],
        ["deploy-staging"],
    ]
    for name in STAGES:
        assert jobs[f"deploy-{name}"]["environment"] == name
        assert jobs[f"deploy-{name}"]["if"] == "github.event_name == 'push'"
        assert f"-c stage={name}" in jobs[f"deploy-{name}"]["steps"][-1]["run"]


def test_tokens_for_aws_are_given_to_jobs_with_a_role_only() -> None:
    workflow = _github()
    assert workflow["permissions"] == {"contents": "read"}
    jobs: Mapping[str, Any] = workflow["jobs"]
    with_token = {name for name, job in jobs.items() if "id-token" in job.get("permissions", {})}
    assert with_token == {"diff", *(f"deploy-{name}" for name in STAGES)}
    assert "secrets." not in pipeline("github", STAGES, "main")


def test_actions_are_named_by_what_they_hold_and_no_event_text_reaches_a_shell() -> None:
    for job in _github()["jobs"].values():
        for step in job["steps"]:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step.get("uses", "a/b@" + "0" * 40))
            assert "${{" not in step.get("run", "")


def test_a_run_that_waits_for_approval_holds_up_no_later_one() -> None:
    workflow = _github()
    assert workflow["concurrency"]["group"].endswith(
        "${{ github.event.pull_request.number || github.run_id }}"
    )
    groups = [workflow["jobs"][f"deploy-{name}"]["concurrency"]["group"] for name in STAGES]
    assert groups == [f"lambdaloop-deploy-{name}" for name in STAGES]


def test_the_only_job_that_may_write_to_a_pull_request_runs_nothing_out_of_it() -> None:
    jobs = _github()["jobs"]
    assert [name for name, job in jobs.items() if "pull-requests" in job.get("permissions", {})] == [
        "comment"
    ]
    used = [step["uses"] for step in jobs["comment"]["steps"] if "uses" in step]
    assert [each.partition("@")[0] for each in used] == ["actions/download-artifact"]
    assert jobs["comment"]["needs"] == ["train", "diff"]


def test_gitlab_deploys_the_first_stage_by_itself_and_the_others_when_somebody_says_so() -> None:
    jobs = yaml.safe_load(pipeline("gitlab", STAGES, "main"))
    assert [jobs[f"deploy-{name}"]["rules"][0]["when"] for name in STAGES] == [
        "on_success",
        "manual",
        "manual",
    ]
    for name in STAGES:
        assert jobs[f"deploy-{name}"]["id_tokens"]["LAMBDALOOP_TOKEN"]["aud"] == "$CI_SERVER_URL"


def test_no_job_of_gitlab_waits_for_one_that_only_those_may_run_who_may_deploy() -> None:
    jobs = yaml.safe_load(pipeline("gitlab", STAGES, "main"))
    for name, needs in zip(STAGES, (["check", "train"], ["deploy-dev"], ["deploy-staging"]), strict=True):
        assert jobs[f"deploy-{name}"]["needs"] == jobs[f"diff-{name}"]["needs"] == needs
        [rule] = jobs[f"diff-{name}"]["rules"]
        assert (rule["when"], rule["allow_failure"]) == ("manual", True)


def test_what_is_deployed_is_the_default_branch_of_the_remote_unless_another_is_named(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    remote = ["refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]
    subprocess.run([*git, "symbolic-ref", *remote], check=True)
    folder = ["--folder", str(tmp_path)]
    runner = CliRunner()

    assert runner.invoke(app, ["ci", "init", "github", *folder]).exit_code == 0
    assert _pushed(tmp_path) == ["trunk"]
    named = runner.invoke(app, ["ci", "init", "github", "--branch", "release/2.x", "--force", *folder])
    assert named.exit_code == 0
    assert _pushed(tmp_path) == ["release/2.x"]
    assert runner.invoke(app, ["ci", "init", "gitlab", "--branch", "release/2.x", *folder]).exit_code == 0
    jobs = yaml.safe_load((tmp_path / FILES["gitlab"]).read_text())
    assert jobs["deploy-prod"]["rules"][0]["if"] == '$CI_COMMIT_BRANCH == "release/2.x"'


def test_a_branch_that_would_be_a_pattern_is_refused_and_without_a_clone_it_is_main(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["ci", "init", "github", "--folder", str(tmp_path)]).exit_code == 0
    assert _pushed(tmp_path) == ["main"]
    with pytest.raises(BranchInvalidError, match="no plain name"):
        pipeline("github", STAGES, "release-*")


def test_stages_are_yours_to_choose_and_a_file_of_yours_is_not_replaced(tmp_path: Path) -> None:
    runner, arguments = CliRunner(), ["ci", "init", "github", "--folder", str(tmp_path), "--stages", "live"]
    assert runner.invoke(app, arguments).exit_code == 0
    jobs = yaml.safe_load((tmp_path / FILES["github"]).read_text())["jobs"]
    assert [name for name in jobs if name.startswith("deploy-")] == ["deploy-live"]
    again = runner.invoke(app, arguments)
    assert (again.exit_code, "--force" in again.output) == (1, True)
    with pytest.raises(StageInvalidError, match="'Live'"):
        pipeline("github", ["Live"], "main")


def _github() -> Any:
    return yaml.safe_load(pipeline("github", STAGES, "main"))


def _pushed(folder: Path) -> Any:
    # YAML 1.1 reads the key `on` as true.
    return yaml.safe_load((folder / FILES["github"]).read_text())[True]["push"]["branches"]


def _scripts(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in ("run", "script", "before_script", "after_script"):
                yield from [value] if isinstance(value, str) else value
            else:
                yield from _scripts(value)
    elif isinstance(node, list):
        for each in node:
            yield from _scripts(each)
