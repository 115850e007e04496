"""`python -m fedi` is `fedi`."""

from fedi.cli.main import main

main()
