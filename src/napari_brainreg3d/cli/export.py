"""``napari-brainreg3d export REGISTRATION --to FORMAT``: results in the formats of others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_brainreg3d.cli import export_options as mine
from napari_brainreg3d.cli import options
from napari_brainreg3d.cli.console import UsageError, console, print_files, progress_bar

if TYPE_CHECKING:
    from napari_brainreg3d.io.images import Image
    from napari_brainreg3d.projection import Projection
    from napari_brainreg3d.registration import Registration


def export_command(
    registration: mine.SavedRegistration,
    to: mine.To,
    image: mine.ImageFile = None,
    output: mine.Out = None,
    force: options.Force = False,
    frame: options.Frame = "0",
    channel: options.Channel = None,
    regions: options.Regions = None,
    hemisphere: options.Hemisphere = None,
    brainglobe_dir: options.BrainglobeDir = None,
    occlusion: options.OcclusionRule = "brain",
    tolerance_um: options.ToleranceUm = 150.0,
    sample_depth_um: options.SampleDepthUm = None,
    split_hemispheres: options.SplitHemispheres = False,
    session_start: mine.Start = None,
    session_description: mine.Description = None,
    identifier: mine.Identifier = None,
    subject_id: mine.SubjectId = "unknown",
    sex: mine.Sex = "U",
    age: mine.Age = None,
    species: mine.Species = None,
    experimenter: mine.Experimenter = None,
    institution: mine.Institution = None,
    lab: mine.Lab = None,
    experiment_description: mine.ExperimentDescription = None,
    provenance: mine.Provenance = "estimate",
    label_name: mine.LabelName = "regions",
    magnification: mine.Magnification = 10.0,
    overwrite: options.Overwrite = False,
) -> None:
    """Write labels and coordinates as NWB, ALF (IBL), OME-Zarr, SVG, GeoJSON, for locaNMF, wfield.

    Every file says which axis and which side is which.
    """
    from napari_brainreg3d.cli.placed import load_placed
    from napari_brainreg3d.cli.same_image import registration_of_image

    target = _target(registration, to, output, overwrite=overwrite)
    given: dict[str, Any] = {}
    if to == "nwb":
        given["session"] = _session(
            session_start,
            description=session_description,
            identifier=identifier,
            subject_id=subject_id,
            sex=sex,
            age=age,
            species=species,
            experimenter=tuple(experimenter or ()),
            institution=institution,
            lab=lab,
            experiment_description=experiment_description,
        )
    elif to == "alf":
        given["provenance"] = provenance
    elif to == "svg":
        given["magnification"] = magnification
    elif to == "ome-zarr":
        given["name"] = label_name
    picture = _picture(image, frame, channel, to, target)
    checked = None if picture is None else registration_of_image(registration, picture, force=force)
    scene, placed = load_placed(
        registration,
        image=None,
        force=force,
        regions=regions,
        hemisphere=hemisphere,
        brainglobe_dir=brainglobe_dir,
    )
    if checked is not None:
        placed = placed.replaced(image_name=checked.image_name, image_sha256=checked.image_sha256)
    if not placed.side_confirmed:
        console().print(
            "note: nobody has confirmed left and right of this registration", markup=False
        )
    if to == "wfield":
        print_files([_write_wfield(target, scene, placed, overwrite=overwrite)])
        return
    with progress_bar("projecting") as progress:
        projection = _projected(
            scene,
            placed,
            occlusion=occlusion,
            tolerance_um=tolerance_um,
            sample_depth_um=sample_depth_um,
            split_hemispheres=split_hemispheres,
            progress=progress,
        )
    work = _Work(target, projection, picture, given, overwrite)
    print_files(getattr(work, f"write_{to.replace('-', '_')}")())


def _target(registration: Path, to: str, output: Path | None, *, overwrite: bool) -> Path:
    """Where to write; refused at once when it is taken, before an atlas is loaded."""
    from napari_brainreg3d.atomic import check_free
    from napari_brainreg3d.io.exchange.extras import import_extra
    from napari_brainreg3d.io.exchange.folders import check_folder_free
    from napari_brainreg3d.io.targets import check_ending
    from napari_brainreg3d.registration.registration import SUFFIX

    stem = registration.name.removesuffix(SUFFIX)
    target = output or registration.with_name(stem + mine.ENDINGS[to])
    if to in ("nwb", "svg", "geojson"):
        endings = (f".{to}", ".json") if to == "geojson" else (f".{to}",)
        check_ending(target, f"what --to {to} writes", *endings)
    if to == "nwb":
        import_extra("pynwb", "nwb", "an NWB file")
    if to == "ome-zarr":
        import_extra("zarr", "zarr", "OME-Zarr")
    if to == "alf":
        check_folder_free(target, overwrite=overwrite)
    elif to != "ome-zarr":  # to one that is there labels are added
        check_free(target, overwrite=overwrite)
    return target


def _picture(
    path: Path | None, frame: str, channel: int | None, to: str, target: Path
) -> Image | None:
    from napari_brainreg3d.cli.standard_view import read_picture

    if path is not None:
        return read_picture(path, frame, channel)
    if to == "nwb" or (to == "ome-zarr" and not target.exists()):
        raise UsageError(f"--to {to} writes the image too: give it with --image")
    return None


def _session(start: str | None, *, description: str | None, **values: Any) -> Any:
    from datetime import datetime

    from napari_brainreg3d.io.exchange.nwb import NwbSession

    if start is not None:
        try:
            values["start"] = datetime.fromisoformat(start)
        except ValueError:
            raise UsageError(
                f"--session-start takes a time such as 2026-03-05T14:30+01:00, got {start!r}"
            ) from None
    if description is not None:
        values["description"] = description
    return NwbSession(**values)


def _projected(scene: Any, placed: Registration, **how: Any) -> Projection:
    from napari_brainreg3d.projection import project

    return project(scene, placed, **how)


def _write_wfield(target: Path, scene: Any, placed: Registration, *, overwrite: bool) -> Path:
    from napari_brainreg3d.io.wfield import write_wfield_landmarks
    from napari_brainreg3d.projection.presets import WFIELD_POINTS_MM, landmark_preset

    points = [landmark_preset(scene, name).atlas_um for name in WFIELD_POINTS_MM]
    write_wfield_landmarks(target, placed, points, overwrite=overwrite)
    return target


@dataclass(frozen=True, slots=True)
class _Work:
    """What is written where; one method for each format."""

    target: Path
    projection: Projection
    picture: Image | None
    given: dict[str, Any]
    overwrite: bool

    @property
    def pixels(self) -> Any:
        """Of the picture, None without one."""
        return None if self.picture is None else self.picture.pixels

    def write_nwb(self) -> list[Path]:
        from napari_brainreg3d.io.exchange.nwb import write_nwb

        path = None if self.picture is None else self.picture.path
        more = {"image_path": path, "overwrite": self.overwrite, **self.given}
        return [write_nwb(self.target, self.projection, self.pixels, **more)]

    def write_alf(self) -> list[Path]:
        from napari_brainreg3d.io.exchange.alf import write_alf

        more = {"image": self.pixels, "overwrite": self.overwrite, **self.given}
        return write_alf(self.target, self.projection, **more)

    def write_ome_zarr(self) -> list[Path]:
        from napari_brainreg3d.io.exchange.ome_zarr import add_ome_zarr_labels, write_ome_zarr

        if self.target.exists():
            more = {"overwrite": self.overwrite, **self.given}
            return [add_ome_zarr_labels(self.target, self.projection, **more)]
        return [write_ome_zarr(self.target, self.projection, self.pixels, **self.given)]

    def write_svg(self) -> list[Path]:
        from napari_brainreg3d.io.exchange.svg import write_svg

        more = {"image": self.pixels, "overwrite": self.overwrite, **self.given}
        return [write_svg(self.target, self.projection, **more)]

    def write_geojson(self) -> list[Path]:
        from napari_brainreg3d.io.exchange.geojson import write_geojson

        return [write_geojson(self.target, self.projection, overwrite=self.overwrite)]

    def write_locanmf(self) -> list[Path]:
        from napari_brainreg3d.io.wfield import write_locanmf

        return write_locanmf(self.target, self.projection, overwrite=self.overwrite)
