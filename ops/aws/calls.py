"""Calls to AWS with their errors in plain words, and AWS's own clock read off the answers."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from botocore import exceptions as boto
from botocore import xform_name
from botocore.parsers import ResponseParserError

from ops.aws.session import AwsSession, is_loopback
from ops.core.errors import CredentialsProblem, Denied, OpsError, Throttled, Unreachable
from ops.core.permissions import iam_action

A = TypeVar("A")
B = TypeVar("B")

_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "NotAuthorized",
    "AuthorizationError",
}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "ExpiredTokenError"}
_UNKNOWN_KEY = {
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "InvalidToken",
} | {
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "IncompleteSignature",
    "OptInRequired",
}
_SIGNATURE = {"SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed"}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "SlowDown",
} | {
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
}
_BARE_DENIAL, _BARE_MISSING = ("403", "Forbidden"), ("404", "Not Found")
"""What botocore makes of an answer without a body: those to HEAD have none."""
MISSING = "404"
_NAMES = {"sagemaker": "SageMaker", "cloudwatch": "CloudWatch", "sts": "STS"} | {
    "application-autoscaling": "Application Auto Scaling",
    "logs": "CloudWatch Logs",
    "s3": "S3",
    "sns": "SNS",
    "sqs": "SQS",
    "sagemaker-runtime": "SageMaker",
    "ce": "Cost Explorer",
}
_NOT_ALLOWED = "not authorized to perform"
_PERFORM = re.compile(r"perform:? ([a-z0-9-]+:[A-Za-z]+)")
_SIGN_IN = "Sign in again (for example `aws sso login`) or renew the keys, then reload."


class Reading:
    """The calls of one collection. `now` is the newest Date header among the answers: AWS's own clock."""

    def __init__(self, session: AwsSession) -> None:
        self.session = session
        self._lock = threading.Lock()
        self._now: datetime | None = None

    @property
    def now(self) -> datetime:
        """Raises OpsError before the first answer."""
        if self._now is None:
            raise OpsError("AWS has not answered yet, so its time is not known.", retryable=True)
        return self._now

    def ask(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """One call. Raises an OpsError with AWS's code in `.code`; Undeclared for one that is not in the table."""
        try:
            client = self.session.client(service)
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**params)
        except boto.ClientError as error:
            self._note_date(error.response)
            raise refused(error, service, operation) from error
        except (boto.BotoCoreError, ResponseParserError, KeyError) as error:
            # KeyError: botocore's own, on well-formed XML that is no answer of the service (a sign-in page)
            raise failed(error, service, operation, self.session.where.endpoint_url) from error
        if _is_page(answer):  # botocore takes a page of a proxy for an empty answer
            page = ResponseParserError("a web page")
            raise failed(page, service, operation, self.session.where.endpoint_url)
        self._note_date(answer)
        return answer

    def pages(
        self, service: str, operation: str, key: str, *, token: str = "NextToken", **params: Any
    ) -> Iterator[dict[str, Any]]:
        """The items under `key`, page by page; `token` is the name under which this service passes on where it was."""
        after: str | None = None
        while True:
            more = {token: after} if after else {}
            answer = self.ask(service, operation, **params, **more)
            yield from answer.get(key, ())
            after = answer.get(token)
            if not after:
                return

    def each(self, work: Callable[[A], B], items: Iterable[A]) -> list[B]:
        """`work` for every item, several at a time, answers in order."""
        return list(self.session.pool.map(work, items))

    def _note_date(self, answer: Any) -> None:
        text = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if not text:
            return
        try:
            date = parsedate_to_datetime(text).astimezone(UTC)
        except ValueError:
            return
        with self._lock:
            self._now = date if self._now is None else max(self._now, date)


def _is_page(answer: Any) -> bool:
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    if "ETag" in answer:  # an object of S3, which may well be a web page
        return False
    return str(headers.get("content-type", "")).lower().startswith("text/html")


def refused(error: boto.ClientError, service: str, operation: str) -> OpsError:
    """AWS answered with an error."""
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "")), str(said.get("Message", "") or "").strip()
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    who = _NAMES.get(service, service)
    found = _PERFORM.search(message)
    # what it asks of another service in the caller's name AWS denies in the message alone
    told = found is not None and _NOT_ALLOWED in message and status < 500
    if told or code in _DENIED or (status == 403 and code in _BARE_DENIAL):
        action = found.group(1) if found else iam_action(service, operation)
        return Denied(action, f"AWS denied {action}.")
    if status == 404 and code in _BARE_MISSING:
        return OpsError(f"{who} has nothing there ({operation}).", code=MISSING)
    if code in _EXPIRED:
        return CredentialsProblem("The AWS credentials have expired.", _SIGN_IN, code=code)
    if code in _SIGNATURE:
        if code == "RequestTimeTooSkewed" or "xpired" in message or "not yet current" in message:
            what = "AWS refuses the signature: this machine's clock differs too much from AWS's."
            return CredentialsProblem(what, "Set the clock (NTP), then reload.", code=code)
        what = "AWS refuses the signature of these credentials."
        return CredentialsProblem(
            what, "The secret key does not belong to the access key: renew both.", code=code
        )
    if code in _UNKNOWN_KEY:
        return CredentialsProblem("AWS does not know these credentials.", _SIGN_IN, code=code)
    if code in _THROTTLED or status == 429:
        return Throttled(f"{who} asks to slow down ({operation}).")
    if status >= 500 and status != 501:
        return OpsError(
            f"{who} has an internal problem ({operation}: {code or status}).",
            "This passes by itself as a rule; Ebb tries again.",
            retryable=True,
            code=code,
        )
    return OpsError(f"{who} refused {operation}: {message or code or status}", code=code)


def failed(error: Exception, service: str, operation: str, url: str | None) -> OpsError:
    """No answer, or none could be asked for."""
    place = url or f"AWS ({_NAMES.get(service, service)})"
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return CredentialsProblem(
            "There are no AWS credentials here.", "Set AWS_PROFILE or run `aws configure sso`."
        )
    if isinstance(error, boto.ProfileNotFound):
        return CredentialsProblem(f"{error}.", "Correct AWS_PROFILE, or see `aws configure list-profiles`.")
    if isinstance(
        error, boto.SSOError | boto.TokenRetrievalError | boto.CredentialRetrievalError | boto.LoginError
    ):
        return CredentialsProblem(f"The AWS credentials cannot be renewed: {error}", _SIGN_IN)
    if isinstance(error, boto.NoRegionError):
        return OpsError("No AWS region is chosen.", "Set AWS_REGION, for example AWS_REGION=us-east-1.")
    if isinstance(error, boto.ConnectTimeoutError | boto.ReadTimeoutError):
        return Unreachable(
            f"{place} did not answer in time ({operation}).", "Check the network or VPN; Ebb tries again."
        )
    if isinstance(error, boto.HTTPClientError | boto.ConnectionError):
        hint = "Check the network, proxy and DNS; Ebb tries again."
        if is_loopback(url):
            hint = (
                "Nothing listens there any more: start it again with `make run` or `python -m ops local-aws`."
            )
        return Unreachable(f"{place} cannot be reached.", hint)
    if isinstance(error, ResponseParserError | KeyError):
        return Unreachable(f"{place} answers, but not like AWS.", "Check AWS_ENDPOINT_URL and the proxy.")
    return OpsError(f"{_NAMES.get(service, service)} {operation} failed: {error}")
