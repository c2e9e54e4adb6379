"""What the form of the Requests page makes of what was typed: checks, and the submission. Pure."""

from __future__ import annotations

import json
import mimetypes
from dataclasses import dataclass

from components import format as fmt
from ops.core.errors import BadInput
from ops.core.requests import RATE_RANGE, TIMEOUT_S, TTL_S, Submission

PASTE, UPLOAD, ADDRESS = "Paste", "Upload", "Address in S3"
ONCE, BURST, PACED = "Once", "A burst", "At a pace"
NOT_YET = "s3://not-there-yet/input"
"""Stands for an input that is uploaded when the button is pressed, in a quote."""
ANY_BYTES = "application/octet-stream"
MOST_PASTED = 1_000_000
"""Characters; what is longer goes by upload."""
_TYPES = mimetypes.MimeTypes()  # the same on every machine: of its own files nothing is read
for _kind, _end in (("application/jsonlines", ".jsonl"), ("application/x-npy", ".npy")):
    _TYPES.add_type(_kind, _end)


@dataclass(frozen=True, slots=True)
class Draft:
    """All that the form holds. `seconds` are None where the field is empty."""

    endpoint: str
    source: str = PASTE
    pasted: str = ""
    uploaded: str = ""
    address: str = ""
    content_type: str = "application/json"
    how: str = ONCE
    count: int | None = 1
    per_minute: float | None = None
    ttl_s: int | None = TTL_S
    timeout_s: int | None = TIMEOUT_S
    attributes: str = ""
    inference_id: str = ""
    as_is: bool = False
    """Send what was pasted although it is no JSON."""

    @property
    def requests(self) -> int:
        return 1 if self.how == ONCE else self.count or 0

    @property
    def ready(self) -> bool:
        """Whether there is an input at all."""
        given = {PASTE: self.pasted, UPLOAD: self.uploaded, ADDRESS: self.address}
        return bool(given.get(self.source, "").strip())

    def submission(self, uri: str) -> Submission:
        """Of an input that is in S3. Raises BadInput."""
        if self.how == PACED and self.per_minute is None:
            low, high = RATE_RANGE
            raise BadInput("The pace is empty.", f"Give {low:g} to {high:g} requests per minute.")
        if self.ttl_s is None or self.timeout_s is None:
            raise BadInput("A time is empty.", "Give seconds for both times.")
        return Submission(
            self.endpoint,
            uri,
            content_type=self.content_type.strip(),
            attributes=self.attributes.strip(),
            ttl_s=self.ttl_s,
            timeout_s=self.timeout_s,
            inference_id=self.inference_id.strip(),
            count=self.requests,
            per_minute=self.per_minute if self.how == PACED else None,
        )

    def input_uri(self) -> str:
        """Where the input is; the stand-in for what was pasted. Raises BadInput where there is none."""
        if self.source == PASTE:
            self.checked_paste()
            return NOT_YET
        if self.source == UPLOAD:
            if not self.uploaded:
                raise BadInput("No file was uploaded yet.", "Choose one, and wait for its end.")
            return self.uploaded
        return self.address.strip()

    def checked_paste(self) -> bytes:
        """What was pasted, as bytes. Raises BadInput for nothing, and for what is no JSON although it should be."""
        if not self.pasted.strip():
            raise BadInput("There is no input.", "Paste one, upload a file, or give an address in S3.")
        wrong = not_json(self.pasted) if self.wants_json else ""
        if wrong and not self.as_is:
            raise BadInput(
                wrong,
                "Mend it, choose another content type, or tick under More to send it all the same.",
            )
        return self.pasted.encode()

    @property
    def wants_json(self) -> bool:
        return "json" in self.content_type.lower() and "lines" not in self.content_type.lower()

    def lasts(self) -> str:
        """How long the sending takes, in words."""
        if self.how == PACED and self.per_minute and self.requests > 1:
            return f"sent in {fmt.about((self.requests - 1) / self.per_minute * 60)}"
        return "sent at once" if self.requests == 1 else "sent as fast as AWS takes them, a few at a time"


def type_of(filename: str) -> str:
    """The content type that the end of a file's name tells; bytes of any kind where it tells none."""
    kind, encoding = _TYPES.guess_type(filename)
    return kind if kind is not None and encoding is None else ANY_BYTES


def not_json(text: str) -> str:
    """Where a text stops to be JSON; empty where it is."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"This is no JSON: line {error.lineno}, column {error.colno}: {error.msg.lower()}."
    except RecursionError:
        return "This is no JSON that can be checked: it is nested too deep."
    return ""
