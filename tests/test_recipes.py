"""ARCHITECTURE.md says where to add what: each recipe is held against an example that exists.

An example that is told whole stands in the files of its recipe and in no other of the product: a recipe that has grown
a file, or lost one, fails here. What every metric, rule, page, change and setting has to have is looked at for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from bench import shots
from components.access import PAGES, PageEntry
from ops.config import Settings, variables
from ops.core import metrics
from ops.core.doctor import CODES
from ops.core.fixes import Change

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PRODUCT = ("app.py", "pages", "components", "ops", "bench", "docs", "README.md")
CHANGES = get_args(Change)
WANTED = ("metric", "rule", "page", "operation that writes", "AWS call that reads", "setting", "place")


@dataclass(frozen=True)
class Recipe:
    """`files`: with <name> for the example's; `whole`: the example stands in no other file of the product."""

    title: str
    whole: bool
    examples: tuple[str, ...]
    files: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]

    def named(self, name: str) -> tuple[str, ...]:
        return tuple(file.replace("<name>", name) for file in self.files)

    @property
    def product(self) -> set[str]:
        return {file for file in self.files if not file.startswith("tests/")}


def recipes() -> Iterator[Recipe]:
    section = TEXT.split("\n## Where do I add ...\n", 1)[1].split("\n## ", 1)[0]
    for part in section.split("\n### ")[1:]:
        title, _, body = part.partition("\n")
        told = re.search(r"^Worked example, (whole|in part): (.+)\.$", body, re.MULTILINE)
        if told is None:
            continue
        rows = re.findall(r"^\| (`[^|]+) \| ([^|]+) \|$", body, re.MULTILINE)
        files = tuple(file for cell, _ in rows for file in re.findall(r"`([^`]+)`", cell))
        examples = tuple(re.findall(r"`([^`]+)`", told[2]))
        yield Recipe(title, told[1] == "whole", examples, files, tuple(rows))


RECIPES = tuple(recipes())


def recipe(title: str) -> Recipe:
    return next(each for each in RECIPES if title in each.title)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def holds(file: str, examples: tuple[str, ...]) -> bool:
    """Whether one of the examples stands in a file as a word of its own."""
    return (
        re.search(rf"(?<![\w-])(?:{'|'.join(map(re.escape, examples))})(?![\w-])", text_of(file)) is not None
    )


def files_of_the_product() -> Iterator[str]:
    """Everything that is written by hand, in words or code."""
    for top in PRODUCT:
        path = ROOT / top
        for each in [path] if path.is_file() else sorted(path.rglob("*")):
            if each.suffix in (".py", ".md", ".css", ".js") and "__pycache__" not in each.parts:
                yield each.relative_to(ROOT).as_posix()


def test_there_is_a_recipe_for_each() -> None:
    assert [next((w for w in WANTED if w in each.title), each.title) for each in RECIPES] == list(WANTED)


@pytest.mark.parametrize("each", RECIPES, ids=lambda each: each.title)
def test_every_file_of_a_recipe_holds_its_example(each: Recipe) -> None:
    assert each.files
    for file in each.named(each.examples[0]):
        assert (ROOT / file).is_file(), file
        assert holds(file, each.examples), f"{file} says nothing of {each.examples}"
    assert all(len(said.split()) > 3 for _, said in each.rows)


@pytest.mark.parametrize("each", [r for r in RECIPES if r.whole], ids=lambda each: each.title)
def test_the_example_stands_nowhere_else_in_the_product(each: Recipe) -> None:
    assert {file for file in files_of_the_product() if holds(file, each.examples)} == each.product


@pytest.mark.parametrize("each", RECIPES, ids=lambda each: each.title)
def test_a_recipe_names_a_test(each: Recipe) -> None:
    assert any(file.startswith("tests/") for file in each.files)


# --- what holds for the example holds for all of its kind ---

NOT_KEPT = {metrics.OLDEST, metrics.DOWNLOAD_FAILURES, metrics.UPLOAD_FAILURES, metrics.NOTIFICATION_FAILURES}
"""Of the months before the fine history, as docs/model.md says."""
SHARED = ("ops/core/wake.py", "ops/core/sleep.py")
"""What stands in the way of waking and sleeping is found where the verdict looks, too: docs/doctor.md."""


def test_every_metric_follows_its_recipe() -> None:
    names = {metric.name for metric in metrics.CATALOGUE.values()}
    left_out = {
        "ops/core/metrics.py": set[str](),
        "ops/local_aws/endpoint_metrics.py": set[str](),
        "ops/local_aws/long_past_cells.py": {metric.name for metric in NOT_KEPT},
    }
    assert left_out.keys() <= set(recipe("metric").files)
    for file, without in left_out.items():
        assert {name for name in names if not holds(file, (name,))} == without, file


@pytest.mark.parametrize("code", CODES)
def test_every_rule_follows_its_recipe(code: str) -> None:
    """In a module of the doctor, in the page of findings, in a test of the rules."""
    folders = {Path(file).parent.as_posix() for file in recipe("rule").files}
    assert {"ops/core/doctor", "docs", "tests/core/doctor"} <= folders
    modules = [f"ops/core/doctor/{path.name}" for path in (ROOT / "ops/core/doctor").glob("*.py")]
    tests = [f"tests/core/doctor/{path.name}" for path in (ROOT / "tests/core/doctor").glob("*.py")]
    assert any(holds(file, (code,)) for file in (*modules, *SHARED))
    assert any(holds(file, (code,)) for file in tests)
    assert f"| `{code}` |" in text_of("docs/doctor.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_every_page_follows_its_recipe(page: PageEntry) -> None:
    told = recipe("page").named(Path(page.file).stem)
    assert page.file in told
    assert [file for file in told if not (ROOT / file).is_file()] == []
    assert any(link.split("?")[0] == f"/{page.path}" for link in shots.PAGES.values())
    assert f"| [{page.title}](" in text_of("README.md")


@pytest.mark.parametrize("kind", CHANGES, ids=lambda kind: kind.__name__)
def test_every_change_follows_its_recipe(kind: type) -> None:
    """In the call, both languages of infrastructure, the steps and parts of a set-up, and the words of a plan."""
    asked = [file for file in recipe("operation that writes").files if file.startswith("ops/core/")]
    some = ("/doctor/", "/permissions/", "/wake_order.py")  # they name those that they are about
    asked = [file for file in asked if not any(part in file for part in some)]
    assert len(asked) == 7
    assert [file for file in asked if not holds(file, (kind.__name__,))] == []
    tests = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/core").glob("*.py")]
    assert any(holds(file, (kind.__name__,)) for file in tests)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_follows_its_recipe(name: str) -> None:
    assert {"ops/config.py", "README.md"} <= set(recipe("setting").files)
    for variable in variables(name):
        assert f"| `{variable}` |" in text_of("README.md")
    tests = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py")]
    assert any(holds(file, (*variables(name), name)) for file in tests)
