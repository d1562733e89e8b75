"""When what is materialised. So far: the jobs that a person starts."""
