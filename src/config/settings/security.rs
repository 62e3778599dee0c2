//! What the process gives up once it listens.

use crate::{
    config::{
        mistake::Wrong,
        settings::{Setting, TakesEffect, put, quoted, truth},
    },
    sandbox::User,
};

pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        key: "security.user",
        variable: "E6_USER",
        flag: "--user",
        takes_effect: TakesEffect::AtStart(|config, running| config.user = running.user.clone()),
        set: |config, text| put(&mut config.user, user(text).map(Some)),
        show: |config| config.user.as_ref().map_or("(none)".into(), |user| quoted(&user.name)),
    },
    Setting {
        key: "security.landlock",
        variable: "E6_LANDLOCK",
        flag: "",
        takes_effect: TakesEffect::AtStart(|config, running| config.landlock = running.landlock),
        set: |config, text| put(&mut config.landlock, truth(text)),
        show: |config| config.landlock.to_string(),
    },
];

fn user(name: &str) -> Result<User, Wrong> {
    match User::named(name) {
        Ok(Some(user)) => Ok(user),
        Ok(None) => Err(Wrong::new(
            format!("this machine has no user {name:?}"),
            format!("make one: useradd --system --shell /usr/sbin/nologin {name}"),
        )),
        Err(error) => Err(Wrong::new(
            format!("cannot look the user {name:?} up ({error})"),
            "see /etc/passwd and /etc/nsswitch.conf",
        )),
    }
}
