"""Stands in for what Colab's kernel has imported before the first cell runs."""
