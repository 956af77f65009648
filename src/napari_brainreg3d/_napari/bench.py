"""What all widgets of one viewer share: its stage, running work, the session's file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from napari_brainreg3d._napari.atlases import Atlases
from napari_brainreg3d._napari.autosave import Autosave, left_behind
from napari_brainreg3d._napari.confidence.judging import Confidence
from napari_brainreg3d._napari.curves.desk import Curves
from napari_brainreg3d._napari.earlier.desk import Earlier
from napari_brainreg3d._napari.images import Images
from napari_brainreg3d._napari.keeping import Keeping
from napari_brainreg3d._napari.landmarks.desk import LandmarkDesk
from napari_brainreg3d._napari.measure.measuring import Measuring
from napari_brainreg3d._napari.opening import Opening
from napari_brainreg3d._napari.persistence import Frame, SavedSession, save_session
from napari_brainreg3d._napari.projecting import Projecting
from napari_brainreg3d._napari.saved_parts import SavedParts
from napari_brainreg3d._napari.saving import Saving
from napari_brainreg3d._napari.settings import current_settings
from napari_brainreg3d._napari.stage import Stage, stage_for
from napari_brainreg3d._napari.work import Jobs
from napari_brainreg3d.errors import RegistrationError

_benches: WeakValueDictionary[int, Bench] = WeakValueDictionary()


def bench_for(viewer: Any) -> Bench:
    """The bench of a viewer (or of its public proxy): one per viewer, made on first use."""
    stage = stage_for(viewer)
    bench = _benches.get(id(stage))
    if bench is None or bench.stage is not stage or bench.is_closed:
        bench = _benches[id(stage)] = Bench(stage)
    return bench


class Bench:
    """Everything that the widgets of one viewer do together; no widget is needed for it.

    Attributes
    ----------
    stage, session
        What is shown, and what is worked on.
    jobs
        Work in threads.
    saved_parts
        What others save with the session.
    keeping
        What is on disk, and what is not and must not be lost.
    images, atlases, projecting, saving, opening, landmarks, confidence,
    earlier, curves
        The steps of the work, one class each.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.session = stage.session
        self.jobs = Jobs()
        self.saved_parts = SavedParts()
        self.keeping = Keeping(self)
        self._is_closed = False
        self.images = Images(self)
        self.atlases = Atlases(stage, self.jobs)
        self.projecting = Projecting(stage, self.jobs)
        self.saving = Saving(self)
        self.opening = Opening(self)
        self.measuring = Measuring(self)
        self.landmarks = LandmarkDesk(self)
        self.confidence = Confidence(self)
        self.earlier = Earlier(self)
        self.curves = Curves(self)
        self._left_behind = left_behind()
        self.autosave = Autosave(self._to_autosave)
        for signal in (
            self.session.aligner.changed,
            self.session.status_changed,
            self.session.image_changed,
            self.session.scene_changed,
            self.session.projection_changed,
            self.projecting.options_changed,
        ):
            signal.connect(self.autosave.touch)
        stage.bind_key("Control-Z", self.keeping.undo)
        # Also keeps the bench alive as long as the stage.
        stage.closed.connect(partial(Bench.close, self))

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._is_closed

    @property
    def left_behind(self) -> list[Path]:
        """Sessions that a crash left, newest first."""
        self._left_behind = [path for path in self._left_behind if path.exists()]
        return self._left_behind

    def restore_left_behind(self) -> None:
        """Bring the newest session back that a crash left; its file stays until that is done."""
        path = self.left_behind.pop(0)
        self.opening.open_file(path, is_left_behind=True)

    def snapshot(self) -> SavedSession | None:
        """The whole session as one value, None while there is no alignment."""
        session, stage = self.session, self.stage
        registration, image = session.registration, session.image
        if registration is None:
            return None
        frame: Frame = stage.frame if stage.taken == "frame" else stage.taken
        return SavedSession(
            registration=registration,
            image_path=image.path if image else None,
            frame=frame,
            is_accepted=session.is_accepted,
            options=self.projecting.options if session.projection is not None else None,
            mode=stage.mode,
            parts=self.saved_parts.snapshot(),
        )

    def save_session(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the session file.

        Raises
        ------
        RegistrationError
            When there is no alignment yet.
        OutputError
            When the file exists and may not be replaced, or cannot be written.
        """
        self.stage.hash_image()
        saved = self.snapshot()
        if saved is None:
            raise RegistrationError(f"not yet: {', '.join(self.session.missing('save'))}")
        written = save_session(path, saved, overwrite=overwrite)
        self.keeping.note_saved(saved)
        return written

    def close(self, *_: object) -> None:
        """End all work; what runs in a thread is no longer waited for. Twice does no harm."""
        if self._is_closed:
            return
        self._is_closed = True
        self.jobs.cancel_all()
        self.landmarks.close()
        self.confidence.close()
        self.earlier.close()
        self.curves.close()
        self.images.close()
        self.autosave.close()

    def _to_autosave(self) -> SavedSession | None:
        return self.snapshot() if current_settings().is_autosaving else None
