"""ModelDyno's own speed and memory, measured against a rival or a goal in one run; `make bench` runs all of them."""
