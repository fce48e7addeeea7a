//! A hundred thousand devices work like a few.

use footprint_simulator::{Generation, Options};

use crate::client::{DEVICES, ServedSimulator};

#[tokio::test]
async fn a_hundred_thousand_devices_are_paged_sorted_and_filtered() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::with(Options { generation, devices: 100_000, ..Options::default() }).await;
        let get = async |query: &str| instance.get(&format!("{DEVICES}?pageSize=100&{query}")).await;
        assert_eq!(get("page=1").await.total(), 100_000);
        let last = get("page=1000").await;
        assert_eq!(last.ids().last(), Some(&1_050_001));
        let sorted = get("page=500&sortColumn=name&sortDirection=ascending").await;
        assert_eq!(sorted.rows().len(), 100);
        let filtered = get("riskLevel=critical&filter=192.168.").await;
        assert!((1..100_000).contains(&filtered.total()));
        let path = format!("/console/elements/device/{}/vulnerabilities/", last.ids()[50]);
        assert_eq!(instance.get(&path).await.rows().len(), 12);
    }
}
