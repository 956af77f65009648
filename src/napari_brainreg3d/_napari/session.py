"""What the user is doing: one image, one atlas, one alignment, one result. No Qt, no viewer.

Everything that a widget, a key or a mouse drag does is a method here, and everything that a widget
or a layer shows follows the signals. So the whole work flow is tested without a window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from psygnal import Signal

from napari_brainreg3d._napari.aligner import Alignment
from napari_brainreg3d._napari.session_image import SessionImage
from napari_brainreg3d._napari.session_state import SessionState
from napari_brainreg3d._napari.start_poses import start_pose
from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import OrthographicCamera
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.registration.registration import default_bregma


class Session(SessionState):
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
        super().__init__()
        self._approval.changed.connect(self.status_changed.emit)

    # ------------------------------------------------------------------------- choosing and loading

    def set_image(self, image: SessionImage | None) -> None:
        """Choose the image. The pose stays, so that a series can be done from one start."""
        if image == self._image:
            return
        before, self._image = self._image, image
        if image is not None and image.states_another_size(before):
            stated = image.pixel_size_um
            if stated is not None and self.alignment is not None:
                self.aligner.set_pixel_size(stated)
        if image is None or before is None or image.shape != before.shape:
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
        size = self._image.checked_size(size_um)
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
        self.set_pixel_size(self._image.pixel_size_for(size_mm))

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
        self.aligner.set_pose(start_pose(self._scene, view))

    def confirm_side(self, is_confirmed: bool = True) -> None:
        """Record that the user has checked which side is the animal's left."""
        self._approval.confirm_side(is_confirmed)

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
        if not self.is_side_confirmed:
            raise RegistrationError("confirm first which side of the image is the animal's left")
        self.aligner.end_gesture()
        self._approval.accept()

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
        restored = Alignment(
            registration.pose,
            registration.camera,
            registration.pixel_size_um,
            registration.landmarks,
        )
        self.aligner.begin(restored, is_start=False)
        self._approval.restore(is_side_confirmed=registration.side_confirmed)
        self.image_changed.emit(self._image)
        self.scene_changed.emit(scene)
        self.projection_changed.emit(None)
        self.status_changed.emit()

    # --------------------------------------------------------------------------------------- inside

    def _begin(self) -> None:
        """Make the start pose once image, pixel size and atlas are all there."""
        size = self.pixel_size_um
        if self.alignment or self._image is None or self._scene is None or size is None:
            return
        camera = OrthographicCamera(mirrored=self._stated_mirrored)
        self.aligner.begin(Alignment(start_pose(self._scene, "dorsal"), camera, size))
