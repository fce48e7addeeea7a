//! Reads forms that come as `multipart/form-data`, as clients of the vendor's generate them for logins.

use std::{collections::BTreeMap, convert::Infallible, future::ready};

use bytes::Bytes;
use futures_util::stream;

/// The texts of the form by name; `None` if the body is no such form.
pub(crate) async fn fields(media_type: &str, body: Bytes) -> Option<BTreeMap<String, String>> {
    let boundary = multer::parse_boundary(media_type).ok()?;
    let mut form = multer::Multipart::new(stream::once(ready(Ok::<_, Infallible>(body))), boundary);
    let mut fields = BTreeMap::new();
    while let Some(field) = form.next_field().await.ok()? {
        if let Some(name) = field.name().map(str::to_owned) {
            fields.insert(name, field.text().await.ok()?);
        }
    }
    Some(fields)
}
