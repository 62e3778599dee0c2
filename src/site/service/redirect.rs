//! Redirects to the site's own host, scheme and spelling of a path, and refusals of other hosts.

use crate::{
    site::{cors, routes::RoutedPath, service::Service},
    web::{
        host::{HostDecision, Scheme, authority},
        path,
        representation::field,
        respond::FullResponse,
    },
};
use hyper::{HeaderMap, Method, Request, StatusCode, header::LOCATION};

impl Service {
    /// The response to a request for another host or scheme. Health checks, challenges and the relay have any host.
    pub(crate) fn elsewhere<B>(
        &self,
        request: &Request<B>,
        routed: &RoutedPath,
        scheme: Scheme,
    ) -> Option<FullResponse> {
        let (uri, headers) = (request.uri(), request.headers());
        if routed.route?.target.has_any_host() {
            return None;
        }
        match self.parts.hosts.decide(authority(request), scheme, self.https()) {
            HostDecision::Serve => None,
            HostDecision::Elsewhere(status) => Some(self.error(status, headers)),
            // An unknown method is refused here, as it would be there.
            HostDecision::Move(_) if !is_known(request.method()) => None,
            // A browser does not follow a redirect of a preflight, but follows one of the request after it.
            HostDecision::Move(_) if cors::is_preflight(request.method(), headers) => None,
            HostDecision::Move(origin) => {
                let target = path::reference(uri.path(), uri.query());
                Some(self.moved(&format!("{origin}{target}"), headers))
            }
        }
    }

    /// The port to which clients may be redirected for HTTPS.
    pub(crate) fn https(&self) -> Option<u16> {
        self.parts.hosts.https.filter(|_| {
            self.parts.certificates.as_ref().is_some_and(|certificates| certificates.is_settled())
        })
    }

    /// A redirect to this URL.
    pub(crate) fn moved(&self, location: &str, headers: &HeaderMap) -> FullResponse {
        let mut response = self.error(StatusCode::PERMANENT_REDIRECT, headers);
        response.headers_mut().insert(LOCATION, field(location));
        response
    }
}

/// Whether a method is one of HTTP's own (RFC 9110 §9.3, RFC 5789). No resource of this site has another one.
fn is_known(method: &Method) -> bool {
    const KNOWN: [Method; 9] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::CONNECT,
        Method::OPTIONS,
        Method::TRACE,
        Method::PATCH,
    ];
    KNOWN.contains(method)
}
