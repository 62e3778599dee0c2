//! Which baseball day it is.
use time::Date;
/// A baseball day.
pub type Day = Date;
