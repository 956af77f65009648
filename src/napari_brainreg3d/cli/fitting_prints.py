"""What the commands about fits show: parameters with error bars, residuals, shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_brainreg3d.cli.console import console

if TYPE_CHECKING:
    from napari_brainreg3d.projection.curves import CurveFit
    from napari_brainreg3d.projection.flat_map import FlatMapError
    from napari_brainreg3d.projection.uncertainty import Uncertainty
    from napari_brainreg3d.registration.fitting import LandmarkFit


def print_fit(fit: LandmarkFit | CurveFit) -> None:
    """Show the pose with its error bars, what was not determined, and the residuals."""
    from rich.table import Table

    _print_parameters(fit)
    table = Table("fitted to", "points", "rms um", "worst um", "without it um", "")
    for row in _residual_rows(fit):
        table.add_row(*row)
    console().print(table)
    console().print(f"root mean square residual: {fit.rms_um:.1f} um")
    if fit.undetermined:
        console().print(f"not determined, kept as it was: {', '.join(fit.undetermined)}")
    if fit.outliers:
        console().print(f"does not fit the others: {', '.join(fit.outliers)}")
    other = getattr(fit, "alternative", None)
    if other is not None:
        yaw, pitch, roll = other.angles_deg
        console().print(
            f"ambiguous: yaw {yaw:.2f}, pitch {pitch:.2f}, roll {roll:.2f} degrees fits about as "
            "well (--other-tilt takes it); a landmark off the plane of the others would tell"
        )


def _print_parameters(fit: LandmarkFit | CurveFit) -> None:
    from rich.table import Table

    pose, sds = fit.registration.pose, fit.standard_deviations
    # Where the image centre is says more to a reader than shifts from where it was.
    yaw, pitch, roll = pose.angles_deg
    table = Table("parameter", "value", "± standard deviation")
    values = {"yaw_deg": yaw, "pitch_deg": pitch, "roll_deg": roll}
    for name in fit.parameters:
        sd = sds[name]
        shown = "kept" if sd == 0.0 else "not determined" if np.isinf(sd) else f"{sd:.2f}"
        value = f"{values[name]:.2f}" if name in values else ""
        if name == "scale_percent":
            value = f"pixel size {fit.registration.pixel_size_um[0]:.3f} um"
        table.add_row(name, value, shown)
    console().print(table)
    ap, dv, ml = pose.centre_um.tolist()
    console().print(f"image centre in the atlas: AP {ap:.0f}, DV {dv:.0f}, ML {ml:.0f} um")


def _residual_rows(fit: LandmarkFit | CurveFit) -> list[tuple[str, ...]]:
    from napari_brainreg3d.io.fitting import residual_table

    rows: list[tuple[str, ...]] = []
    table = residual_table(fit)
    for (_, name), part in table.groupby(["kind", "name"], sort=False):
        residuals = np.abs(part["residual_um"].to_numpy(float))
        residuals = residuals[np.isfinite(residuals)]
        rms = f"{np.sqrt(np.square(residuals).mean()):.1f}" if residuals.size else ""
        worst = f"{residuals.max():.1f}" if residuals.size else ""
        without = part["leave_one_out_um"].to_numpy(float)[0]
        shown = f"{without:.1f}" if np.isfinite(without) else ""
        is_off = bool(part["outlier"].any())
        rows.append((str(name), str(len(part)), rms, worst, shown, "left out" if is_off else ""))
    return rows


def print_uncertainty(sure: Uncertainty) -> None:
    """Show expected areas and how much of each region is certain."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = sure.table
    seen = table[table["pixels"] > 0].sort_values("pixels", ascending=False)
    shown = Table(box=SIMPLE_HEAD)
    for heading in ("label", "acronym", "side", "expected mm²", "± sd", "certain"):
        shown.add_column(heading, justify="left" if heading in ("acronym", "side") else "right")
    for row in seen.itertuples():
        shown.add_row(
            str(row.label),
            str(row.acronym),
            str(row.hemisphere),
            f"{row.expected_mm2:.3f}",
            f"{row.sd_mm2:.3f}",
            f"{row.certain_share:.0%}",
        )
    console().print(shown)
    if len(seen) < len(table):
        console().print(f"{len(table) - len(seen)} more regions are out of view")
    certain = float((sure.probability >= 0.95)[sure.projection.labels > 0].mean())
    console().print(
        f"borders: ± {sure.border_um:.0f} um (one standard deviation); certain: {certain:.0%} of "
        "the labelled pixels keep their label in at least 95 % of the poses"
    )


def print_tilt(errors: list[FlatMapError]) -> None:
    """Show what flat maps would have got wrong."""
    from rich.table import Table

    table = Table("flat map", "mislabelled", "border shift um", "95 % under um", "own residual um")
    for error in errors:
        table.add_row(
            error.transform,
            f"{error.mislabelled:.1%}",
            f"{error.border_mean_um:.0f}",
            f"{error.border_p95_um:.0f}",
            f"{error.residual_um:.0f}",
        )
    console().print(table)
