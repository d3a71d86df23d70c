//! MODE S, with its records and pages.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::receive(protocol::Mode::Stream, data));
