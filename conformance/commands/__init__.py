"""The sub-commands of the bench, one file each."""
