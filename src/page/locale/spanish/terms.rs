//! Spanish terms for MLB's English ones, as broadcasters use them. None if a term is not known: MLB's own is used then.

use crate::page::locale::cities;

/// With "los" before it.
pub(crate) fn club(name: &str) -> Option<&'static str> {
    Some(match name {
        "Arizona Diamondbacks" => "Diamondbacks de Arizona",
        "Athletics" => "Atléticos",
        "Atlanta Braves" => "Bravos de Atlanta",
        "Baltimore Orioles" => "Orioles de Baltimore",
        "Boston Red Sox" => "Medias Rojas de Boston",
        "Chicago Cubs" => "Cachorros de Chicago",
        "Chicago White Sox" => "Medias Blancas de Chicago",
        "Cincinnati Reds" => "Rojos de Cincinnati",
        "Cleveland Guardians" => "Guardianes de Cleveland",
        "Cleveland Indians" => "Indios de Cleveland",
        "Colorado Rockies" => "Rockies de Colorado",
        "Detroit Tigers" => "Tigres de Detroit",
        "Houston Astros" => "Astros de Houston",
        "Kansas City Royals" => "Reales de Kansas City",
        "Los Angeles Angels" => "Angelinos de Los Ángeles",
        "Los Angeles Dodgers" => "Dodgers de Los Ángeles",
        "Miami Marlins" => "Marlins de Miami",
        "Milwaukee Brewers" => "Cerveceros de Milwaukee",
        "Minnesota Twins" => "Mellizos de Minnesota",
        "New York Mets" => "Mets de Nueva York",
        "New York Yankees" => "Yankees de Nueva York",
        "Oakland Athletics" => "Atléticos de Oakland",
        "Philadelphia Phillies" => "Filis de Filadelfia",
        "Pittsburgh Pirates" => "Piratas de Pittsburgh",
        "San Diego Padres" => "Padres de San Diego",
        "San Francisco Giants" => "Gigantes de San Francisco",
        "Seattle Mariners" => "Marineros de Seattle",
        "St. Louis Cardinals" => "Cardenales de San Luis",
        "Tampa Bay Rays" => "Rays de Tampa Bay",
        "Texas Rangers" => "Rangers de Texas",
        "Toronto Blue Jays" => "Azulejos de Toronto",
        "Washington Nationals" => "Nacionales de Washington",
        _ => return None,
    })
}

/// `position.abbreviation`.
pub(crate) fn position(abbreviation: &str) -> Option<&'static str> {
    Some(match abbreviation {
        "P" => "lanzador",
        "C" => "receptor",
        "1B" => "primera base",
        "2B" => "segunda base",
        "3B" => "tercera base",
        "SS" => "campocorto",
        "LF" => "jardinero izquierdo",
        "CF" => "jardinero central",
        "RF" => "jardinero derecho",
        _ => return None,
    })
}

/// `detailedState` before its colon, of a game ("el juego").
pub(crate) fn status(words: &str) -> Option<&'static str> {
    Some(match words {
        "Scheduled" => "Programado",
        "Pre-Game" => "Previa",
        "Warmup" => "Calentamiento",
        "In Progress" => "En juego",
        "Delayed Start" => "Inicio retrasado",
        "Delayed" => "Retrasado",
        "Manager challenge" | "Manager Challenge" => "Desafío del mánager",
        "Umpire review" | "Umpire Review" => "Revisión de los umpires",
        "Instant Replay" => "Revisión en video",
        "Suspended" => "Suspendido",
        "Completed Early" => "Terminado antes de tiempo",
        "Game Over" => "Terminado",
        "Final" => "Final",
        "Forfeit" => "Confiscado",
        "Postponed" => "Pospuesto",
        "Cancelled" => "Cancelado",
        "Unknown" => "Desconocido",
        _ => return None,
    })
}

/// `reason`: why a game is delayed, off or over early.
pub(crate) fn cause(words: &str) -> Option<&'static str> {
    Some(match words {
        "About to Resume" => "por reanudarse",
        "Air Quality" => "calidad del aire",
        "Appeal Upheld" => "apelación aceptada",
        "Ceremony" => "ceremonia",
        "Cold" => "frío",
        "Darkness" => "oscuridad",
        "Emergency" => "emergencia",
        "Fog" => "neblina",
        "Inclement Weather" => "mal tiempo",
        "Lightning" => "relámpagos",
        "Mercy Rule" => "por la vía rápida",
        "Power" => "falla eléctrica",
        "Rain" => "lluvia",
        "Snow" => "nieve",
        "Tied" => "empate",
        "Tragedy" => "duelo",
        "Venue" => "el estadio",
        "Wet Grounds" => "terreno mojado",
        "Wind" => "viento",
        _ => return None,
    })
}

/// A club's city and nickname, from "Marineros de Seattle".
pub(crate) struct ClubCity {
    pub city: &'static str,
    pub nickname: &'static str,
    pub has_two_clubs: bool,
}

impl ClubCity {
    pub(crate) fn of(name: &str) -> Option<Self> {
        let (nickname, city) = club(name)?.split_once(" de ")?;
        Some(ClubCity {
            city,
            nickname,
            has_two_clubs: cities::city(name).is_some_and(cities::has_two_clubs),
        })
    }
}

/// "los Rangers de Texas"; a name that is not known has no article.
pub(crate) fn the_club(name: &str) -> String {
    club(name).map_or(name.to_owned(), |club| format!("los {club}"))
}

/// "Texas", or "los Mets" where the city alone does not name the club.
pub(crate) fn opponent(name: &str) -> String {
    match ClubCity::of(name) {
        Some(club) if club.has_two_clubs => format!("los {}", club.nickname),
        Some(club) => club.city.to_owned(),
        None => the_club(name),
    }
}

/// The place of a ballpark, from its English name.
pub(crate) fn place(place: &'static str) -> &'static str {
    match place {
        "London" => "Londres",
        "Mexico City" => "la Ciudad de México",
        "New York" => "Nueva York",
        "Philadelphia" => "Filadelfia",
        "Seoul" => "Seúl",
        "St. Louis" => "San Luis",
        "Tokyo" => "Tokio",
        other => other,
    }
}
