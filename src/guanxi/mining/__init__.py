"""Methods: ``fit(table)`` learns and returns self, ``predict(table)`` returns a table. They know no business word."""
