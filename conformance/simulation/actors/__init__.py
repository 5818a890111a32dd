"""Who acts in the world: clients, good and hostile, each with its end of a connection."""
