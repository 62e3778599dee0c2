"""Asks a server and hands each response to httplint. Prints what it finds worse than information, a line each.

Usage: lint.py HOST:PORT, with requests on standard input: method, path and fields, separated by tabs.
"""

import socket
import sys

from httplint import HttpRequestLinter, HttpResponseLinter, levels


def ask(address, method, path, fields):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {address}", "Connection: close", *fields]
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as stream:
        stream.sendall("\r\n".join([*lines, "", ""]).encode())
        chunks = iter(lambda: stream.recv(65536), b"")
        head, _, body = b"".join(chunks).partition(b"\r\n\r\n")
    return head.split(b"\r\n"), body


def lint(address, method, path, fields):
    (top, *lines), body = ask(address, method, path, fields)
    request = HttpRequestLinter()
    request.process_request_topline(method.encode(), f"http://{address}{path}".encode(), b"1.1")
    request.process_headers([tuple(part.encode() for part in field.split(": ", 1)) for field in fields])
    request.finish_content(True)
    response = HttpResponseLinter()
    response.request = request
    response.is_head_response = method == "HEAD"
    version, status, phrase = (top.split(b" ", 2) + [b""])[:3]
    response.process_response_topline(version.partition(b"/")[2], status, phrase)
    response.process_headers([tuple(line.split(b": ", 1)) for line in lines])
    response.feed_content(body)
    response.finish_content(True)
    for note in response.notes:
        if note.level in (levels.WARN, levels.BAD):
            yield status.decode(), type(note).__name__, note.summary


for line in sys.stdin.read().splitlines():
    wanted = line.split("\t")
    found = list(lint(sys.argv[1], wanted[0], wanted[1], wanted[2:]))
    for status, name, summary in found:
        print(f"{' '.join(wanted)}: {status}: {name}: {summary}")
