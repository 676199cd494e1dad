"""A small real HTTP server that speaks the chat protocol, and misbehaves when the question says so.

The last message is `BEHAVIOUR|ANSWER` (or only an answer, which is then given back). Behaviours: `429` (turned away
once with Retry-After), `500` (always), `500once`, `cut` (connection lost in the middle of the stream), `nofinish`
(stream ends without a finish reason), `nousage`, `refuse`, `filter`, `length`, `silent` (no byte for ten seconds),
`badjson`, `energy`.
"""

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Seen:
    """What reached the server."""

    bodies: list[dict] = field(default_factory=list)
    headers: list[dict] = field(default_factory=list)
    tries: Counter = field(default_factory=Counter)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def questions(self) -> list[str]:
        return [body["messages"][-1]["content"] for body in self.bodies]


class Server:
    """Runs from construction to `close`; `url` is the base address for a client."""

    def __init__(self, *, models=("small",), wrong=(), delay_s=0.0, key=None, piece_delay_s=0.0):
        self.seen = Seen()
        self.models, self.wrong, self.delay_s, self.key = models, set(wrong), delay_s, key
        self.piece_delay_s = piece_delay_s
        outer = self

        class Handler(_Handler):
            server_of_test = outer

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def answer(self, question):
        """What is said to a question: itself, without its behaviour, unless it is one to get wrong."""
        right = question.rpartition("|")[2]
        return "wrong" if right in self.wrong else right

    def close(self):
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of_test: Server

    def log_message(self, *_):
        pass

    def do_GET(self):
        listed = [
            {"id": name, "object": "model", "created": 0, "owned_by": "us"} for name in self.server_of_test.models
        ]
        self._json(200, {"object": "list", "data": listed})

    def do_POST(self):
        server, seen = self.server_of_test, self.server_of_test.seen
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        question = body["messages"][-1]["content"]
        with seen.lock:
            seen.bodies.append(body)
            seen.headers.append({name.lower(): value for name, value in self.headers.items()})
            seen.tries[question] += 1
            tries = seen.tries[question]
            seen.at_once += 1
            seen.most_at_once = max(seen.most_at_once, seen.at_once)
        try:
            self._answer(server, body, question, tries)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with seen.lock:
                seen.at_once -= 1

    def _answer(self, server, body, question, tries):
        behaviour, _, _ = question.rpartition("|")
        if server.key is not None and self.headers["Authorization"] != f"Bearer {server.key}":
            return self._error(401, "Incorrect API key provided")
        if body["model"] not in server.models:
            return self._error(404, f"The model `{body['model']}` does not exist")
        if behaviour == "429" and tries == 1:
            return self._error(429, "Rate limit reached", {"Retry-After": "1"})
        if behaviour == "500" or (behaviour == "500once" and tries == 1):
            return self._error(500, "The server had an error", {"retry-after-ms": "20"})
        if behaviour == "silent":
            time.sleep(10)
        time.sleep(server.delay_s)
        return self._stream(body, behaviour, server.answer(question))

    def _stream(self, body, behaviour, answer):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        pieces = [answer[i : i + 4] for i in range(0, len(answer), 4)]
        self._event(body, [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
        for number, piece in enumerate(pieces):
            if behaviour == "cut" and number == 1:
                self.close_connection = True
                return
            if behaviour == "badjson" and number == 1:
                self._chunk(b"data: {not json\n\n")
            key = "refusal" if behaviour == "refuse" else "content"
            time.sleep(self.server_of_test.piece_delay_s)
            self._event(body, [{"index": 0, "delta": {key: piece}, "finish_reason": None}])
        if behaviour != "nofinish":
            reason = {"filter": "content_filter", "length": "length"}.get(behaviour, "stop")
            self._event(body, [{"index": 0, "delta": {}, "finish_reason": reason}])
            if body.get("stream_options", {}).get("include_usage") and behaviour != "nousage":
                usage = {"prompt_tokens": 100, "completion_tokens": len(pieces), "total_tokens": 100 + len(pieces)}
                usage |= {"prompt_tokens_details": {"cached_tokens": 40}}
                usage |= {"energy_j": 2.5} if behaviour == "energy" else {}
                self._event(body, [], usage=usage)
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _event(self, body, choices, **more):
        head = {"id": "c-1", "object": "chat.completion.chunk", "created": 0, "model": body["model"]}
        self._chunk(f"data: {json.dumps(head | {'choices': choices} | more)}\n\n".encode())

    def _chunk(self, data):
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _error(self, status, message, headers=None):
        self._json(status, {"error": {"message": message, "type": "error", "param": None, "code": None}}, headers)

    def _json(self, status, document, headers=None):
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
