"""Where the console may listen, and what a sign-in needs."""

from __future__ import annotations

import pytest

from ops.core.listening import is_loopback, names_this_machine, providers, refusal

KEYS = {"client_id": "ebb", "client_secret": "s", "server_metadata_url": "https://login.example.com/x"}
SHARED = {"redirect_uri": "https://ebb.example.com/oauth2callback", "cookie_secret": "c" * 32}
WHOLE = {**SHARED, **KEYS}


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LocalHost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.7", False),
        ("ebb.example.com", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("unix:///run/ebb.sock", False),
        ("", False),
        (None, False),
    ],
)
def test_without_sign_in_only_this_machine(address, near):
    assert is_loopback(address) == near
    said = refusal(address, None)
    assert (said == "") == near
    assert near or "without sign-in" in said
    assert refusal(address, WHOLE) == ""


def test_no_address_is_every_address():
    assert "on every address of this machine" in refusal(None, None)
    assert "on 0.0.0.0" in refusal("0.0.0.0", {})


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ({"client_id": "x"}, "lacks redirect_uri, cookie_secret"),
        (SHARED, "lacks client_id, client_secret, server_metadata_url"),
        ({**SHARED, "client_id": "ebb"}, "lacks client_secret, server_metadata_url."),
        ({**SHARED, "okta": {"client_id": "ebb"}}, "lacks client_secret, server_metadata_url for okta"),
        ({**SHARED, "my_okta": KEYS}, "no underscore"),
        ({**WHOLE, "redirect_uri": "https://ebb.example.com/"}, "end with /oauth2callback"),
        ({**WHOLE, "cookie_secret": "c" * 31}, "fewer than 32 characters"),
        ({**WHOLE, "cookie_secret": ""}, "lacks cookie_secret"),
    ],
)
def test_a_sign_in_in_part_is_refused_also_on_this_machine(auth, said):
    assert said in refusal("127.0.0.1", auth)
    assert "c" * 31 not in refusal("127.0.0.1", auth)


def test_providers():
    assert providers(WHOLE) == ("",)
    assert providers({**SHARED, "okta": KEYS, "google": KEYS}) == ("okta", "google")
    assert providers({}) == ()


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("localhost", True),
        ("LocalHost:8501", True),
        ("127.0.0.1", True),
        ("127.0.0.1:8501", True),
        ("[::1]", True),
        ("[::1]:8501", True),
        ("", False),
        (":8501", False),
        ("evil.example", False),
        ("evil.example:8501", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:80", False),
        ("evil.example:80@localhost", False),
        ("localhost:80:80", False),
        ("localhost:evil", False),
        ("[::1]evil.example", False),
        ("::1", False),
        ("192.0.2.7:8501", False),
        ("0.0.0.0:8501", False),
    ],
)
def test_a_host_header_names_this_machine_or_not(host, near):
    assert names_this_machine(host) == near
