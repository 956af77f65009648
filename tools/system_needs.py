"""Install or name the system packages that windows need in tests on Linux.

PyQt6 needs libraries that minimal images lack, and a machine without a screen needs Xvfb. As root
on Debian and its kin the missing ones are installed; anyone else is told their names. Nothing here
is needed to use the package without windows, so this never fails.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys

#: Library that Qt or OpenGL loads -> Debian package.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


def missing_packages() -> list[str]:
    """Names of the Debian packages whose library or program is not here."""
    missing = []
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    has_screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not has_screen and shutil.which("Xvfb") is None:
        missing.append("xvfb")
    return missing


def main() -> None:
    """Look, then install or tell."""
    if not sys.platform.startswith("linux"):
        return
    missing = missing_packages()
    if not missing:
        return
    names = " ".join(missing)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing what windows need: {names}", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
            if subprocess.run(["apt-get", "--quiet", "--quiet", *command], env=quiet).returncode:
                print(f"apt-get {command[0]} failed; still missing: {names}", flush=True)
                return
    else:
        print(f"tests that open windows need these (Debian names): {names}", flush=True)


if __name__ == "__main__":
    main()
