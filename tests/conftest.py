"""Fixtures for all tests, and the rule that a skip is a failure where everything is required."""

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REQUIRE_ALL = bool(os.environ.get("COURSEKIT_REQUIRE_ALL"))


def need(part: str) -> None:
    """Skip, with one line that names what is missing; fail where nothing may be missing."""
    message = f"{part} is missing: run `make system`"
    if REQUIRE_ALL:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def full_data() -> Path:
    folder = ROOT / ".cache" / "full"
    if not all((folder / name).is_dir() for name in ("mnist", "fashion")):
        need("the full image data")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    program = shutil.which("chromium")
    if program is None:
        need("Chromium")
    return str(program)


@pytest.fixture
def say(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return what puts a sentence below the results, where a test that passes says nothing."""
    return partial(record_property, "said")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]:
        for name, sentence in report.user_properties:
            if name == "said" and report.when == "call":
                terminalreporter.write_line(sentence)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if REQUIRE_ALL and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
