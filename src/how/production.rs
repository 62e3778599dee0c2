//! The way of this binary to production: only what is true of it.

use crate::{
    how::figures::{fit, minute, say, span, thousands},
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
            name: language.pick("Release", "Versión"),
            at: None,
            fact: say!(language, "Tagged {release}.", "Con la etiqueta {release}."),
        }),
        process.deployed_at.map(|at| Stage {
            name: language.pick("Deploy", "Despliegue"),
            at: Some(minute(at)),
            fact: say!(
                language,
                "One file was put in place on this machine.",
                "Un solo archivo llegó a esta máquina."
            ),
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
        Some(true) => say!(
            language,
            "“{subject}” ({commit}). The binary was built from files that had changed since.",
            "«{subject}» ({commit}). El binario se compiló de archivos que habían cambiado desde entonces."
        ),
        _ => say!(language, "“{subject}” ({commit}).", "«{subject}» ({commit})."),
    };
    Some(Stage { name: "Commit", at: Some(minute(at)), fact })
}

fn build(process: &ProcessTrace, language: Language) -> Stage {
    let ProcessTrace { version, rustc, target, .. } = process;
    let rustc = rustc.split(" (").next().unwrap_or(rustc);
    let fact = say!(
        language,
        "e6 {version}, by {rustc} for {target}: one file with every asset in it. It keeps no date of its own.",
        "e6 {version}, por {rustc} para {target}: un archivo con todo adentro. No guarda fecha propia."
    );
    Stage { name: language.pick("Build", "Compilación"), at: None, fact }
}

fn start(process: &ProcessTrace, language: Language) -> Stage {
    let answered = thousands(process.answered);
    let upgrades = match process.upgrades {
        0 => String::new(),
        1 => say!(
            language,
            " It took over from the process before without downtime.",
            " Relevó al proceso anterior sin pausa."
        ),
        count => say!(
            language,
            " It is the last of {count} upgrades without downtime.",
            " Es la última de {count} actualizaciones sin pausa."
        ),
    };
    Stage {
        name: language.pick("Start", "Arranque"),
        at: Some(minute(process.started_at)),
        fact: match process.answered {
            1 => say!(
                language,
                "The process has answered 1 request since.{upgrades}",
                "El proceso ha respondido 1 petición desde entonces.{upgrades}"
            ),
            _ => say!(
                language,
                "The process has answered {answered} requests since.{upgrades}",
                "El proceso ha respondido {answered} peticiones desde entonces.{upgrades}"
            ),
        },
    }
}

fn this_byte(minutes: i64, language: Language) -> Stage {
    let age = match minutes {
        ..=0 => say!(language, "Less than a minute", "Menos de un minuto"),
        1 => say!(language, "1 minute", "1 minuto"),
        minutes if minutes < 120 => say!(language, "{minutes} minutes", "{minutes} minutos"),
        minutes => span(minutes as f64 * 60e6, language),
    };
    Stage {
        name: language.pick("This byte", "Este byte"),
        at: None,
        fact: say!(language, "{age} from the commit to this byte.", "{age} desde el commit hasta este byte."),
    }
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
