"""Planning: power, detectable effects, grids and simulated data, all from one plan."""
