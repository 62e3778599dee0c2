//! The comparison with the site that this one replaces: a process of Nginx, one of Gunicorn and one of Django.

use crate::language::Language;

/// The jobs, the process that does each here, and the one that does it there.
pub(crate) fn rows(language: Language) -> [[&'static str; 3]; 7] {
    [
        [language.pick("The simple answer", "La respuesta simple"), "e6", "Gunicorn"],
        [
            language.pick("The complete answer", "La respuesta completa"),
            "e6",
            language.pick("Nginx and Gunicorn", "Nginx y Gunicorn"),
        ],
        [language.pick("Connections, TLS, files", "Conexiones, TLS, archivos"), "e6", "Nginx"],
        [language.pick("Workers", "Procesos de trabajo"), "e6", "Gunicorn"],
        [language.pick("The page", "La página"), "e6", "Django"],
        [
            language.pick("Processes on the way", "Procesos en el camino"),
            language.pick("one", "uno"),
            language.pick("three", "tres"),
        ],
        [
            language.pick("Hops between them", "Saltos entre ellos"),
            language.pick("none", "ninguno"),
            language.pick("two", "dos"),
        ],
    ]
}
