//! A place in a list that is longer than the screen.

/// A step through a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

/// How long a list is, and how much of it the screen shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::dashboard) struct Extent {
    pub(in crate::dashboard) rows: usize,
    pub(in crate::dashboard) page: usize,
}

/// The selected row of a list, and the first one that is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::dashboard) struct List {
    pub(in crate::dashboard) selected: usize,
    pub(in crate::dashboard) top: usize,
    extent: Extent,
}

impl List {
    /// Keeps the selected row within the list and on the screen.
    pub(super) fn fit(&mut self, extent: Extent) {
        self.extent = extent;
        let page = extent.page.max(1);
        self.selected = self.selected.min(extent.rows.saturating_sub(1));
        let lowest = self.selected.saturating_sub(page - 1);
        self.top = self.top.clamp(lowest, self.selected).min(extent.rows.saturating_sub(page));
    }

    /// Moves the selected row.
    pub(super) fn go(&mut self, motion: Motion) {
        let (page, last) = (self.extent.page.max(1), self.extent.rows.saturating_sub(1));
        let place = match motion {
            Motion::Up => self.selected.saturating_sub(1),
            Motion::Down => self.selected.saturating_add(1),
            Motion::PageUp => self.selected.saturating_sub(page),
            Motion::PageDown => self.selected.saturating_add(page),
            Motion::First => 0,
            Motion::Last => last,
        };
        self.selected = place.min(last);
        self.fit(self.extent);
    }

    /// How many rows the screen shows.
    pub(super) fn page(&self) -> usize {
        self.extent.page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rows: usize, page: usize) -> List {
        let mut list = List::default();
        list.fit(Extent { rows, page });
        list
    }

    #[test]
    fn the_selected_row_stays_in_the_list_and_on_the_screen() {
        let mut list = list(100, 10);
        let mut at = |motion| {
            list.go(motion);
            (list.top, list.selected)
        };
        assert_eq!(at(Motion::Up), (0, 0));
        assert_eq!(at(Motion::PageDown), (1, 10));
        assert_eq!(at(Motion::Up), (1, 9));
        assert_eq!(at(Motion::Last), (90, 99));
        assert_eq!(at(Motion::Down), (90, 99));
        assert_eq!(at(Motion::First), (0, 0));
    }

    #[test]
    fn a_list_that_shrinks_takes_the_place_with_it() {
        let mut list = list(100, 10);
        list.go(Motion::Last);
        list.fit(Extent { rows: 3, page: 10 });
        assert_eq!((list.top, list.selected), (0, 2));
        list.fit(Extent { rows: 0, page: 0 });
        assert_eq!((list.top, list.selected), (0, 0));
    }
}
