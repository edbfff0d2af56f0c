"""The kernel: a design fixes the weights; the outcome comes later."""
