"""
Activity of each region
=======================

From a movie to one trace per region and hemisphere, on the demonstration movie, of which the true
activity is known.
"""

# %%
# The movie and its registration
# ------------------------------
# Two hundred frames of the schematic brain. Each region is active at its own times; there are blood
# vessels, noise, and some bleaching. With your own data this is a file and a saved registration:
# ``open_movie("run.tif", fps=20)`` and ``br.Registration.load("run.brainreg3d.json")``.

import matplotlib.pyplot as plt
import numpy as np

import napari_brainreg3d as br
from napari_brainreg3d.demo import demo_movie
from napari_brainreg3d.io.movies import open_movie, open_svd
from napari_brainreg3d.results.traces import region_traces

demo = demo_movie()
registration = demo.registration
scene = br.load_scene(registration.atlas, registration.regions)
projection = br.project(scene, registration)

figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.5), layout="constrained")
left.imshow(demo.frames[0], cmap="gray")
left.set_title("first frame")
right.imshow(projection.labels, cmap="nipy_spectral", interpolation="nearest")
right.set_title("region of each pixel")
for axes in (left, right):
    axes.set_axis_off()
plt.show()

# %%
# Traces
# ------
# The movie is read once, a few frames at a time. dF/F needs a baseline, which is said in words and
# goes into the file. ``dark`` is what the camera gives without light; dF/F is too small without it.

with open_movie(demo.frames, fps=demo.fps) as movie:
    traces = region_traces(movie, projection, dff="percentile 10 window 4 s", dark=demo.dark)

traces.table.iloc[:5, :8].round(4)

# %%
# Found and true
# --------------
# Lines are what was found, dots what is true.

shown = ["MOs_left", "MOs_right", "SSp-bfd_left", "VISp_left", "VISp_right", "RSPd_left"]
figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
for row, name in enumerate(shown):
    color = traces.regions.set_index("column").loc[name, "color"]
    axes.plot(traces.time_s, traces.table[name] - 0.4 * row, color=color)
    axes.plot(traces.time_s[::4], demo.truth[name][::4] - 0.4 * row, "k.", markersize=3)
axes.set_yticks([-0.4 * row for row in range(len(shown))], shown)
axes.set_xlabel("time, s")
plt.show()

# %%
# How well that goes depends on how many pixels a region has, and how bright they are.

alike = traces.table.corrwith(demo.truth)
pixels = traces.regions.set_index("column")["used_pixels"]
figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
axes.semilogx(pixels[pixels > 0], alike[pixels > 0], "o", markersize=4)
axes.set_xlabel("pixels of the region")
axes.set_ylabel("correlation with the truth")
plt.show()
print(f"regions of at least 150 pixels: median {alike[pixels >= 150].median():.3f}")

# %%
# What was counted
# ----------------
# Beside the traces stands what they were made of: pixels, weights, values that were NaN or
# saturated.

columns = ["column", "pixels", "used_pixels", "nan_values", "saturated_values", "baseline"]
traces.regions[columns].head().round(1)

# %%
# A blemish in the picture
# ------------------------
# Dust lies on a part of the left primary visual area and flickers. The mean follows it; the median
# of means, over five parts of the region, does not.

frames = demo.frames.copy()
label = projection.table.set_index("acronym").loc["VISp", "label"]
rows, columns = (projection.labels == label).nonzero()
corner = columns.argmin()
dust = np.hypot(rows - rows[corner], columns - columns[corner]).argsort()[:80]
flicker = np.where(demo.truth["MOs_right"] > 0.05, 1.8, 1.0)[:, None]
frames[:, rows[dust], columns[dust]] = frames[:, rows[dust], columns[dust]] * flicker

figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
for statistic in ("mean", "median of means"):
    with open_movie(frames, fps=demo.fps) as movie:
        spoilt = region_traces(
            movie,
            projection,
            statistic=statistic,
            dff="percentile 10 window 4 s",
            dark=demo.dark,
        )
    axes.plot(spoilt.time_s, spoilt.table["VISp_left"], label=statistic)
axes.plot(traces.time_s, demo.truth["VISp_left"], "k.", markersize=2, label="truth")
axes.set_xlabel("time, s")
axes.set_ylabel("dF/F of VISp_left")
axes.legend()
plt.show()

# %%
# Movies in SVD form
# ------------------
# Of components in space and time no frame needs to be made: the regions of the former are averaged
# once.

average = demo.frames.mean(axis=0)
flat = (demo.frames - average).reshape(len(demo.frames), -1)
values, vectors = np.linalg.eigh(flat @ flat.T)
svt = vectors[:, ::-1][:, :40].T
u = (svt @ flat).T.reshape(*average.shape, 40)

with open_svd(u, svt, average=average, fps=demo.fps) as movie:
    from_svd = region_traces(movie, projection, dff="percentile 10 window 4 s", dark=demo.dark)
alike = from_svd.table.corrwith(traces.table)[pixels >= 150]
print(f"40 components against all frames: median correlation {alike.median():.3f}")

# %%
# To a file: ``write_traces("run_traces.csv", traces)`` from ``napari_brainreg3d.io.traces``. See
# :doc:`../how_to/traces`.
