"""Pictures of designs, powers, panels, rules and estimates: one file each."""
