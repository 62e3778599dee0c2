use crate::{
    config::{
        mistake::{ConfigError, SettingPlace},
        *,
    },
    name::Named,
    tls::{CertificateSource, acme::ChallengeType},
};
use std::{collections::BTreeMap, fs, path::Path};

struct Variables(BTreeMap<&'static str, &'static str>);

impl Environment for Variables {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| (*value).to_owned())
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().map(|name| (*name).to_owned()).collect()
    }
}

fn none() -> Variables {
    Variables(BTreeMap::new())
}

fn file(toml: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, toml).unwrap();
    file
}

fn loaded(toml: &str) -> Result<Config, ConfigErrors> {
    load(&[], Some(file(toml).path()), &none())
}

fn mistakes(toml: &str) -> Vec<(usize, String)> {
    let line = |mistake: ConfigError| match &mistake.place {
        SettingPlace::Line(_, line) => (*line, format!("{}: {}", mistake.what, mistake.hint)),
        place => panic!("{place:?}"),
    };
    loaded(toml).unwrap_err().0.into_iter().map(line).collect()
}

fn tcp(addresses: &[&str]) -> Vec<Address> {
    addresses.iter().map(|address| Address::Tcp(address.parse().unwrap())).collect()
}

#[test]
fn flags_beat_the_environment_beats_the_file_beats_defaults() {
    let file = file(
        "[player]\nid = 1\nclub = 4\n[words]\nyes = \"Yep\"\n[words.es]\nyes = \"Ándale\"\n[listen]\nadmin = \"off\"\n",
    );
    let environment = Variables([("E6_PLAYER", "2"), ("E6_HTTP", "127.0.0.1:1"), ("HOME", "/h")].into());
    let config = load(&[("--player", "3".into())], Some(file.path()), &environment).unwrap();
    assert_eq!(config.player, PlayerChoice { id: 3, club: Some(4) });
    let (english, spanish) = (&config.words.english, &config.words.spanish);
    assert_eq!((english.yes.as_str(), english.not_yet.as_str()), ("Yep", "Not yet"));
    assert_eq!((spanish.yes.as_str(), spanish.not_yet.as_str()), ("Ándale", "Todavía no"));
    assert_eq!(config.listen.http, tcp(&["127.0.0.1:1"]));
    assert_eq!(config.listen.admin, []);
    assert_eq!(config.listen.https, tcp(&["127.0.0.1:8443"]));
    assert_eq!(config.data_dir, Some("/h/.local/state/e6".into()));
}

#[test]
fn every_mistake_of_a_file_is_listed_with_its_line_and_mend() {
    let found = mistakes(
        "[playr]\nid = 1\n[player]\nid = \"Tatis\"\nclbu = 3\n[words]\nyes = \"\"\nquestion = \"{name}?\"\nno = true\n\
         [colours]\nyes = \"brown\"\n[listen]\nhttp = 8080\nadmin = \"0.0.0.0\"\n[mlb]\nurl = \"statsapi\"\n\
         [log]\nformat = \"xml\"\nlevel = \"loud\"\n",
    );
    let expected = [
        (2, "unknown key playr.id: did you mean player.id?"),
        (4, "player.id: \"Tatis\" is no id"),
        (5, "unknown key player.clbu: did you mean player.club?"),
        (7, "words.yes: it is empty"),
        (8, "words.question: {player} is the only placeholder"),
        (9, "words.no: this is neither text nor a whole number: write it like \"No\""),
        (11, "colours.yes: \"brown\" is no pair of colours"),
        (
            13,
            "listen.http: \"8080\" is no address to listen on: write an address and a port like \"127.0.0.1:8080\"",
        ),
        (14, "listen.admin: \"0.0.0.0\" is no address to listen on"),
        (16, "mlb.url: \"statsapi\" is no base URL"),
        (18, "log.format: \"xml\" is no log format"),
        (19, "log.level: \"loud\" is no log level"),
    ];
    let mut found = found;
    found.sort();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for ((line, text), (expected_line, expected_text)) in found.iter().zip(expected) {
        assert_eq!(*line, expected_line, "{text}");
        assert!(text.starts_with(expected_text), "{text}\n{expected_text}");
    }
}

#[test]
fn broken_syntax_is_a_mistake_with_its_line() {
    let found = mistakes("[player]\nid = = 3\n");
    assert_eq!(found[0].0, 2, "{found:?}");
    let twice = mistakes("[player]\nid = 1\nid = 2\n");
    assert_eq!(twice[0].0, 3, "{twice:?}");
}

#[test]
fn a_named_file_must_exist_and_be_text_of_a_sensible_size() {
    let missing = load(&[], Some(Path::new("/no/such/e6.toml")), &none()).unwrap_err().to_string();
    assert!(missing.contains("/no/such/e6.toml: cannot read it"), "{missing}");
    assert!(loaded(&format!("# {}\n", "x".repeat(1024 * 1024))).unwrap_err().to_string().contains("1 MiB"));
    let binary = tempfile::NamedTempFile::new().unwrap();
    fs::write(&binary, [0xff, 0xfe]).unwrap();
    assert!(load(&[], Some(binary.path()), &none()).is_err());
}

#[test]
fn a_mistyped_variable_is_a_mistake_and_a_foreign_one_is_none_of_our_business() {
    let environment = Variables(
        [
            ("E6_PLAYR", "2"),
            ("PATH", "/bin"),
            ("E6_PORT", "tcp://10.0.0.1:80"),
            ("E6_SERVICE_HOST", "10.0.0.1"),
        ]
        .into(),
    );
    let mistakes = load(&[], None, &environment).unwrap_err();
    assert_eq!(mistakes.0.len(), 1);
    assert_eq!(mistakes.0[0].to_string(), "E6_PLAYR: no such setting: did you mean E6_PLAYER?");
}

#[test]
fn listeners_are_addresses_or_off_and_do_not_collide() {
    let http = |text: &str| {
        load(&[("--http", text.into())], None, &none())
            .map(|config| config.listen.http)
            .map_err(|m| m.to_string())
    };
    assert_eq!(http("off"), Ok(tcp(&[])));
    assert_eq!(http(":80"), Ok(tcp(&["[::]:80"])));
    assert_eq!(http("localhost:80"), Ok(tcp(&["127.0.0.1:80"])));
    assert_eq!(http("[::1]:80"), Ok(tcp(&["[::1]:80"])));
    assert_eq!(http("127.0.0.1:80, [::1]:80"), Ok(tcp(&["127.0.0.1:80", "[::1]:80"])));
    let unix = Address::Unix("/run/e6/e6.sock".into());
    assert_eq!(http("unix:/run/e6/e6.sock,:80"), Ok([vec![unix], tcp(&["[::]:80"])].concat()));
    for (text, mistake) in [
        ("127.0.0.1:8443", "two listeners on 127.0.0.1:8443"),
        (":8443", "two listeners on 127.0.0.1:8443: [::]:8443 is there as well"),
        ("0.0.0.0:80,10.0.0.1:80", "two listeners on 10.0.0.1:80: 0.0.0.0:80 is there as well"),
        ("unix:/a,unix:/a", "two listeners on unix:/a"),
        ("example.org:80", "--http: listen.http: \"example.org:80\""),
        ("off,127.0.0.1:80", "\"off\" is no address"),
        ("unix:e6.sock", "\"e6.sock\" is no place for a socket"),
        ("unix:/", "no place for a socket"),
        (&format!("unix:/{}", "x".repeat(107)), "at most 107 bytes"),
    ] {
        let mistakes = http(text).unwrap_err();
        assert!(mistakes.contains(mistake), "{text}: {mistakes}");
    }
    for text in ["0.0.0.0:80,[::1]:80", "0.0.0.0:80,0.0.0.0:81", "127.0.0.1:0,127.0.0.1:0"] {
        assert!(http(text).is_ok(), "{text}");
    }
    let off = [("--http", "off".into()), ("--https", "off".into())];
    assert!(load(&off, None, &none()).unwrap_err().to_string().contains("both off"));
    let any = [("--http", "127.0.0.1:0".into()), ("--https", "127.0.0.1:0".into())];
    assert!(load(&any, None, &none()).is_ok());
}

#[test]
fn a_unix_socket_is_for_clear_requests_and_has_a_mode() {
    let file =
        "[listen]\nhttp = [\"127.0.0.1:80\", \"unix:/run/e6.sock\"]\nadmin = \"unix:/run/admin.sock\"\n";
    let config = loaded(&format!("{file}unix_mode = 666\n")).unwrap();
    assert_eq!((config.listen.unix_mode, config.listen.http.len(), config.listen.admin.len()), (0o666, 2, 1));
    let shown = |key: &str| config.settings().into_iter().find(|(other, _)| *other == key).unwrap().1;
    assert_eq!(shown("listen.http"), "[\"127.0.0.1:80\", \"unix:/run/e6.sock\"]");
    assert_eq!(shown("listen.unix_mode"), "\"0666\"");
    let found = mistakes("[listen]\nhttps = \"unix:/run/e6.sock\"\nunix_mode = \"rw\"\n");
    assert!(found.iter().any(|(line, what)| *line == 2 && what.contains("nobody needs TLS")), "{found:?}");
    assert!(found.iter().any(|(line, what)| *line == 3 && what.contains("like \"0660\"")), "{found:?}");
}

#[test]
fn the_sites_own_address_is_an_origin() {
    let site = |text: &str| loaded(&format!("[site]\nurl = {text:?}\n")).map(|config| config.url);
    assert_eq!(site("https://example.org/").unwrap().as_deref(), Some("https://example.org"));
    let named = "[site]\ndomains = [\"example.org\", \"www.example.org\"]\n";
    assert_eq!(loaded(named).unwrap().url.as_deref(), Some("https://example.org"));
    let elsewhere = format!("{named}url = \"https://example.net\"\n");
    assert_eq!(loaded(&elsewhere).unwrap().url.as_deref(), Some("https://example.net"));
    assert_eq!(loaded("").unwrap().url, None);
    assert_eq!(site("http://localhost:8080").unwrap().as_deref(), Some("http://localhost:8080"));
    for wrong in
        ["example.org", "https://example.org/e6", "ftp://example.org", "https://me@example.org", "https://?a"]
    {
        assert!(site(wrong).unwrap_err().to_string().contains("https://example.org\""), "{wrong}");
    }
}

#[test]
fn every_state_has_a_pair_of_colours() {
    for state in ["yes", "no", "game", "off", "bench", "unknown"] {
        let set = |text: &str| loaded(&format!("[colours]\n{state} = {text:?}\n"));
        let shown = |config: Config| {
            config.settings().into_iter().find(|(key, _)| *key == format!("colours.{state}"))
        };
        assert_eq!(shown(set("#0aF on #123456").unwrap()).unwrap().1, "\"#00aaff on #123456\"", "{state}");
        for wrong in ["#fff", "#ffffff on brown", "white on #000", ""] {
            let mistakes = set(wrong).unwrap_err().to_string();
            assert!(mistakes.contains("write one like \"#ffffff on #005a9c\""), "{wrong}: {mistakes}");
        }
    }
}

#[test]
fn the_voice_is_witty_or_plain_and_remarks_may_be_empty() {
    assert_eq!(loaded("[words]\nvoice = \"plain\"\n").unwrap().voice, crate::page::Voice::Plain);
    assert!(loaded("[words]\nvoice = \"loud\"\n").is_err());
    let words =
        loaded("[words]\nwit_yes = \"\"\n[words.es]\nwit_no = \"Uno, dos. | Tres.\"\n").unwrap().words;
    assert_eq!((words.english.wit_yes.as_str(), words.spanish.wit_no.as_str()), ("", "Uno, dos. | Tres."));
}

#[test]
fn the_example_file_sets_every_default() {
    let example = include_str!("e6.example.toml");
    let environment = none();
    let mut config = load(&[], Some(file(example).path()), &environment).unwrap();
    assert_eq!(config.listen.defaults, [], "whoever writes an address asks for it");
    config.listen.defaults = ListenerKind::all().collect();
    let (file, data_dir) = (config.file.clone(), config.data_dir.clone());
    assert_eq!(config, Config { file, data_dir, ..Config::defaults(&environment) });
}

#[test]
fn domains_are_names_in_the_order_in_which_they_were_typed() {
    let domains =
        |toml: &str| loaded(toml).map(|config| config.domains).map_err(|mistakes| mistakes.to_string());
    let both = Ok(vec!["example.org".to_owned(), "www.example.org".to_owned()]);
    assert_eq!(domains("[site]\ndomains = [\"Example.org\", \"www.example.org\"]\n"), both);
    assert_eq!(domains("[site]\ndomains = \"example.org, WWW.example.org, Example.org\"\n"), both);
    for wrong in
        ["", "example.org:443", "https://example.org", "*.example.org", "127.0.0.1", "exämple.org", "a."]
    {
        let mistakes = domains(&format!("[site]\ndomains = {wrong:?}\n")).unwrap_err();
        assert!(mistakes.contains("is no domain name"), "{mistakes}");
    }
}

#[test]
fn the_way_to_certificates_follows_from_what_was_typed() {
    let mode = |flags: &[(&'static str, &str)]| {
        let flags: Vec<_> = flags.iter().map(|&(flag, value)| (flag, value.to_owned())).collect();
        load(&flags, None, &none()).map(|config| (config.tls.mode, !config.listen.https.is_empty()))
    };
    let (cert, key) = (("--tls-cert", "c"), ("--tls-key", "k"));
    assert_eq!(mode(&[]), Ok((CertificateMode::SelfSigned, true)));
    assert_eq!(mode(&[cert, key]), Ok((CertificateMode::Files, true)));
    assert_eq!(mode(&[("--tls", "off")]), Ok((CertificateMode::Off, false)));
    assert_eq!(mode(&[cert, key, ("--tls", "self-signed")]), Ok((CertificateMode::SelfSigned, true)));
    assert!(mode(&[cert]).is_err() && mode(&[("--tls", "files")]).is_err());
}

#[test]
fn requests_to_the_ca_use_the_environments_proxy_and_not_that_for_mlb() {
    let load = |flags: &[(&'static str, &str)], variables: &[(&'static str, &'static str)]| {
        let flags: Vec<_> = flags.iter().map(|&(flag, value)| (flag, value.to_owned())).collect();
        let home = [("HOME", "/h")];
        let environment = Variables(home.iter().chain(variables).copied().collect());
        let proxy = |config: Config| match config.source() {
            Ok(Some(CertificateSource::Acme(ca))) => ca.proxy.map(|proxy| proxy.to_string()),
            source => panic!("{source:?}"),
        };
        load(&flags, None, &environment).map(proxy).map_err(|ConfigErrors(mistakes)| mistakes)
    };
    let acme = [("--domain", "example.org"), ("--acme", "you@example.org")];
    let more = |flag| [&acme[..], &[flag]].concat();
    let mlb_here = more(("--mlb-url", "http://127.0.0.1:9"));
    let https = ("HTTPS_PROXY", "user:secret@proxy.example:3128");
    let proxied = Ok(Some("http://proxy.example:3128".to_owned()));
    for (flags, variables, expected) in [
        (acme.to_vec(), &[][..], Ok(None)),
        (acme.to_vec(), &[https], proxied.clone()),
        (mlb_here.clone(), &[https], proxied.clone()),
        (acme.to_vec(), &[https, ("NO_PROXY", "other.example, letsencrypt.org")], Ok(None)),
        (more(("--mlb-proxy", "http://mine.example")), &[], Ok(None)),
        (more(("--mlb-proxy", "http://mine.example")), &[https], proxied),
        (more(("--acme-directory", "http://127.0.0.1:1/dir")), &[https], Ok(None)),
    ] {
        assert_eq!(load(&flags, variables), expected, "{flags:?} {variables:?}");
    }
    // One mistake, whether only the CA or MLB too is asked through it.
    for flags in [acme.to_vec(), mlb_here] {
        let mistakes = load(&flags, &[("HTTPS_PROXY", "ftp://user:secret@proxy.example")]).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert_eq!(mistakes[0].place, SettingPlace::Variable("HTTPS_PROXY".into()));
    }
}

#[test]
fn a_domain_and_an_address_are_all_it_takes() {
    let environment = Variables([("HOME", "/h")].into());
    let load = |flags: &[(&'static str, &str)]| {
        let flags: Vec<_> = flags.iter().map(|&(flag, value)| (flag, value.to_owned())).collect();
        load(&flags, None, &environment).map_err(|mistakes| mistakes.to_string())
    };
    let (domain, acme) = (("--domain", "Example.org"), ("--acme", "you@example.org"));
    let config = load(&[domain, acme]).unwrap();
    assert_eq!((&config.listen.http, &config.listen.https), (&tcp(&["[::]:80"]), &tcp(&["[::]:443"])));
    let Ok(Some(CertificateSource::Acme(ca))) = config.source() else { panic!("{:?}", config.source()) };
    assert_eq!(ca.directory, "https://acme-v02.api.letsencrypt.org/directory");
    assert_eq!((ca.challenge, ca.dir), (ChallengeType::TlsAlpn01, "/h/.local/state/e6/acme".into()));
    assert_eq!(load(&[domain, acme, ("--http", "off")]).unwrap().listen.http, []);
    let staging = load(&[domain, acme, ("--acme-staging", "true")]).unwrap();
    assert!(staging.acme.directory.contains("staging"));
    for (flags, missing) in [
        (&[acme][..], "--domain NAME"),
        (&[domain, ("--tls", "acme")], "--acme EMAIL"),
        (&[domain, acme, ("--acme-challenge", "http-01"), ("--http", "off")], "which is off"),
        (&[domain, acme, ("--acme-ca", "/no/such.pem")], "acme.ca /no/such.pem cannot be used"),
        (&[domain, acme, ("--https", "off")], "listen.https is off"),
        (&[domain, ("--acme", "you")], "no address"),
        (&[domain, acme, ("--acme-directory", "http://ca.example/dir")], "no ACME directory"),
        (&[domain, acme, ("--acme-challenge", "dns-01")], "\"tls-alpn-01\" or \"http-01\""),
    ] {
        let mistakes = load(flags).unwrap_err();
        assert!(mistakes.contains(missing), "{mistakes}");
    }
}

#[test]
fn what_waits_for_a_start_is_named_and_what_does_not_is_not() {
    let running = load(&[], None, &none()).unwrap();
    let changed = [("--player", "1"), ("--hsts", "9"), ("--admin", "off"), ("--data-dir", "/elsewhere")];
    let changed = changed.map(|(flag, value)| (flag, value.to_owned()));
    let typed = load(&changed, None, &none()).unwrap();
    assert_eq!(typed.waiting(&typed.keeping(&running)), ["listen.admin", "data.dir"]);
    assert_eq!(running.waiting(&running.keeping(&running)), [""; 0]);
}

#[test]
fn a_setting_that_takes_effect_at_a_start_is_kept_and_waits_at_every_reload() {
    let running = loaded("").unwrap();
    let toml = "[listen]\nhttp = \"127.0.0.1:1\"\nhttps = \"127.0.0.1:2\"\nadmin = \"off\"\nunix_mode = \"0600\"\n\
                http3 = \"on\"\nhttp3_migration = false\n\
                [data]\ndir = \"elsewhere\"\n[security]\nuser = \"root\"\nlandlock = false\n\
                [limits]\nmlb_connect = 1\nmlb_total = 60\nmlb_body = 65536\nday_pages = 1048576\nrelay_entries = 1\nrelay_bytes = 1048576\n\
                [words]\nyes = \"Alas\"\n";
    let written = loaded(toml).unwrap();
    let at_start = |setting: &&settings::Setting| setting.takes_effect == TakesEffect::AtStart;
    let keys: Vec<_> =
        settings::all().filter(at_start).map(|setting| setting.key).filter(|key| !key.is_empty()).collect();
    let in_force = written.keeping(&running);
    assert_eq!(written.waiting(&in_force), keys, "the example above has every one of them");
    assert_eq!(in_force.words.english.yes, "Alas");
    // At the next reload the same ones wait.
    assert_eq!(written.waiting(&written.keeping(&in_force)), keys);
    assert_eq!(running.waiting(&running.keeping(&in_force)), [""; 0]);
}

#[test]
fn every_setting_has_a_place_of_its_own_in_the_file_and_mistakes_come_in_its_order() {
    let places: Vec<_> = loaded("").unwrap().settings().iter().map(|(key, _)| super::position(key)).collect();
    assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
    let sections = ["listen", "mlb", "tls", "security", "log"].map(super::position);
    assert!(sections.is_sorted() && sections[4] < usize::MAX, "{sections:?}");
    let found =
        mistakes("[words]\nyes = \"\"\n[player]\nid = 0\nclub = 0\n[log]\nlevel = \"loud\"\nformat = 2\n");
    let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 4, 5, 7, 8]);
}
