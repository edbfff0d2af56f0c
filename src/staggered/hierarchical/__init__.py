"""Hierarchical: what several councils or several evaluations say together, and what each of them says."""
