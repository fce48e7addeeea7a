//! The list in each order, its total, the groups, and the changes of a time span, on both stores.

use soar_host::operations::Span;
use soar_store::model::{FeedId, FindingChangeKind, Moment};
use soar_store::{CountBounds, FindingFilter, FindingGrouping, FindingOrder, FindingSpan, FindingTotal};

use super::world::FindingsWorld;

/// Three findings of two tenants, of which one is fixed after the baseline.
async fn known(world: &FindingsWorld) {
    world.lister.set("1", 1, "CVE-2024-1", "open", 9.8);
    world.lister.set("1", 2, "CVE-2024-2", "open", 5.0);
    world.lister.set("2", 7, "CVE-2024-1", "open", 7.5);
    world.collect().await;
    world.lister.set("1", 2, "CVE-2024-2", "fixed", 5.0);
    world.lister.set("1", 3, "CVE-2024-3", "open", 4.0);
    world.collect().await;
}

#[tokio::test]
async fn findings_are_listed_in_each_order_page_by_page_and_searched() {
    for world in FindingsWorld::on_both().await {
        known(&world).await;
        for order in
            [FindingOrder::Device, FindingOrder::Cve, FindingOrder::Cvss, FindingOrder::First, FindingOrder::Changed]
        {
            for descending in [false, true] {
                let mut filter = FindingFilter { order: Some(order), descending, ..FindingFilter::default() };
                let whole = world.operations().list_findings(&world.context, &filter, 100).await.unwrap().findings;
                let whole: Vec<_> = whole.into_iter().map(|one| one.known.finding_id).collect();
                assert_eq!(whole.len(), 4, "{order}");
                let mut paged = Vec::new();
                loop {
                    let page = world.operations().list_findings(&world.context, &filter, 1).await.unwrap();
                    paged.extend(page.findings.into_iter().map(|one| one.known.finding_id));
                    let Some(next) = page.next.filter(|_| paged.len() <= whole.len()) else { break };
                    filter.after = Some(next);
                }
                assert_eq!(paged, whole, "{order}, descending: {descending}");
            }
        }
        let by_score = FindingFilter { order: Some(FindingOrder::Cvss), descending: true, ..FindingFilter::default() };
        let first = world.operations().list_findings(&world.context, &by_score, 1).await.unwrap().findings;
        assert!(first[0].known.finding.get().contains("9.8"), "{}", first[0].known.finding.get());
        for (search, found) in [("cve-2024-1", 2), ("2024-3", 1), ("%", 0), ("_", 0)] {
            let filter = FindingFilter { search: Some(search.to_owned()), ..FindingFilter::default() };
            let listed = world.operations().list_findings(&world.context, &filter, 100).await.unwrap().findings;
            assert_eq!(listed.len(), found, "{search}");
        }
    }
}

#[tokio::test]
async fn a_page_after_a_finding_that_was_removed_is_refused_unless_its_place_is_known() {
    for world in FindingsWorld::on_both().await {
        known(&world).await;
        let mut by_cve = FindingFilter { order: Some(FindingOrder::Cve), ..FindingFilter::default() };
        by_cve.after = world.operations().list_findings(&world.context, &by_cve, 1).await.unwrap().next;
        world.operations().remove_finding_tenant(&world.context, world.connection, "1").await.unwrap();
        let left = async |filter: &FindingFilter| {
            let page = world.operations().list_findings(&world.context, filter, 100).await;
            page.map(|page| page.findings.len()).map_err(|error| error.to_string())
        };
        assert_eq!(left(&by_cve).await, Ok(1), "that of the other tenant");
        world.prune(Moment(0), 100).await;
        let refused = left(&by_cve).await.unwrap_err();
        assert!(refused.contains("was removed. Begin again with the first page."), "{refused}");
        let by_device = FindingFilter { order: None, ..by_cve };
        assert_eq!(left(&by_device).await, Ok(1), "the id itself is the place");
    }
}

/// Filters of one field, the number of findings of [`known`] that match, and whether an index finds these findings.
fn filters() -> Vec<(FindingFilter, i64, bool)> {
    let some = |text: &str| Some(text.to_owned());
    let all = FindingFilter::default;
    vec![
        (all(), 4, false),
        (FindingFilter { with_gone: true, ..all() }, 4, false),
        (FindingFilter { status: some("open"), ..all() }, 3, false),
        (FindingFilter { status: some("reopened"), ..all() }, 0, false),
        (FindingFilter { search: some("2024-3"), ..all() }, 1, true),
        (FindingFilter { search: some("DEVICE-"), ..all() }, 4, true),
        (FindingFilter { cve: some("CVE-2024-1"), ..all() }, 2, true),
        (FindingFilter { cve: some("CVE-2024-9"), ..all() }, 0, true),
        (FindingFilter { cve: some("cve-2024-1"), ..all() }, 2, true),
        (FindingFilter { tenant: some("1"), ..all() }, 3, true),
        (FindingFilter { tenant: some("tenant 2"), ..all() }, 1, true),
        (FindingFilter { device: some("Device-7"), ..all() }, 1, true),
        (FindingFilter { device: some("10.0.0.3"), ..all() }, 1, true),
        (FindingFilter { device: some("7"), tenant: some("1"), ..all() }, 0, true),
        (FindingFilter { device: some("7"), tenant: some("2"), cve: some("CVE-2024-1"), ..all() }, 1, true),
        (FindingFilter { cve: some("CVE-2024-1"), status: some("fixed"), ..all() }, 0, false),
    ]
}

#[tokio::test]
async fn a_list_has_as_many_findings_as_its_total_says() {
    for world in FindingsWorld::on_both().await {
        known(&world).await;
        // A finding that is gone counts only if it is asked for.
        world.lister.data().tenants.get_mut("1").unwrap().devices.get_mut(&3).unwrap().findings.clear();
        for (filter, expected, _) in filters() {
            let total = world.operations().count_findings(&world.context, &filter).await.unwrap();
            assert_eq!(total, FindingTotal::Exactly(expected), "{filter:?}");
            let listed = world.operations().list_findings(&world.context, &filter, 100).await.unwrap().findings;
            assert_eq!(i64::try_from(listed.len()).unwrap(), expected, "{filter:?}");
            // Order and position make no difference.
            let after = listed.first().map(|first| first.known.finding_id.clone());
            let later = FindingFilter { order: Some(FindingOrder::Cve), descending: true, after, ..filter };
            let total = world.operations().count_findings(&world.context, &later).await.unwrap();
            assert_eq!(total, FindingTotal::Exactly(expected), "{later:?}");
        }
        world.collect().await;
        let with_gone = FindingFilter { with_gone: true, ..FindingFilter::default() };
        for (filter, expected) in [(FindingFilter::default(), 3), (with_gone, 4)] {
            let total = world.operations().count_findings(&world.context, &filter).await.unwrap();
            assert_eq!(total, FindingTotal::Exactly(expected), "{filter:?}");
        }
    }
}

#[tokio::test]
async fn a_total_is_bounded_and_says_so() {
    for world in FindingsWorld::on_both().await {
        known(&world).await;
        let mut reader = world.test.store.reader().await.unwrap();
        let mut records = reader.records();
        let feeds: Vec<FeedId> = records.finding_feeds().await.unwrap().into_iter().map(|feed| feed.id).collect();
        let all = FindingFilter::default();
        for (most, rows, expected) in [
            (4, 4, FindingTotal::Exactly(4)),
            (3, 4, FindingTotal::MoreThan(3)),
            (0, 9, FindingTotal::MoreThan(0)),
            (9, 2, FindingTotal::AtLeast(3)),
        ] {
            let total = records.count_findings(&feeds, &all, CountBounds { most, rows }).await.unwrap();
            assert_eq!(total, expected, "{most}, {rows}");
        }
        // The bound on rows is about those that the index finds. A tenant behind many others has an exact total.
        for (filter, expected, is_indexed) in filters() {
            let bounds = CountBounds { most: 9, rows: expected.max(1) };
            let total = records.count_findings(&feeds, &filter, bounds).await.unwrap();
            if is_indexed {
                assert_eq!(total, FindingTotal::Exactly(expected), "{filter:?}");
            } else {
                assert!(matches!(total, FindingTotal::AtLeast(_)) || expected == 4, "{filter:?}: {total:?}");
            }
        }
        assert_eq!(
            records.count_findings(&[], &all, CountBounds::of(&all)).await.unwrap(),
            FindingTotal::Exactly(0),
            "a caller who sees no tenant"
        );
        // A search reads the fields of each row, so that it reads fewer rows.
        let search = FindingFilter { search: Some("nginx".to_owned()), ..FindingFilter::default() };
        assert!(CountBounds::of(&search).rows < CountBounds::of(&all).rows);
        assert_eq!(CountBounds::of(&all).most, 10_000);
    }
}

#[tokio::test]
async fn findings_are_counted_by_device_cve_and_tenant() {
    for world in FindingsWorld::on_both().await {
        known(&world).await;
        let groups = async |grouping| {
            let filter = FindingFilter::default();
            let groups = world.operations().finding_groups(&world.context, &filter, grouping, 0, 100).await.unwrap();
            let mut groups: Vec<_> =
                groups.into_iter().map(|one| (one.key, one.open, one.listed, one.devices, one.worst_cvss)).collect();
            groups.sort_by(|one, other| one.0.cmp(&other.0));
            groups
        };
        let group = |key: &str, open, listed, devices, cvss| (key.to_owned(), open, listed, devices, cvss);
        assert_eq!(
            groups(FindingGrouping::Cve).await,
            [group("CVE-2024-1", 2, 2, 2, 9.8), group("CVE-2024-2", 0, 1, 1, -1.0), group("CVE-2024-3", 1, 1, 1, 4.0),]
        );
        assert_eq!(groups(FindingGrouping::Tenant).await, [group("1", 2, 3, 3, 9.8), group("2", 1, 1, 1, 7.5)]);
        assert_eq!(groups(FindingGrouping::Device).await.len(), 4);
        let filter = FindingFilter::default();
        let rest = world.operations().finding_groups(&world.context, &filter, FindingGrouping::Cve, 2, 100).await;
        assert_eq!(rest.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_changes_of_a_time_span_are_counted_and_listed_the_latest_first() {
    for world in FindingsWorld::on_both().await {
        known(&world).await;
        let all = Span { from: Moment(0), to: Moment::MAX };
        let counts = world.operations().finding_change_counts(&world.context, all).await.unwrap();
        let counts: Vec<_> = counts.iter().map(|one| (one.kind, one.changes, one.baseline)).collect();
        assert_eq!(counts, [(FindingChangeKind::Fixed, 1, 0), (FindingChangeKind::Opened, 1, 3)]);
        let span = |kind, without_baseline, before| FindingSpan {
            from: Moment(0),
            to: Moment::MAX,
            kind,
            without_baseline,
            before,
        };
        let listed = async |span: &FindingSpan, limit| {
            let (changes, next) = world.operations().finding_changes_in(&world.context, span, limit).await.unwrap();
            (changes.into_iter().map(|one| one.change.sequence.0).collect::<Vec<_>>(), next)
        };
        assert_eq!(listed(&span(None, false, None), 100).await.0, [5, 4, 3, 2, 1]);
        assert_eq!(listed(&span(None, true, None), 100).await.0, [5, 4]);
        assert_eq!(listed(&span(Some(FindingChangeKind::Opened), false, None), 100).await.0.len(), 4);
        let (first, next) = listed(&span(None, false, None), 2).await;
        assert_eq!(first, [5, 4]);
        assert_eq!(listed(&span(None, false, next), 2).await.0, [3, 2]);
        let before = Span { from: Moment(0), to: Moment(1) };
        assert_eq!(world.operations().finding_change_counts(&world.context, before).await.unwrap(), []);
    }
}
