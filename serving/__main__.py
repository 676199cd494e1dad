"""`python -m serving`."""

from serving.cli import entry

entry()
