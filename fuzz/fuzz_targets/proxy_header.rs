#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| e6::fuzzing::proxy_header(input));
