"""Published schemes of fraud among honest look-alikes, put into a drawn world.

Each rule of supervision gets a few frauds and at least twenty honest cases for each of them that look much like it:
night shifts, a family's shared device, a big platform's examination day. How many and how bold is drawn anew from each
seed. What is added are drawn records like all others, so the truth's counts hold; which is which stands in the truth.
"""
