//! Fuzzes secrets in text.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| coda_footprint::fuzzing::redaction(data));
