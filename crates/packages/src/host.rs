//! The other SOAR hosts that packages are written for.

use crate::file::File;
use crate::hosts;
use crate::source::{RunMode, Source};

/// Another SOAR host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetHost {
    /// Palo Alto Networks Cortex XSOAR and XSIAM.
    CortexXsoar,
    /// Splunk SOAR.
    SplunkSoar,
    /// Rapid7 InsightConnect.
    InsightConnect,
    /// Airbyte.
    Airbyte,
    /// Shuffle.
    Shuffle,
    /// Tracecat.
    Tracecat,
    /// n8n.
    N8n,
    /// D3 SOAR.
    D3Soar,
}

impl TargetHost {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::CortexXsoar,
        Self::SplunkSoar,
        Self::InsightConnect,
        Self::Airbyte,
        Self::Shuffle,
        Self::Tracecat,
        Self::N8n,
        Self::D3Soar,
    ];

    /// Its name at the terminal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CortexXsoar => "cortex-xsoar",
            Self::SplunkSoar => "splunk-soar",
            Self::InsightConnect => "insightconnect",
            Self::Airbyte => "airbyte",
            Self::Shuffle => "shuffle",
            Self::Tracecat => "tracecat",
            Self::N8n => "n8n",
            Self::D3Soar => "d3-soar",
        }
    }

    /// Its name as its maker writes it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::CortexXsoar => "Cortex XSOAR",
            Self::SplunkSoar => "Splunk SOAR",
            Self::InsightConnect => "Rapid7 InsightConnect",
            Self::Airbyte => "Airbyte",
            Self::Shuffle => "Shuffle",
            Self::Tracecat => "Tracecat",
            Self::N8n => "n8n",
            Self::D3Soar => "D3 SOAR",
        }
    }

    /// The host of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|host| host.name() == name)
    }

    /// Why a package for this host cannot run commands in this way; `None` where it can.
    #[must_use]
    pub fn refuses(self, way: RunMode) -> Option<&'static str> {
        match (self, way) {
            (Self::N8n, RunMode::Direct) => Some("n8n runs no Python, so its node calls a host. Add --via-host."),
            (Self::Airbyte, RunMode::ViaHost) => {
                Some("Airbyte's package reads the lists from the instance itself. Leave --via-host out.")
            }
            _ => None,
        }
    }

    /// All files of the package, sorted by path.
    #[must_use]
    pub fn files(self, source: &Source<'_>) -> Vec<File> {
        let mut files = match self {
            Self::CortexXsoar => hosts::cortex_xsoar::files(source),
            Self::SplunkSoar => hosts::splunk_soar::files(source),
            Self::InsightConnect => hosts::insightconnect::files(source),
            Self::Airbyte => hosts::airbyte::files(source),
            Self::Shuffle => hosts::shuffle::files(source),
            Self::Tracecat => hosts::tracecat::files(source),
            Self::N8n => hosts::n8n::files(source),
            Self::D3Soar => hosts::d3_soar::files(source),
        };
        files.sort_by(|one, other| one.path.cmp(&other.path));
        files
    }
}
