"""``python -m napari_brainreg3d`` is the command ``napari-brainreg3d``."""

from napari_brainreg3d.cli import main

if __name__ == "__main__":
    main()
