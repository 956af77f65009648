"""The work flow without a window: what is missing, what is told, what is kept."""

from __future__ import annotations

import dataclasses

import pytest

from napari_brainreg3d._napari.session import Session
from napari_brainreg3d._napari.session_image import SessionImage
from napari_brainreg3d._napari.steps_left import SECTIONS
from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS
from napari_brainreg3d.errors import RegistrationError
from napari_brainreg3d.geometry import OrthographicCamera, PinholeCamera, Pose
from napari_brainreg3d.projection import project
from napari_brainreg3d.registration import Registration
from tests.fixtures.scenes import letter_scene, slab_scene, sphere_scene

IMAGE = SessionImage("brain.tif", (24, 32), "/somewhere/brain.tif", "ab" * 32, (100.0, 120.0))
LETTER = letter_scene()


@pytest.fixture
def session() -> Session:
    """With an image that states its pixel size, and a scene."""
    made = Session()
    made.set_image(IMAGE)
    made.set_scene(LETTER, ("stem", "arm", "bar"))
    return made


def heard(session: Session, *names: str) -> list[str]:
    """Names of the signals that are emitted from now on."""
    found: list[str] = []
    for name in names:
        getattr(session, name).connect(lambda *_, name=name: found.append(name))
    return found


class TestMissing:
    def test_it_leads_from_step_to_step(self) -> None:
        session = Session()
        for section in SECTIONS:
            assert session.missing(section)[0] == "drop an image onto napari"
        session.set_image(dataclasses.replace(IMAGE, pixel_size_um=None))
        assert session.missing("image") == ["state the pixel size or the field of view"]
        session.set_pixel_size((100.0, 100.0))
        assert session.missing("image") == []
        assert session.missing("align") == ["load an atlas"]
        session.set_scene(LETTER)
        assert session.missing("align") == [
            "confirm which side is the animal's left",
            "accept the alignment (Enter)",
        ]
        session.confirm_side()
        session.aligner.turn(pitch_deg=5.0)
        session.accept()
        assert session.missing("align") == []
        assert session.missing("project") == ["press Project"]

    def test_there_is_no_alignment_before_image_size_and_atlas(self) -> None:
        session = Session()
        session.set_scene(LETTER)
        assert session.alignment is None
        session.set_image(dataclasses.replace(IMAGE, pixel_size_um=None))
        assert (session.alignment, session.registration) == (None, None)
        session.set_field_of_view((3.2, 4.8))
        assert session.alignment is not None
        # 3.2 mm over 32 columns, 4.8 mm over 24 rows.
        assert session.alignment.pixel_size_um == pytest.approx((200.0, 100.0))


class TestStart:
    def test_the_image_starts_on_top_of_the_brain(self, session: Session) -> None:
        assert session.alignment is not None
        pose = session.alignment.pose
        # The letter's box: 2000 to 6000, from 1000 down to 3000, 5000 to 8600.
        assert pose.centre_um == pytest.approx((4000.0, 1000.0, 6800.0))
        assert pose.viewing_direction == pytest.approx((0.0, 1.0, 0.0))
        assert session.alignment.pixel_size_um == (100.0, 120.0)
        assert session.alignment.camera == OrthographicCamera()

    @pytest.mark.parametrize(
        ("view", "centre"),
        [
            ("ventral", (4000.0, 3000.0, 6800.0)),
            ("left", (4000.0, 2000.0, 8600.0)),
            ("right", (4000.0, 2000.0, 5000.0)),
            ("frontal", (2000.0, 2000.0, 6800.0)),
            ("caudal", (6000.0, 2000.0, 6800.0)),
        ],
    )
    def test_it_can_start_on_any_side(
        self, session: Session, view: str, centre: tuple[float, ...]
    ) -> None:
        session.start_pose(view)
        assert session.alignment is not None
        assert session.alignment.pose.centre_um == pytest.approx(centre)
        # It looks from there into the brain.
        inwards = (4000.0, 2000.0, 6800.0) - session.alignment.pose.centre_um
        assert inwards @ session.alignment.pose.viewing_direction > 0

    def test_a_start_without_an_atlas_is_refused(self) -> None:
        with pytest.raises(RegistrationError, match="load an atlas"):
            Session().start_pose("dorsal")


class TestAccepting:
    def test_an_image_that_was_never_moved_is_refused(self, session: Session) -> None:
        session.confirm_side()
        with pytest.raises(RegistrationError, match="still lies where it started"):
            session.accept()
        assert not session.is_accepted

    def test_the_side_must_be_confirmed(self, session: Session) -> None:
        session.aligner.turn(yaw_deg=5.0)
        with pytest.raises(RegistrationError, match="which side"):
            session.accept()

    def test_without_an_alignment_it_says_what_is_missing(self) -> None:
        with pytest.raises(RegistrationError, match="drop an image"):
            Session().accept()

    def test_a_change_takes_it_back(self, session: Session) -> None:
        session.aligner.turn(yaw_deg=5.0)
        session.confirm_side()
        session.accept()
        assert session.is_accepted
        session.aligner.slide(10.0, 0.0)
        assert not session.is_accepted
        assert session.is_side_confirmed

    def test_the_registration_says_whether_the_side_was_confirmed(self, session: Session) -> None:
        assert session.registration is not None
        assert not session.registration.side_confirmed
        session.confirm_side()
        assert session.registration.side_confirmed

    def test_a_mirrored_camera_asks_for_the_side_again(self, session: Session) -> None:
        session.confirm_side()
        session.aligner.set_camera(OrthographicCamera(mirrored=True))
        assert not session.is_side_confirmed


class TestRegistration:
    def test_it_holds_everything(self, session: Session) -> None:
        session.set_bregma(BREGMA_PRESETS["pinpoint_2024"])
        session.aligner.set_camera(PinholeCamera(working_distance_mm=80.0))
        registration = session.registration
        assert registration is not None
        assert registration.atlas == "test_letter"
        assert registration.atlas_version == "1.0"
        assert registration.regions == ("stem", "arm", "bar")
        assert registration.image_shape == (24, 32)
        assert registration.image_name == "brain.tif"
        assert registration.image_sha256 == "ab" * 32
        assert registration.pixel_size_um == (100.0, 120.0)
        assert registration.camera == PinholeCamera(working_distance_mm=80.0)
        assert registration.bregma == BREGMA_PRESETS["pinpoint_2024"]

    @pytest.mark.parametrize("size", [(0.0, 1.0), (1.0, -1.0), (1.0, float("nan"))])
    def test_a_pixel_size_that_is_none_is_refused(
        self, session: Session, size: tuple[float, float]
    ) -> None:
        before = session.alignment
        with pytest.raises(RegistrationError, match="pixel size"):
            session.set_pixel_size(size)
        assert session.alignment == before

    def test_a_pixel_size_without_an_image_is_refused(self) -> None:
        with pytest.raises(RegistrationError, match="choose an image"):
            Session().set_pixel_size((1.0, 1.0))
        with pytest.raises(RegistrationError, match="choose an image"):
            Session().set_field_of_view((1.0, 1.0))


class TestChanging:
    def test_another_image_of_a_series_keeps_the_pose(self, session: Session) -> None:
        session.aligner.turn(pitch_deg=7.0)
        before = session.alignment
        session.set_image(dataclasses.replace(IMAGE, name="next.tif", path="/somewhere/next.tif"))
        assert session.alignment == before
        assert session.aligner.can_undo

    def test_an_image_that_states_another_pixel_size_takes_it(self, session: Session) -> None:
        session.set_image(dataclasses.replace(IMAGE, name="b.tif", pixel_size_um=(50.0, 60.0)))
        assert session.alignment is not None
        assert session.alignment.pixel_size_um == (50.0, 60.0)

    def test_the_hash_of_another_frame_moves_nothing(self, session: Session) -> None:
        session.set_pixel_size((77.0, 77.0))  # other than the file states
        told = heard(session, "image_changed", "status_changed", "projection_changed")
        session.note_hash("cd" * 32)
        assert session.registration is not None
        assert session.registration.image_sha256 == "cd" * 32
        assert session.registration.pixel_size_um == (77.0, 77.0)
        assert told == []
        Session().note_hash("cd" * 32)  # without an image there is nothing to note

    def test_other_regions_drop_the_result_and_keep_pose_and_bregma(self, session: Session) -> None:
        session.set_bregma(BREGMA_PRESETS["ibl"])
        assert session.registration is not None
        session.set_projection(project(LETTER, session.registration))
        told = heard(session, "scene_changed", "projection_changed")
        before = session.alignment
        session.set_scene(dataclasses.replace(LETTER), ("stem",))
        assert (session.alignment, session.projection) == (before, None)
        assert session.bregma == BREGMA_PRESETS["ibl"]
        assert told == ["projection_changed", "scene_changed"]

    def test_another_atlas_has_another_bregma(self, session: Session) -> None:
        session.set_bregma(BREGMA_PRESETS["ibl"])
        session.set_scene(sphere_scene())
        assert session.bregma is None

    def test_an_image_of_another_size_drops_the_result(self, session: Session) -> None:
        assert session.registration is not None
        session.set_projection(project(LETTER, session.registration))
        session.set_image(dataclasses.replace(IMAGE, shape=(10, 10)))
        assert session.projection is None

    def test_a_result_is_current_until_the_image_moves(self, session: Session) -> None:
        assert not session.is_projection_current
        assert session.registration is not None
        session.set_projection(project(LETTER, session.registration))
        assert session.is_projection_current
        session.aligner.slide(50.0, 0.0)
        assert not session.is_projection_current
        assert session.projection is not None
        session.aligner.undo()
        assert session.is_projection_current

    def test_what_does_not_change_is_not_told(self, session: Session) -> None:
        told = heard(session, "image_changed", "status_changed", "projection_changed")
        session.set_image(IMAGE)
        session.set_bregma(session.bregma)
        session.confirm_side(False)
        session.set_projection(None)
        assert told == []


class TestRestoring:
    REGISTRATION = Registration(
        atlas="test_slabs",
        image_shape=(24, 32),
        pixel_size_um=(90.0, 95.0),
        pose=Pose.dorsal(centre_um=(5000.0, 900.0, 6000.0), roll_deg=4.0),
        camera=PinholeCamera(working_distance_mm=60.0),
        regions=("slab0",),
        image_name="old.tif",
        bregma=BREGMA_PRESETS["brainreg3d"],
        side_confirmed=True,
    )

    @pytest.mark.parametrize("has_image", [True, False])
    def test_it_comes_back_as_it_was_saved(self, has_image: bool) -> None:
        session = Session()
        told = heard(session, "image_changed", "scene_changed", "projection_changed")
        image = dataclasses.replace(IMAGE, pixel_size_um=None) if has_image else None
        session.restore(self.REGISTRATION, slab_scene(), image)
        found = session.registration
        assert found is not None
        for name in ("pose", "camera", "pixel_size_um", "regions", "bregma", "side_confirmed"):
            assert getattr(found, name) == getattr(self.REGISTRATION, name)
        assert found.image_name == ("brain.tif" if has_image else "old.tif")
        assert sorted(told) == ["image_changed", "projection_changed", "scene_changed"]
        session.accept()  # it is no mere start pose

    def test_an_image_of_another_size_is_refused_and_nothing_changes(
        self, session: Session
    ) -> None:
        before = session.registration
        wrong = dataclasses.replace(IMAGE, shape=(10, 12))
        with pytest.raises(RegistrationError, match=r"10 x 12 pixels, the registration 24 x 32"):
            session.restore(self.REGISTRATION, slab_scene(), wrong)
        assert session.registration == before
