//! The way of this binary to production: only what is true of it.

use crate::{
    how::{
        figures::{fit, minute, span, thousands},
        texts,
    },
    language::Language,
    site::trace::ProcessTrace,
};

pub(crate) struct Stage {
    pub name: &'static str,
    /// When it was, if that is known.
    pub at: Option<String>,
    pub fact: String,
}

pub(crate) fn stages(process: &ProcessTrace, language: Language) -> Vec<Stage> {
    [
        commit(process, language),
        Some(build(process, language)),
        process.release.map(|release| Stage {
            name: texts::release(language),
            at: None,
            fact: texts::tagged(language, &release),
        }),
        process.deployed_at.map(|at| Stage {
            name: texts::deploy(language),
            at: Some(minute(at)),
            fact: texts::put_in_place(language).to_owned(),
        }),
        Some(start(process, language)),
        process.minutes_since_commit.map(|minutes| this_byte(minutes, language)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn commit(process: &ProcessTrace, language: Language) -> Option<Stage> {
    let (at, commit) = (process.committed_at?, process.commit);
    let subject = fit(process.subject.unwrap_or_default(), 100);
    let fact = match process.changed {
        Some(true) => texts::commit_changed(language, &subject, &commit),
        _ => texts::commit(language, &subject, &commit),
    };
    Some(Stage { name: "Commit", at: Some(minute(at)), fact })
}

fn build(process: &ProcessTrace, language: Language) -> Stage {
    let ProcessTrace { version, rustc, target, .. } = process;
    let rustc = rustc.split(" (").next().unwrap_or(rustc);
    let fact = texts::built(language, &version, &rustc, &target);
    Stage { name: texts::build(language), at: None, fact }
}

fn start(process: &ProcessTrace, language: Language) -> Stage {
    let answered = thousands(process.answered);
    let upgrades = match process.upgrades {
        0 => String::new(),
        1 => texts::took_over(language).to_owned(),
        count => texts::upgrades(language, &count),
    };
    Stage {
        name: texts::start(language),
        at: Some(minute(process.started_at)),
        fact: match process.answered {
            1 => texts::answered_one(language, &upgrades),
            _ => texts::answered(language, &answered, &upgrades),
        },
    }
}

fn this_byte(minutes: i64, language: Language) -> Stage {
    let age = match minutes {
        ..=0 => texts::under_a_minute(language).to_owned(),
        1 => texts::one_minute(language).to_owned(),
        minutes if minutes < 120 => texts::minutes(language, &minutes),
        minutes => span(minutes as f64 * 60e6, language),
    };
    Stage { name: texts::this_byte(language), at: None, fact: texts::commit_to_byte(language, &age) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_of_a_byte_agrees_with_its_number() {
        for (minutes, english, spanish) in [
            (0, "Less than a minute from", "Menos de un minuto desde"),
            (1, "1 minute from", "1 minuto desde"),
            (2, "2 minutes from", "2 minutos desde"),
        ] {
            assert!(this_byte(minutes, Language::English).fact.starts_with(english));
            assert!(this_byte(minutes, Language::Spanish).fact.starts_with(spanish));
        }
    }
}
