"""Arithmetic on columns: one function, four carriers (float, array, Ibis column, pint quantity)."""
