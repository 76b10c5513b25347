"""The student's side: a warm parent that forks, and children in which submissions run.

Nothing here knows checks, expected values or held-out data. Of the package it imports the wire and
the students' modules alone.
"""
