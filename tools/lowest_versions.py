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
    """Read the project's dependencies and write their pins."""
    project = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())
    pins = [pin for line in project["project"]["dependencies"] if (pin := lowest(line))]
    Path(sys.argv[1]).write_text("\n".join(pins) + "\n")
    print("\n".join(pins))


if __name__ == "__main__":
    main()
