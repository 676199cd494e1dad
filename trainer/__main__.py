"""`python -m trainer`."""

from trainer.cli import entry

entry()
