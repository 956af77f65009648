"""The sections of the panel `Measure`, and the plot of traces."""
