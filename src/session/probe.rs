//! Asks for as little as an endpoint can give, to see whether it may be asked at all.

use soar_connector::ReplyPage;

use super::Call;
use crate::vendor::{Endpoint, Failure};

/// The answer to the smallest request.
#[derive(Debug)]
pub(crate) struct ProbeReply {
    pub(crate) status: u16,
    pub(crate) page: ReplyPage,
    /// Rows on all pages, where the server counts them.
    pub(crate) total_rows: Option<u64>,
}

impl Call<'_> {
    /// Sends an endpoint's smallest request: the first page, of one row where the endpoint takes a size.
    ///
    /// # Errors
    /// The errors of any command. `method-not-allowed` for an endpoint that writes; nothing is sent.
    pub(crate) async fn probe(&mut self, endpoint: &dyn Endpoint) -> Result<ProbeReply, Failure> {
        let mut request = self.request(endpoint).await?;
        if request.is_write() {
            return Err(Failure::new("method-not-allowed", "Nothing was sent: a probe changes nothing."));
        }
        if let Some(size) = endpoint.page_size() {
            request.query.push((size.parameter, "1".to_owned()));
        }
        let (status, list) = self.wire.answer(endpoint, &request).await?;
        Ok(ProbeReply { status, page: list.page, total_rows: list.total_rows })
    }
}
