"""Names and values of a report, as texts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from napari_brainreg3d.geometry import PinholeCamera
from napari_brainreg3d.io.report.session import ReportSession, rms
from napari_brainreg3d.registration.schema import software_versions
from napari_brainreg3d.results.areas import region_table

Facts = dict[str, str]


def pose_facts(session: ReportSession) -> Facts:
    """Where the image lies, and how it was taken."""
    registration = session.projection.registration
    pose, camera = registration.pose, registration.camera
    yaw, pitch, roll = (round(angle, 2) + 0.0 for angle in pose.angles_deg)  # never -0.0
    centre = ", ".join(f"{value:.0f}" for value in pose.centre_um)
    height, width = registration.image_shape
    down, right = registration.pixel_size_um
    facts = {
        "image": f"{height} x {width} pixels (rows x columns)",
        "pixel size": f"{down:.5g} x {right:.5g} um (row, column)",
        "field of view": f"{width * right / 1e3:.4g} x {height * down / 1e3:.4g} mm (W x H)",
        "view": pose.view,
        "yaw, pitch, roll": f"{yaw:+.2f}°, {pitch:+.2f}°, {roll:+.2f}°",
        "image centre": f"{centre} um in the atlas (AP, DV, ML from the right)",
    }
    if registration.bregma is not None:
        ap, ml, dv = registration.bregma.to_stereotaxic_mm(pose.centre_um)
        facts["from bregma"] = (
            f"AP {ap:+.2f}, ML {ml:+.2f} (right +), DV {dv:+.2f} mm "
            f"(preset {registration.bregma.name})"
        )
    if isinstance(camera, PinholeCamera):
        facts["camera"] = f"pinhole, {camera.working_distance_mm:g} mm from the plane of focus"
        if camera.k1 or camera.k2:
            facts["distortion"] = f"k1 = {camera.k1:g}, k2 = {camera.k2:g}"
    else:
        facts["camera"] = "orthographic (parallel rays)"
    if camera.mirrored:
        facts["optics"] = "mirror the image"
    return facts


def projection_facts(session: ReportSession) -> Facts:
    """What was labelled, and how."""
    projection = session.projection
    settings, atlas, labels = projection.settings, projection.scene.atlas, projection.labels
    counts = np.bincount(labels.ravel(), minlength=len(projection.grouping.rows) + 1)[1:]
    depth = projection.depth_um[labels > 0]
    incidence = projection.incidence_deg[labels > 0]
    facts = {
        "atlas": f"{atlas.name} {atlas.version}, {atlas.species}",
        "regions in view": f"{np.count_nonzero(counts)} of {len(counts)}",
        "labelled pixels": f"{(labels > 0).mean():.1%}; tissue in "
        f"{np.isfinite(projection.depth_um).mean():.1%}",
        "occlusion": "by the whole brain"
        if settings.occlusion == "brain"
        else "by the selected regions only",
        "tolerance": f"{settings.tolerance_um:g} um",
    }
    if settings.sample_depth_um is not None:
        facts["sample depth"] = f"{settings.sample_depth_um:g} um under the surface"
    if np.isfinite(depth).any():
        low, middle, high = np.nanquantile(depth, (0.05, 0.5, 0.95))
        facts["depth under focus"] = f"{middle:.0f} um (5 to 95 %: {low:.0f} to {high:.0f})"
        low, middle, high = np.nanquantile(incidence, (0.05, 0.5, 0.95))
        facts["incidence"] = f"{middle:.0f}° (5 to 95 %: {low:.0f}° to {high:.0f}°)"
    if session.uncertainty is not None:
        facts["borders"] = f"± {session.uncertainty.border_um:.0f} um (one standard deviation)"
    return facts


def landmark_rows(session: ReportSession) -> list[tuple[str, ...]]:
    """Name, click, where it is seen, and the distance, of every known landmark."""
    size = session.projection.registration.pixel_size_um
    rows: list[tuple[str, ...]] = []
    for mark, residual in zip(session.known_landmarks(), session.residuals_um(), strict=True):
        down, right = residual / size
        click, place = mark.image_px or (), mark.atlas_um or ()
        rows.append(
            (
                mark.name,
                ", ".join(f"{value:.1f}" for value in click),
                ", ".join(f"{value:.0f}" for value in place),
                f"{down:+.1f}, {right:+.1f}",
                f"{np.linalg.norm(residual):.0f}",
            )
        )
    if rows:
        total = rms(session.residuals_um())
        rows.append(("root mean square", "", "", "", f"{total:.0f}"))
    return rows


def area_table(session: ReportSession) -> pd.DataFrame:
    """Regions in view with their areas, largest first, and how sure they are if that is known."""
    projection = session.projection
    table = region_table(projection)
    incidence = projection.incidence_deg.ravel().astype(np.float64)
    labels = projection.labels.ravel()
    known = np.isfinite(incidence)
    sums = np.bincount(labels[known], weights=incidence[known], minlength=len(table) + 1)
    counts = np.bincount(labels[known], minlength=len(table) + 1)
    with np.errstate(invalid="ignore"):
        table["incidence_deg"] = (sums / counts)[1:]
    if session.uncertainty is not None:
        sure = session.uncertainty.table
        for name in ("sd_mm2", "certain_share"):
            table[name] = sure[name]
    return table[table["pixels"] > 0].sort_values("pixels", ascending=False, kind="stable")


def provenance_facts(session: ReportSession) -> Facts:
    """Versions and identities."""
    registration = session.projection.registration
    return {
        "image file": registration.image_name or "not known",
        "SHA-256 of its pixels": registration.image_sha256 or "not known",
        **software_versions(),
    }
