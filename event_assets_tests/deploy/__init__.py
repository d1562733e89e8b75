"""What a server and a cluster are set up with: the files in ``deploy/``."""
