"""Sections of a report: each a plain function of the material, or nothing where a study has no use for it."""
