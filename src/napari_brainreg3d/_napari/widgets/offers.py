"""What waits for the user's word: what a crash left or was not saved, a missing atlas or image."""

from __future__ import annotations

from datetime import datetime

from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from napari_brainreg3d._napari.autosave import discard
from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.widgets.controls import button, in_row, note
from napari_brainreg3d._napari.work import telling


class Offers(QWidget):
    """Lines at the top of the panel; not there when nothing waits."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("offers")
        self._bench = bench
        self.words = note("offer_words")
        self.yes = button("offer_yes", "", "")
        self.no = button("offer_no", "", "")
        self.yes.clicked.connect(self._on_yes)
        self.no.clicked.connect(self._on_no)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(3)
        layout.addWidget(self.words)
        layout.addWidget(in_row(self.yes, self.no))
        links.follow(bench.opening.changed, self.refresh)
        links.follow(bench.keeping.changed, self.refresh)
        links.follow(bench.session.status_changed, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the first thing that waits."""
        opening, left = self._bench.opening, self._bench.left_behind
        kept = self._bench.keeping.kept
        self.setVisible(True)
        if opening.missing_atlas:
            self._say(
                f"The session needs the atlas <b>{opening.missing_atlas}</b>, which could not be "
                "loaded.",
                "Try again",
                "Leave it",
            )
        elif opening.missing_image:
            self._say(
                f"The image <b>{opening.missing_image}</b> was not found. Drop it onto napari, or",
                "Find it \u2026",
                "Go on without",
            )
        elif kept:
            name = kept.registration.image_name or "the image"
            self._say(
                f"The alignment of <b>{name}</b> before this one was not saved.",
                "Back to it",
                "Forget it",
            )
        elif left:
            changed = datetime.fromtimestamp(left[0].stat().st_mtime)
            self._say(
                f"napari did not end well: there is an alignment of {changed:%d %B %Y, %H:%M}.",
                "Restore",
                "Discard",
            )
        else:
            self.setVisible(False)

    def _say(self, words: str, yes: str, no: str) -> None:
        self.words.setText(words)
        self.yes.setText(yes)
        self.no.setText(no)

    def _on_yes(self) -> None:
        opening = self._bench.opening
        if opening.missing_atlas:
            opening.try_again()
        elif opening.missing_image:
            path, _ = QFileDialog.getOpenFileName(self, f"Where is {opening.missing_image}?")
            if path:
                opening.give_image(path)
        elif self._bench.keeping.kept:
            self._bench.keeping.go_back()
        else:
            self._bench.restore_left_behind()
        self.refresh()

    def _on_no(self) -> None:
        opening = self._bench.opening
        if opening.missing_atlas or opening.missing_image:
            opening.give_up()
        elif self._bench.keeping.kept:
            self._bench.keeping.forget()
        elif self._bench.left_behind:
            with telling():
                discard(self._bench.left_behind.pop(0))
        self.refresh()
