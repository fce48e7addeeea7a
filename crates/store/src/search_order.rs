//! The orders in which a search lists incidents, and the SQL that reads a page of several sites in an order.

use crate::model::SiteId;
use crate::text_enum;

/// The sites of one compound SELECT. SQLite takes 500.
const SITES_AT_ONCE: usize = 200;

text_enum! {
    /// The order of found incidents by their creation. With a text, it is the order of the incidents' ids.
    #[derive(Default)]
    pub enum SearchOrder {
        /// The oldest first.
        #[default]
        Oldest,
        /// The latest first.
        Latest,
    }
}

impl SearchOrder {
    /// SQL for the order. `with_text` says whether the search has a text.
    pub(super) const fn sql(self, with_text: bool) -> &'static str {
        match (self, with_text) {
            (Self::Oldest, false) => "created_at, id",
            (Self::Latest, false) => "created_at DESC, id DESC",
            (Self::Oldest, true) => "id",
            (Self::Latest, true) => "id DESC",
        }
    }

    /// SQL for the incidents after the one with the id `after`. The incidents are `i`; `id` is SQL for their id.
    pub(super) fn after(self, with_text: bool, id: &str, after: &str) -> String {
        let sign = match self {
            Self::Oldest => '>',
            Self::Latest => '<',
        };
        if with_text {
            return format!("{id} {sign} {after}");
        }
        format!("(i.created_at, i.id) {sign} ((SELECT created_at FROM incidents WHERE id = {after}), {after})")
    }
}

/// The parts of a page of several sites: SQL for the condition, the order, the limit and the offset, and for the number of
/// incidents up to the page's end.
pub(super) struct Branches<'a> {
    pub(super) filter: &'a str,
    pub(super) order: SearchOrder,
    pub(super) limit: &'a str,
    pub(super) offset: &'a str,
    pub(super) through: &'a str,
}

impl Branches<'_> {
    /// SQL after FROM for the page as `i`. It reads the first rows of each site by the index of sites, so that it never
    /// sorts more than a page of each.
    pub(super) fn merged(&self, sites: &[SiteId]) -> String {
        let Self { filter, limit, offset, through, .. } = self;
        let order = self.order.sql(false);
        let of_site = |site: &SiteId| {
            format!(
                "SELECT * FROM (SELECT i.id, i.created_at FROM incidents i WHERE i.site_id = {site} AND {filter}
                 ORDER BY {order} LIMIT +{through}) of_site"
            )
        };
        let of_sites = |sites: &[SiteId]| sites.iter().map(of_site).collect::<Vec<_>>().join(" UNION ALL ");
        let rows = match sites {
            [] => "SELECT id, created_at FROM incidents WHERE 1 = 0".to_owned(),
            sites if sites.len() <= SITES_AT_ONCE => of_sites(sites),
            sites => {
                let chunk = |sites: &[SiteId]| {
                    format!(
                        "SELECT * FROM (SELECT id, created_at FROM ({}) of_sites
                         ORDER BY {order} LIMIT +{through}) chunk",
                        of_sites(sites)
                    )
                };
                sites.chunks(SITES_AT_ONCE).map(chunk).collect::<Vec<_>>().join(" UNION ALL ")
            }
        };
        format!(
            "(SELECT id FROM ({rows}) found ORDER BY {order} LIMIT +{limit} OFFSET +{offset}) listed
             JOIN incidents i ON i.id = listed.id"
        )
    }
}
