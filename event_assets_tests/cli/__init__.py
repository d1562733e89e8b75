"""The commands, started as a person starts them."""
