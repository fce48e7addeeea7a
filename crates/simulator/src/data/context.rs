//! Computes what a technical context is.

use super::{
    inventory::Inventory,
    moment::{FormattedTime, TODAY},
    random::{Topic, dice},
    words,
};

/// One technical context.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// 0 secure, 1 unknown (nonvisible), 2 vulnerable, 3 critical.
    pub(crate) risk: u8,
    pub(crate) generated: bool,
    pub(crate) in_business_context: bool,
    /// How many elements are critical, vulnerable, unknown and secure.
    pub(crate) levels: [u32; 4],
    pub(crate) uptime: u32,
    pub(crate) impact: u32,
    pub(crate) applications_up: u32,
    pub(crate) devices: u32,
    /// Microseconds since 1970, as the next.
    pub(crate) created: u64,
    pub(crate) modified: u64,
    /// Decides the row's small matters and oddities.
    pub(crate) roll: u64,
}

impl Context {
    pub(crate) fn applications(&self) -> u32 {
        self.levels.iter().sum()
    }

    pub(crate) fn accessible_by(&self) -> &'static str {
        words::pick(&["Servers & Users", "Only Users", "Only Servers", "Nobody"], (self.roll >> 32) as usize)
    }

    pub(crate) fn zone(&self) -> &'static str {
        words::pick(&["Internet", "WAN", "Isolated", "Nobody"], (self.roll >> 36) as usize)
    }
}

impl Inventory<'_> {
    /// The context with this id, if the tenant has it.
    pub(crate) fn context_by_id(&self, id: u64) -> Option<Context> {
        let number = self.number(id)?;
        (1..=self.options.contexts).contains(&number).then(|| self.context(number))
    }

    /// The context with this number, from 1; the highest come first in lists.
    pub(crate) fn context(&self, number: u32) -> Context {
        let mut dice = dice(self.options.seed, self.tenant, Topic::Context, u64::from(number));
        let roll = dice.u64(..);
        // Round-robin, so that every level has contexts however few there are.
        let risk = (number % 4) as u8;
        let mut levels = [0, 0, 0, 1 + dice.u32(..40)];
        if risk >= 1 {
            levels[2] = 1 + dice.u32(..9);
        }
        if risk >= 2 {
            levels[1] = 1 + dice.u32(..12);
        }
        if risk == 3 {
            levels[0] = 1 + dice.u32(..5);
        }
        let applications: u32 = levels.iter().sum();
        let created = FormattedTime::before_today(&mut dice, 1_500);
        let system = words::pick(words::SYSTEMS, number as usize - 1);
        let round = (number as usize - 1) / words::SYSTEMS.len();
        Context {
            id: self.id(number),
            name: if round == 0 { system.to_owned() } else { format!("{system} {}", round + 1) },
            risk,
            generated: roll & 3 == 0,
            in_business_context: roll & 4 != 0,
            levels,
            uptime: 80 + dice.u32(..=20),
            impact: 1 + dice.u32(..5),
            applications_up: applications - dice.u32(..=applications / 4),
            devices: 1 + dice.u32(..20),
            created,
            modified: created + dice.u64(..=TODAY * 1_000_000 - created),
            roll,
        }
    }
}
