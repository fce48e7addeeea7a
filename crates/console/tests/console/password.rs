//! Gives users the password of tests. The bench of pages uses it too.

use std::time::Duration;

use soar_host::Host;
use soar_host::access::issue_link;
use soar_host::sign_in::{BrowserCall, LinkToRedeem};

/// The password of all users.
pub const PASSWORD: &str = "a quiet morning";

/// Sets the password of a user, by a link.
pub async fn give_password(host: &Host, user: &str) {
    let mut transaction = host.store.transaction().await.unwrap();
    let user = transaction.records().user(user).await.unwrap();
    let link = issue_link(&mut transaction.records(), user.id, Duration::from_secs(60)).await.unwrap();
    transaction.commit().await.unwrap();
    let browser = BrowserCall { address: None, request_id: "preparation".to_owned() };
    let link = LinkToRedeem { token: link.token, password: PASSWORD.into(), browser };
    host.sign_in().redeem(link).await.unwrap();
}
