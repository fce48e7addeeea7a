//! Two hosts on one SQLite file, such as an old and a new host during a change of version.

use super::work::{HostClient, prepare, times_done};
use crate::instance::Instance;

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_on_one_file_do_what_either_is_asked_and_each_call_once() {
    let instance = Instance::new();
    let calls: Vec<_> = (0..24).map(|number| format!("call{number}")).collect();
    prepare(&instance, calls.iter());
    let served = [instance.serve(), instance.serve()];
    let callers = [HostClient::of(&instance, &served[0]), HostClient::of(&instance, &served[1])];
    // Each call goes to both hosts at once, under one key.
    for batch in calls.chunks(6) {
        let both = batch.iter().flat_map(|call| callers.iter().map(move |caller| caller.close(call)));
        for answered in futures_util::future::join_all(both).await {
            assert_eq!(answered.unwrap(), (200, "Successful".to_owned()));
        }
        for caller in &callers {
            assert_eq!(caller.read().await.0, 200);
        }
    }
    assert!(times_done(&instance, calls.iter()).iter().all(|times| *times == 1));
}
