//! Signing in by a password: hostile callers learn nothing, get nowhere and lock nobody out.

use std::time::Duration;

use futures_util::future::join_all;
use soar_host::sign_in::{PasswordProblem, SignInError};
use soar_store::UserChange;
use soar_store::model::Surface;

use super::{HOME, PASSWORD, SignInStage};

#[tokio::test]
async fn unknown_inactive_and_passwordless_users_and_wrong_passwords_get_the_same_answer_for_the_same_work() {
    for stage in SignInStage::on_both().await {
        stage.set_password("Admin", PASSWORD).await;
        stage.set_password("bob", PASSWORD).await;
        let inactive = UserChange { active: Some(false), ..UserChange::default() };
        stage.change("bob", inactive).await;
        let mut texts = Vec::new();
        let long = "x".repeat(5_000);
        let cases = [
            ("nobody", PASSWORD),
            ("", PASSWORD),
            ("nul\0", PASSWORD),
            (&long, PASSWORD),
            ("bob", PASSWORD),
            ("alice", "wrong horse battery"),
            ("alice", ""),
            ("alice", &long),
        ];
        for (name, password) in cases {
            let before = stage.sign_in().hashes();
            let error = stage.try_from(name, password, HOME).await.unwrap_err();
            assert!(matches!(error, SignInError::Refused), "{name}: {error:?}");
            assert_eq!(stage.sign_in().hashes() - before, 1, "{name}");
            texts.push(error.to_string());
        }
        texts.dedup();
        assert_eq!(texts, ["The user name, the password or the code is wrong."]);
        let log = stage.audit().await;
        let refused: Vec<_> = log.iter().filter(|entry| !entry.accepted).collect();
        let told: Vec<_> = refused.iter().map(|entry| (entry.username.as_str(), entry.reason.as_str())).collect();
        let (none, wrong) = (("", "There is no such user."), ("alice", "The password is wrong."));
        assert_eq!(told, [none, none, none, none, ("bob", "The user is not active."), wrong, wrong, wrong]);
        for entry in refused {
            let told = (entry.surface, entry.command.as_str(), entry.status, entry.address.as_str());
            assert_eq!(told, (Surface::Console, "sign in", 401, HOME));
        }
        assert!(!format!("{log:?}").contains(PASSWORD));
        // The name in other letters is the same name.
        assert!(stage.try_from(" ALICE", PASSWORD, HOME).await.is_ok());
        let entry = stage.audit().await.pop().unwrap();
        assert_eq!((entry.username.as_str(), entry.reason.as_str(), entry.accepted), ("alice", "password", true));
    }
}

#[tokio::test]
async fn a_caller_who_guesses_is_slowed_at_its_address_and_locks_nobody_out() {
    for stage in SignInStage::on_both().await {
        let token = stage.enter().await;
        let before = stage.sign_in().hashes();
        let mut refused = 0;
        for number in 0..50 {
            let error = stage.try_from("alice", &format!("guess number {number}"), "198.51.100.9").await.unwrap_err();
            refused += usize::from(matches!(error, SignInError::TooMany { retry_after: 90 }));
        }
        assert_eq!((refused, stage.sign_in().hashes() - before), (40, 10));
        let error = stage.try_from("alice", PASSWORD, "198.51.100.9").await.unwrap_err();
        assert!(matches!(error, SignInError::TooMany { .. }), "the right password too: {error:?}");
        assert!(stage.try_from("alice", PASSWORD, HOME).await.is_ok(), "from another address");
        assert!(stage.session(&token).await.is_some(), "a known session");
        stage.clock.advance(Duration::from_secs(90));
        assert!(stage.try_from("alice", PASSWORD, "198.51.100.9").await.is_ok());
        let log = stage.audit().await;
        let too_many: Vec<_> = log.iter().filter(|entry| entry.status == 429).collect();
        assert_eq!(too_many.len(), 40, "the address has 50 entries of its own");
        assert!(too_many.iter().all(|entry| entry.username == "alice"), "{too_many:?}");
    }
}

#[tokio::test]
async fn refusals_of_an_address_are_counted_beyond_its_entries() {
    for stage in SignInStage::on_both().await {
        let before = stage.audit().await.len();
        for number in 0..80 {
            stage.try_from("alice", &format!("guess number {number}"), "198.51.100.9").await.unwrap_err();
        }
        assert_eq!(stage.audit().await.len() - before, 50);
        let [counted] = stage.host.refusals.take_counts(stage.host.now()).try_into().unwrap();
        assert!(counted.reason.ends_with(": 30 (30 console with status 429)."), "{}", counted.reason);
    }
}

#[tokio::test]
async fn a_link_sets_a_password_once_and_ends_all_sessions() {
    for stage in SignInStage::on_both().await {
        let session = stage.enter().await;
        let token = stage.link("alice").await;
        let refused = stage.redeem(&token, "too short").await.unwrap_err();
        assert!(matches!(refused, SignInError::Password(PasswordProblem::Short)), "{refused:?}");
        assert_eq!(stage.sign_in().link_user(&token).await.unwrap().unwrap().name, "alice", "the link still works");
        // Two browsers redeem it at once.
        let both = join_all(["the first password", "the second password"].map(|new| stage.redeem(&token, new))).await;
        assert_eq!(both.iter().filter(|redeemed| redeemed.is_ok()).count(), 1, "{both:?}");
        let lost = both.into_iter().find_map(Result::err).unwrap();
        assert!(matches!(lost, SignInError::Link), "{lost:?}");
        assert!(stage.session(&session).await.is_none());
        let replayed = stage.redeem(&token, "the third password").await.unwrap_err();
        assert!(matches!(replayed, SignInError::Link) && stage.sign_in().link_user(&token).await.unwrap().is_none());
        assert!(stage.try_from("alice", PASSWORD, HOME).await.is_err(), "the old password");
        let mut worked = 0;
        for password in ["the first password", "the second password", "the third password"] {
            worked += usize::from(stage.try_from("alice", password, HOME).await.is_ok());
        }
        assert_eq!(worked, 1);
        let log = stage.audit().await;
        let set: Vec<_> = log.iter().filter(|entry| entry.command == "set password").collect();
        assert_eq!(set.iter().filter(|entry| entry.accepted).count(), 2, "with the one of the stage: {set:?}");
        assert!(set.iter().any(|entry| entry.reason == "by a link; 1 sessions ended"), "{set:?}");
    }
}

#[tokio::test]
async fn a_link_expires_and_is_replaced_and_ends_with_its_user() {
    for stage in SignInStage::on_both().await {
        let (old, new) = (stage.link("alice").await, stage.link("alice").await);
        assert!(matches!(stage.redeem(&old, PASSWORD).await, Err(SignInError::Link)), "replaced");
        stage.clock.advance(Duration::from_secs(72 * 3_600));
        assert!(matches!(stage.redeem(&new, PASSWORD).await, Err(SignInError::Link)), "expired");
        let link = stage.link("alice").await;
        for active in [false, true] {
            stage.change("alice", UserChange { active: Some(active), ..UserChange::default() }).await;
        }
        assert!(matches!(stage.redeem(&link, PASSWORD).await, Err(SignInError::Link)), "deactivated meanwhile");
        // A link from the future was stored by a clock that was ahead: nobody knows when it expires.
        let ahead = stage.ahead(Duration::from_secs(365 * 86_400));
        let user = stage.user("alice").await.id;
        let mut transaction = ahead.store.transaction().await.unwrap();
        let works_for = Duration::from_secs(3_600);
        let issued = soar_host::access::issue_link(&mut transaction.records(), user, works_for).await.unwrap();
        transaction.commit().await.unwrap();
        assert!(matches!(stage.redeem(&issued.token, PASSWORD).await, Err(SignInError::Link)), "from the future");
        for text in ["", "x", "'; DROP TABLE users --", &"A".repeat(43), &"A".repeat(100_000)] {
            assert!(matches!(stage.redeem(&text.into(), PASSWORD).await, Err(SignInError::Link)), "{text}");
        }
    }
}

#[tokio::test]
async fn the_store_holds_no_password_and_no_token() {
    for stage in SignInStage::on_both().await {
        let token = stage.enter().await;
        let link = stage.link("bob").await;
        let shown =
            format!("{:?}", stage.test.store.reader().await.unwrap().records().sign_in_credentials("alice").await);
        assert!(!shown.contains("argon2"), "{shown}");
        if stage.test.address.starts_with("postgres") {
            continue;
        }
        let file = ["", "-wal"].map(|end| std::fs::read(format!("{}{end}", stage.test.address)).unwrap_or_default());
        let file = file.concat();
        let holds = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(holds("$argon2id$v=19$m=19456,t=2,p=1$"));
        for secret in [token, link, PASSWORD.into()] {
            assert!(!holds(secrecy::ExposeSecret::expose_secret(&secret)));
        }
    }
}
