"""STS: AssumeRole as the trust policy of a role says, and GetCallerIdentity. What else there is, moto answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ops.local_aws import tokens, wire
from ops.local_aws.errors import AwsError
from ops.local_aws.trust import Asking, trusts

if TYPE_CHECKING:
    from ops.local_aws.role_sessions import Session
    from ops.local_aws.trail import Caller
    from ops.local_aws.world import World

OFFERED = ("AssumeRole", "GetCallerIdentity")
HOUR = 3_600
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/.+")
_PATTERNS = {"RoleSessionName": r"[\w+=,.@-]*", "ExternalId": r"[\w+=,.@:\/-]*"}
_KNOWN = frozenset({"RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds"})


class Sts:
    """The caller holds the world's lock."""

    def __init__(self, world: World) -> None:
        self._world = world

    def run(self, caller: Caller, call: wire.Call) -> dict[str, Any]:
        """One operation with checked parameters. Raises AwsError."""
        wire.check(call)
        asked = self._assume if call.operation.name == "AssumeRole" else self._identity
        answer = asked(caller, call.params)
        self._world.check_shape(call, answer)
        return answer

    def _assume(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        tokens.only(params, _KNOWN, "AssumeRole")
        for name, allowed in _PATTERNS.items():
            if not re.fullmatch(allowed, params.get(name, "")):
                raise _invalid(params[name], name, f"satisfy regular expression pattern: {allowed}")
        arn = params["RoleArn"]
        named = _ROLE.fullmatch(arn)
        if named is None:
            raise AwsError("ValidationError", f"{arn} is invalid")
        me = self._arn(caller)
        denied = f"User: {me} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        if named[1] != self._world.account:
            more = f"The embedded AWS holds the account {self._world.account} alone."
            raise AwsError("AccessDenied", f"{denied}. {more}", 403)
        role = self._role(arn)
        if role is None or not trusts(role.assume_role_policy_document, self._asking(caller, me, params)):
            raise AwsError("AccessDenied", denied, 403)
        seconds = params.get("DurationSeconds", HOUR)
        self._check_duration(seconds, role, caller)
        session, secret, token = self._world.sessions.open(arn, role.id, params["RoleSessionName"], seconds)
        return {
            "Credentials": {
                "AccessKeyId": session.access_key,
                "SecretAccessKey": secret,
                "SessionToken": token,
                "Expiration": session.ends,
            },
            "AssumedRoleUser": {"AssumedRoleId": session.id, "Arn": session.arn},
        }

    def _identity(self, caller: Caller, _: Mapping[str, Any]) -> dict[str, Any]:
        """Its UserId tells which world this is, whoever asks."""
        return {
            "UserId": self._world.identity,
            "Account": self._world.account,
            "Arn": self._arn(caller),
        }

    def _arn(self, caller: Caller) -> str:
        if caller.session is not None:
            return caller.session.arn
        from moto.sts.models import sts_backends  # slow to import

        backend = sts_backends[self._world.account]["aws"]
        return str(backend.get_caller_identity(caller.access_key, caller.region or self._world.region)[1])

    def _role(self, arn: str) -> Any:
        from moto.iam.models import iam_backends

        roles = iam_backends[self._world.account]["aws"].get_roles()
        return next((role for role in roles if role.arn == arn), None)

    def _asking(self, caller: Caller, me: str, params: Mapping[str, Any]) -> Asking:
        session: Session | None = caller.session
        principal = me if session is None else session.role_arn
        context = {
            "aws:principalaccount": self._world.account,
            "aws:principalarn": principal,
            "sts:rolesessionname": params["RoleSessionName"],
        }
        if "ExternalId" in params:
            context["sts:externalid"] = params["ExternalId"]
        return Asking(self._world.account, tuple(dict.fromkeys((me, principal))), context)

    def _check_duration(self, seconds: int, role: Any, caller: Caller) -> None:
        if seconds > int(role.max_session_duration or HOUR):
            said = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            raise AwsError("ValidationError", said)
        if caller.session is not None and seconds > HOUR:
            said = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
            raise AwsError("ValidationError", said)


def _invalid(value: str, name: str, must: str) -> AwsError:
    at = f"{name[:1].lower()}{name[1:]}"
    said = f"Value '{value}' at '{at}' failed to satisfy constraint: Member must {must}"
    return AwsError("ValidationError", f"1 validation error detected: {said}")
