//! Reads lists whole and keeps them, several at a time, for commands whose rows come from many lists.

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _};
use serde_json::value::RawValue;
use soar_connector::{ReplyPage, RowReader, Sink, SinkError, Step, hand_on};

use super::Call;
use super::list::{Totals, read_whole};
use super::wire::Wire;
use crate::vendor::{DeviceForm, Endpoint, Failure, TenantsEndpoint, VendorRequest};

/// A list that was read whole.
#[derive(Debug, Default)]
pub(crate) struct KeptList {
    pub(crate) pages: Vec<ReplyPage>,
    /// A description of the rows missing from the list.
    pub(crate) missing: Option<String>,
    duplicates: u64,
    /// Whether the instance answers with page objects.
    pub(crate) is_paged: bool,
}

impl KeptList {
    /// The rows of all pages.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &str> {
        self.pages.iter().flat_map(ReplyPage::rows)
    }
}

/// The rows of one subject's list to hand on, or none.
type Taken = Result<Option<ReplyPage>, Failure>;

impl Call<'_> {
    /// Reads a list whole and keeps it.
    pub(crate) async fn keep(&mut self, endpoint: &dyn Endpoint) -> Result<KeptList, Failure> {
        let request = self.whole_request(endpoint).await?;
        let list = keep(&self.wire, endpoint, &request).await?;
        self.totals.add_replies(list.pages.len() as u64, list.duplicates);
        Ok(list)
    }

    /// Reads a list whole and passes its rows to `take`, without keeping them. Says what is missing.
    pub(crate) async fn each_row(
        &mut self,
        endpoint: &dyn Endpoint,
        take: impl FnMut(&str) -> Result<(), SinkError> + Send,
    ) -> Result<Option<String>, Failure> {
        let request = self.whole_request(endpoint).await?;
        let (mut rows, mut totals) = (RowForwarder(take), Totals::silent());
        read_whole(&self.wire, endpoint, &request, &mut totals, &mut rows).await?;
        self.totals.add_replies(totals.pages(), totals.duplicates());
        Ok(totals.missing)
    }

    /// Reads one list for each subject, several at a time, and passes them in order to `take`, which says what is to be
    /// handed on. The endpoints must not depend on the form of List Devices.
    pub(crate) async fn keep_each<T: Sync, E: Endpoint + Send>(
        &mut self,
        subjects: &[T],
        endpoint: impl Fn(&T) -> E + Send + Sync,
        mut take: impl FnMut(&T, Result<KeptList, Failure>) -> Taken + Send,
    ) -> Result<(), Failure> {
        let endpoints: Vec<E> = subjects.iter().map(endpoint).collect();
        let Self { wire, sink, totals, .. } = self;
        let mut lists = each(wire, &endpoints);
        let total = subjects.len() as u64;
        for (done, subject) in (1..).zip(subjects) {
            let Some(list) = lists.next().await else { break };
            if let Ok(list) = &list {
                totals.add_replies(list.pages.len() as u64, list.duplicates);
            }
            if let Some(page) = take(subject, list)? {
                totals.add_rows(page.len() as u64);
                hand_on(*sink, page).await?;
            }
            wire.context.progress.tell(Step::Gathered { rows: totals.rows(), done, total });
        }
        Ok(())
    }

    /// Reads one object and keeps its text.
    pub(crate) async fn keep_object(&mut self, endpoint: &dyn Endpoint) -> Result<Box<RawValue>, Failure> {
        let list = self.keep(endpoint).await?;
        let text = list.pages.first().map_or("", ReplyPage::body);
        RawValue::from_string(text.trim().to_owned())
            .map_err(|error| Failure::new("unreadable-reply", format!("The reply cannot be read ({error}).")))
    }

    /// Hands on rows that were put together from the vendor's texts.
    pub(crate) async fn hand_on(&mut self, page: ReplyPage) -> Result<(), Failure> {
        self.totals.add_rows(page.len() as u64);
        hand_on(self.sink, page).await
    }

    /// Says in the receipt and in a warning what is missing.
    pub(crate) fn miss(&mut self, missing: &str) {
        if let Some(known) = self.totals.missing.take() {
            self.totals.missing = Some(format!("{known} {missing}"));
        } else {
            self.totals.missing = Some(missing.to_owned());
        }
        self.warn("rows-missing", missing);
    }

    /// Whether the instance is of the documents since 2024-08, as a row of List Tenants tells; `None` if no row came.
    pub(crate) async fn is_since_2024(&mut self) -> Result<Option<bool>, Failure> {
        /// Members that each of these documents demands, and that no older one has.
        const NEW: [&str; 3] = ["isOnboardingMode", "scanType", "showPmfSurvey"];
        let tenants = self.keep(&TenantsEndpoint).await?;
        let reader = RowReader::of_members(&NEW);
        let mut rows = tenants.rows().filter_map(|row| reader.read(row).ok()).peekable();
        if tenants.is_paged && rows.peek().is_none() {
            return Ok(None);
        }
        Ok(Some(tenants.is_paged && rows.any(|row| NEW.iter().any(|name| row.get(*name).is_some()))))
    }

    /// Acts in this tenant from now on, or in the login's.
    pub(crate) fn act_in(&mut self, tenant: Option<i64>) {
        self.wire.context.tenant = tenant;
    }

    /// The tenant that the command acts in; none where the server chooses it.
    pub(crate) async fn tenant(&mut self) -> Result<Option<i64>, Failure> {
        let login = self.wire.session.login(&self.wire.context).await?;
        Ok(self.wire.context.tenant.or(login.default_tenant))
    }
}

type Lists<'a> = stream::BoxStream<'a, Result<KeptList, Failure>>;

fn each<'a, E: Endpoint>(wire: &'a Wire<'_>, endpoints: &'a [E]) -> Lists<'a> {
    stream::iter(endpoints)
        .map(move |endpoint| async move {
            let mut request = endpoint.request(DeviceForm::LATEST, &mut Vec::new());
            if let Some(size) = endpoint.page_size() {
                request.query.push((size.parameter, size.rows.to_string()));
            }
            keep(wire, endpoint, &request).await
        })
        .buffered(wire.limits().requests_in_flight)
        .boxed()
}

async fn keep(wire: &Wire<'_>, endpoint: &dyn Endpoint, request: &VendorRequest) -> Result<KeptList, Failure> {
    let (mut keeper, mut totals) = (Keeper::default(), Totals::silent());
    read_whole(wire, endpoint, request, &mut totals, &mut keeper).await?;
    let (duplicates, is_paged) = (totals.duplicates(), totals.is_paged());
    Ok(KeptList { pages: keeper.0, missing: totals.missing, duplicates, is_paged })
}

/// Passes rows on, one at a time.
struct RowForwarder<F>(F);

#[async_trait]
impl<F: FnMut(&str) -> Result<(), SinkError> + Send> Sink for RowForwarder<F> {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        page.rows().try_for_each(&mut self.0)
    }
}

/// Keeps the pages of one list.
#[derive(Default)]
struct Keeper(Vec<ReplyPage>);

#[async_trait]
impl Sink for Keeper {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        self.0.push(page);
        Ok(())
    }
}
