//! Splits of a series in two, and the likelihood ratio of a split.

/// One yes-or-no question about the values of a series, counted by block.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Channel {
    /// The index of the series.
    pub series: usize,
    /// The values for which the answer is yes.
    pub test: Test,
    /// The counts of each block of the history.
    pub blocks: Vec<Tally>,
}

/// Which values count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Test {
    /// Values larger than this one.
    Above(u64),
    /// Zero.
    Absent,
}

/// How many values there are, and for how many of them the answer is yes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally {
    pub above: u32,
    pub all: u32,
}

/// A split of a sequence of blocks in two.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Split {
    /// The index in the sequence of the first block after the split.
    pub at: usize,
    /// Twice the logarithm of the likelihood ratio of two rates to one.
    pub ratio: f64,
    pub before: Tally,
    pub after: Tally,
}

/// `x * ln(x)` of whole numbers, since a search needs millions of them.
pub(super) struct LogTable(Vec<f64>);

impl Test {
    pub fn holds(self, amount: u64) -> bool {
        match self {
            Self::Above(least) => amount > least,
            Self::Absent => amount == 0,
        }
    }
}

impl Tally {
    /// The part for which the answer is yes: 0 to 1.
    pub fn rate(self) -> f64 {
        f64::from(self.above) / f64::from(self.all.max(1))
    }

    pub fn add(&mut self, other: Self) {
        self.above += other.above;
        self.all += other.all;
    }

    const fn without(self, other: Self) -> Self {
        Self { above: self.above - other.above, all: self.all - other.all }
    }

    /// Whether the rate is higher than that of `other`.
    fn exceeds(self, other: Self) -> bool {
        u64::from(self.above) * u64::from(other.all) > u64::from(other.above) * u64::from(self.all)
    }
}

impl Channel {
    /// The split of `order`, a sequence of blocks, with the highest likelihood ratio, of those after
    /// which the rate is higher, or with `rising` false lower; `None` when there is none.
    pub fn split(&self, order: &[usize], logs: &LogTable, rising: bool) -> Option<Split> {
        let mut total = Tally::default();
        order.iter().for_each(|block| total.add(self.blocks[*block]));
        if total.above == 0 || total.above == total.all {
            return None;
        }
        let together = logs.likelihood(total);
        let (mut best, mut after) = (None::<Split>, Tally::default());
        for (at, block) in order.iter().enumerate().skip(1).rev() {
            let added = self.blocks[*block];
            if added.all == 0 {
                continue;
            }
            after.add(added);
            let before = total.without(after);
            let (high, low) = if rising { (after, before) } else { (before, after) };
            if before.all == 0 || !high.exceeds(low) {
                continue;
            }
            let ratio = 2.0 * (logs.likelihood(before) + logs.likelihood(after) - together);
            if best.is_none_or(|best| ratio > best.ratio) {
                best = Some(Split { at, ratio, before, after });
            }
        }
        best
    }
}

impl LogTable {
    /// A table for numbers up to `most`.
    pub fn new(most: usize) -> Self {
        let log = |number: usize| (number as f64) * libm::log(number.max(1) as f64);
        Self((0..=most).map(log).collect())
    }

    /// The logarithm of the largest likelihood of `tally` by one rate.
    fn likelihood(&self, tally: Tally) -> f64 {
        let of = |number: u32| self.0[number as usize];
        of(tally.above) + of(tally.all - tally.above) - of(tally.all)
    }
}
