"""When what is materialised by itself, and who is told: by what is requested at each tick, with the clock in hand."""
