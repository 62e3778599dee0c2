"""The rows of the comparison: one kind of load each, and what is read off the server."""
import contextlib, os, re, resource, socket, ssl, time
from compare_servers import ACCEPT, HOST, LOAD_CPU, PATHS, PROJECT, program, run

FIELDS = [word for key, value in ACCEPT.items() for word in ("-H", f"{key}: {value}")]


def on_load_cpu(*command):
    environment = {**os.environ, "OPENSSL_CONF": str(PROJECT / "benches/openssl.cnf")}
    return run("taskset", "-c", LOAD_CPU, *map(str, command), timeout=120, env=environment)


def wrk(peer, seconds, tls=False, path="/", more=(), connections=64):
    """Requests answered, and those of them that were not what the row is about."""
    url = f"{'https' if tls else 'http'}://{HOST}:{peer.https if tls else peer.http}{path}"
    said = on_load_cpu("wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", *FIELDS, *more, url)
    return int(re.search(r"(\d+) requests in", said)[1]), re.search(r"Non-2xx or 3xx responses: \d+|Socket errors: .*", said)


def keep_alive(peer, seconds):
    return wrk(peer, seconds)


def unchanged(peer, seconds):
    return wrk(peer, seconds, more=("-H", f"If-None-Match: {peer.validator}"))


def keep_alive_tls(peer, seconds):
    return wrk(peer, seconds, tls=True)


def large_tls(peer, seconds):
    return wrk(peer, seconds, tls=True, path=PATHS["large"])


def new_connections(peer, seconds):
    requests, wrong = wrk(peer, seconds, more=("-H", "Connection: close"))
    # wrk takes the end of a connection for an error of reading.
    return requests, None if wrong and re.search(r"connect 0, read \d+, write 0, timeout 0", wrong[0]) else wrong


def static_file(peer, seconds):
    """The script of the page: a static file about as long as the page."""
    page = run("curl", "-s", "-H", "Accept: text/html", f"http://{HOST}:{peer.http}/")
    return wrk(peer, seconds, path=re.search(r'src="(/[^"]*\.js[^"]*)"', page)[1])


def handshakes(peer, group, kind, seconds):
    count = int(600 * seconds)
    said = on_load_cpu(program("bare_loop"), "handshakes", f"{HOST}:{peer.https}", peer.site.certificate, group, kind, count)
    kinds = {"Full": count} if kind == "full" else {"Full": 1, "Resumed": count - 1}
    found = {name: int(number) for name, number in re.findall(r"Some\((\w+)\)\D+(\d+)", said)}
    # rustls counts a handshake with another key share than the first one offered by itself.
    found["Full"] = found.get("Full", 0) + found.pop("FullWithHelloRetryRequest", 0)
    return count, None if found == kinds else said


def h2(peer, seconds, streams, path="/"):
    fields = [word for key, value in ACCEPT.items() for word in ("-H", f"{key.lower()}: {value}")]
    said = on_load_cpu("h2load", "-t1", "-c16", f"-m{streams}", f"-D{seconds:g}s", "--warm-up-time=0", *fields,
                       f"https://{HOST}:{peer.https}{path}")
    failed = re.search(r"(\d+) failed, (\d+) errored", said)
    return int(re.search(r"(\d+) succeeded", said)[1]), failed[0] if failed and failed[1] != "0" else None


def h3(peer, seconds, path="/"):
    said = on_load_cpu(program("http3_load"), "requests", f"{HOST}:{peer.https}", peer.site.certificate, path, 16, 32, seconds)
    return int(said), None


def h3_connections(peer, groups, count):
    on_load_cpu(program("http3_load"), "connections", f"{HOST}:{peer.https}", peer.site.certificate, groups, count)
    return count, None


# name: (what it measures, its version of HTTP if that is 2 or 3, the load)
ROWS = {
    "h1": ("HTTP/1.1 keep-alive, 64 connections", None, keep_alive),
    "h1-log": ("HTTP/1.1 keep-alive with the access log in a file", None, keep_alive),
    "h1-static": ("HTTP/1.1 keep-alive, a static file", None, static_file),
    "h1-304": ("HTTP/1.1 304", None, unchanged),
    "tls": ("HTTPS/1.1 keep-alive, 64 connections", None, keep_alive_tls),
    "tls-log": ("HTTPS/1.1 keep-alive with the access log in a file", None, keep_alive_tls),
    "tls-large": ("HTTPS/1.1 keep-alive, the picture", None, large_tls),
    "full": ("full TLS 1.3 handshake with X25519 and one request", None, lambda peer, seconds: handshakes(peer, "x25519", "full", seconds)),
    "resumed": ("resumed TLS 1.3 handshake with X25519 and one request", None,
                lambda peer, seconds: handshakes(peer, "x25519", "resumed", seconds)),
    "full-hybrid": ("the same in full, with X25519MLKEM768 if the server knows it", None,
                    lambda peer, seconds: handshakes(peer, "hybrid", "full", seconds)),
    "connections": ("a new TCP connection per request", None, new_connections),
    "h2-32": ("HTTP/2 over TLS, 16 connections × 32 streams", 2, lambda peer, seconds: h2(peer, seconds, 32)),
    "h2-log": ("HTTP/2, 16 × 32, with the access log in a file", 2, lambda peer, seconds: h2(peer, seconds, 32)),
    "h2-6": ("HTTP/2 over TLS, 16 connections × 6 streams", 2, lambda peer, seconds: h2(peer, seconds, 6)),
    "h2-large": ("HTTP/2 over TLS, 16 × 32, the picture", 2, lambda peer, seconds: h2(peer, seconds, 32, PATHS["large"])),
    "h3": ("HTTP/3, 16 connections × 32 streams", 3, h3),
    "h3-large": ("HTTP/3, 16 × 32, the picture", 3, lambda peer, seconds: h3(peer, seconds, PATHS["large"])),
    "h3-new": ("a new QUIC connection per request, X25519", 3, lambda peer, seconds: h3_connections(peer, "x25519", int(300 * seconds))),
    "h3-new-hybrid": ("a new QUIC connection per request, X25519MLKEM768 if the server knows it", 3,
                      lambda peer, seconds: h3_connections(peer, "hybrid", int(300 * seconds))),
    "idle": ("10,000 idle connections, KiB each", None, None),
    "idle-tls": ("10,000 idle TLS connections, KiB each", None, None),
    "memory": ("idle, MiB", None, None),
    "start": ("start to the first 200, ms", None, None),
}
ONCE = ("idle", "idle-tls")  # they take long and hardly vary
UNITS = {"idle": 1, "idle-tls": 1, "memory": 2, "start": 1}  # decimals; all other rows are µs of processor time


def takes_part(peer, row):
    if not {None: True, 2: peer.http2, 3: peer.http3}[ROWS[row][1]]:
        return False
    if row == "h1-304" and not peer.conditional or row == "h1-static" and peer.name != "e6":
        return False
    # 10,000 connections take minutes, and only these are known for few bytes.
    if row in ONCE and peer.name not in ("e6", "static e6", "nginx", "h2o"):
        return False
    # Every third handshake of this client with h2o is a full one.
    if row == "resumed" and peer.name == "h2o":
        return False
    return not (row.endswith("-log") and peer.name in ("bare loop", "static-web-server"))


def measure(peers, rows, rounds, seconds):
    """{row: {server: [one figure per round]}}"""
    results = {row: {peer.name: [] for peer in peers if takes_part(peer, row)} for row in rows}
    for round_ in range(rounds):
        for row in [row for row in rows if round_ == 0 or row not in ONCE]:
            for peer in peers:
                if peer.name in results[row]:
                    figure = FIGURES.get(row, per_request)(peer, row, seconds)
                    results[row][peer.name].append(figure)
                    print(f"round {round_ + 1}  {row:12} {peer.name:24} {figure:10.2f}", flush=True)
    return results


def per_request(peer, row, seconds):
    load = ROWS[row][2]
    with peer.running(log=peer.home / "access.log" if row.endswith("-log") else None):
        load(peer, 0.3 if seconds < 1 else 1)
        before = peer.cpu_seconds()
        requests, wrong = load(peer, seconds)
        spent = peer.cpu_seconds() - before
    assert requests and not wrong, f"{peer.name}, {row}: {requests} requests, {wrong}"
    return spent / requests * 1e6


def idle_connections(peer, row, _seconds, count=10_000):
    """Memory that each of many connections keeps after one request, in KiB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 30_000), hard))
    tls = row.endswith("tls")
    context = ssl._create_unverified_context() if tls else None
    request = f"GET / HTTP/1.1\r\nHost: localhost\r\n{''.join(f'{k}: {v}{chr(13)}{chr(10)}' for k, v in ACCEPT.items())}\r\n".encode()
    with peer.running(), contextlib.ExitStack() as open_:
        port = peer.https if tls else peer.http
        connections = []

        def connect():
            plain = open_.enter_context(socket.create_connection((HOST, port)))
            connection = open_.enter_context(context.wrap_socket(plain)) if tls else plain
            connection.sendall(request)
            received = b""
            while b"\r\n\r\n" not in received:
                received += connection.recv(65536)
            head, body = received.split(b"\r\n\r\n", 1)
            length = re.search(rb"(?i)content-length: (\d+)", head)
            while len(body) < int(length[1]) if length else not body.endswith(b"\r\n0\r\n\r\n"):
                body += connection.recv(65536)
            connections.append(connection)

        for _ in range(200):
            connect()
        time.sleep(1)
        before = peer.memory_kib()
        for _ in range(count):
            connect()
        time.sleep(2)
        return (peer.memory_kib() - before) / count


def idle_memory(peer, _row, _seconds):
    with peer.running():
        wrk(peer, 1)
        time.sleep(2)
        return peer.memory_kib() / 1024


def start(peer, _row, _seconds):
    # A state and a certificate from a start before.
    with peer.running():
        peer.get("/")
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    begin = time.perf_counter()
    with peer.running(wait=False):
        while True:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, peer.http)) == 0:
                    with contextlib.suppress(OSError):
                        probe.sendall(request)
                        if b" 200 " in probe.recv(64):
                            return (time.perf_counter() - begin) * 1e3
            assert time.perf_counter() - begin < 20, f"{peer.name} does not start"
            time.sleep(0.0002)


FIGURES = {"idle": idle_connections, "idle-tls": idle_connections, "memory": idle_memory, "start": start}
