"""The ground under every test and doctest: no network, nobody's home folder, a screen if needed."""

from __future__ import annotations

import errno
import ipaddress
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")

#: Fixtures that open windows.
_GUI_FIXTURES = {"qapp", "qtbot", "make_napari_viewer", "make_napari_viewer_proxy", "viewer"}
_home = pytest.StashKey[tempfile.TemporaryDirectory[str]]()
_screen = pytest.StashKey[subprocess.Popen[str]]()


def pytest_configure(config: pytest.Config) -> None:
    # Before any test module is imported, since some packages look at the environment only then.
    config.stash[_home] = tempfile.TemporaryDirectory(prefix="brainreg3d-tests-")
    _isolate(Path(config.stash[_home].name))
    _cut_the_network()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _screen in config.stash:
        config.stash[_screen].terminate()
        config.stash[_screen].wait()
    if _home in config.stash:
        config.stash[_home].cleanup()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    windows = [item for item in items if _GUI_FIXTURES & set(getattr(item, "fixturenames", ()))]
    for item in windows:
        item.add_marker("gui")
    wanting = [item for item in items if item.get_closest_marker("gui")]
    if wanting and not _has_screen(config):
        for item in wanting:
            item.add_marker(pytest.mark.skip(reason="skipped: no screen and no Xvfb"))


def _isolate(home: Path) -> None:
    """Keep tests out of the user's settings, caches and atlases, also in subprocesses."""
    folder = home / "brainglobe"
    folder.mkdir()
    folder.joinpath("bg_config.conf").write_text(
        f"[default_dirs]\nbrainglobe_dir = {folder}\ninterm_download_dir = {folder}\n"
    )
    os.environ["BRAINGLOBE_CONFIG_DIR"] = str(folder)
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        os.environ[f"XDG_{name}_HOME"] = str(home / name.lower())


def _is_here(address: Any) -> bool:
    host = address[0] if isinstance(address, tuple) else ""
    try:
        return not host or host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _cut_the_network() -> None:
    """Make this process believe that it is offline, at once and without waiting."""

    def refuse(real: Any) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address):
                raise OSError(errno.ENETUNREACH, f"tests stay offline: no connection to {address}")
            return real(self, address)

        return connect

    real_lookup = socket.getaddrinfo

    def lookup(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if not _is_here((name,)):
            raise socket.gaierror(socket.EAI_NONAME, f"tests stay offline: no look-up of {name}")
        return real_lookup(host, *args, **options)

    socket.socket.connect = refuse(socket.socket.connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = refuse(socket.socket.connect_ex)  # type: ignore[method-assign]
    socket.getaddrinfo = lookup


def _has_screen(config: pytest.Config) -> bool:
    """Whether windows can open; starts a virtual screen where there is none."""
    if not sys.platform.startswith("linux"):
        return True
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    if shutil.which("Xvfb") is None:
        return False
    reading, writing = os.pipe()
    # The server picks a free number itself and writes it when it is ready.
    config.stash[_screen] = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    os.close(writing)
    with os.fdopen(reading) as answer:
        number = answer.readline().strip()
    if not number:
        return False
    os.environ["DISPLAY"] = f":{number}"
    return True
