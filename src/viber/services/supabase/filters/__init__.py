"""Conditions on rows: columns, operators, values and groups, each written for the place it stands in."""
