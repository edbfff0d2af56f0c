"""Estimators: one short file per family, all with the same small interface."""
