"""Do the checks tell right from wrong? Variants, mutants and random seeds say so."""
