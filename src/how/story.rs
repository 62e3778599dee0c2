//! The steps of a request and of a deployment: for each its name, its name on a site of Nginx, Gunicorn and Django, and
//! the facts about it.

use crate::{
    how::{
        facts::{self, StepFacts, protocol, tls_version},
        figures::{fit, plural, span, thousands},
    },
    language::Language,
    page::{locale::phrases, times},
    site::trace::{Made, ProcessTrace, RouteTrace, Trace},
};

/// One step of a path.
pub(crate) struct Step {
    pub name: &'static str,
    /// Its name on a site of Nginx, Gunicorn and Django.
    pub original: &'static str,
    pub taken: StepState,
    /// A few words for the drawing.
    pub short: String,
    pub time: Option<String>,
    /// Whole sentences for the list.
    pub facts: Vec<String>,
}

/// Whether the request took a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepState {
    Yes,
    No,
    /// The step happens where no server can see it.
    Unseen,
}

/// A source of responses, and the sources that its bytes are made from.
pub(crate) struct Branch {
    pub step: Step,
    /// The nearest first.
    pub sources: Vec<Step>,
}

/// The path of a request to its response.
pub(crate) struct RequestPath {
    /// In order, down to the router.
    pub steps: [Step; 6],
    pub routes: Vec<RouteTrace>,
    pub lanes: [Branch; 3],
}

impl RequestPath {
    /// The path of one request, with facts.
    pub fn of(trace: &Trace) -> Self {
        let mut path = Self::of_any(trace.routes.clone());
        let [you, dns, tcp, tls, http, router] = &mut path.steps;
        you.tell(facts::you(trace));
        dns.tell(facts::dns());
        dns.taken = StepState::Unseen;
        tcp.tell(facts::tcp(trace));
        tls.tell(facts::tls(trace));
        http.tell(facts::http(trace));
        router.tell(facts::router(trace));
        if trace.tls.is_none() {
            let by_proxy = trace.connection.scheme == "https";
            tls.taken = if by_proxy { StepState::Unseen } else { StepState::No };
        }
        let Branch { step, sources } = &mut path.lanes[lane(trace.answer.made)];
        step.tell(facts::answer(trace));
        let source_facts = match trace.answer.made {
            Made::Answer => facts::asked(trace),
            Made::Build => vec![facts::built(&trace.server)],
            Made::Start | Made::Request => Vec::new(),
        };
        for (source, facts) in sources.iter_mut().zip(source_facts) {
            source.tell(facts);
        }
        path
    }

    /// The path of any request, without facts.
    pub fn of_any(routes: Vec<RouteTrace>) -> Self {
        RequestPath {
            steps: [
                Step::plain("You", "", "ask for a page"),
                Step { taken: StepState::Unseen, ..Step::plain("DNS", SAME, "a name becomes an address") },
                Step::plain("TCP", "Nginx listen, Gunicorn workers", "one worker thread for each core"),
                Step::plain("TLS", "Nginx ssl_certificate, certbot", "keys are agreed on, and a protocol"),
                Step::plain("HTTP", "Nginx http2, Gunicorn", "your request is read"),
                Step::plain("Router", "Nginx location, Django urls.py", "the first pattern that matches"),
            ],
            routes,
            lanes: [
                Branch {
                    step: Step::plain("Static asset", "Nginx root", "made at build"),
                    sources: vec![Step::plain("Build", "collectstatic", "cargo build")],
                },
                Branch {
                    step: Step::plain("Answer", "Django view", "when it changes"),
                    sources: vec![
                        Step::plain("Error check", "Django view", "an error today?"),
                        Step::plain("Poller", "asked per visit", "asks and waits"),
                        Step::plain("MLB", SAME, "Stats API"),
                    ],
                },
                Branch {
                    step: Step::plain("The rest", "Nginx return", "at start, or now"),
                    sources: vec![Step::plain("Relay", "Nginx proxy_cache", "MLB for other e6")],
                },
            ],
        }
    }

    /// The index of the lane that the request took.
    pub fn lit(&self) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.step.taken == StepState::Yes)
    }

    /// The steps with facts, in order.
    pub fn told(&self) -> impl Iterator<Item = &Step> {
        let lane = self.lit().map(|lit| &self.lanes[lit]);
        let end = lane.into_iter().flat_map(|lane| std::iter::once(&lane.step).chain(&lane.sources));
        self.steps.iter().chain(end).filter(|step| !step.facts.is_empty())
    }
}

/// The original name of a step that is the same on both sites.
const SAME: &str = "the same";

impl Step {
    fn plain(name: &'static str, original: &'static str, short: &str) -> Self {
        Step { name, original, taken: StepState::No, short: short.into(), time: None, facts: Vec::new() }
    }

    /// The original name, if it is a different one.
    pub fn elsewhere(&self) -> Option<&'static str> {
        Some(self.original).filter(|original| !original.is_empty() && *original != SAME)
    }

    /// Marks the step as taken and sets its facts.
    fn tell(&mut self, StepFacts { short, time, facts }: StepFacts) {
        (self.taken, self.short, self.time, self.facts) = (StepState::Yes, short, time.map(span), facts);
    }
}

/// The path of this binary to production, with facts if a running process is given.
pub(crate) fn production(process: Option<&ProcessTrace>) -> Vec<Step> {
    let mut steps = vec![
        Step::plain("Laptop", SAME, "cargo run, cargo test"),
        Step::plain("git", SAME, "git push"),
        Step::plain("CI", "GitHub Actions", "format, lints, tests"),
        Step::plain("Release", "pip install, migrate, collectstatic", "one file: cargo build --release"),
        Step::plain("Server", "Nginx, Gunicorn, Django, certbot, cron", "one process"),
    ];
    let Some(process) = process else { return steps };
    let ProcessTrace { version, commit, rustc, target, built_at, started_at, answered, upgrades } = process;
    let short_rustc = rustc.split(" (").next().unwrap_or(rustc);
    let step_facts = [
        (short_rustc.to_owned(), format!("Compiled by {rustc}.")),
        (format!("commit {commit}"), format!("Built from commit {commit}.")),
        (
            "format, lints, tests".into(),
            "A change lands when formatting, lints and all tests pass: .ci/run.".into(),
        ),
        (
            format!("e6 {version}, {}", times::day_utc(*built_at)),
            format!(
                "Version {version} for {target}, of {}: one file, assets and all.",
                times::minute_utc(*built_at)
            ),
        ),
        (
            format!("{} answered", plural(*answered, "request")),
            format!(
                "Started {}{}; {} answered since.",
                times::minute_utc(*started_at),
                upgraded(*upgrades),
                plural(*answered, "request")
            ),
        ),
    ];
    for (step, (short, fact)) in steps.iter_mut().zip(step_facts) {
        step.tell(StepFacts { short, time: None, facts: vec![fact] });
    }
    steps
}

fn upgraded(times: u32) -> String {
    match times {
        0 => String::new(),
        1 => ", upgraded once without a pause".into(),
        times => format!(", upgraded {times} times without a pause"),
    }
}

/// The question, the word and the sentence above the drawing.
pub(crate) fn headline(trace: &Trace) -> (String, &'static str, String) {
    let question = match &trace.path {
        _ if trace.own => "How does this site connect to the internet, anyway?".to_owned(),
        Some(path) if path == "/" => "How does the answer get to you?".to_owned(),
        Some(path) => format!("How does {} get to you?", fit(path, 48)),
        None => "How does that get to you?".to_owned(),
    };
    let answer = &trace.answer;
    let word =
        if answer.status == 200 { "Like this" } else { phrases(Language::English).failure(answer.status).0 };
    let over = match &trace.tls {
        Some(tls) => format!("{} in {}", protocol(trace), tls_version(tls)),
        None if trace.connection.proxied => format!("{} and a proxy", protocol(trace)),
        None => format!("{} in clear", protocol(trace)),
    };
    if answer.status != 200 {
        let status = answer.status;
        let sentence = match &answer.location {
            Some(to) => format!("Over {over} comes a {status}: ask for {} instead.", fit(to, 48)),
            None => format!("Over {over} comes a {status}, which was ready before you asked."),
        };
        return (question, word, sentence);
    }
    let made = match answer.made {
        Made::Build => "It was ready when the binary was built",
        Made::Answer => "It was ready before you asked",
        Made::Start => "It has been ready since the process started",
        Made::Request => "It was made for you alone; the rest of the site was ready before you came",
    };
    let sent = match (answer.bytes_before, answer.bytes_after) {
        (Some(before), Some(after)) if after < before => {
            format!(", and goes out as {} instead of {}", plural(after, "byte"), thousands(before))
        }
        (_, Some(after)) => format!(", and goes out as {}", plural(after, "byte")),
        (_, None) => String::new(),
    };
    (question, word, format!("Over {over}. {made}{sent}."))
}

fn lane(made: Made) -> usize {
    match made {
        Made::Build => 0,
        Made::Answer => 1,
        Made::Start | Made::Request => 2,
    }
}
