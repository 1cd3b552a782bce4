//! By how much one delivery changes a destination's window (SCHEDULER_README, concurrency feedback).

/// A number from 0 to 1, perhaps divided by the present concurrency or its square root.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Feedback {
    value: f64,
    per: Per,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Per {
    Delivery,
    Concurrency,
    SquareRoot,
}

impl Feedback {
    /// One for each delivery.
    pub const ONE: Self = Self {
        value: 1.0,
        per: Per::Delivery,
    };

    /// Read `number`, `number / concurrency` or `number / sqrt_concurrency`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, per) = match text.split_once('/') {
            None => (text, Per::Delivery),
            Some((number, per)) => match per.trim() {
                "concurrency" => (number, Per::Concurrency),
                "sqrt_concurrency" => (number, Per::SquareRoot),
                _ => return None,
            },
        };
        let value: f64 = number.trim().parse().ok()?;
        (0.0..=1.0).contains(&value).then_some(Self { value, per })
    }

    /// What one delivery counts at that concurrency.
    #[must_use]
    pub fn at(self, concurrency: usize) -> f64 {
        let concurrency = f64::from(u32::try_from(concurrency.max(1)).unwrap_or(u32::MAX));
        match self.per {
            Per::Delivery => self.value,
            Per::Concurrency => self.value / concurrency,
            Per::SquareRoot => self.value / concurrency.sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms() {
        let at = |text, concurrency| Feedback::parse(text).map(|feedback| feedback.at(concurrency));
        assert_eq!(at("1", 7), Some(1.0));
        assert_eq!(at("1/concurrency", 4), Some(0.25));
        assert_eq!(at("0.5 / sqrt_concurrency", 4), Some(0.25));
        assert_eq!(at("2", 1), None);
        assert_eq!(at("-1", 1), None);
        assert_eq!(at("1/mood", 1), None);
        assert_eq!(at("", 1), None);
    }
}
