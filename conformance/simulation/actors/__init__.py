"""Who acts in the world: clients, good and hostile, and who draws their steps."""
