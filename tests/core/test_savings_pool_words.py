"""What stands beside the headline where types of a pool were not seen, or only one of several variants is counted."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ops.core import savings_counted as counted
from ops.core import savings_story as story
from ops.core.savings import total
from ops.core.savings_words import usd
from tests.components.savings_samples import DOC, row, view

SEEN = row(DOC, lambda at: 1.0)


def test_unseen_types_are_said_beside_the_headline_with_the_upper_end() -> None:
    assert SEEN.usd is not None
    found = replace(
        SEEN, unseen_hours=Decimal(12), spread_usd=SEEN.usd, unseen="Which type ran was not seen."
    )
    shown = replace(view((found,)), total=total([found]))
    (said,) = [each for each in story.lead(shown) if "was not seen" in each]
    assert said.startswith(f"The cost may be up to {usd(2 * SEEN.usd, SEEN.basis)}: ")
    assert "for 12 of" in said
    assert ("not on record", found.unseen) in counted.counting(shown)


def test_next_to_nothing_unseen_is_said_in_the_small_print_alone() -> None:
    found = replace(SEEN, unseen_hours=Decimal("0.1"), spread_usd=Decimal("0.01"), unseen="Not seen.")
    shown = replace(view((found,)), total=total([found]))
    assert not any("not seen" in each for each in story.lead(shown))
    assert ("not on record", found.unseen) in counted.counting(shown)


def test_one_of_several_variants_is_said() -> None:
    found = replace(
        SEEN, only="Only its variant blue is counted by metrics; what green ran is in no estimate."
    )
    shown = view((found,))
    assert any("only the first production variant is counted" in each for each in story.lead(shown))
    assert ("not counted", f"{DOC}: {found.only}") in counted.counting(shown)
    assert not any("variant" in each for each in story.lead(view((SEEN,))))
