"""What the package imports is what it says that it needs."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def _imported() -> dict[str, str]:
    """Top-level names of imported modules -> a file that imports them; also inside functions."""
    found: dict[str, str] = {}
    for file in ROOT.joinpath("src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            else:
                continue
            found |= {name.partition(".")[0]: str(file.relative_to(ROOT)) for name in names}
    return found


def _canonical(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def _lines(project: dict[str, Any]) -> list[str]:
    """Requirements of the package and of its extras."""
    extras = project["optional-dependencies"].values()
    return [*project["dependencies"], *(line for extra in extras for line in extra)]


def test_every_imported_package_is_a_declared_dependency() -> None:
    """A package that only another dependency brings along may be gone with its next release."""
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {
        _canonical(match.group())
        for line in _lines(project)
        if (match := re.match(r"[A-Za-z0-9._-]+", line))
    }
    installed = packages_distributions()
    undeclared = {
        f"{module} in {file}"
        for module, file in _imported().items()
        if module not in sys.stdlib_module_names
        and module not in ("napari_brainreg3d", "__future__")
        and declared.isdisjoint(map(_canonical, installed.get(module, [module])))
    }
    assert not undeclared, undeclared


def test_every_dependency_has_a_lower_bound() -> None:
    """Otherwise the environment of the oldest versions would not know what to install."""
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [line for line in _lines(project) if ">=" not in line] == []


def test_tests_and_documentation_have_the_extras() -> None:
    """What an extra needs is the same wherever it is installed from."""
    tables = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))
    extras = tables["project"]["optional-dependencies"]
    wanted = sorted(line for name, lines in extras.items() if name != "all" for line in lines)
    assert sorted(tables["dependency-groups"]["extras"]) == wanted
