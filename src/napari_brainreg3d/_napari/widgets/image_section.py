"""Section 1: which layer is the image, and how large its pixels are."""

from __future__ import annotations

from typing import Final

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.widgets.controls import (
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
from napari_brainreg3d._napari.work import telling

_TAKEN: Final = (
    ("the frame that is shown", "frame"),
    ("mean of all frames", "mean"),
    ("maximum of all frames", "max"),
)


class ImageSection(QWidget):
    """Layer, frame, pixel size, contrast, mirroring."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("image_body")
        self._bench = bench
        self._make_controls()
        self._arrange()
        links.follow(bench.images.changed, self.refresh)
        links.follow(bench.session.image_changed, self.refresh)
        links.follow(bench.session.status_changed, self.refresh)
        links.follow(bench.session.aligner.changed, self.refresh)
        self.refresh()

    def _make_controls(self) -> None:
        self.layer = combo("image_layer", "The image to register: any image layer of napari")
        self.taken = combo("image_taken", "Which picture of a movie is registered", _TAKEN)
        self.pixel_size = number(
            "pixel_size",
            "Size of a pixel in the plane of focus",
            low=0.0,
            high=10_000.0,
            step=0.1,
            decimals=3,
            suffix=" \u00b5m",
        )
        self.pixel_size.setSpecialValueText("not known")
        self.field_width, self.field_height = (
            number(
                f"field_{side}",
                f"{side.capitalize()} of the whole image, mm",
                low=0.0,
                high=1000.0,
                step=0.1,
                decimals=3,
            )
            for side in ("width", "height")
        )
        self.field_width.setSpecialValueText("width")
        self.field_height.setSpecialValueText("height")
        self.size_note = note("pixel_size_note")
        self.contrast = button(
            "auto_contrast",
            "Auto contrast",
            "Black and white by ImageJ's rule; the data stay as they are",
        )
        self.mirrored = check_box(
            "mirrored",
            "Mirror image",
            "The optics show the brain as in a mirror (an odd number of mirrors in the way)",
        )
        self.layer.activated.connect(self._on_layer)
        self.taken.activated.connect(self._on_taken)
        self.pixel_size.valueChanged.connect(self._on_pixel_size)
        self.field_width.valueChanged.connect(self._on_width)
        self.field_height.valueChanged.connect(self._on_height)
        self.contrast.clicked.connect(self._bench.images.auto_contrast)
        self.mirrored.clicked.connect(self._on_mirrored)

    def _arrange(self) -> None:
        grid = form()
        labelled(grid, "Layer", self.layer)
        labelled(grid, "Movie", self.taken)
        labelled(grid, "Pixel size", self.pixel_size)
        labelled(grid, "or size, mm", in_row(self.field_width, self.field_height))
        layout = QVBoxLayout(self)
        layout.setSpacing(3)
        layout.addLayout(grid)
        layout.addWidget(self.size_note)
        layout.addWidget(in_row(self.contrast, self.mirrored, stretch=1))

    # --------------------------------------------------------------------------- what is shown

    def refresh(self) -> None:
        """Show what the session and the layers say."""
        stage, session = self._bench.stage, self._bench.session
        candidates = self._bench.images.candidates
        with silent(self.layer, self.taken, self.mirrored):
            self.layer.clear()
            if stage.image_layer not in candidates:
                self.layer.addItem("drop an image onto napari", None)
            for layer in candidates:
                self.layer.addItem(layer.name, layer)
                if layer is stage.image_layer:
                    self.layer.setCurrentIndex(self.layer.count() - 1)
            self.taken.setCurrentIndex(self.taken.findData(stage.taken))
            self.mirrored.setChecked(session.is_mirrored)
        self.taken.setEnabled(stage.frames > 1)
        self.contrast.setEnabled(stage.image_layer is not None and not stage.image_layer.rgb)
        self._show_size()

    def _show_size(self) -> None:
        session = self._bench.session
        image, size = session.image, session.pixel_size_um
        with silent(self.pixel_size, self.field_width, self.field_height):
            for control in (self.pixel_size, self.field_width, self.field_height):
                control.setEnabled(image is not None)
            rows_um, columns_um = size or (0.0, 0.0)
            self.pixel_size.setValue((rows_um + columns_um) / 2)
            height, width = image.shape if image else (0, 0)
            self.field_height.setValue(height * rows_um / 1000)
            self.field_width.setValue(width * columns_um / 1000)
        if image is None:
            words = ""
        elif size is None:
            words = "The file does not say how large a pixel is: state it, or the width and height."
        elif abs(rows_um - columns_um) > 1e-3 * columns_um:
            words = f"Pixels are {rows_um:.3f} \u00b5m high and {columns_um:.3f} \u00b5m wide."
        else:
            words = "as the file states it" if size == image.pixel_size_um else ""
        self.size_note.setText(words)
        self.size_note.setVisible(bool(words))

    # ---------------------------------------------------------------------------- what is done

    def _on_layer(self) -> None:
        layer = self.layer.currentData()
        if layer is not None:
            self._bench.images.choose(layer)

    def _on_taken(self) -> None:
        with telling():
            self._bench.stage.set_taken(self.taken.currentData())

    def _on_pixel_size(self, size_um: float) -> None:
        with telling():
            self._bench.session.set_pixel_size((size_um, size_um))
        self._show_size()

    def _on_width(self, width_mm: float) -> None:
        self._state_field(width_mm=width_mm)

    def _on_height(self, height_mm: float) -> None:
        self._state_field(height_mm=height_mm)

    def _state_field(self, width_mm: float = 0.0, height_mm: float = 0.0) -> None:
        """State one side; the other stays as it is, or makes pixels square when it is unknown."""
        session = self._bench.session
        if session.image is None:
            return
        rows, columns = session.image.shape
        size = session.pixel_size_um
        if size is not None:
            height_mm = height_mm or rows * size[0] / 1000
            width_mm = width_mm or columns * size[1] / 1000
        else:
            height_mm = height_mm or width_mm * rows / columns
            width_mm = width_mm or height_mm * columns / rows
        with telling():
            session.set_field_of_view((width_mm, height_mm))
        self._show_size()

    def _on_mirrored(self, is_mirrored: bool) -> None:
        with telling():
            self._bench.session.set_mirrored(is_mirrored)
        self.refresh()
