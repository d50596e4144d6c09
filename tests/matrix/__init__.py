"""Who may open and change what: every address of both sites, for every kind of person."""
