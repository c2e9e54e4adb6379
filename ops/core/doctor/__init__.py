"""The doctor: what is wrong with an endpoint, why it matters, and what mends it. Pure.

`examine` tries every rule of `RULES` on a case. docs/doctor.md lists them (a test keeps both equal).
"""

from __future__ import annotations

from ops.core.doctor.case import Case, Leftover, Quota, Topic
from ops.core.doctor.left import examine_left
from ops.core.doctor.rules import CODES, RULES, Rule, examine

__all__ = ["CODES", "RULES", "Case", "Leftover", "Quota", "Rule", "Topic", "examine", "examine_left"]
