"""What attacks on the grader are tried with: cases, bait, and the stage on which they meet."""
