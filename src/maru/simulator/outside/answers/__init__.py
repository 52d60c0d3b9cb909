"""What the simulated systems answer: one module for each family of wire formats."""
