"""How sure: cluster-robust variance, jackknife and randomisation, each serving every estimator."""
