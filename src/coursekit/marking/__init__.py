"""What a person decides: answers that are read and marked by hand."""
