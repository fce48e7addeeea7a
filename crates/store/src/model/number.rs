//! The rule for numbers of incidents and cases, such as `20210127-198`.
//!
//! Commands take lists of numbers with commas between them and take away blanks around each, so a number holds neither.

use soar_connector::name::quoted;

use super::name::unseen;

/// The longest number, in characters.
const LONGEST_NUMBER: usize = 100;

/// A number as it is kept: without blanks around it.
///
/// # Errors
/// What was expected, and what was found.
pub fn checked_number(number: &str) -> Result<String, String> {
    let trimmed = number.trim();
    let expected = if trimmed.is_empty() {
        "text".to_owned()
    } else if trimmed.chars().count() > LONGEST_NUMBER {
        format!("at most {LONGEST_NUMBER} characters")
    } else if trimmed.contains(|c: char| c == ',' || c.is_whitespace()) || unseen(trimmed).is_some() {
        "a number without blanks, commas and characters that cannot be seen".to_owned()
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
