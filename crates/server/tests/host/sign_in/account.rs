//! A signed-in user's own account: password, profile, and the key against forged forms.

use soar_host::operations::OperationError;
use soar_host::sign_in::SignInError;
use soar_store::StoreError;
use soar_store::model::{Profile, Theme};

use super::{HOME, PASSWORD, SignInStage};

#[tokio::test]
async fn a_new_password_takes_the_old_one_and_ends_the_other_sessions_and_the_open_link() {
    for stage in SignInStage::on_both().await {
        let (token, session, context) = stage.entered().await;
        let other = stage.enter().await;
        let link = stage.link("alice").await;
        let change = async |old: &str, new: &str| {
            stage.sign_in().change_password(&context, &session, &old.into(), &new.into()).await
        };
        let wrong = change("wrong horse battery", "another good one").await.unwrap_err();
        assert!(matches!(wrong, SignInError::Refused), "{wrong:?}");
        assert!(stage.session(&other).await.is_some());
        change(PASSWORD, "another good one").await.unwrap();
        assert!(stage.session(&other).await.is_none() && stage.session(&token).await.is_some());
        assert!(stage.sign_in().link_user(&link).await.unwrap().is_none());
        assert!(stage.try_from("alice", PASSWORD, HOME).await.is_err());
        assert!(stage.try_from("alice", "another good one", HOME).await.is_ok());
        let log = stage.audit().await;
        let told: Vec<_> = log.iter().map(|entry| (entry.accepted, entry.reason.as_str())).collect();
        for expected in [(false, "The old password is wrong."), (true, "1 other sessions ended")] {
            assert!(told.contains(&expected), "{told:?}");
        }
        // A stolen session does not serve to guess the password.
        let mut last = None;
        for number in 0..20 {
            last = change(&format!("guess number {number}"), "another good two").await.err();
        }
        assert!(matches!(last, Some(SignInError::TooMany { .. })), "{last:?}");
    }
}

#[tokio::test]
async fn a_profile_is_kept_per_user_and_an_unknown_zone_is_refused() {
    for stage in SignInStage::on_both().await {
        let (token, session, context) = stage.entered().await;
        assert_eq!(session.profile, Profile { time_zone: None, theme: Theme::System });
        let set = async |zone: Option<&str>, theme| {
            let profile = Profile { time_zone: zone.map(str::to_owned), theme };
            stage.sign_in().set_profile(&context, &session, &profile).await
        };
        assert_eq!(set(Some("europe/athens"), Theme::Dark).await.unwrap().time_zone.unwrap(), "Europe/Athens");
        let profile = stage.session(&token).await.unwrap().profile;
        assert_eq!((profile.time_zone.as_deref(), profile.theme), (Some("Europe/Athens"), Theme::Dark));
        let refused = set(Some("Mars/Olympus"), Theme::Light).await.unwrap_err();
        let OperationError::Refusal(soar_host::Refusal::About(StoreError::Invalid(text))) = &refused else {
            panic!("{refused:?}")
        };
        assert!(text.contains("Mars/Olympus"), "{text}");
        set(None, Theme::Light).await.unwrap();
        assert_eq!(stage.session(&token).await.unwrap().profile.time_zone, None);
    }
}

#[tokio::test]
async fn a_csrf_text_that_was_stolen_from_one_session_is_no_use_in_another() {
    for stage in SignInStage::on_both().await {
        let (one, other) = (stage.entered().await, stage.entered().await);
        let stolen = other.1.csrf.text();
        assert!(other.1.csrf.accepts(&stolen) && !one.1.csrf.accepts(&stolen));
        assert!(stage.session(&stolen.clone().into()).await.is_none(), "it is no token");
        let again = stage.session(&other.0).await.unwrap();
        assert!(again.csrf.accepts(&stolen), "it stays the same for the session");
        assert!(!format!("{other:?}").contains(&stolen));
    }
}
