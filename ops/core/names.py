"""Names: what comes closest to a mistyped one, and the names that several rooms must agree on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

STATE_FILE = "local-aws.json"
"""In the state directory: where the running embedded AWS is (endpoint_url, pid, region, account_id)."""

STATE_DIR = ".ebb"
"""The default state directory, beside the project."""

TOPIC = re.compile(r"arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w.-]{1,256}", re.ASCII)
"""The ARN of an SNS topic."""


def log_group(endpoint: str) -> str:
    """Where the instances of an endpoint write their logs (facts A.7)."""
    return f"/aws/sagemaker/Endpoints/{endpoint}"


def nearest(name: str, known: Iterable[str], count: int = 2) -> tuple[str, ...]:
    """Up to `count` known names that come close to `name`, the closest first; case does not matter."""
    by_folded = {k.casefold(): k for k in sorted(known, reverse=True)}
    folded = name.casefold()
    close = difflib.get_close_matches(folded, by_folded, n=count, cutoff=0.55)
    holding = [k for k in sorted(by_folded) if len(folded) >= 3 and folded in k and k not in close]
    return tuple(by_folded[k] for k in (*close, *holding)[:count])
