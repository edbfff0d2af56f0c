"""What comes out: estimates, powers and checks, each with a table, a paragraph and a dictionary."""
