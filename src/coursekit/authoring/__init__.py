"""From the authors' text in ``course/`` to the notebooks that people open."""
