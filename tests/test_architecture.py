"""The rules of the house (ARCHITECTURE.md) that hold for every file, present and future.

import-linter checks its contracts (R1-R4, R6); the rest is read from the syntax trees here.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("app.py", "pages", "components", "ops")

# Who may import what of our own, by prefix. The longest matching key counts.
MAY_IMPORT = {
    "ops.core": ("ops.core",),
    "ops.clock": (),
    "ops.install": (),
    "ops.processes": (),
    "ops.launch": ("ops.processes", "ops.config", "ops.core"),
    "ops.aws": ("ops.aws", "ops.core", "ops.clock"),
    "ops.store": ("ops.store", "ops.core"),
    "ops.billing": ("ops.billing", "ops.core", "ops.clock"),
    "ops.local_aws": ("ops.local_aws", "ops.core", "ops.clock"),
    "ops.replay": ("ops.replay", "ops.core"),
    "ops": ("ops",),
    "components.charts": ("components.charts", "components.theme", "components.format", "ops.core"),
    "components.session": ("components", "ops"),
    "components.readers": ("components", "ops"),
    "components.background": ("components", "ops.core", "ops.searches"),
    "components.deploy_door": ("components", "ops.core", "ops.deployments", "ops.at_work"),
    "components.permissions_door": ("components", "ops.core", "ops.searches"),
    "components.planner_door": (
        "components",
        "ops.core",
        "ops.replay",
        "ops.compiled",
        "ops.searches",
        "ops.arrival_files",
        "ops.given_traffic",
        "ops.planner_given",
    ),
    "components": ("components", "ops.core"),
    "pages": ("components", "ops.core"),
    "app": ("components", "ops"),
}
CORE_LIBRARIES = {"numpy", "cronsim", "holidays"}

WALL_CLOCK = {
    "datetime.now", "datetime.utcnow", "datetime.today", "datetime.datetime.now", "datetime.datetime.utcnow",
    "date.today", "datetime.date.today", "time.time", "time.time_ns",
}  # fmt: skip
MAY_READ_THE_CLOCK = {"ops/clock.py"}

WRITERS = {"ops/aws/scaling.py", "ops/aws/deploy.py", "ops/aws/requests.py"}
SERVICES = (
    "sagemaker",
    "sagemaker-runtime",
    "application-autoscaling",
    "cloudwatch",
    "s3",
    "sns",
    "sqs",
    "logs",
)
READING = (
    "BatchDescribe", "BatchGet", "Check", "Describe", "Filter", "Get", "Head", "List", "Lookup", "Query",
    "Receive", "Render", "Search", "Select", "Test",
)  # fmt: skip

TEST_TABOO = {
    "time.sleep": "wait for the event itself, or step the clock",
    "unittest.mock": "use the real thing, or pass another in",
    "pytest.skip": "a test runs or it does not exist",
    "pytest.mark.skip": "a test runs or it does not exist",
    "pytest.mark.skipif": "a test runs or it does not exist",
    "pytest.mark.xfail": "mend it or remove it",
}


def sources(*tops: str) -> list[Path]:
    """Every Python file under the given top-level names."""
    found: list[Path] = []
    for top in tops:
        path = ROOT / top
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    return name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))


@cache
def attributes(path: Path) -> tuple[tuple[int, str], ...]:
    """(line, `a.b.c`) of every attribute chain that starts from a name."""
    chains = ((node.lineno, dotted(node)) for node in nodes_of(path) if isinstance(node, ast.Attribute))
    return tuple((line, name) for line, name in chains if name)


@cache
def imports(path: Path) -> tuple[tuple[int, str], ...]:
    """(line, dotted name) of everything imported, also inside functions; `from a import b` gives a.b."""
    return tuple(imported(path))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    package = module_of(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{stem}.{alias.name}") for alias in node.names)


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an attribute chain; empty where it starts from something else than a name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        stem = dotted(node.value)
        return f"{stem}.{node.attr}" if stem else ""
    return ""


def under(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def whats_allowed(module: str) -> tuple[str, ...]:
    keys = [key for key in MAY_IMPORT if under(module, key)]
    return MAY_IMPORT[max(keys, key=len)]


@cache
def mutating_operations() -> frozenset[str]:
    """Client methods that change something in AWS, from botocore's own models.

    One-word names (`publish`) are left out: they are ordinary words too.
    """
    session = botocore.session.get_session()
    names = set()
    for service in SERVICES:
        for operation in session.get_service_model(service).operation_names:
            if not operation.startswith(READING):
                names.add(xform_name(operation))
    return frozenset(name for name in names if "_" in name)


def test_the_import_contracts_hold() -> None:
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_logo=True))"
    run = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_our_own_modules_import_only_what_the_table_allows() -> None:
    wrong = []
    for path in sources(*PRODUCT):
        module = module_of(path)
        for line, name in imports(path):
            if name.split(".")[0] not in ("ops", "components", "pages", "app", "tests", "bench"):
                continue
            if not any(under(name, allowed) for allowed in whats_allowed(module)):
                wrong.append(f"{name_of(path)}:{line} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_core_uses_only_the_standard_library_and_pure_libraries() -> None:
    wrong = []
    for path in sources("ops/core"):
        for line, name in imports(path):
            top = name.split(".")[0]
            if top not in sys.stdlib_module_names | CORE_LIBRARIES | {"ops"}:
                wrong.append(f"{name_of(path)}:{line} imports {top}")
    assert not wrong, "\n".join(wrong)


def test_pages_stand_behind_their_gate() -> None:
    """R5, and the first statement of every page is require(role)."""
    wrong = []
    for path in sources("pages"):
        body = [
            node
            for node in tree_of(path).body
            if not isinstance(node, ast.Import | ast.ImportFrom)
            and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ]
        if path.name == "__init__.py" and not body:
            continue
        first = body[0] if body else None
        call = first.value if isinstance(first, ast.Expr | ast.Assign) else None
        if not (isinstance(call, ast.Call) and dotted(call.func).split(".")[-1] == "require"):
            wrong.append(f"{name_of(path)} does not begin with require(role)")
        for line, name in imports(path):
            top = name.split(".")[0]
            if top not in sys.stdlib_module_names | {"streamlit", "components", "ops"}:
                wrong.append(f"{name_of(path)}:{line} imports {top}")
    assert not wrong, "\n".join(wrong)


def test_writes_to_aws_are_named_in_three_files_only() -> None:
    """R7. The embedded AWS is left out: it answers those operations."""
    operations = mutating_operations()
    assert {"put_scaling_policy", "register_scalable_target", "invoke_endpoint_async"} <= operations
    wrong = []
    for path in sources(*PRODUCT):
        if name_of(path) in WRITERS or under(module_of(path), "ops.local_aws"):
            continue
        for node in nodes_of(path):
            named = node.attr if isinstance(node, ast.Attribute) else None
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = node.value
            if named in operations:
                wrong.append(f"{name_of(path)}:{node.lineno} names {named}")
    assert not wrong, "\n".join(wrong)


@cache
def changing_operations() -> frozenset[str]:
    """The same as AWS spells them, one-word names included."""
    session = botocore.session.get_session()
    return frozenset(
        operation
        for service in SERVICES
        for operation in session.get_service_model(service).operation_names
        if not operation.startswith(READING)
    )


def test_writes_are_asked_for_by_the_writers_and_made_by_the_gate_alone() -> None:
    """R7, for calls by name: `reading.ask(service, "PutSomething")`, and `scaling.make`."""
    operations, wrong = changing_operations(), []
    for path in sources(*PRODUCT):
        if name_of(path) in WRITERS | {"ops/aws/notify.py"} or under(module_of(path), "ops.local_aws"):
            continue
        for node in nodes_of(path):
            if not isinstance(node, ast.Call):
                continue
            called = dotted(node.func)
            named = [
                a.value for a in node.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)
            ]
            if called.endswith(".ask") and operations & set(named):
                wrong.append(f"{name_of(path)}:{node.lineno} asks for {named}")
            if called == "scaling.make" and name_of(path) != "ops/gate.py":
                wrong.append(f"{name_of(path)}:{node.lineno} makes a change beside the gate")
    assert not wrong, "\n".join(wrong)


def test_the_wall_clock_is_read_in_one_place() -> None:
    """R8."""
    wrong = []
    for path in sources(*PRODUCT):
        if name_of(path) in MAY_READ_THE_CLOCK:
            continue
        found = [(line, name) for line, name in imports(path) if name in ("time.time", "time.time_ns")]
        found += [(line, name) for line, name in attributes(path) if name in WALL_CLOCK]
        wrong += [f"{name_of(path)}:{line} reads the clock: {name}" for line, name in found]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("taboo", sorted(TEST_TABOO))
def test_tests_neither_sleep_nor_mock_nor_skip(taboo: str) -> None:
    wrong = []
    for path in sources("tests"):
        lines = [line for line, name in imports(path) if under(name, taboo)]
        lines += [line for line, name in attributes(path) if name == taboo]
        wrong += [f"{name_of(path)}:{line} uses {taboo}: {TEST_TABOO[taboo]}" for line in lines]
    assert not wrong, "\n".join(wrong)
