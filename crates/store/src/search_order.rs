//! The orders in which a search lists incidents, and the SQL that reads a page in an order: of several sites, or of
//! incidents with words on PostgreSQL.

use crate::model::SiteId;
use crate::text_enum;

/// The sites of one compound SELECT. SQLite takes 500.
const SITES_AT_ONCE: usize = 200;

/// The number of ids from the start of a page among which PostgreSQL looks for words without their index. Comparing the
/// words of so many incidents takes 10 ms.
pub(super) const NEAR: i64 = 20_000;

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
        let sign = self.sign();
        if with_text {
            return format!("{id} {sign} {after}");
        }
        format!("(i.created_at, i.id) {sign} ((SELECT created_at FROM incidents WHERE id = {after}), {after})")
    }

    /// The comparison that is true of what comes later in the order.
    const fn sign(self) -> char {
        match self {
            Self::Oldest => '>',
            Self::Latest => '<',
        }
    }
}

/// The parts of a page: SQL for the condition, the order, the limit and the offset, and for the number of incidents up to
/// the page's end.
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

    /// SQL after FROM for the page as `i`, of the incidents that have `words` and come after the incident with the id
    /// `after`. It is for PostgreSQL.
    ///
    /// The index of words finds all incidents with frequent words, and each is then read. So the incidents near the start
    /// of the page are compared first, and the index is used only if they do not fill the page.
    pub(super) fn with_words(&self, words: &str, after: Option<&str>) -> String {
        let Self { filter, limit, offset, through, .. } = self;
        let (order, later) = (self.order.sql(true), self.order.sign());
        let (first, step, is_near) = match self.order {
            SearchOrder::Latest => ("MAX(incident_id) + 1", '-', ">="),
            SearchOrder::Oldest => ("MIN(incident_id) - 1", '+', "<="),
        };
        let start = match after {
            Some(after) => format!("CAST({after} AS BIGINT)"),
            None => format!("(SELECT {first} FROM incident_words)"),
        };
        let near = format!("{start} {step} {NEAR}");
        let having = format!("words @@ CAST({words} AS tsquery)");
        let page_of = |condition: String, is_wanted: &str| {
            format!(
                "SELECT i.id FROM (SELECT incident_id FROM incident_words WHERE {condition}
                                   ORDER BY incident_{order} OFFSET 0) w JOIN incidents i ON i.id = w.incident_id
                 WHERE {filter} {is_wanted} ORDER BY w.incident_{order} LIMIT {through}"
            )
        };
        // `IS TRUE` keeps PostgreSQL from using the index of words.
        let near_ones =
            page_of(format!("({having}) IS TRUE AND incident_id {later} {start} AND incident_id {is_near} {near}"), "");
        let others = page_of(
            format!("{having} AND incident_id {later} {near}"),
            &format!("AND (SELECT COUNT(*) FROM near_ones) < {through}"),
        );
        format!(
            "(WITH near_ones AS MATERIALIZED ({near_ones})
              SELECT id FROM (SELECT id FROM near_ones UNION ALL SELECT id FROM ({others}) others) found
              ORDER BY {order} LIMIT {limit} OFFSET {offset}) listed
             JOIN incidents i ON i.id = listed.id"
        )
    }
}
