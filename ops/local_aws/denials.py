"""What callers may not do, by IAM action: trouble on demand for S3, SNS, SQS and InvokeEndpointAsync."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from ops.local_aws import wire
from ops.local_aws.errors import AwsError

KNOWN = ("s3", "sns", "sqs", "sagemaker")
_ACTION = re.compile(rf"({'|'.join(KNOWN)}):[A-Z][A-Za-z]+")
_IAM = {"DeleteMessageBatch": "DeleteMessage", "SendMessageBatch": "SendMessage"}
"""Operations that IAM calls by another name."""


class Denials:
    def __init__(self) -> None:
        self._actions: frozenset[str] = frozenset()

    def set(self, actions: Iterable[str]) -> None:
        """Deny these actions and no others. Raises ValueError for what is no action of these services."""
        wanted = frozenset(actions)
        wrong = next((a for a in sorted(wanted) if not _ACTION.fullmatch(a)), None)
        if wrong is not None:
            raise ValueError(f"{wrong!r} is no IAM action of {', '.join(KNOWN)}")
        self._actions = wanted

    def denied(self, environ: dict[str, Any], service: str) -> str:
        """The action that is denied to this request; empty where it may pass. The body stays readable."""
        if not self._actions:
            return ""
        action = _action(environ, service)
        return action if action in self._actions else ""


def answer(environ: dict[str, Any], service: str, action: str) -> tuple[int, bytes, str, str]:
    """(status, body, content type, code) as the service puts it. What was sent is read to its end."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    while length > 0:
        length -= len(environ["wsgi.input"].read(min(length, 65_536)) or b" " * length)
    if service == "s3":
        body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        return 403, b"" if environ["REQUEST_METHOD"] == "HEAD" else body, "application/xml", "AccessDenied"
    said = f"User: arn:aws:iam::123456789012:user/ebb is not authorized to perform: {action}"
    if service == "sns":
        error = AwsError("AuthorizationError", said, 403)
        return 403, wire.xml_error(error, ec2=False), "text/xml", error.code
    error = AwsError("AccessDeniedException", said, 403 if service == "sqs" else 400)
    return error.status, wire.json_error(error), "application/x-amz-json-1.0", error.code


def _action(environ: dict[str, Any], service: str) -> str:
    if service == "s3":
        return _of_s3(environ)
    if service == "sagemaker":
        return (
            "sagemaker:InvokeEndpointAsync"
            if environ.get("PATH_INFO", "").endswith("/async-invocations")
            else ""
        )
    if service not in KNOWN:
        return ""
    name = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if not name:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        name = parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
    return f"{service}:{_IAM.get(name, name)}"


def _of_s3(environ: dict[str, Any]) -> str:
    method = environ["REQUEST_METHOD"]
    _, _, key = environ.get("PATH_INFO", "").lstrip("/").partition("/")
    if not key:
        return "s3:ListBucket" if method in ("GET", "HEAD") else ""
    if method == "DELETE":
        return (
            "s3:AbortMultipartUpload" if "uploadId" in environ.get("QUERY_STRING", "") else "s3:DeleteObject"
        )
    return "s3:PutObject" if method in ("PUT", "POST") else "s3:GetObject"
