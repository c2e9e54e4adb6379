"""`python -m ops deploy`: planned, done with its steps on stderr, continued, cleaned up; exit codes; JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops import vault
from ops.__main__ import main
from tests.living import Gate, error, gated, hurrying
from tests.test_deploying import ALL, IMAGE, ROLE, inventory

Out = pytest.CaptureFixture[str]
DENIED = error("AccessDeniedException", "not authorized to perform: sagemaker:x", 403)
NEW = (
    "deploy", "doc-new", "--image", IMAGE, "--new-model", "doc-model", "--role", ROLE, "--type", "ml.g5.xlarge",
    "--output", "s3://results/out/", "--max", "3",
)  # fmt: skip


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[str, Gate]]:
    with hurrying() as behind, gated(behind) as (url, gate):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path))
        monkeypatch.delenv("EBB_MODE", raising=False)
        monkeypatch.delenv("EBB_ROLE", raising=False)
        yield behind, gate


def asked(capsys: Out, *arguments: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_it_is_only_planned_until_yes_is_said_and_the_fit_stands_first(
    at: tuple[str, Gate], capsys: Out
) -> None:
    typed = (
        "--payload-mb",
        "40",
        "--takes-s",
        "180",
        "--waits-s",
        "1800",
        "--requests",
        "40",
        "--hours",
        "10",
    )
    for more in ((), ("--yes", "--dry-run")):
        assert main([*NEW, *typed, *more]) == 0
        said = capsys.readouterr().out
        assert said.index("Good fit: payloads of 40 MB") < said.index("Deploy doc-new: up to 3 instances")
        assert "aws sagemaker create-endpoint " in said
        assert "repeat the command with --yes" in said
    assert inventory(at[0]) == []
    code, document = asked(capsys, *NEW)
    assert (code, document["applied"], document["plan"]["needs"]) == (0, False, "admin")
    assert document["fit"]["fit"] == "unknown"


def test_a_whole_deployment_with_its_steps_on_stderr(at: tuple[str, Gate], capsys: Out) -> None:
    assert main([*NEW, "--yes", "--tag", "team=documents", "--why", "first"]) == 0
    told = capsys.readouterr()
    assert "✓ 1/8 Create the model doc-model" in told.err
    assert "✓ 7/8 Put the alarm HasBacklogWithoutCapacity-doc-new" in told.err
    assert "✓ 8/8 Put the policy Backlog-ScalingPolicy" in told.err
    assert "Done, and read back." in told.out
    assert inventory(at[0]) == ALL
    assert main([*NEW, "--yes"]) == 2
    assert "There is already the model doc-model" in capsys.readouterr().err


def test_values_of_the_environment_are_shown_in_the_plan_alone(at: tuple[str, Gate], capsys: Out) -> None:
    """Whoever typed them may copy the whole text; what was carried out may stand in the log of a job."""
    secret = ("--env", "TOKEN=hunter2-hunter2")
    code, document = asked(capsys, *NEW, *secret)
    assert code == 0
    assert "hunter2" in document["plan"]["cli"]
    assert main([*NEW, *secret]) == 0
    said = capsys.readouterr().out
    assert "hunter2" in said
    assert "The journal keeps no values of environment variables (TOKEN)" in " ".join(said.split())
    code, document = asked(capsys, *NEW, *secret, "--yes")
    assert (code, document["entry"]["outcome"]) == (0, "done")
    assert "hunter2" not in json.dumps(document)
    assert document["plan"]["calls"][0]["parameters"]["PrimaryContainer"]["Environment"] == {"TOKEN": None}
    assert main(["deploy", "--clean-up", document["entry"]["id"][:8], "--confirm", "doc-new", "--yes"]) == 0
    capsys.readouterr()
    assert main([*NEW, *secret, "--yes"]) == 0
    told = capsys.readouterr()
    assert "hunter2" not in told.out + told.err
    assert "<value of TOKEN>" in told.out


def test_values_are_given_anew_after_a_start_of_ebb(at: tuple[str, Gate], capsys: Out) -> None:
    url, gate = at
    secret = ("--env", "TOKEN=hunter2-hunter2")
    gate.shut["CreateModel"] = DENIED
    code, document = asked(capsys, *NEW, *secret, "--yes")
    gate.shut.clear()
    vault.forget()
    first = document["entry"]["id"][:8]
    assert main(["deploy", "--continue", first, "--yes"]) == 2
    assert "--env NAME=value" in " ".join(capsys.readouterr().err.split())
    assert main(["deploy", "--continue", first, "--env", "OTHER=x", "--yes"]) == 2
    assert "'OTHER' is no variable whose value is missing" in capsys.readouterr().err
    assert main(["deploy", "--continue", first, "--env", "A=1", "--max", "3"]) == 2
    assert "are different things" in capsys.readouterr().err
    assert main(["deploy", "--continue", first, *secret, "--yes"]) == 0
    told = capsys.readouterr()
    assert "hunter2" not in told.out + told.err
    assert inventory(url) == ALL
    code, document = asked(capsys, "delete", "doc-new", "--with-model", "--yes", "doc-new")
    assert code == 0
    vault.forget()
    gone = document["entry"]["id"][:8]
    assert main(["undo", gone, "--yes"]) == 2
    assert "never had them" in " ".join(capsys.readouterr().err.split())
    assert main(["undo", gone, "--env", "TOKEN", "--yes"]) == 2
    assert main(["undo", gone, *secret, "--yes"]) == 0
    assert inventory(url) == ALL


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("--max", "1000000000"), "--max: 1,000,000,000 is too much: 1 to 10,000 instances."),
        (("--max", "-3"), "--max: -3 is too little"),
        (("--concurrency", "5000"), "--concurrency: 5,000 is too much: 1 to 1,000 requests at once."),
        (("--hours", "0"), "A day has no 0 hours."),
        (("--payload-mb", "-1"), "-1 makes no sense here."),
        (("--requests", "1e300"), "1e+300 makes no sense here."),
        (("--tag", "a=b;c"), "--tag: AWS takes no ';' in a tag"),
        (("--env", "A=1", "--env", "hunter2"), "--env: Line 2 is no name with a value."),
    ],
)
def test_bad_numbers_and_tags_are_told_of_their_option(
    at: tuple[str, Gate], capsys: Out, typed: tuple[str, ...], says: str
) -> None:
    assert main([*NEW, *typed]) == 2
    assert says in " ".join(capsys.readouterr().err.split())
    assert inventory(at[0]) == []


def test_a_file_with_options_in_its_place(at: tuple[str, Gate], capsys: Out, tmp_path: Path) -> None:
    file = tmp_path / "wish.json"
    wish = {"name": "doc-new", "image": IMAGE, "new-model": "doc-model", "role": ROLE, "type": "ml.g5.xlarge"}
    file.write_text(json.dumps(wish | {"output": "s3://results/out/", "max": 9, "env": {"BATCH": 4}}))
    code, document = asked(capsys, "deploy", "--file", str(file), "--max", "3", "--yes")
    assert (code, document["entry"]["outcome"], document["unfinished"]) == (0, "done", [])
    assert inventory(at[0]) == ALL
    for body, says in (("{", "is no JSON"), ("[]", "holds no fields"), ('{"size": 1}', "is no field")):
        file.write_text(body)
        assert main(["deploy", "--file", str(file)]) == 2
        assert says in capsys.readouterr().err
    assert main(["deploy", "--file", str(tmp_path / "none.json")]) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("way", ["--continue", "--clean-up"])
def test_one_that_failed_is_listed_and_finished_or_cleaned_up(
    at: tuple[str, Gate], capsys: Out, way: str
) -> None:
    url, gate = at
    gate.shut["CreateEndpoint"] = DENIED
    assert main([*NEW, "--yes"]) == 2
    told = capsys.readouterr()
    assert "✕ 3/8 Create the endpoint doc-new: AWS denied sagemaker:x" in told.err
    assert "Exists now: Model doc-model and Endpoint configuration doc-new." in told.out
    gate.shut.clear()
    code, document = asked(capsys, "deploy")
    (left,) = document["unfinished"]
    assert (code, left["exists"]) == (1, ["model doc-model", "endpoint-config doc-new"])
    assert main(["deploy"]) == 1
    said = capsys.readouterr().out
    assert f"--continue {left['id'][:8]} --yes" in said
    assert f"--clean-up {left['id'][:8]} --yes" in said
    code, done = asked(capsys, "deploy", way, left["id"][:8], "--yes")
    assert (code, done["entry"]["outcome"]) == (0, "done")
    assert inventory(url) == (ALL if way == "--continue" else [])
    assert asked(capsys, "deploy")[1] == {"unfinished": []}
    assert main(["deploy"]) == 0
    assert "No deployment is unfinished" in capsys.readouterr().out


@pytest.mark.parametrize("begin", ["To finish it:", "To remove it:"])
def test_the_commands_that_are_printed_work_as_they_stand(
    at: tuple[str, Gate], capsys: Out, begin: str
) -> None:
    """An endpoint stands there already: to remove it wants its name."""
    url, gate = at
    gate.shut["PutMetricAlarm"] = DENIED
    assert main([*NEW, "--yes"]) == 2
    said = " ".join(capsys.readouterr().out.split())
    gate.shut.clear()
    command = said.partition(f"{begin} python -m ops ")[2].partition(" To remove it:")[0]
    assert command.startswith("deploy --")
    assert ("--confirm doc-new" in command) == (begin == "To remove it:")
    assert main(command.split()) == 0
    assert inventory(url) == (ALL if begin == "To finish it:" else [])


def test_bad_words_end_with_two_and_what_is_refused_with_three(
    at: tuple[str, Gate],
    capsys: Out,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for arguments, says in (
        ((*NEW, "--max", "two"), "--max: 'two' is not a whole number"),
        ((*NEW, "--tag", "team"), "--tag: 'team' is no name with a value"),
        ((*NEW, "--model", "m"), "two things"),
        ((*NEW, "--continue", "x"), "different things"),
        ((*NEW, "--hours", "30"), "A day has no 30 hours"),
        ((*NEW, "--like", "nowhere"), "no endpoint named"),
        (("deploy", "--continue", "nothing"), "no entry"),
        (("deploy", "doc", "--model", "m"), "--type: The instance type is missing"),
        (("deploy", "doc", "--model", "m", "--env", "A"), "--env is of a new model"),
        (
            ("deploy", "doc", "--model", "m", "--new-model", "zz", "--role", ROLE),
            "--new-model and --role are of",
        ),
        ((*NEW, "--env", "1A=x"), "--env: '1A' is no name of a variable"),
        (
            (*NEW, "--role", ROLE.replace(ROLE.split(":")[4], "999999999999")),
            "is of the account 999999999999",
        ),
        ((*NEW, "--target", "1e9"), "--target: 1e9 is too much: above 0, up to 1,000,000 requests"),
    ):
        assert main(list(arguments)) == 2, arguments
        assert says in capsys.readouterr().err
    monkeypatch.setenv("EBB_ROLE", "operator")
    assert main([*NEW, "--yes"]) == 3
    assert "needs the role admin" in capsys.readouterr().err
    assert [each.message for each in caplog.records if each.levelname != "INFO"] == []  # it is told once
    assert inventory(at[0]) == []
