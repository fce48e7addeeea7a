//! Authenticator apps: no code is accepted twice, and a lost telephone locks nobody out.

use std::time::Duration;

use futures_util::future::join_all;
use secrecy::{ExposeSecret as _, SecretString};
use soar_connector::Clock as _;
use soar_host::sealing::rotate;
use soar_host::sign_in::SignInError;
use soar_store::SEALED_PLACES;
use totp_rs::{Builder, Secret, Totp};

use super::{HOME, PASSWORD, SignInStage};
use crate::schedules::clocks::execute;

const STEP: Duration = Duration::from_secs(30);

/// The authenticator app of a user.
struct App(Totp);

impl App {
    fn of(secret: &SecretString) -> Self {
        let secret = Secret::try_from_base32(secret.expose_secret()).unwrap();
        Self(Builder::new().with_secret(secret).build().unwrap())
    }

    /// The code at the time of the stage's clock.
    fn code(&self, stage: &SignInStage) -> String {
        let now = stage.clock.now().duration_since(std::time::UNIX_EPOCH).unwrap();
        self.0.generate(now.as_secs()).to_string()
    }
}

/// Enrols an app of alice, and returns it with the recovery codes.
async fn enrol(stage: &SignInStage) -> (App, Vec<String>) {
    let (_, session, context) = stage.entered().await;
    let enrolment = stage.sign_in().begin_totp(&context, &session).await.unwrap();
    let address = enrolment.address.expose_secret();
    assert!(address.starts_with("otpauth://totp/Footprint%20SOAR:alice?"), "{address}");
    assert!(stage.try_from("alice", PASSWORD, HOME).await.is_ok(), "not confirmed yet");
    let app = App::of(&enrolment.secret);
    let wrong = stage.sign_in().confirm_totp(&context, &session, &"000000".into()).await;
    assert!(matches!(wrong, Err(SignInError::WrongCode)), "{wrong:?}");
    let codes = stage.sign_in().confirm_totp(&context, &session, &app.code(stage).into()).await.unwrap();
    assert_eq!(stage.sign_in().totp_state(&session).await.unwrap(), Some(10));
    stage.clock.advance(STEP);
    (app, codes.0.iter().map(|code| code.expose_secret().to_owned()).collect())
}

#[tokio::test]
async fn a_code_is_needed_once_an_app_is_confirmed_and_no_code_is_accepted_twice() {
    for stage in SignInStage::on_both().await {
        let (app, _) = enrol(&stage).await;
        let needed = stage.try_from("alice", PASSWORD, HOME).await.unwrap_err();
        assert!(matches!(needed, SignInError::CodeNeeded), "{needed:?}");
        let wrong = stage.try_from("alice", "wrong horse battery", HOME).await.unwrap_err();
        assert!(matches!(wrong, SignInError::Refused), "a wrong password says nothing of the app: {wrong:?}");
        let code = app.code(&stage);
        // Two browsers with the same code at once.
        let both = join_all([stage.try_with(&code), stage.try_with(&code)]).await;
        assert_eq!(both.iter().filter(|entered| entered.is_ok()).count(), 1, "{both:?}");
        for text in [code.as_str(), "000000", "12345", "", "１２３４５６", &"1".repeat(10_000)] {
            let refused = stage.try_with(text).await.unwrap_err();
            assert!(matches!(refused, SignInError::Refused), "{text}: {refused:?}");
        }
        stage.clock.advance(STEP);
        let spaced = app.code(&stage);
        assert!(stage.try_with(&format!("{} {}", &spaced[..3], &spaced[3..])).await.is_ok());
        let late = app.code(&stage);
        stage.clock.advance(STEP);
        assert!(stage.try_with(&app.code(&stage)).await.is_ok());
        assert!(stage.try_with(&late).await.is_err(), "a code of an earlier step");
    }
}

#[tokio::test]
async fn a_sign_in_that_the_store_does_not_take_counts_as_no_failed_attempt() {
    for stage in SignInStage::on_both().await {
        let (app, _) = enrol(&stage).await;
        let code = app.code(&stage);
        execute(&stage.test.address, "ALTER TABLE sessions RENAME TO sessions_away").await.unwrap();
        // More than the failed attempts and the codes within the limits.
        for _ in 0..21 {
            let failed = stage.try_with(&code).await.unwrap_err();
            assert!(matches!(failed, SignInError::Operation(_)), "{failed:?}");
        }
        execute(&stage.test.address, "ALTER TABLE sessions_away RENAME TO sessions").await.unwrap();
        assert!(stage.try_with(&code).await.is_ok());
    }
}

#[tokio::test]
async fn a_clock_that_was_ahead_does_not_lock_the_user_out() {
    for stage in SignInStage::on_both().await {
        let (app, _) = enrol(&stage).await;
        let user = stage.user("alice").await.id;
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let current = stage.host.now().0 / 30_000;
        // A sign-in while the clock was a year ahead.
        assert!(transaction.records().take_totp_step(user, current + 1_051_200, current + 1_051_200).await.unwrap());
        transaction.commit().await.unwrap();
        let code = app.code(&stage);
        assert!(stage.try_with(&code).await.is_ok());
        assert!(stage.try_with(&code).await.is_err(), "replayed");
    }
}

#[tokio::test]
async fn a_recovery_code_is_accepted_once_and_beyond_the_limit_of_wrong_codes() {
    for stage in SignInStage::on_both().await {
        let (app, codes) = enrol(&stage).await;
        assert_eq!(codes.len(), 10);
        let mut last = None;
        for attempt in 0..60 {
            // A caller who has the password guesses codes from many addresses.
            let request = soar_host::sign_in::SignInRequest {
                user: "alice".to_owned(),
                password: PASSWORD.into(),
                code: Some("000000".into()),
                browser: super::browser(&format!("198.51.100.{attempt}")),
            };
            last = stage.sign_in().with_password(request).await.err();
        }
        assert!(matches!(last, Some(SignInError::TooMany { .. })), "{last:?}");
        assert!(matches!(stage.try_with(&app.code(&stage)).await, Err(SignInError::TooMany { .. })));
        assert!(stage.try_with(&codes[0].to_lowercase()).await.is_ok());
        let replayed = stage.try_with(&codes[0]).await.unwrap_err();
        assert!(matches!(replayed, SignInError::Refused), "{replayed:?}");
        let both = join_all([stage.try_with(&codes[1]), stage.try_with(&codes[1])]).await;
        assert_eq!(both.iter().filter(|entered| entered.is_ok()).count(), 1);
        let log = stage.audit().await;
        assert!(log.iter().any(|entry| entry.reason == "password and recovery code" && entry.accepted));
        let shown = format!("{log:?}");
        assert!(codes.iter().all(|code| !shown.contains(code)), "no code is in the log");
    }
}

#[tokio::test]
async fn an_app_is_removed_with_a_code_only_and_its_secret_is_sealed_again_with_a_new_key() {
    for stage in SignInStage::on_both().await {
        let (app, codes) = enrol(&stage).await;
        let token = stage.try_with(&app.code(&stage)).await.unwrap().token;
        let session = stage.session(&token).await.unwrap();
        let context = stage.context(&session);
        let again = stage.sign_in().begin_totp(&context, &session).await;
        assert!(again.is_err_and(|error| error.to_string().contains("already has an authenticator app")));
        let wrong = stage.sign_in().remove_totp(&context, &session, &"000000".into()).await;
        assert!(matches!(wrong, Err(SignInError::WrongCode)), "{wrong:?}");
        let user = session.user.id;
        let stored = async || stage.test.store.reader().await.unwrap().records().totp(user).await.unwrap();
        let sealed = stored().await.unwrap().sealed;
        let place = soar_store::totp_sealing_context(user);
        assert!(stage.keyring.open(&place, &sealed).is_ok());
        assert!(stage.keyring.open("totp/0", &sealed).is_err(), "bound to its user");
        let rotation = rotate(&stage.test.store, &stage.keyring, SEALED_PLACES, stage.host.now()).await.unwrap();
        assert_eq!((rotation.resealed, rotation.retired.len()), (1, 1));
        assert!(stage.keyring.open(&place, &sealed).is_err() && stored().await.unwrap().sealed != sealed);
        stage.clock.advance(STEP);
        assert!(stage.try_with(&app.code(&stage)).await.is_ok());
        stage.sign_in().remove_totp(&context, &session, &codes[3].as_str().into()).await.unwrap();
        assert!(stored().await.is_none() && stage.try_from("alice", PASSWORD, HOME).await.is_ok());
        assert_eq!(stage.sign_in().totp_state(&session).await.unwrap(), None);
    }
}
