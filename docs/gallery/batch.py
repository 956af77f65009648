"""
Many sessions at once
=====================

A table names the sessions, one command does them all in parallel: one that is registered by hand,
one of another day that follows its blood vessels, and one whose file is damaged.
"""

# %%
# Three days of one animal
# ------------------------
#
# The demo brain, seen at three slightly different poses; only the first day is registered. Of the
# third day only half of the file was copied.
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import tifffile

from napari_brainreg3d import read_image
from napari_brainreg3d.demo import demo_registration, render_brain

folder = Path(tempfile.mkdtemp())
first = demo_registration().replaced(image_shape=(224, 256), pixel_size_um=44.0)
moves = {"day1": (0, 0, 0), "day2": (350, -480, 0), "day3": (-120, 300, 0)}
for seed, (day, move) in enumerate(moves.items()):
    moved = first.replaced(pose=first.pose.moved(plane_um=move).turned(yaw_deg=3.0 * seed))
    tifffile.imwrite(folder / f"{day}.tif", render_brain(moved, seed=seed))

whole = (folder / "day3.tif").read_bytes()
(folder / "day3.tif").write_bytes(whole[: len(whole) // 2])

sha256 = read_image(folder / "day1.tif").sha256
first = first.replaced(image_name="day1.tif", image_sha256=sha256)
first.save(folder / "day1.brainreg3d.json")

# %%
# The manifest
# ------------
#
# A session per row. Files are relative to the manifest; what is left empty has its usual value.
manifest = pd.DataFrame(
    [
        {"image": "day1.tif", "registration": "day1.brainreg3d.json"},
        *(
            {
                "image": f"{day}.tif",
                "reference": "day1.brainreg3d.json",
                "reference_image": "day1.tif",
            }
            for day in ("day2", "day3")
        ),
    ]
).assign(make="labels masks", output="results")
manifest.to_csv(folder / "manifest.csv", index=False)
manifest.fillna("")


# %%
# Run it
# ------
#
# The same as ``napari-brainreg3d batch manifest.csv`` in a terminal. The damaged file does not stop
# the others; the exit code is then 1.
def batch(*options: str) -> None:
    command = [sys.executable, "-m", "napari_brainreg3d", "batch", "manifest.csv", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    print(done.stdout.splitlines()[-1], f"(exit code {done.returncode})")
    for line in done.stderr.splitlines():
        print(line.replace(f"{folder}/", ""))


batch()

# %%
# Look at the contact sheet. In the last column the squares show the reference and the session in
# turn: vessels must run on across their borders.
plt.figure(figsize=(8, 5))
plt.imshow(plt.imread(folder / "manifest_batch" / "contact_sheet.png"))
plt.axis("off")
plt.tight_layout()
plt.show()

# %%
# The table beside it has a row per session.
summary = pd.read_csv(folder / "manifest_batch" / "summary.csv", index_col="session")
summary[["status", "regions_in_view", "shift_down_um", "shift_right_um", "rotation_deg", "quality"]]

# %%
# Go on
# -----
#
# With the whole file in place, start it again: only what is missing is done, for which one process
# is enough.
(folder / "day3.tif").write_bytes(whole)
batch("--workers", "1")
