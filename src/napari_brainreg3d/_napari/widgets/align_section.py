"""Section 3: where the image lies, how the camera looks, and accepting it."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.keys import KEYS_HELP
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.placing import (
    ANGLES,
    COORDINATES,
    DEFAULT_WORKING_DISTANCE_MM,
    Angle,
    Coordinate,
    limits_mm,
    moved_to,
    position_mm,
    scaled_to,
    turned_to,
    with_distance,
)
from napari_brainreg3d._napari.widgets.aids import Aids
from napari_brainreg3d._napari.widgets.controls import (
    NumberRow,
    button,
    check_box,
    combo,
    form,
    in_row,
    labelled,
    note,
    number,
    silent,
)
from napari_brainreg3d._napari.widgets.side_question import SideQuestion
from napari_brainreg3d._napari.work import telling
from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS
from napari_brainreg3d.geometry import PinholeCamera

_STARTS: Final = (
    ("put the image \u2026", ""),
    ("on top (dorsal)", "dorsal"),
    ("at the left side", "left"),
    ("at the right side", "right"),
    ("in front (frontal)", "frontal"),
    ("behind (caudal)", "caudal"),
    ("below (ventral)", "ventral"),
)
_TIPS: Final = {
    "ap": "Image centre along the body: in front of bregma is positive",
    "ml": "Image centre across the body: to the animal's right is positive",
    "dv": "Image centre in height: below bregma is negative",
    "yaw": "Turns the image in its plane: the nose goes to the right of the image",
    "pitch": "Tilts the animal's nose up, towards the camera",
    "roll": "Tilts the animal's right side down, away from the camera",
}
_CAMERAS: Final = (("parallel rays", False), ("pinhole at", True))
#: Single steps of the spin boxes: millimetres, degrees.
_STEPS: Final = {"coarse": (0.1, 1.0), "fine": (0.01, 0.1)}
#: A rest of this length ends a series of small steps: they are undone together, ms.
_REST_MS: Final = 800


class AlignSection(QWidget):
    """Numbers, start poses, camera, undo, the question of sides, and Accept."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("align_body")
        self._bench, self._session = bench, bench.session
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._session.aligner.end_gesture)
        links.at_end(self._rest.stop)
        self._make_numbers()
        self._make_camera()
        self._make_buttons()
        self.aids = Aids(bench, links)
        self.side = SideQuestion(bench, links)
        self._arrange()
        links.follow(self._session.aligner.changed, self.refresh)
        links.follow(self._session.aligner.lock_changed, self.refresh)
        links.follow(self._session.status_changed, self.refresh)
        links.follow(self._session.scene_changed, self._on_scene)
        self._on_scene()

    def _make_numbers(self) -> None:
        self.start = combo("start_pose", "Put the image over a side of the brain", _STARTS)
        self.bregma = combo(
            "bregma",
            "Where bregma lies in the atlas; changes these numbers, not the image",
            [(name, name) for name in BREGMA_PRESETS],
        )
        self.rows: dict[Coordinate | Angle, NumberRow] = {}
        for coordinate in COORDINATES:
            self.rows[coordinate] = NumberRow(
                coordinate, _TIPS[coordinate], unit="mm", low=-20, high=20, step=0.1, decimals=3
            )
            self.rows[coordinate].edited.connect(
                lambda value, name=coordinate: self._on_moved(name, value)
            )
        for angle in ANGLES:
            most = 90.0 if angle == "pitch" else 180.0
            self.rows[angle] = NumberRow(
                angle, _TIPS[angle], unit="\u00b0", low=-most, high=most, step=1.0, decimals=2
            )
            self.rows[angle].edited.connect(lambda value, name=angle: self._on_turned(name, value))
        for row in self.rows.values():
            row.settled.connect(self._session.aligner.end_gesture)
        self.start.activated.connect(self._on_start)
        self.bregma.activated.connect(self._on_bregma)

    def _make_camera(self) -> None:
        self.camera = combo("camera", "How the rays of the camera run", _CAMERAS)
        self.distance = number(
            "working_distance",
            "From the lens's entrance pupil to the plane of focus",
            low=0.1,
            high=10_000.0,
            step=1.0,
            decimals=1,
            suffix=" mm",
        )
        self.pixel_size = number(
            "align_pixel_size",
            "Size of a pixel in the plane of focus; changes the size of the image over the brain",
            low=0.0,
            high=10_000.0,
            step=0.1,
            decimals=3,
            suffix=" \u00b5m",
        )
        self.distance.setValue(DEFAULT_WORKING_DISTANCE_MM)
        self.distance.setFixedWidth(132)
        self.camera.activated.connect(self._on_camera)
        self.distance.valueChanged.connect(self._on_camera)
        self.pixel_size.valueChanged.connect(self._on_pixel_size)
        self.pixel_size.editingFinished.connect(self._session.aligner.end_gesture)

    def _make_buttons(self) -> None:
        aligner = self._session.aligner
        self.steps = combo(
            "steps", "How far one press of an arrow goes", [(f"{s} steps", s) for s in _STEPS]
        )
        self.undo = button("undo", "Undo", "Take the last change back")
        self.redo = button("redo", "Redo", "Make the undone change again")
        self.reset = button("reset", "Reset", "Back to the start; can be undone")
        self.lock = check_box("lock", "Lock", "Protect the alignment against changes")
        self.accept = button(
            "accept", "Accept the alignment (Enter)", "The image lies as it should"
        )
        self.help = note("mouse_help", "Ctrl+drag slides, Ctrl+Shift+drag turns; more \u2026")
        self.help.setToolTip("\n".join(f"{keys}: {what}" for keys, what in KEYS_HELP))
        self.undo.clicked.connect(aligner.undo)
        self.redo.clicked.connect(aligner.redo)
        self.reset.clicked.connect(self._on_reset)
        self.lock.clicked.connect(aligner.set_locked)
        self.accept.clicked.connect(self.on_accept)
        self.steps.activated.connect(self._on_steps)

    def _arrange(self) -> None:
        grid = form()
        labelled(grid, "Start", self.start)
        labelled(grid, "Bregma", self.bregma)
        for name, row in self.rows.items():
            labelled(grid, name.upper() if name in COORDINATES else name.capitalize(), row)
        labelled(grid, "Pixel size", self.pixel_size)
        labelled(grid, "Camera", in_row(self.camera, self.distance, stretch=0))
        self._grid = grid
        layout = QVBoxLayout(self)
        layout.setSpacing(4)
        layout.addLayout(grid)
        layout.addWidget(in_row(self.undo, self.redo, self.reset))
        layout.addWidget(in_row(self.steps, self.lock, stretch=0))
        layout.addWidget(self.help)
        layout.addWidget(self.aids)
        layout.addWidget(self.side)
        layout.addWidget(self.accept)

    # --------------------------------------------------------------------------- what is shown

    def refresh(self) -> None:
        """Show the alignment that holds now; nothing of it comes back as a change."""
        session, aligner = self._session, self._session.aligner
        alignment = session.alignment
        is_free = alignment is not None and not aligner.is_locked
        for control in (*self.rows.values(), self.start, self.camera, self.pixel_size, self.reset):
            control.setEnabled(is_free)
        self.lock.setEnabled(alignment is not None)
        self.undo.setEnabled(is_free and aligner.can_undo)
        self.redo.setEnabled(is_free and aligner.can_redo)
        self.accept.setEnabled(alignment is not None)
        with silent(self.lock):
            self.lock.setChecked(aligner.is_locked)
        self._show_bregma()
        if alignment is None:
            self.distance.setEnabled(False)
            return
        places = position_mm(alignment.pose, session.bregma)
        for coordinate in COORDINATES:
            self.rows[coordinate].show_value(places[coordinate])
        for angle, value in zip(ANGLES, alignment.pose.angles_deg, strict=True):
            self.rows[angle].show_value(value)
        is_pinhole = isinstance(alignment.camera, PinholeCamera)
        self.distance.setEnabled(is_free and is_pinhole)
        with silent(self.camera, self.distance, self.pixel_size):
            self.camera.setCurrentIndex(self.camera.findData(is_pinhole))
            if isinstance(alignment.camera, PinholeCamera):
                self.distance.setValue(alignment.camera.working_distance_mm)
            self.pixel_size.setValue(sum(alignment.pixel_size_um) / 2)

    def _show_bregma(self) -> None:
        session = self._session
        has_bregma = session.bregma is not None
        self.bregma.setEnabled(has_bregma)
        with silent(self.bregma):
            name = session.bregma.name if session.bregma else "none: from the atlas's corner"
            if self.bregma.findText(name) < 0:
                self.bregma.addItem(name)
            self.bregma.setCurrentIndex(self.bregma.findText(name))

    def _on_scene(self) -> None:
        scene = self._session.scene
        if scene is not None:
            for name, limits in limits_mm(scene.atlas.size_um, self._session.bregma).items():
                self.rows[name].set_limits(*limits)
        self.refresh()

    # ---------------------------------------------------------------------------- what is done

    def _on_moved(self, coordinate: Coordinate, value_mm: float) -> None:
        alignment = self._session.alignment
        if alignment is not None:
            with telling():
                pose = moved_to(alignment.pose, self._session.bregma, coordinate, value_mm)
                self._session.aligner.set_pose(pose, merge=coordinate)
            self._rest.start()

    def _on_turned(self, angle: Angle, value_deg: float) -> None:
        alignment = self._session.alignment
        if alignment is not None:
            with telling():
                pose = turned_to(alignment.pose, angle, value_deg)
                self._session.aligner.set_pose(pose, merge=angle)
            self._rest.start()

    def _on_start(self) -> None:
        view = self.start.currentData()
        with silent(self.start):
            self.start.setCurrentIndex(0)
        if view:
            with telling():
                self._session.start_pose(view)

    def _on_bregma(self) -> None:
        preset = BREGMA_PRESETS.get(self.bregma.currentData() or "")
        if preset is not None and self._session.bregma is not None:
            self._session.set_bregma(preset)
            self._on_scene()

    def _on_camera(self) -> None:
        alignment = self._session.alignment
        if alignment is None:
            return
        wanted = self.distance.value() if self.camera.currentData() else None
        with telling():
            self._session.aligner.set_camera(
                with_distance(alignment.camera, wanted), merge="camera"
            )
        self._rest.start()

    def _on_pixel_size(self, size_um: float) -> None:
        size = self._session.pixel_size_um
        if size is not None:
            with telling():
                self._session.set_pixel_size(scaled_to(size, size_um))
        self._rest.start()
        self.refresh()

    def _on_reset(self) -> None:
        with telling():
            self._session.aligner.reset()

    def _on_steps(self) -> None:
        step_mm, step_deg = _STEPS[self.steps.currentData()]
        for name, row in self.rows.items():
            row.set_step(step_mm if name in COORDINATES else step_deg)

    def on_accept(self) -> None:
        """Accept the alignment, or say what is missing."""
        with telling():
            self._session.accept()
