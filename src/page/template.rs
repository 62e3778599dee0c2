//! The macro for a struct with a template. The build script's macro `template!` calls it with the settings of askama.

/// Derives `askama::Template` with these settings. askama names the template's files relative to this file's directory,
/// and the compiler reads them relative to the caller's: a caller's directory has to be as deep in `src` as this one.
macro_rules! template_with {
    ($settings:literal #[derive(Template)] #[template(path = $path:literal)] $($item:tt)*) => {
        #[derive(askama::Template)]
        #[template(path = $path, config = $settings)]
        $($item)*
    };
}
