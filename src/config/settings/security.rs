//! The settings of the privileges that the process drops once it listens.

use crate::{
    config::{
        mistake::InvalidValue,
        settings::{Setting, put, quoted, truth},
    },
    sandbox::User,
};

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new("security.user", "E6_USER")
        .help(
            "The user that e6 becomes once it listens, when started as root; the state is \
            then in /var/lib/e6",
        )
        .flag("--user", "NAME")
        .example("\"e6\"")
        .at_start(|config, running| config.user = running.user.clone())
        .field(
            |config, text| put(&mut config.user, user(text).map(Some)),
            |config| config.user.as_ref().map_or("(none)".into(), |user| quoted(&user.name)),
        ),
    Setting::new("security.landlock", "E6_LANDLOCK")
        .help("Confine the process with Landlock; false where that is in the way")
        .at_start(|config, running| config.landlock = running.landlock)
        .field(|config, text| put(&mut config.landlock, truth(text)), |config| config.landlock.to_string()),
];

fn user(name: &str) -> Result<User, InvalidValue> {
    match User::named(name) {
        Ok(Some(user)) => Ok(user),
        Ok(None) => Err(InvalidValue::new(
            format!("this machine has no user {name:?}"),
            format!("make one: useradd --system --shell /usr/sbin/nologin {name}"),
        )),
        Err(error) => Err(InvalidValue::new(
            format!("cannot look the user {name:?} up ({error})"),
            "see /etc/passwd and /etc/nsswitch.conf",
        )),
    }
}
