"""The marts of a past moment, from only what had been received by then."""
