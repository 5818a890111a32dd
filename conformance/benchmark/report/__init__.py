"""Results, goals, tables and charts."""
