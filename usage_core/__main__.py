"""`python -m usage_core`."""

from usage_core.cli import main

main()
