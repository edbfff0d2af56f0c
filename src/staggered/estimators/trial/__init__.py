"""Models of stepped-wedge and other cluster trials."""
