// The mean of a window's units.
import package::layer::POOL_SIZE;
import package::pool::{set_d_unit, unit};

const WINDOW = POOL_SIZE * POOL_SIZE;

fn pooled(corner: u32) -> f32 {
  var sum = 0.0;
  for (var k = 0u; k < WINDOW; k++) { sum += unit(corner, k); }
  return sum / f32(WINDOW);
}

// d flows to all alike.
fn flow_back(corner: u32, d: f32) {
  for (var k = 0u; k < WINDOW; k++) { set_d_unit(corner, k, d / f32(WINDOW)); }
}
