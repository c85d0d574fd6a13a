"""Runs that take longer than a chapter may. Each module asks one thing; its `runs()` say what is
run, its `measure(**run)` what is found; `python -m attend.experiments` writes that into a CSV
beside it, with what made it in the first lines."""
