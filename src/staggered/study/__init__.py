"""The study file: one TOML that says what is planned, randomised, analysed and reported."""
