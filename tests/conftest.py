"""Fixtures for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with the real test data, usually ``shared`` beside the checkout."""
    given = os.environ.get("NAPARI_BRAINREG3D_SHARED")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared"
    if not folder.joinpath("data", "sample_image.tif").is_file():
        pytest.skip("skipped: no shared data")
    return folder


@pytest.fixture(scope="session")
def shared_atlas_dir(shared_dir: Path) -> Path:
    """The ``brainglobe_dir`` that holds the real test atlas ``allen_mouse_50um`` 0.1."""
    return shared_dir / "atlas"
