//! The relay, and the token that it and its clients share.

use crate::{
    config::{
        SharedToken,
        mistake::Wrong,
        settings::{Setting, TakesEffect, or_none, path, put},
    },
    mlb::Token,
};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// A token file holds one line.
const SIZE_CAP: u64 = 4096;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        key: "mlb.token_file",
        variable: "E6_MLB_TOKEN_FILE",
        flag: "",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.mlb_token, token(text).map(Some)),
        show: |config| or_none(config.mlb_token.as_ref().map(|token| token.file.as_path())),
    },
    Setting {
        key: "relay.token_file",
        variable: "E6_RELAY_TOKEN_FILE",
        flag: "",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.relay_token, token(text).map(Some)),
        show: |config| or_none(config.relay_token.as_ref().map(|token| token.file.as_path())),
    },
];

fn token(text: &str) -> Result<SharedToken, Wrong> {
    let file = path(text)?;
    let mend = format!("write one: head -c 24 /dev/urandom | base64 > {}", file.display());
    let read = read(&file)
        .map_err(|error| Wrong::new(format!("cannot read the token in {text:?} ({error})"), &*mend))?;
    let token = Token::new(&read).map_err(|what| Wrong::new(format!("{what} ({text:?})"), &*mend))?;
    Ok(SharedToken { file, token })
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(SIZE_CAP).read_to_string(&mut text)?;
    Ok(text)
}
