from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ops import which_aws
from ops.aws.session import is_loopback
from ops.config import Settings
from ops.core.errors import BadInput, OpsError
from ops.core.names import nearest
from ops.core.own_prices import OwnPrices
from tests.living import living

NAMES = (
    "EBB_MODE",
    "EBB_WRITE",
    "EBB_REFRESH_S",
    "EBB_STATE_DIR",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
)


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [*NAMES, *(n for n in os.environ if n.startswith("EBB_"))]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path))


def note(folder: Path, url: str, pid: int) -> None:
    said = {"endpoint_url": url, "pid": pid, "region": "eu-west-1", "account_id": "123456789012"}
    (folder / "local-aws.json").write_text(json.dumps(said))


def test_defaults_and_where_values_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EBB_WRITE", "1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    settings = Settings.load(profile="me")
    assert (settings.mode, settings.write, settings.region) == ("embedded", True, "eu-central-1")
    assert str(settings.origin("mode")) == "default"
    assert str(settings.origin("write")) == "environment EBB_WRITE"
    assert str(settings.origin("region")) == "environment AWS_DEFAULT_REGION"
    assert str(settings.origin("profile")) == "argument"


def test_the_first_of_two_names_wins_and_empty_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_PROFILE", "")
    settings = Settings.load()
    assert settings.region == "us-west-2"
    assert settings.profile is None


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("EBB_NOTIFY_QUIET_CRITICAL", "1", "notify_quiet_critical", True),
        ("EBB_ATHENA_WORKGROUP", "billing", "athena_workgroup", "billing"),
    ],
)
def test_what_is_set_arrives_and_says_where_from(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str, name: str, value: object
) -> None:
    assert getattr(Settings.load(), name) != value
    monkeypatch.setenv(variable, text)
    found = Settings.load()
    assert getattr(found, name) == value
    assert str(found.origin(name)) == f"environment {variable}"


def test_unknown_names_are_refused_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EBB_MODUS", "aws")
    with pytest.raises(BadInput) as caught:
        Settings.load()
    assert "EBB_MODUS" in caught.value.what
    assert caught.value.hint == "Did you mean EBB_MODE?"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EBB_MODE", "gcp"),
        ("EBB_WRITE", "perhaps"),
        ("EBB_REFRESH_S", "0"),
        ("AWS_ENDPOINT_URL", "localhost:80"),
    ],
)
def test_impossible_values_name_the_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadInput) as caught:
        Settings.load()
    assert name in caught.value.what
    assert value in caught.value.what


def test_refresh_depends_on_the_kind_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().refresh_for("aws") == 15
    assert 2 <= Settings.load().refresh_for("embedded") <= 5
    monkeypatch.setenv("EBB_REFRESH_S", "30")
    assert Settings.load().refresh_for("embedded") == 30


def test_nothing_running_names_the_command() -> None:
    with pytest.raises(OpsError) as caught:
        which_aws.choose(Settings.load())
    assert caught.value.exit_code == 2
    assert "python -m ops local-aws" in caught.value.hint
    assert "make run" in caught.value.hint


def test_an_address_wins_and_loopback_is_writable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4600")
    where = which_aws.choose(Settings.load())
    assert (where.kind, where.region, where.loopback, where.writable) == ("embedded", "us-east-1", True, True)


def test_another_address_is_real_and_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://vpce-1.sagemaker.eu-west-1.vpce.amazonaws.com")
    where = which_aws.choose(Settings.load())
    assert (where.kind, where.loopback, where.writable) == ("aws", False, False)
    assert "EBB_WRITE=1" in where.why_read_only


def test_real_aws_is_read_only_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EBB_MODE", "aws")
    where = which_aws.choose(Settings.load())
    assert (where.kind, where.endpoint_url, where.writable) == ("aws", None, False)
    monkeypatch.setenv("EBB_WRITE", "1")
    where = which_aws.choose(Settings.load())
    assert where.writable
    assert where.why_read_only == ""


def test_the_running_embedded_aws_is_found(tmp_path: Path) -> None:
    with living(empty=True) as (server, _):
        note(tmp_path, server.url, os.getpid())
        where = which_aws.choose(Settings.load())
        assert (where.kind, where.endpoint_url, where.region) == ("embedded", server.url, "eu-west-1")
    with pytest.raises(OpsError, match="not running"):  # the process is there, the address answers no more
        which_aws.choose(Settings.load())


def test_a_note_of_a_dead_process_counts_for_nothing(tmp_path: Path) -> None:
    with living(empty=True) as (server, _):
        note(tmp_path, server.url, 2**22 + 1)
        with pytest.raises(OpsError, match="not running"):
            which_aws.choose(Settings.load())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"endpoint_url": 1, "pid": "x"}'])
def test_a_damaged_note_is_no_note(tmp_path: Path, text: str) -> None:
    (tmp_path / "local-aws.json").write_text(text)
    assert which_aws.read_state(Settings.load()) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1", True),
        ("http://localhost:80", True),
        ("http://[::1]:80", True),
        ("https://sts.amazonaws.com", False),
        ("http://127.0.0.1.evil.example", False),
        (None, False),
    ],
)
def test_loopback(url: str | None, expected: bool) -> None:
    assert is_loopback(url) is expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("doc-asinc", ("doc-async",)),
        ("DOC-ASYNC", ("doc-async",)),
        ("invoice", ("invoice-parse",)),
        ("zzz", ()),
        ("nope", ()),
    ],
)
def test_nearest_names(typed: str, expected: tuple[str, ...]) -> None:
    assert nearest(typed, ["doc-async", "invoice-parse", "ocr-legacy"]) == expected


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("EBB_URL", "ebb.example.com", "https://ebb.example.com"),
        ("EBB_NOTIFY_TOPIC", "on-call", "ARN of an SNS topic"),
        ("EBB_NOTIFY_TOPIC", "arn:aws:sqs:eu-central-1:123456789012:x", "ARN of an SNS topic"),
        ("EBB_NOTIFY_QUIET", "22-7", "22:00-07:00"),
        ("EBB_NOTIFY_ZONE", "Berlin", "Europe/Berlin"),
        ("EBB_NOTIFY_ZONE", "../../etc/passwd", "Europe/Berlin"),
        ("EBB_NOTIFY_WARNINGS", "sometimes", "EBB_NOTIFY_WARNINGS"),
    ],
)
def test_a_setting_of_notices_that_makes_no_sense_says_how_it_is_written(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadInput) as caught:
        Settings.load()
    assert name in caught.value.what
    assert says in caught.value.what


@pytest.mark.parametrize("url", ["http://hooks.example.com/T0P-S3CRET", "T0P-S3CRET", "https://[T0P-S3CRET"])
def test_no_error_repeats_the_address_of_a_webhook(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("EBB_NOTIFY_WEBHOOK", url)
    with pytest.raises(BadInput) as caught:
        Settings.load()
    assert "EBB_NOTIFY_WEBHOOK=…" in caught.value.what
    assert "S3CRET" not in caught.value.what + caught.value.hint


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("notify_webhook", "https://hooks.example.com/T0P-S3CRET", "https://hooks.example.com/…"),
        ("history_url", "postgresql://ebb:S3CRET@db/ebb", "postgresql://…@db/ebb"),
        ("history_url", "sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
        ("notify_warnings", True, "1"),
        ("profile", None, ""),
    ],
)
def test_a_value_is_shown_without_what_may_be_secret(name: str, value: object, shown: str) -> None:
    assert Settings.load(**{name: value}).shown(name) == shown


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("EBB_DISCOUNT", "100%", "Write per cent from 0 to below 100, like 12%"),
        ("EBB_DISCOUNT", "a lot", "'a lot' is not a discount"),
        ("EBB_RATES", "g5.xlarge=1", "'g5.xlarge=1' is not a type with its rate"),
        ("EBB_RATES", "ml.g5.xlarge=cheap", "the rate of ml.g5.xlarge, is not a number"),
        ("EBB_BUDGET_USD", "-5", "greater than 0"),
        ("EBB_BUDGET_USD", "nan", "finite"),
        ("EBB_BUDGET_USD", "5k", "decimal"),
    ],
)
def test_a_setting_of_money_that_makes_no_sense_says_how_it_is_written(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadInput) as caught:
        Settings.load()
    assert caught.value.what.startswith(f"{name}={value} cannot be used")
    assert says in caught.value.what


def test_own_prices_are_decimal_from_the_text_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EBB_DISCOUNT", "12.5%")
    monkeypatch.setenv("EBB_RATES", "ml.g5.xlarge=1.10, ml.g5.2xlarge=1.2")
    monkeypatch.setenv("EBB_BUDGET_USD", "1500.10")
    settings = Settings.load()
    now = datetime(2026, 11, 20, tzinfo=UTC)
    own = settings.own_prices(now)
    assert own == OwnPrices(
        Decimal("0.125"), {"ml.g5.xlarge": Decimal("1.10"), "ml.g5.2xlarge": Decimal("1.2")}, now
    )
    assert settings.budget_usd == Decimal("1500.10")
    assert [settings.shown(name) for name in ("discount", "budget_usd")] == ["12.5%", "1500.10"]
    assert Settings().own_prices(now).less(None) is None


PLACES = """
[[place]]
name = "hub"
profile = "hub"
regions = ["us-east-1", "eu-west-1"]

[[place]]
name = "partner"
role_arn = "arn:aws:iam::222222222222:role/ebb"
external_id = "ebb-1234"
region = "eu-west-3"
write = false
"""


def _places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, mode: str = "aws") -> Path:
    file = tmp_path / "places.toml"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("EBB_PLACES", str(file))
    monkeypatch.setenv("EBB_MODE", mode)
    return file


def test_the_first_of_several_places_is_asked_unless_another_is_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _places(monkeypatch, tmp_path, PLACES)
    monkeypatch.setenv("EBB_WRITE", "1")
    where = which_aws.choose(Settings.load())
    assert (where.kind, where.profile, where.region, where.role_arn) == ("aws", "hub", "us-east-1", None)
    assert where.writable
    monkeypatch.setenv("EBB_PLACE", "partner")
    where = which_aws.choose(Settings.load())
    assert (where.profile, where.region, where.external_id) == (None, "eu-west-3", "ebb-1234")
    assert where.role_arn == "arn:aws:iam::222222222222:role/ebb"
    assert (where.writable, where.why_read_only) == (False, "EBB_PLACES says write = false of partner.")
    monkeypatch.setenv("EBB_PLACE", "hub-eu-west-2")
    with pytest.raises(BadInput, match="no place named 'hub-eu-west-2'") as caught:
        which_aws.choose(Settings.load())
    assert caught.value.hint == "Did you mean hub-eu-west-1?"


def test_a_place_without_a_region_takes_that_of_its_profile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[profile hub]\nregion = eu-west-3\n[profile lost]\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("EBB_MODE", "aws")
    monkeypatch.setenv("EBB_PLACES", "hub, lost, nobody")
    monkeypatch.setenv("AWS_REGION", "us-east-2")
    assert which_aws.choose(Settings.load()).region == "eu-west-3"
    for name, said in (("lost", "names no region"), ("nobody", "no AWS profile named nobody")):
        monkeypatch.setenv("EBB_PLACE", name)
        with pytest.raises(BadInput, match=said):
            which_aws.choose(Settings.load())


def test_simulated_and_real_places_never_stand_in_one_console(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _places(monkeypatch, tmp_path, PLACES, "embedded")
    with pytest.raises(BadInput, match="The place hub-us-east-1 is real AWS") as caught:
        which_aws.choose(Settings.load())
    assert caught.value.hint == "Set EBB_MODE=aws to read it."
    _places(monkeypatch, tmp_path, "[[place]]\nname = 'here'\nendpoint_url = 'http://127.0.0.1:4600/'", "aws")
    with pytest.raises(BadInput, match="an address of this machine"):
        which_aws.choose(Settings.load())
    monkeypatch.setenv("EBB_MODE", "embedded")
    where = which_aws.choose(Settings.load())
    assert (where.kind, where.endpoint_url) == ("embedded", "http://127.0.0.1:4600")
    assert where.writable


def test_places_that_cannot_be_read_name_the_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = _places(monkeypatch, tmp_path, PLACES)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4600")
    with pytest.raises(BadInput, match="AWS_ENDPOINT_URL and EBB_PLACES"):
        which_aws.choose(Settings.load())
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    file.unlink()
    with pytest.raises(BadInput, match=r"places\.toml cannot be read") as caught:
        which_aws.choose(Settings.load())
    assert caught.value.hint == "Correct EBB_PLACES."
    monkeypatch.delenv("EBB_PLACES")
    monkeypatch.setenv("EBB_PLACE", "hub")
    with pytest.raises(BadInput, match="EBB_PLACES is not set"):
        which_aws.choose(Settings.load())


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize("value", ["mars west!", "us-east", "US-EAST-1", "us-east-1a", "us-east-1 "])
def test_what_has_not_the_form_of_a_region_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadInput) as caught:
        Settings.load()
    assert f"AWS_REGION={value} cannot be used: is not a region like us-east-1." in caught.value.what


@pytest.mark.parametrize("value", ["us-gov-west-1", "us-isob-east-1", "eusc-de-east-1", "mars-west-1"])
def test_a_region_that_nobody_heard_of_may_be_a_new_one(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("AWS_REGION", value)
    assert Settings.load().region == value
