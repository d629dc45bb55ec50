"""The store's schema, step by step; each step is one file under `versions`, never changed once released."""
