"""Who types a command."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace

import pytest

from ops.config import Settings
from ops.core.change import Actor
from ops.who import actor_here
from tests.components.samples import EMBEDDED, REAL


@pytest.mark.parametrize(
    ("setting", "connection", "role"),
    [
        (None, EMBEDDED, "admin"),
        (None, REAL, "viewer"),
        ("operator", REAL, "operator"),
        ("viewer", EMBEDDED, "viewer"),
    ],
)
def test_the_user_of_the_machine_with_the_role_of_the_settings(setting, connection, role, monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody-else")
    monkeypatch.setenv("USER", "somebody-else")
    name = pwd.getpwuid(os.getuid()).pw_name
    found = actor_here(Settings(role=setting), replace(connection, writable=True))
    assert found == Actor(name, role, "command line")
