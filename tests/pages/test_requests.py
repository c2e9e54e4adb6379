"""The Requests page on an embedded AWS whose time is stepped: sending, following, every state of the page."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from components import request_door, session
from components.session import Wanted
from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.core.change import Actor
from ops.core.requests import RequestFilter, RequestState, Submission
from tests.living import Hand
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, Account
from tests.pages.conftest import ROOT, markup, notices
from tests.pages.living_pages import table_lines, words

INPUT = f"s3://{BUCKET}/in/1.json"
ME = Actor("ann", "operator")
ALL = RequestFilter()
SUBMIT, FOLLOW = "Submit", "How Ebb follows"


class Office:
    """An account with one endpoint, the reader of a process, and what sends and follows, moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.aws = SteppedAws()
        self.account = Account(self.aws)
        self.account.endpoint()
        self.account.put_input()
        settings = Settings(
            endpoint_url=self.aws.server.url, history_url=f"sqlite:///{folder / 'history.db'}"
        )
        self.hand = Hand()
        self.reader = Collector(
            lambda: Console.open(settings, keep=True), lambda kind: 2.0, lambda: self.hand.at
        )
        self.read()

    def read(self) -> None:
        self.hand.at += 60
        self.reader.snapshot()
        self.reader.read_once()

    @property
    def console(self) -> Console:
        found = self.reader.console
        assert found is not None
        return found

    def send(self) -> None:
        while self.console.send_step() is not None:
            pass

    def follow(self, seconds: float) -> None:
        self.aws.advance(seconds)
        self.console.follow_step(everything=True)
        self.read()

    def deny(self, *actions: str) -> None:
        body = json.dumps({"actions": actions}).encode()
        headers = {"Content-Type": "application/json"}
        url = f"{self.aws.server.url}/_ebb/denied"
        urllib.request.urlopen(urllib.request.Request(url, body, headers)).close()

    def close(self) -> None:
        self.reader.stop()
        self.aws.server.stop()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    session.connect(made.reader)
    yield made
    session.connect(None)
    made.close()


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "components" / "shell.py"), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("../pages/requests.py").run()
    return clean(app)


def clean(app: AppTest) -> AppTest:
    assert [e.message for e in app.exception] == []
    return app


def labelled(app: AppTest, label: str) -> object:
    return next(each for each in (*app.button, *app.checkbox) if label in each.label)


def labels(app: AppTest) -> set[str]:
    return {each.label for each in app.button}


def press(app: AppTest, label: str) -> AppTest:
    labelled(app, label).click()
    return clean(app.run())


def total(office: Office) -> int:
    return office.console.requests(ALL).total


def test_before_the_first_request_the_page_says_what_it_is_for(office: Office) -> None:
    app = opened()
    assert "Nothing was sent from here yet" in markup(app)
    assert "can neither list nor cancel" in markup(app)
    assert "No request is on record" in markup(app)


def test_a_request_is_pasted_sent_once_and_followed_to_its_result(office: Office) -> None:
    app = opened(endpoint="doc", view=SUBMIT)
    app.text_area(key="send-pasted").set_value('{"document": 7}')
    clean(app.run())
    assert "✓ JSON, 15 bytes" in markup(app)
    assert "It comes to" in words(app)
    assert "1 request to doc, sent at once" in words(app)
    before = app.session_state[session.SUBMISSION]
    press(app, "Send")
    assert "On record and on its way: 1 request to doc." in words(app)
    assert app.session_state[session.SUBMISSION] != before
    office.send()
    office.follow(120)
    (row,) = office.console.requests(ALL).rows
    assert office.console.batch(row.batch).key == before
    app = opened(sent=row.id)
    assert "Done" in words(app)
    assert row.inference_id in markup(app)
    assert "Download all of it" in markup(app)
    assert json.loads(office.account.read(row.input_uri)) == {"document": 7}
    listed = opened(endpoint="doc")
    assert [line[2].split()[-1] for line in table_lines(listed)] == ["done"]
    assert "Nothing is under way; 1 request on record. Ended: 1 done." in words(listed)


def test_pressing_twice_sends_once_and_what_was_typed_stays(office: Office) -> None:
    app = opened(endpoint="doc", view=SUBMIT)
    app.text_area(key="send-pasted").set_value("{}")
    clean(app.run())
    token = app.session_state[session.SUBMISSION]
    press(app, "Send")
    app.session_state[session.SUBMISSION] = token  # as if the second press were on its way already
    clean(app.run())
    press(app, "Send")
    assert total(office) == 1
    assert app.text_area(key="send-pasted").value == "{}"


@pytest.mark.parametrize(
    ("typed", "said"), [("", "There is no input"), ('{"a": ', "This is no JSON: line 1, column 7")]
)
def test_an_error_stands_in_place_and_loses_nothing(office: Office, typed: str, said: str) -> None:
    app = opened(endpoint="doc", view=SUBMIT)
    app.text_area(key="send-pasted").set_value(typed)
    clean(app.run())
    press(app, "Send")
    assert said in notices(app) + words(app)
    assert app.text_area(key="send-pasted").value == typed
    assert total(office) == 0


def test_an_address_that_holds_nothing_is_refused(office: Office) -> None:
    app = opened(endpoint="doc", view=SUBMIT)
    app.segmented_control(key="send-source").set_value("Address in S3")
    clean(app.run())
    app.text_input(key="send-address").set_value("not an address")
    clean(app.run())
    press(app, "Send")
    assert "is not the address of an object" in notices(app)
    assert total(office) == 0


def test_many_want_a_yes_run_with_a_running_total_and_can_be_stopped(office: Office) -> None:
    app = opened(endpoint="doc", view=SUBMIT)
    app.text_area(key="send-pasted").set_value("{}")
    app.segmented_control(key="send-how").set_value("At a pace")
    clean(app.run())
    app.number_input(key="send-count").set_value(30)
    clean(app.run())
    assert "30 requests to doc, sent in about 3 min" in words(app)
    press(app, "Send 30 requests")
    assert "Nothing was sent" in notices(app)
    assert total(office) == 0
    assert "Contents" not in office.account.s3.list_objects_v2(Bucket=BUCKET, Prefix="ebb-input/")
    labelled(app, "Yes, send them").check()
    clean(app.run())
    press(app, "Send 30 requests")
    assert total(office) == 30
    office.console.send_step()
    office.hand.at += 60
    app = opened(endpoint="doc")
    assert "of 30 sent" in words(app)
    assert "Stop sending" in labels(app)
    press(app, "Stop sending")
    office.hand.at += 60
    app = opened(endpoint="doc", requests="Not sent")
    assert {line[2].split("∅")[-1].strip() for line in table_lines(app)} == {"not sent"}
    assert (
        len(table_lines(opened(endpoint="doc", requests="Under way")))
        == 30 - office.console.requests(ALL).counts[RequestState.STOPPED]
    )
    assert "Stop sending" not in labels(app)


def test_failed_requests_are_sent_again_with_a_link_to_the_original(office: Office) -> None:
    office.account.s3.put_object(Bucket=BUCKET, Key="in/2.json", Body=b"{}")
    batch = office.console.submit(Submission("doc", f"s3://{BUCKET}/in/2.json", ttl_s=60, count=2), ME)
    office.send()
    office.account.s3.delete_object(Bucket=BUCKET, Key="in/2.json")
    office.console.stop(batch.id, ME)
    rows = office.console.requests(ALL).rows
    ledger = office.console.records().ledger()
    ledger.update(replace(r, state=RequestState.FAILED, ended=r.sent, text="model error 500") for r in rows)
    office.account.put_input("in/2.json")
    app = opened(endpoint="doc", batch=batch.id)
    assert "model error 500" in words(app)
    press(app, "Send again")
    assert total(office) == 4
    assert "On its way again" in words(app)
    one = opened(sent=rows[0].id)
    assert "sent again as" in words(one)
    again = next(r for r in office.console.requests(ALL).rows if r.resubmit_of)
    assert again.resubmit_of in markup(opened(sent=again.id))


def test_a_failed_request_leads_to_its_log_and_back_to_the_list_as_it_was(office: Office) -> None:
    office.aws.world.fleet.inject("doc", profile=(1.0, 2.0, 1.0))
    office.console.submit(Submission("doc", INPUT), ME)
    office.send()
    office.follow(300)
    (row,) = office.console.requests(ALL).rows
    assert row.state is RequestState.FAILED
    assert row.ended is not None
    app = opened(sent=row.id, endpoint="doc", requests="Failed", find="ebb", since="1d")
    shown = markup(app)
    stamp = round(row.ended.timestamp() * 1000)
    assert f"./failures?endpoint=doc&amp;request={row.inference_id}&amp;at={stamp}" in shown
    assert f"part=Log&amp;text={row.inference_id}&amp;from=" in shown
    back = re.search(r'href="([^"]*)" data-focus="back"', shown)
    assert back is not None
    query = parse_qs(urlsplit(unescape(back[1])).query)
    assert query == {"endpoint": ["doc"], "requests": ["Failed"], "find": ["ebb"], "since": ["1d"]}


def test_a_viewer_sees_the_list_and_no_button(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.console.submit(Submission("doc", INPUT, count=3), ME)
    monkeypatch.setenv("EBB_ROLE", "viewer")
    app = opened(endpoint="doc")
    assert len(table_lines(app)) == 3
    assert labels(app) == set()
    assert "needs the role operator" in notices(opened(endpoint="doc", view=SUBMIT))
    following = opened(endpoint="doc", view=FOLLOW)
    assert labels(following) == set()


def test_while_aws_is_away_the_ledger_is_shown_and_said_to_be_unfollowed(office: Office) -> None:
    office.console.submit(Submission("doc", INPUT), ME)
    office.read()
    office.aws.server.stop()
    office.read()
    app = opened(endpoint="doc")
    assert len(table_lines(app)) == 1
    assert "nothing is sent or followed until AWS answers" in "".join(c.value for c in app.caption)
    form = opened(endpoint="doc", view=SUBMIT)
    form.text_area(key="send-pasted").set_value("{}")
    clean(form.run())
    press(form, "Send")
    assert "Nothing was sent" in notices(form)
    assert form.text_area(key="send-pasted").value == "{}"


def test_where_the_ledger_cannot_be_kept_nothing_is_sent(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    aws = SteppedAws()
    Account(aws).endpoint()
    settings = Settings(endpoint_url=aws.server.url, history_url=f"sqlite:///{blocked / 'history.db'}")
    reader = Collector(lambda: Console.open(settings, keep=True), lambda kind: 2.0)
    reader.read_once()
    session.connect(reader)
    app = opened(endpoint="doc", view=SUBMIT)
    assert "Not shown: what is under way" in notices(app)
    app.text_area(key="send-pasted").set_value("{}")
    clean(app.run())
    press(app, "Send")
    assert "cannot be kept" in notices(app)
    session.connect(None)
    reader.stop()
    aws.server.stop()


def test_a_real_time_endpoint_is_said_to_have_no_queue(office: Office) -> None:
    office.account.endpoint("chat", office.account.config("chat-config", asynchronous=False))
    office.read()
    app = opened(endpoint="chat", view=SUBMIT)
    assert "answers its callers itself" in notices(app)
    assert "Send" not in labels(app)


def test_without_an_endpoint_the_form_asks_for_one(office: Office) -> None:
    assert "Choose the endpoint above" in notices(opened(view=SUBMIT))
    assert "Choose an endpoint above" in "".join(c.value for c in opened(view=FOLLOW).caption)


def test_ebbs_own_queue_is_made_and_removed_after_a_yes(office: Office) -> None:
    app = opened(endpoint="doc", view=FOLLOW)
    assert "looks for results in S3" in words(app)
    assert labelled(app, "Create the queue").disabled
    labelled(app, "Yes, create").check()
    clean(app.run())
    press(app, "Create the queue")
    assert any(
        url.endswith("-doc") and "/ebb-" in url for url in office.account.sqs.list_queues()["QueueUrls"]
    )
    assert "hears of results through its own queue" in words(app)
    labelled(app, "Yes, remove").check()
    clean(app.run())
    press(app, "Remove the queue")
    assert not any(
        url.endswith("-doc") and "/ebb-" in url for url in office.account.sqs.list_queues()["QueueUrls"]
    )


def test_a_read_only_aws_sends_nothing(office: Office) -> None:
    office.console.submit(Submission("doc", INPUT), ME)

    class ReadOnly:
        def __init__(self, inner: Collector) -> None:
            self._inner = inner

        def connection(self) -> object:
            return replace(self._inner.connection(), writable=False, why_read_only="EBB_WRITE is not set")

        def __getattr__(self, name: str) -> object:
            return getattr(self._inner, name)

    session.connect(ReadOnly(office.reader), Wanted())  # type: ignore[arg-type]
    app = opened(endpoint="doc", view=SUBMIT)
    assert "read-only here" in notices(app)
    assert "Send" not in labels(app)
    assert "EBB_WRITE is not set" in notices(opened(endpoint="doc", view=FOLLOW))


def test_what_a_link_asks_for_and_nobody_knows_is_said(office: Office) -> None:
    assert "There is no request" in notices(opened(sent="nonsense"))
    assert "No batch on record has this id" in notices(opened(batch="nonsense"))
    assert "which is not offered" in notices(opened(requests="nonsense"))


def test_what_aws_denies_is_named_in_place(office: Office) -> None:
    app = opened(endpoint="doc", view=SUBMIT)
    app.text_area(key="send-pasted").set_value("{}")
    clean(app.run())
    office.deny("s3:PutObject")
    press(app, "Send")
    assert "s3:PutObject" in notices(app)
    assert total(office) == 0
    office.deny()
    press(app, "Send")
    assert total(office) == 1
    office.send()
    office.deny("sqs:CreateQueue")
    following = opened(endpoint="doc", view=FOLLOW)
    labelled(following, "Yes, create").check()
    clean(following.run())
    press(following, "Create the queue")
    assert "sqs:CreateQueue" in notices(following)
    office.deny("s3:GetObject", "s3:ListBucket")
    office.follow(300)
    assert "s3:GetObject" in notices(opened(endpoint="doc"))
    office.deny()
    office.follow(60)
    (row,) = office.console.requests(ALL).rows
    office.deny("s3:GetObject")
    one = opened(sent=row.id)
    assert "s3:GetObject" in notices(one)
    assert "Not shown: its result" in notices(one)


def test_more_than_a_page_has_pages_and_is_exported_whole(office: Office) -> None:
    office.console.submit(Submission("doc", INPUT, count=60), ME, confirmed=True)
    app = opened()
    assert len(table_lines(app)) == 25
    assert "60 requests, the newest first" in "".join(c.value for c in app.caption)
    assert [each.label for each in app.get("download_button")] == ["CSV", "JSON"]
    found = list(request_door.all_of(replace(ALL, limit=7)))
    assert [sent.id for view in found for sent in view.rows] == [
        sent.id for sent in office.console.requests(replace(ALL, limit=60)).rows
    ]
    assert len(table_lines(opened(find="00007"))) == 1


def test_a_content_type_told_by_a_files_name_is_said_until_another_is_chosen(office: Office) -> None:
    app = opened(endpoint="doc", view=SUBMIT)
    app.session_state["send-source"] = "Upload"
    app.session_state["send-type"] = "application/pdf"
    app.session_state[session.TYPE_TOLD] = ("pages.pdf", "application/pdf")
    clean(app.run())
    assert app.selectbox(key="send-type").value == "application/pdf"
    assert any("Told by the name of pages.pdf" in each.value for each in app.caption)
    app.selectbox(key="send-type").set_value("text/csv")
    clean(app.run())
    assert app.session_state[session.TYPE_CHOSEN]
    assert not any("Told by the name" in each.value for each in app.caption)
