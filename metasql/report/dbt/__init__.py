"""The graph and the last command in the words of dbt's artifacts, for programs that read those."""
