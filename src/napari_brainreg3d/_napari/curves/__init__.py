"""Lines that the user draws on the image, and the pose refined on them."""
