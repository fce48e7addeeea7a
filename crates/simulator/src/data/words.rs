//! Lists the words that invented data are put together from.

/// The word at this index, counted around the list.
pub(crate) fn pick(words: &'static [&'static str], index: usize) -> &'static str {
    words[index % words.len()]
}

/// Tenants. All are invented.
pub(crate) const COMPANIES: &[&str] = &[
    "Northwind Logistics",
    "Halden Foods",
    "Aurora Health Partners",
    "Brickyard Insurance",
    "Sable Energy",
    "Lindgren Machine Works",
    "Open Harbour Bank",
    "Tessera Media",
    "Kestrel Airways",
    "Fennel & Rye Retail",
    "Quarry Street Legal",
    "Meridian Schools Trust",
];

/// Technical contexts.
pub(crate) const SYSTEMS: &[&str] = &[
    "Web shop",
    "Payroll",
    "E-mail",
    "Customer portal",
    "Warehouse control",
    "Booking engine",
    "Intranet",
    "Data warehouse",
    "Backup",
    "Telephony",
    "Building control",
    "Source code",
    "Point of sale",
    "Identity provider",
    "Document archive",
    "Monitoring",
];

/// First parts of servers' names.
pub(crate) const SITES: &[&str] = &["ber", "muc", "lon", "par", "ams", "nyc", "sfo", "sin", "syd", "waw", "osl", "mad"];

/// Second parts of servers' names.
pub(crate) const ROLES: &[&str] =
    &["web", "db", "mail", "dc", "file", "app", "vpn", "proxy", "ci", "log", "backup", "print"];

/// First parts of agent devices' names.
pub(crate) const MAKES: &[&str] = &["LAPTOP", "DESKTOP", "WS", "MAC", "KIOSK", "NB"];

/// Given names.
pub(crate) const FIRST_NAMES: &[&str] = &[
    "Ada", "Mateo", "Ingrid", "Kwame", "Yuki", "Priya", "Tomasz", "Leila", "Noah", "Chloé", "Sven", "Amara", "Jürgen",
    "Marta", "Ravi", "Elif",
];

/// Family names.
pub(crate) const LAST_NAMES: &[&str] = &[
    "Okafor",
    "Lindqvist",
    "Moreau",
    "Nakamura",
    "Fischer",
    "Novák",
    "Silva",
    "Haddad",
    "Kowalska",
    "Jensen",
    "Demir",
    "Iyer",
    "Marino",
    "Ó Briain",
    "Weiß",
    "Castro",
];

/// Colours, for passwords.
pub(crate) const COLOURS: &[&str] =
    &["Amber", "Cobalt", "Crimson", "Indigo", "Ivory", "Jade", "Ochre", "Scarlet", "Teal", "Umber"];

/// Animals, for passwords.
pub(crate) const ANIMALS: &[&str] =
    &["Badger", "Curlew", "Falcon", "Heron", "Ibex", "Lynx", "Marten", "Otter", "Puffin", "Stoat"];

/// Software with a version, a port (0: none) and what goes wrong in it.
pub(crate) const SOFTWARE: &[(&str, &str, u16, &str)] = &[
    ("Apache HTTP Server", "2.4.49", 80, "path traversal through encoded dots in request paths"),
    ("OpenSSH", "8.2p1", 22, "a race in signal handling before authentication"),
    ("OpenSSL", "1.1.1k", 443, "an out-of-bounds read while checking certificates"),
    ("nginx", "1.18.0", 443, "memory disclosure through crafted resolver replies"),
    ("Microsoft Exchange Server", "15.1.2106", 443, "server-side request forgery before authentication"),
    ("PostgreSQL", "12.4", 5432, "privilege escalation through index expressions"),
    ("MySQL", "5.7.33", 3306, "a crash of the optimizer on nested queries"),
    ("ISC BIND", "9.16.8", 53, "an assertion failure on crafted queries"),
    ("Samba", "4.13.2", 445, "out-of-bounds heap access through extended attributes"),
    ("Apache Log4j", "2.14.1", 8080, "code execution through lookups in logged text"),
    ("Windows Print Spooler", "10.0.17763", 0, "privilege escalation through driver installation"),
    ("Google Chrome", "114.0.5735", 0, "type confusion in the script engine"),
    ("Mozilla Firefox", "102.3", 0, "use after free while handling navigation"),
    ("7-Zip", "21.07", 0, "heap overflow in an archive handler"),
    ("VMware ESXi", "6.7.0", 443, "heap overflow in service discovery"),
    ("Redis", "5.0.7", 6379, "sandbox escape of scripts"),
];

/// Operating systems.
pub(crate) const SYSTEMS_OPERATING: &[&str] = &[
    "Ubuntu 20.04 LTS",
    "Debian GNU/Linux 11",
    "Windows Server 2019",
    "Windows 10 Pro 22H2",
    "Red Hat Enterprise Linux 8.6",
    "macOS 13.4",
    "Windows 11 Enterprise",
    "VMware ESXi 6.7",
];

/// Weaknesses of configuration that attack avenues go through, with the port concerned.
pub(crate) const AVENUES: &[(&str, u16)] = &[
    ("TLS certificate has expired", 443),
    ("Deprecated TLS versions are accepted", 443),
    ("SMB signing is not required", 445),
    ("Anonymous FTP login is allowed", 21),
    ("SNMP answers to a default community", 161),
    ("Remote desktop without network level authentication", 3389),
    ("Directory listing is enabled", 80),
    ("SSH accepts weak key exchange", 22),
    ("Administration page with default credentials", 8443),
    ("Database reachable without encryption", 5432),
];

/// Device tags that the filter `tags` finds.
pub(crate) const TAGS: &[&str] = &["production", "finance", "dmz", "test", "critical-asset", "legacy"];

/// Ports that are often open.
pub(crate) const PORTS: &[u16] = &[22, 25, 53, 80, 110, 143, 443, 445, 993, 1433, 3306, 3389, 5432, 8080, 8443];
