"""Register brain images seen through a window to a 3D atlas, and label every pixel.

The public API. Its names stand in ``__init__.pyi`` and are imported when they are first used, so
that ``import napari_brainreg3d`` and ``napari-brainreg3d --help`` answer at once. None of them
loads Qt or napari, and no atlas is loaded before it is asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
