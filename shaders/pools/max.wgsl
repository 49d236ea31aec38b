// The largest unit of a window (LeCun et al. 1998); of equals the first has it.
import package::layer::POOL_SIZE;
import package::pool::{set_d_unit, unit};

fn pooled(corner: u32) -> f32 { return unit(corner, first_largest(corner)); }

// d flows to the first of the largest.
fn flow_back(corner: u32, d: f32) {
  let largest = first_largest(corner);
  for (var k = 0u; k < POOL_SIZE * POOL_SIZE; k++) {
    set_d_unit(corner, k, select(0.0, d, k == largest));
  }
}

fn first_largest(corner: u32) -> u32 {
  var best = 0u;
  for (var k = 1u; k < POOL_SIZE * POOL_SIZE; k++) {
    if (unit(corner, k) > unit(corner, best)) { best = k; }
  }
  return best;
}
