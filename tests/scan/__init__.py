"""A web scanner, wapiti, let loose on the project as nobody and as each of the demo's people: `make scan`."""
