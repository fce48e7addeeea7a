//! The users of the host that people from the provider sign in as.

use serde_json::{Value, json};
use soar_store::UserChange;
use soar_store::model::Role;

use super::fake::Fake;
use super::*;

async fn role(stage: &SignInStage, user: &str, site: &str) -> Option<Role> {
    let mut reader = stage.test.store.reader().await.unwrap();
    let mut records = reader.records();
    let (user, site) = (records.user(user).await.unwrap(), records.site(site).await.unwrap());
    records.roles(user.id).await.unwrap().get(&site.id).copied()
}

fn groups(groups: &[&str]) -> impl FnOnce(&mut Value) {
    let groups = json!(groups);
    move |claims| claims["groups"] = groups
}

#[tokio::test]
async fn users_are_made_only_if_the_settings_say_so_and_a_group_gives_a_role() {
    for stage in SignInStage::on_both().await {
        let fake = Fake::start().await;
        let off = OpenIdSettings { create_users: false, ..settings(&fake.url) };
        let reason = async || stage.audit().await.pop().unwrap().reason;
        let refused = fake.sign_in(&stage, host(&stage, off).await.sign_in(), "erin", |_| {}).await.unwrap_err();
        assert!(matches!(refused, SignInError::NoUser) && reason().await.contains("create-users is off"));
        let host = host(&stage, settings(&fake.url)).await;
        let refused = fake.sign_in(&stage, host.sign_in(), "erin", groups(&["others"])).await.unwrap_err();
        assert!(matches!(refused, SignInError::NoUser) && reason().await.contains("no group gives it a role"));
        let bad_name = |claims: &mut Value| claims["preferred_username"] = json!("zero\u{200b}width");
        let refused = fake.sign_in(&stage, host.sign_in(), "erin", bad_name).await.unwrap_err();
        assert!(matches!(refused, SignInError::NoUser), "{refused:?}");
        fake.sign_in(&stage, host.sign_in(), "erin", |_| {}).await.unwrap();
        assert_eq!(role(&stage, "erin", "Security Operations").await, Some(Role::Analyst));
        let made = reason().await;
        assert_eq!(made, "OpenID Connect, made at the first sign-in; Analyst on Security Operations");
        // The subject is the identity: a new name at the provider changes nothing.
        let renamed = |claims: &mut Value| claims["preferred_username"] = json!("Admin");
        assert_eq!(fake.sign_in(&stage, host.sign_in(), "erin", renamed).await.unwrap().user.name, "erin");
        assert_eq!(reason().await, "OpenID Connect");
    }
}

#[tokio::test]
async fn a_user_of_the_same_name_is_taken_over_only_if_the_settings_say_so_and_by_one_subject() {
    for stage in SignInStage::on_both().await {
        let fake = Fake::start().await;
        let off = host(&stage, settings(&fake.url)).await;
        let named = |name: &'static str| move |claims: &mut Value| claims["preferred_username"] = json!(name);
        for name in ["Admin", "ALICE"] {
            let refused = fake.sign_in(&stage, off.sign_in(), "stranger", named(name)).await.unwrap_err();
            assert!(matches!(refused, SignInError::NoUser), "{name}: {refused:?}");
        }
        let on = host(&stage, OpenIdSettings { link_users: true, ..settings(&fake.url) }).await;
        let session = fake.sign_in(&stage, on.sign_in(), "subject 1", named("alice")).await.unwrap();
        assert_eq!(session.user.name, "alice");
        let refused = fake.sign_in(&stage, on.sign_in(), "subject 2", named("alice")).await.unwrap_err();
        assert!(matches!(refused, SignInError::NoUser), "{refused:?}");
        assert!(stage.try_from("alice", super::super::PASSWORD, HOME).await.is_ok(), "the password still works");
        stage.change("alice", UserChange { active: Some(false), ..UserChange::default() }).await;
        assert!(on.sign_in().session(&session.token).await.unwrap().is_none());
        let refused = fake.sign_in(&stage, on.sign_in(), "subject 1", named("alice")).await.unwrap_err();
        assert!(matches!(refused, SignInError::NoUser), "{refused:?}");
    }
}

#[tokio::test]
async fn each_sign_in_sets_the_roles_of_the_sites_in_the_settings_and_no_others() {
    for stage in SignInStage::on_both().await {
        let fake = Fake::start().await;
        let host = host(&stage, settings(&fake.url)).await;
        let enter = async |given: &[&str]| fake.sign_in(&stage, host.sign_in(), "erin", groups(given)).await.unwrap();
        enter(&["soc-analysts", "soc-managers", "platform"]).await;
        assert_eq!(role(&stage, "erin", "Security Operations").await, Some(Role::Manager));
        assert!(stage.user("erin").await.is_administrator);
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let other = records.create_site(&crate::support::site("Other"), soar_store::model::Moment(1)).await.unwrap();
        let erin = records.user("erin").await.unwrap();
        records.set_role(erin.id, other.id, Role::Viewer).await.unwrap();
        transaction.commit().await.unwrap();
        let session = enter(&["soc-analysts"]).await;
        assert_eq!(role(&stage, "erin", "Security Operations").await, Some(Role::Analyst));
        assert_eq!(role(&stage, "erin", "Other").await, Some(Role::Viewer));
        assert!(!stage.user("erin").await.is_administrator);
        enter(&[]).await;
        assert_eq!(role(&stage, "erin", "Security Operations").await, None);
        // The session of before has the rights of now.
        assert_eq!(host.sign_in().session(&session.token).await.unwrap().unwrap().roles.len(), 1);
        let log = stage.audit().await.pop().unwrap();
        assert_eq!(log.reason, "OpenID Connect; no role on Security Operations");
        // The last administrator stays one.
        enter(&["platform"]).await;
        stage.change("Admin", UserChange { active: Some(false), ..UserChange::default() }).await;
        enter(&[]).await;
        assert!(stage.user("erin").await.is_administrator);
        let log = stage.audit().await.pop().unwrap();
        assert_eq!(log.reason, "OpenID Connect; stays administrator, since no other one would be left");
    }
}
