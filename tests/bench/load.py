"""A load generator in a process of its own: `python -m tests.bench.load URL COUNT CONNECTIONS`, body on stdin.

Keeps connections alive where the server does; prints how many answers were 2xx.
"""

from __future__ import annotations

import http.client
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit


def post(url: str, count: int, body: bytes, content_type: str = "application/json") -> int:
    """How many of `count` calls over one connection were answered with 2xx."""
    target = urlsplit(url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=30)
    done = 0
    for _ in range(count):
        try:
            connection.request("POST", target.path, body, {"Content-Type": content_type})
            answer = connection.getresponse()
            answer.read()
            done += 200 <= answer.status < 300
        except (OSError, http.client.HTTPException):
            connection.close()
    connection.close()
    return done


def main() -> None:
    url, count, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    body = sys.stdin.buffer.read()
    share = count // connections
    with ThreadPoolExecutor(connections) as pool:
        print(sum(pool.map(lambda _: post(url, share, body), range(connections))))


if __name__ == "__main__":
    main()
