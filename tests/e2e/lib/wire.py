"""The daemon's protocol, as little of it as tests need: 4-octet length, JSON-RPC 2.0, hello first."""
import json
import os
import socket
import struct


class Refused(Exception):
    def __init__(self, error):
        super().__init__(error["message"])
        self.error = error


class Raw:
    """A connection that sends whatever it is told to."""

    def __init__(self, home):
        # A socket's name has room for 107 octets only; a home's may be longer.
        here = os.open(".", os.O_PATH)
        os.chdir(os.path.join(home, "run"))
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect("sealroomd.sock")
        os.fchdir(here)
        os.close(here)

    def octets(self, octets):
        self.socket.sendall(octets)

    def frame(self, text):
        self.octets(struct.pack(">I", len(text)) + text)

    def send(self, message):
        self.frame(json.dumps(message).encode())

    def receive(self):
        """The next message, or None when the daemon has hung up."""
        try:
            head = self.exactly(4)
            return None if head is None else json.loads(self.exactly(struct.unpack(">I", head)[0]))
        except ConnectionResetError:
            return None

    def exactly(self, size):
        got = b""
        while len(got) < size:
            more = self.socket.recv(size - len(got))
            if not more:
                return None
            got += more
        return got


class Client(Raw):
    """A client that behaves."""

    def __init__(self, home):
        super().__init__(home)
        self.hello = self.call("hello", version=1)

    def call(self, method, **parameters):
        try:
            self.send({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
        except (BrokenPipeError, ConnectionResetError):
            pass  # turned away: the reason is there to be read
        answer = self.receive()
        if answer is None:
            raise ConnectionError("the daemon has hung up")
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]
