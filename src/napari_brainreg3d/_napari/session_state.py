"""What there is in a session, to be read; :class:`Session` changes it."""

from __future__ import annotations

from napari_brainreg3d._napari import steps_left
from napari_brainreg3d._napari.aligner import Aligner, Alignment
from napari_brainreg3d._napari.approval import Approval, is_same_place
from napari_brainreg3d._napari.session_image import SessionImage
from napari_brainreg3d.atlas.bregma import BregmaPreset
from napari_brainreg3d.atlas.scene import Scene
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.registration import Registration


class SessionState:
    """Image, atlas, alignment and result of one session.

    Attributes
    ----------
    aligner
        What moves the image.
    """

    def __init__(self) -> None:
        self._image: SessionImage | None = None
        self._scene: Scene | None = None
        self._regions: tuple[str, ...] = ()
        self._bregma: BregmaPreset | None = None
        self._projection: Projection | None = None
        self._stated_size: tuple[float, float] | None = None
        self._stated_mirrored = False
        self.aligner = Aligner()
        self._approval = Approval(self.aligner)

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
        if self.alignment is not None:
            return self.alignment.pixel_size_um
        return self._stated_size or (self._image.pixel_size_um if self._image else None)

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
        return is_same_place(made, self.alignment)

    @property
    def is_side_confirmed(self) -> bool:
        """Whether the user has said which side of the image is the animal's left."""
        return self._approval.is_side_confirmed

    @property
    def is_accepted(self) -> bool:
        """Whether the user has accepted the alignment (Enter); a change takes that back."""
        return self._approval.is_accepted

    def missing(self, section: str) -> list[str]:
        """What a section of the panel still waits for, in words for the user; empty when done."""
        return steps_left.missing(self, section)

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
            side_confirmed=self.is_side_confirmed,
            landmarks=alignment.landmarks,
        )
