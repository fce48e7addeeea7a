//! Sessions end when they must, whatever the clock does.

use std::time::Duration;

use secrecy::SecretString;
use soar_host::EvenClock;
use soar_store::UserChange;
use soar_store::model::{Right, Role};

use super::{HOME, PASSWORD, SignInStage};

const MINUTE: Duration = Duration::from_secs(60);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// Makes requests until the time of one is stored.
async fn seen_now(stage: &SignInStage, token: &SecretString) {
    while stage.session(token).await.unwrap().session.seen_at != stage.host.now() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_after_its_longest_time_even_in_use() {
    for stage in SignInStage::on_both().await {
        let (idle, used) = (stage.enter().await, stage.enter().await);
        stage.clock.advance(MINUTE * 29);
        seen_now(&stage, &used).await;
        stage.clock.advance(MINUTE);
        assert!(stage.session(&idle).await.is_none() && stage.session(&used).await.is_some());
        let mut minutes = 30;
        while stage.session(&used).await.is_some() {
            seen_now(&stage, &used).await;
            stage.clock.advance(MINUTE * 10);
            minutes += 10;
        }
        assert_eq!(minutes, 12 * 60);
    }
}

#[tokio::test]
async fn a_request_is_stored_at_most_once_a_minute() {
    for stage in SignInStage::on_both().await {
        let token = stage.enter().await;
        let seen = async || stage.session(&token).await.unwrap().session.seen_at;
        let first = seen().await;
        stage.clock.advance(Duration::from_secs(59));
        seen().await;
        assert_eq!(seen().await, first);
        stage.clock.advance(Duration::from_secs(1));
        seen_now(&stage, &token).await;
        assert_eq!(seen().await.since(first), MINUTE);
    }
}

#[tokio::test]
async fn a_session_is_valid_while_a_long_change_keeps_the_store() {
    for stage in SignInStage::on_both().await {
        let token = stage.enter().await;
        stage.clock.advance(MINUTE);
        let change = stage.test.store.transaction().await.unwrap();
        for _ in 0..20 {
            assert!(stage.session(&token).await.is_some());
        }
        drop(change);
        seen_now(&stage, &token).await;
    }
}

#[tokio::test]
async fn rights_are_those_of_now_and_deactivation_ends_sessions_for_good() {
    for stage in SignInStage::on_both().await {
        let (token, session, context) = stage.entered().await;
        let site = stage.test.store.reader().await.unwrap().records().site("Security Operations").await.unwrap();
        let caller = context.caller(site.clone());
        assert!(caller.may(Right::ChangeIncidents, site.id) && !caller.administers());
        let mut transaction = stage.test.store.transaction().await.unwrap();
        transaction.records().set_role(session.user.id, site.id, Role::Viewer).await.unwrap();
        transaction.commit().await.unwrap();
        let session = stage.session(&token).await.unwrap();
        let caller = stage.context(&session).caller(site.clone());
        assert!(!caller.may(Right::ChangeIncidents, site.id) && caller.may(Right::SeeIncidents, site.id));
        stage.change("alice", UserChange { active: Some(false), ..UserChange::default() }).await;
        assert!(stage.session(&token).await.is_none());
        stage.change("alice", UserChange { active: Some(true), ..UserChange::default() }).await;
        assert!(stage.session(&token).await.is_none(), "an old session of a user who is active again");
    }
}

#[tokio::test]
async fn a_session_from_a_clock_that_was_ahead_or_a_clock_that_was_set_back_is_not_believed() {
    for stage in SignInStage::on_both().await {
        let ahead = stage.ahead(YEAR);
        let request = soar_host::sign_in::SignInRequest {
            user: "alice".to_owned(),
            password: PASSWORD.into(),
            code: None,
            browser: super::browser(HOME),
        };
        let from_ahead = ahead.sign_in().with_password(request).await.unwrap().token;
        assert!(ahead.sign_in().session(&from_ahead).await.unwrap().is_some());
        assert!(stage.session(&from_ahead).await.is_none(), "it would live for a year");
        // For a while the clock is ahead: the session has ended there, and goes on when the clock is right.
        let token = stage.enter().await;
        assert!(ahead.sign_in().session(&token).await.unwrap().is_none());
        assert!(stage.session(&token).await.is_some());
        // A clock that runs ahead by some seconds is tolerated.
        let slightly = stage.ahead(Duration::from_secs(30));
        assert!(slightly.sign_in().session(&token).await.unwrap().is_some());
        assert!(stage.session(&token).await.is_some());
    }
}

#[tokio::test]
async fn log_out_ends_one_session_and_others_end_on_demand() {
    for stage in SignInStage::on_both().await {
        let (token, session, context) = stage.entered().await;
        let (second, third) = (stage.enter().await, stage.enter().await);
        let own = stage.sign_in().own_sessions(&session).await.unwrap();
        assert_eq!((own.len(), own[2].id), (3, session.session.id));
        let bobs = {
            stage.set_password("bob", PASSWORD).await;
            stage.try_from("bob", PASSWORD, HOME).await.unwrap()
        };
        assert!(!stage.sign_in().end_own(&context, &session, bobs.id).await.unwrap(), "another user's session");
        assert!(stage.session(&bobs.token).await.is_some());
        assert!(stage.sign_in().end_own(&context, &session, own[0].id).await.unwrap());
        assert!(stage.session(&third).await.is_none() && stage.session(&second).await.is_some());
        assert_eq!(stage.sign_in().end_others(&context, &session).await.unwrap(), 1);
        assert!(stage.session(&second).await.is_none() && stage.session(&token).await.is_some());
        stage.sign_in().end(&context, &session).await.unwrap();
        assert!(stage.session(&token).await.is_none());
        stage.sign_in().end(&context, &session).await.unwrap();
        for text in ["", "x", &"A".repeat(43), "\0"] {
            assert!(stage.session(&text.into()).await.is_none());
        }
    }
}

#[tokio::test]
async fn a_user_has_a_bounded_number_of_sessions_and_old_rows_are_deleted_by_an_even_clock() {
    for stage in SignInStage::on_both().await {
        let first = stage.enter().await;
        for _ in 0..20 {
            stage.clock.advance(Duration::from_secs(1));
            stage.enter().await;
        }
        assert!(stage.session(&first).await.is_none(), "the oldest one");
        stage.link("bob").await;
        let user = stage.user("alice").await.id;
        let count = async || stage.test.store.reader().await.unwrap().records().sessions(user).await.unwrap().len();
        assert_eq!(count().await, 20);
        let drop_old = async || {
            let mut transaction = stage.test.store.transaction().await.unwrap();
            let mut records = transaction.records();
            let now = records.now().await.unwrap();
            let gone = records.drop_old_history(soar_store::Retention::default(), now, 100).await.unwrap();
            transaction.commit().await.unwrap();
            gone
        };
        assert_eq!(drop_old().await, 0);
        stage.clock.advance(Duration::from_secs(73 * 3_600));
        assert!(!EvenClock::default().allows_deleting(stage.host.now(), Duration::ZERO), "the scheduler waits");
        assert_eq!((drop_old().await, count().await), (21, 0));
    }
}
