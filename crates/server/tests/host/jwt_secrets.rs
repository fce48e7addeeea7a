//! The secrets of JWT keys are sealed, and a rotation of the sealing key seals them again.

use soar_host::access::{KeyRequest, issue_key};
use soar_host::sealing::{Keyring, check_keys, rotate};
use soar_store::model::{Allowed, JWT_SECRET_CONTEXT, KeyKind, Moment};
use soar_store::testing::TestStore;
use soar_store::{NewUser, SEALED_PLACES, StoreError};
use tempfile::TempDir;

fn request() -> KeyRequest {
    KeyRequest {
        name: "Portal".to_owned(),
        kind: KeyKind::Jwt,
        owner: "Admin".to_owned(),
        users: Vec::new(),
        sites: Allowed::All,
        commands: Allowed::All,
        may_manage: false,
        requires_expiry: true,
        expires_at: None,
    }
}

/// The secret of the only key, as the keyring opens it.
async fn opened(test: &TestStore, keyring: &Keyring) -> String {
    use base64::Engine as _;
    let stored = test.store.reader().await.unwrap().records().stored_keys().await.unwrap().remove(0);
    let sealed = base64::engine::general_purpose::STANDARD.decode(stored.secret).unwrap();
    String::from_utf8(keyring.open(JWT_SECRET_CONTEXT, &sealed).unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_rotation_seals_them_with_the_new_key_and_the_old_one_goes() {
    for test in TestStore::on_both().await {
        let folder = TempDir::new().unwrap();
        let keyring = Keyring::create_file(&folder.path().join("keys")).unwrap();
        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let admin = NewUser { name: "Admin".to_owned(), email: None, is_administrator: true };
        records.create_user(&admin, Moment(1)).await.unwrap();
        let issued = issue_key(&mut records, &keyring, &request(), Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(opened(&test, &keyring).await, *issued.text);
        // The start fails if the keyring does not have the key that sealed the secret.
        assert!(check_keys(&test.store, &Keyring::generate().unwrap()).await.is_err());

        let old = keyring.current_id();
        let rotation = rotate(&test.store, &keyring, SEALED_PLACES, Moment(2)).await.unwrap();
        assert_eq!((rotation.resealed, rotation.retired), (1, vec![old.to_string()]));
        assert_eq!(keyring.ids(), [keyring.current_id()]);
        assert_eq!(opened(&test, &keyring).await, *issued.text);
    }
}

#[tokio::test]
async fn a_key_that_is_retired_seals_none() {
    for test in TestStore::on_both().await {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("keys");
        let keyring = Keyring::create_file(&path).unwrap();
        let copy = std::fs::read_to_string(&path).unwrap();
        let mut transaction = test.store.transaction().await.unwrap();
        let admin = NewUser { name: "Admin".to_owned(), email: None, is_administrator: true };
        transaction.records().create_user(&admin, Moment(1)).await.unwrap();
        issue_key(&mut transaction.records(), &keyring, &request(), Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        rotate(&test.store, &keyring, SEALED_PLACES, Moment(2)).await.unwrap();

        let old_copy = Keyring::from_text("The copy", &copy).unwrap();
        let mut transaction = test.store.transaction().await.unwrap();
        let second = KeyRequest { name: "Second".to_owned(), ..request() };
        let refused = issue_key(&mut transaction.records(), &old_copy, &second, Moment(3)).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    }
}
