//! The contract suite, on all generations.

use footprint_simulator::UserKind;
use soar_connector::Command;
use soar_connector::manifest::Effect;
use soar_connector::testing::Suite;

use crate::support::{GENERATIONS, commands_of, plugin, settings, simulator, valid_parameters};

#[tokio::test]
async fn the_connector_keeps_the_contract_on_both_generations() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let user = simulator.user(UserKind::Administrator).clone();
        let ids = simulator.known();
        let plugin = plugin();
        let available = commands_of(generation);
        let suite = Suite {
            plugin: &plugin,
            settings: settings(&simulator.url(), &user)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            canary: user.password.clone(),
            has: &|command: &Command| available.iter().any(|one| one.name == command.name),
            parameters: &|command: &Command| valid_parameters(command, &ids),
            fingerprint: &|| simulator.state_fingerprint(),
        };
        let violations: Vec<_> = suite.run().await.iter().map(ToString::to_string).collect();
        assert_eq!(violations, Vec::<String>::new(), "{generation}");
    }
}

#[tokio::test]
async fn the_writes_change_the_simulator_so_the_fingerprint_can_fail() {
    for generation in GENERATIONS {
        for command in commands_of(generation).iter().filter(|command| command.effect == Effect::Write) {
            let simulator = simulator(generation).await;
            let connector = crate::support::administrator(&simulator);
            let name = &command.name;
            let before = simulator.state_fingerprint();
            let parameters = valid_parameters(command, &simulator.known());
            let outcome = crate::support::run(&*connector, name, parameters.into()).await;
            assert!(outcome.is_successful(), "{name}: {outcome:?}");
            assert_ne!(simulator.state_fingerprint(), before, "{name}");
        }
    }
}
