//! `footprint doctor` on instances that no host can serve.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::host_connections::connected;
use crate::instance::Instance;
use crate::support::SimulatorProcess;

/// The only finding: its check and its problem.
fn found(instance: &Instance) -> (String, String) {
    let (code, out, error) = instance.ended(["doctor", "--output", "json"]);
    assert_eq!(code, 1, "{out}{error}");
    let found: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    let text = |name: &str| found[0][name].as_str().unwrap().to_owned();
    assert!(!text("cure").is_empty());
    (text("check"), text("problem"))
}

#[test]
fn sealing_keys_with_which_no_host_starts_are_found() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = connected(&simulator);
    assert!(instance.successful(["doctor"]).contains("No fault was found."));
    let path = instance.path().join("sealing.key");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (check, problem) = found(&instance);
    assert!(check == "keys" && problem.contains("its mode is 644"), "{problem}");
    std::fs::remove_file(&path).unwrap();
    let (check, problem) = found(&instance);
    assert!(check == "keys" && problem.contains("sealing.key"), "{problem}");
    std::fs::copy(Instance::new().path().join("sealing.key"), &path).unwrap();
    let (check, problem) = found(&instance);
    assert!(check == "keys" && problem.contains("which is missing"), "{problem}");
}

#[test]
fn a_store_of_a_later_version_is_found() {
    let instance = Instance::new();
    let script = "import sqlite3,sys; db=sqlite3.connect(sys.argv[1]); db.execute(\"insert into _sqlx_migrations \
        select 9999, 'later', installed_on, success, checksum, execution_time from _sqlx_migrations limit 1\"); db.commit()";
    let store = instance.path().join("host.db");
    let run = std::process::Command::new("python3").args(["-c", script]).arg(&store).status().unwrap();
    assert!(run.success());
    let (check, problem) = found(&instance);
    assert!(check == "schema" && problem.contains("they have version 9999"), "{problem}");
}

/// Adds a text to the settings that the instance had at first.
fn set(instance: &Instance, first: &str, text: &str) {
    std::fs::write(instance.path().join("host.toml"), format!("{first}\n{text}")).unwrap();
}

/// A file beside the instance with this mode.
fn file(instance: &Instance, name: &str, text: &str, mode: u32) -> String {
    let path = instance.file(name, text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path.display().to_string()
}

/// Lets other users enter the folder beside the instance, or not.
fn enterable(instance: &Instance, by_others: bool) {
    let mode = if by_others { 0o711 } else { 0o700 };
    std::fs::set_permissions(instance.path().parent().unwrap(), std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A certificate that ends at this time, and its private key.
fn pair(ends: SystemTime) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    parameters.not_after = ends.into();
    (parameters.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[test]
fn certificates_and_keys_with_which_no_host_listens_or_soon_none_are_found() {
    let instance = Instance::new();
    let first = std::fs::read_to_string(instance.path().join("host.toml")).unwrap();
    let tls = |certificate: &str, key: &str| {
        set(&instance, &first, &format!("[tls]\ncertificate = {certificate:?}\nkey = {key:?}\n"));
    };
    let (now, day) = (SystemTime::now(), Duration::from_secs(24 * 60 * 60));
    let (certificate, key) = pair(now + day * 15);
    let certificate = file(&instance, "certificate.pem", &certificate, 0o644);
    let key = file(&instance, "key.pem", &key, 0o640);
    tls(&certificate, &key);
    assert!(instance.successful(["doctor"]).contains("No fault was found."));

    let (expired, its_key) = pair(now - day);
    let expired = file(&instance, "expired.pem", &expired, 0o644);
    let its_key = file(&instance, "expired.key", &its_key, 0o600);
    let (ending, ending_key) = pair(now + day * 13);
    let ending = file(&instance, "ending.pem", &ending, 0o644);
    let ending_key = file(&instance, "ending.key", &ending_key, 0o600);
    let no_pem = file(&instance, "no.pem", "canary", 0o600);
    let missing = instance.beside("missing.pem");
    for (certificate, key, expected) in [
        (&missing, &key, format!("No host can serve the instance: The certificate in {missing} cannot be used: ")),
        (&no_pem, &key, format!("The certificate in {no_pem} cannot be used: it has no certificate. Expected PEM.")),
        (&certificate, &missing, format!("The private key in {missing} cannot be used: ")),
        (&certificate, &no_pem, format!("The private key in {no_pem} cannot be used: ")),
        (&certificate, &its_key, format!("The private key in {its_key} does not belong to the certificate in")),
        (&expired, &its_key, format!("in {expired} expired at ")),
        (&ending, &ending_key, format!("in {ending} expires at ")),
    ] {
        tls(certificate, key);
        let (check, problem) = found(&instance);
        assert!(check == "tls" && problem.contains(&expected) && !problem.contains("canary"), "{problem}");
    }
    // The host's own certificate is valid, and a root in its chain has expired.
    let own = std::fs::read_to_string(&certificate).unwrap();
    let chain = format!("{own}{}", std::fs::read_to_string(&expired).unwrap());
    let chain = file(&instance, "chain.pem", &chain, 0o644);
    tls(&chain, &key);
    let (check, problem) = found(&instance);
    let expected = format!("A certificate of the chain in {chain}, of ");
    assert!(check == "tls" && problem.starts_with(&expected) && problem.contains(" expired at "), "{problem}");
    assert!(!problem.contains("Clients refuse"), "{problem}");

    let open = file(&instance, "key.pem", &std::fs::read_to_string(&key).unwrap(), 0o644);
    tls(&certificate, &open);
    enterable(&instance, false);
    assert!(instance.successful(["doctor"]).contains("No fault was found."), "others may not enter the folder");
    enterable(&instance, true);
    let (check, problem) = found(&instance);
    assert!(check == "tls" && problem.contains(&format!("the private key in {open}: its mode is 644.")), "{problem}");
}

#[test]
fn secrets_and_addresses_with_which_alerts_are_not_sent_are_found() {
    let instance = Instance::new();
    let first = std::fs::read_to_string(instance.path().join("host.toml")).unwrap();
    let good = file(&instance, "good", "canary-secret-of-32-characters--", 0o600);
    let folder = Path::new(&good).parent().unwrap().display().to_string();
    let webhook = |address: &str, secret: &str| {
        let secret = format!("file:{secret}");
        set(
            &instance,
            &first,
            &format!(
                "[vault]\nfolders = [{folder:?}]\n[alerts.webhooks.siem]\naddress = {address:?}\nsecret = {secret:?}\n"
            ),
        );
    };
    let address = "https://hooks.example.com/canary";
    webhook(address, &good);
    assert!(instance.successful(["doctor"]).contains("No fault was found."));
    let missing = instance.beside("missing");
    let empty = file(&instance, "empty", "\n", 0o600);
    let no_base64 = file(&instance, "encoded", "whsec_canary-canary-canary", 0o600);
    let open = file(&instance, "open", "canary-secret-of-32-characters--", 0o604);
    enterable(&instance, true);
    for (address, secret, expected) in [
        (address, &missing, format!("The webhook \"siem\": The secret at file:{missing} cannot be read")),
        (address, &empty, format!("The webhook \"siem\": The secret at file:{empty} is empty")),
        (address, &no_base64, "begins with whsec_, but the rest is no base64".to_owned()),
        ("hooks/canary", &good, "The webhook's address is not valid. Expected https://".to_owned()),
        (address, &open, format!("may read the secret at file:{open}: the mode of the file is 604.")),
    ] {
        webhook(address, secret);
        let (check, problem) = found(&instance);
        assert!(check == "alerts" && problem.contains(&expected) && !problem.contains("canary"), "{problem}");
    }
}
