use super::*;

#[test]
fn the_documentation_is_the_table() {
    assert_eq!(
        include_str!("../../docs/limits.md"),
        markdown(),
        "write it anew: e6 limits --markdown > docs/limits.md"
    );
}

#[test]
fn every_row_sets_what_it_shows_and_nothing_else() {
    for limit in LIMITS {
        assert!(limit.range.contains(&limit.default), "{}", limit.name);
        assert_eq!((limit.get)(&Limits::default()), limit.default, "{}", limit.name);
        for value in [*limit.range.start(), *limit.range.end()] {
            let mut limits = Limits::default();
            (limit.set)(&mut limits, value);
            for other in LIMITS {
                let expected = if other.name == limit.name { value } else { other.default };
                assert_eq!((other.get)(&limits), expected, "{} after {}", other.name, limit.name);
            }
        }
    }
}

#[test]
fn connections_leave_a_fifth_of_the_descriptors_to_everything_else() {
    assert_eq!(Limits::default().within(1024).connections, 816);
    assert_eq!(Limits::default().within(u64::MAX).connections, 10_000);
    assert_eq!(Limits::default().within(3).connections, 1);
}

#[test]
fn a_small_container_has_room_for_its_connections_and_pages() {
    let [small, tiny] = [64 * MIB, MIB].map(|bytes| Limits::default().within_memory(bytes));
    assert_eq!((small.connections, small.day_pages, small.relay_bytes), (512, 8 << 20, 8 << 20));
    assert_eq!((tiny.connections, tiny.day_pages), (8, 1 << 20), "no less than the range of the setting");
    assert_eq!(Limits::default().within_memory(u64::MAX), Limits::default());
}
