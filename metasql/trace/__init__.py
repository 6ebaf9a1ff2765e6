"""What each output column of a query is made of, read from the SQL alone."""
