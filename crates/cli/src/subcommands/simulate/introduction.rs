//! Prints the simulator's users, keys and tenants, and lines that make a shell use it.

use anyhow::Result;
use footprint_simulator::{Simulator, UserKind};
use soar_connector::manifest::ConnectorManifest;

use super::{Arguments, export_lines, program_lines};
use crate::printer::{Grid, Printer};

/// More tenants than this are counted, not listed.
const SHOWN_TENANTS: usize = 10;
/// The file that the printed lines save the authority's certificate in.
const AUTHORITY_FILE: &str = "footprint-simulator-ca.pem";

pub(super) fn print(
    simulator: &Simulator,
    arguments: &Arguments,
    connector: &ConnectorManifest,
    printer: &mut Printer,
) -> Result<()> {
    let title = format!("Simulated Footprint instance at {}", simulator.url());
    printer.line(&printer.bold(&title))?;
    printer.line(&format!(
        "API generation {}, seed {}, for each tenant {} devices with {} vulnerabilities each\n",
        arguments.generation, arguments.seed, arguments.devices, arguments.vulnerabilities
    ))?;
    let mut users = Grid::new(["User Name", "Password", "Role", "Permission", "Note"]).keeping_whole(2);
    let mut keys = Grid::new(["User Name", "API Key"]).keeping_whole(2);
    for user in simulator.users() {
        users.push([user.user_name.as_str(), &user.password, &user.role, user.permission, user.note]);
        if !user.api_key.is_empty() {
            keys.push([user.user_name.as_str(), &user.api_key]);
        }
    }
    printer.grid(&users)?;
    printer.line("")?;
    printer.grid(&keys)?;
    printer.line("")?;
    let mut tenants = Grid::new(["Tenant ID", "Name"]);
    for tenant in simulator.tenants().iter().take(SHOWN_TENANTS) {
        tenants.push([tenant.id.to_string(), tenant.name.clone()]);
    }
    printer.grid(&tenants.and_more((arguments.tenants as usize).saturating_sub(SHOWN_TENANTS)))?;
    printer.line("\nIn another terminal:\n")?;
    for line in program_lines() {
        printer.line(&format!("  {line}"))?;
    }
    if let Some(authority) = simulator.authority() {
        // The certificate is not indented, since its end and the end of the lines must begin a line.
        printer.line(&format!("  cat > {AUTHORITY_FILE} <<'END'\n{}\nEND", authority.trim_end()))?;
        if let Some(setting) = connector.setting("CA File") {
            printer.line(&format!("  export {}={AUTHORITY_FILE}", setting.environment))?;
        }
    }
    for line in export_lines(connector, &simulator.url(), simulator.user(UserKind::Administrator)) {
        printer.line(&format!("  {line}"))?;
    }
    printer.line("  footprint test\n  footprint run \"List Devices\"\n\nCtrl-C ends it.")?;
    Ok(())
}
