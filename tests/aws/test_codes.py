"""Profiles that ask for an MFA code are refused before anybody is asked on a terminal that a server does not have."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.aws import profiles
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.core.errors import BadInput, CredentialsProblem

ROLE = "role_arn = arn:aws:iam::210987654321:role/ebb"
MFA = "mfa_serial = arn:aws:iam::123456789012:mfa/anna"
KEYS = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The user's AWS configuration, and an AWS where nobody listens."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOBODY)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    return tmp_path / "config"


ASKING = {
    "its own": ("one", f"[profile one]\nregion = eu-west-1\n{ROLE}\n{MFA}\nsource_profile = base\n"),
    "of its source": (
        "next",
        f"[profile one]\nregion = eu-west-1\n{ROLE}\nsource_profile = next\n"
        f"[profile next]\n{ROLE}\n{MFA}\nsource_profile = base\n",
    ),
    "beside its own keys": (
        "one",
        f"[profile one]\nregion = eu-west-1\n{ROLE}\n{MFA}\n{KEYS}\nsource_profile = one\n",
    ),
}
BASE = f"[profile base]\n{KEYS}\n"


@pytest.mark.parametrize("kind", ASKING)
def test_a_profile_that_asks_for_a_code_is_refused_with_a_way_out(config: Path, kind: str) -> None:
    named, text = ASKING[kind]
    config.write_text(BASE + text)
    with pytest.raises(BadInput, match=f"The AWS profile {named}.* asks for an MFA code") as read:
        profiles.read("one")
    assert "aws configure sso" in read.value.hint
    assert "credential_process" in read.value.hint
    for where in (
        Where("aws", "eu-west-1", profile="one"),
        Where("aws", "eu-west-1", profile="one", role_arn="arn:aws:iam::210987654321:role/other"),
    ):
        with pytest.raises(CredentialsProblem, match=f"The AWS profile {named}.* asks for an MFA code"):
            Reading(AwsSession(where)).ask("sagemaker", "ListEndpoints")


def test_the_profile_of_the_environment_and_the_default_one_are_looked_at_too(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(f"{BASE}[default]\n{ROLE}\n{MFA}\nsource_profile = base\n")
    reading = Reading(AwsSession(Where("aws", "eu-west-1")))
    with pytest.raises(CredentialsProblem, match="The AWS profile default asks for an MFA code"):
        reading.ask("sagemaker", "ListEndpoints")
    config.write_text(f"{BASE}[profile one]\n{ROLE}\n{MFA}\nsource_profile = base\n")
    monkeypatch.setenv("AWS_PROFILE", "one")
    with pytest.raises(CredentialsProblem, match="The AWS profile one asks for an MFA code"):
        Reading(AwsSession(Where("aws", "eu-west-1"))).ask("sagemaker", "ListEndpoints")


NOT_ASKING = {
    "a role without a code": f"[profile one]\nregion = eu-west-1\n{ROLE}\nsource_profile = base\n",
    "a device without a role": f"[profile one]\nregion = eu-west-1\n{MFA}\n{KEYS}\n",
    "a source with keys of its own": (
        f"[profile one]\nregion = eu-west-1\n{ROLE}\nsource_profile = next\n"
        f"[profile next]\n{ROLE}\n{MFA}\n{KEYS}\nsource_profile = base\n"
    ),
}


@pytest.mark.parametrize("kind", NOT_ASKING)
def test_others_are_not(config: Path, kind: str) -> None:
    config.write_text(BASE + NOT_ASKING[kind])
    assert profiles.read("one").region == "eu-west-1"
    found = AwsSession(Where("aws", "eu-west-1", profile="one")).client("sagemaker")
    assert found.meta.region_name == "eu-west-1"


def test_keys_of_the_environment_go_before_the_profile(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text(f"{BASE}[default]\n{ROLE}\n{MFA}\nsource_profile = base\n")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    assert AwsSession(Where("aws", "eu-west-1")).client("sagemaker").meta.region_name == "eu-west-1"


def test_a_profile_of_this_machine_needs_no_credentials(config: Path) -> None:
    config.write_text(
        f"{BASE}[profile one]\nregion = eu-west-1\n{ROLE}\n{MFA}\nsource_profile = base\nendpoint_url = {NOBODY}\n"
    )
    assert profiles.read("one").where().loopback


@pytest.mark.parametrize(
    "text",
    [f"[profile one]\n{ROLE}\n", f"[profile one]\n{ROLE}\nsource_profile = none\n"],
)
def test_a_role_without_a_source_is_told_as_incomplete(config: Path, text: str) -> None:
    config.write_text(text)
    with pytest.raises(CredentialsProblem, match="not complete") as caught:
        Reading(AwsSession(Where("aws", "eu-west-1", profile="one"))).ask("sagemaker", "ListEndpoints")
    assert "source_profile" in caught.value.what
