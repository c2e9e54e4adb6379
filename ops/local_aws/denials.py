"""What callers may not do: by IAM action, or by an IAM policy that holds for all of them. Trouble on demand.

What nobody may be denied: GetCallerIdentity, as on AWS, and what this world's own services do among themselves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ops.local_aws import wire
from ops.local_aws.errors import AwsError
from ops.local_aws.iam_policy import Policy, Right
from ops.local_aws.rights import PREFIXES

KNOWN = tuple(sorted(set(PREFIXES.values())))
_ACTION = re.compile(rf"({'|'.join(KNOWN)}):[A-Z][A-Za-z]+")


class Denials:
    """Of all callers. Nothing is denied until something is set."""

    def __init__(self) -> None:
        self._actions: frozenset[str] = frozenset()
        self._policy: Policy | None = None
        self._told: Counter[str] = Counter()

    def set(self, actions: Iterable[str]) -> None:
        """Deny these actions and no others. Raises ValueError for what is no action of these services."""
        wanted = frozenset(actions)
        wrong = next((a for a in sorted(wanted) if not _ACTION.fullmatch(a)), None)
        if wrong is not None:
            raise ValueError(f"{wrong!r} is no IAM action of {', '.join(KNOWN)}")
        self._actions = wanted
        self._told.clear()

    def set_policy(self, document: Mapping[str, Any] | None) -> None:
        """Allow what this IAM policy allows and nothing else; None ends that. Raises ValueError."""
        self._policy = None if document is None else Policy(document)
        self._told.clear()

    @property
    def any(self) -> bool:
        """Whether anything may be denied at all."""
        return bool(self._actions) or self._policy is not None

    def denied(self, rights: Iterable[Right]) -> str:
        """The first action that is denied among these; empty where all may pass."""
        found = next((right.action for right in rights if not self._may(right)), "")
        if found:
            self._told[found] += 1
        return found

    def told(self) -> dict[str, int]:
        """How often each action was denied since something was set."""
        return dict(self._told)

    def _may(self, right: Right) -> bool:
        if right.action in self._actions:
            return False
        return self._policy is None or self._policy.allows(right)


def error(service: str, action: str) -> AwsError:
    """What a service says: of our own, and of those that are passed on."""
    said = f"User: arn:aws:iam::123456789012:user/ebb is not authorized to perform: {action}"
    if service == "sns":
        return AwsError("AuthorizationError", said, 403)
    if service in ("cloudwatch", "sts"):
        return AwsError("AccessDenied", said, 403)
    return AwsError("AccessDeniedException", said, 403 if service == "sqs" else 400)


def expired(environ: dict[str, Any], service: str) -> tuple[int, bytes, str, str]:
    """The same to a request with credentials that have ended: S3, XML and JSON services each say it their own way."""
    _read_all(environ)
    if service == "s3":
        body = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
        return 400, b"" if environ["REQUEST_METHOD"] == "HEAD" else body, "application/xml", "ExpiredToken"
    protocol = wire.protocol_of(environ)
    said = "The security token included in the request is expired"
    if protocol == "query" and not environ.get("PATH_INFO", "").startswith("/endpoints/"):
        error = AwsError("ExpiredToken", said, 403)
        return error.status, wire.xml_error(error), "text/xml", error.code
    error = AwsError("ExpiredTokenException", said, 403 if protocol == "query" else 400)
    if protocol == "cbor":
        return error.status, *wire.write_error(protocol, service, error), error.code
    return error.status, wire.json_error(error), "application/x-amz-json-1.1", error.code


def answer(environ: dict[str, Any], service: str, action: str) -> tuple[int, bytes, str, str]:
    """(status, body, content type, code) as a service that is passed on puts it. What was sent is read to its end."""
    _read_all(environ)
    if service == "s3":
        body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        return 403, b"" if environ["REQUEST_METHOD"] == "HEAD" else body, "application/xml", "AccessDenied"
    said = error(service, action)
    if service == "sns":
        return said.status, wire.xml_error(said, ec2=False), "text/xml", said.code
    return said.status, wire.json_error(said), "application/x-amz-json-1.0", said.code


def _read_all(environ: dict[str, Any]) -> None:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    while length > 0:
        length -= len(environ["wsgi.input"].read(min(length, 65_536)) or b" " * length)
