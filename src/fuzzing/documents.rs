//! Documents that outlive a process or come from another one: settings, state, certificates, and questions to the
//! relay.

use crate::{
    answer::decide,
    config::{SettingPlace, environment::NoVariables, load},
    fuzzing::{fields, first_line},
    mlb::{
        Question, Reply, Store, Token,
        freshness::Freshness,
        relay::ReplyContent,
        store::{self, Saved},
    },
    tls::acme::{
        Ca, ChallengeType,
        cache::Cache,
        schedule::{gate, renewal},
    },
    web::{representation::parse_http_date, retry_after::retry_after},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::{StatusCode, Uri, header::AUTHORIZATION};
use std::{
    fs,
    path::PathBuf,
    sync::LazyLock,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use time::{OffsetDateTime, macros::datetime};

/// A directory for the files of a target.
static DIR: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
const NOW: OffsetDateTime = datetime!(2024-07-03 05:00 UTC);

/// A settings file. A mistake names a line of it; without one, the settings as e6 prints them are the same settings;
/// and a key that does not exist is a mistake on its own line.
pub fn configuration(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let file = DIR.path().join("e6.toml");
    let read = |text: &str| {
        fs::write(&file, text).unwrap();
        load(&[], Some(&file), &NoVariables)
    };
    let config = match read(text) {
        Ok(config) => config,
        Err(mistakes) => {
            assert!(!mistakes.0.is_empty());
            for mistake in mistakes.0 {
                assert!(!mistake.what.is_empty() && !mistake.hint.is_empty());
                if let SettingPlace::Line(path, line) = mistake.place {
                    assert!(path == file && (1..=text.split('\n').count()).contains(&line), "line {line}");
                }
            }
            return;
        }
    };
    let is_printed = |(key, value): &&(&str, String)| {
        // A hook's URL is a secret, and some defaults are described in parentheses.
        !key.starts_with("notify.") && !value.starts_with('(') && !value.is_empty() && value != "[]"
    };
    let shown = config.settings();
    let lines: String =
        shown.iter().filter(is_printed).map(|(key, value)| format!("{key} = {value}\n")).collect();
    let again = read(&lines).unwrap_or_else(|mistakes| panic!("{mistakes}\n{lines}")).settings();
    assert!(shown.iter().filter(is_printed).eq(again.iter().filter(is_printed)), "{shown:?}\n{again:?}");
    let typo = format!("{text}\n[no-such-section]\nkey = 1\n");
    let places: Vec<_> = read(&typo).unwrap_err().0.into_iter().map(|mistake| mistake.place).collect();
    assert_eq!(places, [SettingPlace::Line(file.clone(), text.split('\n').count() + 2)]);
}

/// The JSON of a state file, or a whole one. What is read is written and read again as the same, an answer follows from
/// it at any time, and an unreadable file is kept aside.
pub fn state(input: &[u8]) {
    let dir = DIR.path().join("state");
    let file = dir.join("last-good.e6");
    let person = 665_487;
    fs::create_dir_all(&dir).unwrap();
    match str::from_utf8(input) {
        Ok(json) if !json.starts_with("e6-") => store::write(&file, json).unwrap(),
        _ => fs::write(&file, input).unwrap(),
    }
    let store = Store::in_dir(&dir);
    let Some(saved) = store.load(person) else {
        let files = fs::read_dir(&dir).unwrap().count();
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(files, 1, "it is where it was, or aside");
        return;
    };
    let Saved { facts, .. } = &saved;
    store::write(&file, &serde_json::to_string(&saved).unwrap()).unwrap();
    assert_eq!(store.load(person), Some(saved.clone()));
    let known = facts.schedule.value.listings.iter().filter_map(|listing| listing.start);
    for now in known.take(4).chain([NOW]) {
        let answer = decide(facts, now);
        assert!(answer.verdict.errors() == 0 || !answer.games.is_empty());
    }
}

/// A certificate in DER (after a `D`), orders in JSON (after an `O`), or a PEM file, as a disk may have damaged them.
/// A certificate that is used is dated, covers its names, and is renewed within its life; orders are read as they are
/// written.
pub fn acme_cache(input: &[u8]) {
    static CACHE: LazyLock<(Cache, PathBuf)> = LazyLock::new(|| {
        let dir = DIR.path().join("acme");
        let (directory, email) = ("https://ca.example/dir".into(), "you@example.org".into());
        let challenge = ChallengeType::TlsAlpn01;
        let ca = Ca { directory, email, root: None, challenge, proxy: None, dir: dir.clone() };
        let cache = Cache::new(&ca);
        cache.keep("").unwrap();
        let own = fs::read_dir(dir).unwrap().next().unwrap().unwrap().path();
        (cache, own)
    });
    let (cache, dir) = &*CACHE;
    match input {
        [b'O', orders @ ..] => {
            fs::write(dir.join("orders.json"), orders).unwrap();
            let Ok(orders) = cache.orders() else { return };
            cache.set_orders(&orders).unwrap();
            assert_eq!(cache.orders().unwrap(), orders);
            assert!(gate(&orders, NOW) <= NOW + Duration::from_secs(3600));
            return;
        }
        [b'D', der @ ..] => {
            let chain = STANDARD.encode(der);
            let pem = format!("{KEY}-----BEGIN CERTIFICATE-----\n{chain}\n-----END CERTIFICATE-----\n");
            cache.keep(&pem).unwrap();
        }
        pem => fs::write(dir.join("certificate.pem"), pem).unwrap(),
    }
    let Ok(Some(certificate)) = cache.certificate() else { return };
    // A wildcard is no name that a client asks for.
    let names: Vec<_> = certificate.names.iter().filter(|name| !name.starts_with('*')).cloned().collect();
    let faults = certificate.faults(&names, NOW);
    assert!(!faults.iter().any(|fault| fault.contains("is not for")), "{faults:?}");
    if certificate.not_before <= certificate.not_after {
        for random in [0.0, 0.999] {
            let at = renewal(certificate.not_before, certificate.not_after, random);
            assert!((certificate.not_before..=certificate.not_after).contains(&at));
        }
    }
    if certificate.is_good(&names, NOW) {
        assert!(certificate.not_before <= NOW && NOW <= certificate.not_after);
    }
}

/// The key of the certificates in the corpus. No server has it.
const KEY: &str = include_str!("../../tests/fixtures/certificate/key.pem");

/// A question to the relay, then the fields of its request and of MLB's reply. What is asked of MLB is a path of its
/// API and nothing else; a reply is used no longer than its fields allow.
pub fn relay(input: &[u8]) {
    const BASE: &str = "https://statsapi.mlb.com";
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    let (question, lines) = first_line(input);
    if let Some(question) = str::from_utf8(question).ok().and_then(Question::parse) {
        let (asked, text) = (format!("{BASE}{question}"), question.as_str());
        let uri: Uri = asked.parse().expect("a question is a URI");
        assert_eq!((uri.host(), uri.to_string()), (Some("statsapi.mlb.com"), asked));
        assert!(text.starts_with("/api/v1") && !text.contains("..") && !text.contains("//"));
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._?&=(),-".contains(&byte)));
        assert_eq!(Question::parse(text), Some(question));
    }
    let fields = fields(lines);
    let token = Token::new("a-token-of-the-relay", "/token".into()).unwrap();
    for value in fields.get_all(AUTHORIZATION).into_iter().filter(|value| token.authorizes(value.as_bytes()))
    {
        let value = String::from_utf8_lossy(value.as_bytes());
        assert_eq!(value.split_ascii_whitespace().last(), Some(token.text()));
    }
    assert!(retry_after(&fields).is_none_or(|wait| wait <= Duration::from_secs(3600)));
    let freshness = Freshness::of(&fields);
    assert!([freshness.age, freshness.max_age, freshness.stale_if_error].iter().all(|span| *span <= YEAR));
    let reply = Reply {
        status: StatusCode::OK,
        retry_after: None,
        date: fields.get("date").and_then(|date| Some(parse_http_date(date.to_str().ok()?)?.into())),
        freshness,
        media_type: None,
        body: b"{}".to_vec(),
    };
    let received = Instant::now();
    let content = ReplyContent::of(reply, received);
    for later in [0, 1, 10, 3600, 400 * 24 * 3600].map(Duration::from_secs) {
        let now = received + later;
        assert_eq!(content.age(now), freshness.age + later);
        if content.is_fresh(now) {
            assert!(freshness.is_storable && !freshness.max_age.is_zero());
            assert!(content.age(now) < freshness.max_age || later < Duration::from_secs(1));
        }
        if content.is_better_than_none(now) {
            assert!(
                freshness.is_storable && content.age(now) < freshness.max_age + Duration::from_secs(3600)
            );
        }
    }
    assert_eq!(content.cache_control() == "no-store", !freshness.is_storable);
}
