//! The settings of our relay and of its client: the shared token of each.

use crate::{
    config::{
        SharedToken,
        mistake::InvalidValue,
        settings::{Setting, or_none, path, put},
    },
    mlb::Token,
};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Maximum bytes of a token file, which holds one line.
const SIZE_CAP: u64 = 4096;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new("mlb.token_file", "E6_MLB_TOKEN_FILE")
        .help("A file with the token that the relay at mlb.url asks for")
        .example("\"/etc/e6/relay.token\"")
        .field(
            |config, text| put(&mut config.mlb_token, token(text).map(Some)),
            |config| or_none(config.mlb_token.as_ref().map(|token| token.file.as_path())),
        ),
    Setting::new("relay.token_file", "E6_RELAY_TOKEN_FILE")
        .help("Relay MLB's replies under /mlb/ to servers that send the token in this file")
        .example("\"/etc/e6/relay.token\"")
        .field(
            |config, text| put(&mut config.relay_token, token(text).map(Some)),
            |config| or_none(config.relay_token.as_ref().map(|token| token.file.as_path())),
        ),
];

pub(crate) fn token(text: &str) -> Result<SharedToken, InvalidValue> {
    let file = path(text)?;
    let mend = format!("write one: head -c 24 /dev/urandom | base64 > {}", file.display());
    let read = read(&file)
        .map_err(|error| InvalidValue::new(format!("cannot read the token in {text:?} ({error})"), &*mend))?;
    let token = Token::new(&read).map_err(|what| InvalidValue::new(format!("{what} ({text:?})"), &*mend))?;
    Ok(SharedToken { file, token })
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(SIZE_CAP).read_to_string(&mut text)?;
    Ok(text)
}
