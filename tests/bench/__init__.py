"""Speed against physical limits, each taken in the same run: `make bench SCALE=S|M|L ONLY=name`."""
