"""Which side is this? The atlas is symmetric, so only a person can say."""

from __future__ import annotations

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_brainreg3d._napari.bench import Bench
from napari_brainreg3d._napari.links import Links
from napari_brainreg3d._napari.sides import edge_words, side_sentences
from napari_brainreg3d._napari.widgets.controls import check_box, note, silent


class SideQuestion(QWidget):
    """Says where the edges of the image point, and has that confirmed."""

    def __init__(self, bench: Bench, links: Links) -> None:
        super().__init__()
        self.setObjectName("side_question")
        self._session = bench.session
        self.words = note("side_words")
        self.confirm = check_box(
            "side_confirmed",
            "I have checked this on the animal",
            "The atlas looks the same on both sides: a swapped side shows nowhere else. If it is "
            "wrong, tick 'Mirror image' in the image section, or turn the image round",
        )
        self.confirm.clicked.connect(self._session.confirm_side)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.words)
        layout.addWidget(self.confirm)
        links.follow(bench.session.aligner.changed, self.refresh)
        links.follow(bench.session.status_changed, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say it anew for the alignment that holds now."""
        alignment = self._session.alignment
        self.setEnabled(alignment is not None)
        with silent(self.confirm):
            self.confirm.setChecked(self._session.is_side_confirmed)
        if alignment is None:
            self.words.setText("Which side is this?")
            return
        edges = edge_words(alignment.pose, alignment.camera)
        sentences = side_sentences(alignment.pose, alignment.camera)
        self.words.setText(f"<b>Which side is this?</b> {sentences}")
        self.words.setToolTip("\n".join(f"{edge}: {words}" for edge, words in edges.items()))
