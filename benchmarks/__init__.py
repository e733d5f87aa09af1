"""Speed and memory of the whole program, measured on this machine: `make bench`."""
