use super::*;
use crate::{mlb::upstream::Reply, name::Named};
use ureq::http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};

const MLBS: &str = "max-age=10, public, stale-while-revalidate=30, stale-if-error=86400";

fn content(text: &str, cache_control: &str, age: u64, now: Instant) -> ReplyContent {
    let fields = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_str(cache_control).unwrap())]);
    let mut freshness = crate::mlb::freshness::Freshness::of(&fields);
    freshness.age = Duration::from_secs(age);
    let body = text.as_bytes().to_vec();
    let reply =
        Reply { status: StatusCode::OK, retry_after: None, date: None, freshness, media_type: None, body };
    ReplyContent::of(reply, now)
}

fn refusal(trouble: Outage, status: Option<u16>, retry_after: Option<u64>) -> PollError {
    PollError {
        trouble,
        status: status.map(|status| StatusCode::from_u16(status).unwrap()),
        retry_after: retry_after.map(Duration::from_secs),
        what: "on purpose".into(),
    }
}

fn cache() -> ReplyCache {
    ReplyCache::new(CacheLimits { entries: 100, bytes: 1_000_000 })
}

/// "text (outcome) age" of a reply, the status of a failure, "ask" or "wait".
fn told(look: Lookup) -> String {
    match look {
        Lookup::Here(relayed) => said(&relayed),
        Lookup::Wait(_) => "wait".into(),
        Lookup::Ask(_) => "ask".into(),
    }
}

fn said(relayed: &Relayed) -> String {
    match relayed {
        Relayed::Reply { content, age, outcome, .. } => {
            format!("{} ({}) {}", String::from_utf8_lossy(&content.body), outcome.name(), age.as_secs())
        }
        Relayed::Failure(failure) => failure.status.as_u16().to_string(),
    }
}

#[test]
fn a_reply_is_used_as_long_as_cache_control_and_age_allow() {
    let start = Instant::now();
    for (cache_control, age, fresh_for) in [
        (MLBS, 0, Some(10)),
        (MLBS, 4, Some(6)),
        (MLBS, 24, Some(1)),
        ("max-age=20, s-maxage=3", 0, Some(3)),
        ("max-age=0", 0, None),
        ("no-store, max-age=10", 0, None),
        ("no-cache, max-age=10", 0, None),
        ("", 0, None),
    ] {
        let (mut cache, question) = (cache(), Question::team(135));
        assert_eq!(told(cache.look(&question, start)), "ask");
        cache.finish(&question, Ok(content("a", cache_control, age, start)), start);
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        if let Some(seconds) = fresh_for {
            let last = told(cache.look(&question, after(seconds * 1000 - 1)));
            assert_eq!(last, format!("a (fresh) {}", age + seconds - 1), "{cache_control} {age}");
        }
        let next = told(cache.look(&question, after(fresh_for.unwrap_or(0) * 1000)));
        assert_eq!(next, "ask", "{cache_control} {age}");
    }
}

#[test]
fn whoever_asks_while_mlb_is_asked_waits_for_the_same_reply() {
    let (mut cache, now) = (cache(), Instant::now());
    let (question, other) = (Question::team(135), Question::team(136));
    let Lookup::Ask(first) = cache.look(&question, now) else { panic!("nobody has asked yet") };
    let waiting: Vec<ReplyWaiter> = (0..50)
        .map(|_| match cache.look(&question, now) {
            Lookup::Wait(waiting) => waiting,
            _ => panic!("MLB is being asked"),
        })
        .collect();
    assert_eq!(told(cache.look(&other, now)), "ask", "another question does not wait");
    cache.finish(&question, Ok(content("a", MLBS, 0, now)), now);
    for waiting in waiting.iter().chain([&first]) {
        assert_eq!(said(waiting.borrow().as_ref().unwrap()), "a (asked) 0");
    }
}

#[test]
fn an_old_reply_is_used_within_limits_while_mlb_fails_but_not_when_it_refuses() {
    let start = Instant::now();
    let failed = |trouble, status, hours: u64, cache_control: &str| {
        let (mut cache, question) = (cache(), Question::team(135));
        let later = start + Duration::from_secs(hours * 3600 + 30);
        drop(cache.look(&question, start));
        cache.finish(&question, Ok(content("a", cache_control, 0, start)), start);
        let Lookup::Ask(waiting) = cache.look(&question, later) else { panic!("the reply is old") };
        cache.finish(&question, Err(refusal(trouble, status, None)), later);
        let told_first = said(waiting.borrow().as_ref().unwrap());
        assert_eq!(
            told(cache.look(&question, later + Duration::from_secs(1))).split(' ').next(),
            told_first.split(' ').next()
        );
        told_first
    };
    for (trouble, status, stale) in [
        (Outage::TooSlow, None, "a (stale) 30"),
        (Outage::Unreachable, None, "a (stale) 30"),
        (Outage::TurnedAway, Some(500), "a (stale) 30"),
        (Outage::TurnedAway, Some(429), "a (stale) 30"),
        (Outage::TurnedAway, Some(404), "404"),
        (Outage::Refused, Some(406), "406"),
        (Outage::Refused, Some(403), "403"),
    ] {
        assert_eq!(failed(trouble, status, 0, MLBS), stale, "{trouble:?} {status:?}");
    }
    assert_eq!(failed(Outage::TooSlow, None, 2, MLBS), "504", "an hour is enough");
    assert_eq!(failed(Outage::TooSlow, None, 0, "max-age=10, stale-if-error=15"), "504");
    assert_eq!(failed(Outage::TooSlow, None, 0, "max-age=10"), "504");
}

#[test]
fn a_failure_is_not_asked_for_again_at_once_and_a_pause_holds_for_all_questions() {
    let (mut cache, start) = (cache(), Instant::now());
    let (question, other) = (Question::team(135), Question::team(136));
    let after = |seconds| start + Duration::from_secs(seconds);
    for (trouble, status, lasts) in [
        (Outage::Unreachable, None, 2),
        (Outage::Refused, Some(406), 60),
        (Outage::TurnedAway, Some(404), 60),
    ] {
        let question = Question::person(lasts as u32 + u32::from(status.unwrap_or(0)));
        drop(cache.look(&question, start));
        cache.finish(&question, Err(refusal(trouble, status, None)), start);
        assert_ne!(told(cache.look(&question, after(lasts - 1))), "ask", "{status:?}");
        assert_eq!(told(cache.look(&question, after(lasts))), "ask", "{status:?}");
    }
    drop(cache.look(&question, start));
    cache.finish(&question, Err(refusal(Outage::TurnedAway, Some(429), Some(300))), start);
    let Lookup::Here(Relayed::Failure(paused)) = cache.look(&other, after(100)) else {
        panic!("MLB wants a pause")
    };
    assert_eq!((paused.status.as_u16(), paused.retry_after), (503, Some(Duration::from_secs(200))));
    assert_eq!(told(cache.look(&other, after(300))), "ask");
}

#[test]
fn no_more_is_kept_than_the_limits_allow_and_what_was_asked_for_longest_ago_goes() {
    let now = Instant::now();
    let mut cache = ReplyCache::new(CacheLimits { entries: 3, bytes: 1000 });
    for id in 1..=3 {
        drop(cache.look(&Question::team(id), now));
        cache.finish(&Question::team(id), Ok(content("a", MLBS, 0, now)), now);
    }
    assert_eq!(told(cache.look(&Question::team(1), now)), "a (fresh) 0");
    drop(cache.look(&Question::team(4), now));
    assert_eq!((cache.len(), cache.bytes()), (3, 2), "the second has gone");
    assert_eq!(told(cache.look(&Question::team(1), now)), "a (fresh) 0");
    cache.finish(&Question::team(4), Ok(content(&"x".repeat(999), MLBS, 0, now)), now);
    assert!(cache.bytes() <= 1000, "{}", cache.bytes());
    for id in 100..10_000 {
        drop(cache.look(&Question::team(id), now));
        cache.finish(&Question::team(id), Err(refusal(Outage::TurnedAway, Some(404), None)), now);
    }
    assert!(cache.len() <= 3 && cache.bytes() <= 1000, "{} {}", cache.len(), cache.bytes());
}

#[test]
fn a_question_that_is_given_up_can_be_asked_again() {
    let (mut cache, now) = (cache(), Instant::now());
    let question = Question::team(135);
    let Lookup::Ask(waiting) = cache.look(&question, now) else { panic!("nobody has asked yet") };
    assert_eq!(said(&cache.late(&question, now)), "504");
    cache.give_up(&question);
    assert_eq!(said(waiting.borrow().as_ref().unwrap()), "503");
    assert_eq!(told(cache.look(&question, now)), "ask");
}
