//! The body of a request to a hook, by preset.

use crate::{
    notify::{Hook, Preset},
    page::Notice,
};
use serde_json::{Map, Value, json};

/// Maximum characters of Discord's messages.
const DISCORD_CAP: usize = 2000;

/// The JSON for this hook; `id` and `before` are those of the change.
pub(crate) fn body(hook: &Hook, id: &str, before: Option<&str>, notice: &Notice) -> Value {
    let Notice { question, answer, .. } = notice;
    match hook.preset {
        Preset::Post => {
            let values = values(id, before, notice);
            match &hook.template {
                Some(template) => template.fill(&values),
                None => {
                    let kind = if before.is_some() { "answer.changed" } else { "test" };
                    json!({"type": kind, "timestamp": values.get("changed_at"), "data": values})
                }
            }
        }
        Preset::Slack => {
            let link = if notice.url.is_empty() { String::new() } else { format!("\n<{}>", notice.url) };
            let lines = lines(notice, for_slack);
            json!({"text": format!("*{}* · {}\n{lines}{link}", for_slack(answer), for_slack(question))})
        }
        Preset::Discord => {
            let lines = lines(notice, for_discord);
            let text =
                format!("**{}** · {}\n{lines}\n{}", for_discord(answer), for_discord(question), notice.url);
            // A text that contains a mention notifies nobody.
            let text: String = text.trim_end().chars().take(DISCORD_CAP).collect();
            json!({"content": text, "allowed_mentions": {"parse": []}})
        }
        Preset::Ntfy => {
            let topic = hook.url.topic().map_or("", |(_, topic)| topic);
            let lines = lines(notice, str::to_owned);
            let mut message =
                json!({"topic": topic, "title": format!("{answer} · {question}"), "message": lines});
            if !notice.url.is_empty() {
                message["click"] = notice.url.as_str().into();
            }
            message
        }
    }
}

/// The values of placeholders, and the data of a plain message.
pub(crate) fn values(id: &str, before: Option<&str>, notice: &Notice) -> Map<String, Value> {
    // A notice has only texts and numbers, so that this cannot fail.
    let mut values = match serde_json::to_value(notice) {
        Ok(Value::Object(values)) => values,
        _ => Map::new(),
    };
    values.insert("id".into(), id.into());
    values.insert("before".into(), before.into());
    values
}

/// The reason and the play, each on a line of its own, escaped for the receiver.
fn lines(notice: &Notice, escaped: fn(&str) -> String) -> String {
    let lines = [&notice.reason, &notice.play].into_iter().filter(|line| !line.is_empty());
    lines.map(|line| escaped(line)).collect::<Vec<_>>().join("\n")
}

/// Slack's three control characters.
fn for_slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Discord's Markdown.
fn for_discord(text: &str) -> String {
    let mut escaped = String::new();
    for char in text.chars() {
        if matches!(char, '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '#' | '[' | ']') {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::HookUrl;

    fn notice() -> Notice {
        Notice {
            verdict: "yes".into(),
            errors: 1,
            answer: "Yes".into(),
            reason: "One <error> & *more*.".into(),
            play: "E9. A throw gets away.".into(),
            ..Notice::sample("Does Tatis Jr. have an error today?")
        }
    }

    fn made(preset: Preset, notice: &Notice) -> Value {
        let hook = Hook { preset, ..Hook::to(HookUrl::parse("https://ntfy.example/x/tatis").unwrap()) };
        body(&hook, "msg_1", Some("not_yet"), notice)
    }

    #[test]
    fn each_preset_has_its_receivers_form() {
        let question = "Does Tatis Jr. have an error today?";
        let linked = Notice { url: "https://e6.example/".into(), ..notice() };
        for (preset, expected) in [
            (
                Preset::Slack,
                json!({"text": format!("*Yes* · {question}\nOne &lt;error&gt; &amp; *more*.\nE9. A throw gets away.\n<https://e6.example/>")}),
            ),
            (
                Preset::Discord,
                json!({
                    "content": format!("**Yes** · {question}\nOne \\<error\\> & \\*more\\*.\nE9. A throw gets away.\nhttps://e6.example/"),
                    "allowed_mentions": {"parse": []},
                }),
            ),
            (
                Preset::Ntfy,
                json!({
                    "topic": "tatis", "title": format!("Yes · {question}"),
                    "message": "One <error> & *more*.\nE9. A throw gets away.", "click": "https://e6.example/",
                }),
            ),
        ] {
            assert_eq!(made(preset, &linked), expected, "{preset:?}");
        }
        let plain = made(Preset::Post, &linked);
        assert_eq!((&plain["type"], &plain["data"]["before"]), (&"answer.changed".into(), &"not_yet".into()));
        assert_eq!((&plain["data"]["errors"], &plain["data"]["id"]), (&1.into(), &"msg_1".into()));
    }

    #[test]
    fn a_message_has_no_link_if_the_sites_url_is_not_known() {
        let unlinked = Notice { play: String::new(), ..notice() };
        assert!(!made(Preset::Slack, &unlinked)["text"].as_str().unwrap().ends_with(">"));
        assert!(made(Preset::Discord, &unlinked)["content"].as_str().unwrap().ends_with('.'));
        assert_eq!(made(Preset::Ntfy, &unlinked).get("click"), None);
    }

    #[test]
    fn the_longest_message_is_within_discords_limit() {
        let long = "*".repeat(400);
        let notice = Notice {
            question: long.clone(),
            reason: long.clone(),
            play: long,
            url: "https://e6.example/".into(),
            ..notice()
        };
        assert!(made(Preset::Discord, &notice)["content"].as_str().unwrap().chars().count() <= 2000);
    }
}
