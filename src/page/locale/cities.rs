//! The cities of the clubs, as fans name an opponent: "in Seattle", "against Texas".

/// The city in a club's name, if it has one: none for the Athletics, and for a club that is not in MLB.
pub(crate) fn city(club: &str) -> Option<&'static str> {
    let is_its = |city: &str| club.strip_prefix(city).is_some_and(|rest| rest.starts_with(' '));
    CITIES.iter().map(|(city, _)| *city).find(|city| is_its(city))
}

/// The name without the city: "Mariners".
pub(crate) fn nickname(club: &str) -> &str {
    city(club).map_or(club, |city| club[city.len()..].trim_start())
}

/// Whether two clubs are named after the city, so that it alone does not name one.
pub(crate) fn has_two_clubs(city: &str) -> bool {
    matches!(city, "New York" | "Chicago" | "Los Angeles")
}

/// The club as scoreboards write it: "SEA".
pub(crate) fn abbreviation(club: &str) -> String {
    let known = match club {
        "Chicago Cubs" => "CHC",
        "Chicago White Sox" => "CWS",
        "Los Angeles Angels" => "LAA",
        "Los Angeles Dodgers" => "LAD",
        "New York Mets" => "NYM",
        "New York Yankees" => "NYY",
        _ => city(club)
            .and_then(|city| CITIES.iter().find(|(known, _)| *known == city))
            .map_or("", |(_, abbreviation)| *abbreviation),
    };
    if known.is_empty() { club.chars().take(3).collect::<String>().to_uppercase() } else { known.to_owned() }
}

/// The cities, and the abbreviations of their clubs.
const CITIES: &[(&str, &str)] = &[
    ("Arizona", "AZ"),
    ("Atlanta", "ATL"),
    ("Baltimore", "BAL"),
    ("Boston", "BOS"),
    ("Chicago", ""),
    ("Cincinnati", "CIN"),
    ("Cleveland", "CLE"),
    ("Colorado", "COL"),
    ("Detroit", "DET"),
    ("Houston", "HOU"),
    ("Kansas City", "KC"),
    ("Los Angeles", ""),
    ("Miami", "MIA"),
    ("Milwaukee", "MIL"),
    ("Minnesota", "MIN"),
    ("New York", ""),
    ("Oakland", "OAK"),
    ("Philadelphia", "PHI"),
    ("Pittsburgh", "PIT"),
    ("San Diego", "SD"),
    ("San Francisco", "SF"),
    ("Seattle", "SEA"),
    ("St. Louis", "STL"),
    ("Tampa Bay", "TB"),
    ("Texas", "TEX"),
    ("Toronto", "TOR"),
    ("Washington", "WSH"),
];
