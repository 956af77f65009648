"""
Sessions in one standard view
=============================

Three sessions of one brain, each with the head held a little differently, are resampled into the
atlas's own view, where they can be averaged pixel by pixel.
"""

# %%
# Three sessions
# --------------
# The demo draws what a camera sees of the schematic brain. In real life the poses come from
# landmarks, from dragging in napari, or from matching the blood vessels.
import matplotlib.pyplot as plt
import numpy as np
from skimage.segmentation import find_boundaries

import napari_brainreg3d as br
from napari_brainreg3d.demo import DEMO_REGIONS, demo_registration, render_brain
from napari_brainreg3d.results.standard_view import average_sessions, to_standard_view

scene = br.load_scene("demo_mouse", list(DEMO_REGIONS))
truth = demo_registration()
turns = [(0.0, 0.0, 0.0), (-9.0, 3.0, 7.0), (5.0, -4.0, 14.0)]
sessions = [
    truth.replaced(
        pose=truth.pose.turned(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll),
        image_name=f"session {number}",
    )
    for number, (yaw, pitch, roll) in enumerate(turns, start=1)
]
images = [render_brain(session, seed=number) for number, session in enumerate(sessions)]

figure, axes = plt.subplots(1, 4, figsize=(10, 2.8))
for axis, image, session in zip(axes, images, sessions, strict=False):
    axis.imshow(image, cmap="gray")
    axis.set_title(session.image_name, fontsize=9)
axes[3].imshow(np.mean(images, axis=0), cmap="gray")
axes[3].set_title("mean of the images as they are", fontsize=9)
for axis in axes:
    axis.set_axis_off()
plt.show()

# %%
# Into the standard view
# ----------------------
# For each pixel of the view, the point of the brain's surface that it sees is looked up in the
# image. What the camera of a session did not see is NaN.
views = [
    to_standard_view(scene, session, image, view="dorsal", resolution_um=25.0)
    for session, image in zip(sessions, images, strict=True)
]
average = average_sessions(views)

figure, axes = plt.subplots(1, 4, figsize=(10, 3.4))
for axis, view in zip(axes, views, strict=False):
    axis.imshow(np.ma.masked_invalid(view.pixels), cmap="gray")
    axis.set_title(f"{view.name}: {100 * view.seen.mean():.0f} % seen", fontsize=9)
axes[3].imshow(np.ma.masked_invalid(average.mean), cmap="gray")
axes[3].set_title("mean in the standard view", fontsize=9)
for axis in axes:
    axis.set_axis_off()
plt.show()

# %%
# The vessels meet, although no session was taken from above. What still differs is the light, which
# changes with the tilt of the surface.
seen_by_all = average.count == len(views)
first = views[0].pixels[seen_by_all]
for view in views[1:]:
    share = np.corrcoef(first, view.pixels[seen_by_all])[0, 1]
    print(f"session 1 and {view.name}: correlation {share:.3f}")

# %%
# Labels and counts
# -----------------
# The view is a registration like any other: :func:`~napari_brainreg3d.project` gives its labels.
# They are the same for all sessions.
labels = br.project(scene, average.registration).labels
border = np.ma.masked_equal(find_boundaries(labels, mode="inner").astype(float), 0.0)

figure, axes = plt.subplots(1, 2, figsize=(7, 3.6))
axes[0].imshow(np.ma.masked_invalid(average.mean), cmap="gray")
axes[0].imshow(border, cmap="autumn", vmin=0, vmax=2, interpolation="nearest")
axes[0].set_title("mean, with the borders of the regions", fontsize=9)
counts = axes[1].imshow(average.count, cmap="viridis", interpolation="nearest")
axes[1].set_title("how many sessions saw it", fontsize=9)
figure.colorbar(counts, ax=axes[1], ticks=range(len(views) + 1))
for axis in axes:
    axis.set_axis_off()
plt.show()
