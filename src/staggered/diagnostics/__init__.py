"""What a reader should know before believing an estimate: trends, bounds, weights, placebos, comparisons."""
