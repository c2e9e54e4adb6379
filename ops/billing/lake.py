"""Where an export lies in Athena: plain data, so that whoever asks need not load an engine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lake:
    """A table of an export. `output`: an S3 address for results; empty: the workgroup's own."""

    database: str
    table: str
    region: str
    workgroup: str = "primary"
    output: str = ""
