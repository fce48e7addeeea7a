//! Starts a simulated instance and is the handle to it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    Fault, KnownIds, Options, RecordedRequest, SimulatedTenant, SimulatedUser, StartError, UserKind, router::router,
    serve::serve, tenants::tenant, tls::TlsServer, world::SimulatedInstance,
};

/// A running simulator. Dropping it stops it.
#[derive(Debug)]
pub struct Simulator {
    world: Arc<SimulatedInstance>,
    address: SocketAddr,
    task: JoinHandle<()>,
    authority: Option<String>,
}

impl Simulator {
    /// Binds the address and serves in a task of the current tokio runtime.
    ///
    /// # Errors
    /// When a size is out of range, the address cannot be bound or no certificate can be made.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        options.check()?;
        let listen = options.listen;
        let failed = |source| StartError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let tls = options.tls.then(|| TlsServer::new(address.ip())).transpose()?;
        let (acceptor, authority) = tls.map(|tls| (tls.acceptor, tls.authority)).unzip();
        let world = Arc::new(SimulatedInstance::new(options));
        let task = tokio::spawn(serve(listener, router(&world), acceptor));
        Ok(Self { world, address, task, authority })
    }

    /// The instance's address, such as `http://127.0.0.1:41234`, without `/api`.
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The certificate, in PEM form, of the authority that clients need to trust; `None` without TLS.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// All users with their passwords.
    pub fn users(&self) -> &[SimulatedUser] {
        &self.world.users
    }

    /// The user of this kind.
    pub fn user(&self, role: UserKind) -> &SimulatedUser {
        self.world.user(role)
    }

    /// All tenants, ordered by id.
    pub fn tenants(&self) -> Vec<SimulatedTenant> {
        let options = &self.world.options;
        (1..=options.tenants).filter_map(|id| tenant(options, id)).collect()
    }

    /// The last 10,000 requests, oldest first.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.world.recorder.all()
    }

    /// Forgets the requests recorded so far.
    pub fn clear_requests(&self) {
        self.world.recorder.clear();
    }

    /// Misbehaves like this from now on.
    pub fn inject(&self, fault: Fault) {
        self.world.faults.inject(fault);
    }

    /// Behaves again.
    pub fn clear_faults(&self) {
        self.world.faults.clear();
    }

    /// Ends every access token issued so far: requests with one get 401, its user is not logged in.
    /// Refresh tokens stay good.
    pub fn expire_tokens(&self) {
        self.world.tokens.end_all();
    }

    /// Moves the simulator's clock forward, for the progress of scans and the end of tokens.
    pub fn advance(&self, by: Duration) {
        self.world.clock.advance(by);
    }

    /// Stops the scans that run, as a user of the vendor's web page can.
    pub fn stop_scans(&self) {
        let world = &self.world;
        world.scans.stop(world.clock.now_micros(), world.options.scan_duration);
    }

    /// A text that changes exactly when a caller changed something, not on reads or logins.
    pub fn state_fingerprint(&self) -> String {
        self.world.state_fingerprint()
    }

    /// Ids of tenant 1 with a known peculiarity.
    pub fn known(&self) -> KnownIds {
        KnownIds::of(&self.world.options)
    }

    /// Stops serving, ends all connections and waits until the port is free again.
    pub async fn shutdown(mut self) {
        self.task.abort();
        // The task ends by being cancelled, which is no failure here.
        if let Err(error) = (&mut self.task).await {
            tracing::debug!(%error, "the simulator stopped");
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}
