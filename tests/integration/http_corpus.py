"""Raw requests, and what must come of each: a table of bytes and statuses. What RFC 9110 and 9112 do not allow is refused once, and ends the
connection; what they allow is answered, however unusual it is."""

from __future__ import annotations

from typing import NamedTuple

CRLF = b"\r\n"
HOST = b"Host: localhost"
SMUGGLED = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Case(NamedTuple):
    name: str
    sent: bytes
    status: int
    goes_on: bool  # the connection takes another request


def request(line: bytes, *fields: bytes, body: bytes = b"", end: bytes = CRLF) -> bytes:
    return b"".join(part + end for part in (line, *fields, b"")) + body


def refused(name: str, sent: bytes, status: int = 400) -> Case:
    return Case(name, sent, status, goes_on=False)


def answered(name: str, sent: bytes, status: int = 200) -> Case:
    return Case(name, sent, status, goes_on=True)


def get(*fields: bytes, target: bytes = b"/ui/smelt.css", version: bytes = b"HTTP/1.1", method: bytes = b"GET") -> bytes:
    return request(b"%s %s %s" % (method, target, version), HOST, *fields)


TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
PATH = b"-._~!$&'()*+,;=:@/0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
BYTES = [bytes([n]) for n in range(256)]
STRANGE = [b"\x00", b"\x01", b"\x08", b"\x0b", b"\x0c", b"\x1b", b"\x1f", b"\x7f"]


def field_names() -> list[Case]:
    """A name is a token, with the colon right behind it."""
    cases = [refused(f"name with {byte!r}", get(b"X%sY: a" % byte)) for byte in BYTES if byte not in TOKEN and byte not in (b":", b"\r", b"\n")]
    cases += [answered(f"name with {bytes([byte])!r}", get(b"X%sY: a" % bytes([byte]))) for byte in TOKEN[:15]]
    blanks = {"space": b" ", "tab": b"\t", "two spaces": b"  ", "no-break space": b"\xa0"}
    for name, blank in blanks.items():
        cases.append(refused(f"{name} before the colon", get(b"X%s: a" % blank)))
        cases.append(refused(f"{name} before the colon of Content-Length", get(b"Content-Length%s: %d" % (blank, len(SMUGGLED)))))
        cases.append(refused(f"{name} before the colon of Transfer-Encoding", get(b"Transfer-Encoding%s: chunked" % blank)))
        cases.append(refused(f"{name} before the colon of Host", request(b"GET /livez HTTP/1.1", b"Host%s: localhost" % blank)))
        cases.append(refused(f"{name} before the first name", request(b"GET /livez HTTP/1.1", blank + b"X: a", HOST)))
    cases += [refused("no colon", get(b"X")), refused("no name", get(b": a")), refused("colon alone", get(b":")), refused("blank line", get(b" "))]
    cases += [refused("folded", get(b"X: a", b" b")), refused("folded by a tab", get(b"X: a", b"\tb"))]
    cases += [refused("folded Content-Length", get(b"Content-Length:", b" 5")), refused("folded Host", request(b"GET / HTTP/1.1", b"Host:", b" localhost"))]
    return cases


def field_values() -> list[Case]:
    cases = [refused(f"value with {byte!r}", get(b"X: a%sb" % byte)) for byte in STRANGE]
    cases += [refused(f"value that is {byte!r}", get(b"X: %s" % byte)) for byte in STRANGE]
    cases += [refused("bare CR", get(b"X: a\rb")), refused("bare CR at the end", get(b"X: a\r")), refused("bare LF", get(b"X: a\nY: b"))]
    cases += [refused("bare LF everywhere", request(b"GET / HTTP/1.1", HOST, end=b"\n")), refused("LF CR", request(b"GET / HTTP/1.1", HOST, end=b"\n\r"))]
    good = [b"", b" ", b"\t", b"a b", b"  a  ", b"\x80\xff", "\N{SNOWMAN}".encode(), b'"quoted"', b"a\tb", b",,,", b":", b"a: b"]
    cases += [answered(f"value {value!r}", get(b"X:" + value)) for value in good]
    return cases


def hosts() -> list[Case]:
    def with_host(*values: bytes, version: bytes = b"HTTP/1.1") -> bytes:
        return request(b"GET /ui/smelt.css " + version, *(b"Host:" + value for value in values))

    good = [b"localhost", b" localhost:8080", b" LOCALHOST", b" localhost.", b" 127.0.0.1", b" 127.0.0.1:1", b" [::1]", b" [::1]:8080", b" localhost:", b"\tlocalhost\t"]
    cases = [answered(f"Host:{value!r}", with_host(value)) for value in good]
    foreign = [b"evil.example", b"evil.example:8080", b"localhost.evil.example", b"127.0.0.1.evil.example", b"xlocalhost", b"127.0.0.2", b"0.0.0.0", b"192.0.2.1",
               b"[::2]", b"[::ffff:127.0.0.1]", b"localhost,evil.example", b"2130706433", b"0x7f.1", b"127.1", b"loc%61lhost", b"xn--localhost-x"]  # fmt: skip
    cases += [answered(f"Host: {value!r}", with_host(b" " + value), 421) for value in foreign]
    bad = [b"", b" ", b" a b", b" localhost:x", b" localhost:99999", b" localhost:-1", b" localhost: 80", b" localhost:80:80", b" user@localhost", b" http://localhost",
           b" localhost/", b" localhost?", b" localhost#", b" [::1", b" ::1]", b" ::1", b" [::1]x", b" [localhost]", b" [::1%25lo]", b" [::1%lo]", b" []", b" [:]", b" loc%lhost",
           b" loc%6", b" localhost, localhost", b" \xff", "\N{SNOWMAN}".encode(), b" <localhost>", b' "localhost"', b" local\\host", b" :80",
           b" " + b"a" * 256, b" localhost\x00", b" localhost\x0b"]  # fmt: skip
    cases += [refused(f"Host:{value!r}", with_host(value)) for value in bad]
    cases += [refused("two Hosts", with_host(b" localhost", b" evil.example")), refused("the same Host twice", with_host(b" localhost", b" localhost"))]
    cases += [refused("no Host", with_host()), refused("two Hosts in 1.0", with_host(b" localhost", b" localhost", version=b"HTTP/1.0"))]
    cases += [Case("no Host in 1.0", with_host(version=b"HTTP/1.0"), 200, goes_on=False), Case("Host in 1.0", with_host(b" evil.example", version=b"HTTP/1.0"), 421, goes_on=False)]
    return cases


def targets() -> list[Case]:
    cases = [refused(f"path with {byte!r}", get(target=b"/ui/a%sb" % byte)) for byte in BYTES if byte not in PATH and byte not in (b"?", b"%", b"\n")]
    cases += [refused(f"query with {byte!r}", get(target=b"/ui/a?b%sc" % byte)) for byte in (b"#", b"<", b'"', b"\\", b"^", b"`", b"{", b"|", b"[", b"\x80", b"\x00", b"\t")]
    bad = [b"/%", b"/%4", b"/%zz", b"/a%00b", b"/a?b=%00", b"/a?%00", b"/%ff", b"/a?b=%ff", b"/a?b=%0a", b"ui/smelt.css", b"?", b"*", b"", b"localhost:80", b"//\x00", b"/a?b=%ed%a0%80",
           b"ftp://localhost/", b"file:///etc/passwd", b"http:/livez", b"http:livez", b"http://", b"http:///livez", b"http://user@localhost/", b"http://localhost:x/", b"http://[::1/",
           b"http://local host/", b"https://localhost/#f"]  # fmt: skip
    cases += [Case(f"target {target!r}", get(target=target), 400, goes_on=target in (b"/a%00b", b"/a?b=%00", b"/a?%00", b"/%ff", b"/a?b=%ff", b"/a?b=%0a", b"/a?b=%ed%a0%80")) for target in bad]
    good = [b"/ui/smelt.css", b"/ui/smelt.css?", b"/ui/sm%65lt.css", b"http://localhost/ui/smelt.css", b"HTTP://LOCALHOST/ui/smelt.css", b"https://localhost:1/ui/smelt.css", b"http://[::1]/ui/smelt.css"]
    cases += [answered(f"target {target!r}", get(target=target), 404 if b"%65" in target else 200) for target in good]
    cases += [answered("absolute without a path", get(target=b"http://localhost")), answered("absolute with a query alone", get(target=b"http://localhost?"))]
    cases += [answered("absolute for another host", get(target=b"http://evil.example/ui/smelt.css"), 421)]
    cases += [answered("absolute for us, with another Host", request(b"GET http://localhost/ui/smelt.css HTTP/1.1", b"Host: evil.example"))]
    cases += [answered(f"nothing at {target!r}", get(target=target), 404) for target in (b"/..", b"/ui/../sql/api/alive.sql", b"/ui/%2e%2e/x", b"//ui/smelt.css", b"/UI/smelt.css", b"/;a=b", b"/:@!$&'()*+,=")]
    cases += [refused("long target", get(target=b"/" + b"a" * 5000), 414), answered("target of the longest kind", get(target=b"/" + b"a" * 4095), 404)]
    cases += [refused("no end of the target", b"GET /" + b"a" * 20000, 414)]
    return cases


def request_lines() -> list[Case]:
    line = {
        "two spaces": b"GET  /livez HTTP/1.1", "tab": b"GET\t/livez HTTP/1.1", "space before": b" GET /livez HTTP/1.1", "space behind": b"GET /livez HTTP/1.1 ", "no version": b"GET /livez",
        "method alone": b"GET", "nothing": b" ", "lower case": b"GET /livez http/1.1", "no digits": b"GET /livez HTTP/x.y", "one digit": b"GET /livez HTTP/1", "long version": b"GET /livez HTTP/1.10",
        "leading zero": b"GET /livez HTTP/01.1", "comma": b"GET /livez HTTP/1,1", "other name": b"GET /livez ICAP/1.1", "blank in the version": b"GET /livez HTTP /1.1",
        "RTSP": b"GET /livez RTSP/1.0", "ICE": b"GET /livez ICE/1.0", "method with a parenthesis": b"G(T /livez HTTP/1.1", "method with a NUL": b"G\x00T /livez HTTP/1.1", "method of Unicode": "G\N{SNOWMAN}T /livez HTTP/1.1".encode(), "two requests": b"GET /livez HTTP/1.1 GET /livez HTTP/1.1",
    }  # fmt: skip
    cases = [refused(f"request line: {name}", request(sent, HOST)) for name, sent in line.items()]
    cases += [refused(f"version {version!r}", get(version=version), 505) for version in (b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/3.0", b"HTTP/9.9")]
    cases += [refused("preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 501), refused("TLS", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\n")]
    cases += [refused("two empty lines before", b"\r\n\r\n" + get()), refused("LF before", b"\n" + get()), answered("an empty line before", b"\r\n" + get())]
    cases += [refused("CR CR before", b"\r\r" + get()), refused("CR before", b"\r" + get()), refused("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"), refused("SMTP", b"EHLO localhost\r\n")]
    cases += [Case("version 1.0", get(version=b"HTTP/1.0"), 200, goes_on=False), answered("version 1.0 that stays", get(b"Connection: keep-alive", version=b"HTTP/1.0"))]
    return cases


def methods() -> list[Case]:
    cases = [answered(f"{method.decode()}", get(b"Content-Length: 0", method=method), 405) for method in (b"POST", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"QUERY")]
    cases += [refused(f"method {method.decode()}", get(method=method), 501) for method in (b"CONNECT", b"get", b"Get", b"PROPFIND", b"LOCK", b"M-SEARCH", b"X", b"!#$%&'*+-.^_`|~", b"A" * 1000)]
    cases += [answered("OPTIONS", get(method=b"OPTIONS"), 204), answered("OPTIONS *", get(method=b"OPTIONS", target=b"*"), 204), answered("OPTIONS of nothing", get(method=b"OPTIONS", target=b"/x"), 404)]
    cases += [answered("HEAD", get(method=b"HEAD")), answered("HEAD of nothing", get(method=b"HEAD", target=b"/x"), 404), answered("POST to nothing", get(method=b"POST", target=b"/x"), 404)]
    cases += [refused(f"{method.decode()} *", get(method=method, target=b"*")) for method in (b"GET", b"HEAD", b"POST")]
    return cases


def bodies() -> list[Case]:
    def length(value: bytes, *more: bytes, body: bytes = SMUGGLED) -> bytes:
        return get(b"Content-Length:" + value, *more) + body

    bad = [b" 5, 5", b" +5", b" -1", b" 0x5", b" 5 5", b"", b" ", b" a", b" 5;", b" 5.0", b" 1e1", b" \xb2", b" 0\x00", b" ,5", b" 0, 0"]
    cases = [refused(f"Content-Length:{value!r}", length(value)) for value in bad]
    cases += [refused(f"Content-Length:{value!r}", length(value)) for value in (b" %d" % len(SMUGGLED), b" 1", b" 99999999999999999999999", b" 00005", b" 18446744073709551616")]
    cases += [answered(f"Content-Length:{value!r}", length(value, body=b"")) for value in (b" 0", b"0", b" 000", b"\t0 ")]
    cases += [refused("two Content-Length", length(b" 0", b"Content-Length: 0")), refused("two that differ", length(b" 0", b"Content-Length: 44"))]
    cases += [refused("length and chunked", length(b" 5", b"Transfer-Encoding: chunked")), refused("chunked and length", get(b"Transfer-Encoding: chunked", b"Content-Length: 0") + SMUGGLED)]
    codings = {b" chunked": 400, b" Chunked": 400, b" identity": 400, b" gzip": 400, b" gzip, chunked": 501, b" chunked, gzip": 400, b" chunked, chunked": 400, b" xchunked": 400, b" chunkedx": 400,
               b" chunked;q=1": 400, b"": 400, b" ,": 400, b" \x0bchunked": 400, b' "chunked"': 400, b" chunked, ": 400, b" deflate;a=b, chunked": 501, b" (chunked)": 400}  # fmt: skip
    cases += [refused(f"Transfer-Encoding:{value!r}", get(b"Transfer-Encoding:" + value) + SMUGGLED, status) for value, status in codings.items()]
    cases += [refused("two Transfer-Encoding", get(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity") + SMUGGLED), refused("chunked in 1.0", get(b"Transfer-Encoding: chunked", version=b"HTTP/1.0") + SMUGGLED)]
    cases += [refused("typed content", get(b"Content-Length: 2", b"Content-Type: application/json") + b"{}", 415), refused("coded content", get(b"Content-Length: 2", b"Content-Encoding: gzip") + b"{}", 415)]
    cases += [refused("POST with content", get(b"Content-Length: 2", method=b"POST") + b"{}", 405), refused("PUT of nothing", get(b"Content-Length: 2", method=b"PUT", target=b"/x") + b"{}", 404)]
    cases += [refused("content for another host", request(b"GET / HTTP/1.1", b"Host: evil.example", b"Content-Length: 2") + b"{}", 421)]
    cases += [refused("content that is expected", get(b"Content-Length: 2", b"Expect: 100-continue")), answered("nothing that is expected", get(b"Expect: 100-continue"))]
    long = request(b"POST /api/v1/subscribers/lookup HTTP/1.1", HOST, b"Smelt-Request: yes", b"Content-Type: application/json", b"Expect: 100-continue", b"Content-Length: 524289")
    cases += [refused("content that is too long is not asked for", long, 413)]
    cases += [refused(f"Expect: {value!r}", get(b"Expect: " + value), 417) for value in (b"42", b"", b"100-continue, x", b"200-ok")]
    return cases


def connections_and_sizes() -> list[Case]:
    cases = [Case(f"Connection: {value!r}", get(b"Connection: " + value), 200, goes_on=False) for value in (b"close", b"Close", b"x, close", b"close, keep-alive", b"close,")]
    cases += [answered(f"Connection: {value!r}", get(b"Connection: " + value)) for value in (b"keep-alive", b"upgrade", b"x,y", b"", b"closed", b"x-close")]
    cases += [refused(f"Connection: {value!r}", get(b"Connection: " + value)) for value in (b"a b", b"close;x", b"(close)")]
    cases += [refused("two Authorization", get(b"Authorization: Bearer a", b"Authorization: Bearer b")), refused("two Cookies", get(b"Cookie: a=b", b"Cookie: c=d"))]
    cases += [answered("a wrong Authorization where none is asked for", get(b"Authorization: Bearer a", b"Cookie: smelt_session=x; a=b"))]
    cases += [answered("Upgrade", get(b"Connection: upgrade", b"Upgrade: h2c", b"HTTP2-Settings: x")), answered("Range", get(b"Range: bytes=0-1"))]
    cases += [answered("100 fields", get(*(b"X: a" for _ in range(99)))), refused("101 fields", get(*(b"X: a" for _ in range(100))), 431)]
    cases += [answered("a long value", get(b"X: " + b"a" * 15000)), refused("a value that is too long", get(b"X: " + b"a" * 17000), 431), refused("a value without end", get() [:-2] + b"X: " + b"a" * 100000, 431)]
    cases += [refused("a long name", get(b"X" * 17000 + b": a"), 431), refused("empty fields without end", get()[:-2] + b"X:\r\n" * 5000, 431)]
    return cases


def accepts() -> list[Case]:
    def api(accept: bytes, target: bytes = b"/livez") -> bytes:
        return get(b"Accept:" + accept, target=target)

    good = [b"", b" */*", b" application/json", b" APPLICATION/JSON", b" application/*", b" text/html, */*;q=0.1", b" application/json;q=0.001", b" text/csv, application/json", b" text/html,application/xhtml+xml,*/*;q=0.8",
            b" application/json; charset=utf-8", b" ;;;", b" ,", b" text/csv;q=0, */*", b" */*;q=0, application/json"]  # fmt: skip
    cases = [answered(f"Accept:{value!r}", api(value)) for value in good]
    bad = [b" text/csv", b" text/*", b" application/xml", b" application/json;q=0", b" application/json; q=0.0", b" application/json;q=0.000, text/csv", b" */*;q=0", b" application/*;q=0", b" application/json;q=0, */*", b" image/webp"]
    cases += [answered(f"Accept:{value!r}", api(value), 406) for value in bad]
    cases += [answered("Accept of metrics", api(b" application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3", b"/metrics")), answered("JSON of metrics", api(b" application/json", b"/metrics"), 406)]
    cases += [answered("a style sheet", api(b" text/css,*/*;q=0.1", b"/ui/smelt.css")), answered("no style sheet", api(b" text/javascript", b"/ui/smelt.css"), 406), answered("the page", api(b" text/html", b"/"))]
    return cases


CORPUS = [*field_names(), *field_values(), *hosts(), *targets(), *request_lines(), *methods(), *bodies(), *connections_and_sizes(), *accepts()]
