//! Knows which elements one tenant has and under which ids.

use crate::{Options, dialect::Dialect};

/// How far apart the ids of two tenants are.
const TENANT_STEP: u64 = 1_000_000;

/// One tenant's elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inventory<'o> {
    pub(crate) options: &'o Options,
    pub(crate) tenant: u32,
}

impl<'o> Inventory<'o> {
    pub(crate) fn new(options: &'o Options, tenant: u32) -> Self {
        Self { options, tenant }
    }

    /// The tenant's id with this number, unique over all tenants among elements of one kind.
    pub(crate) fn id(&self, number: u32) -> u64 {
        u64::from(self.tenant) * TENANT_STEP + u64::from(number)
    }

    /// The number behind an id, if the id is this tenant's.
    pub(crate) fn number(&self, id: u64) -> Option<u32> {
        let base = u64::from(self.tenant) * TENANT_STEP;
        let number = id.checked_sub(base).filter(|number| *number < TENANT_STEP)?;
        u32::try_from(number).ok()
    }

    /// The id of the scanner with this number, from 1.
    pub(crate) fn scanner_id(&self, number: u32) -> u64 {
        u64::from(self.tenant) * 100 + u64::from(number)
    }

    /// The number behind a scanner's id, if it is one of this tenant's scanners.
    pub(crate) fn scanner_number(&self, id: u64) -> Option<u32> {
        let base = u64::from(self.tenant) * 100;
        let number = u32::try_from(id.checked_sub(base)?).ok()?;
        (1..=self.options.scanners).contains(&number).then_some(number)
    }

    /// The forms that the instance's endpoints have.
    pub(crate) fn dialect(&self) -> &'static Dialect {
        self.options.generation.dialect()
    }
}
