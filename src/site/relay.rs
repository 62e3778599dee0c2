//! `/mlb/…`: the relay's replies, for clients that send its token.

use crate::{
    mlb::{
        NO_QUESTION, Question, Token,
        relay::{Relay, RelayError, RelayOutcome, Relayed, ReplyContent},
    },
    site::{
        routes::{RouteTarget, RoutedPath},
        service::{Awaited, Service, bare, resource::ReadRequest},
    },
    web::{
        coding::Coding,
        representation::{Representation, RepresentationFields, field, unique},
        respond::{FullResponse, RefusedRepresentation, respond},
        retry_after,
    },
};
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    body::Body,
    header::{
        AGE, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER,
        WWW_AUTHENTICATE,
    },
};
use std::{pin::Pin, sync::Arc, time::Duration};

/// The prefix of the path of requests to the relay; the question follows it.
const PREFIX: &str = "/mlb";

/// The relay, and the token that its clients send.
#[derive(Clone)]
pub struct Relaying {
    pub relay: Arc<Relay>,
    pub token: Token,
}

impl Relaying {
    fn admits(&self, headers: &HeaderMap) -> bool {
        headers.get(AUTHORIZATION).is_some_and(|value| self.token.authorizes(value.as_bytes()))
    }
}

impl Service {
    /// The relay's reply, which the response to this request has to wait for; none if the request is not for the relay.
    pub fn relayed<B: Body>(
        &self,
        request: &Request<B>,
        routed: &RoutedPath,
    ) -> Option<Pin<Box<dyn Future<Output = Relayed> + Send>>> {
        if !routed.is_for(RouteTarget::Relay) || *request.method() != Method::GET {
            return None;
        }
        let question = request.uri().path_and_query()?.as_str().strip_prefix(PREFIX)?;
        let Relaying { relay, .. } =
            self.parts.relay.as_ref().filter(|relaying| relaying.admits(request.headers()))?;
        let question = Question::parse(question).filter(|_| request.body().is_end_stream())?;
        let relay = relay.clone();
        Some(Box::pin(async move { relay.ask(&question).await }))
    }

    pub(crate) fn relay_response(&self, asking: &ReadRequest) -> FullResponse {
        let Some(relaying) = &self.parts.relay else {
            return self.error(StatusCode::NOT_FOUND, asking.headers);
        };
        // A request without `context` is only simulated.
        let count = |outcome| {
            if asking.context.is_some() {
                relaying.relay.refuse(outcome);
            }
        };
        if !relaying.admits(asking.headers) {
            count(RelayOutcome::Unauthorized);
            let mut response =
                failed(StatusCode::UNAUTHORIZED, "the relay answers those who bring its token");
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"e6 relay\""));
            return response;
        }
        match asking.awaited {
            Some(Awaited::Relayed(Relayed::Reply { content, age, .. })) => self.reply(asking, content, *age),
            Some(Awaited::Relayed(Relayed::Failure(RelayError { status, message, retry_after, .. }))) => {
                let mut response = failed(*status, message);
                if let Some(wait) = retry_after {
                    response.headers_mut().insert(RETRY_AFTER, retry_after::value(*wait));
                }
                response
            }
            _ => {
                count(RelayOutcome::NotAQuestion);
                failed(StatusCode::NOT_FOUND, NO_QUESTION)
            }
        }
    }

    fn reply(&self, asking: &ReadRequest, content: &ReplyContent, age: Duration) -> FullResponse {
        let variant = |coding: Coding, body| (coding, coding.tag(&content.tag), body);
        let variants = [
            Some(variant(Coding::Identity, content.body.clone())),
            content.gzip.clone().map(|gzip| variant(Coding::Gzip, gzip)),
        ];
        let fields = RepresentationFields::momentary(content.media_type.clone());
        let representation = Representation::from_variants(variants.into_iter().flatten(), fields);
        let responded = respond(&representation, asking.method, asking.headers);
        let mut response = responded
            .unwrap_or_else(|RefusedRepresentation { status, .. }| self.error(status, asking.headers));
        response.headers_mut().insert(CACHE_CONTROL, field(&content.cache_control()));
        response.headers_mut().insert(AGE, unique(age.as_secs()));
        response
    }
}

/// The response to every method but GET, the only one that the relay supports.
pub(crate) fn only_get() -> FullResponse {
    let mut response = failed(StatusCode::METHOD_NOT_ALLOWED, "the relay answers GET only");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
    response
}

/// An error response with a body like MLB's.
fn failed(status: StatusCode, message: &str) -> FullResponse {
    let mut body = serde_json::json!({ "message": message }).to_string();
    body.push('\n');
    let mut response = bare(status);
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    fields.insert(CONTENT_LENGTH, body.len().into());
    *response.body_mut() = Full::from(body);
    response
}
