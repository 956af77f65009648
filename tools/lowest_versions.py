"""Write a pip constraints file that pins each dependency to the oldest version allowed.

Usage: ``python tools/lowest_versions.py OUTPUT``. The bounds are those of ``pyproject.toml``.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement


def lowest(line: str) -> str | None:
    """The pin for a requirement, None when it has no lower bound or is not for this platform."""
    requirement = Requirement(line)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return None
    for specifier in requirement.specifier:
        if specifier.operator == ">=":
            return f"{requirement.name}=={specifier.version}"
    return None


def main() -> None:
    """Read what the project and its extras need, and write the pins."""
    project = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    lines = list(project["project"]["dependencies"])
    lines += [line for name, extra in extras.items() if name != "all" for line in extra]
    pins = [pin for line in lines if (pin := lowest(line))]
    Path(sys.argv[1]).write_text("\n".join(pins) + "\n")
    print("\n".join(pins))


if __name__ == "__main__":
    main()
