//! The memory of the process is kept from other processes of its user.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

/// A user without rights.
const NOBODY: u32 = 65_534;

/// The system gives the files in `/proc` of a process that it may not dump to root, also if another user runs the process.
#[test]
fn the_process_cannot_be_dumped() {
    let folder = tempfile::TempDir::new().unwrap();
    // Root's files would belong to root in any case. The user must be able to read the program, or the system itself
    // keeps the process from being dumped.
    let program = folder.path().join("footprint");
    fs::copy(env!("CARGO_BIN_EXE_footprint"), &program).unwrap();
    for path in [folder.path(), &program] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }
    let as_user = |program: &std::path::Path, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().current_dir("/").stdout(Stdio::piped());
        if fs::metadata(folder.path()).unwrap().uid() == 0 {
            command.uid(NOBODY);
        }
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let owner = fs::metadata(format!("/proc/{}/environ", child.id())).unwrap().uid();
        child.kill().unwrap();
        child.wait().unwrap();
        (line, owner)
    };
    let (line, owner) = as_user(&program, &["simulate", "--json"]);
    assert!(line.contains("\"url\""), "{line}");
    assert_eq!(owner, 0);
    let (_, other) = as_user("/bin/sh".as_ref(), &["-c", "echo ready; exec sleep 60"]);
    assert_ne!(other, 0, "another program of the same user can be dumped");
}
