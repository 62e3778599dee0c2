"""The servers under comparison: how each is configured to send the same bytes, started and stopped."""
import contextlib, json, os, pathlib, platform, re, shutil, signal, socket, ssl, subprocess, time, urllib.request

PROJECT = pathlib.Path(__file__).resolve().parent.parent
SERVER_CPU, LOAD_CPU = "0", "1"
PATHS = {"page": "/", "large": "/card.png"}
# What a browser asks with; wrk and h2load send the same.
ACCEPT = {"Accept": "text/html", "Accept-Encoding": "br"}
# Fields that differ per response or per server, and therefore are nobody else's to copy.
OWN = {"date", "server", "content-length", "accept-ranges", "etag", "last-modified", "x-request-id", "server-timing",
       "connection", "alt-svc", "strict-transport-security"}


def own_address():
    """An address of this machine that is not loopback, whose clients e6 exempts from the limits on an address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("203.0.113.1", 9))  # sends nothing
        return probe.getsockname()[0]
    return "127.0.0.1"


HOST = own_address()


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


class Site:
    """The bytes that all send: what e6 answers, a certificate, and a folder for configurations."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o755)
        self.certificate, self.key = self.folder / "cert.pem", self.folder / "key.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", "/CN=localhost", "-addext", f"subjectAltName=DNS:localhost,IP:{HOST}",
            "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", str(self.key), "-out", str(self.certificate))
        self.key.chmod(0o644)
        self.root = self.folder / "root"
        self.root.mkdir()
        e6 = E6(self)
        with e6.running():
            self.bodies, self.fields = {}, {}
            for name, path in PATHS.items():
                status, fields, body = e6.get(path)
                assert status == 200, f"e6 answers {path} with {status}"
                self.bodies[name] = body
                self.fields[name] = {key: value for key, value in fields.items() if key.lower() not in OWN}
        (self.root / "index.html").write_bytes(self.bodies["page"])
        (self.root / "card.png").write_bytes(self.bodies["large"])

    def check_same_bytes(self, peer):
        for name, path in PATHS.items():
            status, fields, body = peer.get(path)
            assert status == 200 and body == self.bodies[name], f"{peer.name} does not send e6's bytes of {path}"
            for version in ["--http1.1"] + ["--http2"] * peer.http2:
                body = peer.get_over_tls(path, version)
                assert body == self.bodies[name], f"{peer.name} does not send e6's bytes of {path} over TLS, {version}"
            lacking = [key for key, value in self.fields[name].items() if fields.get(key) != value]
            assert not lacking, f"{peer.name} does not send e6's {', '.join(lacking)} with {path}"
            if name == "page":
                peer.validator = fields.get("ETag") or peer.validator
        if peer.conditional:
            status, _, body = peer.get("/", {"If-None-Match": peer.validator})
            assert status == 304 and not body, f"{peer.name} answers a matching If-None-Match with {status}"


class Server:
    """One server. `command` starts it in the foreground; it may fork workers, but not leave its process group."""
    conditional, http2, http3, validator, absent = True, True, False, '"x"', None

    def __init__(self, site):
        self.site, self.http, self.https = site, free_port(), free_port()
        self.home = site.folder / re.sub("[^a-zA-Z0-9]", "-", self.name)
        self.home.mkdir(exist_ok=True)
        if getattr(self, "program", None) and not shutil.which(self.program):
            self.absent = f"{self.program} is not installed"

    @contextlib.contextmanager
    def running(self, log=None, wait=True):
        self.log = log
        with open(self.home / "output", "wb") as output:
            process = subprocess.Popen(["taskset", "-c", SERVER_CPU, *map(str, self.command())], stdout=output,
                                       stderr=output, stdin=subprocess.DEVNULL, cwd=self.home, start_new_session=True,
                                       env={**os.environ, **self.environment()})
        self.process = process
        try:
            if wait:
                self.wait()
            yield self
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            # Workers that outlive their parent would disturb the next server.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def environment(self):
        return {}

    def wait(self):
        for port in (self.http, self.https):
            deadline = time.monotonic() + 20
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex((HOST, port)) == 0:
                        break
                assert time.monotonic() < deadline, f"{self.name} does not listen:\n{(self.home / 'output').read_text()}"
                time.sleep(0.01)

    def get(self, path, more=()):
        request = urllib.request.Request(f"http://{HOST}:{self.http}{path}", headers={**ACCEPT, **dict(more)})
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def get_over_tls(self, path, version):
        fields = [word for key, value in ACCEPT.items() for word in ("-H", f"{key}: {value}")]
        return subprocess.run(["curl", "-sfk", "-m10", version, *fields, f"https://{HOST}:{self.https}{path}"], check=True,
                              capture_output=True).stdout

    def processes(self):
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError, IndexError):
                if entry.name.isdigit() and int((entry / "stat").read_text().rpartition(")")[2].split()[3]) == self.process.pid:
                    found.append(entry)
        return found

    def cpu_seconds(self):
        """Processor time of all its threads, user and system, in seconds."""
        total = 0
        for process in self.processes():
            for task in (process / "task").iterdir():
                with contextlib.suppress(OSError):
                    total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def memory_kib(self):
        """Proportional set size of all its processes, in KiB."""
        return sum(int(re.search(r"^Pss:\s+(\d+)", (process / "smaps_rollup").read_text(), re.M)[1])
                   for process in self.processes())


# The load comes from one address. It is counted, but not refused.
ADDRESS_LIMITS = {"E6_LIMIT_ADDRESS_CONNECTIONS": "20000", "E6_LIMIT_ADDRESS_RATE": "1000000", "E6_LIMIT_ADDRESS_BURST": "1000000",
                  "E6_LIMIT_ADDRESS_EVENT_STREAMS": "5000"}


class E6(Server):
    name, http3 = "e6", True
    binary = PROJECT / "target/release/e6"

    def environment(self):
        # h2load takes a connection that ends after its last request for a failure; nginx has the same setting.
        return {"E6_LIMIT_REQUESTS": "100000000", **ADDRESS_LIMITS}

    def command(self):
        (self.home / "ready.json").unlink(missing_ok=True)
        return [self.binary, "serve", "--http", f"{HOST}:{self.http}", "--https",
                f"{HOST}:{self.https}", "--admin", "off", "--tls", "files", "--tls-cert", self.site.certificate,
                "--tls-key", self.site.key, "--data-dir", self.home,
                # Nobody listens there: the answer stays the same for the whole comparison.
                "--mlb-url", "http://127.0.0.1:9", "--access-log", self.log or "off", "--ready-file", self.home / "ready.json"]

    def wait(self):
        # Its pages are in all codings then.
        while not (self.home / "ready.json").exists():
            assert self.process.poll() is None, "e6 ended"
            time.sleep(0.001)


class StaticE6(E6):
    """The static binary of a release, if deploy/packaging/static has built it."""
    name = "static e6"
    binary = PROJECT / f"target/{platform.machine()}-unknown-linux-musl/release/e6"
    program = binary


def nginx_fields(fields, directive="add_header {} {};"):
    return " ".join(directive.format(key, json.dumps(value)) for key, value in fields.items()
                    if key.lower() not in ("content-type",))


class Nginx(Server):
    name, program = "nginx", "nginx"
    lasting = "keepalive_requests 100000000; keepalive_timeout 600s;"

    def location(self, path, name):
        kind = self.site.fields[name]["content-type"]
        return f"location = {path} {{ types {{ }} default_type '{kind}'; {nginx_fields(self.site.fields[name])} }}"

    def server(self):
        return f"""root {self.site.root}; index index.html;
            location = / {{ try_files /index.html =404; types {{ }} default_type '{self.site.fields["page"]["content-type"]}';
              {nginx_fields(self.site.fields["page"])} }}
            {self.location("/card.png", "large")}"""

    def command(self):
        (self.home / "nginx.conf").write_text(f"""
            daemon off; worker_processes 1; pid {self.home}/pid; error_log {self.home}/error.log;
            worker_rlimit_nofile 30000; user root;
            events {{ worker_connections 20000; }}
            http {{
              access_log {f"{self.log} combined" if self.log else "off"}; sendfile on; tcp_nopush on; server_tokens off;
              open_file_cache max=100; {self.lasting}
              ssl_certificate {self.site.certificate}; ssl_certificate_key {self.site.key}; ssl_protocols TLSv1.2 TLSv1.3;
              ssl_session_cache shared:SSL:10m; client_body_temp_path {self.home}/body; proxy_temp_path {self.home}/proxy;
              fastcgi_temp_path {self.home}/f; uwsgi_temp_path {self.home}/u; scgi_temp_path {self.home}/s;
              {self.upstream()}
              server {{ listen {HOST}:{self.http} backlog=4096; listen {HOST}:{self.https} ssl http2 backlog=4096;
                {self.server()} }}
            }}""")
        return ["nginx", "-p", self.home, "-c", self.home / "nginx.conf"]

    def upstream(self):
        return ""


class Replaced(Nginx):
    """The stack that e6 replaces: nginx before gunicorn before Django."""
    name, conditional = "nginx+gunicorn+Django", False

    def __init__(self, site):
        super().__init__(site)
        self.python = PROJECT / "target/venv/bin/python"
        if not self.absent and subprocess.run([self.python, "-c", "import django, gunicorn"], capture_output=True).returncode:
            self.absent = "target/venv has no django and gunicorn (pip install django gunicorn)"

    def upstream(self):
        return f"upstream django {{ server unix:{self.home}/gunicorn; keepalive 16; }}"

    def server(self):
        return f"""location / {{ proxy_pass http://django; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_set_header Host $host; }}"""

    def command(self):
        nginx = " ".join(map(str, super().command()))
        (self.home / "page.py").write_text(f"""
import django.conf, django.core.wsgi, django.http, django.urls, json
django.conf.settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="x", MIDDLEWARE=[])
FIELDS = json.loads({json.dumps(json.dumps(self.site.fields))})
BODIES = {{name: open(path, "rb").read() for name, path in {dict(page=str(self.site.root / "index.html"), large=str(self.site.root / "card.png"))!r}.items()}}
def send(name):
    return lambda request: django.http.HttpResponse(BODIES[name], headers=FIELDS[name])
urlpatterns = [django.urls.path("", send("page")), django.urls.path("card.png", send("large"))]
application = django.core.wsgi.get_wsgi_application()
""")
        gunicorn = f"{self.python} -m gunicorn --workers 2 --bind unix:{self.home}/gunicorn --log-level warning page:application"
        return ["sh", "-c", f"{gunicorn} & while [ ! -S {self.home}/gunicorn ]; do sleep 0.05; done; exec {nginx}"]


class H2o(Server):
    name, program = "h2o", "h2o"

    def command(self):
        def path(url, name, file):
            fields = "".join(f"\n        - header.set: {json.dumps(f'{key}: {value}')}"
                             for key, value in self.site.fields[name].items() if key.lower() != "content-type")
            kind = json.dumps(self.site.fields[name]["content-type"])
            return f"""
      {json.dumps(url)}:
        - file.mime.settypes: {{ {kind}: [ ".html", ".png" ] }}{fields}
        - file.file: {file}"""
        (self.home / "h2o.conf").write_text(f"""
num-threads: 1
max-connections: 20000
http1-request-timeout: 600
http2-idle-timeout: 600
{f"access-log: {self.log}" if self.log else ""}
listen: {{ host: {HOST}, port: {self.http} }}
listen: {{ host: {HOST}, port: {self.https}, ssl: {{ certificate-file: {self.site.certificate}, key-file: {self.site.key} }} }}
hosts:
  default:
    paths:{path("/card.png", "large", self.site.root / "card.png")}{path("/", "page", self.site.root / "index.html")}
""")
        return ["h2o", "-c", self.home / "h2o.conf"]


class Caddy(Server):
    name, program, http3 = "Caddy", "caddy", True

    def environment(self):
        return {"GOMAXPROCS": "1", "HOME": str(self.home), "XDG_DATA_HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home)}

    def command(self):
        def fields(name):
            return "\n".join(f"      {key} {json.dumps(value)}" for key, value in self.site.fields[name].items())
        (self.home / "Caddyfile").write_text(f"""{{
  admin off
  auto_https off
  servers {{
    protocols h1 h2 h3
  }}
}}
http://:{self.http}, https://:{self.https} {{
  bind {HOST}
  tls {self.site.certificate} {self.site.key}
  {f"log {{{chr(10)}    output file {self.log}{chr(10)}  }}" if self.log else ""}
  root * {self.site.root}
  header / {{
{fields("page")}
  }}
  header /card.png {{
{fields("large")}
  }}
  file_server
}}""".replace("  tls", "  tls", 1))
        # One site cannot be both with and without TLS where certificates are given: two blocks.
        text = (self.home / "Caddyfile").read_text()
        head, _, block = text.partition("http://:")
        body = block.split("{", 1)[1]
        clear = re.sub(r"\n  tls [^\n]*", "", body)
        (self.home / "Caddyfile").write_text(f"{head}http://:{self.http} {{{clear}\nhttps://:{self.https} {{{body}\n")
        return ["caddy", "run", "--config", self.home / "Caddyfile", "--adapter", "caddyfile"]


class StaticWebServer(Server):
    name, program, conditional = "static-web-server", "static-web-server", False

    def command(self):
        def headers(source, name):
            rows = "".join(f"{json.dumps(key)} = {json.dumps(value)}\n" for key, value in self.site.fields[name].items())
            return f"[[advanced.headers]]\nsource = {json.dumps(source)}\n[advanced.headers.headers]\n{rows}"
        for tls, port in ((False, self.http), (True, self.https)):
            (self.home / f"{port}.toml").write_text(f"""[general]
host = "{HOST}"
port = {port}
root = "{self.site.root}"
log-level = "error"
threads-multiplier = 1
compression = false
security-headers = false
cache-control-headers = false
http2 = {str(tls).lower()}
http2-tls-cert = "{self.site.certificate}"
http2-tls-key = "{self.site.key}"
[advanced]
{headers("/", "page")}{headers("/index.html", "page")}{headers("/card.png", "large")}""")
        one = f"static-web-server --config-file {self.home}/{self.http}.toml"
        other = f"static-web-server --config-file {self.home}/{self.https}.toml"
        return ["sh", "-c", f"{one} & exec {other}"]


class BareLoop(Server):
    name, http2 = "bare loop", False

    def command(self):
        for name in PATHS:
            fields = "".join(f"{key}: {value}\r\n" for key, value in self.site.fields[name].items())
            length = f"content-length: {len(self.site.bodies[name])}\r\n"
            (self.home / name).write_bytes(f"HTTP/1.1 200 OK\r\n{fields}{length}\r\n".encode() + self.site.bodies[name])
            (self.home / "unchanged").write_bytes(f"HTTP/1.1 304 Not Modified\r\n{fields}\r\n".encode())
        loop = program("bare_loop")
        tls = f"{loop} serve {HOST}:{self.https} {self.home} {self.site.certificate} {self.site.key}"
        return ["sh", "-c", f"{loop} serve {HOST}:{self.http} {self.home} & exec {tls}"]


def program(name):
    found = sorted((PROJECT / "target/release/deps").glob(f"{name}-*"), key=lambda path: path.stat().st_mtime)
    found = [path for path in found if os.access(path, os.X_OK) and path.suffix == ""]
    assert found, f"cargo build --release --bench {name} first"
    return found[-1]


ALL = {server.name: server for server in (E6, StaticE6, Nginx, H2o, Caddy, StaticWebServer, Replaced, BareLoop)}
