//! How far the work is that a run has started in the product.

use std::time::Duration;

use soar_store::model::RunFollowing;

use crate::parts::ProgressPanel;
use crate::visit::Page;

/// The progress of a run's work in the product.
pub(in crate::pages) fn progress(page: &Page, following: &RunFollowing) -> ProgressPanel {
    let mut text = format!("The product says: {}", following.status);
    if let Some(percent) = following.percent {
        text.push_str(&format!(", {percent} % done"));
    }
    let (waited, limit) = (in_words(following.waited_seconds), in_words(following.limit_seconds));
    text.push_str(&format!(". The host follows the work since {waited}, for {limit} at most."));
    if let Some(problem) = &following.problem {
        text.push_str(&format!(" The last question had no answer: {problem}"));
    }
    let wait = Duration::from_millis(u64::try_from(following.next_at.milliseconds_since(page.now())).unwrap_or(0));
    text.push_str(&match wait.as_secs() {
        0 => " The host asks again now.".to_owned(),
        seconds => format!(" The host asks again in {}.", in_words(seconds)),
    });
    ProgressPanel::new(text, following.percent)
}

/// A duration in its largest whole unit.
fn in_words(seconds: u64) -> String {
    let (count, unit) = match seconds {
        ..120 => (seconds, "s"),
        120..7_200 => (seconds / 60, "min"),
        _ => (seconds / 3_600, "h"),
    };
    format!("{count} {unit}")
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn durations_are_shown_in_their_largest_whole_unit() {
        assert_eq!(
            [0, 119, 120, 7_199, 7_200, 86_400].map(in_words),
            ["0 s", "119 s", "2 min", "119 min", "2 h", "24 h"]
        );
    }
}
