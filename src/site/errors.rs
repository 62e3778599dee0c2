//! The error pages, made once.

use crate::{
    language::PerLanguage,
    site::{
        page::{PageForms, PageText, error_forms},
        policy::page_policy,
    },
};
use hyper::StatusCode;
use std::collections::HashMap;

/// The error pages by status, in every form and language.
#[derive(Clone)]
pub struct ErrorPages {
    pages: HashMap<StatusCode, PerLanguage<PageForms>>,
}

impl ErrorPages {
    /// The statuses that a visitor can get.
    pub const STATUSES: &[u16] = &[308, 400, 404, 405, 406, 412, 413, 414, 416, 421, 429, 431, 500, 503];

    /// Takes each status with its page; `style` is the CSP source of the pages' inline style block.
    pub fn new(pages: impl IntoIterator<Item = (u16, PerLanguage<PageText>)>, style: &str) -> Self {
        let policy = page_policy(style);
        let pages = pages.into_iter().filter_map(|(status, page)| {
            Some((StatusCode::from_u16(status).ok()?, error_forms(&page, &policy)))
        });
        ErrorPages { pages: pages.collect() }
    }

    pub(crate) fn get(&self, status: StatusCode) -> Option<&PerLanguage<PageForms>> {
        self.pages.get(&status)
    }
}
