"""Staggered difference-in-differences."""
