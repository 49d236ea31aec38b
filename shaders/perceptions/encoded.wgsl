// Perception through an encoder of frozen layers: encode.wgsl has put its activity into every row
// before the lifetime begins. A convolution of the lifetime looks at a copy of its maps (looks/).
import package::shape::{ENCODED_AT, ENCODER_POOLS, LANES, LOOKS_AT_COPY, WIDTH, X_AT};
import package::looks::pixel_at;
import package::memory::{activity, adjoint, lane, set_activity};
import package::activation::slope;
import package::team::team_barrier;

fn perceive(first: u32, stride: u32, sample: u32, count: u32) {
  if (!LOOKS_AT_COPY) { return; }
  for (var k = lane; k < count * WIDTH[0]; k += LANES) {
    let row = first + k / WIDTH[0] * stride;
    let x = activity(row + ENCODED_AT + k % WIDTH[0]);
    set_activity(row + X_AT[0] + pixel_at(0u, k % WIDTH[0]), x);
  }
  team_barrier();
}

// Leaves d_z of the encoder's last layer in place of its activity, or d_x where it pools, for its
// adjoint.
fn perceive_adjoint(first: u32, stride: u32, count: u32) {
  for (var k = lane; k < count * WIDTH[0]; k += LANES) {
    let row = k / WIDTH[0] * stride;
    let at = row + ENCODED_AT + k % WIDTH[0];
    let slope_of_x = select(slope(activity(first + at)), 1.0, ENCODER_POOLS);
    set_activity(first + at, slope_of_x * adjoint(row + X_AT[0] + pixel_at(0u, k % WIDTH[0])));
  }
  team_barrier();
}
