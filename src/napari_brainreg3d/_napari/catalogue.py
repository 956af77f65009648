"""Which atlases there are: the built-in one, those on disk, those that can be downloaded."""

from __future__ import annotations

from dataclasses import dataclass

from napari_brainreg3d.atlas.loading import DEMO_ATLAS


@dataclass(frozen=True, slots=True)
class AtlasEntry:
    """One line of the list of atlases."""

    name: str
    version: str
    is_here: bool

    @property
    def words(self) -> str:
        """What the list shows."""
        if self.name == DEMO_ATLAS:
            return f"{self.name} (built in, schematic)"
        return f"{self.name}" if self.is_here else f"{self.name} (to download)"


DEMO_ENTRY = AtlasEntry(DEMO_ATLAS, "1.0", True)


def entries(here: dict[str, str], online: dict[str, str]) -> tuple[AtlasEntry, ...]:
    """List atlases: those on disk first, then the others by name, the built-in one always.

    Parameters
    ----------
    here, online
        Name and version of those on disk, and of those that can be downloaded.
    """
    on_disk = [AtlasEntry(name, version, True) for name, version in sorted(here.items())]
    others = sorted(set(online) - set(here))
    to_download = [AtlasEntry(name, online[name], False) for name in others]
    return (DEMO_ENTRY, *on_disk, *to_download)


def find_atlases(*, online: bool) -> tuple[AtlasEntry, ...]:
    """Look on disk and, if asked, on the server; takes seconds, so not in the main thread.

    Raises
    ------
    AtlasError
        When the server cannot be reached.
    """
    from napari_brainreg3d.atlas.brainglobe import atlases_on_disk, atlases_online

    here = atlases_on_disk()
    return entries(here, atlases_online() if online else {})
