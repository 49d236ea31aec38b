// y, what the neurons answered, is the second left factor.
import package::shape::{BATCH, BELOW, LANES, NEURON_AT, POST, RECORD, WIDTH};
import package::memory::{
  activity, add_adjoints, adjoint, adjoint4, answered_at, four, lane, set_activity
};

fn fill(l: u32, first: u32) {
  let n = WIDTH[l + 1u];
  let from_ = first + answered_at(l + 1u);
  let to = first + POST + NEURON_AT[l];
  for (var k = lane; k < BATCH * n; k += LANES) {
    let at = k / n * RECORD + k % n;
    set_activity(to + at, activity(from_ + at));
  }
}

// Its right factor; `at`: where that of e lies.
fn set_right(at: u32, value: f32) { set_activity(at + BELOW, value); }
fn d_right(at: u32) -> f32 { return adjoint(at + BELOW); }

// What neurons i … i + 3 answered is told d_y.
fn post_adjoint(l: u32, row: u32, i: u32, n: u32) {
  add_adjoints(row + answered_at(l + 1u), i, n, adjoint4(row + POST + NEURON_AT[l] + four(i, n)));
}
