//! A server that vanishes during one step: each step has a timeout, and later steps work again.

use std::time::{Duration, Instant};

use soar_host::access::Directory;
use soar_store::{Store, StoreError, Trouble};

use super::proxy::Proxy;

/// The timeout for the server's answer, and a much longer time.
const TIMEOUT: Duration = Duration::from_millis(700);
const LONG: Duration = Duration::from_secs(20);

async fn store_behind_a_proxy() -> (Store, Proxy) {
    let (address, proxy) = Proxy::to_a_database().await;
    (Store::open_with_timeout(&address, TIMEOUT).await.unwrap(), proxy)
}

/// The error of `step`, which must fail within the timeout.
async fn fails_in_time<T>(what: &str, step: impl Future<Output = Result<T, StoreError>>) -> StoreError {
    let ended = tokio::time::timeout(LONG, step).await;
    let error = ended.unwrap_or_else(|_| panic!("{what} is waited for without end")).err().unwrap();
    assert_eq!(error.trouble(), Some(Trouble::Gone), "{what}: {error}");
    error
}

async fn works_again(store: &Store, proxy: &Proxy) {
    proxy.come_back();
    let begun = Instant::now();
    while let Err(error) = store.transaction().await {
        assert!(begun.elapsed() < LONG, "it does not work again: {error}");
    }
}

#[tokio::test]
async fn no_step_of_a_transaction_is_waited_for_without_end() {
    let (store, proxy) = store_behind_a_proxy().await;
    proxy.vanish_at("BEGIN;");
    fails_in_time("the beginning", store.transaction()).await;
    works_again(&store, &proxy).await;

    let mut transaction = store.transaction().await.unwrap();
    proxy.vanish();
    fails_in_time("rows", transaction.records().sites()).await;
    drop(transaction);
    works_again(&store, &proxy).await;

    let mut transaction = store.transaction().await.unwrap();
    proxy.vanish();
    fails_in_time("one row", transaction.records().access_generation()).await;
    drop(transaction);
    works_again(&store, &proxy).await;

    let transaction = store.transaction().await.unwrap();
    proxy.vanish_at("COMMIT\0");
    let error = fails_in_time("the commit", transaction.commit()).await;
    assert!(matches!(error, StoreError::Uncertain(_)), "{error}");
    works_again(&store, &proxy).await;
}

#[tokio::test]
async fn a_new_connection_is_not_waited_for_without_end() {
    let (store, proxy) = store_behind_a_proxy().await;
    proxy.vanish_at("synchronous_commit");
    let mut readers = Vec::new();
    let opening = async {
        // Some connections may exist already.
        loop {
            readers.push(store.reader().await?);
        }
    };
    fails_in_time::<()>("another connection", opening).await;
    works_again(&store, &proxy).await;
}

#[tokio::test]
async fn connections_that_are_given_back_after_the_server_vanished_take_up_no_place() {
    let (store, proxy) = store_behind_a_proxy().await;
    let mut readers = Vec::new();
    while let Ok(reader) = store.reader().await {
        readers.push(reader);
    }
    proxy.vanish();
    drop(readers);
    works_again(&store, &proxy).await;
}

#[tokio::test]
async fn who_waits_to_look_at_a_store_that_does_not_answer_fails_with_the_first() {
    let (store, proxy) = store_behind_a_proxy().await;
    let directory = Directory::new(store);
    proxy.vanish();
    let begun = Instant::now();
    let all = futures_util::future::join_all((0..40).map(|_| directory.current())).await;
    assert!(all.iter().all(Result::is_err));
    assert!(begun.elapsed() < 10 * TIMEOUT, "{:?}", begun.elapsed());
    proxy.come_back();
    let begun = Instant::now();
    while directory.current().await.is_err() {
        assert!(begun.elapsed() < LONG, "it is asked no more");
    }
}
