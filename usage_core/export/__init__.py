"""The calls behind the charts, as a file: streamed, ordered, exact, without a cap."""
