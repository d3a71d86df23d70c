//! The times of MDTM: `YYYYMMDDHHMMSS[.sss]` in UTC (RFC 3659 §2.3).

use std::fmt;

use thiserror::Error;

/// A moment in UTC.
///
/// ```
/// use protocol::Timestamp;
///
/// let time = Timestamp::parse(b"19980615100045.014").unwrap();
/// assert_eq!((time.year, time.second, time.fraction.as_str()), (1998, 45, "014"));
/// assert_eq!(time.to_string(), "19980615100045.014");
/// assert_eq!(Timestamp::from_unix(897_904_845).to_string(), "19980615100045");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    /// The year, 0 to 9999.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
    /// The second, 0 to 60: a leap second is a second.
    pub second: u8,
    /// The digits of the fraction of the second; their number says how exact it is.
    pub fraction: String,
}

impl Timestamp {
    /// The most digits of a fraction that are taken. RFC 3659 sets no limit; none of ours is finer than this.
    pub const FRACTION_LIMIT: usize = 18;

    /// Parses a time.
    ///
    /// # Errors
    /// When it does not have 14 digits, or a fraction without digits, or a part is out of its range.
    pub fn parse(octets: &[u8]) -> Result<Self, TimestampError> {
        let (digits, fraction) = octets.split_at_checked(14).ok_or(TimestampError::Form)?;
        let fraction = match fraction {
            [] => "",
            [b'.', digits @ ..] if (1..=Self::FRACTION_LIMIT).contains(&digits.len()) && all_digits(digits) => {
                std::str::from_utf8(digits).map_err(|_| TimestampError::Form)?
            }
            _ => return Err(TimestampError::Form),
        };
        if !all_digits(digits) {
            return Err(TimestampError::Form);
        }
        let mut pairs =
            digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |number, digit| number * 10 + digit - b'0'));
        let mut next = || pairs.next().ok_or(TimestampError::Form);
        let year = u16::from(next()?) * 100 + u16::from(next()?);
        let time = Self {
            year,
            month: next()?,
            day: next()?,
            hour: next()?,
            minute: next()?,
            second: next()?,
            fraction: fraction.to_owned(),
        };
        if time.is_within_ranges() { Ok(time) } else { Err(TimestampError::Range) }
    }

    /// The moment so many seconds after 1970-01-01 00:00:00 UTC. What is outside of the years 0 to 9999 becomes the
    /// nearest that is inside.
    pub fn from_unix(seconds: i64) -> Self {
        const SECONDS_A_DAY: i64 = 86_400;
        const YEAR_0: i64 = -62_167_219_200;
        const END_OF_YEAR_9999: i64 = 253_402_300_799;
        let seconds = seconds.clamp(YEAR_0, END_OF_YEAR_9999);
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_A_DAY));
        let of_day = seconds.rem_euclid(SECONDS_A_DAY);
        Self {
            year,
            month,
            day,
            hour: small(of_day / 3600),
            minute: small(of_day / 60 % 60),
            second: small(of_day % 60),
            fraction: String::new(),
        }
    }

    /// So many seconds after 1970-01-01 00:00:00 UTC; the fraction is left out. A leap second is the second behind it, for this
    /// count has no room for one.
    ///
    /// ```
    /// use protocol::Timestamp;
    ///
    /// assert_eq!(Timestamp::parse(b"19980615100045.014").unwrap().to_unix(), 897_904_845);
    /// ```
    pub fn to_unix(&self) -> i64 {
        let days = days_from_civil(self.year, self.month, self.day);
        ((days * 24 + i64::from(self.hour)) * 60 + i64::from(self.minute)) * 60 + i64::from(self.second)
    }

    fn is_within_ranges(&self) -> bool {
        (1..=12).contains(&self.month)
            && (1..=days_of_month(self.year, self.month)).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second <= 60
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second, fraction } = self;
        write!(formatter, "{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")?;
        if fraction.is_empty() { Ok(()) } else { write!(formatter, ".{fraction}") }
    }
}

/// What is wrong with a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TimestampError {
    /// Not the digits of a time.
    #[error("a time is written YYYYMMDDHHMMSS, with .sss behind it or not")]
    Form,
    /// No such day or hour.
    #[error("there is no such moment")]
    Range,
}

fn all_digits(octets: &[u8]) -> bool {
    octets.iter().all(u8::is_ascii_digit)
}

fn days_of_month(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 31,
    }
}

/// The day of the Gregorian calendar so many days after 1970-01-01.
///
/// Years are counted from March, so that the day a leap year adds is the last one; 146 097 days are 400 years.
fn civil_from_days(days: i64) -> (u16, u8, u8) {
    let from_march_0 = days + 719_468;
    let era = from_march_0.div_euclid(146_097);
    let day_of_era = from_march_0.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (u16::try_from(year).unwrap_or_default(), small(month), small(day))
}

/// The other way round.
fn days_from_civil(year: u16, month: u8, day: u8) -> i64 {
    // January and February are the last months of the year before.
    let (year, month_from_march) =
        if month > 2 { (i64::from(year), i64::from(month) - 3) } else { (i64::from(year) - 1, i64::from(month) + 9) };
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let year_of_era = year.rem_euclid(400);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    year.div_euclid(400) * 146_097 + day_of_era - 719_468
}

/// A number that arithmetic has made smaller than 256.
fn small(number: i64) -> u8 {
    u8::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::epoch(0, "19700101000000")]
    #[case::before_it(-1, "19691231235959")]
    #[case::leap_day(951_782_400, "20000229000000")]
    #[case::no_leap_day_in_2100(4_107_542_400, "21000301000000")]
    #[case::rfc_3659(897_904_845, "19980615100045")]
    #[case::last(253_402_300_799, "99991231235959")]
    #[case::too_late(i64::MAX, "99991231235959")]
    #[case::first(i64::MIN, "00000101000000")]
    fn from_unix(#[case] seconds: i64, #[case] text: &str) {
        assert_eq!(Timestamp::from_unix(seconds).to_string(), text);
        assert_eq!(Timestamp::parse(text.as_bytes()), Ok(Timestamp::from_unix(seconds)));
        let is_within_years = (-62_167_219_200..=253_402_300_799).contains(&seconds);
        assert!(!is_within_years || Timestamp::from_unix(seconds).to_unix() == seconds);
    }

    #[rstest]
    #[case::short("1998061510004", TimestampError::Form)]
    #[case::long("199806151000450", TimestampError::Form)]
    #[case::letters("1998061510004x", TimestampError::Form)]
    #[case::bare_dot("19980615100045.", TimestampError::Form)]
    #[case::endless("19980615100045.0000000000000000000", TimestampError::Form)]
    #[case::month_13("19981315100045", TimestampError::Range)]
    #[case::no_such_day("19990229100045", TimestampError::Range)]
    #[case::hour_24("19980615240045", TimestampError::Range)]
    #[case::second_61("19980615100061", TimestampError::Range)]
    fn no_time(#[case] text: &str, #[case] error: TimestampError) {
        assert_eq!(Timestamp::parse(text.as_bytes()), Err(error));
    }

    #[test]
    fn a_leap_second_is_a_second() {
        assert_eq!(Timestamp::parse(b"19981231235960").map(|time| time.second), Ok(60));
    }
}
