// The largest unit of a window (LeCun et al. 1998); of equals the first has it.
import package::layer::POOL_SIZE;
import package::pool::unit;

fn pooled(corner: u32) -> f32 { return unit(corner, first_largest(corner)); }

// What flows to unit k of the window, row by row.
fn share(corner: u32, k: u32) -> f32 { return select(0.0, 1.0, k == first_largest(corner)); }

fn first_largest(corner: u32) -> u32 {
  var best = 0u;
  for (var k = 1u; k < POOL_SIZE * POOL_SIZE; k++) {
    if (unit(corner, k) > unit(corner, best)) { best = k; }
  }
  return best;
}
