//! Fuzzes replies.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| coda_footprint::fuzzing::replies(data));
