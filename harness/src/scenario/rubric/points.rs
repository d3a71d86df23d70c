//! Points, exact to the hundredth.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Points in hundredths, so that parts always sum to their whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, JsonSchema)]
#[schemars(with = "f64")]
pub struct Points(i32);

impl Points {
    /// None.
    pub const ZERO: Self = Self(0);

    /// So many hundredths.
    pub const fn hundredths(hundredths: i32) -> Self {
        Self(hundredths)
    }

    /// Reads `12`, `2.5` or `0.25`.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > 6
            || !digits(whole)
            || !digits(fraction)
            || !(1..=2).contains(&fraction.len())
        {
            return None;
        }
        let whole: i32 = whole.parse().ok()?;
        let hundredths: i32 = format!("{fraction:0<2}").parse().ok()?;
        Some(Self(whole * 100 + hundredths))
    }

    /// So many in hundredths.
    pub const fn in_hundredths(self) -> i32 {
        self.0
    }

    /// `part` of `whole` of them, the half rounded up. Nothing, where the whole is nothing.
    #[must_use]
    pub fn share(self, part: i64, whole: i64) -> Self {
        if whole == 0 {
            return Self::ZERO;
        }
        let exact = i64::from(self.0) * part;
        let rounded = (2 * exact + whole).div_euclid(2 * whole);
        Self(i32::try_from(rounded).unwrap_or(i32::MAX))
    }

    /// Shares them out by weight, to the last hundredth: what rounding leaves goes to the largest remainders, the first
    /// among equals.
    #[must_use]
    pub fn shared_out(self, weights: &[u64]) -> Vec<Self> {
        let whole: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        if whole == 0 {
            return vec![Self::ZERO; weights.len()];
        }
        let points = u128::try_from(self.0).unwrap_or_default();
        let mut parts: Vec<(u128, u128)> = weights
            .iter()
            .map(|weight| (points * u128::from(*weight) / whole, points * u128::from(*weight) % whole))
            .collect();
        let mut left = points - parts.iter().map(|(part, _)| part).sum::<u128>();
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(parts.get(*at).map(|(_, remainder)| *remainder)));
        for at in order {
            if let Some((part, _)) = parts.get_mut(at).filter(|_| left > 0) {
                *part += 1;
                left -= 1;
            }
        }
        parts.into_iter().map(|(part, _)| Self(i32::try_from(part).unwrap_or(i32::MAX))).collect()
    }

    /// The smaller of two.
    #[must_use]
    pub fn at_most(self, most: Self) -> Self {
        self.min(most)
    }

    /// For a table or a file that wants a number. Every hundredth is shown as it is.
    pub fn number(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl Add for Points {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Points {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Points {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        points.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Points {
    /// `12`, `2.5`, `0.25`: no more digits than are needed.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let hundredths = self.0.unsigned_abs();
        let (whole, rest) = (hundredths / 100, hundredths % 100);
        let text = match (rest, rest % 10) {
            (0, _) => format!("{sign}{whole}"),
            (_, 0) => format!("{sign}{whole}.{}", rest / 10),
            (_, _) => format!("{sign}{whole}.{rest:02}"),
        };
        formatter.pad(&text)
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.number())
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        let text = format!("{:.2}", number.abs());
        let points = Self::parse(&text).ok_or_else(|| serde::de::Error::custom("these are no points"))?;
        Ok(if number < 0.0 { Self::ZERO - points } else { points })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::Points;

    #[rstest]
    #[case("12", Some(1200), "12")]
    #[case("2.5", Some(250), "2.5")]
    #[case("0.25", Some(25), "0.25")]
    #[case("0.05", Some(5), "0.05")]
    #[case("1.005", None, "")]
    #[case("-1", None, "")]
    #[case("1e3", None, "")]
    #[case("1.", None, "")]
    #[case(".5", None, "")]
    #[case("1234567", None, "")]
    fn are_read_and_shown(#[case] text: &str, #[case] hundredths: Option<i32>, #[case] shown: &str) {
        let points = Points::parse(text);
        assert_eq!(points.map(Points::in_hundredths), hundredths);
        assert_eq!(points.map(|points| points.to_string()).unwrap_or_default(), shown);
    }

    #[rstest]
    #[case(1000, &[1, 1, 1], &[334, 333, 333])]
    #[case(100, &[2, 1], &[67, 33])]
    #[case(1, &[1, 1], &[1, 0])]
    #[case(500, &[0, 5], &[0, 500])]
    #[case(500, &[0], &[0])]
    #[case(500, &[], &[])]
    fn are_shared_out(#[case] points: i32, #[case] weights: &[u64], #[case] parts: &[i32]) {
        let shared: Vec<_> =
            Points::hundredths(points).shared_out(weights).into_iter().map(Points::in_hundredths).collect();
        assert_eq!(shared, parts);
    }

    #[rstest]
    #[case(1000, 1, 3, 333)]
    #[case(1000, 2, 3, 667)]
    #[case(5, 1, 2, 3)]
    #[case(5, 0, 0, 0)]
    fn a_share_is_rounded_once(#[case] points: i32, #[case] part: i64, #[case] whole: i64, #[case] share: i32) {
        assert_eq!(Points::hundredths(points).share(part, whole).in_hundredths(), share);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(points in 0..1_000_000i32, weights in prop::collection::vec(0..1000u64, 1..50)) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let shared = Points::hundredths(points).shared_out(&weights);
            prop_assert_eq!(shared.iter().copied().sum::<Points>().in_hundredths(), points);
        }
    }
}
