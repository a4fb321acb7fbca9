//! Where it is noted what becomes of connections: among those of all groups, and apart where somebody asks for it.

use crate::metrics::Connections;
use std::{cell::RefCell, rc::Rc};

/// Figures of the connections of one group.
#[derive(Clone, Debug)]
pub(in crate::driver) struct Figures {
    all: Rc<RefCell<Connections>>,
    own: Option<Rc<RefCell<Connections>>>,
}

impl Figures {
    /// Figures among `all`, and in `own` where they are kept apart.
    pub(super) fn new(all: &Rc<RefCell<Connections>>, own: Option<&Rc<RefCell<Connections>>>) -> Self {
        Self { all: Rc::clone(all), own: own.map(Rc::clone) }
    }

    /// Notes something.
    pub(in crate::driver) fn note(&self, what: impl Fn(&mut Connections)) {
        what(&mut self.all.borrow_mut());
        if let Some(own) = &self.own {
            what(&mut own.borrow_mut());
        }
    }
}
