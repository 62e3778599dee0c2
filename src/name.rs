//! Enums whose variants have names: in settings, in metrics, in URLs.

pub trait Named: Copy + PartialEq + 'static {
    /// Each variant with its name, in the order of their declaration.
    const NAMES: &'static [(&'static str, Self)];

    fn all() -> impl Iterator<Item = Self> {
        Self::NAMES.iter().map(|(_, variant)| *variant)
    }

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, variant)| *variant == self).map_or("", |(name, _)| name)
    }
}

/// Defines an enum that is [`Named`].
macro_rules! named {
    (
        $(#[$of_enum:meta])*
        $vis:vis enum $type:ident { $($(#[$of_variant:meta])* $variant:ident = $name:literal,)+ }
    ) => {
        $(#[$of_enum])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $type { $($(#[$of_variant])* $variant,)+ }

        impl $crate::name::Named for $type {
            const NAMES: &'static [(&'static str, Self)] = &[$(($name, $type::$variant)),+];
        }
    };
}

pub(crate) use named;
