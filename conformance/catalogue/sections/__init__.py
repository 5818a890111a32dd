"""The cases, one module a section."""
