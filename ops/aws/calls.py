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

from ops.aws.assumed import EXPIRED
from ops.aws.regions import must_be_enabled, strange_region
from ops.aws.session import HOME, AwsSession, is_loopback
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
_UNKNOWN_KEY = {
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "InvalidToken",
} | {
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "AuthFailure",
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
ASSUME = "AssumeRole"
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
_RESOURCE = re.compile(r"on resource: (arn:[^\s]+?)\.?(?:\s|$)")
_USER = re.compile(r"User: (arn:[^\s]+) is not")
_PERFORM = re.compile(r"perform:? ([a-z0-9-]+:[A-Za-z]+)")
_STILL = "refreshed credentials are still expired"
"""botocore's own words, for which it has no type."""
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
            raise refused(error, service, operation, self.session) from error
        except (boto.BotoCoreError, ResponseParserError, KeyError) as error:
            # KeyError: botocore's own, on well-formed XML that is no answer of the service (a sign-in page)
            raise failed(error, service, operation, self.session) from error
        except RuntimeError as error:
            if _STILL not in str(error):
                raise
            raise CredentialsProblem(
                "The AWS credentials that were renewed just now have ended already.",
                "Set this machine's clock (NTP), and look what its credential process hands out.",
            ) from error
        if _is_page(answer):  # botocore takes a page of a proxy for an empty answer
            page = ResponseParserError("a web page")
            raise failed(page, service, operation, self.session)
        self._note_date(answer)
        return answer

    def environment(self) -> dict[str, str]:
        """Of a process that asks for us: the credentials of this session. Raises OpsError."""
        try:
            return self.session.environment()
        except boto.ClientError as error:
            raise refused(error, "sts", ASSUME, self.session) from error
        except boto.BotoCoreError as error:
            raise failed(error, "sts", ASSUME, self.session) from error

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


def refused(
    error: boto.ClientError, service: str, operation: str, session: AwsSession | None = None
) -> OpsError:
    """AWS answered with an error: to the call, or to assuming the role that it was to be made as."""
    role = ""
    if error.operation_name == ASSUME:
        service, operation, role = "sts", ASSUME, _role(error, session)
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "")), str(said.get("Message", "") or "").strip()
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    who = _NAMES.get(service, service)
    found = _PERFORM.search(message)
    # what it asks of another service in the caller's name AWS denies in the message alone
    told = found is not None and _NOT_ALLOWED in message and status < 500
    if told or code in _DENIED or (status == 403 and code in _BARE_DENIAL):
        action = found.group(1) if found else iam_action(service, operation)
        if role:
            return _untrusted(role, message, session)
        return Denied(action, f"AWS denied {action}.")
    if status == 404 and code in _BARE_MISSING:
        return OpsError(f"{who} has nothing there ({operation}).", code=MISSING)
    if code in EXPIRED:
        return CredentialsProblem(
            f"The AWS credentials{_that_assume(role)} have expired.", _SIGN_IN, code=code
        )
    if code in _SIGNATURE:
        if code == "RequestTimeTooSkewed" or "xpired" in message or "not yet current" in message:
            what = "AWS refuses the signature: this machine's clock differs too much from AWS's."
            return CredentialsProblem(what, "Set the clock (NTP), then reload.", code=code)
        what = "AWS refuses the signature of these credentials."
        return CredentialsProblem(
            what, "The secret key does not belong to the access key: renew both.", code=code
        )
    if code in _UNKNOWN_KEY:
        return _unknown(role, code, None if session is None or service in HOME else session.region())
    if code == "RegionDisabledException":
        return OpsError(
            f"STS is off in this region for the account that assumes {role}.",
            "Activate it there (IAM, account settings, endpoints of STS), or choose another region.",
            code=code,
        )
    if code in _THROTTLED or status == 429:
        return Throttled(f"{who} asks to slow down ({operation}).")
    if status >= 500 and status != 501:
        return OpsError(
            f"{who} has an internal problem ({operation}: {code or status}).",
            "This passes by itself as a rule.",
            retryable=True,
            code=code,
        )
    return OpsError(f"{who} refused {operation}: {message or code or status}", code=code)


def _role(error: boto.ClientError, session: AwsSession | None) -> str:
    """The role that was to be assumed: the one that Ebb was given, or that of a profile, which AWS names."""
    named = _RESOURCE.search(str(error.response.get("Error", {}).get("Message", "")))
    known = session.where.role_arn if session is not None else None
    return known or (named[1] if named else "of the AWS profile")


def _that_assume(role: str) -> str:
    return f" that assume the role {role}" if role else ""


def _untrusted(role: str, message: str, session: AwsSession | None) -> Denied:
    """AWS does not say which of these it was, nor whether there is such a role at all."""
    asked = _USER.search(message)
    caller = asked[1] if asked else "the caller"
    ours = session is not None and session.where.role_arn is not None
    sent = session.where.external_id if session is not None else None
    if not ours:
        same = "the external_id of the profile must be the one that it asks for"
    elif sent is None:
        same = "if it asks for an external id (sts:ExternalId), that has to be set with the role"
    else:
        same = "its sts:ExternalId must be the external id that is set with the role"
    return Denied(
        f"sts:{ASSUME}",
        f"AWS denied sts:{ASSUME}: {caller} may not assume the role {role}.",
        f"Look that the role exists; that its trust policy names {caller} as its principal; {same}; and that "
        f"the caller itself is allowed sts:{ASSUME} on it. `python -m ops policy --trust` prints such a trust policy.",
    )


def _unknown(role: str, code: str, region: str | None) -> CredentialsProblem:
    whose = f"the credentials{_that_assume(role)}" if role else "these credentials"
    if not must_be_enabled(region):
        return CredentialsProblem(f"AWS does not know {whose}.", _SIGN_IN, code=code)
    return CredentialsProblem(
        f"AWS does not know {whose} in {region}, or the account has not enabled this region.",
        f"An account has {region} only where somebody enabled it: `aws account enable-region --region-name {region}`, "
        f"or AWS Regions under Account in AWS's console. Where that is so: {_SIGN_IN[:1].lower()}{_SIGN_IN[1:]}",
        code=code,
    )


def failed(error: Exception, service: str, operation: str, session: AwsSession | None) -> OpsError:
    """No answer, or none could be asked for."""
    url = session.where.endpoint_url if session is not None else None
    role = session.where.role_arn if session is not None else None
    place = url or f"AWS ({_NAMES.get(service, service)})"
    if isinstance(error, boto.NoCredentialsError):
        to_assume = f" to assume the role {role} with" if role else ""
        return CredentialsProblem(
            f"There are no AWS credentials here{to_assume}.", "Set AWS_PROFILE or run `aws configure sso`."
        )
    if isinstance(error, boto.PartialCredentialsError | boto.InvalidConfigError | boto.ConfigParseError):
        return CredentialsProblem(
            f"The AWS credentials here are not complete: {error}",
            "Correct the profile, or the variables AWS_*.",
        )
    if isinstance(error, boto.ProfileNotFound):
        return CredentialsProblem(f"{error}.", "Correct AWS_PROFILE, or see `aws configure list-profiles`.")
    if isinstance(
        error, boto.SSOError | boto.TokenRetrievalError | boto.CredentialRetrievalError | boto.LoginError
    ):
        return CredentialsProblem(f"The AWS credentials cannot be renewed: {error}", _SIGN_IN)
    if isinstance(error, boto.NoRegionError):
        return OpsError("No AWS region is chosen.", "Set AWS_REGION, for example AWS_REGION=us-east-1.")
    if isinstance(error, boto.InvalidRegionError):
        return OpsError(
            f"That is no region: {error}", "Correct AWS_REGION, or the region of the AWS profile."
        )
    if isinstance(error, boto.ConnectTimeoutError | boto.ReadTimeoutError):
        return Unreachable(f"{place} did not answer in time ({operation}).", "Check the network or VPN.")
    if isinstance(error, boto.HTTPClientError | boto.ConnectionError):
        hint = "Check the network, proxy and DNS."
        region = session.region() if session is not None and url is None else None
        if strange := strange_region(region):
            return Unreachable(f"{place} cannot be reached in {region}.", strange)
        if is_loopback(url):
            hint = (
                "Nothing listens there any more: start it again with `make run` or `python -m ops local-aws`."
            )
        return Unreachable(f"{place} cannot be reached.", hint)
    if isinstance(error, ResponseParserError | KeyError):
        return Unreachable(f"{place} answers, but not like AWS.", "Check AWS_ENDPOINT_URL and the proxy.")
    return OpsError(f"{_NAMES.get(service, service)} {operation} failed: {error}")
