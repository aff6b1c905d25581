"""The version of this program, read by packaging tools without importing anything else."""

__version__ = "0.1.0"
