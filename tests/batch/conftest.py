"""Small sessions of the demo brain, and one cluster of two processes for all tests here."""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import napari_brainreg3d as br
from napari_brainreg3d.batch.cluster import CONFIGURATION
from napari_brainreg3d.batch.manifest import SessionRow, read_manifest

SHAPE = (56, 64)
REGIONS = ("VISp", "MOp", "SSp-bfd")


def small_registration() -> br.Registration:
    """Tilted, turned and off the centre: nothing about it is symmetric."""
    return br.Registration(
        atlas="demo_mouse",
        image_shape=SHAPE,
        pixel_size_um=176.0,
        pose=br.Pose.dorsal(centre_um=(5000, 600, 5450), yaw_deg=7, pitch_deg=5, roll_deg=-6),
        regions=REGIONS,
        side_confirmed=True,
    )


def write_session(folder: Path, name: str, seed: int) -> dict[str, str]:
    """An image of noise with its registration; gives its row of the manifest."""
    pixels = np.random.default_rng(seed).integers(0, 4000, SHAPE).astype(np.uint16)
    tifffile.imwrite(folder / f"{name}.tif", pixels)
    image = br.read_image(folder / f"{name}.tif")
    registration = small_registration().replaced(
        image_name=image.name,
        image_sha256=image.sha256,
        pixel_size_um=(176.0, 176.0 + seed),  # so that no two sessions have the same labels
    )
    registration.save(folder / f"{name}.brainreg3d.json", overwrite=True)
    return {"image": f"{name}.tif", "registration": f"{name}.brainreg3d.json"}


def write_manifest(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "manifest.csv"
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def sessions(tmp_path: Path) -> Callable[..., list[SessionRow]]:
    """Make sessions ``s0`` ... in a folder, and read their manifest; results go to ``out``."""

    def make(count: int, **cells: str) -> list[SessionRow]:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        rows = [
            {**write_session(folder, f"s{i}", i), "make": "labels", "output": "../out", **cells}
            for i in range(count)
        ]
        return read_manifest(write_manifest(folder, rows))

    return make


@pytest.fixture(scope="package")
def cluster() -> Iterator[Any]:
    """Two processes with nannies, as a batch starts them itself."""
    distributed = pytest.importorskip("distributed")
    with (
        pytest.importorskip("dask").config.set(CONFIGURATION),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as started,
    ):
        yield started
