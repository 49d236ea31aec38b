// The mean of a window's units.
import package::layer::POOL_SIZE;
import package::pool::unit;

fn pooled(corner: u32) -> f32 {
  var sum = 0.0;
  for (var k = 0u; k < POOL_SIZE * POOL_SIZE; k++) { sum += unit(corner, k); }
  return sum / f32(POOL_SIZE * POOL_SIZE);
}

// What flows to unit k of the window.
fn share(corner: u32, k: u32) -> f32 { return 1.0 / f32(POOL_SIZE * POOL_SIZE); }
