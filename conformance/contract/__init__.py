"""What every room of the bench speaks: targets, the wire, shrinking."""
