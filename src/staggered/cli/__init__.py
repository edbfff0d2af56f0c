"""The command line: every command is one library call and what is printed of it."""

from .main import main

__all__ = ["main"]
