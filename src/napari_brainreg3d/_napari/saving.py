"""Writing the session and the results that the user chose."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from psygnal import Signal

from napari_brainreg3d._napari.options import check_ready
from napari_brainreg3d._napari.persistence import save_session
from napari_brainreg3d._napari.wfield import WFIELD_RESULTS, write_for_others
from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.io.tables import write_table
from napari_brainreg3d.io.writing import result_path, write_results

if TYPE_CHECKING:
    from napari_brainreg3d._napari.bench import Bench
    from napari_brainreg3d.progress import Progress

#: The kind of work.
SAVING: Final = "saving"


class Saving:
    """Where results go, and writing them in a thread.

    Signals
    -------
    saved(list of Path)
    """

    saved: ClassVar[Signal] = Signal(object)

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @property
    def folder(self) -> Path:
        """Where results go unless the user says otherwise: beside the image."""
        image = self._bench.session.image
        return Path(image.path).parent if image and image.path else Path.home()

    @property
    def stem(self) -> str:
        """How the names of result files begin unless the user says otherwise."""
        image = self._bench.session.image
        if image is None:
            return "image"
        name = Path(image.path).stem if image.path else image.name
        # Names of layers may hold anything; names of files may not.
        return re.sub(r"[^\w.+-]+", "_", name).strip("_.") or "image"

    def would_replace(self, folder: Path, stem: str, what: Collection[str]) -> list[Path]:
        """Files that are there already and would be written again."""
        names = [*what, "registration"]
        return [path for name in names if (path := _target(folder, stem, name)).exists()]

    def save(
        self, folder: Path, stem: str, what: Collection[str], *, overwrite: bool = False
    ) -> None:
        """Write the session file and the chosen results in a thread.

        Their names are those of ``write_results`` and of :data:`WFIELD_RESULTS`.

        Raises
        ------
        RegistrationError
            When there is no alignment yet.
        OutputError
            When the name cannot be one of files.
        """
        bench = self._bench
        check_ready([] if bench.session.registration else bench.session.missing("save"))
        if not stem or Path(stem).name != stem:
            raise OutputError(f"{stem!r} cannot begin the name of a file")
        bench.stage.hash_image()
        saved, projection = bench.snapshot(), bench.session.projection
        pixels = bench.stage.image_pixels() if "overview" in what else None
        if saved is None:
            return

        def work(progress: Progress) -> list[Path]:
            folder.mkdir(parents=True, exist_ok=True)
            target = result_path(folder, stem, "registration")
            written = [save_session(target, saved, overwrite=overwrite)]
            own = [name for name in what if name not in WFIELD_RESULTS]
            if projection is not None and own:
                written += write_results(
                    folder,
                    stem,
                    projection,
                    image=pixels,
                    what=own,
                    overwrite=overwrite,
                    progress=progress,
                )
            if projection is not None:
                written += write_for_others(folder, stem, projection, what, overwrite=overwrite)
            return written

        def done(written: list[Path]) -> None:
            bench.keeping.note_saved(saved)
            self.saved.emit(written)

        bench.jobs.start(SAVING, work, done)

    def save_table(self, path: str | Path) -> None:
        """Write the region table as CSV; what is there is replaced, the user was asked.

        Raises
        ------
        OutputError
            When it cannot be written, or there is no result.
        """
        projection = self._bench.session.projection
        if projection is None:
            raise OutputError("there is no result to write a table of: project first")
        file = Path(path)
        write_table(
            file if file.suffix else file.with_suffix(".csv"),
            projection,
            uncertainty=self._bench.confidence.answer,
            overwrite=True,
        )


def _target(folder: Path, stem: str, name: str) -> Path:
    """Where a result is written, ours or one for others."""
    if name in WFIELD_RESULTS:
        return folder / f"{stem}_{WFIELD_RESULTS[name]}"
    return result_path(folder, stem, name)
