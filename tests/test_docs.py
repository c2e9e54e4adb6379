"""What the papers say is so: links and anchors, pages and commands, and the README's numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer

from bench.shots import PAGES as SHOTS
from bench.shots import THEMES
from components.access import PAGES
from components.uploads import LIVES_S
from ops import changes, gate, launch, savings_places
from ops.__main__ import app
from ops.config import Settings, variables
from ops.core import bill_days, deploy_fit, forecast, forecast_band, realtime_fit, savings_idle, since
from ops.core.awake import BUSY_CPU, BUSY_GPU
from ops.core.baselines import PEAK_SHARE
from ops.core.change import ROLES
from ops.core.cold_start_stats import FEW
from ops.core.cost import COST_EXPLORER_USD, HOURS_PER_MONTH, METRIC_USD
from ops.core.errors import OpsError, ReadOnly
from ops.core.pacing import GAP_S, Interest, chosen
from ops.core.permissions.places import INPUTS
from ops.core.requests import CONFIRM_ABOVE, MOST_PAYLOAD
from ops.core.types import AsyncConfig, Endpoint, EndpointRef
from ops.core.views_capacity import AHEAD
from ops.core.warm_names import OURS
from ops.core.window import KEPT_DAYS
from ops.local_aws.__main__ import PAST_DAYS
from ops.local_aws.clock import MAX_SPEED
from ops.local_aws.world import ACCOUNT, REGION
from ops.pace import NOTICES_S
from ops.sender import FOLDER

ROOT = Path(__file__).resolve().parent.parent
PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
SAID = " ".join(README.split())
NUMBERS = {1: "one", 5: "five", 30: "half an hour"}
SPANS = {60.0: "minute", 3600.0: "hour"}


def section(title: str, text: str = README) -> str:
    """What stands below `## title`, up to the next heading of that depth."""
    return re.split(r"^## ", text.split(f"\n## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def unfenced(text: str) -> str:
    return re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The anchors of all headings, as GitHub makes them."""
    found = set[str]()
    for title in re.findall(r"^#{1,6} (.+)$", unfenced(text), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
        name, number = plain, 0
        while name in found:
            number += 1
            name = f"{plain}-{number}"
        found.add(name)
    return found


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_link_and_anchor_leads_somewhere(paper: Path) -> None:
    text = paper.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)\s]+)\)", unfenced(text))
    links += re.findall(r'src(?:set)?="([^"]+)"', text)
    lost = []
    for link in links:
        name, _, anchor = link.partition("#")
        target = paper.parent / name if name else paper
        there = target.exists()
        if not there or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_file_that_is_named_exists(paper: Path) -> None:
    text = paper.read_text(encoding="utf-8")
    named = re.findall(r"`((?:ops|pages|components|tests|docs|bench)/[\w./*<>-]*)`", text)
    named = [name for name in named if "<" not in name]
    assert [name for name in named if not any(ROOT.glob(name.rstrip("/")))] == []


def test_every_paper_is_reached_from_the_readme() -> None:
    reached, left = set[Path](), [ROOT / "README.md"]
    while left:
        paper = left.pop()
        if paper not in reached:
            reached.add(paper)
            linked = re.findall(r"\]\(([\w./-]+\.md)", paper.read_text(encoding="utf-8"))
            left += [(paper.parent / name).resolve() for name in linked]
    assert reached == set(PAPERS)


def page_rows() -> list[list[str]]:
    lines = section("All pages").split("<!-- pages -->\n", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_page_is_told_with_its_question_and_its_picture() -> None:
    titles = [re.match(r"\[([^]]+)\]", cells[0]) for cells in page_rows()]
    assert [title[1] for title in titles if title] == [page.title for page in PAGES]
    for (cell, question, whom), page in zip(page_rows(), PAGES, strict=True):
        assert f"docs/screenshots/{page.path or 'fleet'}-light-1440.png" in cell
        assert question.endswith("?"), page.title
        assert whom, page.title


def test_every_page_has_a_picture_that_is_taken_of_the_running_product() -> None:
    shown = {link.split("?")[0].removeprefix("/") for link in SHOTS.values()}
    assert shown == {page.path for page in PAGES}
    pictures = {path.name for path in (ROOT / "docs/screenshots").iterdir()}
    assert pictures == {
        f"{name}-{theme}-{size}.png" for name in SHOTS for theme in THEMES for size in (1440, 390)
    }


def steps() -> list[str]:
    return re.split(r"^### \d\. ", section("Guided tour"), flags=re.MULTILINE)[1:]


def test_the_tour_has_five_pictures_and_each_says_what_for_whom_and_where_next() -> None:
    titles = {page.title: page.path or "fleet" for page in PAGES}
    assert len(steps()) == 5
    source = "".join(
        path.read_text(encoding="utf-8")
        for top in ("components", "pages")
        for path in (ROOT / top).rglob("*.py")
    )
    for step in steps():
        title, question = step.splitlines()[0].split(": ", 1)
        assert question.endswith("?"), title
        light, dark = re.findall(
            r"docs/screenshots/([\w-]+)-(?:light|dark)-1440\.png", step.split("<picture>")[1]
        )
        assert light == dark
        assert SHOTS[light].split("?")[0].removeprefix("/") == titles[title].replace("fleet", "")
        assert re.search(r"^For .*\*\*(on call|manager|operator)\*\*", step, re.MULTILINE), title
        button = re.search(r"^Next: \*\*(.+?)\*\*", step, re.MULTILINE)
        assert button, title
        assert button[1] in source, button[1]
    assert README.count("<picture>") == 5
    assert "Deploy" in steps()[-1].splitlines()[0]


def test_every_command_is_told() -> None:
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    shown = re.findall(r"^python -m ops ([a-z-]+)", section("Command line"), re.MULTILINE)
    assert set(shown) == commands


@pytest.mark.parametrize("row", re.findall(r"^\| `((?:EBB|AWS)_\w+)` \| ([^|]*) \|", README, re.MULTILINE))
def test_the_defaults_of_the_options_are_those_of_the_code(row: tuple[str, str]) -> None:
    variable, told = row
    name = next(field for field in Settings.model_fields if variable in variables(field))
    if name == "refresh_s":
        plain = Settings()
        assert told == f"{plain.refresh_for('embedded'):g} embedded, {plain.refresh_for('aws'):g} real"
    elif name == "state_dir":
        assert ROOT / told.strip("`") == Path(Settings.default(name))
    elif told.startswith("`") or not told.strip():
        assert told.strip().strip("`") == Settings.default(name)
    else:
        assert Settings.default(name) == ""  # in words: what decides where nobody sets it


def an_endpoint(instances: int) -> Endpoint:
    when = datetime(2026, 11, 1, tzinfo=UTC)
    return Endpoint(
        EndpointRef(ACCOUNT, REGION, "doc", "AllTraffic"), "arn", "InService", "doc", "ml.g5.xlarge",
        instances, instances, when, when, AsyncConfig("s3://results/out/", None, None, None, None),
    )  # fmt: skip


def an_hour(how: Interest, instances: int) -> str:
    """Dollars an hour for the metrics of one endpoint, to one digit."""
    metrics = sum(3600 / age for age in chosen(an_endpoint(instances), how).values())
    return f"${float(metrics * float(METRIC_USD)):.1g}"


@pytest.mark.parametrize(
    "said",
    [
        f"Ebb reads AWS once a {SPANS[NOTICES_S]} also when nobody looks, instead of once an {SPANS[GAP_S]}",
        f"about {an_hour(Interest.AWAKE, 1)} an hour at work, {an_hour(Interest.ASLEEP, 0)} asleep",
        f"a token serves once, for one file, and ends after {NUMBERS[round(LIVES_S / 60)]} minutes",
        f"uploaded up to {MOST_PAYLOAD / 2**30:.0f} GB",
        f"More than {CONFIRM_ABOVE} requests want `--yes`",
        f"A visit ends after {NUMBERS[round(since.GAP / timedelta(minutes=1))]} without a look",
        f"at most {NUMBERS[round(changes.APART_S)]} look-up a second",
        f"without options you see the next {AHEAD.days} days",
        f"Its scheduled actions begin with `{OURS[0]}` and `{OURS[1]}`",
        f"goes to `{INPUTS}/` in the bucket",
        f"results lie under `{FOLDER}/<batch>/`",
        f"Cost Explorer (${COST_EXPLORER_USD} a call)",
        f"how long the default fleet exists: {PAST_DAYS} days unless told otherwise",
        f"its region, {REGION} unless told otherwise",
        f"its account, {ACCOUNT} unless told otherwise",
        f"simulated seconds per second, 0 (paused) to {MAX_SPEED:.0f}",
        f"| `PORT` | `{launch.DEFAULT_PORT}` |",
        f"| `LISTEN` | `{launch.HOST}` |",
        f"| {OpsError.exit_code} | bad usage, AWS could not be asked, or refused a call, or a part",
        f"| {ReadOnly.exit_code} | refused by Ebb: role, read-only",
        f"`{ROLES[0]}`, `{ROLES[1]}` or `{ROLES[2]}`: what everybody here may do",
    ],
)
def test_the_readme_says_the_numbers_of_the_code(said: str) -> None:
    assert said in SAID


@pytest.mark.parametrize(
    ("paper", "said"),
    [
        ("deploy", f"{deploy_fit.REALTIME_MB * deploy_fit.MB:,.0f} bytes and {deploy_fit.REALTIME_S:g} s"),
        ("deploy", f"works on one for up to {deploy_fit.ASYNC_S / 3600:g} h and keeps it queued for up to"),
        ("deploy", f"queued for up to {deploy_fit.QUEUE_S / 3600:g} h"),
        ("deploy", f"{deploy_fit.LOW_ALARM_S:g} s (the low alarm)"),
        (
            "deploy",
            f"takes {deploy_fit.START_S[0] / 60:g} to {deploy_fit.START_S[1] / 60:g} min, as people saw it",
        ),
        ("deploy", f"for {HOURS_PER_MONTH} h a month"),
        ("deploy", f"sleep less than {realtime_fit.WORTH * 100:g} % of the time"),
        ("deploy", f"may sleep is below {realtime_fit.MUCH * 100:g} % of the time"),
        ("deploy", "it asks again for ten minutes" if gate.PATIENCE_S == 600 else "?"),
        ("savings", f"`peak` (default) | p{PEAK_SHARE * 100:g} over all known minutes"),
        ("savings", f"GPU below {BUSY_GPU:g} % and CPU below {BUSY_CPU:g} % of one device"),
        ("savings", f"no number with fewer than {savings_idle.FEWEST} requests"),
        ("savings", "of the last eight weeks" if forecast.WEEKS == 8 else "?"),
        ("savings", f"with fewer than {forecast.FEWEST_DAYS} known days"),
        ("savings", f"less than {forecast.LEAST_H:g} hours of it are known"),
        ("savings", f"8 of 10 of {forecast_band.DRAWS:,} courses"),
        ("savings", "drawn in runs of seven" if forecast_band.RUN == 7 else "?"),
        (
            "savings",
            f"in service from a request until {realtime_fit.HOLD_S / 60:g} minutes after the last one",
        ),
        ("savings", f"else {realtime_fit.START_S / 60:g} minutes) would have waited"),
        ("savings", f"Less than {realtime_fit.WORTH * 100:g} % of sleep is a poor fit"),
        ("savings", "answers in under a second on average" if realtime_fit.INSTANT_S == 1 else "?"),
        (
            "savings",
            f"ended {bill_days.LATE / timedelta(hours=1):g} hours before the bill's source was written",
        ),
        ("savings", "again after five minutes" if savings_places.KEEP_S == 300 else "?"),
        ("savings", "tried again after a minute" if savings_places.KEEP_FAILURE_S == 60 else "?"),
        ("savings", "from five of them on" if FEW == 5 else "?"),
        (
            "savings",
            f"keeps minutes for {KEPT_DAYS[60]} days, five-minute steps for {KEPT_DAYS[300]} days and hours",
        ),
        ("savings", f"hours for {KEPT_DAYS[3600]} days"),
    ],
)
def test_the_papers_on_money_say_the_numbers_of_the_code(paper: str, said: str) -> None:
    assert said in " ".join((ROOT / f"docs/{paper}.md").read_text(encoding="utf-8").split())
