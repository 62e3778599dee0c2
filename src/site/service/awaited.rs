//! The facts that a response has to wait for: the relay's reply, or what is being rendered on another thread.

use crate::{
    connection::{Arrival, ConnectionInfo},
    mlb::relay::Relayed,
    site::{
        named::{self, NamedContent, NamedResource},
        routes::{RouteTarget, RoutedPath},
        service::{Service, simulate::AskedRequest},
    },
    web::forwarded::ClientAddr,
};
use hyper::{Method, Request};
use std::pin::Pin;

/// The facts that a response had to wait for.
#[derive(Debug, Clone)]
pub enum Awaited {
    /// The relay's reply.
    Relayed(Relayed),
    /// A page that was rendered for the first time.
    Named(NamedResource),
    /// No page: it could not be rendered, or had to make room for others.
    Unrendered,
    /// A change of the site, in which the facts are.
    Site,
}

/// A promise of such facts.
type AwaitedFacts = Pin<Box<dyn Future<Output = Awaited> + Send>>;

impl Service {
    /// The facts that the response to this request has to wait for. None if the response can be made at once.
    pub fn awaited<B: hyper::body::Body>(
        &self,
        request: &Request<B>,
        routed: &RoutedPath,
        connection: &ConnectionInfo,
        arrival: Arrival,
    ) -> Option<AwaitedFacts> {
        if let Some(relayed) = self.relayed(request, routed) {
            return Some(Box::pin(async { Awaited::Relayed(relayed.await) }));
        }
        let (route, uri) = (routed.route?, request.uri());
        let page = match route.target {
            RouteTarget::Published => return self.awaited_picture(uri.path()),
            RouteTarget::Named | RouteTarget::DayFile => named::parse(uri.path()),
            RouteTarget::How(_) => AskedRequest::of(uri.query()).path.and_then(|path| named::parse(&path)),
            _ => None,
        };
        let (_, named, part) = page.filter(|_| matches!(*request.method(), Method::GET | Method::HEAD))?;
        // A request that will be refused for its rate must not take a place in the queue of the renderer.
        let client = ClientAddr::of(connection, request.headers(), &self.parts.proxies);
        if client.counted.is_some_and(|address| {
            !self.parts.clients.rates.would_admit(address, arrival.at, &self.parts.limits)
        }) {
            return None;
        }
        match self.parts.site.load().facts.named.get(named, part, client.counted) {
            NamedContent::Rendering(page) => {
                Some(Box::pin(async { page.await.map_or(Awaited::Unrendered, Awaited::Named) }))
            }
            _ => None,
        }
    }

    /// A picture that is still being drawn.
    fn awaited_picture(&self, path: &str) -> Option<AwaitedFacts> {
        let site = self.parts.site.load();
        let is_missing = !site.published.contains_key(path);
        let mut pictures = site.facts.pictures.clone().filter(|_| is_missing)?;
        Some(Box::pin(async move {
            // Fails once they have been drawn, because nothing is ever sent.
            let _ = pictures.changed().await;
            Awaited::Site
        }))
    }
}
