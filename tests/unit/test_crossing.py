"""What may cross is said once: the wire carries it, the author's page names it."""

from pathlib import Path

from coursekit.grading.wire import KINDS
from coursekit.sources.crossing import CROSSES


def test_the_wire_carries_what_authors_are_told() -> None:
    assert set(CROSSES) == set(KINDS)


def test_the_page_on_checks_names_every_kind(root: Path) -> None:
    page = (root / "docs" / "check-cells.md").read_text(encoding="utf-8")
    words = " ".join(page.split())
    assert [what for what in CROSSES.values() if what not in words] == []
