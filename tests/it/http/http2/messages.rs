//! Requests (RFC 9113 §8) and their compression (RFC 7541).

use crate::http::http2::{
    Case,
    Expect::{Answered, AnsweredOrReset, Error, Reset, Served},
    case,
    frames::*,
};

pub fn cases() -> Vec<Case> {
    [messages(), fields(), pseudo_fields(), bodies(), compression()].into_iter().flatten().collect()
}

/// A request with exactly these fields.
fn request(fields: &[(&str, &str)]) -> Vec<u8> {
    headers(1, WHOLE, &block(fields))
}

const METHOD: (&str, &str) = (":method", "GET");
const SCHEME: (&str, &str) = (":scheme", "https");
const PATH: (&str, &str) = (":path", "/");
const AUTHORITY: (&str, &str) = (":authority", "localhost");

fn messages() -> Vec<Case> {
    let method = |method| request(&[(":method", method), SCHEME, PATH, AUTHORITY]);
    vec![
        case("9113 §8.1", "GET", method("GET"), Served(1)),
        case("9113 §8.1", "HEAD", method("HEAD"), Served(1)),
        case("9113 §8.1", "POST", method("POST"), Answered(1)),
        case("9110 §9.3.7", "OPTIONS", method("OPTIONS"), Answered(1)),
        case("9110 §9.1", "a method nobody knows", method("BREW"), Answered(1)),
        case("9110 §9.1", "a method that is no token", method("G ET"), Error(&[PROTOCOL])),
        case("9110 §9.1", "a method that is empty", method(""), Error(&[PROTOCOL])),
        case("9113 §8.1", "two requests at once", [get(1), get(3)].concat(), Served(3)),
        case(
            "9113 §8.1",
            "a second HEADERS that does not end the stream",
            [post(1), headers(1, END_HEADERS, &block(&[("x-test", "ok")]))].concat(),
            AnsweredOrReset(1),
        ),
        case(
            "9113 §8.1",
            "trailers",
            [post(1), data(1, 0, b"x"), headers(1, WHOLE, &block(&[("x-test", "ok")]))].concat(),
            AnsweredOrReset(1),
        ),
        case(
            "9113 §8.1",
            "pseudo fields in trailers",
            [post(1), headers(1, WHOLE, &block(&[METHOD]))].concat(),
            AnsweredOrReset(1),
        ),
        case(
            "9113 §8.5",
            "CONNECT with a path",
            request(&[(":method", "CONNECT"), SCHEME, PATH, AUTHORITY]),
            AnsweredOrReset(1),
        ),
        case(
            "9113 §8.5",
            "CONNECT without an authority",
            request(&[(":method", "CONNECT")]),
            Reset(&[PROTOCOL]),
        ),
        case(
            "8441 §4",
            "extended CONNECT, which is not on offer",
            request(&[(":method", "CONNECT"), (":protocol", "websocket"), SCHEME, PATH, AUTHORITY]),
            AnsweredOrReset(1),
        ),
    ]
}

fn fields() -> Vec<Case> {
    let malformed = |section, name, field| case(section, name, get_with(1, &[field]), Reset(&[PROTOCOL]));
    let many: Vec<(String, &str)> = (0..120).map(|n| (format!("x-{n}"), "y")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    // RFC 9113 allows a connection error instead of a stream error (§5.4.1); docs/http2.md lists them.
    let unreadable = |section, name, field| case(section, name, get_with(1, &[field]), Error(&[PROTOCOL]));
    let long = "z".repeat(9_000);
    vec![
        unreadable("9113 §8.2.1", "upper case", ("X-Test", "ok")),
        unreadable("9113 §8.2.1", "a space in a name", ("x test", "ok")),
        unreadable("9113 §8.2.1", "a colon in a name", ("x:test", "ok")),
        unreadable("9113 §8.2.1", "a control character in a name", ("x\u{1}", "ok")),
        unreadable("9113 §8.2.1", "no name", ("", "ok")),
        unreadable("9113 §8.2.1", "CR in a value", ("x-test", "a\rb")),
        unreadable("9113 §8.2.1", "LF in a value", ("x-test", "a\nb")),
        unreadable("9113 §8.2.1", "NUL in a value", ("x-test", "a\0b")),
        malformed("9113 §8.2.2", "Connection", ("connection", "keep-alive")),
        malformed("9113 §8.2.2", "Keep-Alive", ("keep-alive", "timeout=5")),
        malformed("9113 §8.2.2", "Proxy-Connection", ("proxy-connection", "keep-alive")),
        malformed("9113 §8.2.2", "Transfer-Encoding", ("transfer-encoding", "chunked")),
        malformed("9113 §8.2.2", "Upgrade", ("upgrade", "h2c")),
        malformed("9113 §8.2.2", "TE other than trailers", ("te", "trailers, deflate")),
        case("9113 §8.2.2", "TE of trailers", get_with(1, &[("te", "trailers")]), Served(1)),
        case(
            "9113 §8.2.3",
            "cookies in pieces",
            get_with(1, &[("cookie", "a=1"), ("cookie", "b=2")]),
            Served(1),
        ),
        malformed("9113 §8.2.1", "a space before a value", ("x-test", " ok")),
        malformed("9113 §8.2.1", "a space after a value", ("x-test", "ok ")),
        malformed("9113 §8.2.1", "a tab before a value", ("x-test", "\tok")),
        malformed("9113 §8.2.1", "a tab after a value", ("x-test", "ok\t")),
        malformed("9113 §8.2.1", "a value that is a space", ("x-test", " ")),
        malformed("9113 §8.3.1", "a Host that is another", ("host", "example.org")),
        malformed("9113 §8.3.1", "a Host of another port", ("host", "localhost:8443")),
        malformed("9113 §8.3.1", "an empty Host", ("host", "")),
        case("9113 §8.2.1", "an empty value", get_with(1, &[("x-test", "")]), Served(1)),
        case("9113 §8.2.1", "a space within a value", get_with(1, &[("x-test", "o k")]), Served(1)),
        case("9113 §8.3.1", "Host in other letters", get_with(1, &[("host", "LocalHost")]), Served(1)),
        case(
            "9113 §8.2",
            "a malformed stream leaves the others alone",
            [get_with(1, &[("x-test", " ok")]), get(3)].concat(),
            Served(3),
        ),
        case("9113 §8.2.1", "obs-text in a value", get_with(1, &[("x-test", "caf\u{e9}")]), Served(1)),
        case("9113 §8.3.1", "Host beside :authority", get_with(1, &[("host", "localhost")]), Served(1)),
        case(
            "9113 §8.3.1",
            "two Hosts",
            get_with(1, &[("host", "localhost"), ("host", "localhost")]),
            AnsweredOrReset(1),
        ),
        case(
            "9113 §8.3.1",
            "two Hosts, one of them another",
            get_with(1, &[("host", "localhost"), ("host", "example.org")]),
            Reset(&[PROTOCOL]),
        ),
        case("9110 §5.4", "more fields than are read", get_with(1, &many), AnsweredOrReset(1)),
        case(
            "9113 §6.5.2",
            "more bytes of fields than are read",
            get_with(1, &[("x-long", &long), ("x-longer", &long[..6_000])]),
            AnsweredOrReset(1),
        ),
    ]
}

fn pseudo_fields() -> Vec<Case> {
    let malformed =
        |name, fields: &[(&str, &str)]| case("9113 §8.3", name, request(fields), Reset(&[PROTOCOL]));
    vec![
        case(
            "9113 §8.3",
            "an unknown one",
            request(&[METHOD, SCHEME, PATH, AUTHORITY, (":test", "ok")]),
            Error(&[PROTOCOL]),
        ),
        malformed("one of a response", &[METHOD, SCHEME, PATH, AUTHORITY, (":status", "200")]),
        malformed("after a field", &[METHOD, SCHEME, ("x-test", "ok"), PATH, AUTHORITY]),
        malformed("an empty path", &[METHOD, SCHEME, (":path", ""), AUTHORITY]),
        malformed("no method", &[SCHEME, PATH, AUTHORITY]),
        malformed("no scheme", &[METHOD, PATH, AUTHORITY]),
        malformed("no path", &[METHOD, SCHEME, AUTHORITY]),
        malformed("two methods", &[METHOD, METHOD, SCHEME, PATH, AUTHORITY]),
        malformed("two schemes", &[METHOD, SCHEME, SCHEME, PATH, AUTHORITY]),
        malformed("two paths", &[METHOD, SCHEME, PATH, PATH, AUTHORITY]),
        malformed("two authorities", &[METHOD, SCHEME, PATH, AUTHORITY, AUTHORITY]),
        malformed("a space in the path", &[METHOD, SCHEME, (":path", "/ x"), AUTHORITY]),
        malformed("a scheme that is none", &[METHOD, (":scheme", "ht tp"), PATH, AUTHORITY]),
        malformed("an empty scheme", &[METHOD, (":scheme", ""), PATH, AUTHORITY]),
        malformed("a scheme that begins with a digit", &[METHOD, (":scheme", "1http"), PATH, AUTHORITY]),
        malformed("a user in the authority", &[METHOD, SCHEME, PATH, (":authority", "me@localhost")]),
        malformed("a query without a path", &[METHOD, SCHEME, (":path", "?q"), AUTHORITY]),
        malformed("an asterisk to GET", &[METHOD, SCHEME, (":path", "*"), AUTHORITY]),
        malformed("an authority that is none", &[METHOD, SCHEME, PATH, (":authority", "local host")]),
        case(
            "9113 §8.3.1",
            "a path without a slash",
            request(&[METHOD, SCHEME, (":path", "robots.txt"), AUTHORITY]),
            Reset(&[PROTOCOL]),
        ),
        case(
            "9113 §8.3.1",
            "Host instead of :authority",
            request(&[METHOD, SCHEME, PATH, ("host", "localhost")]),
            Served(1),
        ),
        // `h2` drops the scheme if there is no authority (docs/http2.md).
        case(
            "9113 §8.3.1",
            "an empty scheme without :authority",
            request(&[METHOD, (":scheme", ""), PATH, ("host", "localhost")]),
            Served(1),
        ),
        case(
            "9113 §8.3.1",
            "neither Host nor :authority",
            request(&[METHOD, SCHEME, PATH]),
            AnsweredOrReset(1),
        ),
        case(
            "9113 §8.3.1",
            "the asterisk",
            request(&[(":method", "OPTIONS"), SCHEME, (":path", "*"), AUTHORITY]),
            Answered(1),
        ),
    ]
}

/// No body is read: the response refuses it, possibly before the body is malformed.
fn bodies() -> Vec<Case> {
    let post_with =
        |length| headers(1, END_HEADERS, &[post_block(), block(&[("content-length", length)])].concat());
    vec![
        case(
            "9113 §8.1.1",
            "less than Content-Length",
            [post_with("2"), data(1, END_STREAM, b"x")].concat(),
            AnsweredOrReset(1),
        ),
        case(
            "9113 §8.1.1",
            "more than Content-Length in pieces",
            [post_with("1"), data(1, 0, b"x"), data(1, END_STREAM, b"x")].concat(),
            AnsweredOrReset(1),
        ),
        case(
            "9113 §8.1.1",
            "Content-Length and no body at all",
            get_with(1, &[("content-length", "5")]),
            AnsweredOrReset(1),
        ),
        case("9110 §8.6", "Content-Length that is no number", post_with("+1"), AnsweredOrReset(1)),
        case(
            "9110 §8.6",
            "two Content-Lengths that differ",
            get_with(1, &[("content-length", "0"), ("content-length", "1")]),
            Reset(&[PROTOCOL]),
        ),
        case("9110 §8.6", "Content-Length of 0", get_with(1, &[("content-length", "0")]), Served(1)),
        case(
            "9110 §15.5.14",
            "a body is refused and the connection goes on",
            [post(1), data(1, END_STREAM, b"x"), get(3)].concat(),
            Served(3),
        ),
        case(
            "9110 §10.1.1",
            "Expect is answered finally",
            headers(
                1,
                END_HEADERS,
                &[post_block(), block(&[("expect", "100-continue"), ("content-length", "1")])].concat(),
            ),
            Answered(1),
        ),
    ]
}

fn compression() -> Vec<Case> {
    let get_and = |more: &[u8]| headers(1, WHOLE, &[&get_block()[..], more].concat());
    let broken = |section, name, more: &[u8]| case(section, name, get_and(more), Error(UNREADABLE_BLOCK));
    let literal = |name, first: u8| {
        let field = [&[first, 6][..], b"x-test", &[2], b"ok"].concat();
        case("7541 §6.2", name, get_and(&field), Served(1))
    };
    // Indexing adds an entry (62) to the dynamic table, which the next request uses.
    let indexed = [&[0x40, 6][..], b"x-test", &[2], b"ok"].concat();
    let again = headers(3, WHOLE, &[&get_block()[..], &[0xbe]].concat());
    vec![
        literal("a literal with indexing", 0x40),
        literal("a literal without indexing", 0x00),
        literal("a literal never indexed", 0x10),
        case("7541 §6.1", "an indexed field", get_and(&[0x90]), Served(1)),
        case(
            "7541 §2.3.2",
            "an entry made by an earlier request",
            [get_and(&indexed), again].concat(),
            Served(3),
        ),
        case(
            "7541 §5.2",
            "Huffman coding",
            get_and(&[0x00, 6, b'x', b'-', b't', b'e', b's', b't', 0x82, 0x3f, 0x5f]),
            Served(1),
        ),
        case(
            "7541 §6.3",
            "a smaller table",
            headers(1, WHOLE, &[&[0x20][..], &get_block()].concat()),
            Served(1),
        ),
        case(
            "7541 §6.3",
            "a table of the size that is allowed",
            headers(1, WHOLE, &[&[0x3f, 0xe1, 0x1f][..], &get_block()].concat()),
            Served(1),
        ),
        broken("7541 §2.3.3", "an index past the table", &[0xff, 0x80, 0x01]),
        broken("7541 §2.3.3", "a name past the table", &[0x7f, 0x80, 0x01, 2, b'o', b'k']),
        broken("7541 §6.1", "index 0", &[0x80]),
        broken("7541 §4.2", "a table size at the end of a block", &[0x20]),
        broken(
            "7541 §5.1",
            "an integer without end",
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ),
        broken(
            "7541 §5.2",
            "Huffman padding of a byte",
            &[0x00, 6, b'x', b'-', b't', b'e', b's', b't', 0x83, 0x3f, 0x5f, 0xff],
        ),
        broken(
            "7541 §5.2",
            "Huffman padding with zeros",
            &[0x00, 6, b'x', b'-', b't', b'e', b's', b't', 0x82, 0x3f, 0x50],
        ),
        broken(
            "7541 §5.2",
            "the end of the string in Huffman coding",
            &[0x00, 6, b'x', b'-', b't', b'e', b's', b't', 0x84, 0xff, 0xff, 0xff, 0xfc],
        ),
        broken(
            "7541 §5.2",
            "a string longer than its block",
            &[0x00, 6, b'x', b'-', b't', b'e', b's', b't', 100, b'o'],
        ),
        case(
            "7541 §6.3",
            "a table larger than is allowed",
            headers(1, WHOLE, &[&[0x3f, 0xe2, 0x1f][..], &get_block()].concat()),
            Error(UNREADABLE_BLOCK),
        ),
    ]
}
