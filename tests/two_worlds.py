"""Two small embedded AWS of different accounts and regions, and the AWS profiles that lead to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ops.local_aws.clock import SimClock
from ops.local_aws.world import WorldOptions
from tests.living import Gate, gated
from tests.small_worlds import small

HERE, THERE = ("123456789012", "us-east-1"), ("222222222222", "eu-west-1")
TYPE_THERE = "ml.g4dn.xlarge"
"""Listed in eu-west-1."""


@dataclass(frozen=True, slots=True)
class Two:
    """The console's own AWS, and one beside it behind a gate."""

    url: str
    clock: SimClock
    beside: str
    gate: Gate

    def profiles(self, file: Path) -> Path:
        """An AWS configuration with `eu` for the one beside, `again` for the console's own, `dark` for nobody."""
        profiles = {
            "eu": (THERE[1], self.beside, ""),
            "again": (HERE[1], self.url, ""),
            "dark": ("us-east-2", "http://127.0.0.1:9", "role_arn = arn:aws:iam::333333333333:role/ebb"),
        }
        file.write_text(
            "".join(
                f"[profile {name}]\nregion = {region}\nendpoint_url = {url}\n{more}\n"
                for name, (region, url, more) in profiles.items()
            ),
            encoding="utf-8",
        )
        return file


@contextmanager
def two(days: float = 2.0) -> Iterator[Two]:
    """Both have an endpoint of one name, that wakes alike; what lies beside costs less an hour."""
    options = WorldOptions(history_days=round(days) + 1, account=THERE[0], region=THERE[1])
    with (
        small(days) as (here, clock),
        small(days, instance_type=TYPE_THERE, options=options) as (there, _),
        gated(there.url) as (url, gate),
    ):
        yield Two(here.url, clock, url, gate)
