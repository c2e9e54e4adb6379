"""The Doctor page: all endpoints in one look, one with every fix as text, and what could not be examined."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from components import session
from components.findings import BY_HAND
from components.unread import OLDER
from ops.answers import Told
from ops.core.errors import OpsError, Unreachable
from ops.core.findings import Examined, Finding
from ops.core.fix_texts import Language, texts
from ops.core.fixes import Calls, HumanStep
from ops.core.moments import mark
from ops.core.types import EndpointState, Problem, Severity, Verdict
from ops.core.views import DoctorView
from tests.components.samples import NOW, REAL, REGION, SampleSource, doctor_view, fleet
from tests.core.fix_samples import alarm
from tests.living import error
from tests.pages.conftest import markup, notices
from tests.pages.living_pages import Sky, Viewer, sky_over, words

MENDS = Calls((alarm("wake-ocr-legacy", "arn:aws:sns:us-east-1:1:x"),), "The next request starts it.")
STUCK = Finding(
    "no-wake-policy",
    Severity.CRITICAL,
    f"It cannot wake since {mark(NOW, NOW)}: <b>no policy</b>.",
    ("Policies: backlog-scaling",),
    "Nothing starts the first instance.",
    MENDS,
    NOW,
)
UNHEARD = Finding(
    "topic-without-subscriber",
    Severity.INFO,
    "Nobody listens.",
    ("0 subscribers",),
    "Silence.",
    HumanStep("Subscribe."),
)
DENIED = Problem("topics", "AWS denied it.", "Allow the IAM action.", "sns:GetTopicAttributes")


def source(*findings: Finding, unchecked: tuple[Problem, ...] = ()) -> SampleSource:
    """Answers of the doctor: these findings on ocr-legacy, none on the others."""
    sample = SampleSource()
    rows = sample.view.rows
    well = doctor_view(*rows[1:]).examined
    ill = Examined("ocr-legacy", rows[0].verdict, findings, unchecked)
    sample.answers["doctor", None] = DoctorView(sample.view.connection, NOW, (ill, *well))
    sample.answers["doctor", "ocr-legacy"] = DoctorView(sample.view.connection, NOW, (ill,))
    return sample


def codes(app) -> list[str]:
    return [block.value for block in app.code]


def test_all_endpoints_in_one_look(open_page):
    app = open_page(source(STUCK, UNHEARD), "doctor")
    shown = words(app)
    assert "2 findings on ocr-legacy." in shown
    assert "needs you now: It cannot wake since 14:02 UTC: <b>no policy</b>. See the fix →" in shown
    assert "to know: Nobody listens. See what to do →" in shown
    assert "Nothing found: invoice-parse , doc-async , night-batch , old-extract ." in shown
    assert "<b>no policy" not in markup(app)
    assert 'href="./doctor?endpoint=ocr-legacy&amp;finding=no-wake-policy"' in markup(app)
    assert codes(app) == []


def test_a_calm_fleet_is_one_line(open_page):
    app = open_page(source(), "doctor")
    assert "No finding on 5 endpoints: none of the doctor's rules applies." in words(app)
    assert "Examined: ocr-legacy" in words(app)


def test_an_empty_account(open_page):
    sample = SampleSource()
    sample.answers["doctor", None] = DoctorView(REAL, NOW, ())
    assert "There is no endpoint here to examine." in words(open_page(sample, "doctor"))


def test_one_endpoint_with_evidence_reason_and_both_texts(open_page):
    app = open_page(source(STUCK, UNHEARD), "doctor", endpoint="ocr-legacy")
    shown = words(app)
    assert ">ocr-legacy</h1>" in markup(app)
    assert "no policy starts the first instance." in shown
    assert "2 findings." in shown
    for said in (
        "Policies: backlog-scaling",
        "Why it matters: Nothing starts",
        "With this fix: The next request",
    ):
        assert said in shown
    assert codes(app) == list(texts(MENDS, REGION).values())
    assert [tab.label for tab in app.tabs] == ["AWS CLI", "boto3", "Terraform", "CloudFormation"]
    assert "What a person can do: Subscribe." in shown
    assert BY_HAND in shown
    assert 'href="./endpoint?endpoint=ocr-legacy"' in markup(app)


def test_a_link_leads_to_one_finding_first(open_page):
    app = open_page(
        source(STUCK, UNHEARD), "doctor", endpoint="ocr-legacy", finding="topic-without-subscriber"
    )
    shown = words(app)
    assert shown.index("Nobody listens.") < shown.index("It cannot wake since")
    assert shown.count("The link leads here") == 1
    assert shown.count("Link to this finding") == 1


def test_a_link_to_a_finding_that_is_mended_says_so(open_page):
    app = open_page(source(UNHEARD), "doctor", endpoint="ocr-legacy", finding="<i>no-wake-policy")
    assert (
        "The link leads to the finding <i>no-wake-policy : it is not found here, or not any more."
        in words(app)
    )


def test_a_healthy_endpoint_says_that_nothing_was_found(open_page):
    app = open_page(source(), "doctor", endpoint="night-batch")
    assert "Nothing wrong was found with night-batch." in words(app)
    assert codes(app) == []
    assert BY_HAND not in words(app)


def test_what_was_not_examined_is_said_with_its_action(open_page):
    app = open_page(source(unchecked=(DENIED,)), "doctor", endpoint="ocr-legacy")
    assert "sns:GetTopicAttributes" in notices(app)
    assert "in what could be read" in words(app)
    assert "does not mean that it is fine" in words(app)


def test_all_endpoints_again_with_one_click(open_page):
    app = open_page(source(STUCK), "doctor", endpoint="ocr-legacy")
    app.button(key="everyone").click().run()
    assert "1 finding on ocr-legacy." in words(app)
    assert not app.query_params.get("endpoint")


def test_what_is_left_of_a_gone_endpoint_has_no_charts(open_page):
    sample = source()
    gone = Verdict(EndpointState.MISSING, Severity.INFO, "The endpoint is gone.")
    sample.answers["doctor", "old"] = DoctorView(REAL, NOW, (Examined("old", gone, (UNHEARD,)),))
    app = open_page(sample, "doctor", endpoint="old")
    assert "missing" in words(app)
    assert "See its charts" not in words(app)


def test_an_aws_that_does_not_answer_is_said_once(open_page):
    app = open_page(SampleSource(failure=Unreachable("No answer.", "Start it with `make run`.")), "doctor")
    assert len(app.warning) == 1
    assert "Not shown: what the doctor says." in notices(app)


class Stale(SampleSource):
    """The last good answer, and why it is not newer."""

    def ask(self, key, work, keep_s):
        reason: OpsError = Unreachable("AWS does not answer.", "Ebb tries again.")
        return Told(super().ask(key, work, keep_s).value, 240.0, reason)


def test_an_old_answer_says_that_it_is_old(open_page):
    sample = Stale()
    sample.answers = source(STUCK).answers
    app = open_page(sample, "doctor", endpoint="ocr-legacy")
    assert f"{OLDER}, as of 14:02:10 UTC: AWS does not answer." in notices(app)
    assert "no policy" in words(app)


def test_read_only_shows_the_same_texts(open_page):
    sample = source(STUCK)
    sample.view = fleet(REAL)
    app = open_page(sample, "doctor", endpoint="ocr-legacy")
    assert "read-only" in markup(app)
    assert len(codes(app)) == len(Language)


@pytest.mark.parametrize(("count", "says"), [(0, "no finding →"), (2, "2 findings →")])
def test_the_endpoint_page_leads_to_the_doctor(open_page, count, says):
    app = open_page(source(*(STUCK, UNHEARD)[:count]), "endpoint", endpoint="ocr-legacy")
    assert f"Ask the doctor: {says}" in words(app)
    assert re.search(r'href="./doctor\?endpoint=ocr-legacy"', markup(app))


def test_the_endpoint_page_asks_without_a_number_while_the_doctor_cannot_say(open_page):
    class Silent(SampleSource):
        def ask(self, key, work, keep_s):
            raise Unreachable("No answer.", "")

    app = open_page(Silent(), "endpoint", endpoint="ocr-legacy")
    assert "Ask the doctor →" in words(app)
    assert notices(app) == ""


# ---- on the embedded AWS


@pytest.fixture(scope="module")
def sky() -> Iterator[Sky]:
    with sky_over("no-wake-policy", "orphan-alarms", empty=True) as sky:
        yield sky


@pytest.fixture
def viewer(sky: Sky) -> Iterator[Viewer]:
    viewer = Viewer(sky)
    yield viewer
    sky.gate.shut.clear()
    viewer.reader.stop()


def test_a_story_has_its_finding_and_its_fix(open_page, viewer):
    app = open_page(viewer.after().reader, "doctor")
    assert "It cannot wake: no policy starts the first instance." in words(app)
    app = open_page(viewer.reader, "doctor", endpoint="no-wake-policy")
    assert "put-scaling-policy" in codes(app)[0]
    app = open_page(viewer.reader, "doctor", endpoint="orphan-alarms")
    assert "delete-alarms" in codes(app)[0]


def test_an_unknown_endpoint_offers_the_nearest(open_page, viewer):
    app = open_page(viewer.after().reader, "doctor", endpoint="no-wake-polizy")
    assert "no-wake-polizy" in notices(app)
    assert app.selectbox(key=session.ENDPOINT).value == "no-wake-polizy"


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("DescribeAlarms", "cloudwatch:DescribeAlarms"),
        ("DescribeScalingPolicies", "application-autoscaling:DescribeScalingPolicies"),
        ("ListServiceQuotas", "servicequotas:ListServiceQuotas"),
    ],
)
def test_a_denied_part_hides_only_the_rules_that_need_it(open_page, sky, viewer, operation, action):
    sky.gate.shut[operation] = error("AccessDeniedException")
    app = open_page(viewer.after().reader, "doctor", endpoint="no-wake-policy")
    assert action in notices(app)
    assert ">no-wake-policy</h1>" in markup(app)


@pytest.mark.parametrize(
    ("role", "buttons", "said"), [("viewer", False, True), ("operator", True, True), ("admin", True, False)]
)
def test_who_may_not_apply_a_fix_is_told_the_role(open_page, viewer, monkeypatch, role, buttons, said):
    monkeypatch.setenv("EBB_ROLE", role)
    app = open_page(viewer.after().reader, "doctor", endpoint="no-wake-policy")
    assert any("Apply this fix" in each.label for each in app.button) is buttons
    assert ("Applying this fix needs the role admin." in words(app)) is said
    assert ("you may look" in words(app)) is (role == "viewer")
