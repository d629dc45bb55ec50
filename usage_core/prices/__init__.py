"""What models are called and cost."""
