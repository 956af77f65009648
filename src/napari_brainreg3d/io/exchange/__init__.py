"""Results in the formats of other programs: NWB, IBL's ALF, OME-Zarr, SVG and GeoJSON."""
