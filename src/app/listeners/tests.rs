use super::*;
use crate::name::Named;
use std::net::SocketAddr;

fn config(http: &[&str]) -> Config {
    let mut config = Config::default();
    let address = |text: &&str| Address::from(text.parse::<SocketAddr>().unwrap());
    (config.listen.http, config.listen.https, config.listen.admin) =
        (http.iter().map(address).collect(), Vec::new(), Vec::new());
    config.listen.defaults.clear();
    config
}

fn open(config: &Config, handed_over: Vec<BoundSocket>) -> Result<Listeners, RunError> {
    Listeners::open(config, handed_over, StartKind::Upgrade, 2)
}

#[test]
fn an_upgrade_keeps_opens_and_closes_addresses_as_the_configuration_changed() {
    let free = "127.0.0.1:0";
    let before = open(&config(&[free, free]), Vec::new()).unwrap();
    let [first, second] = [0, 2].map(|index| before.0[index].address.clone());
    assert_eq!((before.0.len(), first == second), (4, false), "two addresses, two workers");
    let handed_over = || before.iter().map(|bound| bound.again().unwrap()).collect::<Vec<_>>();
    let listening = |http: &[&str]| {
        let listeners = open(&config(http), handed_over()).unwrap();
        listeners.addresses().0.into_iter().map(|(_, address)| address).collect::<Vec<_>>()
    };
    assert_eq!(listening(&[free, free]), [first.clone(), second.clone()], "nothing has changed");
    assert_eq!(listening(&[free]), vec![first.clone()], "one is gone");
    assert_eq!(
        listening(&[&second.to_string()]),
        vec![second.clone()],
        "one is gone, the other has its port typed"
    );
    let more = listening(&[free, free, free]);
    assert!(more[..2] == [first.clone(), second] && more.len() == 3, "{more:?}");
    let elsewhere = listening(&["127.0.0.2:0"]);
    assert!(elsewhere.len() == 1 && elsewhere[0] != first, "{elsewhere:?}");
}

#[test]
fn sockets_of_systemd_are_used_in_place_of_configured_addresses() {
    let theirs = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::from(theirs.local_addr().unwrap());
    let bound = BoundSocket::adopted(ListenerKind::Http, theirs.into()).unwrap();
    let listeners = open(&config(&["127.0.0.1:0"]), vec![bound]).unwrap();
    assert_eq!(listeners.addresses().0, [(ListenerKind::Http, address)]);
}

#[test]
fn a_default_address_that_is_taken_is_left_out_unless_it_is_the_last_one() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().into();
    let taken = BoundSocket::adopted(ListenerKind::Http, taken).unwrap();
    let mut config = config(&["127.0.0.1:0"]);
    config.listen.admin = vec![taken.address.clone()];
    assert!(open(&config, Vec::new()).is_err(), "somebody asked for it");
    config.listen.defaults = vec![ListenerKind::Admin];
    assert_eq!(open(&config, Vec::new()).unwrap().addresses().0.len(), 1);
    config.listen.http = vec![taken.address.clone()];
    config.listen.defaults = ListenerKind::all().collect();
    assert!(open(&config, Vec::new()).is_err(), "nothing is left to serve visitors");
}

#[test]
fn the_log_says_who_can_read_metrics() {
    for (address, expected) in [
        ("127.0.0.1:1", "every program on this machine"),
        ("[::1]:1", "every program on this machine"),
        ("[::ffff:127.0.0.1]:1", "every program on this machine"),
        ("0.0.0.0:1", "reach this machine"),
        ("[::]:1", "reach this machine"),
        ("192.0.2.1:1", "reach this address"),
    ] {
        let said = readers(&address.parse::<SocketAddr>().unwrap().into(), 0);
        assert!(said.contains(expected), "{address}: {said}");
    }
    assert!(readers(&Address::Unix("/run/e6.sock".into()), 0o660).contains("0660"));
}

#[test]
fn every_socket_is_somebodys_and_every_worker_has_one_of_each_address() {
    for (sockets, workers) in [(1, 4), (2, 4), (4, 4), (5, 2), (3, 1)] {
        let bind = || {
            let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
            listen::bind(ListenerKind::Http, &address.into(), sockets, 0o600).unwrap()
        };
        let listeners = Listeners(bind().into_iter().chain(bind()).collect());
        let shares = (0..workers).map(|worker| listeners.deal(worker, workers).unwrap().len());
        let shares: Vec<_> = shares.collect();
        assert!(shares.iter().all(|share| *share >= 2), "{shares:?}");
        assert_eq!(shares.iter().sum::<usize>(), 2 * sockets.max(workers), "{shares:?}");
    }
}

#[test]
fn workers_that_share_a_udp_socket_have_an_endpoint_each_and_the_first_one_reads_it() {
    for (sockets, workers) in [(1, 4), (2, 4), (4, 4), (5, 2), (3, 1)] {
        let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let bind = || listen::bind(ListenerKind::Http3, &address.into(), sockets, 0o600).unwrap();
        let listeners = Listeners(bind().into_iter().chain(bind()).collect());
        let mut dealt: Vec<_> =
            (0..workers).flat_map(|worker| listeners.deal(worker, workers).unwrap()).collect();
        dealt.sort_by_key(|dealt| dealt.endpoint);
        assert!(dealt.iter().map(|dealt| dealt.endpoint).eq(0..2 * sockets.max(workers)));
        let readers: Vec<_> = dealt.iter().filter(|dealt| dealt.users[0] == dealt.endpoint).collect();
        assert_eq!(readers.len(), 2 * sockets, "{sockets} {workers}");
        for DealtSocket { bound, endpoint, users } in &dealt {
            assert!(users.contains(endpoint));
            for user in users {
                assert_eq!((&dealt[*user].bound.address, &dealt[*user].users), (&bound.address, users));
            }
        }
    }
}
