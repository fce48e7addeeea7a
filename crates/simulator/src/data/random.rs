//! Gives every thing in the data its own dice, so that any row can be made without the others.

use fastrand::Rng;

/// The purpose of the dice; different topics get different numbers for the same index.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Topic {
    User = 1,
    Secret,
    Cookie,
    Scan,
    Tenant,
    Device,
    Connection,
    DeviceUser,
    Vulnerability,
    Avenue,
    Context,
    Scanner,
    Entry,
    Target,
    Rescan,
}

/// Dice that depend on nothing but these four.
pub(crate) fn dice(seed: u64, tenant: u32, topic: Topic, index: u64) -> Rng {
    let mut state = mix(seed ^ 0x9e37_79b9_7f4a_7c15);
    state = mix(state ^ ((topic as u64) << 32 | u64::from(tenant)));
    Rng::with_seed(mix(state ^ index))
}

/// The finishing step of SplitMix64: every bit of the input changes half of the output's.
fn mix(mut state: u64) -> u64 {
    state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// One of a few values.
pub(crate) fn one_of<T: Copy>(dice: &mut Rng, choices: &[T]) -> T {
    choices[dice.usize(..choices.len())]
}
