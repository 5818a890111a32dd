"""The simulated kernel, held to the real one."""
