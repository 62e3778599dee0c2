//! The Content-Security-Policy of pages, and the fields that go with it.

use crate::web::representation::{Field, Lifetime};
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, REFRESH};
use std::time::Duration;

/// The shortest time after which the box loads itself again.
const LEAST_REFRESH: Duration = Duration::from_secs(60);

/// The policy of pages: they load only this site's resources. Their one inline style block is named by its hash.
pub(crate) fn page_policy(style: &str) -> Vec<Field> {
    let policy = format!(
        "default-src 'none'; style-src 'self' {style}; script-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut policy = strict(policy);
    policy.push((HeaderName::from_static("cross-origin-opener-policy"), "same-origin".into()));
    policy
}

/// The policy of the box, which every site may frame. It loads only the typeface, and itself again: without a script,
/// and not in step with a game, because a page with many readers may frame it.
pub(super) fn embed_policy(style: &str, lifetime: Lifetime) -> Vec<Field> {
    let (Lifetime::Changing(lasts) | Lifetime::Settled(lasts)) = lifetime;
    let mut policy = strict(format!(
        "default-src 'none'; style-src {style}; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
    ));
    policy.push((REFRESH, lasts.max(LEAST_REFRESH).as_secs().to_string().into()));
    policy
}

/// The fields of every page, with this Content-Security-Policy.
fn strict(policy: String) -> Vec<Field> {
    vec![
        (CONTENT_SECURITY_POLICY, policy.into()),
        (REFERRER_POLICY, "strict-origin-when-cross-origin".into()),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()".into(),
        ),
    ]
}
