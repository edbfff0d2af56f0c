"""What we assume before the data come: correlation, effect, outcome, and the plan that binds them."""
