//! Test Connection: logs in again and checks the credentials, the session and the default tenant.

use async_trait::async_trait;
use serde_json::{Value, json};
use soar_connector::Parameters;

use super::CommandHandler;
use super::probe::Probe;
use crate::session::Call;
use crate::session::Certificate;
use crate::vendor::{Failure, SessionEndpoint, TenantsEndpoint};

/// A certificate that ends within so many days is about to.
const WARNED_DAYS: i64 = 14;

pub(super) struct TestConnection;

#[async_trait]
impl CommandHandler for TestConnection {
    fn probe(&self) -> Probe {
        Probe::HealthCheck
    }

    async fn run(&self, _: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let default_tenant = call.log_in_afresh().await?;
        let role = prove_session(call).await?;
        let tenant = prove_tenant(default_tenant, call).await?;
        warn_of_an_end(call);
        let session = role.map_or_else(|| "logged in".to_owned(), |role| format!("logged in, role {role}"));
        let identity = call.identity();
        let rows = [("Credentials", identity), ("Session", session), ("Default tenant", tenant)]
            .map(|(check, detail)| json!({ "check": check, "result": "Passed", "detail": detail }));
        call.show(&rows).await
    }
}

/// Warns when the server's certificate is about to end. Of passwords and keys the vendor's API does not say when they do.
fn warn_of_an_end(call: &mut Call<'_>) {
    let Some((shown, now)) = call.certificate() else { return };
    if let Some(certificate) = Certificate::read(&shown)
        && certificate.days_left(now) < WARNED_DAYS
    {
        let end = certificate.end(now);
        call.warn("certificate-expires", format!("The {certificate} {end}. Renew it on the server."));
    }
}

/// Proves that the server knows the user as logged in; gives the role that it names, in its own words.
pub(crate) async fn prove_session(call: &mut Call<'_>) -> Result<Option<String>, Failure> {
    let session = call.read_object(&SessionEndpoint).await?;
    if session.get("isLoggedIn").and_then(Value::as_bool) != Some(true) {
        return Err(Failure::new("not-logged-in", "The server says that nobody is logged in.").at(200));
    }
    let role = session.get("role").and_then(Value::as_str).map(str::to_owned);
    Ok(role.filter(|role| !role.is_empty()))
}

/// Proves that the user can act in the tenant that commands run in unless told otherwise; says which one it is.
pub(crate) async fn prove_tenant(default_tenant: Option<i64>, call: &mut Call<'_>) -> Result<String, Failure> {
    let tenants = call.look_up(&TenantsEndpoint, "name").await?;
    match default_tenant {
        None => Ok("chosen by the server".to_owned()),
        Some(id) => match tenants.get(id)? {
            Some(name) => Ok(format!("{id} ({name})")),
            None => Err(Failure::new(
                "tenant-unavailable",
                format!("The default tenant {id} is not among the {} tenants of the user.", tenants.len()),
            )),
        },
    }
}
