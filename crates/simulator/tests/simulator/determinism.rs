//! Same seed, same bytes.

use footprint_simulator::{Generation, Options};

use crate::client::ServedSimulator;

async fn everything(generation: Generation, seed: u64) -> Vec<String> {
    let instance = ServedSimulator::with(Options { generation, seed, ..Options::default() }).await;
    let known = instance.known();
    let element = "/console/elements";
    let mut replies = Vec::new();
    for path in [
        "/common/auth/session/accounts/".to_owned(),
        format!("{element}/contexts/technical/"),
        format!("{element}/contexts/technical/{}/", known.context),
        format!("{element}/devices/"),
        format!("{element}/device/{}/attackavenues/", known.device_with_attack_avenues),
        format!("{element}/device/{}/networkConnections/", known.agent_device),
        format!("{element}/device/{}/users/", known.agent_device),
        format!("{element}/device/{}/vulnerabilities/", known.agent_device),
        "/console/scanSurface/scanners/".to_owned(),
        "/console/scanSurface/".to_owned(),
        "/console/scanSurface/currentTargets/ports/".to_owned(),
    ] {
        replies.push(instance.get(&path).await.text);
    }
    replies.push(serde_json::to_string(instance.users()).unwrap());
    replies
}

#[tokio::test]
async fn the_seed_decides_every_byte() {
    for generation in Generation::ALL {
        let first = everything(generation, 7).await;
        assert_eq!(first, everything(generation, 7).await);
        for (one, other) in first.iter().zip(everything(generation, 8).await) {
            assert_ne!(*one, other);
        }
    }
}
