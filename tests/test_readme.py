"""What the README says is what the code does: commands, options, links, and the first tour itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ops.config import PREFIX, Settings, variables

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def marked(name: str) -> str:
    """The block after `<!-- name -->`, up to the next heading or the end of its fence or table."""
    after = README.split(f"<!-- {name} -->\n", 1)[1]
    if after.startswith("```"):
        return after.split("\n", 1)[1].split("\n```", 1)[0]
    return after.split("\n\n", 1)[0]


def first_cells(table: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb", **variables}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )


def test_every_make_target_that_is_named_exists() -> None:
    named = set(re.findall(r"(?:`|^|=\w+ )make ([a-z-]+)", README + ARCHITECTURE, re.MULTILINE))
    assert {"run", "test", "check", "fix", "local-aws", "bench"} <= named
    assert named <= targets()


def test_make_alone_lists_every_target() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in listed.splitlines() if line.startswith("  make ")} == targets()


def test_the_table_of_options_is_complete() -> None:
    listed = first_cells(marked("options"))
    settings = {variable for field in Settings.model_fields for variable in variables(field)}
    assert settings <= set(listed)
    assert {name for name in listed if name.startswith(PREFIX)} <= settings
    of_make = [name for name in listed if name not in settings]
    code = MAKEFILE + "".join(
        path.read_text() for path in (ROOT / "ops/launch.py", ROOT / "tests/browser_finder.py")
    )
    assert [name for name in of_make if not re.search(rf"\b{name}\b", code)] == []


def test_the_options_of_the_embedded_aws_are_those_of_the_program() -> None:
    told = {cell.split()[0] for cell in first_cells(marked("local-aws"))}
    offered = set(re.findall(r"(--[a-z-]+)", run("-m", "ops.local_aws", "--help").stdout)) - {"--help"}
    assert told == offered


@pytest.mark.parametrize("line", [line for line in marked("commands").splitlines() if line])
def test_the_commands_are_understood(line: str) -> None:
    words = line.split("#")[0].split()
    assert words[:3] == ["python", "-m", "ops"]
    helped = run("-m", "ops", words[3], "--help")
    assert helped.returncode == 0, helped.stderr
    for option in (word for word in words if word.startswith("--")):
        assert option in helped.stdout


@pytest.mark.parametrize("text", [README, ARCHITECTURE], ids=["README", "ARCHITECTURE"])
def test_links_and_paths_lead_somewhere(text: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text) + re.findall(r'src(?:set)?="([^"]+)"', text)
    paths = re.findall(r"`((?:ops|pages|components|tests|docs|bench)/[\w./-]*)`", text)
    assert [path for path in links + paths if not (ROOT / path).exists()] == []


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[=<>~!\[ ]", requirement)[0] for requirement in wanted}
    rows = re.findall(r"^\| ([\w, -]+) \|", ARCHITECTURE.split("## Dependencies")[1], re.MULTILINE)
    told = {name.strip() for row in rows for name in row.split(",")} - {"package", "---"}
    assert told == names


def test_the_locks_are_exact_and_agree() -> None:
    locks = {}
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]
        assert [line for line in lines if not re.match(r"[\w.-]+==[\w.]+( ;|$)", line)] == []
        locks[name] = {line.split(" ;")[0] for line in lines}
    assert locks["requirements.txt"] <= locks["requirements-dev.txt"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    exact = {re.sub(r"\[.*\]", "", each) for each in project["dependencies"] if "==" in each}
    assert exact <= locks["requirements.txt"]


def test_the_first_tour_works(tmp_path: Path) -> None:
    """The start at night finds doc-async asleep, and the pasted script sends its burst."""
    arguments = re.search(r'make run SPEED=60 ARGS="([^"]+)"', README)
    assert arguments
    command = [sys.executable, "-m", "ops.local_aws", "--speed", "60", *arguments[1].split()]
    command += ["--state", str(tmp_path / "state.json")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["endpoint_url"]
            keys = {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1"}
            keys |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
            look = (
                "import boto3; print(boto3.client('sagemaker').describe_endpoint(EndpointName='doc-async'))"
            )
            before = run("-c", look, **keys)
            assert "'CurrentInstanceCount': 0" in before.stdout, before.stdout + before.stderr
            tour = marked("tour").split("<<'EOF'\n")[1].rsplit("\nEOF", 1)[0]
            sent = run("-c", tour, **keys)
            assert sent.returncode == 0, sent.stderr
            assert "s3://" in sent.stdout
        finally:
            server.terminate()
