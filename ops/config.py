"""Settings from the environment. Every value knows where it came from; unknown EBB_ names are refused."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ops import webhook
from ops.core import own_prices
from ops.core.errors import BadInput
from ops.core.names import STATE_DIR, STATE_FILE, TOPIC, nearest
from ops.core.own_prices import OwnPrices
from ops.core.quiet import parse

PROJECT = Path(__file__).resolve().parent.parent
PREFIX = "EBB_"
_TABLE = re.compile(r"[\w-]+\.[\w-]+")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d{1,2}")
SECRET = ("EBB_NOTIFY_WEBHOOK", "EBB_HISTORY_URL")
"""Variables of which no error repeats the value."""


_given: ContextVar[Mapping[str, Any]] = ContextVar("given", default=MappingProxyType({}))


@contextmanager
def given(**arguments: Any) -> Iterator[None]:
    """Settings of a command line: what is loaded inside has them, whatever the environment says."""
    token = _given.set(MappingProxyType(dict(arguments)))
    try:
        yield
    finally:
        _given.reset(token)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: "default", "environment" (then `name` is the variable) or "argument"."""

    source: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.source} {self.name}".strip()


class Settings(BaseSettings):
    """What the environment decides. Read once at start with `Settings.load()`; never changed after that."""

    model_config = SettingsConfigDict(
        frozen=True,
        case_sensitive=True,
        env_ignore_empty=True,
        populate_by_name=True,
        extra="ignore",
        use_attribute_docstrings=True,
    )

    mode: Literal["embedded", "aws"] = Field("embedded", validation_alias="EBB_MODE")
    """embedded: the AWS that ships with Ebb; aws: the real one."""
    write: bool = Field(False, validation_alias="EBB_WRITE")
    """Whether changes to real AWS are possible at all."""
    role: Literal["viewer", "operator", "admin"] | None = Field(None, validation_alias="EBB_ROLE")
    """What everybody here may do: viewer, operator or admin; where it is not set, the groups of the sign-in decide."""
    refresh_s: float | None = Field(None, validation_alias="EBB_REFRESH_S", ge=1, le=3600)
    """Seconds between two readings of AWS; where it is not set, the kind of AWS decides."""
    state_dir: Path = Field(PROJECT / STATE_DIR, validation_alias="EBB_STATE_DIR")
    """Where the running embedded AWS notes its address, and where Ebb keeps its own files."""
    history_url: str | None = Field(None, validation_alias="EBB_HISTORY_URL")
    """Where the history is kept, as a database URL; where it is not set, in a file in EBB_STATE_DIR."""
    profile: str | None = Field(None, validation_alias="AWS_PROFILE")
    """Profile for real AWS."""
    region: str | None = Field(None, validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION"))
    """Region; where it is not set, that of the profile."""
    endpoint_url: str | None = Field(None, validation_alias="AWS_ENDPOINT_URL")
    """Any AWS-like endpoint; wins over EBB_MODE."""
    places: str | None = Field(None, validation_alias="EBB_PLACES")
    """Several accounts and regions: AWS profiles with commas between them, each as profile or profile@region, or the
    path of a file in TOML (docs/places.md)."""
    place: str | None = Field(None, validation_alias="EBB_PLACE")
    """Which of EBB_PLACES commands ask, and pages show first; where it is not set, the first of them."""
    url: str | None = Field(None, validation_alias="EBB_URL")
    """Where people open this console, for the links in notices."""
    notify_topic: str | None = Field(None, validation_alias="EBB_NOTIFY_TOPIC")
    """The SNS topic, by its ARN, that gets a notice when an endpoint turns loud or calm."""
    notify_webhook: str | None = Field(None, validation_alias="EBB_NOTIFY_WEBHOOK")
    """The address that gets the same as JSON: https, or this machine. May hold a secret."""
    notify_warnings: bool = Field(False, validation_alias="EBB_NOTIFY_WARNINGS")
    """Whether warnings are told too, and not only what is critical."""
    notify_quiet: str | None = Field(None, validation_alias="EBB_NOTIFY_QUIET")
    """Quiet hours, like 22:00-07:00: what still holds at their end is told then, in one notice."""
    notify_quiet_critical: bool = Field(False, validation_alias="EBB_NOTIFY_QUIET_CRITICAL")
    """Whether what is critical is told in quiet hours too."""
    notify_zone: str = Field("UTC", validation_alias="EBB_NOTIFY_ZONE")
    """The zone of the quiet hours, and of the times in notices."""
    bill_export: str | None = Field(None, validation_alias="EBB_BILL_EXPORT")
    """A bill export (CUR, FOCUS, CSV): a file or folder of this machine, or an S3 address like s3://bucket/prefix."""
    bill_table: str | None = Field(None, validation_alias="EBB_BILL_TABLE")
    """A bill export in Athena, as database.table; wins over EBB_BILL_EXPORT."""
    athena_workgroup: str = Field("primary", validation_alias="EBB_ATHENA_WORKGROUP")
    """The workgroup that Athena runs Ebb's statements in."""
    athena_output: str | None = Field(None, validation_alias="EBB_ATHENA_OUTPUT")
    """Where Athena writes its answers, an S3 address; not needed where the workgroup has one."""
    cost_explorer: bool = Field(True, validation_alias="EBB_COST_EXPLORER")
    """Whether Cost Explorer may be asked ($0.01 a call) when somebody chooses billed figures and no export is set."""
    budget_usd: Decimal | None = Field(None, validation_alias="EBB_BUDGET_USD", gt=0, allow_inf_nan=False)
    """Dollars a month for the instances of asynchronous endpoints: the line that a forecast is compared with."""
    own_budget_usd: Decimal | None = Field(
        None, validation_alias="EBB_OWN_BUDGET_USD", gt=0, allow_inf_nan=False
    )
    """Dollars a month, at list price, for what Ebb itself asks of AWS: it reads metrics less often to stay under it."""
    discount: str | None = Field(None, validation_alias="EBB_DISCOUNT")
    """Per cent off every list price, like 12%."""
    rates: str | None = Field(None, validation_alias="EBB_RATES")
    """Negotiated dollars an hour by type, like ml.g5.xlarge=1.10, ml.g5.2xlarge=1.2; they win over the discount."""

    savings_profiles: str | None = Field(None, validation_alias="EBB_SAVINGS_PROFILES")
    """AWS profiles, by their names and with commas between them, whose accounts and regions the Savings page counts
    beside the console's own. Read only."""

    @classmethod
    def load(cls, **arguments: Any) -> Settings:
        """The settings of this process. Raises BadInput for an unknown EBB_ name or an impossible value."""
        refuse_unknown(os.environ)
        try:
            return cls(**{**_given.get(), **arguments})
        except ValidationError as error:
            raise _bad_value(error) from error

    @field_validator("region")
    @classmethod
    def _is_a_region(cls, value: str | None) -> str | None:
        if value is not None and not _REGION.fullmatch(value):
            raise ValueError("is not a region like us-east-1")
        return value

    @field_validator("endpoint_url")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("is not an address like http://127.0.0.1:4600")
        return value

    @field_validator("url")
    @classmethod
    def _is_a_page(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "")
        if value is not None and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("is not an address like https://ebb.example.com")
        return value

    @field_validator("bill_table")
    @classmethod
    def _is_a_table(cls, value: str | None) -> str | None:
        if value is not None and not _TABLE.fullmatch(value):
            raise ValueError("is not a table like billing.cur2 (database.table)")
        return value

    @field_validator("athena_output")
    @classmethod
    def _is_in_s3(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "")
        if value is not None and (parts.scheme != "s3" or not parts.netloc):
            raise ValueError("is not an S3 address like s3://bucket/athena-results/")
        return value

    @field_validator("notify_topic")
    @classmethod
    def _is_a_topic(cls, value: str | None) -> str | None:
        if value is not None and not TOPIC.fullmatch(value):
            raise ValueError(
                "is not the ARN of an SNS topic like arn:aws:sns:eu-central-1:123456789012:on-call"
            )
        return value

    @field_validator("notify_webhook")
    @classmethod
    def _may_be_told(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                webhook.check(value)
            except BadInput as error:
                raise ValueError(f"{error.what} {error.hint}".rstrip(".")) from error
        return value

    @field_validator("notify_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("is not a time zone like Europe/Berlin") from error
        return value

    @field_validator("discount")
    @classmethod
    def _is_a_discount(cls, value: str | None) -> str | None:
        return _understood(value, own_prices.discount)

    @field_validator("rates")
    @classmethod
    def _are_rates(cls, value: str | None) -> str | None:
        return _understood(value, own_prices.rates)

    @field_validator("savings_profiles")
    @classmethod
    def _are_profiles(cls, value: str | None) -> str | None:
        if value is not None and not all(each.strip() for each in value.split(",")):
            raise ValueError("is not a list of profiles like billing-eu, billing-us")
        return value

    @field_validator("notify_quiet")
    @classmethod
    def _is_a_span(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                parse(value, UTC)
            except BadInput as error:
                raise ValueError("is not a span of the day like 22:00-07:00") from error
        return value

    def shown(self, name: str) -> str:
        """The value of one setting as it may be shown: without what may be secret; empty where it is not set."""
        value = getattr(self, name)
        if value is None:
            return ""
        if name == "notify_webhook":
            return webhook.shown(value)
        if name in ("history_url", "endpoint_url", "url"):
            return _without_password(value)
        return ("1" if value else "0") if isinstance(value, bool) else str(value)

    @classmethod
    def default(cls, name: str) -> str:
        """What one setting is where nobody sets it; empty: not set."""
        value = cls.model_fields[name].default
        if value is None:
            return ""
        return ("1" if value else "0") if isinstance(value, bool) else str(value)

    def own_prices(self, now: datetime) -> OwnPrices:
        """What the account pays other than list prices. `now`: what own rates are dated."""
        return OwnPrices(
            own_prices.discount(self.discount) if self.discount else Decimal(0),
            own_prices.rates(self.rates) if self.rates else {},
            now,
        )

    @property
    def profiles_of_savings(self) -> tuple[str, ...]:
        """Each once, as they were given."""
        given = (self.savings_profiles or "").split(",")
        return tuple(dict.fromkeys(each.strip() for each in given if each.strip()))

    @property
    def state_file(self) -> Path:
        return self.state_dir / STATE_FILE

    @property
    def history(self) -> str:
        """The database URL of the history."""
        return self.history_url or f"sqlite:///{(self.state_dir / 'history.db').resolve()}"

    def refresh_for(self, kind: str) -> float:
        """Seconds between two collections; more often for the embedded AWS, so that fast time looks alive."""
        if self.refresh_s is not None:
            return self.refresh_s
        return 2.0 if kind == "embedded" else 15.0

    def origin(self, name: str) -> Origin:
        """Where the value of one setting came from."""
        if name not in type(self).model_fields:
            raise KeyError(name)
        if name not in self.model_fields_set:
            return Origin("default")
        for variable in variables(name):
            if os.environ.get(variable):
                return Origin("environment", variable)
        return Origin("argument")


def variables(name: str) -> tuple[str, ...]:
    """The environment variables that may set one setting, the first that is set wins."""
    alias = Settings.model_fields[name].validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(str(choice) for choice in alias.choices)
    return (str(alias),)


def _understood(value: str | None, read: Callable[[str], object]) -> str | None:
    if value is not None:
        try:
            read(value)
        except BadInput as error:
            raise ValueError(f"{error.what} {error.hint}".rstrip(".")) from error
    return value


def _without_password(url: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.username is None and parts.password is None:
            return url
    except ValueError:
        return "…"
    return urlunsplit(parts._replace(netloc=f"…@{parts.netloc.rpartition('@')[2]}"))


def refuse_unknown(environ: Mapping[str, str]) -> None:
    """Raise BadInput for the first EBB_ variable that no setting reads."""
    known = [v for name in Settings.model_fields for v in variables(name) if v.startswith(PREFIX)]
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable not in known:
            close = nearest(variable, known, 1)
            hint = f"Did you mean {close[0]}?" if close else f"Known are {', '.join(sorted(known))}."
            raise BadInput(f"There is no setting {variable}.", hint)


def _bad_value(error: ValidationError) -> BadInput:
    first = error.errors()[0]
    name = str(first["loc"][0])
    given = first.get("input")
    why = str(first["msg"]).removeprefix("Value error, ")
    said = "…" if name in SECRET else f"{given!s}"
    return BadInput(f"{name}={said} cannot be used: {why[:1].lower()}{why[1:]}.", f"Correct or unset {name}.")
