//! Frames (RFC 9113 §4, §6) and header blocks (RFC 7541), built by hand so that tests can send malformed ones.

pub const DATA: u8 = 0x0;
pub const HEADERS: u8 = 0x1;
pub const PRIORITY: u8 = 0x2;
pub const RST_STREAM: u8 = 0x3;
pub const SETTINGS: u8 = 0x4;
pub const PUSH_PROMISE: u8 = 0x5;
pub const PING: u8 = 0x6;
pub const GOAWAY: u8 = 0x7;
pub const WINDOW_UPDATE: u8 = 0x8;
pub const CONTINUATION: u8 = 0x9;

pub const END_STREAM: u8 = 0x1;
pub const ACK: u8 = 0x1;
pub const END_HEADERS: u8 = 0x4;
pub const PADDED: u8 = 0x8;
pub const PRIORITIZED: u8 = 0x20;
/// A request in one HEADERS frame.
pub const WHOLE: u8 = END_STREAM | END_HEADERS;

pub const PROTOCOL: u32 = 0x1;
pub const FLOW_CONTROL: u32 = 0x3;
pub const STREAM_CLOSED: u32 = 0x5;
pub const FRAME_SIZE: u32 = 0x6;
pub const REFUSED: u32 = 0x7;
pub const CANCEL: u32 = 0x8;
pub const COMPRESSION: u32 = 0x9;
pub const ENHANCE_YOUR_CALM: u32 = 0xb;

/// The `h2` crate reports most malformed input as PROTOCOL_ERROR, even if the RFC has a more specific code. Either
/// code ends the connection.
pub const UNREADABLE_SIZE: &[u32] = &[FRAME_SIZE, PROTOCOL];
pub const UNREADABLE_BLOCK: &[u32] = &[COMPRESSION, PROTOCOL];
pub const UNREADABLE_WINDOW: &[u32] = &[FLOW_CONTROL, PROTOCOL];
pub const CLOSED: &[u32] = &[STREAM_CLOSED, PROTOCOL];

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub fn headers(stream: u32, flags: u8, block: &[u8]) -> Vec<u8> {
    frame(HEADERS, flags, stream, block)
}

pub fn data(stream: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    frame(DATA, flags, stream, payload)
}

pub fn continuation(stream: u32, flags: u8, block: &[u8]) -> Vec<u8> {
    frame(CONTINUATION, flags, stream, block)
}

pub fn settings(pairs: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> =
        pairs.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
    frame(SETTINGS, 0, 0, &payload)
}

pub fn window_update(stream: u32, increment: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &increment.to_be_bytes())
}

pub fn reset(stream: u32, code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &code.to_be_bytes())
}

pub fn priority(stream: u32, dependency: u32) -> Vec<u8> {
    frame(PRIORITY, 0, stream, &[&dependency.to_be_bytes()[..], &[15]].concat())
}

pub fn ping() -> Vec<u8> {
    frame(PING, 0, 0, b"e6 lives")
}

/// `GET / HTTP/2` for localhost, mostly from the static table.
pub fn get_block() -> Vec<u8> {
    [&[0x82, 0x87, 0x84][..], &authority()].concat()
}

/// As `get_block`, for another path.
pub fn get_block_of(path: &str) -> Vec<u8> {
    [&[0x82, 0x87][..], &[0x04, u8::try_from(path.len()).unwrap()], path.as_bytes(), &authority()].concat()
}

/// `:authority: localhost`, its name from the static table.
pub fn authority() -> Vec<u8> {
    [&[0x01, 9][..], b"localhost"].concat()
}

pub fn get(stream: u32) -> Vec<u8> {
    headers(stream, WHOLE, &get_block())
}

pub fn get_with(stream: u32, fields: &[(&str, &str)]) -> Vec<u8> {
    headers(stream, WHOLE, &[get_block(), block(fields)].concat())
}

/// The header block of a request with a body.
pub fn post(stream: u32) -> Vec<u8> {
    headers(stream, END_HEADERS, &post_block())
}

pub fn post_block() -> Vec<u8> {
    [&[0x83, 0x87, 0x84][..], &authority()].concat()
}

/// Literal fields without indexing, with new names (RFC 7541 §6.2.2).
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [integer(text.len()), text.as_bytes().to_vec()].concat();
    fields.iter().flat_map(|(name, value)| [vec![0x00], text(name), text(value)].concat()).collect()
}

/// An integer with a prefix of seven bits (RFC 7541 §5.1).
fn integer(value: usize) -> Vec<u8> {
    if value < 127 {
        return vec![value as u8];
    }
    let (mut bytes, mut rest) = (vec![127], value - 127);
    while rest >= 128 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

/// A received frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    /// The first frame in these bytes, and its length.
    pub fn parse(bytes: &[u8]) -> Option<(Frame, usize)> {
        let (head, rest) = bytes.split_at_checked(9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let payload = rest.get(..length)?.to_vec();
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
        Some((Frame { kind: head[3], flags: head[4], stream, payload }, 9 + length))
    }

    /// The error code of a RST_STREAM or GOAWAY.
    pub fn code(&self) -> Option<u32> {
        let code = match self.kind {
            RST_STREAM => self.payload.get(..4)?,
            GOAWAY => self.payload.get(4..8)?,
            _ => return None,
        };
        Some(u32::from_be_bytes(code.try_into().ok()?))
    }

    /// Whether the frame starts a response with status 200, which is in the static table (RFC 7541 appendix A).
    pub fn is_ok(&self) -> bool {
        // Updates of the dynamic table's size may come first (RFC 7541 §4.2).
        let first = self.payload.iter().find(|byte| **byte & 0xe0 != 0x20);
        self.kind == HEADERS && first == Some(&0x88)
    }
}

/// The representation of one field in a header block (RFC 7541 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// An index of the static or dynamic table.
    Indexed,
    /// A literal that enters the dynamic table.
    Indexing,
    /// A literal that does not enter it.
    NotIndexed,
    /// A literal that no intermediary may index either.
    NeverIndexed,
}

/// The name of a field in a header block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// An index of the static or dynamic table.
    Index(usize),
    /// The bytes of a string in Huffman coding.
    Huffman(Vec<u8>),
}

/// The fields of a header block. Panics if it is none.
pub fn fields(mut block: &[u8]) -> Vec<(Coding, Name)> {
    let mut fields = Vec::new();
    while let Some(&first) = block.first() {
        let (coding, prefix) = match first {
            0x80.. => (Coding::Indexed, 7),
            0x40.. => (Coding::Indexing, 6),
            0x20.. => {
                read_integer(&mut block, 5);
                continue;
            }
            0x10.. => (Coding::NeverIndexed, 4),
            _ => (Coding::NotIndexed, 4),
        };
        let name = match read_integer(&mut block, prefix) {
            0 => Name::Huffman(read_string(&mut block)),
            index => Name::Index(index),
        };
        if coding != Coding::Indexed {
            read_string(&mut block);
        }
        fields.push((coding, name));
    }
    fields
}

fn read_integer(block: &mut &[u8], prefix: u32) -> usize {
    let mut next = || {
        let (first, rest) = block.split_first().expect("an integer");
        *block = rest;
        usize::from(*first)
    };
    let most = (1 << prefix) - 1;
    let mut value = next() & most;
    if value == most {
        for shift in (0..).step_by(7) {
            let byte = next();
            value += (byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    value
}

/// A string, without decoding it.
fn read_string(block: &mut &[u8]) -> Vec<u8> {
    let length = read_integer(block, 7);
    let (string, rest) = block.split_at(length);
    *block = rest;
    string.to_vec()
}

/// A name of lower case letters and hyphens in Huffman coding (RFC 7541 appendix B).
pub fn huffman(name: &str) -> Name {
    /// The code of each letter and its length in bits.
    const LETTERS: [(u64, u32); 26] = [
        (0x03, 5),
        (0x23, 6),
        (0x04, 5),
        (0x24, 6),
        (0x05, 5),
        (0x25, 6),
        (0x26, 6),
        (0x27, 6),
        (0x06, 5),
        (0x74, 7),
        (0x75, 7),
        (0x28, 6),
        (0x29, 6),
        (0x2a, 6),
        (0x07, 5),
        (0x2b, 6),
        (0x76, 7),
        (0x2c, 6),
        (0x08, 5),
        (0x09, 5),
        (0x2d, 6),
        (0x77, 7),
        (0x78, 7),
        (0x79, 7),
        (0x7a, 7),
        (0x7b, 7),
    ];
    const HYPHEN: (u64, u32) = (0x16, 6);
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0, 0);
    for letter in name.bytes() {
        let (code, length) = if letter == b'-' { HYPHEN } else { LETTERS[usize::from(letter - b'a')] };
        (bits, count) = (bits << length | code, count + length);
        while count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    if count > 0 {
        // The end of the string is padded with ones.
        bytes.push((bits << (8 - count)) as u8 | 0xff >> count);
    }
    Name::Huffman(bytes)
}
