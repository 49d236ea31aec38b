// 1, the same for every neuron, is the third left factor.
import package::shape::{BATCH, BELOW, LANES, LEFT, NEURONS, NEURON_AT, RECORD, WIDTH};
import package::memory::{adjoint, lane, set_activity};

fn fill(l: u32, first: u32) {
  let n = WIDTH[l + 1u];
  let to = first + LEFT + 2u * NEURONS + NEURON_AT[l];
  for (var k = lane; k < BATCH * n; k += LANES) { set_activity(to + k / n * RECORD + k % n, 1.0); }
}

// Its right factor; `at`: where that of e lies.
fn set_right(at: u32, value: f32) { set_activity(at + 2u * BELOW, value); }
fn d_right(at: u32) -> f32 { return adjoint(at + 2u * BELOW); }
