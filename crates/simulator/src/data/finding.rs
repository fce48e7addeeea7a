//! Computes what became of a device's vulnerabilities: rescans open, fix and reopen them, and users change their state.

use crate::{
    dialect::EndpointForm,
    verdicts::{Verdict, Verdicts},
};

use super::{
    device::Device,
    inventory::Inventory,
    random::{Topic, dice},
    vulnerability::{STATES, Vulnerability},
};

/// Vulnerability numbers of one device stay below this.
const MOST: u32 = 9_999;
/// Positions among the words for states.
const FIX_NOT_CONFIRMED: usize = 3;
const FIXED: usize = 4;
const REOPENED: usize = 7;

/// The history of a device since the instance was started.
#[derive(Debug)]
pub(crate) struct History<'w> {
    /// When each rescan of the device ended, oldest first, in microseconds since 1970.
    pub(crate) rescans: Vec<u64>,
    pub(crate) verdicts: &'w Verdicts,
}

impl Inventory<'_> {
    /// How many vulnerabilities the device has, closed ones too.
    pub(crate) fn findings(&self, device: &Device, history: &History<'_>) -> u32 {
        let first = self.first_findings(device);
        let opened = (0..history.rescans.len()).filter(|round| self.opens(device, *round)).count();
        (first + u32::try_from(opened).unwrap_or(MOST)).min(MOST)
    }

    /// How many of them are not confirmed as fixed.
    pub(crate) fn open_findings(&self, device: &Device, history: &History<'_>) -> u32 {
        let open = |number: &u32| self.finding(device, *number, history).state != FIXED;
        u32::try_from((0..self.findings(device, history)).filter(open).count()).unwrap_or(MOST)
    }

    /// The device's vulnerability with this number, from 0, as it is now.
    pub(crate) fn finding(&self, device: &Device, number: u32, history: &History<'_>) -> Vulnerability {
        let mut row = self.vulnerability(device, number);
        let mut round = 0;
        if let Some(opened) = number.checked_sub(self.first_findings(device)) {
            let rounds = (0..history.rescans.len()).filter(|round| self.opens(device, *round));
            let born = rounds.into_iter().nth(opened as usize).unwrap_or_default();
            let at = history.rescans.get(born).copied().unwrap_or(row.discovered);
            (row.state, row.discovered, row.state_changed) = (0, at, at);
            round = born + 1;
        }
        let verdict = history.verdicts.of(row.id);
        if let Some(Verdict { state, text, at, rounds }) = verdict {
            (row.state, row.state_changed, round) = (state, at, rounds);
            row.motivation = text;
        }
        for (round, end) in (0..).zip(&history.rescans).skip(round) {
            let state = self.after_rescan(&row, round);
            if state != row.state {
                (row.state, row.state_changed) = (state, *end);
            }
        }
        row
    }

    /// A device without applications has none.
    fn first_findings(&self, device: &Device) -> u32 {
        if device.rank.is_some() { self.options.vulnerabilities } else { 0 }
    }

    /// Whether this rescan of the device found a new vulnerability.
    fn opens(&self, device: &Device, round: usize) -> bool {
        let index = device.id << 16 | round as u64;
        let found = dice(self.options.seed, self.tenant, Topic::Rescan, index).u8(..) < 64;
        found && self.first_findings(device) > 0
    }

    fn after_rescan(&self, row: &Vulnerability, round: usize) -> usize {
        let index = row.id << 8 | (round as u64 & 0xff) | 1 << 63;
        let roll = dice(self.options.seed, self.tenant, Topic::Rescan, index).u8(..);
        let reopens = self.dialect().vulnerabilities == EndpointForm::Current;
        match STATES[row.state] {
            "fixPendingConfirmation" if roll < 128 => FIXED,
            "fixPendingConfirmation" => FIX_NOT_CONFIRMED,
            "falsePositive" | "acceptRisk" => row.state,
            // The older documents have no word for it.
            "fixConfirmed" if roll < 48 => {
                if reopens {
                    REOPENED
                } else {
                    0
                }
            }
            "fixConfirmed" => FIXED,
            _ if roll < 32 => FIXED,
            _ => row.state,
        }
    }
}
