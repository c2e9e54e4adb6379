"""An OpenID Connect provider on loopback: discovery, code flow with PKCE and nonce, signed ID tokens, end of session.

It is strict where the standard is: a code serves once, for the redirect address and the verifier that it was asked
with. Whoever comes to its page picks a person by a button.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "ebb", "a secret between the provider and Ebb"


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in. `good_s`: seconds for which their token is good; below zero: it has ended."""

    name: str
    groups: tuple[str, ...] = ()
    good_s: int = 3600


@dataclass
class Asked:
    """One authorization request, as the code stands for it."""

    redirect_uri: str
    challenge: str
    nonce: str
    person: Person


@dataclass
class Provider:
    """The running provider. `problems`: what clients did wrong; `ended`: how many sessions were ended."""

    people: Mapping[str, Person]
    url: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    codes: dict[str, Asked] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    ended: int = 0

    def discovery(self) -> dict[str, object]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def choose(self, query: Mapping[str, str]) -> str:
        """The page on which somebody says who they are."""
        wrong = {
            "client_id": query.get("client_id") != CLIENT,
            "response_type": query.get("response_type") != "code",
            "state": not query.get("state"),
            "nonce": not query.get("nonce"),
            "code_challenge": not query.get("code_challenge") or query.get("code_challenge_method") != "S256",
            "scope": "openid" not in query.get("scope", "").split(),
        }
        self.problems += [name for name, bad in wrong.items() if bad]
        links = "".join(
            f'<p><a href="/as?{urlencode({**query, "person": name})}">Continue as {name}</a></p>'
            for name in self.people
        )
        return f"<!doctype html><title>Provider</title><h1>Who are you</h1>{links}"

    def code_for(self, query: Mapping[str, str]) -> str:
        """The address to go back to, with a code."""
        code = secrets.token_urlsafe(16)
        person = self.people[query["person"]]
        self.codes[code] = Asked(query["redirect_uri"], query["code_challenge"], query["nonce"], person)
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: Mapping[str, str], authorization: str) -> tuple[int, dict[str, object]]:
        """An ID token for a code."""
        asked = self.codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if authorization != f"Basic {basic}" and form.get("client_secret") != SECRET:
            return 401, {"error": "invalid_client"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked.redirect_uri != form.get("redirect_uri") or asked.challenge != challenge:
            self.problems.append("code")
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        person = asked.person
        claims = {
            "iss": self.url,
            "sub": person.name,
            "aud": CLIENT,
            "iat": now - 120,
            "exp": now + person.good_s,
            "nonce": asked.nonce,
            "email": person.name,
            "groups": list(person.groups),
        }
        self.signed_in.append(person.name)
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        return 200, {"access_token": "x", "token_type": "Bearer", "expires_in": 3600, "id_token": signed}


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written to the terminal."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        match parts.path:
            case "/.well-known/openid-configuration":
                self._json(200, self.provider.discovery())
            case "/jwks":
                self._json(200, {"keys": [self.provider.key.as_dict(private=False)]})
            case "/authorize":
                self._send(200, "text/html", self.provider.choose(query).encode())
            case "/as":
                self._go(self.provider.code_for(query))
            case "/logout":
                self.provider.ended += 1
                self._go(query["post_logout_redirect_uri"])
            case _:
                self._send(404, "text/plain", b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._json(*self.provider.token(form, self.headers.get("Authorization", "")))

    def _json(self, status: int, value: object) -> None:
        self._send(status, "application/json", json.dumps(value).encode())

    def _go(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running(*people: Person) -> Iterator[Provider]:
    """A provider that knows these people."""
    provider = Provider({person.name: person for person in people})
    handler = type("Handler", (_Handler,), {"provider": provider})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        provider.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join(timeout=5)


def secrets_file(provider: Provider, redirect_uri: str) -> str:
    """The text of a secrets file that leads Streamlit's sign-in to the provider."""
    values = {
        "redirect_uri": redirect_uri,
        "cookie_secret": secrets.token_hex(32),
        "client_id": CLIENT,
        "client_secret": SECRET,
        "server_metadata_url": f"{provider.url}/.well-known/openid-configuration",
    }
    return "[auth]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
