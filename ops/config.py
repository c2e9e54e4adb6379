"""Settings from the environment. Every value knows where it came from; unknown EBB_ names are refused."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ops.core.errors import BadInput
from ops.core.names import STATE_DIR, STATE_FILE, nearest

PROJECT = Path(__file__).resolve().parent.parent
PREFIX = "EBB_"


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
        frozen=True, case_sensitive=True, env_ignore_empty=True, populate_by_name=True, extra="ignore"
    )

    mode: Literal["embedded", "aws"] = Field("embedded", validation_alias="EBB_MODE")
    """"embedded": the AWS that ships with Ebb; "aws": the real one."""
    write: bool = Field(False, validation_alias="EBB_WRITE")
    """Whether changes to real AWS are possible at all."""
    refresh_s: float | None = Field(None, validation_alias="EBB_REFRESH_S", ge=1, le=3600)
    """Seconds between two collections; None lets the kind of AWS decide."""
    state_dir: Path = Field(PROJECT / STATE_DIR, validation_alias="EBB_STATE_DIR")
    """Where the running embedded AWS notes its address, and where Ebb keeps its own files."""
    history_url: str | None = Field(None, validation_alias="EBB_HISTORY_URL")
    """Where the history is kept, as a database URL; None is a file in `state_dir`."""
    profile: str | None = Field(None, validation_alias="AWS_PROFILE")
    region: str | None = Field(None, validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION"))
    endpoint_url: str | None = Field(None, validation_alias="AWS_ENDPOINT_URL")
    """Any AWS-like endpoint; wins over `mode`."""

    @classmethod
    def load(cls, **arguments: Any) -> Settings:
        """The settings of this process. Raises BadInput for an unknown EBB_ name or an impossible value."""
        refuse_unknown(os.environ)
        try:
            return cls(**arguments)
        except ValidationError as error:
            raise _bad_value(error) from error

    @field_validator("endpoint_url")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("is not an address like http://127.0.0.1:4600")
        return value

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
    return BadInput(
        f"{name}={given!s} cannot be used: {why[:1].lower()}{why[1:]}.", f"Correct or unset {name}."
    )
