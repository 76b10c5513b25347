"""Starts the kernel as Colab does: a module of this name, with google.colab imported."""

import google.colab  # noqa: F401 - its being there is all that the notebooks ask
from ipykernel import kernelapp

if __name__ == "__main__":
    kernelapp.launch_new_instance()
