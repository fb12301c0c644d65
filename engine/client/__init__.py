"""Clients of a running ModelDyno server, in Python: ApiClient, and AsyncApiClient for asyncio.

    with ApiClient("http://127.0.0.1:8050") as client:
        run = client.run_operation("benchmark", {"models": ["bert"], "hardware": ["cpu"]})
        client.monitor_operation(run, on_status=lambda status: print(status["progress"]))
        print(client.results(run)["results"])

Answers are the objects of engine.contract; refusals are raised as errors of engine.errors, in the server's words.
"""

from engine.client.async_client import AsyncApiClient
from engine.client.errors import ServerRefused, ServerUnreachable, TookTooLong
from engine.client.operations import Started
from engine.client.sync_client import ApiClient

__all__ = ["ApiClient", "AsyncApiClient", "ServerRefused", "ServerUnreachable", "Started", "TookTooLong"]
