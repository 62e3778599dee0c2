//! The pages for what goes wrong, made once.

use super::{representation::Representation, site::error_forms};
use hyper::StatusCode;
use std::collections::HashMap;

/// By status, as HTML and as text.
#[derive(Clone)]
pub struct ErrorPages {
    pages: HashMap<StatusCode, (Representation, Representation)>,
}

impl ErrorPages {
    /// The statuses a visitor can meet, and the sentence that explains each.
    pub const STATUSES: &[(u16, &str)] = &[
        (308, "This is the same as another address, which is the one to use."),
        (400, "The request could not be understood."),
        (404, "There is nothing at this address."),
        (405, "This can only be read."),
        (406, "This is not to be had in the way that was asked for."),
        (412, "This is no longer what you have."),
        (413, "Requests to this site have no body."),
        (414, "The address is longer than any on this site."),
        (416, "This is shorter than the part that was asked for."),
        (421, "This server does not answer to that name."),
        (431, "The request's header is longer than any this site needs."),
        (500, "Something broke on our side; it has been logged."),
        (503, "Too many are watching at once. The page itself is there."),
    ];

    /// Takes each page as HTML and as text; `style` is the CSP source of the pages' inline style block.
    pub fn new(pages: impl IntoIterator<Item = (u16, String, String)>, style: &str) -> Self {
        let pages = pages.into_iter().filter_map(|(status, html, text)| {
            Some((StatusCode::from_u16(status).ok()?, error_forms((html, text), style)))
        });
        ErrorPages { pages: pages.collect() }
    }

    pub(super) fn get(&self, status: StatusCode) -> Option<&(Representation, Representation)> {
        self.pages.get(&status)
    }
}
