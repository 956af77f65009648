"""Make the picture of ``docs/how_to/batch.md``: a contact sheet of the demo brain.

``python docs/make_batch_pictures.py``
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import tifffile
from PIL import Image

from napari_brainreg3d import read_image
from napari_brainreg3d.batch.manifest import read_manifest
from napari_brainreg3d.batch.run import run_batch
from napari_brainreg3d.demo import demo_registration, render_brain

TARGET = Path(__file__).parent / "images" / "batch_contact_sheet.png"
MOVES = {"day1": (0, 0, 0), "day2": (350, -480, 0), "day3": (-120, 300, 0)}


def write_manifest(folder: Path) -> Path:
    """Three days; of the last only half of the file is there."""
    first = demo_registration().replaced(image_shape=(224, 256), pixel_size_um=44.0)
    lines = ["image,registration,reference,reference_image"]
    for seed, (day, move) in enumerate(MOVES.items()):
        pose = first.pose.moved(plane_um=move).turned(yaw_deg=3.0 * seed)
        path = folder / f"{day}.tif"
        tifffile.imwrite(path, render_brain(first.replaced(pose=pose), seed=seed))
        given = "day1.brainreg3d.json,," if seed == 0 else ",day1.brainreg3d.json,day1.tif"
        lines.append(f"{path.name},{given}")
    path.write_bytes(path.read_bytes()[:20000])
    image = read_image(folder / "day1.tif")
    placed = first.replaced(image_name=image.name, image_sha256=image.sha256)
    placed.save(folder / "day1.brainreg3d.json")
    table = folder / "manifest.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table


def main() -> None:
    """Run the batch and keep its sheet, in few colours."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = read_manifest(write_manifest(folder), output=folder / "results")
        run_batch(rows, folder / "summary")
        with Image.open(folder / "summary" / "contact_sheet.png") as sheet:
            sheet.quantize(128).save(TARGET, optimize=True)
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
