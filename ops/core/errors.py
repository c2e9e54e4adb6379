"""One tree of errors. Every error says what happened, what to do, and whether trying again may help."""

from __future__ import annotations


class OpsError(Exception):
    """What went wrong (`what`), the way out (`hint`), and whether a retry may help (`retryable`)."""

    exit_code = 2

    def __init__(self, what: str, hint: str = "", *, retryable: bool = False, code: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.retryable = retryable
        self.code = code
        self.aside = False
        """Of a source beside AWS's own answers, such as a bill: it does not tell whether AWS is away."""


class BadInput(OpsError):
    """The user's own words are off: a range, a name, an option."""


class UnknownEndpoint(BadInput):
    """No endpoint of that name; `nearest` holds names that come close."""

    def __init__(self, name: str, nearest: tuple[str, ...] = ()) -> None:
        hint = f"Did you mean {' or '.join(nearest)}?" if nearest else "See the list of endpoints."
        super().__init__(f"There is no endpoint named {name!r} in this account and region.", hint)
        self.name = name
        self.nearest = nearest


class Denied(OpsError):
    """AWS refused the call; `action` is the IAM action that would mend it, `hint` where that alone would not."""

    def __init__(self, action: str, what: str, hint: str = "") -> None:
        super().__init__(what, hint or f"Allow the IAM action {action}.", code="AccessDenied")
        self.action = action


class CredentialsProblem(OpsError):
    """No credentials, or they are expired or unknown to AWS."""


class Throttled(OpsError):
    """AWS asks to slow down; the call was repeated with a growing pause and still refused."""

    def __init__(self, what: str, hint: str = "It passes by itself as a rule.") -> None:
        super().__init__(what, hint, retryable=True, code="Throttling")


class Unreachable(OpsError):
    """No answer from AWS: network, DNS, time-out, or the embedded AWS is not running."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what, hint, retryable=True)


class ReadOnly(OpsError):
    """A write was asked for where only reading is allowed."""

    exit_code = 3


class Stale(OpsError):
    """Something changed between the review and the write."""

    exit_code = 3


class Unconfirmed(OpsError):
    """What can hurt was asked for without the explicit yes that it wants. Nothing was done."""

    exit_code = 3
