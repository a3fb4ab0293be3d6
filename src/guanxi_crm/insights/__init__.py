"""Studies: running them, their judged results, and publishing scores to customers as versions."""
