"""The benchmarks of napari-brainreg3d: see ``README.md`` beside this file."""
