//! `footprint doctor` finds settings with which nobody could sign in.

use serde_json::json;
use soar_host::alerts::AlertSettings;
use soar_host::doctor::{Examined, examine};
use soar_store::Store;

use super::fake::Fake;
use super::*;

#[tokio::test]
async fn settings_that_cannot_work_are_found_and_those_that_work_are_not() {
    for stage in SignInStage::on_both().await {
        let fake = Fake::start().await;
        let problems = async |openid: OpenIdSettings, public: Option<&str>, has_secret: bool| {
            let mut settings = HostSettings::default();
            settings.sign_in.public_address = public.map(str::to_owned);
            settings.sign_in.openid = Some(openid);
            let instance = Examined {
                store: Store::open_read_only(&stage.test.address).await.unwrap(),
                settings,
                alerts: AlertSettings::default(),
                keyring: Ok(soar_host::sealing::Keyring::generate().unwrap()),
                vault: Vault::with_environment(VaultSettings::default(), move |_| has_secret.then(|| SECRET.into())),
                registry: PluginRegistry::new(Vec::new(), &[]).unwrap(),
            };
            let found = examine(&instance).await;
            instance.store.close().await;
            let found = found.into_iter().filter(|finding| finding.check == "openid");
            found.map(|finding| finding.problem).collect::<Vec<_>>()
        };
        let good = || settings(&fake.url);
        assert!(problems(good(), Some(PUBLIC), true).await.is_empty());
        let mut wrong = OpenIdSettings { issuer: format!("{}/", fake.url), ..good() };
        wrong.groups[0].site = Some("Atlantis".to_owned());
        let found = problems(wrong, None, false).await;
        for (problem, expected) in found.iter().zip([
            "The provider would send browsers to http://127.0.0.1:8080.",
            "client-secret: The secret at env:FOOTPRINT_SECRET_OPENID does not exist",
            "The provider's configuration is of another issuer.",
            "groups names the site \"Atlantis\", which does not exist.",
        ]) {
            assert!(problem.contains(expected), "{problem}");
        }
        assert_eq!(found.len(), 4, "{found:?}");
        fake.script.lock().unwrap().metadata = json!([]);
        let [found] = problems(good(), Some(PUBLIC), true).await.try_into().unwrap();
        assert!(found.contains("the answer is not as expected"), "{found}");
    }
}
