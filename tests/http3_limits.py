"""Scenarios of `http3.py` for peers that reach a limit."""

import asyncio
import contextlib
import socket
import ssl
import sys
import time

from aioquic.buffer import encode_uint_var
from aioquic.h3.connection import H3_ALPN, ErrorCode, FrameType, encode_frame
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.tls import Epoch
from http3 import PATIENCE, Client, Response, client


async def until_told():
    """Says that the flood is over, and waits for the end of standard input."""
    print("ready", flush=True)
    await asyncio.get_event_loop().run_in_executor(None, sys.stdin.read)


async def silent(port):
    """A client that asks nothing."""
    async with client(port) as c:
        await c.until("closed", lambda: c.closed)
        assert c.closed.error_code == ErrorCode.H3_NO_ERROR, c.closed


async def idle(port):
    """A client that asks once, and then only sends PING."""
    async with client(port) as c:
        assert (await c.ask("/healthz")).status == 200
        while c.closed is None:
            c._quic.send_ping(1)
            c.transmit()
            await asyncio.sleep(0.1)
        assert c.goaway is not None and c.closed.error_code == ErrorCode.H3_NO_ERROR, c.closed


async def many_requests(port):
    """A client that never leaves by itself."""
    async with client(port) as c:
        answered = 0
        while c.goaway is None and c.closed is None:
            assert (await c.ask("/healthz")).status == 200
            answered += 1
        await c.until("closed", lambda: c.closed)
        assert c.closed.error_code == ErrorCode.H3_NO_ERROR, c.closed
        print(answered)


async def half_a_head(port):
    """A client that begins a request and does not go on."""
    async with client(port) as c:
        stream = c._quic.get_next_available_stream_id()
        begun = c.responses[stream] = Response()
        c._quic.send_stream_data(stream, encode_uint_var(FrameType.HEADERS) + encode_uint_var(100) + b"x")
        c.transmit()
        while not begun.done.done():
            assert (await c.ask("/healthz")).status == 200
            await asyncio.sleep(0.1)
        assert begun.reset == ErrorCode.H3_REQUEST_INCOMPLETE, begun.reset


async def slow(port):
    """A client that takes a part of a response and then nothing."""
    async with client(port, max_stream_data=5_000) as c:
        # Opens no window after the first bytes.
        c._quic._write_stream_limits = lambda *arguments, **named: None
        response = await c.ask("/card.png")
        assert response.reset == ErrorCode.H3_REQUEST_CANCELLED, response.reset
        assert (await c.ask("/healthz")).status == 200
        assert 0 < len(response.body) < 47_000


async def stopped(port):
    """A client that takes a part of a response, and then only sends PING until the server ends its connection."""
    async with client(port, max_stream_data=5_000) as c:
        c._quic._write_stream_limits = lambda *arguments, **named: None
        response = c.send("/card.png")
        while c.closed is None:
            c._quic.send_ping(1)
            c.transmit()
            await asyncio.sleep(0.1)
        assert response.reset == ErrorCode.H3_REQUEST_CANCELLED, response.reset
        assert c.closed.error_code == ErrorCode.H3_NO_ERROR, c.closed


async def crowd(port, count):
    """Clients from one address, of which the last one is too many."""
    async with contextlib.AsyncExitStack() as stack:
        for index in range(int(count)):
            c = await stack.enter_async_context(client(port))
            assert (await c.ask("/healthz")).status == 200
        with contextlib.suppress(ConnectionError):
            one_more = await stack.enter_async_context(client(port))
            await one_more.until("closed", lambda: one_more.closed)


async def initials(port, count):
    """First packets of clients that never go on, each from a port of its own."""
    for number in range(int(count)):
        quic = QuicConnection(configuration=QuicConfiguration(
            alpn_protocols=H3_ALPN, is_client=True, verify_mode=ssl.CERT_NONE, server_name="localhost"
        ))
        quic.connect(("127.0.0.1", port), now=0.0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for datagram, _ in quic.datagrams_to_send(now=0.0):
                udp.sendto(datagram, ("127.0.0.1", port))
    await until_told()


async def resets(port):
    """A client that opens streams and gives them up, again and again, loses its connection."""
    async with client(port) as c:
        for _ in range(1000):
            stream = c._quic.get_next_available_stream_id()
            c._quic.send_stream_data(stream, b"\x01")
            c._quic.reset_stream(stream, ErrorCode.H3_REQUEST_CANCELLED)
            c.transmit()
            await asyncio.sleep(0)
            if c.closed:
                break
        await c.until("closed", lambda: c.closed)
        assert c.closed.error_code == ErrorCode.H3_EXCESSIVE_LOAD, c.closed


async def control_flood(port):
    """A client that sends only frames on its control stream loses its connection."""
    async with client(port) as c:
        for _ in range(2000):
            c._quic.send_stream_data(c.http._local_control_stream_id, encode_frame(0x21, b"x" * 30))
            c.transmit()
            await asyncio.sleep(0.001)
            if c.closed:
                break
        await c.until("closed", lambda: c.closed)
        assert c.closed.error_code == ErrorCode.H3_EXCESSIVE_LOAD, c.closed


async def blocked(port, count="8"):
    """Clients that ask and take nothing, until standard input ends."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(int(count)):
            c = await stack.enter_async_context(client(port, max_data=100_000_000, max_stream_data=1))
            for _ in range(90):
                c.send("/card.png")
        await asyncio.sleep(1)
        await until_told()


async def given_up(port, how, count):
    """A client that asks, and gives each request up at once, in one way of QUIC or the other."""
    async with client(port) as c:
        for _ in range(int(count)):
            if c.closed or c.goaway is not None:
                break
            request = c.send("/card.png", more=how == "reset")
            if how == "reset":
                c._quic.reset_stream(request.stream, ErrorCode.H3_REQUEST_CANCELLED)
            else:
                c._quic.stop_stream(request.stream, ErrorCode.H3_REQUEST_CANCELLED)
            c.transmit()
            await asyncio.sleep(0)
        await until_told()


async def churn(port, data, count):
    """A client that opens and ends one stream after the other, none of which is a request."""
    async with client(port) as c:
        for _ in range(int(count)):
            if c.closed:
                break
            stream = c._quic.get_next_available_stream_id(is_unidirectional=True)
            c._quic.send_stream_data(stream, data.encode(), end_stream=True)
            c.transmit()
            await asyncio.sleep(0)
        await until_told()


async def qpack_flood(port):
    """A client that fills a dynamic table which the server does not have loses its connection."""
    async with client(port) as c:
        # Insert with literal name (RFC 9204 §4.3.3).
        insert = b"\x41a\x7f\x00" + b"x" * 127
        c._quic.send_stream_data(c.http._local_encoder_stream_id, insert * 8000)
        c.transmit()
        await c.until("closed", lambda: c.closed)
        assert c.closed.error_code == ErrorCode.QPACK_ENCODER_STREAM_ERROR, c.closed


async def windows(port):
    """The windows that the server opens: of a stream, and of the connection."""
    async with client(port) as c:
        assert (await c.ask("/healthz")).status == 200
        print(c._quic._remote_max_stream_data_bidi_remote, c._quic._remote_max_data)


async def unacknowledged(port, expected):
    """Prints how many bytes of a response a client gets that acknowledges nothing, and whether that is all of it.

    The congestion window may allow less. It grows with each response that is acknowledged, so the client tries again with
    more of them until it gets as many bytes as expected. It tries on a new connection, because the server takes a late
    acknowledgement for a long way.
    """
    deadline, before = time.monotonic() + PATIENCE, 2
    while True:
        async with client(port, max_data=1 << 24, max_stream_data=1 << 24) as c:
            for _ in range(before):
                assert (await c.ask("/card.png")).status == 200
            # A packet that is not acknowledged would take its part of the window.
            space = c._quic._spaces[Epoch.ONE_RTT]
            await c.until("acknowledged", lambda: space.ack_at is None)
            c._quic._write_ack_frame = lambda **named: setattr(space, "ack_at", None)
            response = c.send("/card.png")
            seen = await until_repeated(c, response, c._quic._streams[response.stream].receiver)
            is_whole = response.done.done()
        if is_whole or seen >= int(expected):
            break
        assert time.monotonic() < deadline, f"only {seen}"
        before *= 2
    print(seen, "whole" if is_whole else "part")


async def until_repeated(c, response, receiver):
    """Waits until the server only repeats what it has sent, or has sent all. Returns the bytes of the stream."""
    seen = repeated = 0
    received = c.datagram_received

    def count(data, addr):
        nonlocal seen, repeated
        received(data, addr)
        repeated = repeated + 1 if receiver.highest_offset == seen else 0
        seen = receiver.highest_offset

    c.datagram_received = count
    # Each timeout of the server repeats two datagrams, and sends first what may be sent for the first time. Each is twice as
    # long as the one before.
    await c.until("repeated", lambda: response.done.done() or seen and repeated >= 3)
    c.datagram_received = received
    return seen


# Application protocols that nobody knows. With them, the first message of TLS takes two datagrams.
UNKNOWN_PROTOCOLS = ["x" * 200 for _ in range(6)]


def first_datagrams(port, size, count=1):
    """The datagrams of this size with which a client begins."""
    quic = QuicConnection(configuration=QuicConfiguration(
        alpn_protocols=H3_ALPN + (UNKNOWN_PROTOCOLS if count > 1 else []), is_client=True,
        verify_mode=ssl.CERT_NONE, server_name="localhost", max_datagram_size=size,
    ))
    quic.connect(("127.0.0.1", port), now=0.0)
    datagrams = [datagram for datagram, _ in quic.datagrams_to_send(now=0.0)]
    assert [len(datagram) for datagram in datagrams] == [size] * count
    return datagrams


async def unanswered(port, *clients):
    """Sends the first packets of clients and nothing more. Prints the bytes that each address sent and received.

    An address is written as 1250x2+1200: a client whose first message takes two datagrams of 1,250 bytes, and one with a
    datagram of 1,200 bytes.
    """
    async with contextlib.AsyncExitStack() as stack:
        addresses = []
        for client in clients:
            udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            udp.setblocking(False)
            sent = 0
            for connection in client.split("+"):
                for datagram in first_datagrams(port, *map(int, connection.split("x"))):
                    sent += udp.sendto(datagram, ("127.0.0.1", port))
            addresses.append((sent, udp))
        await until_told()
        for sent, udp in addresses:
            received = 0
            with contextlib.suppress(BlockingIOError):
                while True:
                    received += len(udp.recv(65536))
            print(sent, received)


async def answered(port, *sizes):
    """Clients whose first datagrams have these sizes, and which answer, get the certificate and a page."""
    for size in sizes:
        size, *count = map(int, size.split("x"))
        protocols = H3_ALPN + (UNKNOWN_PROTOCOLS if count else [])
        async with client(port, max_datagram_size=size, alpn_protocols=protocols) as c:
            assert (await c.ask("/healthz")).status == 200


async def forged(port):
    """First packets with the address of a client, which somebody else sends, keep nothing from it."""

    class Attacked(Client):
        """A client from whose address others have sent packets when it begins."""

        def forge(self, server):
            for _ in range(8):
                self._transport.sendto(first_datagrams(port, 1200)[0], server)

        def connect(self, server, **named):
            self.forge(server)
            super().connect(server, **named)

    async with client(port, create_protocol=Attacked) as c:
        slowest = 0.0
        for _ in range(20):
            c.forge(c._quic._network_paths[0].addr)
            began = time.monotonic()
            picture = await c.ask("/card.png")
            slowest = max(slowest, time.monotonic() - began)
            assert picture.status == 200 and len(picture.body) > 20_000
        assert c.closed is None
        print(slowest)
