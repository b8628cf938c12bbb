"""docs/cli.md says what the command line takes."""

from scripts.documents.cli_reference import PATH, commands, text

WRITING = {
    "init", "train", "retrain", "watch", "put", "download", "start", "approve", "reject", "create", "revoke",
    "ramp", "conclude", "stop", "up", "deploy", "down", "demo", "comment", "diff", "rollback", "feedback", "console",
}  # fmt: skip


def test_the_reference_is_up_to_date() -> None:
    assert PATH.read_text(encoding="utf-8") == text(), "run `python -m scripts.documents.cli_reference`"


def test_every_command_that_reads_can_answer_in_json() -> None:
    silent = {
        path
        for path, command in commands()
        if path.rsplit(" ", 1)[-1] not in WRITING and "as_json" not in {each.name for each in command.params}
    }
    assert silent == set()


def test_every_command_and_each_of_its_parameters_says_what_it_is() -> None:
    for path, command in commands():
        assert command.help, path
        for each in command.params:
            assert each.help, f"{path} {each.name}"
