//! The facts about each step of one request, in sentences and in a few words for the drawing.

use crate::{
    how::figures::{fit, listed, plural, span, thousands},
    page::{locale::sentence_case, times},
    site::trace::{ChosenBy, Made, ProcessTrace, ResponseTrace, RouteOutcome, RouteTrace, TlsTrace, Trace},
};

/// The facts about a step.
pub(crate) struct StepFacts {
    pub short: String,
    /// Microseconds.
    pub time: Option<f64>,
    pub facts: Vec<String>,
}

pub(crate) fn you(trace: &Trace) -> StepFacts {
    let path = trace.path.as_deref().map_or_else(|| "something else".into(), |path| fit(path, 48));
    let fact = if trace.own {
        format!("You asked for {path}.")
    } else {
        format!(
            "You ask about {path}. It was not fetched: what follows is what would happen if you did, on the \
             connection that brought your question."
        )
    };
    StepFacts { short: format!("ask for {}", fit(&path, 26)), time: None, facts: vec![fact] }
}

pub(crate) fn dns() -> StepFacts {
    let fact = "Your resolver turned this site's name into an address before the server heard of you: it cannot see \
                that, so there are no figures.";
    StepFacts { short: "before we heard of you: not seen here".into(), time: None, facts: vec![fact.into()] }
}

pub(crate) fn tcp(trace: &Trace) -> StepFacts {
    let connection = &trace.connection;
    let over = connection.ip_version.map_or("a Unix socket".into(), |version| format!("IPv{version}"));
    let short = format!("{over}, thread worker-{}", connection.worker);
    let (whose, came) = match connection.proxied {
        true => ("its connection", format!("You came over {over} to a proxy in front of this server")),
        false => ("it", format!("A connection over {over}")),
    };
    let fact = format!(
        "{came}; the kernel gave {whose} to the thread worker-{}, which took it up {} later.",
        connection.worker,
        span(trace.microseconds.accept)
    );
    StepFacts { short, time: Some(trace.microseconds.accept), facts: vec![fact] }
}

pub(crate) fn tls(trace: &Trace) -> StepFacts {
    let Some(tls) = &trace.tls else {
        if trace.connection.scheme == "https" {
            let fact = "Spoken by the proxy in front of this server, which knows the figures and does not tell them.";
            return StepFacts {
                short: "by the proxy before us".into(),
                time: None,
                facts: vec![fact.into()],
            };
        }
        let fact = "None: this connection is in clear, and anyone on its way can read along.".to_owned();
        return StepFacts { short: "none: you came in clear".into(), time: None, facts: vec![fact] };
    };
    let version = tls_version(tls);
    let group = match (tls.group, tls.post_quantum) {
        (Some(group), true) => {
            format!("The keys were agreed on with {group}, which withstands quantum computers too.")
        }
        (Some(group), false) => {
            format!(
                "The keys were agreed on with {group}, which a quantum computer could undo one day; newer clients \
                 offer X25519MLKEM768."
            )
        }
        (None, _) => "The keys come from the session before it.".into(),
    };
    let session =
        if tls.resumed { "It continues an earlier session of yours." } else { "The session is new." };
    let name = match &tls.server_name {
        Some(name) => format!("Your client asked for {} (SNI).", fit(name, 48)),
        None => "Your client asked for no name (SNI).".into(),
    };
    let short = match tls.group {
        Some(group) => format!("{version}, {group}"),
        None => format!("{version}, resumed"),
    };
    let facts = vec![format!("{version} with {}.", tls.cipher), group, session.into(), name];
    StepFacts { short, time: trace.microseconds.handshake, facts }
}

pub(crate) fn http(trace: &Trace) -> StepFacts {
    let connection = &trace.connection;
    let protocol = protocol(trace);
    let (how, chosen) = match connection.chosen_by {
        ChosenBy::Alpn => ("by ALPN", "the best that both sides offered in the TLS handshake (ALPN)"),
        ChosenBy::NoAlpn => ("no ALPN", "because your client offered nothing in the TLS handshake (ALPN)"),
        ChosenBy::Clear => ("in clear", "the only one spoken in clear"),
    };
    let wait = span(trace.microseconds.wait);
    let between = match connection.proxied {
        true => " That is between the proxy and this server; what you speak with the proxy is not seen here.",
        false => "",
    };
    let facts = vec![
        format!("{protocol}, {chosen}.{between}"),
        match connection.request {
            1 => format!("This is the first request on the connection; it came {wait} after that was ready."),
            number => format!("This is request {number} on the connection, {wait} after the one before."),
        },
        format!("Its number in the log is {}.", trace.request_id),
    ];
    let short = format!("{protocol} {how}, request {}", connection.request);
    StepFacts { short, time: Some(trace.microseconds.wait), facts }
}

/// The protocol's common name: "HTTP/2".
pub(crate) fn protocol(trace: &Trace) -> &'static str {
    let protocol = trace.connection.protocol;
    protocol.strip_suffix(".0").filter(|short| *short != "HTTP/1").unwrap_or(protocol)
}

pub(crate) fn tls_version(tls: &TlsTrace) -> String {
    tls.version.replace("TLSv", "TLS ")
}

pub(crate) fn router(trace: &Trace) -> StepFacts {
    let passed = trace.routes.iter().filter(|tried| tried.outcome == RouteOutcome::Passed).count();
    let matched = trace.routes.iter().find(|tried| tried.outcome == RouteOutcome::Matched);
    let fact = match matched {
        Some(RouteTrace { pattern, about, .. }) => match passed {
            0 => format!("The first pattern, {pattern}, matched: {about}."),
            1 => format!("After one pattern that did not, {pattern} matched: {about}."),
            _ => format!("After {passed} patterns that did not, {pattern} matched: {about}."),
        },
        None => "No path of this site is written so, and no pattern was tried.".into(),
    };
    let short = match matched {
        Some(RouteTrace { pattern, .. }) => format!("{pattern} matches"),
        None => "not a path of ours".into(),
    };
    StepFacts { short, time: Some(trace.microseconds.route), facts: vec![fact] }
}

pub(crate) fn answer(trace: &Trace) -> StepFacts {
    let ResponseTrace { status, made, made_at, .. } = &trace.answer;
    let at = made_at.map(times::minute_utc);
    let mut facts = vec![match (made, at) {
        (Made::Build, Some(at)) => format!("Made when the binary was built, {at}."),
        (Made::Answer, Some(at)) => {
            format!("Made when the answer was last found, {at}: before you asked, and for everyone.")
        }
        (Made::Answer | Made::Build, None) => "Made when the answer was last found.".into(),
        (Made::Start, _) => "Made when the process started.".into(),
        (Made::Request, _) => "Made for this request alone.".into(),
    }];
    facts.push(format!("{}.", sentence_case(&sent(&trace.answer))));
    facts.extend(coding(&trace.answer));
    if let Some(caching) = &trace.answer.cache_control {
        facts.push(format!("Caches are told: {caching}."));
    }
    if trace.own {
        facts
            .push("How long that took it cannot say itself: the response's Server-Timing field does.".into());
    }
    let short = match trace.answer.coding {
        _ if *made == Made::Request => format!("{status}, made now"),
        "identity" => status.to_string(),
        coding => format!("{status}, {coding}"),
    };
    StepFacts { short, time: trace.microseconds.answer, facts }
}

/// "status 200, 1,211 bytes".
fn sent(answer: &ResponseTrace) -> String {
    let to = answer.location.as_ref().map(|to| format!(", with the advice to ask for {}", fit(to, 48)));
    let bytes = match (answer.bytes_before, answer.bytes_after) {
        (Some(before), Some(after)) if after < before => {
            format!(", {} instead of {}", plural(after, "byte"), thousands(before))
        }
        (_, Some(after)) => format!(", {}", plural(after, "byte")),
        _ => String::new(),
    };
    format!("status {}{}{bytes}", answer.status, to.unwrap_or_default())
}

fn coding(answer: &ResponseTrace) -> Option<String> {
    let after = answer.bytes_after?;
    let offered: Vec<_> = answer.acceptable.iter().copied().filter(|coding| *coding != "identity").collect();
    Some(match (answer.coding, offered.is_empty()) {
        ("identity", true) => "Your client accepts no coding that we have, so it goes as it is.".into(),
        ("identity", false) => format!("You accept {}, but coding it would not pay.", listed(&offered)),
        (chosen, _) => {
            let before = answer.bytes_before.unwrap_or(after);
            format!(
                "You accept {}; {chosen} was chosen, which saves {} %.",
                listed(&offered),
                100 * before.saturating_sub(after) / before.max(1)
            )
        }
    })
}

/// The facts about the sources of the answer: the check, the poller, MLB.
pub(crate) fn asked(trace: &Trace) -> Vec<StepFacts> {
    let check = "The same question is asked of what MLB said, in one pure function, once for all readers.";
    let ago = trace.mlb.seconds_ago.map(|seconds| span(seconds * 1e6));
    let took = trace.mlb.took_ms.map(|took| span(took * 1e3));
    let poller = match &ago {
        Some(ago) => format!("One thread asks MLB, as often as the day calls for. It last did {ago} ago."),
        None => "One thread asks MLB. It has not been answered yet.".into(),
    };
    let mlb = match &took {
        Some(took) => format!("Its Stats API took {took} to reply to all questions of that round."),
        None => "Its Stats API has not replied to this process yet.".into(),
    };
    let step = |short: String, fact: String| StepFacts { short, time: None, facts: vec![fact] };
    vec![
        step("an error today?".into(), check.into()),
        step(ago.map_or_else(|| "not heard yet".into(), |ago| format!("asked {ago} ago")), poller),
        step(took.map_or_else(|| "no reply yet".into(), |took| format!("took {took}")), mlb),
    ]
}

pub(crate) fn built(process: &ProcessTrace) -> StepFacts {
    let fact = format!(
        "Embedded in the binary, encoded as hard as can be; under /static/ its name changes with its content. Built {}.",
        times::minute_utc(process.built_at)
    );
    StepFacts { short: times::day_utc(process.built_at), time: None, facts: vec![fact] }
}
