"""metasql."""
