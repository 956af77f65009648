"""The manifest has one source, ``napari.yaml`` at the top, and every installation carries it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LINK = Path("src", "napari_brainreg3d", "napari.yaml")


def _expected() -> dict[str, Any]:
    manifest: dict[str, Any] = yaml.safe_load(ROOT.joinpath("napari.yaml").read_text())
    return manifest


@pytest.mark.parametrize("editable", [False, True], ids=["wheel", "editable"])
def test_npe2_finds_the_manifest_of_an_installation(
    editable: bool, source_tree: Path, ask_npe2: Callable[..., dict[str, Any]]
) -> None:
    """Both ways of installing show npe2 what the top-level file says."""
    found = ask_npe2(source_tree, editable=editable)
    expected = _expected()
    assert found["discovered"]
    assert found["name"] == expected["name"] == "napari-brainreg3d"
    assert found["display_name"] == expected["display_name"]
    assert found["commands"] == [c["id"] for c in expected["contributions"]["commands"]]
    # An editable install runs the tree itself, a wheel its own copy.
    assert Path(found["package"]).is_relative_to(source_tree) is editable


def test_an_editable_install_follows_changes_of_the_manifest(
    source_tree: Path, ask_npe2: Callable[..., dict[str, Any]]
) -> None:
    """The file in the package is a link (or, where links are not allowed, a copy)."""
    ask_npe2(source_tree, editable=True)
    if not source_tree.joinpath(LINK).is_symlink():
        pytest.skip("skipped: no symbolic links on this system")
    changed = source_tree.joinpath("napari.yaml").read_text() + "# changed\n"
    source_tree.joinpath("napari.yaml").write_text(changed)
    assert source_tree.joinpath(LINK).read_text() == changed


def test_a_wheel_holds_the_package_and_the_manifest_once(
    source_tree: Path, tmp_path: Path, run: Callable[..., str]
) -> None:
    """Every file of the package, nothing else, and no file twice, also after an editable build."""
    source_tree.joinpath(LINK).symlink_to("../../napari.yaml")  # what an editable build leaves
    run("-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist", cwd=source_tree)
    (wheel,) = tmp_path.joinpath("dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        manifest = archive.read("napari_brainreg3d/napari.yaml").decode()
    package = source_tree / "src"
    files = [p.relative_to(package).as_posix() for p in package.rglob("*") if p.is_file()]
    assert sorted(names) == sorted(files)
    assert "napari_brainreg3d/py.typed" in names
    assert manifest == ROOT.joinpath("napari.yaml").read_text()


def test_a_source_distribution_builds_the_same_wheel(
    source_tree: Path, tmp_path: Path, run: Callable[..., str]
) -> None:
    """The sdist holds all that a wheel is made of, and keeps the version."""
    run("-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "direct", cwd=source_tree)
    run("-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path / "source", cwd=source_tree)
    (archive,) = tmp_path.joinpath("source").glob("*.tar.gz")
    run("-m", "tarfile", "-e", archive, tmp_path / "unpacked")
    (tree,) = tmp_path.joinpath("unpacked").iterdir()
    run("-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "indirect", cwd=tree)
    (direct,) = tmp_path.joinpath("direct").glob("*.whl")
    (indirect,) = tmp_path.joinpath("indirect").glob("*.whl")
    assert indirect.name == direct.name
    with zipfile.ZipFile(direct) as a, zipfile.ZipFile(indirect) as b:
        assert a.namelist() == b.namelist()
        assert all(a.read(name) == b.read(name) for name in a.namelist())
