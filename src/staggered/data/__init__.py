"""What was observed: frames, panels, and the reading and checking that turn a file into one."""
