"""Changes to sources, one transaction each."""
