//! `/how`: the way of this request, or of another one that this client would send. It shows only what the pipeline
//! really does.

use crate::{
    language::Language,
    site::{
        assets,
        exchange::RequestContext,
        policy::page_policy,
        routes::{Route, RouteTarget},
        service::{
            Service,
            connection::timings,
            resource::ReadRequest,
            simulate::{AskedRequest, SimulatedResponse},
        },
        trace::{
            ChosenBy, Made, MlbTrace, ProcessTrace, ResponseTrace, RouteOutcome, RouteTrace, Trace, WhatIf,
            micros,
        },
    },
    web::{
        coding::Coding,
        host::authority_of,
        negotiate::{self, Codings, FORM_FIELDS, Form},
        representation::{Field, Representation, RepresentationFields, parse_http_date},
        respond::{FullResponse, RefusedRepresentation, respond},
    },
};
use hyper::{
    HeaderMap, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
        HeaderName, LAST_MODIFIED, LOCATION,
    },
};
use std::{sync::Arc, time::Duration};
use time::{OffsetDateTime, UtcOffset};

/// Renders a trace as a page.
#[derive(Clone)]
pub struct HowPage {
    draw: Arc<RenderHow>,
    policy: Vec<Field>,
    pub(super) process_start: ProcessStart,
}

#[derive(Debug, Clone, Copy)]
pub struct ProcessStart {
    pub at: OffsetDateTime,
    /// The number of processes before it that have handed over their sockets.
    pub upgrades: u32,
    /// The time at which its binary was put in place; none if the file system does not tell.
    pub deployed_at: Option<OffsetDateTime>,
    /// The port of its first HTTP listener.
    pub http_port: Option<u16>,
}

type RenderHow = dyn Fn(Trace, Form, Language) -> String + Send + Sync;

impl HowPage {
    /// `style` is the CSP source of the page's inline style block.
    pub fn new(
        style: &str,
        process_start: ProcessStart,
        draw: impl Fn(Trace, Form, Language) -> String + Send + Sync + 'static,
    ) -> Self {
        let (at, deployed_at) = (second(process_start.at), process_start.deployed_at.map(second));
        let process_start = ProcessStart { at, deployed_at, ..process_start };
        HowPage { draw: Arc::new(draw), policy: page_policy(style), process_start }
    }

    fn page(&self, trace: Trace, form: Form, language: Language) -> Representation {
        let (media_type, more) = match form {
            Form::Html => ("text/html; charset=utf-8", self.policy.clone()),
            Form::Json => ("application/json", Vec::new()),
            Form::Text | Form::Ansi => ("text/plain; charset=utf-8", Vec::new()),
        };
        let fields = RepresentationFields {
            language: (form != Form::Json).then_some(language),
            more,
            ..RepresentationFields::momentary(media_type)
        };
        Representation::single((self.draw)(trace, form, language).into_bytes(), fields).varying(&FORM_FIELDS)
    }

    fn process(&self, answered: u64) -> ProcessTrace {
        let ProcessStart { at, upgrades, deployed_at, .. } = self.process_start;
        let known = |fact: &'static str| Some(fact).filter(|fact| !fact.is_empty());
        let committed_at =
            env!("BUILD_COMMITTED").parse().ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        let changed = env!("BUILD_CHANGED").parse().ok();
        let since = committed_at.filter(|_| changed == Some(false)).map(|at| OffsetDateTime::now_utc() - at);
        ProcessTrace {
            version: env!("CARGO_PKG_VERSION"),
            commit: env!("BUILD_COMMIT"),
            rustc: env!("BUILD_RUSTC"),
            target: env!("BUILD_TARGET"),
            built_at: assets::built(),
            started_at: at,
            answered,
            upgrades,
            subject: known(env!("BUILD_SUBJECT")),
            committed_at,
            changed,
            release: known(env!("BUILD_RELEASE")),
            deployed_at,
            minutes_since_commit: since.map(time::Duration::whole_minutes),
        }
    }
}

impl Service {
    pub(crate) fn how(
        &self,
        asking: &ReadRequest,
        context: &RequestContext,
        language: Language,
    ) -> Result<FullResponse, RefusedRepresentation> {
        let AskedRequest { path: about, what_if } = AskedRequest::of(asking.query);
        let path = about.as_deref().unwrap_or(asking.path);
        let authority = asking.target.map_or("", |target| authority_of(target, asking.headers));
        let simulated = self.simulate(path, asking.headers, what_if, authority);
        // The facts are about the proxy if there is one.
        let network = self.network(context.connection).filter(|_| !context.client.proxied);
        let mut trace = Trace {
            request_id: context.id_text(),
            path: simulated.routed.route.map(|_| path.to_owned()),
            own: about.is_none(),
            connection: self.connected(context, network.as_ref(), authority),
            tls: self.agreed(context.connection),
            routes: tried(self.routes, simulated.routed.route),
            answer: self.answered(&simulated),
            mlb: self.mlb(),
            microseconds: timings(context, &simulated, about.is_none(), network.as_ref()),
            server: self.parts.how.process(self.parts.observer.metrics.answered()),
            what_if,
        };
        trace.suppose();
        respond(
            &self.parts.how.page(trace, negotiate::form(asking.headers), language),
            asking.method,
            asking.headers,
        )
    }

    fn mlb(&self) -> MlbTrace {
        let site = self.parts.site.load();
        MlbTrace {
            asked_at: site.facts.asked_at.map(second),
            seconds_ago: site.facts.asked_at.map(|at| self.seconds_since(at)),
            took_ms: site.facts.asking_took.map(|took| micros(took) / 1e3),
        }
    }

    fn answered(&self, simulated: &SimulatedResponse) -> ResponseTrace {
        let response = &simulated.response;
        // A 304 is about a body that the client has.
        let body = if response.status() == StatusCode::NOT_MODIFIED { &simulated.plain } else { response };
        let made = self.made(simulated);
        let made_at = match made {
            Made::Build | Made::Answer => {
                ours(response, LAST_MODIFIED).and_then(|date| parse_http_date(&date))
            }
            Made::Start => Some(self.parts.how.process_start.at),
            Made::Request => Some(second(OffsetDateTime::now_utc())),
        };
        ResponseTrace {
            status: response.status().as_u16(),
            location: ours(response, LOCATION),
            made,
            made_at,
            media_type: ours(body, CONTENT_TYPE),
            acceptable: acceptable(&simulated.offer),
            coding: coding(response),
            bytes_before: length(&simulated.plain),
            bytes_after: length(response),
            cache_control: ours(response, CACHE_CONTROL),
            etag: ours(response, ETAG),
            content_range: ours(response, CONTENT_RANGE),
            language: ours(body, CONTENT_LANGUAGE),
        }
    }

    fn made(&self, simulated: &SimulatedResponse) -> Made {
        let status = simulated.response.status();
        match simulated.routed.route.map(|route| route.target) {
            Some(RouteTarget::Ready) if status.is_server_error() => Made::Answer,
            Some(RouteTarget::Asset) if self.parts.design.is_some() && status.is_success() => Made::Request,
            Some(target) if status.is_success() || status == StatusCode::NOT_MODIFIED => target.made(),
            _ => Made::Start,
        }
    }

    /// The age in real seconds, also while a day is replayed at many times its speed.
    fn seconds_since(&self, at: OffsetDateTime) -> f64 {
        let age = Duration::try_from(self.parts.clock.now() - at).unwrap_or_default();
        (self.parts.clock.real(age).as_secs_f64() * 1e3).round() / 1e3
    }
}

impl Trace {
    /// Changes the connection to one on which the client did otherwise.
    fn suppose(&mut self) {
        match self.what_if {
            Some(WhatIf::Http1) => self.connection.protocol = "HTTP/1.1",
            Some(WhatIf::NoTls) => {
                let clear = ("HTTP/1.1", ChosenBy::Clear, "http");
                (self.connection.protocol, self.connection.chosen_by, self.connection.scheme) = clear;
                (self.tls, self.microseconds.handshake) = (None, None);
            }
            _ => return,
        }
        self.connection.quic = None;
        (self.connection.request, self.connection.idle_ms) = (1, 0.0);
    }
}

/// The rows of the table with their outcomes: they are tried from the top until one matches.
fn tried(table: &[Route], matched: Option<&Route>) -> Vec<RouteTrace> {
    let end = matched.and_then(|matched| table.iter().position(|route| route == matched));
    let outcome = |index| match end {
        Some(end) if index < end => RouteOutcome::Passed,
        Some(end) if index == end => RouteOutcome::Matched,
        _ => RouteOutcome::NotTried,
    };
    let row = |(index, route): (usize, &Route)| RouteTrace {
        pattern: route.pattern,
        about: route.about,
        outcome: outcome(index),
    };
    table.iter().enumerate().map(row).collect()
}

/// The content codings that the client accepts, the best first.
fn acceptable(offer: &HeaderMap) -> Vec<&'static str> {
    let codings = Codings::accepted(offer);
    let accepted = Coding::ALL.into_iter().rev().filter(|coding| codings.quality(*coding) > 0);
    accepted.map(Coding::token).collect()
}

fn coding(response: &FullResponse) -> &'static str {
    let named = response.headers().get(CONTENT_ENCODING);
    let coding = Coding::ALL.into_iter().find(|coding| named.is_some_and(|name| name == coding.token()));
    coding.unwrap_or(Coding::Identity).token()
}

fn length(response: &FullResponse) -> Option<u64> {
    ours(response, CONTENT_LENGTH)?.parse().ok()
}

fn ours(response: &FullResponse, name: HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// Whole seconds in UTC.
fn second(at: OffsetDateTime) -> OffsetDateTime {
    let at = at.to_offset(UtcOffset::UTC);
    at.replace_nanosecond(0).unwrap_or(at)
}
