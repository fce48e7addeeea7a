//! The guarantees of the store on both databases.

use soar_store::model::{Moment, Role, SiteKind};
use soar_store::testing::TestStore;
use soar_store::{Engine, NewIncident, NewSite, NewUser, SiteChange, Store, StoreError, UserChange};

fn site(name: &str) -> NewSite {
    NewSite {
        name: name.to_owned(),
        kind: SiteKind::Internal,
        description: String::new(),
        time_zone: "America/Vancouver".to_owned(),
        language: "en".to_owned(),
    }
}

#[tokio::test]
async fn a_name_is_taken_once_whatever_its_case() {
    for test in TestStore::on_both().await {
        let mut transaction = test.store.transaction().await.unwrap();
        transaction.records().create_site(&site("Security Operations"), Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        let mut transaction = test.store.transaction().await.unwrap();
        let again = transaction.records().create_site(&site("security OPERATIONS"), Moment(2)).await;
        assert!(matches!(again, Err(StoreError::Duplicate { what: "site", .. })), "{again:?}");
        drop(transaction);
        let mut reader = test.store.reader().await.unwrap();
        assert_eq!(reader.records().site("SECURITY operations").await.unwrap().name, "Security Operations");
    }
}

#[tokio::test]
async fn a_transaction_that_is_not_committed_changes_nothing() {
    for test in TestStore::on_both().await {
        let mut transaction = test.store.transaction().await.unwrap();
        transaction.records().create_site(&site("Lost"), Moment(1)).await.unwrap();
        drop(transaction);
        assert!(test.store.reader().await.unwrap().records().sites().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_user_has_one_role_on_a_site() {
    for test in TestStore::on_both().await {
        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let site = records.create_site(&site("Security Operations"), Moment(1)).await.unwrap();
        let new = NewUser { name: "Admin".to_owned(), email: None, is_administrator: false };
        let user = records.create_user(&new, Moment(1)).await.unwrap();
        records.set_role(user.id, site.id, Role::Viewer).await.unwrap();
        records.set_role(user.id, site.id, Role::Manager).await.unwrap();
        assert_eq!(records.roles(user.id).await.unwrap(), [(site.id, Role::Manager)].into());
        transaction.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_reader_of_a_file_cannot_change_it() {
    let test = TestStore::on(Engine::Sqlite).await;
    let mut reader = test.store.reader().await.unwrap();
    assert!(reader.records().create_site(&site("Sneaked in"), Moment(1)).await.is_err());
}

#[tokio::test]
async fn a_site_goes_when_nothing_belongs_to_it_any_more() {
    for test in TestStore::on_both().await {
        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let (kept, empty) = (
            records.create_site(&site("Kept"), Moment(1)).await.unwrap(),
            records.create_site(&site("Empty"), Moment(1)).await.unwrap(),
        );
        let new = NewUser { name: "Admin".to_owned(), email: None, is_administrator: false };
        let user = records.create_user(&new, Moment(1)).await.unwrap();
        records.set_role(user.id, empty.id, Role::Viewer).await.unwrap();
        let incident = NewIncident::open("1".to_owned(), kept.id, "Admin", Moment(1));
        records.insert_incidents(&[incident]).await.unwrap();
        let refused = records.remove_site("kept").await.unwrap_err().to_string();
        assert_eq!(refused, "The site \"Kept\" is still in use: it still has 1 incident; move or delete them first.");
        records.remove_site("EMPTY").await.unwrap();
        assert!(records.roles(user.id).await.unwrap().is_empty());
        assert!(matches!(records.remove_site("Empty").await, Err(StoreError::NotFound { .. })));
        transaction.commit().await.unwrap();
    }
}

async fn change_user(store: &Store, name: &str, change: UserChange) {
    let mut transaction = store.transaction().await.unwrap();
    transaction.records().update_user(name, &change, Moment(2)).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn change_site(store: &Store, change: SiteChange) {
    let mut transaction = store.transaction().await.unwrap();
    transaction.records().update_site("Security Operations", &change, Moment(2)).await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn the_last_active_administrator_stays_one() {
    for test in TestStore::on_both().await {
        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let new = NewUser { name: "Admin".to_owned(), email: None, is_administrator: true };
        records.create_user(&new, Moment(1)).await.unwrap();
        for change in [
            UserChange { active: Some(false), ..UserChange::default() },
            UserChange { is_administrator: Some(false), ..UserChange::default() },
        ] {
            let refused = records.update_user("Admin", &change, Moment(2)).await.unwrap_err().to_string();
            let told = "\"Admin\" is the last active administrator. Make another user an administrator first.";
            assert_eq!(refused, told);
        }
    }
}

#[tokio::test]
async fn two_changes_of_a_user_or_a_site_at_once_both_hold() {
    for test in TestStore::on_both().await {
        let mut transaction = test.store.transaction().await.unwrap();
        transaction.records().create_site(&site("Security Operations"), Moment(1)).await.unwrap();
        for name in ["Admin", "Second", "carol"] {
            let new = NewUser { name: name.to_owned(), email: None, is_administrator: name != "carol" };
            transaction.records().create_user(&new, Moment(1)).await.unwrap();
        }
        transaction.commit().await.unwrap();
        for round in 0..25 {
            let (email, yes) = (format!("c{round}@example.com"), round % 2 == 0);
            let mail = |name| (name, UserChange { email: Some(email.clone()), ..UserChange::default() });
            let switch = |name| (name, UserChange { active: Some(yes), ..UserChange::default() });
            let demote = |name| (name, UserChange { is_administrator: Some(yes), ..UserChange::default() });
            let user = |(name, change)| change_user(&test.store, name, change);
            let text = format!("Round {round}");
            let describe = SiteChange { description: Some(text.clone()), ..SiteChange::default() };
            let kind = if yes { SiteKind::Client } else { SiteKind::Internal };
            let turn = SiteChange { kind: Some(kind), ..SiteChange::default() };
            tokio::join!(
                user(mail("carol")),
                user(switch("carol")),
                user(mail("Second")),
                user(demote("Second")),
                change_site(&test.store, describe),
                change_site(&test.store, turn),
            );
            let mut reader = test.store.reader().await.unwrap();
            let mut records = reader.records();
            let (carol, second) = (records.user("carol").await.unwrap(), records.user("Second").await.unwrap());
            assert_eq!((carol.active, carol.email.as_ref()), (yes, Some(&email)), "round {round}");
            assert_eq!((second.is_administrator, second.email.as_ref()), (yes, Some(&email)), "round {round}");
            let site = records.site("Security Operations").await.unwrap();
            assert_eq!((site.kind, site.description), (kind, text), "round {round}");
        }
    }
}
