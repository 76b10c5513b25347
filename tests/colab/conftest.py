"""The stand-in is for the kernels of the images: in this process it would pass for Colab."""

collect_ignore = ["standin"]
