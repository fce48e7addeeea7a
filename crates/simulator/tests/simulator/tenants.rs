//! Which tenant a request goes to, and who may.

use footprint_simulator::{Generation, UserKind};
use reqwest::Method;

use crate::client::{DEVICES, ServedSimulator, SimulatorReply, answer};

async fn in_tenant(instance: &ServedSimulator, tenant: &str) -> SimulatorReply {
    let request = instance.request(Method::GET, DEVICES);
    answer(request.header("FootprintTenantId", tenant)).await
}

#[tokio::test]
async fn the_header_chooses_the_tenant_and_its_absence_the_original_one() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let default = instance.get(DEVICES).await;
        assert_eq!(default.text, in_tenant(&instance, "1").await.text);
        assert_ne!(default.text, in_tenant(&instance, "2").await.text);
    }
}

#[tokio::test]
async fn foreign_tenants_and_words_are_refused() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let foreign = instance.known().foreign_tenant.to_string();
        for tenant in [foreign.as_str(), "0", "-1", "99999999999999"] {
            let answer = in_tenant(&instance, tenant).await;
            assert_eq!((answer.status, &answer.json["detail"]), (401, &"Unauthorized".into()));
        }
        let word = in_tenant(&instance, "one").await;
        assert_eq!(word.status, 400);
        assert_eq!(word.json["FootprintTenantId"][0], "A valid integer is required.");
    }
}

#[tokio::test]
async fn reporting_sees_tenant_1_only() {
    for generation in Generation::ALL {
        let mut instance = ServedSimulator::of(generation).await;
        let accounts = "/common/auth/session/accounts/";
        assert_eq!(instance.get(accounts).await.ids(), [1, 2, 3]);
        instance.log_in(UserKind::Reporting).await;
        assert_eq!(instance.get(accounts).await.ids(), [1]);
        assert_eq!(in_tenant(&instance, "1").await.status, 200);
        assert_eq!(in_tenant(&instance, "2").await.status, 401);
    }
}

#[tokio::test]
async fn ids_of_one_tenant_are_unknown_in_another() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let path = format!("/console/elements/device/{}/vulnerabilities/", instance.known().agent_device);
    assert_eq!(instance.get(&path).await.status, 200);
    let request = instance.request(Method::GET, &path).header("FootprintTenantId", "2");
    assert_eq!(answer(request).await.status, 404);
}
