"""Our values as napari layers, and back: pure conversion, no viewer.

Every function returns a napari layer data tuple ``(data, options, layer type)``; the functions that
read a layer back name the one they invert.
"""
