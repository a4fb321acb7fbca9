//! The one integration binary: everything that is tested from outside the library.

mod expr;
