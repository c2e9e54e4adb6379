"""The `aws` that starts no process of its own does and says what the installed one does."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.aws_cli import INSTALLED
from tests.living import hurrying

ODD = 'it\'s "a b" $HOME `x` \\ * é\n end'


pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def ways(aws_folder: Path) -> tuple[Path, Path]:
    """Folders of the installed AWS CLI, and of the one at hand."""
    return INSTALLED.parent, aws_folder


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with hurrying() as found:
        yield found


def bash(text: str, folder: Path, url: str, cwd: Path, **variables: str) -> tuple[int, str, str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "ODD": ODD,
        **variables,
    }
    done = subprocess.run(
        ["bash", "-c", text], env=environ, cwd=cwd, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("AWS_DEFAULT_REGION=us-east-1 aws sagemaker list-endpoints --query Endpoints", "[]"),
        ("aws sagemaker describe-endpoint --region us-east-1 --endpoint-name gone", "Could not find"),
        ("aws sagemaker delete-endpoint --region us-east-1", "--endpoint-name"),
        ('aws s3 cp - "s3://none/$ODD" --region us-east-1 < input', "upload failed"),
        ("aws cloudwatch list-metrics --region us-east-1 --cli-input-json file://input", "JSON"),
    ],
)
def test_what_is_said_and_the_exit_code_are_those_of_the_installed_one(
    text: str, said: str, ways: tuple[Path, Path], url: str, tmp_path: Path
) -> None:
    (tmp_path / "input").write_text("not JSON")
    real, ours = (bash(text, folder, url, tmp_path) for folder in ways)
    assert ours == real
    assert said in real[1] + real[2]
    assert (real[0] == 0) == (said == "[]")


def test_arguments_arrive_as_the_shell_made_them(ways: tuple[Path, Path], url: str, tmp_path: Path) -> None:
    text = (
        'aws cloudwatch put-metric-alarm --region us-east-1 --alarm-name "$1" --alarm-description "$ODD" '
        "--namespace A --metric-name B --statistic Sum --period 60 --evaluation-periods 1 --threshold 1 "
        "--comparison-operator GreaterThanThreshold && aws cloudwatch describe-alarms --region us-east-1 "
        '--alarm-names "$1" --query "MetricAlarms[0].AlarmDescription"'
    )
    told = [
        bash(f"set -- 'it is {number}'; {text}", folder, url, tmp_path) for number, folder in enumerate(ways)
    ]
    assert told[0] == told[1]
    assert (told[0][0], json.loads(told[0][1])) == (0, ODD)


def test_nothing_of_one_run_is_left_for_the_next(ways: tuple[Path, Path], url: str, tmp_path: Path) -> None:
    text = "AWS_DEFAULT_REGION=us-east-1 aws sagemaker list-models; aws sagemaker list-models"
    code, said, problem = bash(text, ways[1], url, tmp_path)
    assert code != 0
    assert said.count('"Models": []') == 1
    assert "You must specify a region" in problem
