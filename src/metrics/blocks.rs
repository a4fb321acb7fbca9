//! A queue whose copies share what they hold, so that one a snapshot costs next to nothing.

use std::{collections::VecDeque, sync::Arc};

/// Things in their order, the oldest first.
#[derive(Clone)]
pub(super) struct Blocks<T> {
    /// All are full but for the last one; none is empty.
    blocks: VecDeque<Arc<Vec<T>>>,
    /// How many at the begin of the first block are not kept any more.
    forgotten: usize,
}

impl<T: Clone> Blocks<T> {
    pub(super) fn push(&mut self, thing: T) {
        if self.blocks.back().is_none_or(|last| last.len() == BLOCK) {
            self.blocks.push_back(Arc::new(Vec::with_capacity(BLOCK)));
        }
        if let Some(last) = self.blocks.back_mut() {
            own(last).push(thing);
        }
    }

    pub(super) fn pop_first(&mut self) -> Option<T> {
        let first = self.first()?.clone();
        self.forgotten += 1;
        if self.blocks.front().is_some_and(|block| block.len() == self.forgotten) {
            self.blocks.pop_front();
            self.forgotten = 0;
        }
        Some(first)
    }

    pub(super) fn len(&self) -> usize {
        let last = self.blocks.back().map_or(0, |last| last.len());
        (self.blocks.len().saturating_sub(1) * BLOCK + last).saturating_sub(self.forgotten)
    }

    pub(super) fn first(&self) -> Option<&T> {
        self.blocks.front()?.get(self.forgotten)
    }

    pub(super) fn last(&self) -> Option<&T> {
        self.blocks.back()?.last()
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut T> {
        own(self.blocks.back_mut()?).last_mut()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flat_map(|block| block.iter()).skip(self.forgotten)
    }

    /// Those after the ones at the begin of which `is_before` is true.
    pub(super) fn after(&self, is_before: impl Fn(&T) -> bool) -> impl Iterator<Item = &T> {
        let passed = self.blocks.partition_point(|block| block.last().is_none_or(&is_before));
        let forgotten = if passed == 0 { self.forgotten } else { 0 };
        let rest = self.blocks.range(passed..).flat_map(|block| block.iter()).skip(forgotten);
        rest.skip_while(move |thing| is_before(thing))
    }
}

/// The block to write to: a copy, with the room of a full one, where somebody else holds it too.
fn own<T: Clone>(block: &mut Arc<Vec<T>>) -> &mut Vec<T> {
    if Arc::get_mut(block).is_none() {
        let mut copy = Vec::with_capacity(BLOCK);
        copy.extend_from_slice(block);
        *block = Arc::new(copy);
    }
    Arc::make_mut(block)
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self { blocks: VecDeque::new(), forgotten: 0 }
    }
}

/// What is copied at most when something is added while a snapshot is looked at.
const BLOCK: usize = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_stays_in_its_order() {
        let mut blocks = Blocks::default();
        for number in 0..1_000_u64 {
            blocks.push(number);
            let oldest = if blocks.len() > 70 { blocks.pop_first() } else { None };
            assert_eq!(oldest, (number >= 70).then(|| number - 70));
            let first = (number + 1).saturating_sub(70);
            assert!(blocks.iter().copied().eq(first..=number));
            assert_eq!(blocks.len(), blocks.iter().count());
            assert_eq!((blocks.first(), blocks.last()), (Some(&first), Some(&number)));
        }
        assert!(blocks.blocks.len() <= 70 / BLOCK + 2, "{} blocks", blocks.blocks.len());
        while blocks.pop_first().is_some() {}
        assert!(blocks.blocks.is_empty() && blocks.len() == 0);
    }

    #[test]
    fn a_copy_stays_as_it_was_and_shares_all_full_blocks() {
        let mut blocks = Blocks::default();
        (1..=70_u64).for_each(|number| blocks.push(number));
        let copy = blocks.clone();
        blocks.push(71);
        *blocks.last_mut().expect("71") += 1;
        assert_eq!((copy.last(), copy.len(), blocks.last(), blocks.len()), (Some(&70), 70, Some(&72), 71));
        let shared = copy.blocks.iter().zip(&blocks.blocks).filter(|(one, other)| Arc::ptr_eq(one, other));
        assert_eq!(shared.count(), 2);
    }

    #[test]
    fn what_comes_after_is_found_wherever_blocks_begin() {
        let mut blocks = Blocks::default();
        (1..=234_u64).for_each(|number| blocks.push(number));
        (1..=34).for_each(|number| assert_eq!(blocks.pop_first(), Some(number)));
        for begin in [0, 34, 35, 59, 60, 61, 100, 233, 234, 999] {
            let expected: Vec<u64> = (35..=234).filter(|number| *number > begin).collect();
            let found: Vec<u64> = blocks.after(|number| *number <= begin).copied().collect();
            assert_eq!(found, expected, "after {begin}");
        }
    }
}
