//! The comparison with the site that this one replaces: a process of Nginx, one of Gunicorn and one of Django.

use crate::{how::figures::pick, language::Language};

/// The jobs, the process that does each here, and the one that does it there.
pub(crate) fn rows(language: Language) -> [[&'static str; 3]; 7] {
    [
        [pick(language, "The simple answer", "La respuesta simple"), "e6", "Gunicorn"],
        [
            pick(language, "The complete answer", "La respuesta completa"),
            "e6",
            pick(language, "Nginx and Gunicorn", "Nginx y Gunicorn"),
        ],
        [pick(language, "Connections, TLS, files", "Conexiones, TLS, archivos"), "e6", "Nginx"],
        [pick(language, "Workers", "Procesos de trabajo"), "e6", "Gunicorn"],
        [pick(language, "The page", "La página"), "e6", "Django"],
        [
            pick(language, "Processes on the way", "Procesos en el camino"),
            pick(language, "one", "uno"),
            pick(language, "three", "tres"),
        ],
        [
            pick(language, "Hops between them", "Saltos entre ellos"),
            pick(language, "none", "ninguno"),
            pick(language, "two", "dos"),
        ],
    ]
}
