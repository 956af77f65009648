"""What the user is doing: one image, one atlas, one alignment, one result. No Qt, no viewer.

Everything that a widget, a key or a mouse drag does is a method here, and everything that a widget
or a layer shows follows the signals. So the whole work flow is tested without a window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np
from psygnal import Signal

from napari_brainreg3d._napari.aligner import Aligner, Alignment
from napari_brainreg3d._napari.sides import is_same_side
from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import OrthographicCamera, PixelGrid, Pose
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.registration import default_bregma


@dataclass(frozen=True, slots=True)
class SessionImage:
    """The image that is being registered, without its pixels.

    Attributes
    ----------
    name
        Of its layer or file.
    shape
        Rows and columns.
    path
        Its file, None when it never had one.
    sha256
        Hash of the pixels of the frame in use, None until computed.
    pixel_size_um
        (row, column) as its file states it, None when it does not.
    """

    name: str
    shape: tuple[int, int]
    path: str | None = None
    sha256: str | None = None
    pixel_size_um: tuple[float, float] | None = None


#: Sections of the panel, in the order in which they are worked through.
SECTIONS: Final = ("image", "atlas", "align", "project", "save")


class Session:
    """The evented state of one registration; all parts of one viewer share one session.

    Signals
    -------
    image_changed(SessionImage | None)
    scene_changed(Scene | None)
    status_changed()
        Side confirmed, accepted, bregma, or what is missing has changed. What moves the image is
        told by ``aligner.changed``.
    projection_changed(Projection | None)
        None when the result no longer fits what is shown.
    """

    image_changed: ClassVar[Signal] = Signal(object)
    scene_changed: ClassVar[Signal] = Signal(object)
    status_changed: ClassVar[Signal] = Signal()
    projection_changed: ClassVar[Signal] = Signal(object)

    def __init__(self) -> None:
        self._image: SessionImage | None = None
        self._scene: Scene | None = None
        self._regions: tuple[str, ...] = ()
        self._bregma: BregmaPreset | None = None
        self._projection: Projection | None = None
        self._is_side_confirmed = False
        self._is_accepted = False
        self._confirmed: Alignment | None = None
        self._stated_size: tuple[float, float] | None = None
        self._stated_mirrored = False
        self.aligner = Aligner()
        self.aligner.changed.connect(self._on_aligned)

    # ------------------------------------------------------------------------------ what is there

    @property
    def image(self) -> SessionImage | None:
        """The image, None before one was chosen."""
        return self._image

    @property
    def scene(self) -> Scene | None:
        """The loaded atlas with its chosen regions, None before one was loaded."""
        return self._scene

    @property
    def alignment(self) -> Alignment | None:
        """Pose, camera and pixel size; None until image, pixel size and atlas are there."""
        return self.aligner.present

    @property
    def pixel_size_um(self) -> tuple[float, float] | None:
        """Pixel size (row, column) in use, um: aligned with, stated, or of the file."""
        return self._pixel_size()

    @property
    def is_mirrored(self) -> bool:
        """Whether the optics show a mirror image."""
        return self.alignment.camera.mirrored if self.alignment else self._stated_mirrored

    @property
    def bregma(self) -> BregmaPreset | None:
        """The named bregma that positions are shown from."""
        return self._bregma

    @property
    def projection(self) -> Projection | None:
        """The last result; stays while the pose changes (see :attr:`is_projection_current`)."""
        return self._projection

    @property
    def is_projection_current(self) -> bool:
        """Whether the result was made with the alignment that holds now."""
        made = self._projection.registration if self._projection else None
        now = self.alignment
        return (
            made is not None
            and now is not None
            and (made.pose, made.camera, made.pixel_size_um)
            == (now.pose, now.camera, now.pixel_size_um)
        )

    @property
    def is_side_confirmed(self) -> bool:
        """Whether the user has said which side of the image is the animal's left."""
        return self._is_side_confirmed

    @property
    def is_accepted(self) -> bool:
        """Whether the user has accepted the alignment (Enter); a change takes that back."""
        return self._is_accepted

    def missing(self, section: str) -> list[str]:
        """What a section of the panel still waits for, in words for the user; empty when done."""
        image, scene = self._image, self._scene
        wanting = {
            "image": [] if image else ["drop an image onto napari"],
            "atlas": [] if scene else ["load an atlas"],
            "align": [],
            "project": [] if self._projection else ["press Project"],
            "save": [],
        }
        if image and self._pixel_size() is None:
            wanting["image"].append("state the pixel size or the field of view")
        if self.alignment and not self._is_side_confirmed:
            wanting["align"].append("confirm which side is the animal's left")
        if self.alignment and not self._is_accepted:
            wanting["align"].append("accept the alignment (Enter)")
        before = SECTIONS[: SECTIONS.index(section)]
        needed = [word for name in before if name in ("image", "atlas") for word in wanting[name]]
        return needed or wanting[section]

    @property
    def registration(self) -> Registration | None:
        """Everything about the alignment as one frozen value, None until there is one."""
        alignment, image, scene = self.alignment, self._image, self._scene
        if alignment is None or image is None or scene is None:
            return None
        return Registration(
            atlas=scene.atlas.name,
            atlas_version=scene.atlas.version,
            regions=self._regions,
            hemisphere=scene.hemisphere,
            image_shape=image.shape,
            image_name=image.name,
            image_sha256=image.sha256,
            pixel_size_um=alignment.pixel_size_um,
            pose=alignment.pose,
            camera=alignment.camera,
            bregma=self._bregma,
            side_confirmed=self._is_side_confirmed,
        )

    # ------------------------------------------------------------------------- choosing and loading

    def set_image(self, image: SessionImage | None) -> None:
        """Choose the image. The pose stays, so that a series can be done from one start."""
        if image == self._image:
            return
        before, self._image = self._image, image
        other_shape = image is None or before is None or image.shape != before.shape
        stated = image.pixel_size_um if image else None
        # The hash of the same image may come later: that must not undo what the user has set.
        is_news = before is None or (before.path, before.pixel_size_um) != (
            image.path if image else None,
            stated,
        )
        if stated is not None and is_news and self.alignment is not None:
            self.aligner.set_pixel_size(stated)
        if other_shape:
            self.set_projection(None)
        self._begin()
        self.image_changed.emit(image)

    def note_hash(self, sha256: str | None) -> None:
        """Note the hash of the pixels in use, or that it is not known (another frame).

        Nothing else changes, and nothing is told: what is shown does not depend on it.
        """
        if self._image is not None:
            self._image = replace(self._image, sha256=sha256)

    def set_pixel_size(self, size_um: tuple[float, float]) -> None:
        """State the pixel size (row, column), um.

        Raises
        ------
        RegistrationError
            When it is not two positive numbers.
        """
        if self._image is None:
            raise RegistrationError("choose an image before its pixel size")
        size = _checked_size(self._image.shape, size_um)
        if self.alignment is not None:
            self.aligner.set_pixel_size(size, merge="pixel size")
            return
        self._stated_size = size
        self._begin()
        self.status_changed.emit()

    def set_field_of_view(self, size_mm: tuple[float, float]) -> None:
        """State the size of the whole image as (width, height), mm (brainreg3D's image_dims_mm)."""
        if self._image is None:
            raise RegistrationError("choose an image before its field of view")
        height, width = self._image.shape
        self.set_pixel_size((1000.0 * size_mm[1] / height, 1000.0 * size_mm[0] / width))

    def set_mirrored(self, is_mirrored: bool) -> None:
        """State whether the optics show a mirror image; also before there is an alignment."""
        if is_mirrored == self.is_mirrored:
            return
        if self.alignment is None:
            self._stated_mirrored = is_mirrored
            self.status_changed.emit()
            return
        self.aligner.set_camera(replace(self.alignment.camera, mirrored=is_mirrored))

    def set_scene(self, scene: Scene | None, regions: Sequence[str] = ()) -> None:
        """Show an atlas with its regions.

        Parameters
        ----------
        scene
            Loaded by :func:`napari_brainreg3d.load_scene`.
        regions
            What was asked for, as it goes into the file.
        """
        other_atlas = scene is None or self._scene is None or scene.atlas != self._scene.atlas
        self._scene, self._regions = scene, tuple(regions)
        if other_atlas:
            self._bregma = default_bregma(scene.atlas.name) if scene else None
        self.set_projection(None)
        self._begin()
        self.scene_changed.emit(scene)

    def set_bregma(self, bregma: BregmaPreset | None) -> None:
        """Choose the bregma that positions are shown from; moves nothing."""
        if bregma != self._bregma:
            self._bregma = bregma
            self.status_changed.emit()

    # ------------------------------------------------------------------------------------ aligning

    def start_pose(self, view: str) -> None:
        """Put the image over the middle of a side of the brain, looking straight at it."""
        self.aligner.set_pose(self._pose_for(view))

    def confirm_side(self, is_confirmed: bool = True) -> None:
        """Record that the user has checked which side is the animal's left."""
        self._confirmed = self.alignment if is_confirmed else None
        if is_confirmed != self._is_side_confirmed:
            self._is_side_confirmed = is_confirmed
            self.status_changed.emit()

    def accept(self) -> None:
        """Accept the alignment.

        Raises
        ------
        RegistrationError
            When something is missing, the image was never moved, or the side not confirmed.
        """
        if self.alignment is None:
            raise RegistrationError(f"not yet: {', '.join(self.missing('align'))}")
        if self.aligner.is_untouched:
            raise RegistrationError("the image still lies where it started: align it first")
        if not self._is_side_confirmed:
            raise RegistrationError("confirm first which side of the image is the animal's left")
        self.aligner.end_gesture()
        self._is_accepted = True
        self.status_changed.emit()

    # ------------------------------------------------------------------------- results and sessions

    def set_projection(self, projection: Projection | None) -> None:
        """Show a result."""
        if projection is not self._projection:
            self._projection = projection
            self.projection_changed.emit(projection)

    def restore(self, registration: Registration, scene: Scene, image: SessionImage | None) -> None:
        """Take up a saved registration.

        Parameters
        ----------
        registration
            What was saved.
        scene
            Its atlas and regions, loaded.
        image
            Its image; None when it is not there (yet): the alignment is kept all the same.

        Raises
        ------
        RegistrationError
            When the image has another shape than the registered one.
        """
        if image is not None and image.shape != registration.image_shape:
            raise RegistrationError(
                f"the image has {image.shape[0]} x {image.shape[1]} pixels, the registration "
                f"{registration.image_shape[0]} x {registration.image_shape[1]}"
            )
        self._image = image or SessionImage(
            registration.image_name or "image",
            registration.image_shape,
            sha256=registration.image_sha256,
            pixel_size_um=registration.pixel_size_um,
        )
        self._scene, self._regions = scene, registration.regions
        self._bregma = registration.bregma
        self._projection = None
        restored = Alignment(registration.pose, registration.camera, registration.pixel_size_um)
        self.aligner.begin(restored, is_start=False)
        self._is_side_confirmed = registration.side_confirmed
        self._confirmed = restored if registration.side_confirmed else None
        self.image_changed.emit(self._image)
        self.scene_changed.emit(scene)
        self.projection_changed.emit(None)
        self.status_changed.emit()

    # --------------------------------------------------------------------------------------- inside

    def _pixel_size(self) -> tuple[float, float] | None:
        if self.alignment is not None:
            return self.alignment.pixel_size_um
        return self._stated_size or (self._image.pixel_size_um if self._image else None)

    def _begin(self) -> None:
        """Make the start pose once image, pixel size and atlas are all there."""
        size = self._pixel_size()
        if self.alignment or self._image is None or self._scene is None or size is None:
            return
        camera = OrthographicCamera(mirrored=self._stated_mirrored)
        self.aligner.begin(Alignment(self._pose_for("dorsal"), camera, size))

    def _pose_for(self, view: str) -> Pose:
        if self._scene is None:
            raise RegistrationError("load an atlas before choosing a start pose")
        meshes = self._scene.brain if len(self._scene.brain.faces) else self._scene.mesh
        low, high = meshes.bounds_um
        straight = Pose.from_view(view, centre_um=(low + high) / 2)
        # On the surface: half the brain's size back from its middle, along the view.
        back = float(np.abs(straight.viewing_direction) @ (high - low)) / 2
        return straight.moved(plane_um=(0.0, 0.0, -back))

    def _on_aligned(self) -> None:
        self._is_accepted = False
        now, then = self.alignment, self._confirmed
        if now and then and not is_same_side(now.pose, now.camera, then.pose, then.camera):
            # Mirrored or turned round since: the user's answer no longer says anything.
            self._is_side_confirmed, self._confirmed = False, None
        self.status_changed.emit()


def _checked_size(shape: tuple[int, int], size_um: tuple[float, float]) -> tuple[float, float]:
    try:
        return PixelGrid(shape, size_um).size_um
    except ValueError as error:
        raise RegistrationError(str(error)) from error
