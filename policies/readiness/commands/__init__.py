"""One module for each command, with ``command``; ``options`` holds what several share."""
