import psycopg
import pytest
from django.db import connection


@pytest.fixture
def other_connection():
    database = connection.settings_dict
    parameters = {name: database[key] for name, key in (("host", "HOST"), ("port", "PORT"), ("user", "USER"), ("password", "PASSWORD"))}
    with psycopg.connect(dbname=database["NAME"], autocommit=True, **{k: v for k, v in parameters.items() if v}) as other:
        yield other
