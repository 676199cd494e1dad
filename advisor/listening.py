"""Taking the port of a server before anything heavy is loaded, for all programs that listen.

Enter at `bind`.
"""

import socket

from advisor.contracts.errors import BadInput, Failed

BACKLOG = 128
HIGHEST_PORT = 65535


def bind(host: str, port: int) -> socket.socket:
    """Take the port; 0 takes a free one.

    Raises:
        BadInput: there is no such address or port.
        Failed: the port is taken or not allowed.
    """
    if not 0 <= port <= HIGHEST_PORT:
        raise BadInput(f"--port {port}: must be 0 to {HIGHEST_PORT}")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
    except (socket.gaierror, UnicodeError) as error:
        raise BadInput(f"--host {host!r}: no such address: {error}") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Failed(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
    return listener
