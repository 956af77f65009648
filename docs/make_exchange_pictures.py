"""Draw the pictures of ``how_to/exchange.md`` and ``how_to/report.md`` with a headless Chromium.

Run as ``python docs/make_exchange_pictures.py [PATH OF CHROMIUM]``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.demo import demo_image, demo_landmarks, demo_registration
from napari_brainreg3d.io.exchange.svg import write_svg
from napari_brainreg3d.io.report import ReportSession, write_report
from napari_brainreg3d.projection import project
from napari_brainreg3d.projection.uncertainty import uncertainty
from napari_brainreg3d.registration import Landmark
from napari_brainreg3d.registration.fitting import fit_landmarks

IMAGES = Path(__file__).parent / "images"
_QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def photograph(chromium: str, page: Path, size: tuple[int, int], target: Path) -> None:
    """Save a page as a small PNG of 256 colours."""
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        command = [
            chromium,
            *_QUIET,
            f"--user-data-dir={folder}/profile",
            f"--window-size={size[0]},{size[1]}",
            f"--screenshot={shot}",
            page.as_uri(),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        picture = Image.open(shot).convert("RGB")
        smaller = picture.resize((800, round(800 * picture.height / picture.width)))
        smaller.quantize(64, dither=Image.Dither.NONE).save(target, optimize=True)


def main() -> None:
    """Draw both pictures from the demo, with landmarks that are a few pixels off."""
    chromium = sys.argv[1] if len(sys.argv) > 1 else shutil.which("chromium")
    if chromium is None:
        raise SystemExit("give the path of Chromium or Chrome")
    rng = np.random.default_rng(1)
    clicks = [
        Landmark(mark.name, tuple(np.add(mark.image_px, rng.normal(0, 3, 2))), mark.atlas_um)
        for mark in demo_landmarks()
    ]
    placed = demo_registration().replaced(landmarks=clicks, side_confirmed=False)
    projection = project(load_scene(placed.atlas, placed.regions), placed)
    image = demo_image()
    sure = uncertainty(projection, fit_landmarks(placed), poses=30)
    session = ReportSession(projection=projection, image=image, uncertainty=sure)
    with tempfile.TemporaryDirectory() as folder:
        report = write_report(Path(folder) / "report.html", session)
        photograph(chromium, report, (1240, 1750), IMAGES / "report.png")
        drawing = write_svg(Path(folder) / "drawing.svg", projection, image=image, magnification=20)
        photograph(chromium, drawing, (955, 850), IMAGES / "exchange_svg.png")


if __name__ == "__main__":
    main()
