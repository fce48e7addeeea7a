//! The list in each order, the groups, and the changes of a time span, on both stores.

use soar_host::operations::Span;
use soar_store::model::{FindingChangeKind, Moment};
use soar_store::{FindingFilter, FindingGrouping, FindingOrder, FindingSpan};

use super::world::World;

/// Three findings of two tenants, of which one is fixed after the baseline.
async fn known(world: &World) {
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
    for world in World::on_both().await {
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
async fn findings_are_counted_by_device_cve_and_tenant() {
    for world in World::on_both().await {
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
    for world in World::on_both().await {
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
