"""Talks HTTP/3 with aioquic: http3.py SCENARIO PORT [ARGUMENT]. Prints what was seen; fails if that is wrong.

PORT is one of 127.0.0.1, or HOST:PORT.
"""

import asyncio
import contextlib
import importlib
import os
import random
import re
import signal
import socket
import ssl
import sys
import time

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.buffer import Buffer, BufferReadError, encode_uint_var
from aioquic.h3.connection import H3_ALPN, ErrorCode, FrameType, H3Connection, StreamType, encode_frame
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection

PATIENCE = 20
# The first stream that a server opens by itself.
CONTROL = 3


class Http3(H3Connection):
    """Knows that a response to HEAD has no body."""

    heads = set()

    def _check_content_length(self, stream):
        if stream.stream_id not in self.heads:
            super()._check_content_length(stream)


class Response:
    def __init__(self):
        self.fields, self.body, self.reset, self.stopped = {}, b"", None, None
        self.done = asyncio.get_event_loop().create_future()

    @property
    def status(self):
        return int(self.fields[":status"])

    def end(self):
        if not self.done.done():
            self.done.set_result(self)


class Client(QuicConnectionProtocol):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.http = Http3(self._quic)
        self.responses, self.closed = {}, None
        # What the server has sent on its control stream; aioquic ignores GOAWAY.
        self.control, self.goaway = b"", None
        self.was_reset = False

    def datagram_received(self, data, addr):
        # aioquic does not look for stateless resets (RFC 9000 §10.3).
        token = self._quic._peer_cid.stateless_reset_token
        self.was_reset |= len(token) == 16 and data[-16:] == token
        super().datagram_received(data, addr)

    def quic_event_received(self, event):
        if isinstance(event, events.ConnectionTerminated):
            self.closed = event
            for response in self.responses.values():
                response.end()
        if isinstance(event, events.StreamDataReceived) and event.stream_id == CONTROL:
            self.control += event.data
            self.read_control()
        if isinstance(event, events.StreamReset) and event.stream_id in self.responses:
            self.responses[event.stream_id].reset = event.error_code
            self.responses[event.stream_id].end()
        if isinstance(event, events.StopSendingReceived) and event.stream_id in self.responses:
            self.responses[event.stream_id].stopped = event.error_code
        for event in self.http.handle_event(event):
            response = self.responses.get(event.stream_id)
            if response is None:
                continue
            if isinstance(event, HeadersReceived):
                response.fields = {name.decode(): value.decode() for name, value in event.headers}
            elif isinstance(event, DataReceived):
                response.body += event.data
            if event.stream_ended:
                response.end()

    def read_control(self):
        buffer = Buffer(data=self.control)
        with contextlib.suppress(BufferReadError):
            assert buffer.pull_uint_var() == StreamType.CONTROL
            while True:
                kind, payload = buffer.pull_uint_var(), buffer.pull_bytes(buffer.pull_uint_var())
                if kind == FrameType.GOAWAY:
                    self.goaway = Buffer(data=payload).pull_uint_var()

    def send(self, path="/", method="GET", fields=(), body=None, more=False, pseudo=None):
        stream = self._quic.get_next_available_stream_id()
        response = self.responses[stream] = Response()
        response.stream = stream
        head = pseudo or [
            (":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)
        ]
        head = [(name.encode(), value.encode()) for name, value in [*head, *fields]]
        if method == "HEAD":
            self.http.heads = self.http.heads | {stream}
        self.http.send_headers(stream, head, end_stream=body is None and not more)
        if body is not None:
            self.http.send_data(stream, body, end_stream=not more)
        self.transmit()
        return response

    async def ask(self, *arguments, **named):
        return await asyncio.wait_for(self.send(*arguments, **named).done, PATIENCE)

    async def until(self, what, is_so):
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < deadline, f"not {what}"
            await asyncio.sleep(0.01)


def address(port):
    """The host and the number of a port."""
    if isinstance(port, int):
        return "127.0.0.1", port
    host, _, number = port.rpartition(":")
    return host.strip("[]"), int(number)


@contextlib.asynccontextmanager
async def client(port, create_protocol=Client, **settings):
    host, number = address(port)
    settings = {"alpn_protocols": H3_ALPN, **settings}
    configuration = QuicConfiguration(
        is_client=True, verify_mode=ssl.CERT_NONE, server_name="localhost", **settings
    )
    async with connect(host, number, configuration=configuration, create_protocol=create_protocol) as opened:
        yield opened


async def semantics(port):
    """What HTTP says about responses holds over HTTP/3, too."""
    async with client(port) as c:
        page = await c.ask("/", fields=[("accept", "text/html")])
        assert page.status == 200 and b"<!doctype html>" in page.body.lower(), page.fields
        assert int(page.fields["content-length"]) == len(page.body)
        assert "date" in page.fields and "connection" not in page.fields, page.fields
        assert "quic-rtt;dur=" in page.fields["server-timing"], page.fields
        head = await c.ask("/", method="HEAD", fields=[("accept", "text/html")])
        assert (head.status, head.body) == (200, b"")
        assert head.fields["content-length"] == page.fields["content-length"]
        known = await c.ask("/", fields=[("accept", "text/html"), ("if-none-match", page.fields["etag"])])
        assert (known.status, known.body) == (304, b"")
        part = await c.ask("/", fields=[("accept", "text/html"), ("range", "bytes=0-99")])
        assert (part.status, part.body) == (206, page.body[:100])
        for coding in ["br", "zstd", "gzip"]:
            coded = await c.ask("/", fields=[("accept", "text/html"), ("accept-encoding", coding)])
            # The first pages of a start that this client caused have no coding yet.
            while "content-encoding" not in coded.fields:
                await asyncio.sleep(0.05)
                coded = await c.ask("/", fields=[("accept", "text/html"), ("accept-encoding", coding)])
            assert coded.fields["content-encoding"] == coding and len(coded.body) < len(page.body)
        assert (await c.ask("/nothing")).status == 404
        posted = await c.ask("/", method="POST", body=b"x" * 1000)
        assert posted.status == 405, posted.fields
        # The refusal arrives before the body has ended.
        unfinished = await c.ask("/", method="POST", body=b"x" * 1000, more=True)
        assert unfinished.status == 405, unfinished.fields
        with_body = await c.ask("/", method="GET", body=b"x")
        assert with_body.status == 413, with_body.fields
        # The end of the stream in a packet of its own.
        late = c.send("/", more=True)
        await asyncio.sleep(0.05)
        c._quic.send_stream_data(late.stream, b"", end_stream=True)
        c.transmit()
        assert (await asyncio.wait_for(late.done, PATIENCE)).status == 200
        how = await c.ask("/how", fields=[("accept", "application/json")])
        print(how.body.decode())


async def streams(port):
    """More requests at once than there may be streams."""
    async with client(port) as c:
        responses = [c.send("/", fields=[("accept", "text/html")]) for _ in range(250)]
        await asyncio.wait_for(asyncio.gather(*(response.done for response in responses)), PATIENCE)
        statuses = {response.status for response in responses if not response.reset}
        print(len(responses), statuses)
        assert statuses <= {200, 429} and not any(response.reset for response in responses), statuses


async def picture(port):
    """A response that is larger than any window."""
    async with client(port, max_data=20_000, max_stream_data=10_000) as c:
        picture = await c.ask("/card.png")
        assert picture.status == 200, picture.fields
        assert len(picture.body) == int(picture.fields["content-length"]) > 20_000
        print(len(picture.body))


async def events_stream(port):
    """An event stream begins at once, and does not hold up other requests."""
    async with client(port) as c:
        stream = c.send("/events", fields=[("accept", "text/event-stream")])
        await c.until("an event", lambda: b"data:" in stream.body)
        assert stream.fields["content-type"].startswith("text/event-stream")
        assert (await c.ask("/healthz")).status == 200
        c._quic.stop_stream(stream.stream, ErrorCode.H3_REQUEST_CANCELLED)
        c.transmit()
        assert (await c.ask("/healthz")).status == 200
        print(stream.body.decode())


async def malformed(port):
    """Requests that RFC 9114 calls malformed reset their stream, and nothing else."""
    async with client(port) as c:
        get = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/")]
        without = lambda name: [field for field in get if field[0] != name]
        cases = {
            "no method": (without(":method"), []),
            "no path": (without(":path"), []),
            "no authority": (without(":authority"), []),
            "other host": (get, [("host", "elsewhere")]),
            "userinfo": (without(":authority") + [(":authority", "me@localhost")], []),
            "connection": (get, [("connection", "close")]),
            "transfer-encoding": (get, [("transfer-encoding", "chunked")]),
            "te": (get, [("te", "gzip")]),
            "upper case": (get, [("X-Upper", "1")]),
            "padded": (get, [("x-padded", " a")]),
            "line feed": (get, [("x-line", "a\nb")]),
            "unknown pseudo": (get + [(":unknown", "1")], []),
            "relative path": (without(":path") + [(":path", "x")], []),
            "a length and no body": (get, [("content-length", "5")]),
            "no number": (get, [("content-length", "x")]),
            "two lengths": (get, [("content-length", "0"), ("content-length", "1")]),
            "connect with a path": ([(":method", "CONNECT"), *get[1:]], []),
            "extended connect": ([(":method", "CONNECT"), *get[1:], (":protocol", "websocket")], []),
        }
        for name, (pseudo, fields) in cases.items():
            response = await c.ask(pseudo=pseudo, fields=fields)
            assert response.reset == ErrorCode.H3_MESSAGE_ERROR, (name, response.reset, response.fields)
            assert c.closed is None, (name, c.closed)
        for length, sent in [(5, 3), (3, 5), (0, 1)]:
            response = await c.ask(method="POST", fields=[("content-length", str(length))], body=b"x" * sent)
            assert response.reset == ErrorCode.H3_MESSAGE_ERROR, (length, sent, response.reset, response.fields)
            assert c.closed is None, (length, sent, c.closed)
        # The refusal of a body that goes on is sent before its end, and reading stops where the body is too long.
        long = await c.ask(method="POST", fields=[("content-length", "5")], body=b"xxx", more=True)
        assert long.status == 405, long.fields
        c.http.send_data(long.stream, b"xxx", end_stream=False)
        c.transmit()
        await c.until("stopped", lambda: long.stopped is not None)
        assert long.stopped == ErrorCode.H3_MESSAGE_ERROR and c.closed is None, (long.stopped, c.closed)
        assert (await c.ask(method="POST", fields=[("content-length", "3")], body=b"abc")).status == 405
        assert (await c.ask("/healthz", fields=[("content-length", "0")])).status == 200
        assert (await c.ask("/healthz")).status == 200


async def large(port):
    """Field sections that are too large."""
    async with client(port) as c:
        some = await c.ask("/", fields=[("x-large", "x" * 20_000)])
        assert some.status == 431 and some.body, some.fields
        more = await c.ask("/", fields=[("x-large", "x" * 40_000)])
        assert more.status == 431, more.fields
        # A frame with a length that is never sent: it is not collected.
        stream = c._quic.get_next_available_stream_id()
        endless = c.responses[stream] = Response()
        endless.stream = stream
        c._quic.send_stream_data(stream, encode_uint_var(FrameType.HEADERS) + encode_uint_var(1 << 30))
        while endless.reset is None and c._quic._streams[stream].sender.next_offset < 10_000_000:
            with contextlib.suppress(RuntimeError):
                # Raised once the server has stopped the stream.
                c._quic.send_stream_data(stream, b"x" * 16_384)
            c.transmit()
            await asyncio.sleep(0.01)
        await asyncio.wait_for(endless.done, PATIENCE)
        assert endless.reset is not None
        assert (await c.ask("/healthz")).status == 200
        print(endless.reset)


async def frames(port):
    """Frames where they are not allowed end the connection with the code of RFC 9114."""

    def on_request(c, data):
        c._quic.send_stream_data(c._quic.get_next_available_stream_id(), data)

    def on(stream, end=False):
        return lambda c, data: c._quic.send_stream_data(getattr(c.http, stream), data, end_stream=end)

    def end_of(stream):
        return on(stream, end=True)

    def reset_of(stream):
        return lambda c, _: c._quic.reset_stream(getattr(c.http, stream), ErrorCode.H3_NO_ERROR)

    on_control = on("_local_control_stream_id")

    def new_uni(c, data):
        c._quic.send_stream_data(c._quic.get_next_available_stream_id(is_unidirectional=True), data)

    frame = encode_frame
    cases = [
        ("data first", on_request, frame(FrameType.DATA, b"x"), ErrorCode.H3_FRAME_UNEXPECTED),
        ("settings on a request", on_request, frame(FrameType.SETTINGS, b""), ErrorCode.H3_FRAME_UNEXPECTED),
        ("second settings", on_control, frame(FrameType.SETTINGS, b""), ErrorCode.H3_FRAME_UNEXPECTED),
        ("headers on control", on_control, frame(FrameType.HEADERS, b""), ErrorCode.H3_FRAME_UNEXPECTED),
        ("frame of HTTP/2", on_request, frame(0x6, b"12345678"), ErrorCode.H3_FRAME_UNEXPECTED),
        ("second control", new_uni, encode_uint_var(0), ErrorCode.H3_STREAM_CREATION_ERROR),
        ("second encoder", new_uni, encode_uint_var(2), ErrorCode.H3_STREAM_CREATION_ERROR),
        ("push stream", new_uni, encode_uint_var(1), ErrorCode.H3_STREAM_CREATION_ERROR),
        ("push stream in four bytes", new_uni, b"\x80\0\0\x01", ErrorCode.H3_STREAM_CREATION_ERROR),
        ("end of control", end_of("_local_control_stream_id"), b"", ErrorCode.H3_CLOSED_CRITICAL_STREAM),
        ("end of encoder", end_of("_local_encoder_stream_id"), b"", ErrorCode.H3_CLOSED_CRITICAL_STREAM),
        ("end of decoder", end_of("_local_decoder_stream_id"), b"", ErrorCode.H3_CLOSED_CRITICAL_STREAM),
        ("reset of encoder", reset_of("_local_encoder_stream_id"), b"", ErrorCode.H3_CLOSED_CRITICAL_STREAM),
        ("insertion", on("_local_encoder_stream_id"), b"\x41a\x01b", ErrorCode.QPACK_ENCODER_STREAM_ERROR),
        ("acknowledgment", on("_local_decoder_stream_id"), b"\x80", ErrorCode.QPACK_DECODER_STREAM_ERROR),
        ("increment", on("_local_decoder_stream_id"), b"\x01", ErrorCode.QPACK_DECODER_STREAM_ERROR),
        ("bad field section", on_request, frame(FrameType.HEADERS, b"\xff" * 8),
         ErrorCode.QPACK_DECOMPRESSION_FAILED),
        ("dynamic table", on_request, frame(FrameType.HEADERS, b"\x02\x00\x80"),
         ErrorCode.QPACK_DECOMPRESSION_FAILED),
    ]
    for name, send, data, code in cases:
        async with client(port) as c:
            assert (await c.ask("/healthz")).status == 200
            send(c, data)
            c.transmit()
            await c.until("closed after " + name, lambda: c.closed)
            assert c.closed.error_code == code, (name, c.closed)
    # Frames and streams of unknown types are ignored.
    async with client(port) as c:
        new_uni(c, encode_uint_var(0x21) + b"whatever")
        on_control(c, frame(0x21, b"whatever"))
        # QPACK without a table: a capacity of 0, and a stream that was given up, with a long number.
        on("_local_encoder_stream_id")(c, b"\x20")
        on("_local_decoder_stream_id")(c, b"\x44\x7f\x81\x01")
        c.transmit()
        assert (await c.ask("/healthz")).status == 200


async def early_close(port):
    """Clients that leave in the middle."""
    for _ in range(20):
        async with client(port) as c:
            for _ in range(5):
                c.send("/")
    async with client(port) as c:
        assert (await c.ask("/healthz")).status == 200


async def versions(port):
    """An unknown version is answered with the known ones; QUIC version 2 is none of them, and version 1 is."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.settimeout(PATIENCE)
    target, source = os.urandom(8), os.urandom(8)
    unknown = b"\xc0\x1a\x2a\x3a\x4a" + bytes([8]) + target + bytes([8]) + source
    udp.sendto(unknown.ljust(1200, b"\0"), ("127.0.0.1", port))
    answer = udp.recv(2048)
    assert answer[0] & 0x80 and answer[1:5] == bytes(4), answer
    assert answer[5:23] == bytes([8]) + source + bytes([8]) + target, answer
    offered = {answer[index:index + 4] for index in range(23, len(answer), 4)}
    assert b"\0\0\0\1" in offered, offered
    assert len(answer) < 1200
    async with client(port) as c:
        assert (await c.ask("/healthz")).status == 200


async def key_update(port):
    async with client(port) as c:
        assert (await c.ask("/healthz")).status == 200
        for _ in range(3):
            c.request_key_update()
            assert (await c.ask("/healthz")).status == 200


async def rebind(c):
    """Gives the client another port, as a NAT does."""
    loop = asyncio.get_event_loop()
    old = c._transport
    await loop.create_datagram_endpoint(lambda: c, local_addr=("::", 0) if ":" in old.get_extra_info("sockname")[0] else ("127.0.0.1", 0))
    assert c._transport is not old
    return old


async def migration(port, times="12"):
    """The connection goes on when the client's port changes, whichever worker the new port leads to."""
    async with client(port) as c:
        assert (await c.ask("/healthz")).status == 200
        kept = []
        for number in range(int(times)):
            kept.append(await rebind(c))
            if number % 2:
                c.change_connection_id()
            answer = await c.ask("/healthz")
            assert answer.status == 200, (number, answer.fields)
        assert (await c.ask("/card.png")).status == 200
        how = await c.ask("/how", fields=[("accept", "application/json")])
        print(how.body.decode())
        for transport in kept:
            transport.close()


async def no_migration(port):
    """With migration switched off, a client with another port gets no answer."""
    async with client(port) as c:
        assert (await c.ask("/healthz")).status == 200
        old = await rebind(c)
        response = c.send("/healthz")
        done, _ = await asyncio.wait([response.done], timeout=2)
        assert not done, response.fields
        old.close()
        c._quic.close()


async def goaway(port, pid):
    """A server that ends finishes what it has begun, and says which requests it takes."""
    async with client(port) as c:
        stream = c.send("/events", fields=[("accept", "text/event-stream")])
        await c.until("an event", lambda: b"data:" in stream.body)
        os.kill(int(pid), signal.SIGTERM)
        await c.until("GOAWAY", lambda: c.goaway is not None)
        await c.until("the end of the stream", lambda: stream.done.done())
        assert stream.reset is None, stream.reset
        await c.until("closed", lambda: c.closed)
        assert c.closed.error_code == ErrorCode.H3_NO_ERROR, c.closed
        print(c.goaway)


async def stateless_reset(port):
    """After a crash and a restart, the next packet of an old connection is answered with a reset."""
    async with client(port, idle_timeout=300) as c:
        assert (await c.ask("/healthz")).status == 200
        print("ready", flush=True)
        sys.stdin.readline()
        assert not c.was_reset
        c.send("/healthz")
        await c.until("reset", lambda: c.was_reset)
        c._quic.close()


async def newcomers(port, count):
    """Clients one after the other: prints the workers that serve them."""
    workers = set()
    for _ in range(int(count)):
        async with client(port) as c:
            how = await c.ask("/how", fields=[("accept", "text/plain")])
            assert how.status == 200, how.fields
            workers.add(re.search(rb"worker-(\d+)", how.body)[1].decode())
            # A response of several packets, and requests of its own.
            assert (await c.ask("/card.png")).status == 200
    print(len(workers))


@contextlib.asynccontextmanager
async def client_or_none(port, patience=1):
    """A client; none if the server takes no connections."""
    async with contextlib.AsyncExitStack() as stack:
        c = None
        with contextlib.suppress(ConnectionError, asyncio.TimeoutError):
            c = await asyncio.wait_for(stack.enter_async_context(client(port)), patience)
        yield c


async def upgrades(port, is_always_there="yes"):
    """Asks until standard input ends. A client reconnects when the server says so, as browsers do."""
    over = asyncio.get_event_loop().run_in_executor(None, sys.stdin.read)
    counts = {"answered": 0, "retried": 0, "connections": 0, "refused": 0}
    connect = client if is_always_there == "yes" else client_or_none

    async def visitor(pause, most=1 << 30):
        while not over.done():
            left = most
            async with connect(port) as c:
                if c is None:
                    counts["refused"] += 1
                    await asyncio.sleep(0.05)
                    continue
                counts["connections"] += 1
                while left > 0 and not over.done() and c.goaway is None and c.closed is None:
                    left -= 1
                    response = c.send("/", fields=[("accept", "text/html")])
                    await asyncio.wait_for(response.done, PATIENCE)
                    after = c.goaway is not None and response.stream >= c.goaway
                    if response.reset == ErrorCode.H3_REQUEST_REJECTED or not response.fields and after:
                        # The server says that it has not processed it (RFC 9114 §5.2).
                        counts["retried"] += 1
                        break
                    assert response.reset is None and response.fields, (response.reset, c.closed, c.goaway)
                    assert response.status == 200, response.fields
                    assert len(response.body) == int(response.fields["content-length"])
                    counts["answered"] += 1
                    await asyncio.sleep(pause)

    regulars = [visitor(pause) for pause in [0, 0, 0.005, 0.005, 0.3, 0.3]]
    newcomers = [visitor(0, most=1) for _ in range(2)]
    await asyncio.gather(*regulars, *newcomers)
    print(counts)


async def taken_later(port, pid):
    """A response that began before an upgrade, and whose client reads on after it, arrives whole. The new process has no
    HTTP/3: the old one refuses other clients at once, and goes on reading what this one says."""
    async with client(port, max_stream_data=5_000) as c:
        open_windows = c._quic._write_stream_limits
        c._quic._write_stream_limits = lambda *arguments, **named: None
        picture = c.send("/card.png")
        await c.until("a part", lambda: len(picture.body) > 3_000)
        os.kill(int(pid), signal.SIGUSR2)
        await c.until("GOAWAY", lambda: c.goaway is not None)
        began = time.monotonic()
        async with client_or_none(port, patience=PATIENCE) as other:
            assert other is None and time.monotonic() - began < PATIENCE / 2
        c._quic._write_stream_limits = open_windows
        c.transmit()
        await asyncio.wait_for(picture.done, PATIENCE)
        assert picture.reset is None and c.closed is None, (picture.reset, c.closed)
        assert len(picture.body) == int(picture.fields["content-length"])
        await c.until("closed", lambda: c.closed)
        assert c.closed.error_code == ErrorCode.H3_NO_ERROR, c.closed


async def taken_after(port):
    """A response that began before upgrades, and whose client reads on when it is told to, arrives whole."""
    async with client(port, max_stream_data=5_000) as c:
        open_windows = c._quic._write_stream_limits
        c._quic._write_stream_limits = lambda *arguments, **named: None
        picture = c.send("/card.png")
        await c.until("a part", lambda: len(picture.body) > 3_000)
        print("ready", flush=True)
        await asyncio.get_event_loop().run_in_executor(None, sys.stdin.read)
        assert not picture.done.done(), (picture.reset, c.closed)
        c._quic._write_stream_limits = open_windows
        c.transmit()
        await asyncio.wait_for(picture.done, PATIENCE)
        assert picture.reset is None and c.closed is None and not c.was_reset, (picture.reset, c.closed)
        assert len(picture.body) == int(picture.fields["content-length"])


async def prove_their_address(port):
    """Clients that a process tells to prove their address (Retry), and that do so once another process has replaced that
    one, are served at once, whichever worker told them. The old process goes on meanwhile, because of a response that is
    not read."""
    held, clients = [], 6

    class Slow(Client):
        def datagram_received(self, data, addr):
            is_retry = data[0] & 0xF0 == 0xF0
            held.append((self, data, addr)) if is_retry and not served.is_set() else super().datagram_received(data, addr)

    async def ask():
        async with client(port, create_protocol=Slow) as c:
            return (await c.ask("/healthz")).status

    served = asyncio.Event()
    async with client(port, max_stream_data=5_000) as c:
        c._quic._write_stream_limits = lambda *arguments, **named: None
        picture = c.send("/card.png")
        await c.until("a part", lambda: len(picture.body) > 3_000)
        asking = asyncio.gather(*(ask() for _ in range(clients)))
        await c.until("told to prove their address", lambda: len(held) == clients)
        print("ready", flush=True)
        await asyncio.get_event_loop().run_in_executor(None, sys.stdin.read)
        served.set()
        began = time.monotonic()
        for slow, *retry in held:
            slow.datagram_received(*retry)
        assert await asyncio.wait_for(asking, PATIENCE) == [200] * clients
        assert time.monotonic() - began < PATIENCE / 4, time.monotonic() - began
        assert not picture.done.done(), "the old process is there"
        c._quic.close()


async def noise(port, seed):
    """Frames and streams at random, valid and not, on connections that end or do not."""
    dice = random.Random(int(seed))
    kinds = [kind.value for kind in FrameType] + [0x21, 0x41, 1 << 20]

    def some_bytes():
        return dice.randbytes(dice.choice([0, 1, 2, 8, 40, 2000]))

    def some_frame():
        payload = some_bytes()
        length = dice.choice([len(payload)] * 4 + [len(payload) + 1, 1 << 14, 1 << 30, (1 << 62) - 1])
        return encode_uint_var(dice.choice(kinds)) + encode_uint_var(length) + payload

    ended = 0
    for _ in range(60):
        async with client(port) as c:
            for _ in range(dice.randrange(1, 30)):
                if c.closed:
                    break
                with contextlib.suppress(RuntimeError, ValueError):
                    # Raised for a stream that has ended.
                    is_control = dice.random() < 0.1
                    stream = c.http._local_control_stream_id if is_control else (
                        c._quic.get_next_available_stream_id(is_unidirectional=dice.random() < 0.3)
                    )
                    data = b"".join(dice.choice([some_frame, some_bytes])() for _ in range(dice.randrange(4)))
                    c._quic.send_stream_data(stream, data, end_stream=not is_control and dice.random() < 0.5)
                    if dice.random() < 0.1:
                        c._quic.reset_stream(stream, dice.randrange(1 << 20))
                c.transmit()
                if dice.random() < 0.3:
                    await asyncio.sleep(0.005)
            for _ in range(10):
                await asyncio.sleep(0.02)
                if c.closed:
                    break
            ended += c.closed is not None
    async with client(port) as c:
        assert (await c.ask("/healthz")).status == 200
    print(ended)


def named(scenario):
    """A scenario of this file or of `http3_limits.py`."""
    return globals().get(scenario) or getattr(importlib.import_module("http3_limits"), scenario)


if __name__ == "__main__":
    scenario, port, *arguments = sys.argv[1:]
    asyncio.run(named(scenario)(int(port) if port.isdigit() else port, *arguments))
