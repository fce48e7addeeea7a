//! The words of incidents, by which searches find them: those of the number, the title, the type and the values of
//! dynamic fields.

use serde::Deserialize;

use super::rows::identifiers;
use super::{Engine, NewIncident, Records, Store, StoreError};
use crate::model::{IncidentId, Words};

/// The number of incidents of a store from before the index whose words one transaction adds.
const BATCH_SIZE: i64 = 5_000;

/// The most words of a search. Further words are not looked at.
const MOST_SEARCHED: usize = 20;

/// The texts of an incident: its id, number, title and type, and the values of its fields.
#[derive(Deserialize)]
struct Texts(IncidentId, String, String, String, Vec<String>);

/// The words of an incident.
type Indexed = (IncidentId, Words);

impl Store {
    /// Adds the words of the incidents of a store from before the index, the latest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(super) async fn index_earlier_incidents(&self) -> Result<(), StoreError> {
        loop {
            let mut transaction = self.transaction().await?;
            let left = transaction.records().index_batch().await?;
            transaction.commit().await?;
            if left == 0 {
                return Ok(());
            }
        }
    }
}

impl Records<'_> {
    /// Adds the words of the latest incidents that have none. Returns the id up to which incidents are left.
    async fn index_batch(&mut self) -> Result<i64, StoreError> {
        let sql = format!("SELECT words_left FROM store_state WHERE id = 1{}", self.engine.for_update());
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *self.connection).await?;
        if left == 0 {
            return Ok(0);
        }
        let query = sqlx::query_scalar("SELECT id FROM incidents WHERE id <= $1 ORDER BY id DESC LIMIT $2");
        let ids: Vec<IncidentId> = query.bind(left).bind(BATCH_SIZE).fetch_all(&mut *self.connection).await?;
        self.index_incidents(&ids).await?;
        let left = ids.last().map_or(0, |last| last.0 - 1);
        let query = sqlx::query("UPDATE store_state SET words_left = $1 WHERE id = 1").bind(left);
        query.execute(&mut *self.connection).await?;
        Ok(left)
    }

    /// Writes the words of incidents again, after a change of their texts.
    pub(super) async fn index_incidents(&mut self, ids: &[IncidentId]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let values = match self.engine {
            Engine::Sqlite => {
                "json((SELECT json_group_array(f.value) FROM incident_fields f
                                     WHERE f.incident_id = i.id AND f.value IS NOT NULL))"
            }
            Engine::Postgres => {
                "COALESCE((SELECT json_agg(f.value) FROM incident_fields f
                           WHERE f.incident_id = i.id AND f.value IS NOT NULL), '[]')"
            }
        };
        let sql = format!(
            "SELECT {} FROM incidents i WHERE i.id IN ({})",
            self.engine.gathered(&format!("i.id, i.number, i.title, i.incident_type, {values}")),
            self.engine.integers_of("$1"),
        );
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(identifiers(ids));
        let texts: String = query.fetch_one(&mut *self.connection).await?;
        let texts: Vec<Texts> =
            serde_json::from_str(&texts).map_err(|error| StoreError::Unreadable(error.to_string()))?;
        let words = texts.iter().map(|Texts(id, number, title, incident_type, values)| {
            let mut words = Words::of(number);
            [title, incident_type].into_iter().chain(values).for_each(|text| words.add(text));
            (*id, words)
        });
        let words: Vec<Indexed> = words.collect();
        if self.engine == Engine::Sqlite {
            // The index of SQLite has no keys, and so no conflicts.
            let sql = format!("DELETE FROM incident_words WHERE rowid IN ({})", self.engine.integers_of("$1"));
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(identifiers(ids)).execute(&mut *self.connection).await?;
        }
        self.insert_words(&words).await
    }

    /// Adds the words of new incidents, which have no fields yet.
    pub(super) async fn index_new(&mut self, ids: &[IncidentId], incidents: &[NewIncident]) -> Result<(), StoreError> {
        let words = ids.iter().zip(incidents).map(|(id, incident)| {
            let mut words = Words::of(&incident.number);
            words.add(&incident.title);
            words.add(&incident.incident_type);
            (*id, words)
        });
        let words: Vec<Indexed> = words.collect();
        self.insert_words(&words).await
    }

    async fn insert_words(&mut self, indexed: &[Indexed]) -> Result<(), StoreError> {
        let sql = match self.engine {
            Engine::Sqlite => {
                "INSERT INTO incident_words (rowid, words) SELECT value ->> 0, value ->> 1 FROM json_each($1)"
            }
            Engine::Postgres => {
                "INSERT INTO incident_words (incident_id, words)
                 SELECT CAST(one ->> 0 AS BIGINT), array_to_tsvector(string_to_array(one ->> 1, ' '))
                 FROM jsonb_array_elements(CAST($1 AS jsonb)) AS t (one)
                 ON CONFLICT (incident_id) DO UPDATE SET words = excluded.words"
            }
        };
        let rows: Vec<_> = indexed.iter().map(|(id, words)| (id, words.iter().collect::<Vec<_>>().join(" "))).collect();
        let rows = serde_json::to_string(&rows)?;
        sqlx::query(sql).bind(rows).execute(&mut *self.connection).await?;
        Ok(())
    }
}

/// What the index of words looks for: incidents in which each word of the text is the beginning of a word. `None` if the
/// text has no word.
pub(super) fn wanted(engine: Engine, text: &str) -> Option<String> {
    let words = Words::of(text);
    // A word has only letters and digits, so it cannot end its quotes.
    let (start, end, and) = match engine {
        Engine::Sqlite => ("\"", "\"*", " "),
        Engine::Postgres => ("'", "':*", " & "),
    };
    let wanted: Vec<_> = words.iter().take(MOST_SEARCHED).map(|word| format!("{start}{word}{end}")).collect();
    (!wanted.is_empty()).then(|| wanted.join(and))
}

#[cfg(all(test, feature = "testing"))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on can only end")]
mod tests {
    use crate::model::{DynamicField, FieldKind, IncidentId, Moment, Site, SiteId, SiteKind};
    use crate::testing::TestStore;
    use crate::{Engine, LongTexts, NewIncident, NewSite, Search, SearchOrder, Store};

    async fn site(store: &Store, name: &str) -> Site {
        let site = NewSite {
            name: name.to_owned(),
            kind: SiteKind::Internal,
            description: String::new(),
            time_zone: "UTC".to_owned(),
            language: "en".to_owned(),
        };
        let mut transaction = store.transaction().await.unwrap();
        let site = transaction.records().create_site(&site, Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        site
    }

    /// Creates incidents of these numbers, types and titles.
    async fn create(store: &Store, site: SiteId, incidents: &[(&str, &str, &str)]) -> Vec<IncidentId> {
        let new = incidents.iter().zip(1..).map(|((number, kind, title), at)| NewIncident {
            title: (*title).to_owned(),
            incident_type: (*kind).to_owned(),
            ..NewIncident::open((*number).to_owned(), site, "Admin", Moment(at))
        });
        let new: Vec<_> = new.collect();
        let mut transaction = store.transaction().await.unwrap();
        let ids = transaction.records().insert_incidents(&new).await.unwrap();
        transaction.commit().await.unwrap();
        ids
    }

    /// Leaves out 100,000 ids of incidents.
    async fn skip_ids(store: &Store) {
        let sql = match store.engine() {
            Engine::Sqlite => "UPDATE sqlite_sequence SET seq = seq + 100000 WHERE name = 'incidents'",
            Engine::Postgres => {
                "SELECT setval(pg_get_serial_sequence('incidents', 'id'), MAX(id) + 100000) FROM incidents"
            }
        };
        let mut transaction = store.transaction().await.unwrap();
        sqlx::query(sql).execute(&mut *transaction.records().connection).await.unwrap();
        transaction.commit().await.unwrap();
    }

    fn search(sites: &[SiteId], text: Option<&str>) -> Search {
        Search {
            sites: sites.to_vec(),
            from: Moment::MIN,
            until: Moment::MAX,
            groups: Vec::new(),
            text: text.map(str::to_owned),
            order: SearchOrder::Latest,
            after: None,
            offset: 0,
            limit: 100,
            texts: LongTexts::NONE,
        }
    }

    async fn found(store: &Store, search: &Search) -> Vec<String> {
        let mut reader = store.reader().await.unwrap();
        let found = reader.records().search_incidents(search).await.unwrap().rows;
        found.into_iter().map(|incident| incident.number).collect()
    }

    #[tokio::test]
    async fn incidents_are_found_by_the_beginnings_of_their_words_on_both_engines() {
        for test in TestStore::on_both().await {
            let store = &test.store;
            let site = site(store, "Operations").await.id;
            let incidents = [
                ("20210127-1", "Phishing", "Suspicious mail of Zo\u{eb} (sign-in)"),
                ("20210127-12", "Malware", "Trojan on host db-7; \"quoted\" & 100%"),
                ("20210128-2", "Phishing", "STRASSE: \u{65e5}\u{672c}\u{8a9e} NOT or AND"),
            ];
            let ids = create(store, site, &incidents).await;
            let table: &[(&str, &[&str])] = &[
                ("phish", &["20210128-2", "20210127-1"]),
                ("PHISHING zoe", &["20210127-1"]),
                ("zo\u{eb}", &["20210127-1"]),
                ("Sign-In", &["20210127-1"]),
                ("in sus", &["20210127-1"]),
                ("uspicious", &[]),
                ("20210127", &["20210127-12", "20210127-1"]),
                ("20210127-1", &["20210127-12", "20210127-1"]),
                ("20210127-12", &["20210127-12"]),
                ("db-7", &["20210127-12"]),
                ("stra\u{df}e", &["20210128-2"]),
                ("\u{65e5}\u{672c}", &["20210128-2"]),
                ("mail trojan", &[]),
                // The syntax of the indexes has no meaning.
                ("\"quoted\"", &["20210127-12"]),
                ("NOT", &["20210128-2"]),
                ("phishing OR malware", &[]),
                ("phishing AND not", &["20210128-2"]),
                ("words:phishing", &[]),
                ("trojan*)", &["20210127-12"]),
                ("'host':* | !('x", &[]),
                ("^host \\", &["20210127-12"]),
                ("\" * ' & | ! ( ) : \\ {", &[]),
                ("", &[]),
            ];
            for (text, numbers) in table {
                assert_eq!(
                    found(store, &search(&[site], Some(text))).await,
                    *numbers,
                    "{text} on {:?}",
                    store.engine()
                );
            }
            let many = "word ".repeat(10_000) + &"x".repeat(10_000);
            assert!(found(store, &search(&[site], Some(&many))).await.is_empty());

            let mut transaction = store.transaction().await.unwrap();
            let mut records = transaction.records();
            let mut first = records.incident("20210127-1").await.unwrap();
            "Harmless".clone_into(&mut first.title);
            records.update_incident(&first).await.unwrap();
            let field = DynamicField {
                section: "Details".to_owned(),
                name: "Host".to_owned(),
                kind: FieldKind::InfoActivity,
                required_on_close: false,
                value: Some("Mail-Server".to_owned()),
            };
            records.replace_details(&[(ids[1], &[], std::slice::from_ref(&field))]).await.unwrap();
            transaction.commit().await.unwrap();
            for (text, numbers) in
                [("zoe", [].as_slice()), ("harm", &["20210127-1"]), ("mail server", &["20210127-12"])]
            {
                assert_eq!(found(store, &search(&[site], Some(text))).await, *numbers, "{text} after the changes");
            }
            let mut transaction = store.transaction().await.unwrap();
            transaction.records().set_field_value(ids[1], "Details", "Host", Some("gate"), Moment(9)).await.unwrap();
            transaction.commit().await.unwrap();
            assert!(found(store, &search(&[site], Some("mail server"))).await.is_empty());
            assert_eq!(found(store, &search(&[site], Some("gate trojan"))).await, ["20210127-12"]);
            let mut transaction = store.transaction().await.unwrap();
            let mut records = transaction.records();
            records.put_fields(ids[0], "Findings", &[("CVE", "CVE-2021-44228".to_owned())]).await.unwrap();
            records
                .insert_details(&[(ids[2], &[], &[DynamicField { value: Some("Desk".to_owned()), ..field }])])
                .await
                .unwrap();
            transaction.commit().await.unwrap();
            assert_eq!(found(store, &search(&[site], Some("cve-2021-44228"))).await, ["20210127-1"]);
            assert_eq!(found(store, &search(&[site], Some("desk"))).await, ["20210128-2"]);
        }
    }

    #[tokio::test]
    async fn pages_of_several_sites_join_without_gaps_in_both_orders_with_and_without_words() {
        for test in TestStore::on_both().await {
            let store = &test.store;
            let mut sites = Vec::new();
            for number in 0..3 {
                sites.push(site(store, &format!("Site {number}")).await.id);
            }
            let numbers: Vec<_> = (0..60).map(|number| format!("I-{number}")).collect();
            for (at, number) in numbers.iter().enumerate() {
                if at == 30 {
                    // The later ones are not near the earlier ones.
                    skip_ids(store).await;
                }
                create(store, sites[at % 3], &[(number.as_str(), "Test", "Same title")]).await;
            }
            let seen = &sites[..2];
            let expected: Vec<_> =
                numbers.iter().zip(0..).filter(|(_, at)| at % 3 < 2).map(|(number, _)| number).collect();
            for text in [None, Some("title")] {
                for order in [SearchOrder::Latest, SearchOrder::Oldest] {
                    let mut wanted = Search { order, limit: 7, ..search(seen, text) };
                    let mut all = Vec::new();
                    loop {
                        let mut reader = store.reader().await.unwrap();
                        let page = reader.records().search_incidents(&wanted).await.unwrap().rows;
                        let Some(last) = page.last() else { break };
                        wanted.after = Some(last.id);
                        all.extend(page.into_iter().map(|incident| incident.number));
                    }
                    if order == SearchOrder::Latest {
                        all.reverse();
                    }
                    assert_eq!(all.iter().collect::<Vec<_>>(), expected, "{text:?} {order} on {:?}", store.engine());
                }
            }
            for order in [SearchOrder::Latest, SearchOrder::Oldest] {
                let across = Search { order, offset: 15, limit: 10, ..search(seen, Some("title")) };
                let mut wanted = expected[15..25].to_vec();
                if order == SearchOrder::Latest {
                    wanted.reverse();
                }
                assert_eq!(found(store, &across).await.iter().collect::<Vec<_>>(), wanted, "{order}");
                for after in [IncidentId(i64::MIN), IncidentId(i64::MAX)] {
                    found(store, &Search { after: Some(after), ..across.clone() }).await;
                }
            }
            let by_offset = Search { offset: 5, limit: 3, order: SearchOrder::Oldest, ..search(seen, None) };
            assert_eq!(found(store, &by_offset).await.iter().collect::<Vec<_>>(), expected[5..8]);
            let many: Vec<_> = (1..450).map(SiteId).collect();
            assert_eq!(found(store, &search(&many, None)).await.len(), 60);
            assert!(found(store, &search(&[], None)).await.is_empty());
        }
    }

    #[tokio::test]
    async fn incidents_from_before_the_index_are_found_after_the_store_is_opened() {
        for test in TestStore::on_both().await {
            let site = site(&test.store, "Operations").await.id;
            create(&test.store, site, &[("1", "Test", "Old one"), ("2", "Test", "Old two")]).await;
            let mut transaction = test.store.transaction().await.unwrap();
            for sql in ["DELETE FROM incident_words", "UPDATE store_state SET words_left = 2"] {
                let mut records = transaction.records();
                sqlx::query(sql).execute(&mut *records.connection).await.unwrap();
            }
            transaction.commit().await.unwrap();
            assert!(found(&test.store, &search(&[site], Some("old"))).await.is_empty());
            let store = Store::open(&test.address).await.unwrap();
            assert_eq!(found(&store, &search(&[site], Some("old"))).await, ["2", "1"]);
        }
    }
}
