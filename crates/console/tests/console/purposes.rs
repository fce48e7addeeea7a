//! The sentence under the title of each main page: what the page is for.

use std::collections::BTreeSet;

use crate::world::ConsoleWorld;

/// The most characters of a sentence.
const LONGEST: usize = 100;

/// The lists that are not in the navigation.
const LISTS: &[&str] = &[
    "/findings/changes",
    "/findings/devices",
    "/findings/cves",
    "/findings/tenants",
    "/findings/rules",
    "/tenants/masters",
    "/tenants/syncs",
    "/integrations/coda-footprint",
    "/profile",
];

/// The addresses of the pages of the navigation, below the console.
fn navigation(page: &str) -> Vec<String> {
    let menu = page.split("<nav class=\"side\"").nth(1).unwrap().split("</nav>").next().unwrap();
    let links = menu.split("href=\"/console").skip(1);
    links.map(|link| link.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_main_page_and_each_list_says_in_a_sentence_what_it_is_for() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Admin").await;
    let pages = navigation(&world.get(&cookie, "/").await.1);
    assert!(pages.len() > 10 && pages.contains(&"/keys".to_owned()), "{pages:?}");
    let mut known = BTreeSet::new();
    for path in pages.iter().map(String::as_str).chain(LISTS.iter().copied()) {
        let (status, text) = world.get(&cookie, path).await;
        assert_eq!(status, 200, "{path}");
        let purposes: Vec<_> = text.split("<p class=\"purpose\">").skip(1).collect();
        assert_eq!(purposes.len(), 1, "{path} has no sentence, or several");
        let purpose = purposes[0].split("</p>").next().unwrap().to_owned();
        assert!(purpose.ends_with('.') && purpose.chars().count() <= LONGEST, "{path}: {purpose}");
        // By device and by CVE are two views of one page.
        assert!(known.insert(purpose.clone()) || path == "/findings/cves", "{path}: another page says {purpose}");
    }
    // Pages below a main page have no sentence.
    assert!(!world.get(&cookie, "/keys/new").await.1.contains("class=\"purpose\""));
}
