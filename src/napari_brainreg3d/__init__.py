"""Register brain images seen through a window to a 3D atlas, and label every pixel."""
