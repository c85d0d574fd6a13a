"""Runs that take longer than a chapter may. Each writes a small CSV beside it, with what made it in
the first lines."""
