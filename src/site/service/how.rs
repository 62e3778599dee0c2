//! `/how`: the way of this request, or of another one that this client would send. It shows only what the pipeline
//! really does: the path in question goes through the pipeline, and the response is read instead of sent.

use crate::{
    connection::ConnectionInfo,
    http::log_record::protocol,
    language::Language,
    site::{
        assets,
        exchange::RequestContext,
        routes::{Route, RouteTarget, RoutedPath},
        service::{Service, resource::ReadRequest},
        snapshot::page_policy,
        trace::{
            ChosenBy, ConnectionTrace, Made, MlbTrace, ProcessTrace, ResponseTrace, RouteOutcome, RouteTrace,
            Timings, TlsTrace, Trace,
        },
    },
    web::{
        coding::Coding,
        negotiate::{self, Codings, FORM_FIELDS, Form},
        representation::{Representation, RepresentationFields, parse_http_date},
        respond::{FullResponse, RefusedRepresentation, respond},
    },
};
use hyper::{
    HeaderMap, Method,
    header::{
        ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH,
        CONTENT_TYPE, HeaderName, LAST_MODIFIED, LOCATION, USER_AGENT,
    },
};
use percent_encoding::percent_decode_str;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use time::{OffsetDateTime, UtcOffset};

/// Renders a trace as a page.
#[derive(Clone)]
pub struct HowPage {
    draw: Arc<RenderHow>,
    policy: HeaderMap,
    process_start: ProcessStart,
}

/// The start of this process.
#[derive(Debug, Clone, Copy)]
pub struct ProcessStart {
    /// The time of the start.
    pub at: OffsetDateTime,
    /// The number of processes before it that have handed over their sockets.
    pub upgrades: u32,
}

type RenderHow = dyn Fn(&Trace, Form) -> String + Send + Sync;

impl HowPage {
    /// `style` is the CSP source of the page's inline style block.
    pub fn new(
        style: &str,
        process_start: ProcessStart,
        draw: impl Fn(&Trace, Form) -> String + Send + Sync + 'static,
    ) -> Self {
        let process_start = ProcessStart { at: second(process_start.at), ..process_start };
        HowPage { draw: Arc::new(draw), policy: page_policy(style), process_start }
    }

    fn page(&self, trace: &Trace, form: Form) -> Representation {
        let (media_type, more) = match form {
            Form::Html => ("text/html; charset=utf-8", self.policy.clone()),
            Form::Json => ("application/json", HeaderMap::new()),
            Form::Text | Form::Ansi => ("text/plain; charset=utf-8", HeaderMap::new()),
        };
        let fields = RepresentationFields {
            language: Some(Language::English),
            more,
            ..RepresentationFields::momentary(media_type)
        };
        Representation::single((self.draw)(trace, form).into_bytes(), &fields).varying(&FORM_FIELDS)
    }
}

impl Service {
    pub(crate) fn how(
        &self,
        asking: &ReadRequest,
        context: &RequestContext,
    ) -> Result<FullResponse, RefusedRepresentation> {
        let about = asked_about(asking.query);
        let path = about.as_deref().unwrap_or(asking.path);
        let offer = only(asking.headers, &[ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, USER_AGENT]);
        let rehearsed = self.rehearse(path, &offer);
        let spent = match about {
            Some(_) => (rehearsed.routing, Some(micros(rehearsed.answering))),
            // A page cannot contain the time that it takes to make it; `Server-Timing` does.
            None => (context.routing, None),
        };
        let site = self.site.load();
        let trace = Trace {
            request_id: context.id_text(),
            path: rehearsed.routed.route.map(|_| path.to_owned()),
            own: about.is_none(),
            connection: connected(context),
            tls: agreed(context.connection),
            routes: tried(self.routes, rehearsed.routed.route),
            answer: self.answered(&rehearsed, &offer),
            mlb: MlbTrace {
                asked_at: site.asked_at.map(second),
                seconds_ago: site.asked_at.map(|at| self.seconds_since(at)),
                took_ms: site.asking_took.map(|took| micros(took) / 1e3),
            },
            microseconds: Timings {
                accept: micros(context.connection.queued),
                handshake: context.connection.tls.as_ref().map(|tls| micros(tls.took)),
                wait: micros(context.arrival.waited),
                route: micros(spent.0),
                answer: spent.1,
            },
            server: ProcessTrace {
                version: env!("CARGO_PKG_VERSION"),
                commit: env!("BUILD_COMMIT"),
                rustc: env!("BUILD_RUSTC"),
                target: env!("BUILD_TARGET"),
                built_at: assets::built(),
                started_at: self.how.process_start.at,
                answered: self.observer.metrics.answered(),
                upgrades: self.how.process_start.upgrades,
            },
        };
        respond(&self.how.page(&trace, negotiate::form(asking.headers)), asking.method, asking.headers)
    }

    /// Sends a path through the pipeline, as on a first visit of a client with these request fields.
    fn rehearse(&self, path: &str, offer: &HeaderMap) -> SimulatedResponse {
        let began = Instant::now();
        let routed = self.route(path);
        let routing = began.elapsed();
        let ask = |headers| {
            self.read(&ReadRequest {
                path,
                routed: &routed,
                query: None,
                method: &Method::GET,
                headers,
                context: None,
                relayed: None,
            })
        };
        let response = ask(offer);
        let answering = began.elapsed().saturating_sub(routing);
        let bytes_before = length(&ask(&only(offer, &[ACCEPT, ACCEPT_LANGUAGE, USER_AGENT])));
        SimulatedResponse { routed, routing, response, answering, bytes_before }
    }

    fn answered(&self, rehearsed: &SimulatedResponse, offer: &HeaderMap) -> ResponseTrace {
        let response = &rehearsed.response;
        let made = self.made(rehearsed);
        let made_at = match made {
            Made::Build | Made::Answer => {
                ours(response, LAST_MODIFIED).and_then(|date| parse_http_date(&date))
            }
            Made::Start => Some(self.how.process_start.at),
            Made::Request => Some(second(OffsetDateTime::now_utc())),
        };
        ResponseTrace {
            status: response.status().as_u16(),
            location: ours(response, LOCATION),
            made,
            made_at,
            media_type: ours(response, CONTENT_TYPE),
            acceptable: acceptable(offer),
            coding: coding(response),
            bytes_before: rehearsed.bytes_before,
            bytes_after: length(response),
            cache_control: ours(response, CACHE_CONTROL),
        }
    }

    fn made(&self, rehearsed: &SimulatedResponse) -> Made {
        let status = rehearsed.response.status();
        match rehearsed.routed.route.map(|route| route.target) {
            Some(RouteTarget::Ready) if status.is_server_error() => Made::Answer,
            Some(RouteTarget::Asset) if self.design.is_some() => Made::Request,
            Some(target) if status.is_success() => target.made(),
            _ => Made::Start,
        }
    }

    /// The age in real seconds, also while a day is replayed at many times its speed.
    fn seconds_since(&self, at: OffsetDateTime) -> f64 {
        let age = Duration::try_from(self.clock.now() - at).unwrap_or_default();
        (self.clock.real(age).as_secs_f64() * 1e3).round() / 1e3
    }
}

/// The response to a simulated request, which is not sent.
struct SimulatedResponse {
    routed: RoutedPath,
    routing: Duration,
    response: FullResponse,
    answering: Duration,
    /// Length of the same response to a client that accepts no content coding.
    bytes_before: Option<u64>,
}

/// The rows of the table with their outcomes: they are tried from the top until one matches.
pub fn tried(table: &[Route], matched: Option<&Route>) -> Vec<RouteTrace> {
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

/// The path in a query's `path` parameter, if there is one, without its query and fragment.
fn asked_about(query: Option<&str>) -> Option<String> {
    let value =
        query?.split('&').find_map(|pair| pair.strip_prefix("path=")).filter(|path| !path.is_empty())?;
    // Invalid UTF-8 becomes a character that is in no path.
    let path = percent_decode_str(value).decode_utf8_lossy();
    path.split(['?', '#']).next().map(str::to_owned)
}

/// Only the fields with these names.
fn only(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut offer = HeaderMap::new();
    for name in names {
        for value in headers.get_all(name) {
            offer.append(name, value.clone());
        }
    }
    offer
}

fn connected(context: &RequestContext) -> ConnectionTrace {
    ConnectionTrace {
        protocol: protocol(context.version),
        chosen_by: match &context.connection.tls {
            None => ChosenBy::Clear,
            Some(tls) if tls.alpn.is_none() => ChosenBy::NoAlpn,
            Some(_) => ChosenBy::Alpn,
        },
        ip_version: context.client.peer.address().map(|address| if address.is_ipv4() { 4 } else { 6 }),
        worker: context.connection.worker,
        request: context.arrival.number,
        scheme: context.client.scheme.name(),
        proxied: context.client.proxied,
    }
}

fn agreed(connection: &ConnectionInfo) -> Option<TlsTrace> {
    connection.tls.as_ref().map(|tls| TlsTrace {
        version: tls.version,
        cipher: tls.cipher.clone(),
        group: tls.group,
        post_quantum: tls.is_post_quantum(),
        resumed: tls.resumed,
        server_name: tls.server_name.clone(),
    })
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

/// Microseconds, rounded to tenths, because finding a route takes less than one.
fn micros(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e7).round() / 10.0
}
