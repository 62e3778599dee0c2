//! Frames and streams (RFC 9113 §4, §5).

use crate::http::http2::{
    Case,
    Expect::{Alive, AnsweredOrReset, Error, Frame, Reset, Served},
    case,
    frames::*,
};

pub fn cases() -> Vec<Case> {
    frame_format().into_iter().chain(stream_states()).collect()
}

fn frame_format() -> Vec<Case> {
    let half = get_block();
    let (first, rest) = half.split_at(2);
    vec![
        case("9113 §3.4", "a GET after the preface", get(1), Served(1)),
        case(
            "9113 §4.1",
            "an unknown frame is ignored",
            [frame(0x16, 0, 0, b"what"), get(1)].concat(),
            Served(1),
        ),
        case(
            "9113 §4.1",
            "an unknown frame on a stream is ignored",
            [frame(0xff, 0xff, 5, b"what"), get(1)].concat(),
            Served(1),
        ),
        case(
            "9113 §4.1",
            "undefined flags are ignored",
            frame(PING, 0x16, 0, b"e6 lives"),
            Frame(PING, ACK, b"e6 lives"),
        ),
        case(
            "9113 §4.1",
            "undefined flags of HEADERS are ignored",
            headers(1, WHOLE | 0x52, &half),
            Served(1),
        ),
        case(
            "9113 §4.1",
            "the reserved bit is ignored",
            frame(PING, 0, 0x8000_0000, b"e6 lives"),
            Frame(PING, ACK, b"e6 lives"),
        ),
        case("9113 §4.1", "the reserved bit of a stream is ignored", get(0x8000_0001), Served(1)),
        case(
            "9113 §4.2",
            "DATA of 2^14 bytes",
            [post(1), data(1, END_STREAM, &[0; 16_384])].concat(),
            AnsweredOrReset(1),
        ),
        case(
            "9113 §4.2",
            "DATA larger than allowed",
            [post(1), data(1, END_STREAM, &[0; 16_385])].concat(),
            Reset(UNREADABLE_SIZE),
        ),
        case(
            "9113 §4.2",
            "HEADERS larger than allowed",
            headers(1, WHOLE, &[get_block(), vec![0; 16_384]].concat()),
            Error(UNREADABLE_SIZE),
        ),
        case(
            "9113 §4.2",
            "an unknown frame larger than allowed",
            frame(0x16, 0, 0, &[0; 16_385]),
            Error(UNREADABLE_SIZE),
        ),
        case("9113 §4.3", "a block that is no block", headers(1, WHOLE, &[0xff; 6]), Error(UNREADABLE_BLOCK)),
        case(
            "9113 §4.3",
            "a block cut short",
            headers(1, WHOLE, &[0x82, 0x87, 0x00, 9, b'x']),
            Error(UNREADABLE_BLOCK),
        ),
        case(
            "9113 §4.3",
            "PRIORITY within a block",
            [headers(1, END_STREAM, first), priority(1, 0), continuation(1, END_HEADERS, rest)].concat(),
            Error(&[PROTOCOL]),
        ),
        case(
            "9113 §4.3",
            "another stream's HEADERS within a block",
            [headers(1, END_STREAM, first), get(3)].concat(),
            Error(&[PROTOCOL]),
        ),
        case(
            "9113 §5.5",
            "an unknown frame within a block",
            [headers(1, END_STREAM, first), frame(0x16, 0, 0, &[]), continuation(1, END_HEADERS, rest)]
                .concat(),
            Error(&[PROTOCOL]),
        ),
        case("9113 §5.5", "an unknown frame of no length", [frame(0x20, 0, 0, &[]), ping()].concat(), Alive),
        case(
            "9113 §6.2",
            "a block in HEADERS and CONTINUATION",
            [headers(1, END_STREAM, first), continuation(1, END_HEADERS, rest)].concat(),
            Served(1),
        ),
        case(
            "9113 §6.10",
            "a block in many CONTINUATIONs",
            [
                headers(1, END_STREAM, first),
                continuation(1, 0, &rest[..1]),
                continuation(1, 0, &[]),
                continuation(1, END_HEADERS, &rest[1..]),
            ]
            .concat(),
            Served(1),
        ),
        case(
            "9113 §6.10",
            "an empty HEADERS and all in CONTINUATION",
            [headers(1, END_STREAM, &[]), continuation(1, END_HEADERS, &half)].concat(),
            Served(1),
        ),
        case(
            "9113 §6.10",
            "something else than CONTINUATION",
            [headers(1, END_STREAM, first), ping()].concat(),
            Error(&[PROTOCOL]),
        ),
        case(
            "9113 §6.10",
            "DATA instead of CONTINUATION",
            [headers(1, 0, first), data(1, END_STREAM, b"x")].concat(),
            Error(&[PROTOCOL]),
        ),
        case(
            "9113 §6.10",
            "CONTINUATION of stream 0",
            [headers(1, END_STREAM, first), continuation(0, END_HEADERS, rest)].concat(),
            Error(&[PROTOCOL]),
        ),
        case(
            "9113 §6.10",
            "CONTINUATION of another stream",
            [headers(1, END_STREAM, first), continuation(3, END_HEADERS, rest)].concat(),
            Error(&[PROTOCOL]),
        ),
        case(
            "9113 §6.10",
            "CONTINUATION after HEADERS that ended the block",
            [post(1), continuation(1, END_HEADERS, rest)].concat(),
            Error(CLOSED),
        ),
        case(
            "9113 §6.10",
            "CONTINUATION after the last CONTINUATION",
            [headers(1, 0, first), continuation(1, END_HEADERS, rest), continuation(1, END_HEADERS, &[])]
                .concat(),
            Error(CLOSED),
        ),
        case(
            "9113 §6.10",
            "CONTINUATION after DATA",
            [post(1), data(1, 0, b"x"), continuation(1, END_HEADERS, rest)].concat(),
            Error(CLOSED),
        ),
    ]
}

fn stream_states() -> Vec<Case> {
    let idle = |name, bytes: Vec<u8>| case("9113 §5.1 idle", name, bytes, Error(CLOSED));
    let half = |name, bytes: Vec<u8>, codes| {
        // A window of 0, so that the stream stays half closed.
        case(
            "9113 §5.1 half-closed (remote)",
            name,
            [settings(&[(4, 0)]), get(1), bytes].concat(),
            Reset(codes),
        )
    };
    let after_reset = |name, bytes: Vec<u8>| {
        let send = [post(1), reset(1, 8), bytes].concat();
        case("9113 §5.1 closed by RST_STREAM", name, send, Reset(CLOSED))
    };
    let mut cases = vec![
        idle("DATA", data(1, END_STREAM, b"x")),
        idle("RST_STREAM", reset(1, 8)),
        idle("WINDOW_UPDATE", window_update(1, 100)),
        idle("CONTINUATION", continuation(1, END_HEADERS, &get_block())),
        case("9113 §5.1 idle", "PRIORITY is allowed", [priority(1, 0), get(1)].concat(), Served(1)),
        half("DATA", data(1, END_STREAM, b"x"), CLOSED),
        half("HEADERS", get(1), CLOSED),
        half("CONTINUATION", continuation(1, END_HEADERS, &get_block()), CLOSED),
        after_reset("HEADERS", get(1)),
        after_reset("CONTINUATION", continuation(1, END_HEADERS, &get_block())),
        case(
            "9113 §5.1 half-closed (remote)",
            "WINDOW_UPDATE is allowed",
            [get(1), window_update(1, 10)].concat(),
            Served(1),
        ),
        case(
            "9113 §5.1 half-closed (remote)",
            "PRIORITY is allowed",
            [get(1), priority(1, 0)].concat(),
            Served(1),
        ),
        case(
            "9113 §5.1 half-closed (remote)",
            "RST_STREAM is allowed",
            [get(1), reset(1, 8), get(3)].concat(),
            Served(3),
        ),
        case(
            "9113 §5.1 closed",
            "PRIORITY is allowed",
            [get(1), reset(1, 8), priority(1, 0), get(3)].concat(),
            Served(3),
        ),
        // Frames may cross the server's RST_STREAM, so they are ignored for a while.
        case(
            "9113 §5.1 closed",
            "WINDOW_UPDATE may come late",
            [get(1), reset(1, 8), window_update(1, 10), get(3)].concat(),
            Served(3),
        ),
        case("9113 §5.1.1", "a client's stream is odd", get(2), Error(&[PROTOCOL])),
        case("9113 §5.1.1", "a new stream has a higher id", [get(5), get(3)].concat(), Error(CLOSED)),
        case("9113 §5.1.1", "ids may be left out", [get(1), get(7)].concat(), Served(7)),
        case(
            "9113 §5.4.1",
            "after an error the server says goodbye",
            frame(PING, 0, 0, b"short"),
            Error(UNREADABLE_SIZE),
        ),
        case("9113 §6.4", "RST_STREAM of stream 0", reset(0, 8), Error(&[PROTOCOL])),
        case(
            "9113 §6.4",
            "RST_STREAM of another length",
            [post(1), frame(RST_STREAM, 0, 1, &[0; 3])].concat(),
            Error(UNREADABLE_SIZE),
        ),
        case(
            "9113 §7",
            "RST_STREAM with an unknown code",
            [get(1), reset(1, 0xff), get(3)].concat(),
            Served(3),
        ),
        case(
            "9113 §5.1.2",
            "as many streams as are allowed",
            [settings(&[(4, 0)]), (0..64).flat_map(|n| get(2 * n + 1)).collect()].concat(),
            Served(127),
        ),
        case(
            "9113 §5.1.2",
            "one stream more than is allowed",
            [settings(&[(4, 0)]), (0..65).flat_map(|n| get(2 * n + 1)).collect()].concat(),
            Reset(&[PROTOCOL, REFUSED]),
        ),
    ];
    let data_after_reset = [post(1), reset(1, 8), data(1, 0, b"x")].concat();
    cases.push(case("9113 §5.1 closed by RST_STREAM", "DATA", data_after_reset, Reset(CLOSED)));
    cases
}
