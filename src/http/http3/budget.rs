//! Bytes that a peer may make `h3` read and keep.

use std::cell::Cell;

/// Bytes that may still be read.
pub(super) struct ReadBudget {
    left: Cell<usize>,
    is_spent: Cell<bool>,
    most: usize,
}

impl ReadBudget {
    pub fn new(most: usize) -> Self {
        ReadBudget { left: Cell::new(most), is_spent: Cell::new(false), most }
    }

    /// Takes this many bytes. Returns false if there are not so many left.
    pub fn spend(&self, bytes: usize) -> bool {
        let left = self.left.get().checked_sub(bytes);
        self.left.set(left.unwrap_or(0));
        self.is_spent.set(self.is_spent.get() || left.is_none());
        left.is_some()
    }

    /// Whether more was asked for than there was.
    pub fn is_spent(&self) -> bool {
        self.is_spent.get()
    }

    /// Adds some, at most up to the first amount.
    pub fn earn(&self, bytes: usize) {
        self.left.set(self.most.min(self.left.get().saturating_add(bytes)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_and_never_grows_beyond_its_first_amount() {
        let budget = ReadBudget::new(10);
        assert!(budget.spend(4) && budget.spend(6) && budget.spend(0) && !budget.is_spent());
        assert!(!budget.spend(1) && budget.is_spent());
        budget.earn(3);
        assert!(!budget.spend(4), "too many");
        assert!(!budget.spend(1), "and then none is left");
        budget.earn(usize::MAX);
        assert!(budget.spend(10) && !budget.spend(1));
    }
}
