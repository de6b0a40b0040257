"""Traffic that is none of ours: a web server, a WebSocket, a gRPC service and a policy service, each as small as can be."""

import http.server
import socket
import socketserver
import threading

import h2.config
import h2.connection
import h2.events


class Web(http.server.BaseHTTPRequestHandler):
    """Says who it is and what it was asked for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("content-length") or 0)
        self.answer(200, f"{self.server.who} {self.command} {self.path} {self.rfile.read(length).decode()}")

    do_POST = do_GET

    def answer(self, status: int, text: str):
        self.send_response(status)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *words):
        pass


class Policy(Web):
    """Lets through all but embeddings and one part of the shop, and keeps what it was asked."""

    def do_GET(self):
        self.server.asked.append(self.path)
        refused = "/v1/embeddings" in self.path or "/shop/forbidden" in self.path
        self.answer(*((403, "Not by policy.") if refused else (200, "")))

    do_POST = do_GET


class Live(socketserver.StreamRequestHandler):
    """Agrees to a WebSocket, and says again whatever it hears."""

    def handle(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            head += line
        assert b"upgrade: websocket" in head.lower(), head
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n")
        while heard := self.request.recv(65536):
            self.wfile.write(heard)


class Grpc(socketserver.BaseRequestHandler):
    """Says each message again, with the trailers of gRPC."""

    def handle(self):
        frames = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        frames.initiate_connection()
        self.request.sendall(frames.data_to_send())
        while data := self.request.recv(65536):
            for event in frames.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    frames.send_headers(event.stream_id, [(":status", "200"), ("content-type", "application/grpc")])
                elif isinstance(event, h2.events.DataReceived):
                    frames.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    frames.send_data(event.stream_id, event.data)
                elif isinstance(event, h2.events.StreamEnded):
                    frames.send_headers(event.stream_id, [("grpc-status", "0")], end_stream=True)
            self.request.sendall(frames.data_to_send())


class Server(socketserver.ThreadingTCPServer):
    """One of these on a port of its own, until it is stopped."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, handler, who: str = ""):
        super().__init__(("127.0.0.1", 0), handler)
        self.who, self.asked, self.port = who, [], self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """A connection that is reset is no failure of a test."""

    def stop(self):
        self.shutdown()
        self.server_close()


def call_grpc(port: int, path: str, message: bytes, *headers) -> tuple[bytes, dict]:
    """What a gRPC call answers: its messages' bytes, and its trailers."""
    frames = h2.connection.H2Connection()
    frames.initiate_connection()
    head = [(":method", "POST"), (":path", path), (":scheme", "http"), (":authority", "edge"), ("te", "trailers")]
    frames.send_headers(1, [*head, ("content-type", "application/grpc"), *headers])
    frames.send_data(1, b"\0" + len(message).to_bytes(4, "big") + message, end_stream=True)
    said, trailers = b"", {}
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(frames.data_to_send())
        while data := line.recv(65536):
            for event in frames.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    said += event.data
                    frames.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.TrailersReceived):
                    trailers = {bytes(name).decode() if isinstance(name, bytes) else name:
                                bytes(value).decode() if isinstance(value, bytes) else value for name, value in event.headers}  # fmt: skip
                elif isinstance(event, h2.events.StreamEnded):
                    return said[5:], trailers
            line.sendall(frames.data_to_send())
    raise ConnectionError("the call ended without its end")


def call_live(port: int, path: str, *said: bytes) -> bytes:
    """What a WebSocket says to that, byte for byte."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: edge\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{key}\r\n".encode())
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += line.recv(65536)
        head, _, heard = heard.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        for one in said:
            line.sendall(one)
        while len(heard) < sum(map(len, said)):
            heard += line.recv(65536)
        return heard
