"""HTTP routes in the console's own process."""
