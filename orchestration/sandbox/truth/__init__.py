"""The truth of a world: its headline numbers, counted from what was drawn.

This is the independent oracle for the warehouse. It follows the counting rules of the marts in plain numpy over the
drawn arrays, reads nothing that was written for the senders, and shares no code with the warehouse.
"""
