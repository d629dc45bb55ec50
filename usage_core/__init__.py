"""API Usage Console: what calls to language models cost, how fast they answer, and when."""

__version__ = "0.1.0"
