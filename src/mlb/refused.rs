//! The log's text about a server that MLB's CDN refuses (docs/when-mlb-refuses.md has the details).

pub const REFUSED: &str = "MLB refuses this server's network, as it does many hosting companies'";

pub const WAYS_OUT: &str = "three ways out: \
    1. ask through a proxy elsewhere: set mlb.proxy or HTTPS_PROXY; \
    2. ask through another e6 that MLB answers: set mlb.url and mlb.token_file here, relay.token_file there; \
    3. run e6 in another network, such as at home; docs/when-mlb-refuses.md has the commands";
