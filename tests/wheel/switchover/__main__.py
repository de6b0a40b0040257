"""`python -m switchover`: the same as `switchover`."""

from .launch import main

main()
