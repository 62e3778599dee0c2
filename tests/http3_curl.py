"""Talks HTTP/3 with libcurl (ngtcp2, nghttp3).

    http3_curl.py PORT          fails if a response is wrong
    http3_curl.py PORT PATH     prints the page
"""

import sys

from curl_cffi import CurlHttpVersion, requests

ONLY = CurlHttpVersion.V3ONLY
site = f"https://localhost:{sys.argv[1]}"
with requests.Session(verify=False, http_version=ONLY) as session:
    if len(sys.argv) > 2:
        print(session.get(site + sys.argv[2], headers={"Accept": "text/html"}).text)
        sys.exit()
    page = session.get(site + "/", headers={"Accept": "text/html"})
    assert (page.status_code, page.http_version) == (200, CurlHttpVersion.V3), (page.status_code, page.http_version)
    assert "<!doctype html>" in page.text.lower()
    known = session.get(site + "/", headers={"Accept": "text/html", "If-None-Match": page.headers["etag"]})
    assert known.status_code == 304, known.status_code
    head = session.head(site + "/card.png")
    assert head.status_code == 200 and not head.content
    picture = session.get(site + "/card.png")
    assert len(picture.content) == int(head.headers["content-length"])
    assert session.post(site + "/", data=b"x" * 100_000).status_code == 405
    assert session.get(site + "/nothing").status_code == 404
