//! Runs every file of the corpus through its subject's checking function.

use std::path::Path;

fn run(subject: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(subject);
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let file = entry.unwrap().path();
        let content = std::fs::read(&file).unwrap();
        // Printed when the check fails, so that the input is known.
        println!("{}", file.display());
        check(&content);
        files += 1;
    }
    assert!(files > 0, "{} is empty", folder.display());
}

macro_rules! subjects {
    ($($subject:ident)*) => {$(
        #[test]
        fn $subject() {
            run(stringify!($subject), super::$subject);
        }
    )*};
}

subjects! { claims errors parameters redaction replies retry_after settings }
