//! The places of the ballparks, as fans name them: a game may be in a city that is neither club's.

/// The place of a ballpark, by MLB's name for it; none for a park that is not known, whose place is not named.
pub(crate) fn place(park: &str) -> Option<&'static str> {
    PARKS.iter().find(|(_, parks)| parks.contains(&park)).map(|(place, _)| *place)
}

/// The parks of regular and postseason games since 2015, under each of their names. A club's home is at the place that
/// the club is named after, if fans say that it plays there.
const PARKS: &[(&str, &[&str])] = &[
    ("Anaheim", &["Angel Stadium", "Angel Stadium of Anaheim"]),
    ("Arizona", &["Chase Field"]),
    ("Atlanta", &["Truist Park", "SunTrust Park", "Turner Field"]),
    ("Baltimore", &["Oriole Park at Camden Yards"]),
    ("Birmingham", &["Rickwood Field"]),
    ("Boston", &["Fenway Park"]),
    ("Bristol", &["Bristol Motor Speedway"]),
    ("Buffalo", &["Sahlen Field"]),
    ("Chicago", &["Wrigley Field", "Rate Field", "Guaranteed Rate Field", "U.S. Cellular Field"]),
    ("Cincinnati", &["Great American Ball Park"]),
    ("Cleveland", &["Progressive Field"]),
    ("Colorado", &["Coors Field"]),
    ("Detroit", &["Comerica Park"]),
    ("Dunedin", &["TD Ballpark"]),
    ("Dyersville", &["Field of Dreams"]),
    ("Fort Bragg", &["Fort Bragg Field"]),
    ("Houston", &["Daikin Park", "Minute Maid Park"]),
    ("Kansas City", &["Kauffman Stadium"]),
    ("London", &["London Stadium"]),
    ("Los Angeles", &["Dodger Stadium", "UNIQLO Field at Dodger Stadium"]),
    ("Mexico City", &["Estadio Alfredo Harp Helu", "Estadio Alfredo Harp Helú"]),
    ("Miami", &["loanDepot park", "Marlins Park"]),
    ("Milwaukee", &["American Family Field", "Miller Park"]),
    ("Minnesota", &["Target Field"]),
    ("Monterrey", &["Estadio de Beisbol Monterrey", "Estadio de Béisbol Monterrey"]),
    ("New York", &["Citi Field", "Yankee Stadium"]),
    ("Oakland", &["Oakland Coliseum", "RingCentral Coliseum", "O.co Coliseum"]),
    ("Omaha", &["TD Ameritrade Park Omaha", "Charles Schwab Field Omaha"]),
    ("Philadelphia", &["Citizens Bank Park"]),
    ("Pittsburgh", &["PNC Park"]),
    ("Sacramento", &["Sutter Health Park"]),
    ("San Diego", &["Petco Park"]),
    ("San Francisco", &["Oracle Park", "AT&T Park"]),
    ("San Juan", &["Hiram Bithorn Stadium"]),
    ("Seattle", &["T-Mobile Park", "Safeco Field"]),
    ("Seoul", &["Gocheok Sky Dome"]),
    ("St. Louis", &["Busch Stadium"]),
    ("Tampa Bay", &["Tropicana Field", "George M. Steinbrenner Field"]),
    ("Texas", &["Globe Life Field", "Globe Life Park in Arlington"]),
    ("Tokyo", &["Tokyo Dome"]),
    ("Toronto", &["Rogers Centre"]),
    ("Washington", &["Nationals Park"]),
    (
        "Williamsport",
        &[
            "Journey Bank Ballpark",
            "Muncy Bank Ballpark",
            "BB&T Ballpark",
            "Muncy Bank Ballpark at Historic Bowman Field",
            "BB&T Ballpark at Historic Bowman Field",
            "Journey Bank Ballpark at Historic Bowman Field",
        ],
    ),
];
