"""Files in and out: images, label images, masks, maps, tables. Bytes, no maths."""
