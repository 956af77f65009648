"""The only door to ``brainglobe_atlasapi``: atlases on disk, downloads, meshes, annotation."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from napari_brainreg3d.atlas.regions import Ontology, Region
from napari_brainreg3d.atlas.scene import Annotation, AtlasInfo, Mesh
from napari_brainreg3d.errors import AtlasError, Cancelled
from napari_brainreg3d.geometry.frames import ML
from napari_brainreg3d.progress import Progress, report


def brainglobe_folder(brainglobe_dir: str | Path | None = None) -> Path:
    """The folder that BrainGlobe keeps its atlases in.

    Parameters
    ----------
    brainglobe_dir
        A folder of one's own; None for the one in BrainGlobe's configuration.
    """
    if brainglobe_dir is not None:
        return Path(brainglobe_dir)
    from brainglobe_atlasapi import config

    return Path(config.get_brainglobe_dir())


def atlases_on_disk(brainglobe_dir: str | Path | None = None) -> dict[str, str]:
    """Name and newest version of every atlas that has been downloaded."""
    folder = brainglobe_folder(brainglobe_dir) / "brainglobe-atlasapi" / "atlases"
    found: dict[str, list[tuple[int, ...]]] = {}
    for manifest in folder.glob("*/*/manifest.json"):
        digits = manifest.parent.name.split("_")
        if all(part.isdecimal() for part in digits):
            version = tuple(int(part) for part in digits)
            found.setdefault(manifest.parent.parent.name, []).append(version)
    return {name: ".".join(map(str, max(found[name]))) for name in sorted(found)}


def atlases_online() -> dict[str, str]:
    """Name and newest version of every published atlas; may take seconds.

    Raises
    ------
    AtlasError
        When BrainGlobe's server cannot be reached.
    """
    from brainglobe_atlasapi.list_atlases import get_all_atlases_lastversions

    if not is_online():
        raise AtlasError("BrainGlobe's server cannot be reached; only atlases on disk are there")
    with _quiet():
        return {name: str(version) for name, version in get_all_atlases_lastversions().items()}


def is_online() -> bool:
    """Whether BrainGlobe's server answers; may take up to 5 s when it does not."""
    from brainglobe_atlasapi.utils import check_s3_status

    with _quiet():
        return bool(check_s3_status(raise_error=False))


class BrainGlobeSource:
    """An atlas of BrainGlobe, downloaded if need be.

    Parameters
    ----------
    name
        As BrainGlobe writes it, e.g. ``"allen_mouse_25um"``.
    brainglobe_dir
        Where atlases are kept; None for BrainGlobe's own folder.
    progress
        Told ``(files fetched, files known of)`` while downloading; cancels by returning False.

    Raises
    ------
    AtlasError
        When the atlas is neither on disk nor to be had, or is damaged.
    Cancelled
        When ``progress`` said so; the incomplete download is fetched again next time.
    """

    def __init__(
        self,
        name: str,
        *,
        brainglobe_dir: str | Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        folder = brainglobe_folder(brainglobe_dir)
        here = atlases_on_disk(folder)
        if name not in here and not is_online():
            known = ", ".join(["demo_mouse", *here])
            raise AtlasError(
                f"the atlas {name!r} is not on disk ({folder}) and BrainGlobe's server cannot be "
                f"reached; on disk are: {known}"
            )
        self._name = name
        with self.reporting_to(progress):
            self._atlas = _open_atlas(
                name, folder, lambda *step: report(self._progress, *step), self._may_download
            )
        try:
            _ = self.info, self.ontology  # now, not when something else is going on
        except AtlasError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(name, folder, error) from error

    @contextlib.contextmanager
    def reporting_to(self, progress: Progress | None) -> Iterator[None]:
        """Let ``progress`` hear of the downloads inside this block, and only of those."""
        self._progress = progress
        self._can_download: bool | None = None
        try:
            yield
        finally:
            self._progress = None

    @cached_property
    def info(self) -> AtlasInfo:
        """What the atlas is."""
        metadata = self._atlas.metadata
        return AtlasInfo(
            name=self._name,
            version=str(metadata["version"]),
            species=str(metadata.get("species", "unknown")),
            citation=str(metadata.get("citation", "unknown")),
            resolution_um=_three(self._atlas.resolution, float),
            shape=_three(self._atlas.shape, int),
        )

    @cached_property
    def ontology(self) -> Ontology:
        """All its regions."""
        return Ontology(
            tuple(
                Region(
                    id=int(entry["id"]),
                    acronym=str(entry["acronym"]),
                    name=str(entry["name"]),
                    rgb=_three(entry["rgb_triplet"], int),
                    path=tuple(int(i) for i in entry["structure_id_path"]),
                )
                for entry in self._atlas.structures_list
            )
        )

    def mesh(self, region: Region) -> Mesh | None:
        """The surface of a region as the atlas has it; None when it has none.

        A mesh that is not on disk is fetched, but only when the server answers: without this check
        every missing mesh costs 12 s offline.
        """
        structure = self._atlas.structures.data[region.id]
        if not Path(structure["mesh_filename"]).exists() and not self._may_download():
            return None
        try:
            with _quiet():
                mesh = structure["mesh"]
        except Exception as error:  # the API's RuntimeError, but also botocore's and Draco's own
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise AtlasError(f"the mesh of {region.acronym} cannot be read: {error}") from error
        if mesh is None:
            return None
        triangles = [cells.data for cells in mesh.cells if cells.type == "triangle"]
        faces = np.concatenate(triangles) if triangles else np.empty((0, 3), np.int64)
        # The API reverses the corners together with the axes; both are mirrorings, so that the
        # normals of published meshes come out inwards or outwards by atlas: checked later.
        return Mesh(np.asarray(mesh.points, np.float64), faces.astype(np.int32))

    def annotation(self) -> Annotation:
        """The annotation volume, read or fetched on first use."""
        return Annotation(self._volume("annotation"), self.info.resolution_um)

    def sides(self) -> Annotation | None:
        """1 left, 2 right per voxel; None when the atlas is symmetric."""
        if self._atlas.metadata.get("symmetric", True):
            return None
        return self._sides

    @cached_property
    def _sides(self) -> Annotation:
        sides = self._volume("hemispheres")
        # Some volumes are 0 outside the brain, where the corners of its meshes may lie.
        by_middle = np.where(np.arange(sides.shape[ML]) < round(sides.shape[ML] / 2), 2, 1)
        sides = np.where(sides == 0, by_middle.astype(sides.dtype), sides)
        return Annotation(sides, self.info.resolution_um)

    def _volume(self, which: str) -> Any:
        self._can_download = None  # who asks hours later may be online by now
        try:
            with _quiet():
                return getattr(self._atlas, which)
        except Cancelled:
            raise
        except Exception as error:  # zarr, s3fs and botocore raise a dozen kinds
            raise AtlasError(
                f"the {which} volume of {self._name} cannot be read or fetched: {error}"
            ) from error

    def _may_download(self) -> bool:
        if self._can_download is None:
            self._can_download = is_online()
        return self._can_download


def _open_atlas(
    name: str, folder: Path, listen: Callable[[int, int], None], may_download: Callable[[], bool]
) -> Any:
    from napari_brainreg3d.atlas.transfers import whole_or_not_at_all

    atlas_class = _reporting_atlas(listen, may_download)
    try:
        with _quiet():
            if name not in atlases_on_disk(folder):
                # The API takes what an interrupted download left for complete: give it a folder of
                # its own. With the manifest, which comes last, the atlas counts as there.
                with whole_or_not_at_all(folder, last="atlases") as staging:
                    atlas_class(name, brainglobe_dir=staging, check_latest=False)
            return atlas_class(name, brainglobe_dir=folder, check_latest=False)
    except Cancelled:
        raise
    except (FileNotFoundError, ValueError) as error:
        if name in atlases_on_disk(folder):
            raise _damaged(name, folder, error) from error
        known = ", ".join(["demo_mouse", *atlases_on_disk(folder)])
        raise AtlasError(
            f"BrainGlobe has no atlas {name!r} ({error}); on disk are: {known}"
        ) from error
    except Exception as error:  # requests, s3fs, zarr and json raise a dozen kinds
        raise AtlasError(f"the atlas {name} cannot be opened: {error}") from error


def _damaged(name: str, folder: Path, error: Exception) -> AtlasError:
    return AtlasError(
        f"the atlas {name} on disk ({folder}) is damaged: {error}; to download it again, delete "
        "its folder in brainglobe-atlasapi/atlases"
    )


def _reporting_atlas(listen: Callable[[int, int], None], may_download: Callable[[], bool]) -> Any:
    """The API's atlas class, with downloads that tell ``listen(done, total)`` files."""
    from brainglobe_atlasapi import BrainGlobeAtlas

    from napari_brainreg3d.atlas.transfers import ReportingFileSystem

    class ReportingAtlas(BrainGlobeAtlas):  # type: ignore[misc]
        """The API would draw bars on the terminal; its ``fn_update`` is not called (3.0.2)."""

        @property
        def fs(self) -> Any:
            return self._fs

        @fs.setter
        def fs(self, remote: Any) -> None:
            self._fs = ReportingFileSystem(remote, listen, may_download)

    return ReportingAtlas


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # The API prints its state and draws bars; a library does not write into its caller's output.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _three(values: Any, kind: Any) -> tuple[Any, Any, Any]:
    a, b, c = (kind(value) for value in values)
    return (a, b, c)
