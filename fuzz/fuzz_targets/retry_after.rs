//! Fuzzes Retry-After headers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| coda_footprint::fuzzing::retry_after(data));
