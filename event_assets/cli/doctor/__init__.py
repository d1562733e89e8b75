"""`event-assets doctor`: what is wrong with an installation, and what to do. For who is called at night.

Each module examines a part and returns findings. Nothing is changed, and nothing here starts anything.
"""
