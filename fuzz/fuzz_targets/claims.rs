//! Fuzzes access tokens.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| coda_footprint::fuzzing::claims(data));
