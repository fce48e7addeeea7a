//! Parses the values of flags. Each error says what was expected.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A whole number.
///
/// # Errors
/// A sentence with the expected form.
pub(crate) fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| "expected a whole number".to_owned())
}

/// A parser for a whole number in this range.
pub(crate) fn within<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |text| {
        let inside = number(text).ok().filter(|number| range.contains(number));
        inside.ok_or_else(|| format!("expected a whole number from {} to {}", range.start(), range.end()))
    }
}

/// The address to listen at.
///
/// # Errors
/// A sentence with the expected form.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.trim().parse().map_err(|_| "expected an IP address and a port, such as 127.0.0.1:8080".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_was_expected() {
        assert_eq!(within(1..=1000_i64)("1000"), Ok(1000));
        for text in ["0", "1001", "x", ""] {
            assert_eq!(within(1..=1000_i64)(text), Err("expected a whole number from 1 to 1000".to_owned()));
        }
        assert_eq!(number::<u32>("x"), Err("expected a whole number".to_owned()));
        assert_eq!(address("[::1]:0").unwrap().port(), 0);
        assert!(address("localhost").unwrap_err().ends_with("such as 127.0.0.1:8080"));
    }
}
