// d_right, summed over rows: a lane that has a task for itself adds it up on its way through them.
import package::products::{Lefts, add_d_rights};

// asked: does anything ask for it? at: where d_right of the first product lies.
fn tell_right(asked: bool, at: u32, d: vec4f, lefts: Lefts) {
  if (asked) { add_d_rights(at, d, lefts); }
}

fn find_factors(first: u32, t: u32) {}
