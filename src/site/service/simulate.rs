//! Simulated requests for `/how`: the path in question goes through the pipeline, and the response is read instead of
//! sent.

use crate::{
    name::Named,
    site::{
        routes::RoutedPath,
        service::{Service, resource::ReadRequest},
        trace::WhatIf,
    },
    web::{
        host::{HostDecision, Scheme},
        respond::FullResponse,
    },
};
use hyper::{
    HeaderMap, Method,
    header::{
        ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, RANGE,
        USER_AGENT,
    },
};
use percent_encoding::percent_decode_str;
use std::time::{Duration, Instant};

/// The request that a query asks about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct AskedRequest {
    /// The path, without its query and fragment; none for the path of the request itself.
    pub path: Option<String>,
    pub what_if: Option<WhatIf>,
}

impl AskedRequest {
    /// The parameters `path` and `if` of a query. A change without a path is one of a request for the answer.
    pub fn of(query: Option<&str>) -> Self {
        let parameter = |name: &str| {
            let mut pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
            pairs.find_map(|(key, value)| (key == name && !value.is_empty()).then_some(value))
        };
        let what_if = parameter("if").and_then(|value| WhatIf::all().find(|change| change.name() == value));
        // Invalid UTF-8 becomes a character that is in no path.
        let path = parameter("path").map(|value| percent_decode_str(value).decode_utf8_lossy());
        let path = path.and_then(|path| path.split(['?', '#']).next().map(str::to_owned));
        AskedRequest { path: path.or_else(|| what_if.map(|_| "/".into())), what_if }
    }
}

pub(super) struct SimulatedResponse {
    pub routed: RoutedPath,
    pub routing: Duration,
    pub response: FullResponse,
    pub answering: Duration,
    /// The same response to a client that accepts no content coding.
    pub plain: FullResponse,
    /// The request's fields.
    pub offer: HeaderMap,
}

impl Service {
    /// Sends a path through the pipeline, as on a first visit of a client with these fields, which this change applies
    /// to.
    pub(super) fn simulate(
        &self,
        path: &str,
        headers: &HeaderMap,
        what_if: Option<WhatIf>,
        authority: &str,
    ) -> SimulatedResponse {
        let mut offer = only(headers, &[ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, USER_AGENT]);
        let began = Instant::now();
        let routed = self.route(path);
        let routing = began.elapsed();
        self.change(&mut offer, path, &routed, what_if);
        let began = Instant::now();
        let moved = match what_if {
            Some(WhatIf::NoTls) => self.moved_to_tls(path, &routed, authority, &offer),
            _ => None,
        };
        let response = moved.unwrap_or_else(|| self.simulated(path, &routed, &offer));
        let answering = began.elapsed();
        let plain = self.simulated(path, &routed, &only(&offer, &[ACCEPT, ACCEPT_LANGUAGE, USER_AGENT]));
        SimulatedResponse { routed, routing, response, answering, plain, offer }
    }

    fn simulated(&self, path: &str, routed: &RoutedPath, headers: &HeaderMap) -> FullResponse {
        self.read(&ReadRequest::simulated(path, routed, &Method::GET, headers))
    }

    fn change(&self, offer: &mut HeaderMap, path: &str, routed: &RoutedPath, what_if: Option<WhatIf>) {
        let (name, value) = match what_if {
            None | Some(WhatIf::Http1 | WhatIf::NoTls) => return,
            Some(WhatIf::Unchanged) => {
                let Some(etag) = self.simulated(path, routed, offer).headers_mut().remove(ETAG) else {
                    return;
                };
                (IF_NONE_MATCH, etag)
            }
            Some(WhatIf::Range) => (RANGE, HeaderValue::from_static("bytes=0-99")),
            Some(WhatIf::Gzip) => (ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
            Some(WhatIf::English) => (ACCEPT_LANGUAGE, HeaderValue::from_static("en")),
            Some(WhatIf::Spanish) => (ACCEPT_LANGUAGE, HeaderValue::from_static("es")),
        };
        offer.insert(name, value);
    }

    /// The redirect of a request without TLS, if there is one.
    fn moved_to_tls(
        &self,
        path: &str,
        routed: &RoutedPath,
        authority: &str,
        headers: &HeaderMap,
    ) -> Option<FullResponse> {
        let is_exempt = routed.route.is_none_or(|route| route.target.has_any_host());
        match self.parts.hosts.decide(authority, Scheme::Http, self.https()) {
            HostDecision::Move(origin) if !is_exempt => Some(self.moved(&format!("{origin}{path}"), headers)),
            _ => None,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_a_path_a_change_or_both() {
        for (query, path, what_if) in [
            (None, None, None),
            (Some("path="), None, None),
            (Some("path=/a%20b?x#y"), Some("/a b"), None),
            (Some("x=1&path=/a&path=/b"), Some("/a"), None),
            (Some("if=gzip"), Some("/"), Some(WhatIf::Gzip)),
            (Some("if=nothing"), None, None),
            (Some("path=/healthz&if=http1"), Some("/healthz"), Some(WhatIf::Http1)),
        ] {
            let expected = AskedRequest { path: path.map(str::to_owned), what_if };
            assert_eq!(AskedRequest::of(query), expected, "{query:?}");
        }
    }
}
