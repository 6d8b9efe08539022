"""Closing a period: open → closed → approved → published → restated, with who, when and which figures."""
