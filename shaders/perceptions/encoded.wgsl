// Perception through an encoder of frozen layers: encode.wgsl has put its activity into every row
// before the lifetime begins.
import package::shape::{ENCODER_POOLS, LANES, WIDTH, X_AT};
import package::memory::{activity, adjoint, lane, set_activity};
import package::activation::slope;
import package::team::team_barrier;

fn perceive(first: u32, stride: u32, sample: u32, count: u32) {}

// Leaves d_z of the encoder's last layer in place of its activity, or d_x where it pools, for its
// adjoint.
fn perceive_adjoint(first: u32, stride: u32, count: u32) {
  for (var k = lane; k < count * WIDTH[0]; k += LANES) {
    let at = k / WIDTH[0] * stride + X_AT[0] + k % WIDTH[0];
    let slope_of_x = select(slope(activity(first + at)), 1.0, ENCODER_POOLS);
    set_activity(first + at, slope_of_x * adjoint(at));
  }
  team_barrier();
}
