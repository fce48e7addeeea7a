//! Which of the vendor's two API generations an instance speaks, and how to tell.

use serde_json::value::RawValue;

/// A generation of the vendor's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Lists of tenants, attack avenues and vulnerabilities are arrays; the filter is `risk_level`.
    Legacy,
    /// They are page objects; risk levels have new names, and there are API keys.
    Current,
}

impl Generation {
    /// The generation that answers List Tenants like this: with an array, or with a page object.
    pub(crate) fn of_tenants_reply(body: &str) -> Option<Self> {
        let body: &RawValue = serde_json::from_str(body).ok()?;
        match body.get().as_bytes().first()? {
            b'[' => Some(Self::Legacy),
            b'{' if body.get().contains("\"items\"") => Some(Self::Current),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_the_tenants_tells_the_generation() {
        let of = Generation::of_tenants_reply;
        assert_eq!(of(" [] "), Some(Generation::Legacy));
        assert_eq!(of(r#"{"page":1,"items":[]}"#), Some(Generation::Current));
        assert_eq!(of(r#"{"status":"ok"}"#), None);
        assert_eq!(of("<html>"), None);
        assert_eq!(of(""), None);
    }
}
