"""HTTP for tests that are about something else than waiting: a change has been read before it is answered."""

import httpx

READ_LAG = "Nightkeep-Read-Lag"
KEY = "Idempotency-Key"


class Settled(httpx.AsyncHTTPTransport):
    """Repeats a change under its key while the answer is that nobody can read it yet: the one answer comes."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Called by the client."""
        while True:
            response = await super().handle_async_request(request)
            if response.status_code != httpx.codes.ACCEPTED or READ_LAG not in response.headers:
                return response
            request.headers[KEY] = response.headers[KEY]
            await response.aclose()
