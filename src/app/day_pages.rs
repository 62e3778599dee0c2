//! The pages of days and seasons: rendered when they are first asked for, kept within a limit, and rendered again when
//! their facts change.

use crate::{
    answer::{Answer, Archive, DayRecord, Reason, kept_years},
    app::render_queue::{RenderQueue, RenderRefused},
    clock::Clock,
    mlb::DayRequests,
    page::{self, Place, Theme},
    site::{
        named::{NamedContent, NamedPages, NamedResource, PageName, PagePart},
        page::Page,
    },
    sync::Unpoisoned,
    web::representation::{Lifetime, Publication, Representation},
};
use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use time::Date;

/// Cache lifetime of a settled day. A later correction, or a new design, is seen after it.
const SETTLED: Duration = Duration::from_secs(24 * 60 * 60);
/// Cache lifetime of other days and of seasons: the poller asks for corrections once an hour.
const CHANGING: Duration = Duration::from_secs(5 * 60);
/// Cache lifetime of today's page at its own URL.
const TODAY: Duration = Duration::from_secs(5);

/// Seconds that a look-up takes, and those that wait for their turn.
const LOOK_UP: Duration = Duration::from_secs(3);
/// The time after which to ask again while too many days wait.
const QUEUE_IS_FULL: Duration = Duration::from_secs(60);

/// The memory of an entry beside its bodies: header fields of each form, and the answer.
const ENTRY_SIZE: usize = 24 * 1024;

/// The pages that follow from one answer, with those rendered before.
#[derive(Clone)]
pub(crate) struct DayPages {
    pub theme: Arc<Theme>,
    pub style: String,
    pub clock: Clock,
    pub answer: Arc<Answer>,
    pub requests: Arc<DayRequests>,
    pub rendered: Arc<RenderedPages>,
}

/// Rendered pages, at most `cap` bytes of them: then the one that was asked for longest ago is dropped.
pub(crate) struct RenderedPages {
    cap: usize,
    entries: Mutex<Entries>,
    queue: RenderQueue,
}

#[derive(Default)]
struct Entries {
    by_date: HashMap<PageName, Entry>,
    size: usize,
    /// Counts uses.
    now: u64,
}

#[derive(Clone)]
struct Entry {
    basis: Basis,
    subject: Arc<Subject>,
    page: Arc<Page>,
    files: HashMap<PagePart, Representation>,
    used: u64,
}

/// The facts that a page was found to follow from: nothing is decided again while they are the same.
#[derive(Clone)]
struct Basis {
    archive: Archive,
    today: Date,
    /// The present answer, if the page shows it.
    live: Option<Arc<Answer>>,
}

/// The facts on a page, which is rendered again only if they change.
#[derive(PartialEq)]
struct Subject {
    answer: Answer,
    place: Place,
    lifetime: Lifetime,
}

impl RenderedPages {
    pub fn new(cap: usize) -> Self {
        RenderedPages { cap, entries: Mutex::default(), queue: RenderQueue::default() }
    }

    fn get(&self, named: PageName) -> Option<Entry> {
        let mut entries = self.entries.lock().unpoisoned();
        entries.now += 1;
        let now = entries.now;
        let entry = entries.by_date.get_mut(&named)?;
        entry.used = now;
        Some(entry.clone())
    }

    fn put(&self, named: PageName, entry: Entry) {
        let mut entries = self.entries.lock().unpoisoned();
        entries.now += 1;
        let entry = Entry { used: entries.now, ..entry };
        entries.size += entry.size();
        let before = entries.by_date.insert(named, entry);
        entries.size -= before.map_or(0, |before| before.size());
        while entries.size > self.cap {
            let oldest = entries.by_date.iter().min_by_key(|(_, entry)| entry.used).map(|(named, _)| *named);
            let Some(dropped) = oldest.and_then(|named| entries.by_date.remove(&named)) else { return };
            entries.size -= dropped.size();
        }
    }
}

impl Entry {
    fn size(&self) -> usize {
        ENTRY_SIZE + self.page.size() + self.files.values().map(Representation::size).sum::<usize>()
    }

    fn part(&self, part: PagePart) -> Option<NamedResource> {
        match part {
            PagePart::Page => Some(NamedResource::Page(self.page.clone())),
            file => self.files.get(&file).cloned().map(NamedResource::File),
        }
    }
}

impl Basis {
    fn is(&self, other: &Basis) -> bool {
        let same_season = |((a, one), (b, other))| a == b && Arc::ptr_eq(one, other);
        let same_live = match (&self.live, &other.live) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        same_live
            && self.today == other.today
            && self.archive.len() == other.archive.len()
            && self.archive.iter().zip(&other.archive).all(same_season)
    }
}

enum PageRecord {
    Rendered(Box<Entry>),
    /// It has these facts, which are not rendered yet.
    Decided(Box<(Subject, Basis)>),
    LookingUp(Duration),
    Missing,
}

impl DayPages {
    fn state(&self, named: PageName) -> PageRecord {
        let basis = self.basis(named);
        let known = self.rendered.get(named);
        if let Some(entry) = known.as_ref().filter(|entry| entry.basis.is(&basis)) {
            return PageRecord::Rendered(Box::new(entry.clone()));
        }
        let record = match named {
            PageName::Day(day) => self.answer.on(day, self.clock.now()),
            PageName::Season(year) => self.answer.season_of(year, self.clock.now()),
            PageName::Leaders => DayRecord::Today,
        };
        let subject = match record {
            // Without a reply from MLB, the seasons that are kept are not known.
            DayRecord::Outside if matches!(self.answer.reason, Reason::NeverHeard(_)) => {
                return PageRecord::LookingUp(LOOK_UP);
            }
            DayRecord::Outside => return PageRecord::Missing,
            DayRecord::Unread(_) => return self.look_up(named),
            DayRecord::Today => self.subject(named, Answer::clone(&self.answer), TODAY),
            DayRecord::Known { answer, is_settled } => {
                let lifetime =
                    if is_settled { Lifetime::Settled(SETTLED) } else { Lifetime::Changing(CHANGING) };
                Subject { lifetime, ..self.subject(named, *answer, CHANGING) }
            }
        };
        match known {
            Some(entry) if *entry.subject == subject => {
                let entry = Entry { basis, ..entry };
                self.rendered.put(named, entry.clone());
                PageRecord::Rendered(Box::new(entry))
            }
            _ => PageRecord::Decided(Box::new((subject, basis))),
        }
    }

    /// Renders a part of a page, and keeps it. The page may have been rendered meanwhile for another part of it.
    fn make(&self, named: PageName, part: PagePart) -> Option<NamedResource> {
        let mut entry = match self.state(named) {
            PageRecord::Rendered(entry) => *entry,
            PageRecord::Decided(decided) => self.render(named, decided.0, decided.1),
            PageRecord::LookingUp(_) | PageRecord::Missing => return None,
        };
        if entry.part(part).is_none() {
            let file = self.file(&entry.subject, part)?;
            entry.files.insert(part, file);
        }
        self.rendered.put(named, entry.clone());
        entry.part(part)
    }

    fn file(&self, subject: &Subject, part: PagePart) -> Option<Representation> {
        let Subject { answer, place, lifetime } = subject;
        let (body, media_type) = match part {
            PagePart::Page => return None,
            PagePart::Card(language) => (page::day_card(answer, &self.theme, language)?, "image/png"),
            PagePart::Oembed(language) => {
                (page::day_oembed(answer, &self.theme, place, language).into_bytes(), "application/json")
            }
        };
        Some(Representation::published(body, media_type, Publication::now(*lifetime)))
    }

    fn basis(&self, named: PageName) -> Basis {
        let is_live = match named {
            PageName::Day(day) => day == self.answer.day,
            PageName::Season(year) => self.answer.season.as_ref().is_some_and(|season| season.year == year),
            PageName::Leaders => true,
        };
        Basis {
            archive: self.answer.archive.clone(),
            today: self.answer.day,
            live: is_live.then(|| self.answer.clone()),
        }
    }

    fn subject(&self, named: PageName, answer: Answer, lasts: Duration) -> Subject {
        let lifetime = Lifetime::Changing(lasts);
        match named {
            PageName::Day(day) => {
                Subject { place: Place::day(day, self.answer.neighbours(day)), answer, lifetime }
            }
            PageName::Season(year) => {
                let kept = kept_years(&self.answer.player, self.answer.day);
                let beside = |year: i32| Some(year).filter(|year| kept.contains(year));
                let place = Place::season(year, beside(year - 1), beside(year + 1));
                Subject { place, answer: answer.of_season(), lifetime: Lifetime::Changing(CHANGING) }
            }
            PageName::Leaders => {
                let (place, answer) = (Place::leaders(), answer.of_season());
                let lasts = if answer.leaders.is_some() { CHANGING } else { TODAY };
                Subject { place, answer, lifetime: Lifetime::Changing(lasts) }
            }
        }
    }

    fn render(&self, named: PageName, subject: Subject, basis: Basis) -> Entry {
        let Subject { answer, place, lifetime } = &subject;
        let content = match named {
            PageName::Day(_) => page::day(answer, &self.theme, place, self.clock.now()),
            PageName::Season(_) => page::season_page(answer, &self.theme, place),
            PageName::Leaders => page::leaders(answer, &self.theme, place),
        };
        // By the system's clock, because it is compared with dates from other programs.
        let page = Page::new(&content, &self.style, Publication::now(*lifetime));
        Entry { basis, subject: Arc::new(subject), page: Arc::new(page), files: HashMap::new(), used: 0 }
    }

    fn look_up(&self, named: PageName) -> PageRecord {
        let day = match named {
            PageName::Day(day) => Some(day),
            PageName::Season(year) => Date::from_calendar_date(year, time::Month::July, 1).ok(),
            PageName::Leaders => None,
        };
        match day.map(|day| self.requests.add(day)) {
            None => PageRecord::Missing,
            Some(Ok(before)) => PageRecord::LookingUp(LOOK_UP * (before as u32 + 1)),
            Some(Err(_)) => PageRecord::LookingUp(QUEUE_IS_FULL),
        }
    }
}

impl NamedPages for DayPages {
    fn latest(&self, named: PageName, part: PagePart) -> Option<NamedResource> {
        self.rendered.get(named)?.part(part)
    }

    fn get(&self, named: PageName, part: PagePart, client: Option<IpAddr>) -> NamedContent {
        match self.state(named) {
            PageRecord::LookingUp(wait) => return NamedContent::LookingUp(wait),
            PageRecord::Missing => return NamedContent::Missing,
            PageRecord::Rendered(entry) => {
                if let Some(resource) = entry.part(part) {
                    return NamedContent::Made(resource);
                }
            }
            PageRecord::Decided(_) => {}
        }
        let pages = self.clone();
        match self.rendered.queue.add((named, part), client, Box::new(move || pages.make(named, part))) {
            Ok(page) => NamedContent::Rendering(page),
            Err(RenderRefused) => NamedContent::LookingUp(LOOK_UP),
        }
    }
}

impl fmt::Debug for DayPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DayPages").field("day", &self.answer.day).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        answer::{Facts, Player, decide},
        language::{Language, PerLanguage},
        site::page::{PageContent, PageText},
    };

    /// An entry whose card has this many bytes.
    fn entry(size: usize) -> Entry {
        let now = time::OffsetDateTime::UNIX_EPOCH;
        let answer = decide(&Facts::unread(Player::named(7, "Sam Player", "Player")), now);
        let lifetime = Lifetime::Changing(CHANGING);
        let texts = PerLanguage::of(|_| PageText { html: String::new(), text: String::new() });
        let content = PageContent { pages: texts, terminal: None, json: String::new() };
        let card = Representation::published(vec![0; size], "image/png", Publication::now(lifetime));
        Entry {
            basis: Basis { archive: Archive::new(), today: answer.day, live: None },
            subject: Arc::new(Subject { answer, place: Place::leaders(), lifetime }),
            page: Arc::new(Page::new(&content, "", Publication::now(lifetime))),
            files: HashMap::from([(PagePart::Card(Language::English), card)]),
            used: 0,
        }
    }

    #[test]
    fn the_page_that_was_asked_for_longest_ago_is_dropped_once_there_is_no_room() {
        let size = entry(100_000).size();
        let pages = RenderedPages::new(3 * size);
        let kept = || -> Vec<i32> {
            (1..=5)
                .filter(|year| {
                    pages.entries.lock().unpoisoned().by_date.contains_key(&PageName::Season(*year))
                })
                .collect()
        };
        for year in 1..=3 {
            pages.put(PageName::Season(year), entry(100_000));
        }
        assert_eq!((kept(), pages.entries.lock().unpoisoned().size), (vec![1, 2, 3], 3 * size));
        assert!(pages.get(PageName::Season(1)).is_some(), "it is used");
        pages.put(PageName::Season(4), entry(100_000));
        assert_eq!((kept(), pages.entries.lock().unpoisoned().size), (vec![1, 3, 4], 3 * size));
        pages.put(PageName::Season(3), entry(10));
        assert_eq!(kept(), [1, 3, 4], "the same page anew");
        pages.put(PageName::Season(5), entry(180_000));
        assert_eq!(kept(), [3, 4, 5], "no more are dropped than it takes");
        pages.put(PageName::Season(2), entry(4 * size));
        assert_eq!(
            (kept(), pages.entries.lock().unpoisoned().size),
            (vec![], 0),
            "what is larger than all room is not kept"
        );
    }
}
