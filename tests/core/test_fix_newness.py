"""What of a fix is new: known where somebody has read the account, else only what cannot be otherwise."""

from __future__ import annotations

from ops.core.fix_newness import missing, of
from ops.core.fixes import Calls, Create, Delete, DeleteAlarms, PutPolicy, RegisterTarget
from ops.core.resources import CONFIG, ENDPOINT, endpoint, endpoint_config
from ops.core.setup import BOUNDS, Setup
from ops.core.types import Bounds, ScalableTarget
from tests.core.fix_samples import REF, alarm, step

CONFIGURED = endpoint_config("c", {"VariantName": "v"})
SERVED = endpoint(REF.name, "c")
SCALED = (RegisterTarget(REF, 0, 4), PutPolicy(REF, step("wake")), alarm("told"))


def test_without_a_look_at_the_account_nothing_is_sure_but_what_is_made() -> None:
    new = of(Calls(SCALED, ""))
    assert [new.is_new(part) for part in (BOUNDS, "policy wake", "alarm told")] == [None, None, None]
    new = of(Calls((Create(CONFIGURED), Create(SERVED), *SCALED), ""))
    parts = (CONFIGURED.key, SERVED.key, BOUNDS, "policy wake", "alarm told")
    assert [new.is_new(part) for part in parts] == [True, True, True, True, None]
    assert new.makes(SERVED.key)
    assert not new.makes("model m")


def test_what_was_read_decides() -> None:
    fix = Calls(SCALED, "")
    assert missing(fix, Setup(), REF) == {BOUNDS, "suspended", "policy wake", "alarm told"}
    held = Setup(target=ScalableTarget(Bounds(0, 2)), policies=(step("wake"),))
    assert missing(fix, held, REF) == {"alarm told"}
    new = of(fix, missing(fix, held, REF))
    assert [new.is_new(part) for part in (BOUNDS, "policy wake", "alarm told")] == [False, False, True]


def test_what_goes_and_comes_again_is_not_new() -> None:
    fix = Calls(
        (
            Delete(ENDPOINT, REF.name),
            Delete(CONFIG, "c"),
            Create(CONFIGURED),
            Create(SERVED),
            DeleteAlarms(("told",)),
            *SCALED,
        ),
        "",
    )
    for new in (of(fix), of(fix, {CONFIGURED.key, SERVED.key})):
        assert new.made_anew(SERVED.key)
        assert new.is_new(SERVED.key) is False
        assert new.is_new("alarm told") is False
    assert of(fix).is_new(BOUNDS) is None
