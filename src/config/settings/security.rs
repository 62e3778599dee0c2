//! What the process gives up once it listens.

use super::{
    super::mistake::{Wrong, one_of},
    Setting, Taken, put, quoted,
};
use crate::privilege::User;

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "security.user",
        variable: "E6_USER",
        flag: "--user",
        taken: Taken::AtStart,
        set: |config, text| put(&mut config.user, user(text).map(Some)),
        show: |config| config.user.as_ref().map_or("(none)".into(), |user| quoted(&user.name)),
    },
    Setting {
        key: "security.landlock",
        variable: "E6_LANDLOCK",
        flag: "",
        taken: Taken::AtStart,
        set: |config, text| put(&mut config.landlock, one_of(text, "switch", &SWITCH)),
        show: |config| quoted(if config.landlock { "on" } else { "off" }),
    },
];

const SWITCH: [(&str, bool); 2] = [("on", true), ("off", false)];

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
