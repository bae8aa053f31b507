"""Databases as others have created them."""

from __future__ import annotations

from contextlib import ExitStack

import psycopg
import pytest

from polyroute import Plugins
from tests.support.database import Database
from tests.support.stored import Replicas
from tests.support.team_server import Team

pytestmark = pytest.mark.team


def test_a_database_without_an_encoding(server: Database, plugins: Plugins) -> None:
    """Documents are found in a database in which text has no encoding, as `initdb` makes it where no locale is set."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE plain ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    with ExitStack() as stack:
        team = Team(Replicas(server.url("plain"), stack), plugins, stack)
        one, two = team.start(), team.start()
        model = {"provider": "openrouter", "name": "acme/own"}
        assert one.client("ann").post("/api/llm/custom-models", model).status == 200
        for each in one, two:
            (found,) = each.client("ann").json("/api/llm/custom-models")["models"]
            assert found["name"] == "acme/own"
