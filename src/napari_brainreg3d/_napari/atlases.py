"""The atlases that can be chosen, and loading one with its regions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final

from psygnal import Signal

from napari_brainreg3d._napari.catalogue import DEMO_ENTRY, AtlasEntry, find_atlases
from napari_brainreg3d._napari.loading import ATLAS, quiet_scene, tell_faults
from napari_brainreg3d._napari.region_choice import RegionChoice
from napari_brainreg3d._napari.settings import current_settings
from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS
from napari_brainreg3d.atlas.scene import Hemisphere, Scene
from napari_brainreg3d.progress import Progress

if TYPE_CHECKING:
    from napari_brainreg3d._napari.stage import Stage
    from napari_brainreg3d._napari.work import Jobs
    from napari_brainreg3d.atlas.selection import RegionRequest

#: The kind of work that looks for atlases.
CATALOGUE: Final = "catalogue"


class Atlases:
    """What can be loaded, and loading it in a thread.

    Signals
    -------
    changed(tuple of AtlasEntry)
        The list is known better.
    """

    changed: ClassVar[Signal] = Signal(object)

    def __init__(self, stage: Stage, jobs: Jobs) -> None:
        self._stage, self._session, self._jobs = stage, stage.session, jobs
        self._entries: tuple[AtlasEntry, ...] = (DEMO_ENTRY,)
        self._has_looked = False

    @property
    def entries(self) -> tuple[AtlasEntry, ...]:
        """The atlases known so far, those on disk first."""
        return self._entries

    def look_on_disk(self) -> None:
        """Find out which atlases are on disk, once."""
        if not self._has_looked:
            self._has_looked = True
            self._jobs.start(CATALOGUE, lambda _: find_atlases(online=False), self._show)

    def look_online(self) -> None:
        """Ask the server which atlases there are; offline, the user is told."""
        self._jobs.start(CATALOGUE, lambda _: find_atlases(online=True), self._show)

    def load(
        self, name: str, regions: RegionRequest | None = None, hemisphere: Hemisphere = "both"
    ) -> None:
        """Load an atlas with some regions, then show it; after a failure all stays as it was."""

        def work(progress: Progress) -> Scene:
            return quiet_scene(name, regions, hemisphere, progress)

        self._jobs.start(ATLAS, work, self._show_scene)

    def _show(self, entries: tuple[AtlasEntry, ...]) -> None:
        self._entries = entries
        self.changed.emit(entries)

    def _show_scene(self, scene: Scene) -> Iterator[None]:
        yield from self._stage.welcoming(scene)
        session = self._session
        is_other = session.scene is None or session.scene.atlas != scene.atlas
        chosen = RegionChoice(scene.ontology, [region.id for region in scene.regions])
        session.set_scene(scene, chosen.words())
        if is_other and session.bregma is not None:
            session.set_bregma(BREGMA_PRESETS[current_settings().bregma_preset])
        tell_faults(scene)
