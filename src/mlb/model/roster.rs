//! A club's roster: the status of one player.

use crate::{
    answer::{Absence, Availability, Injury},
    mlb::{
        json::Json,
        model::{UnexpectedReply, needed, parse},
    },
};

/// `/api/v1/teams/{id}/roster?rosterType=40Man`: the status of a player; none if the roster does not list him.
pub fn availability(json: &[u8], person: u32) -> Result<Option<Availability>, UnexpectedReply> {
    let reply = parse(json)?;
    let mut entries = needed(reply["roster"].as_array(), "roster")?.iter();
    let entry = entries.find(|entry| entry["person"]["id"].number() == Some(person));
    Ok(entry.map(|entry| status(entry["status"]["code"].as_str(), entry["status"]["description"].as_str())))
}

fn status(code: Option<&str>, words: Option<&str>) -> Availability {
    let Some(code) = code.map(str::trim) else { return Availability::Unknown };
    let words = words.unwrap_or_default();
    let away = match code {
        "A" | "NRI" => return Availability::Active,
        "40M" | "" => return Availability::Unknown,
        "SU" => return Availability::Suspended,
        "RST" => Absence::Restricted,
        "BRV" => Absence::Bereavement,
        "PL" => Absence::Paternity,
        "FME" => Absence::FamilyEmergency,
        "RM" => Absence::Minors,
        "MIN" => Absence::MinorContract,
        "DES" => Absence::Designated,
        "RES" => Absence::Reserve,
        "RL" => Absence::Released,
        "TR" => Absence::Traded,
        "ASG" => Absence::Assigned,
        "WA" => Absence::Waivers,
        "CL" => Absence::Claimed,
        "FA" => Absence::FreeAgent,
        "RET" => Absence::Retired,
        "DEC" => Absence::Deceased,
        _ => {
            return match injury(code, words) {
                Some(injury) => Availability::Injured(injury),
                None if words.trim().is_empty() => Availability::Other(code.to_owned()),
                None => Availability::Other(words.to_owned()),
            };
        }
    };
    Availability::Away(away)
}

/// Injured lists: D or IL with a number of days, ILF for the full season, RA for a rehab assignment.
fn injury(code: &str, words: &str) -> Option<Injury> {
    match code {
        "ILF" => return Some(Injury::FullSeason),
        "RA" => return Some(Injury::Rehab),
        "IL" | "DL" => return Some(Injury::Other(words.to_owned())),
        _ => {}
    }
    let days = ["IL", "DL", "D"].iter().find_map(|list| code.strip_prefix(list))?;
    let is_number = !days.is_empty() && days.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| days.parse().map_or_else(|_| Injury::Other(words.to_owned()), Injury::Days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(status: Value) -> Option<Availability> {
        let roster = json!({"roster": ["?", {"person": {"id": 7}, "status": status}]});
        availability(roster.to_string().as_bytes(), 7).unwrap()
    }

    #[test]
    fn every_known_roster_code_has_its_meaning() {
        let away = Availability::Away;
        for (code, expected) in [
            ("A", Availability::Active),
            ("NRI", Availability::Active),
            ("40M", Availability::Unknown),
            ("D7", Availability::Injured(Injury::Days(7))),
            ("D10", Availability::Injured(Injury::Days(10))),
            ("D15", Availability::Injured(Injury::Days(15))),
            ("D60", Availability::Injured(Injury::Days(60))),
            ("IL10", Availability::Injured(Injury::Days(10))),
            ("D99999999", Availability::Injured(Injury::Other("words".into()))),
            ("IL", Availability::Injured(Injury::Other("words".into()))),
            ("ILF", Availability::Injured(Injury::FullSeason)),
            ("RA", Availability::Injured(Injury::Rehab)),
            ("SU", Availability::Suspended),
            ("RST", away(Absence::Restricted)),
            ("BRV", away(Absence::Bereavement)),
            ("PL", away(Absence::Paternity)),
            ("FME", away(Absence::FamilyEmergency)),
            ("RM", away(Absence::Minors)),
            ("MIN", away(Absence::MinorContract)),
            ("DES", away(Absence::Designated)),
            ("RES", away(Absence::Reserve)),
            ("RL", away(Absence::Released)),
            ("TR", away(Absence::Traded)),
            ("ASG", away(Absence::Assigned)),
            ("WA", away(Absence::Waivers)),
            ("CL", away(Absence::Claimed)),
            ("FA", away(Absence::FreeAgent)),
            ("RET", away(Absence::Retired)),
            ("DEC", away(Absence::Deceased)),
            ("DEL", Availability::Other("words".into())),
            ("OFS", Availability::Other("words".into())),
        ] {
            assert_eq!(read(json!({"code": code, "description": "words"})), Some(expected), "{code}");
        }
    }

    #[test]
    fn a_status_without_words_is_told_by_its_code_and_an_odd_one_not_at_all() {
        assert_eq!(read(json!({"code": "XYZ"})), Some(Availability::Other("XYZ".into())));
        assert_eq!(
            read(json!({"code": "XYZ", "description": null})),
            Some(Availability::Other("XYZ".into()))
        );
        for odd in [json!(null), json!("A"), json!({}), json!({"code": 7}), json!({"code": ""})] {
            assert_eq!(read(odd.clone()), Some(Availability::Unknown), "{odd}");
        }
    }

    #[test]
    fn a_player_that_is_not_listed_differs_from_a_roster_that_is_unreadable() {
        assert_eq!(availability(br#"{"roster": [{"person": {"id": 8}, "status": {}}]}"#, 7), Ok(None));
        for odd in ["{}", "[]", r#"{"roster": "closed"}"#] {
            assert!(availability(odd.as_bytes(), 7).is_err(), "{odd}");
        }
    }
}
