"""The Python of the guides to the standard view and to the drape runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "how_to"


@pytest.mark.parametrize("page", ["standard_view", "drape"])
def test_the_examples_of_the_page_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = PAGES.joinpath(f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    if page == "standard_view":
        assert names["average"].count.max() == 2  # type: ignore[attr-defined]
    else:
        assert len(names["colours"]) == len(names["vertices"]) > 10_000  # type: ignore[arg-type]


def test_the_options_of_the_pages_are_those_of_the_commands() -> None:
    from typer.main import get_command

    from napari_brainreg3d.cli.app import app

    commands = get_command(app).commands  # type: ignore[attr-defined]
    for page, names in (
        ("standard_view", ["standard-view", "average", "project"]),
        ("drape", ["drape"]),
    ):
        known = {o for name in names for p in commands[name].params for o in p.opts}
        used = set(
            re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGES.joinpath(f"{page}.md").read_text("utf-8"))
        )
        assert used
        assert used <= known, f"{page}.md: {used - known}"
