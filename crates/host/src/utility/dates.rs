//! Dates in D3's documented formats, in the time zone of a site.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use soar_store::model::{Moment, Site};

/// The time zone of a site; UTC for an unknown time zone.
fn zone(site: &Site) -> TimeZone {
    TimeZone::get(&site.time_zone).unwrap_or(TimeZone::UTC)
}

fn shown(format: &str, at: Moment, zone: TimeZone) -> String {
    Timestamp::from_millisecond(at.0).map(|time| time.to_zoned(zone).strftime(format).to_string()).unwrap_or_default()
}

/// `01/27/2021 06:08 AM PST`.
pub(super) fn context_date(at: Moment, site: &Site) -> String {
    shown("%m/%d/%Y %I:%M %p %Z", at, zone(site))
}

/// `Jan 27, 2021 06:08 AM PST`.
pub(super) fn table_date(at: Moment, site: &Site) -> String {
    shown("%b %d, %Y %I:%M %p %Z", at, zone(site))
}

/// `2021-01-27 14:08:00`, in UTC.
pub(super) fn utc_date(at: Moment) -> String {
    shown("%Y-%m-%d %H:%M:%S", at, TimeZone::UTC)
}

/// The day in the time zone of a site, the beginning of incident numbers: `20210127`.
#[must_use]
pub fn day_of(at: Moment, site: &Site) -> String {
    shown("%Y%m%d", at, zone(site))
}

/// Parses a date of the form `yyyy-MM-dd HH:mm:ss` in `zone`.
///
/// # Errors
/// The expected form and the found text.
pub fn parse_date_time(text: &str, zone: &TimeZone) -> Result<Moment, String> {
    let problem = || {
        let found = soar_connector::name::quoted(text);
        format!("expected a date and time as yyyy-MM-dd HH:mm:ss, such as 2021-01-27 14:08:00, found {found}")
    };
    let shape: Vec<usize> = text.trim().split(['-', ' ', ':']).map(str::len).collect();
    if shape != [4, 2, 2, 2, 2, 2] {
        return Err(problem());
    }
    let time = DateTime::strptime("%Y-%m-%d %H:%M:%S", text.trim()).map_err(|_| problem())?;
    Ok(Moment(time.to_zoned(zone.clone()).map_err(|_| problem())?.timestamp().as_millisecond()))
}

/// Parses a time zone: `(GMT-08:00) Pacific Standard Time`, `(UTC+00:00) …`, or an IANA name.
pub(super) fn parse_zone(text: &str) -> Result<TimeZone, String> {
    let problem = || {
        let found = soar_connector::name::quoted(text);
        format!("expected a time zone such as (GMT-08:00) Pacific Standard Time or America/Vancouver, found {found}")
    };
    let text = text.trim();
    let Some(offset) = text.strip_prefix("(GMT").or_else(|| text.strip_prefix("(UTC")) else {
        return TimeZone::get(text).map_err(|_| problem());
    };
    let (offset, _) = offset.split_once(')').ok_or_else(problem)?;
    if offset.is_empty() {
        return Ok(TimeZone::UTC);
    }
    let sign = match offset.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Err(problem()),
    };
    let (hours, minutes) = offset.get(1..).and_then(|time| time.split_once(':')).ok_or_else(problem)?;
    let (hours, minutes): (i32, i32) =
        hours.parse().ok().zip(minutes.parse().ok()).filter(|(h, m)| *h <= 14 && *m < 60).ok_or_else(problem)?;
    Offset::from_seconds(sign * (hours * 60 + minutes) * 60).map(TimeZone::fixed).map_err(|_| problem())
}

#[cfg(test)]
mod tests {
    use super::*;
    use soar_store::model::{SiteId, SiteKind};

    fn site(time_zone: &str) -> Site {
        let name = "Security Operations".to_owned();
        let (description, language) = (String::new(), "en".to_owned());
        let (time_zone, kind) = (time_zone.to_owned(), SiteKind::Internal);
        Site { id: SiteId(1), name, kind, description, time_zone, language, active: true, deactivated_by: None }
    }

    #[test]
    fn dates_are_as_the_documents_write_them_in_summer_and_winter() {
        let vancouver = site("America/Vancouver");
        assert_eq!(context_date(Moment(1_611_756_480_000), &vancouver), "01/27/2021 06:08 AM PST");
        assert_eq!(table_date(Moment(1_611_756_480_000), &vancouver), "Jan 27, 2021 06:08 AM PST");
        assert_eq!(context_date(Moment(1_625_148_480_000), &vancouver), "07/01/2021 07:08 AM PDT");
        assert_eq!(day_of(Moment(1_611_734_400_000), &vancouver), "20210127");
        assert_eq!(day_of(Moment(1_611_734_399_999), &site("Asia/Tokyo")), "20210127");
        assert_eq!(context_date(Moment(0), &site("Nowhere/At all")), "01/01/1970 12:00 AM UTC");
    }

    #[test]
    fn input_dates_are_read_in_their_zone_and_nothing_else_is_one() {
        assert_eq!(parse_date_time("2021-01-27 14:08:00", &TimeZone::UTC), Ok(Moment(1_611_756_480_000)));
        let pacific = parse_zone("(GMT-08:00) Pacific Standard Time").unwrap();
        assert_eq!(parse_date_time("2021-01-27 06:08:00", &pacific), Ok(Moment(1_611_756_480_000)));
        for bad in ["2021-1-27 14:08:00", "2021-02-30 00:00:00", "yesterday", "2021-01-27", "", "9999-99-99 99:99:99"] {
            assert!(parse_date_time(bad, &TimeZone::UTC).unwrap_err().contains("yyyy-MM-dd HH:mm:ss"), "{bad}");
        }
        for bad in ["(GMT", "(GMT?08:00)", "(GMT-99:00) x", "(UTC+1)", "Nowhere"] {
            assert!(parse_zone(bad).is_err(), "{bad}");
        }
    }
}
