//! Connection control (RFC 9113 §6): priorities, settings, pings, windows. Floods of them are in `attacks`.

use crate::http::http2::{
    Case,
    Expect::{Alive, Answered, AnsweredOrReset, Data, Error, Frame, Reset, Served},
    case,
    frames::*,
};

pub fn cases() -> Vec<Case> {
    [priorities(), settings_frames(), small_frames(), windows()].into_iter().flatten().collect()
}

/// RFC 9113 §5.3 removes priorities; only the format of the frames remains.
fn priorities() -> Vec<Case> {
    let with_priority = |dependency: u32| {
        headers(1, WHOLE | PRIORITIZED, &[&dependency.to_be_bytes()[..], &[255], &get_block()].concat())
    };
    vec![
        case("9113 §6.2", "HEADERS with a priority", with_priority(0), Served(1)),
        case("9113 §6.2", "HEADERS with an exclusive priority", with_priority(0x8000_0000), Served(1)),
        case("9113 §6.2", "HEADERS that depend on an idle stream", with_priority(77), Served(1)),
        case("9113 §5.3", "HEADERS that depend on themselves", with_priority(1), Reset(&[PROTOCOL])),
        case("9113 §5.3", "PRIORITY that depends on itself", priority(1, 1), Reset(&[PROTOCOL])),
        case("9113 §6.3", "PRIORITY of an idle stream", [priority(9, 0), ping()].concat(), Alive),
        case("9113 §6.3", "PRIORITY of stream 0", priority(0, 1), Error(&[PROTOCOL])),
        case(
            "9113 §6.3",
            "PRIORITY of another length",
            frame(PRIORITY, 0, 1, &[0; 4]),
            Reset(UNREADABLE_SIZE),
        ),
    ]
}

fn settings_frames() -> Vec<Case> {
    let wrong = |name, pairs: &[(u16, u32)], codes| case("9113 §6.5.2", name, settings(pairs), Error(codes));
    vec![
        case(
            "9113 §6.5",
            "an acknowledgement with content",
            frame(SETTINGS, ACK, 0, &[0]),
            Error(UNREADABLE_SIZE),
        ),
        case("9113 §6.5", "of a stream", frame(SETTINGS, 0, 1, &[]), Error(&[PROTOCOL])),
        case("9113 §6.5", "of another length", frame(SETTINGS, 0, 0, &[0, 3, 0]), Error(UNREADABLE_SIZE)),
        case("9113 §6.5.3", "are acknowledged", settings(&[(1, 0)]), Frame(SETTINGS, ACK, b"")),
        case(
            "9113 §6.5.3",
            "the last of several values holds",
            [settings(&[(4, 100), (4, 1)]), get(1)].concat(),
            Data(1),
        ),
        case(
            "9113 §6.5.2",
            "unknown settings are ignored",
            [settings(&[(0xff, 1)]), get(1)].concat(),
            Served(1),
        ),
        case(
            "9113 §6.5.2",
            "no table for the server's encoder",
            [settings(&[(1, 0)]), get(1)].concat(),
            Served(1),
        ),
        case("9113 §6.5.2", "push off", [settings(&[(2, 0)]), get(1)].concat(), Served(1)),
        case("9113 §6.5.2", "the largest frames", [settings(&[(5, 16_777_215)]), get(1)].concat(), Served(1)),
        case(
            "8441 §3",
            "CONNECT protocol is not asked of us",
            [settings(&[(8, 1)]), get(1)].concat(),
            Served(1),
        ),
        wrong("push neither on nor off", &[(2, 2)], &[PROTOCOL]),
        wrong("a window too large", &[(4, 0x8000_0000)], UNREADABLE_WINDOW),
        wrong("frames too small", &[(5, 16_383)], &[PROTOCOL]),
        wrong("frames too large", &[(5, 16_777_216)], &[PROTOCOL]),
    ]
}

fn small_frames() -> Vec<Case> {
    let goaway = |code: u32| frame(GOAWAY, 0, 0, &[0_u32.to_be_bytes(), code.to_be_bytes()].concat());
    vec![
        case("9113 §6.7", "PING is answered", ping(), Frame(PING, ACK, b"e6 lives")),
        case("9113 §6.7", "PING before the answer to a request", [get(1), ping()].concat(), Served(1)),
        case(
            "9113 §6.7",
            "an unasked answer to PING is ignored",
            [frame(PING, ACK, 0, b"nobody??"), get(1)].concat(),
            Served(1),
        ),
        case("9113 §6.7", "PING of a stream", frame(PING, 0, 1, b"e6 lives"), Error(&[PROTOCOL])),
        case("9113 §6.7", "PING of another length", frame(PING, 0, 0, b"six666"), Error(UNREADABLE_SIZE)),
        case("9113 §6.8", "GOAWAY of a stream", frame(GOAWAY, 0, 1, &[0; 8]), Error(&[PROTOCOL])),
        case("9113 §6.8", "GOAWAY too short", frame(GOAWAY, 0, 0, &[0; 7]), Error(UNREADABLE_SIZE)),
        case(
            "9113 §6.8",
            "what was asked before GOAWAY is answered",
            [get(1), goaway(0)].concat(),
            Answered(1),
        ),
        case("9113 §7", "GOAWAY with an unknown code", [get(1), goaway(0xff)].concat(), Answered(1)),
        case(
            "9113 §6.6",
            "a client pushes nothing",
            frame(PUSH_PROMISE, END_HEADERS, 1, &[&[0, 0, 0, 2][..], &get_block()].concat()),
            Error(&[PROTOCOL]),
        ),
        case(
            "9113 §8.4",
            "a client pushes nothing on its stream either",
            [post(1), frame(PUSH_PROMISE, END_HEADERS, 1, &[&[0, 0, 0, 2][..], &get_block()].concat())]
                .concat(),
            Error(&[PROTOCOL]),
        ),
        case("9113 §6.1", "DATA of stream 0", data(0, END_STREAM, b"x"), Error(&[PROTOCOL])),
        case(
            "9113 §6.1",
            "DATA with padding",
            [post(1), data(1, END_STREAM | PADDED, &[2, b'x', 0, 0])].concat(),
            AnsweredOrReset(1),
        ),
        case(
            "9113 §6.1",
            "DATA that is all padding and more",
            [post(1), data(1, END_STREAM | PADDED, &[9, b'x'])].concat(),
            Error(&[PROTOCOL]),
        ),
        case("9113 §6.2", "HEADERS of stream 0", get(0), Error(&[PROTOCOL])),
        case(
            "9113 §6.2",
            "HEADERS with padding",
            headers(1, WHOLE | PADDED, &[vec![3], get_block(), vec![0; 3]].concat()),
            Served(1),
        ),
        case(
            "9113 §6.2",
            "HEADERS with padding and a priority",
            headers(
                1,
                WHOLE | PADDED | PRIORITIZED,
                &[vec![3, 0, 0, 0, 0, 15], get_block(), vec![0; 3]].concat(),
            ),
            Served(1),
        ),
        case(
            "9113 §6.2",
            "HEADERS that are all padding and more",
            headers(1, WHOLE | PADDED, &[vec![200], get_block()].concat()),
            Error(&[PROTOCOL]),
        ),
    ]
}

fn windows() -> Vec<Case> {
    let most = 0x7fff_ffff;
    vec![
        case("9113 §6.9", "an increment of 0", window_update(0, 0), Error(&[PROTOCOL])),
        case(
            "9113 §6.9",
            "an increment of 0 for a stream",
            [settings(&[(4, 0)]), get(1), window_update(1, 0)].concat(),
            Reset(&[PROTOCOL]),
        ),
        case(
            "9113 §6.9",
            "an increment of another length",
            frame(WINDOW_UPDATE, 0, 0, &[0; 3]),
            Error(UNREADABLE_SIZE),
        ),
        case("9113 §6.9", "an increment of 1", [window_update(0, 1), get(1)].concat(), Served(1)),
        case(
            "9113 §6.9",
            "the reserved bit is ignored",
            [window_update(0, 0x8000_0001), get(1)].concat(),
            Served(1),
        ),
        case(
            "9113 §6.9.1",
            "a window past its end",
            [window_update(0, most), window_update(0, most)].concat(),
            Error(UNREADABLE_WINDOW),
        ),
        case(
            "9113 §6.9.1",
            "a stream's window past its end",
            [settings(&[(4, 0)]), get(1), window_update(1, most), window_update(1, most)].concat(),
            Reset(UNREADABLE_WINDOW),
        ),
        case("9113 §6.9.1", "a window of 1 is one byte", [settings(&[(4, 1)]), get(1)].concat(), Data(1)),
        case(
            "9113 §6.9.2",
            "a window that opens later",
            [settings(&[(4, 0)]), get(1), settings(&[(4, 1)])].concat(),
            Data(1),
        ),
        // 3 bytes are granted. The repeated initial window of 0 takes none of them back.
        case(
            "9113 §6.9.2",
            "a window below nothing",
            [settings(&[(4, 0)]), get(1), window_update(1, 3), settings(&[(4, 0)])].concat(),
            Data(3),
        ),
        case(
            "9113 §6.9.2",
            "a window moved past its end",
            [settings(&[(4, 0)]), get(1), window_update(1, most), settings(&[(4, 1)])].concat(),
            Reset(UNREADABLE_WINDOW),
        ),
        case(
            "9113 §6.9",
            "more than the server's window",
            [post(1), (0..8).flat_map(|_| data(1, 0, &[0; 16_384])).collect()].concat(),
            AnsweredOrReset(1),
        ),
    ]
}
