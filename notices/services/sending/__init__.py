"""How a mail leaves: claimed by one worker, handed to the mail server, and accounted for, whatever happens meanwhile.

`claims` decides who may send what, by the database's clock alone. `servers` keeps workers away from a mail server
that is away or had enough. `working` is the loop that uses both.
"""
