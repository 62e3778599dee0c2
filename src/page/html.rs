//! The page for browsers, from templates that are checked when the binary is built.

use crate::{
    answer::{Answer, ErrorPlay, Game, GameState, Verdict},
    language::{Language, PerLanguage},
    name::Named,
    page::{
        LocalizedTheme, Place, Theme,
        colours::{ColourPair, PageState, SceneColours},
        design, embed,
        hero::Hero,
        json,
        locale::{Phrases, failures::failure, labels::PageLabels, share::ShareTexts},
        scene::Scene,
        scoreboard::{Board, INNINGS_ON_A_PHONE, Sign},
        season::{SeasonView, page},
        sentence, share,
        times::{self, LocalTime},
        word::WordDrawing,
    },
    site::page::PageText,
};
use askama::Template;
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use std::time::Duration;
use time::OffsetDateTime;

/// Seconds after which the page of a day that is being looked up loads itself again.
const LOOKED_UP_IN: u64 = 4;

pub fn error(status: u16, theme: &Theme) -> PerLanguage<PageText> {
    PerLanguage::of(|language| {
        let (title, detail) = failure(status, language);
        let text = format!("{status} {title}\n{detail}\n");
        PageText { html: error_page(theme.localized(language), status, title, detail, 0), text }
    })
}

/// The readiness probe's page in place of "ready" while this answer cannot be trusted.
pub fn not_ready(answer: &Answer, theme: &Theme) -> PerLanguage<PageText> {
    PerLanguage::of(|language| {
        let (localized, (title, _)) = (theme.localized(language), failure(503, language));
        let sentence = localized.sentence(answer);
        let text = format!("not ready: {sentence}\n");
        PageText { html: error_page(localized, 503, title, &sentence, 0), text }
    })
}

/// The page of a day or a season that is being looked up. It loads itself again.
pub fn looking_up(theme: &Theme) -> PerLanguage<PageText> {
    PerLanguage::of(|language| {
        let PageLabels { looking_up: title, looking_up_detail: detail, .. } = *PageLabels::of(language);
        let text = format!("503 {title}\n{detail}\n");
        PageText { html: error_page(theme.localized(language), 503, title, detail, LOOKED_UP_IN), text }
    })
}

fn error_page(localized: LocalizedTheme, status: u16, title: &str, detail: &str, refresh: u64) -> String {
    let look = (PageState::of_status(status), Scene::of_status(status));
    rendered(&ErrorTemplate {
        theme: localized.theme,
        language: localized.language,
        labels: localized.phrases.labels(),
        refresh,
        hero: Hero::new(look, [status.to_string(), title.into(), detail.into()], localized),
    })
}

/// The Content-Security-Policy source of the one inline style block, the same on every page.
pub fn style_hash(theme: &Theme) -> String {
    hash_source(&style(theme))
}

/// The Content-Security-Policy source of the style block of the box for other sites.
pub fn embed_style_hash(theme: &Theme) -> String {
    hash_source(&embed::style(theme))
}

fn hash_source(style: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(style)))
}

/// The limits of previews, in characters: X cuts a title at 70, and a description at 200; its alternative text may have
/// 420.
const TITLE_CAP: usize = 70;
const DESCRIPTION_CAP: usize = 200;
const ALTERNATIVE_CAP: usize = 420;

/// The text, cut at a word's end where it is too long.
fn cut(text: &str, cap: usize) -> String {
    if text.chars().count() <= cap {
        return text.to_owned();
    }
    let head: String = text.chars().take(cap - 1).collect();
    format!("{}…", head.rsplit_once(' ').map_or(&*head, |(whole, _)| whole))
}

pub(crate) fn answer<'a>(
    answer: &'a Answer,
    localized: LocalizedTheme,
    place: &Place,
    version: &str,
    card: &str,
    refresh: Duration,
    now: OffsetDateTime,
) -> String {
    let LocalizedTheme { language, phrases, theme, .. } = localized;
    let ago = |at| phrases.ago(times::age(now - at));
    let clock = |at| ClockTime::new(&LocalTime::at(at, &answer.zone), phrases);
    let sentence = localized.sentence(answer);
    let play = |play: &'a ErrorPlay| PlayRow {
        scoring: play.scoring(),
        title: phrases.play(play),
        text: &play.text,
    };
    let game = |game: &Game| GameRow {
        id: game.listing.pk,
        board: Board::of(answer, game, phrases, INNINGS_ON_A_PHONE),
        teams: sentence::game_teams(game, phrases),
        state: sentence::game_state(game, phrases),
        start: game.listing.start.filter(|_| game.state() == GameState::Ahead).map(clock),
    };
    let summary = format!("{} {}. {sentence}", localized.question(answer), localized.word(answer));
    let (state, scene) = (PageState::of(answer), Scene::of(answer));
    rendered(&AnswerTemplate {
        state,
        scene,
        scene_text: scene.text(phrases.labels()),
        joke: (scene == Scene::Stands)
            .then(|| phrases.joke(answer.player.club.as_ref().map(|club| &*club.name))),
        drawing: rendered(&WordDrawing::of(answer, localized.word(answer))),
        wit: localized.wit(answer),
        theme,
        language,
        place,
        labels: phrases.labels(),
        version,
        verdict: json::verdict(answer.verdict),
        refresh: if place.is_home() { refresh.as_secs().max(1) } else { 0 },
        question: localized.question(answer),
        word: localized.word(answer),
        reason: ReasonText::new(&sentence, sentence::moment(answer).as_ref(), phrases),
        headline: cut(&format!("{} · {}", localized.word(answer), localized.question(answer)), TITLE_CAP),
        description: cut(&sentence, DESCRIPTION_CAP),
        summary: cut(&summary, DESCRIPTION_CAP),
        alternative: cut(&summary, ALTERNATIVE_CAP),
        sms: share::sms(answer, localized, place),
        friend: &localized.words.friend,
        card,
        replay: localized.replay().map(|about| phrases.replay_not_today(about)),
        out_of_date: answer
            .asked_at
            .filter(|_| answer.stale)
            .map(|at| StaleNote::new(answer, &ago(at), phrases)),
        plays: answer.plays.iter().map(play).collect(),
        disagreement: (!answer.plays_complete && answer.is_read())
            .then(|| phrases.plays_disagree(answer.verdict.errors(), answer.plays.len())),
        taken_back: sentence::taken_back(answer, phrases),
        games: answer.games.iter().map(game).collect(),
        signs: signs(answer, localized),
        buttons: FooterButtons::new(localized, &share::shared(answer, localized, place)),
        season: SeasonView::of(answer, localized, place),
        rank: crate::page::leaders::line(answer, localized),
        day: localized.day(answer),
        asked: answer.asked_at.filter(|_| !answer.is_another_day).map(clock),
        age_seconds: answer.asked_at.map_or(0, |at| (now - at).whole_seconds()),
        age: answer.asked_at.map(ago).unwrap_or_default(),
        moments_ago: phrases.ago(times::age(time::Duration::ZERO)),
    })
}

fn signs(answer: &Answer, localized: LocalizedTheme) -> Vec<Sign> {
    let next = (answer.verdict == Verdict::NoGame).then(|| Sign::to_next_game(answer, localized)).flatten();
    Sign::since_error(answer, localized).into_iter().chain(next).collect()
}

pub(crate) struct FooterButtons {
    /// Paths and their labels.
    pub links: Vec<(String, &'static str)>,
    /// The URL to copy; none if the site does not know its own.
    pub shared: Option<String>,
    pub texts: &'static ShareTexts,
}

impl FooterButtons {
    /// The links that the site has pages for, in the reader's language first, and the link to share this path.
    pub(crate) fn new(localized: LocalizedTheme, shared: &str) -> Self {
        let labels = localized.phrases.labels();
        let link =
            |path: &str| page(&format!("{}{path}", localized.language.prefix())).or_else(|| page(path));
        let links = [
            ("/how", labels.how),
            ("/leaders", labels.leaders),
            ("/share", labels.share),
            ("/calendar.ics", labels.calendar),
            ("/feed.xml", labels.feed),
            ("/api/v1/answer", "JSON"),
        ];
        FooterButtons {
            links: links.into_iter().filter_map(|(path, label)| Some((link(path)?, label))).collect(),
            shared: localized.theme.url.as_ref().map(|url| format!("{url}{shared}")),
            texts: ShareTexts::of(localized.language),
        }
    }
}

/// Rendering into memory fails only if a template's own code fails, and no template here has such code.
pub(crate) fn rendered(template: &impl Template) -> String {
    design::resolved(template.render().unwrap_or_default())
}

pub(crate) fn style(theme: &Theme) -> String {
    let mut style = format!(
        "@font-face{{font-family:Archivo;font-weight:800;font-display:swap;src:url({}) format(\"woff2\")}}",
        theme.font
    );
    let mut dark = String::new();
    for state in PageState::all() {
        let pair = theme.colours.of(state);
        style += &colours(state, pair);
        if pair.in_the_dark() != pair {
            dark += &colours(state, pair.in_the_dark());
        }
    }
    format!("{style}@media (prefers-color-scheme:dark){{{dark}}}")
}

fn colours(state: PageState, pair: ColourPair) -> String {
    let SceneColours { ground, shade, fan, grass, dirt } = SceneColours::of(state, pair);
    format!(
        ".{}{{--ground:{ground};--text:{};--shade:{shade};--fan:{fan};--grass:{grass};--dirt:{dirt}}}",
        state.name(),
        pair.text
    )
}

impl Theme {
    /// The colour of the browser's frame, for the head of a page. Templates pass a reference.
    pub(crate) fn frame_colour(&self, state: &PageState) -> String {
        let pair = self.colours.of(*state);
        let meta = |ground, scheme| {
            format!(
                "<meta name=\"theme-color\" content=\"{ground}\" media=\"(prefers-color-scheme: {scheme})\">"
            )
        };
        match pair.in_the_dark() {
            dark if dark == pair => format!("<meta name=\"theme-color\" content=\"{}\">", pair.ground),
            dark => meta(pair.ground, "light") + &meta(dark.ground, "dark"),
        }
    }
}

template! {
#[derive(Template)]
#[template(path = "answer.html")]
struct AnswerTemplate<'a> {
    state: PageState,
    scene: Scene,
    scene_text: &'static str,
    joke: Option<String>,
    /// The word as SVG.
    drawing: String,
    wit: Option<&'a str>,
    theme: &'a Theme,
    language: Language,
    place: &'a Place,
    labels: &'static PageLabels,
    version: &'a str,
    verdict: &'static str,
    /// Seconds.
    refresh: u64,
    question: String,
    word: &'a str,
    /// The texts for previews and search engines.
    headline: String,
    description: String,
    summary: String,
    alternative: String,
    /// The link to text a friend.
    sms: String,
    friend: &'a str,
    /// The sentence, with its time for machines.
    reason: ReasonText,
    /// The card's version, which is part of its URL because chats cache a picture by URL.
    card: &'a str,
    replay: Option<String>,
    out_of_date: Option<StaleNote>,
    plays: Vec<PlayRow<'a>>,
    disagreement: Option<String>,
    taken_back: Option<String>,
    games: Vec<GameRow>,
    signs: Vec<Sign>,
    buttons: FooterButtons,
    season: Option<SeasonView>,
    rank: Option<String>,
    day: String,
    asked: Option<ClockTime>,
    age: String,
    /// The age in seconds, for the script that updates it.
    age_seconds: i64,
    /// The text for an age under a minute, for the script.
    moments_ago: String,
}
}

/// A sentence around a time.
struct ReasonText {
    before: String,
    clock: Option<ClockTime>,
    after: String,
}

impl ReasonText {
    fn new(sentence: &str, moment: Option<&LocalTime>, phrases: &dyn Phrases) -> Self {
        let clock = moment.map(|moment| ClockTime::new(moment, phrases));
        match clock.as_ref().and_then(|clock| sentence.split_once(&clock.people)) {
            Some((before, after)) => ReasonText { before: before.into(), after: after.into(), clock },
            None => ReasonText { before: sentence.into(), clock: None, after: String::new() },
        }
    }
}

/// The note about a stale answer, around the age that the script updates.
struct StaleNote {
    before: String,
    age: String,
    after: String,
}

impl StaleNote {
    fn new(answer: &Answer, age: &str, phrases: &dyn Phrases) -> Self {
        let note = format!("{}{}", phrases.out_of_date(age), sentence::refusal(answer, phrases));
        match note.split_once(age) {
            Some((before, after)) => {
                StaleNote { before: before.into(), age: age.into(), after: after.into() }
            }
            None => StaleNote { before: note, age: String::new(), after: String::new() },
        }
    }
}

struct PlayRow<'a> {
    /// "E9".
    scoring: String,
    title: String,
    text: &'a str,
}

struct GameRow {
    id: u64,
    board: Option<Board>,
    teams: String,
    state: String,
    /// None once the game has begun, or if its start is unknown.
    start: Option<ClockTime>,
}

/// A time for machines and, by the ballpark's clock, for people.
struct ClockTime {
    machine: String,
    people: String,
}

impl ClockTime {
    fn new(at: &LocalTime, phrases: &dyn Phrases) -> Self {
        ClockTime { machine: at.machine(), people: phrases.clock(at) }
    }
}

template! {
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    theme: &'a Theme,
    language: Language,
    labels: &'static PageLabels,
    refresh: u64,
    hero: Hero,
}
}
