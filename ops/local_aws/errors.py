"""The one error that a service of the embedded AWS raises."""

from __future__ import annotations


class AwsError(Exception):
    """An answer that a client sees as a typed error.

    `code` is the error's shape name in botocore's model (or AWS's own code where it is not modelled),
    `status` the HTTP status, `fields` extra members of the error's shape.
    """

    def __init__(self, code: str, message: str, status: int = 400, **fields: object) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields


class NotOffered(AwsError):
    """The operation, or this use of it, is not part of the embedded AWS. Never an empty success."""

    def __init__(self, what: str) -> None:
        super().__init__("NotImplemented", f"The embedded AWS does not offer {what}.", 501)


def validation(message: str) -> AwsError:
    return AwsError("ValidationException", message)
