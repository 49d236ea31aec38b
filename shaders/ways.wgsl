// Ways: whose errors M_l carries to the numbers of x_{l−1}, and from where. From the layer above
// they come in every look that sees a number; straight from the output each has its own row of M.
import package::shape::{DEPTH, FAN_IN, FAN_OUT, OUTPUTS, WIDTH};
import package::looks::{
  Cells, Sight, cell_at, looks, neurons_from, reach, seen_from, sight_of, sights
};
import package::path::FROM_OUTPUT;

// The layer whose errors come to x_l, counted as x is, and how many come at once.
fn source_of(l: u32) -> u32 { return select(l + 1u, DEPTH, FROM_OUTPUT); }
fn errors_of(l: u32) -> u32 { return select(FAN_OUT[l], OUTPUTS, FROM_OUTPUT); }

// Rows of M, and how often so many samples send errors through it.
fn way_rows(l: u32) -> u32 {
  if (FROM_OUTPUT) { return WIDTH[l]; }
  return FAN_IN[l];
}
fn way_looks(l: u32, samples: u32) -> u32 {
  if (FROM_OUTPUT) { return samples; }
  return looks(l, samples);
}

// Where the errors of a look begin, counted from the first sample's; where what they come to
// begins, counted from its x_l; and how far behind that number j lies.
fn errors_from(l: u32, look: u32, stride: u32) -> u32 {
  if (FROM_OUTPUT) { return look * stride; }
  return neurons_from(l, look, stride);
}
fn way_from(l: u32, look: u32, stride: u32) -> u32 {
  if (FROM_OUTPUT) { return look * stride; }
  return seen_from(l, look, stride);
}
fn way_reach(l: u32, j: u32) -> u32 {
  if (FROM_OUTPUT) { return cell_at(l, j); }
  return reach(l, j);
}

// Who sends errors to cells of x_l, one after the other.
fn ways(l: u32) -> u32 {
  if (FROM_OUTPUT) { return 1u; }
  return sights(l);
}
fn way_of(l: u32, cells: Cells, s: u32) -> Sight {
  if (FROM_OUTPUT) { return Sight(true, 0u, cells.number); }
  return sight_of(l, cells, s);
}
