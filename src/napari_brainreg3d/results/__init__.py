"""What comes of a projection: areas, outlines, pictures, look-ups."""
