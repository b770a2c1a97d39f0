"""The pieces of a presentation: how slides are drawn, and how they are read back."""
