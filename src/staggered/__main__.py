"""`python -m staggered`: the same as the command `staggered`."""

from .cli import main

main(prog_name="staggered")
