//! On a tenant: the masters that it takes connections from.

use soar_store::model::Master;

use super::ManageError;
use super::operation::{Done, Managed, Operation, Run, described, described_list};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/masters",
            id: "listMasters",
            summary: "On a tenant: the masters that it takes, or took, connections from, by name",
            query: &[],
            body: None,
            status: 200,
            answer: described_list::<Master>,
            run: Run::Inside(|managed| Box::pin(list(managed))),
        },
        Operation {
            method: "get",
            path: "/masters/{name}",
            id: "getMaster",
            summary: "On a tenant: one master",
            query: &[],
            body: None,
            status: 200,
            answer: described::<Master>,
            run: Run::Inside(|mut managed| {
                Box::pin(async move {
                    let name = managed.part("name").to_owned();
                    Done::new(managed.records.master(&name).await?, "")
                })
            }),
        },
        Operation {
            method: "post",
            path: "/masters/{name}/revoke",
            id: "revokeMaster",
            summary: "On a tenant: take nothing from a master any more; what it sent stays, and stays its own",
            query: &[],
            body: None,
            status: 200,
            answer: described::<Master>,
            run: Run::Inside(|managed| Box::pin(revoke(managed))),
        },
        Operation {
            method: "delete",
            path: "/masters/{name}",
            id: "removeMaster",
            summary: "On a tenant: forget a revoked master and delete what it sent; answered as it was",
            query: &[],
            body: None,
            status: 200,
            answer: described::<Master>,
            run: Run::Inside(|managed| Box::pin(remove(managed))),
        },
    ]
}

async fn list(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let tenants = managed.tenants()?.clone();
    let caller = managed.any_caller().await?;
    Done::new(tenants.masters_in(&mut managed.records, &caller).await?, "")
}

async fn revoke(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let name = managed.part("name").to_owned();
    let tenants = managed.tenants()?.clone();
    let caller = managed.any_caller().await?;
    done(&tenants.revoke_master_in(&mut managed.records, &caller, &name).await?)
}

async fn remove(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let name = managed.part("name").to_owned();
    let tenants = managed.tenants()?.clone();
    let caller = managed.any_caller().await?;
    done(&tenants.remove_master_in(&mut managed.records, &caller, &name).await?)
}

fn done(master: &Master) -> Result<Done, ManageError> {
    Done::new(master, master.name.clone())
}
