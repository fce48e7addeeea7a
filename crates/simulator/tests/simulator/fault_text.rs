//! The text of faults: what is understood, written back, and refused with help.

use footprint_simulator::Fault;

#[test]
fn faults_are_written_as_they_were_read() {
    for text in [
        "* close",
        "token status=503",
        "devices status=429 body=html retry-after=30 count=2 skip=1 page=3",
        "login status=500 body=empty retry-after=date:+5",
        "accounts status=503 retry-after=date:-10",
        "devices delay=500ms",
        "devices delay=2s count=1",
        "attack-avenues cut",
        "network-connections broken",
        "device-users html",
        "vulnerabilities empty",
        "scanners foreign",
        "scan-surface giant=100MB",
        "scan-surface giant=1234B",
        "ports token-expiry count=1",
        "rescan redirect=https://192.0.2.1/login?next=%2F",
        "target wrong-encoding",
        "scan-status deep",
        "scans short-page page=2",
        "contexts repeat-page",
        "context shift",
        "devices totals=absent",
        "devices totals=float page=2",
        "contexts bom",
        "* gzip=members",
        "* gzip=x-gzip count=1",
        "refresh status=401",
        "session status=400 body=fields",
    ] {
        let fault: Fault = text.parse().unwrap();
        assert_eq!(fault.to_string(), text);
        assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
    }
    let loose: Fault = "  devices   delay=60000ms ".parse().unwrap();
    assert_eq!(loose.to_string(), "devices delay=60s");
}

#[test]
fn wrong_faults_are_refused_with_the_valid_words() {
    for (text, help) in [
        ("", "ROUTE KIND"),
        ("devices", "ROUTE KIND"),
        ("device close", "attack-avenues"),
        ("devices explode", "wrong-encoding"),
        ("devices status", "status=503"),
        ("devices status=99", "200 to 599"),
        ("devices totals", "float or zero"),
        ("devices gzip=zip", "x-gzip, label or half"),
        ("devices delay=5", "delay=500ms"),
        ("devices giant=1TB", "giant=100MB"),
        ("devices redirect=", "redirect=http"),
        ("devices close=now", "takes no value"),
        ("devices close often=2", "count, skip, page"),
        ("devices close body=html", "count, skip, page"),
        ("devices close count=1 count=2", "each once"),
        ("devices close count=-1", "whole number"),
        ("devices status=500 body=xml", "body=detail"),
        ("devices status=500 retry-after=soon", "date:+5"),
    ] {
        let message = text.parse::<Fault>().unwrap_err().to_string();
        assert!(message.contains(help), "{text}: {message}");
    }
}
