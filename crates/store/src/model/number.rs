//! The rule for numbers of incidents and cases, such as `20210127-198`.
//!
//! Commands take lists of numbers with commas between them and remove blanks around each. So a number has neither.

use soar_connector::name::quoted;

use super::limits;
use super::name::unseen;

/// A number in the form in which the store keeps it: without blanks around it.
///
/// # Errors
/// A sentence with the expected and the given value.
pub fn checked_number(number: &str) -> Result<String, String> {
    let trimmed = number.trim();
    let expected = if trimmed.is_empty() {
        "text".to_owned()
    } else if limits::NUMBER.check(trimmed).is_err() {
        format!("at most {} characters", limits::NUMBER.characters)
    } else if trimmed.contains(|c: char| c == ',' || c.is_whitespace()) || unseen(trimmed).is_some() {
        "a number without blanks, commas and invisible characters".to_owned()
    } else {
        return Ok(trimmed.to_owned());
    };
    Err(format!("expected {expected}, found {}", quoted(number)))
}

#[cfg(test)]
mod tests {
    use super::checked_number;

    #[test]
    fn blanks_around_a_number_are_no_part_of_it() {
        for number in ["WS-1", " WS-1", "WS-1 \t", "\u{a0}WS-1"] {
            assert_eq!(checked_number(number).as_deref(), Ok("WS-1"));
        }
    }

    #[test]
    fn a_number_that_no_list_can_name_is_refused() {
        for number in ["", " ", "a b", "a,b", ",a", "a\u{ad}b", "a\nb", &"x".repeat(101)] {
            assert!(checked_number(number).is_err(), "{number:?}");
        }
    }
}
