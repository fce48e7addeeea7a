//! Operations on deliveries of changes.

use serde::{Deserialize, Serialize};
use soar_store::model::{Destination, FindingDeliveryId, FindingSequence};
use soar_store::{FindingDelivery, LogPosition};
use utoipa::ToSchema;

use super::super::{Done, OperationError, Operations, RequestContext, Required, boxed};
use crate::Refusal;
use crate::findings::formats::FindingFormat;

/// A new delivery. It sends the changes that its user may see, in batches, each until it arrives.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DeliveryToMake {
    /// The destination: `webhook:NAME`, a webhook of the host's settings.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub destination: String,
    /// The format of a batch; ndjson unless given.
    #[serde(default)]
    #[schema(inline)]
    pub format: Option<FindingFormat>,
    /// Only changes after this number. Changes from now on unless given.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0)]
    pub after: Option<FindingSequence>,
}

/// A delivery.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryShown {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: FindingDelivery,
    /// The number of the last change in the log.
    #[schema(value_type = i64)]
    pub last_sequence: FindingSequence,
}

impl Operations {
    /// All deliveries, and how far they have come.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn list_finding_deliveries(
        &self,
        context: &RequestContext,
    ) -> Result<Vec<DeliveryShown>, OperationError> {
        context.must_administer()?;
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let last_sequence = records.finding_log().await?.last_sequence;
        let all = records.finding_deliveries().await?.into_iter();
        Ok(all.map(|delivery| DeliveryShown { delivery, last_sequence }).collect())
    }

    /// Adds a delivery, in the caller's name.
    ///
    /// # Errors
    /// [`OperationError`] when the destination is not valid, is no webhook of the settings, or has a delivery.
    #[boxed]
    pub async fn create_finding_delivery(
        &self,
        context: &RequestContext,
        wanted: &DeliveryToMake,
    ) -> Result<DeliveryShown, OperationError> {
        let (user, webhooks) = (context.user.id, &self.connections()?.webhooks);
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let refused = |problem: String| Refusal::Because(format!("Destination: {problem}"));
                    let destination: Destination = wanted.destination.trim().parse().map_err(refused)?;
                    if !matches!(destination, Destination::Webhook(_)) {
                        return Err(refused("expected webhook:NAME, a webhook of the host's settings.".to_owned()));
                    }
                    webhooks.check(std::slice::from_ref(&destination), &[], true).map_err(refused)?;
                    let records = &mut change.records;
                    let bounds = records.finding_log().await?;
                    let last_sequence = bounds.last_sequence;
                    let after = match wanted.after {
                        None => last_sequence,
                        Some(FindingSequence(0)) => bounds.pruned_through,
                        Some(after) => after,
                    };
                    if let LogPosition::Pruned(next) | LogPosition::Beyond(next) = records.log_position(after).await? {
                        let why =
                            format!("The log cannot go on from the number {after}. Give {next}, or leave it out.");
                        return Err(Refusal::Because(why));
                    }
                    let format = wanted.format.unwrap_or(FindingFormat::Ndjson).as_str();
                    let name = destination.to_string();
                    let delivery = records.create_finding_delivery(&name, format, user, after).await?;
                    Ok(Done::new(DeliveryShown { delivery, last_sequence }, name))
                })
            })
            .await
    }

    /// Removes a delivery. Changes that have not arrived are not sent.
    ///
    /// # Errors
    /// [`OperationError`] when there is no such delivery.
    #[boxed]
    pub async fn remove_finding_delivery(
        &self,
        context: &RequestContext,
        id: FindingDeliveryId,
    ) -> Result<DeliveryShown, OperationError> {
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let last_sequence = change.records.finding_log().await?.last_sequence;
                    let delivery = change.records.remove_finding_delivery(id).await?;
                    let about = delivery.destination.clone();
                    Ok(Done::new(DeliveryShown { delivery, last_sequence }, about))
                })
            })
            .await
    }
}
