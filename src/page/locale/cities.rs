//! The cities of the clubs, as fans name an opponent: "in Seattle", "against Texas".

/// The city in a club's name, if it has one: none for the Athletics, and for a club that is not in MLB.
pub(crate) fn city(club: &str) -> Option<&'static str> {
    CITIES.iter().copied().find(|city| club.strip_prefix(city).is_some_and(|rest| rest.starts_with(' ')))
}

/// The name without the city: "Mariners".
pub(crate) fn nickname(club: &str) -> &str {
    city(club).map_or(club, |city| club[city.len()..].trim_start())
}

/// Whether two clubs are named after the city, so that it alone does not name one.
#[expect(dead_code)]
pub(crate) fn has_two_clubs(city: &str) -> bool {
    matches!(city, "New York" | "Chicago" | "Los Angeles")
}

const CITIES: &[&str] = &[
    "Arizona",
    "Atlanta",
    "Baltimore",
    "Boston",
    "Chicago",
    "Cincinnati",
    "Cleveland",
    "Colorado",
    "Detroit",
    "Houston",
    "Kansas City",
    "Los Angeles",
    "Miami",
    "Milwaukee",
    "Minnesota",
    "New York",
    "Oakland",
    "Philadelphia",
    "Pittsburgh",
    "San Diego",
    "San Francisco",
    "Seattle",
    "St. Louis",
    "Tampa Bay",
    "Texas",
    "Toronto",
    "Washington",
];
