"""The Python API: a project, its warehouse, increments and commits. `import metasql` shows what is public."""
