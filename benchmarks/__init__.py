"""The project measured at the action's real size: `make bench` (benchmarks/README.md)."""
