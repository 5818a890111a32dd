"""The catalogue: what every scache must do, one module a section, each case a readable dialogue."""
