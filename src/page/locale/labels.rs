//! The fixed texts of pages, in each language.

use crate::language::Language;

/// A type for fixed texts, and its values: each text in English and in Spanish.
macro_rules! texts {
    ($(#[$doc:meta])* $type:ident: $($(#[$about:meta])* $name:ident: $english:literal, $spanish:literal;)*) => {
        $(#[$doc])*
        pub(crate) struct $type {
            $($(#[$about])* pub $name: &'static str,)*
        }

        impl $type {
            pub(crate) fn of(language: Language) -> &'static $type {
                match language {
                    Language::English => &$type { $($name: $english,)* },
                    Language::Spanish => &$type { $($name: $spanish,)* },
                }
            }
        }
    };
}
pub(crate) use texts;

texts! {
    /// The fixed texts of a language.
    PageLabels:
    /// The locale as Open Graph writes it.
    locale: "en_US", "es_MX";
    an_error: "an error", "un error";
    /// After a sentence about his errors.
    day_not_over: ", and the day isn't over", ", y la jornada no ha terminado";
    all_star_game: "the All-Star Game", "el Juego de Estrellas";
    todays_doubleheader: "in today's doubleheader", "en la doble cartelera de hoy";
    doubleheader: "in the doubleheader", "en la doble cartelera";
    spring_training: "spring training", "entrenamiento de primavera";
    not_announced: "not announced yet", "sin anunciar todavía";
    no_error_so_far: "No errors so far.", "Sin errores hasta ahora.";
    no_game_this_week: "No game today, and none in the next seven days.", "Hoy no hay juego, ni en los próximos siete días.";
    entry_unread:
        "One of today's games can't be read in MLB's schedule right now.",
        "Por el momento no se puede leer uno de los juegos de hoy en el calendario de MLB.";
    not_in_line_up: "not in the lineup", "fuera de la alineación";
    no_error: "no errors", "sin error";
    the_error: "The error", "El error";
    the_errors: "The errors", "Los errores";
    /// Before a time and an age.
    last_heard: "Updated", "Actualizado:";
    not_heard: "No reply from MLB yet.", "MLB todavía no ha respondido.";
    maybe_out_of_date: "This may be out of date.", "Puede no estar al día.";
    /// After the reader's own time.
    where_you_are: "where you are", "donde estás";
    lost_contact: "Connection lost. Reconnecting…", "Se perdió la conexión. Reconectando…";
    /// The links to other days or seasons.
    pages: "Other pages", "Otras páginas";
    /// Buttons of the footer.
    more: "More", "Más";
    how: "How it works", "Cómo funciona";
    leaders: "Leaders", "Líderes";
    share: "Share", "Compartir";
    calendar: "Calendar", "Calendario";
    feed: "Feed", "Feed";
    feed_title: "Days with an error", "Días con error (en inglés)";
    disclaimer:
        "Not affiliated with Major League Baseball; the data is © MLB Advanced Media, L.P.",
        "Sin relación con Major League Baseball; los datos son © MLB Advanced Media, L.P.";
    back: "Back to the question.", "Volver a la pregunta.";
    strip: "The games of the season; the red ones have an error", "Los juegos de la temporada; los rojos tienen un error";
    skip_strip: "Skip the games", "Saltar los juegos";
    days_since_error: "Days since last error", "Días desde el último error";
    days_to_next_game: "Days to the next game", "Días para el próximo juego";
    /// Before the longest run of games without an error.
    record: "Record", "Récord";
    longest_known_run: "Longest known run", "Racha más larga conocida";
    as_picture: "As a picture", "Como imagen";
    club: "Club", "Equipo";
    runs: "Runs", "Carreras";
    hits: "Hits", "Hits";
    column_errors: "Errors", "Errores";
    figure_errors: "Errors", "Errores";
    figure_last: "Since the last one", "Desde el último";
    today: "Today", "Hoy";
    figure_streak: "Longest clean run", "Mejor racha sin error";
    season_incomplete:
        "Incomplete: a row of MLB's log can't be read.",
        "Está incompleto: un renglón del registro de MLB no se puede leer.";
    figure_pace: "On pace for", "A este paso";
    by_the_end: "by the end", "al final";
    previous_day: "Day before", "Día anterior";
    next_day: "Day after", "Día siguiente";
    previous_season: "Season before", "Temporada anterior";
    next_season: "Season after", "Temporada siguiente";
    by_position: "By position", "Por posición";
    by_opponent: "By opponent", "Por rival";
    column_position: "Position", "Posición";
    column_opponent: "Opponent", "Rival";
    column_games: "Games", "Juegos";
    error_days: "Days with an error", "Días con error";
    leaders_title: "Most errors in the major leagues", "Más errores en las Grandes Ligas";
    leaders_unknown: "MLB's list of errors isn't available.", "La lista de errores de MLB no está disponible.";
    unranked: "not among the leaders in errors", "no está entre los primeros en errores";
    no_rank: "Unranked", "Sin lugar";
    no_games: "No games in the field.", "Sin juegos a la defensiva.";
    column_rank: "Rank", "Lugar";
    column_player: "Player", "Jugador";
    looking_up: "Looking it up", "Buscando";
    looking_up_detail:
        "MLB is being asked. This page loads itself again in a few seconds.",
        "Se le pregunta a MLB. Esta página se vuelve a cargar sola en unos segundos.";
    /// Roster statuses.
    injured: "is on the injured list", "está en la lista de lesionados";
    injured_all_season:
        "is on the injured list for the full season",
        "está en la lista de lesionados por toda la temporada";
    on_rehab: "is on a rehab assignment", "está en asignación de rehabilitación";
    is_suspended: "is suspended", "está suspendido";
    /// The texts of the time before MLB's first reply.
    starting: "Asking MLB. The answer is on its way.", "Preguntando a MLB. La respuesta viene en camino.";
    unreachable:
        "MLB's data service can't be reached. Trying again.",
        "No hay conexión con el servicio de datos de MLB. Intentando de nuevo.";
    too_slow:
        "MLB's data service is too slow. Trying again.",
        "El servicio de datos de MLB tarda demasiado. Intentando de nuevo.";
    turned_away:
        "MLB's data service isn't answering. Trying again.",
        "El servicio de datos de MLB no responde. Intentando de nuevo.";
    refused:
        "MLB's data service refuses this server's network.",
        "El servicio de datos de MLB rechaza la red de este servidor.";
    garbled:
        "MLB's data service sent an unreadable reply. Trying again.",
        "El servicio de datos de MLB envió una respuesta ilegible. Intentando de nuevo.";
    /// The only game cannot be read.
    game_unread:
        "The box score can't be read right now; there may be more.",
        "Por el momento no se puede leer el box score; puede haber más.";
    /// The text alternatives of scenes.
    stands:
        "The throw lands in the stands. Fans raise their arms; the fielder holds his head.",
        "El tiro cae en las gradas. Los aficionados alzan los brazos; el jugador se lleva las manos a la cabeza.";
    glove: "The fielder holds up the ball in his glove.", "El jugador muestra la bola en su guante.";
    diamond:
        "The ball is on the diamond, and the stands are full.",
        "La bola está en el diamante y las gradas están llenas.";
    rain:
        "Rain falls on the field. Fans sit under umbrellas.",
        "Llueve sobre el campo. Los aficionados abren sus paraguas.";
    tarp: "The tarp is on the field, and the stands are empty.", "La lona cubre el campo y las gradas están vacías.";
    night:
        "The empty park at night: moon, stars and a tumbleweed.",
        "El parque vacío de noche: luna, estrellas y una planta rodadora.";
    bench: "A glove lies on the bench.", "Un guante descansa en la banca.";
    fence: "The ball flies over the fence. The fielder watches.", "La bola vuela sobre la barda. El jugador la mira.";
}
