// The coefficient of a synapse's update is learned: plasticity α or learning rate η, one per synapse, per neuron, per layer or for the network.
import package::shape::{RATE_AT, RATE_COLUMN, RATE_PER_LAYER, RATE_ROW};
import package::memory::{add_gradient, speaks};
import package::coefficient::coefficient;
import package::team::team_sum;

// Where those of neuron i of layer l + 1 begin; a coarser granularity broadcasts, because its stride is 0.
fn rate_row(l: u32, i: u32) -> u32 { return RATE_AT[l] + i * RATE_ROW[l]; }

fn rate(row: u32, j: u32) -> f32 { return coefficient(row + j * RATE_COLUMN); }

// Its gradient: what is coarser than a synapse is summed over the row and handed on, what is coarser than a neuron over the layer.
fn rate_adjoint(row: u32, j: u32, d: f32) -> f32 {
  if (RATE_COLUMN == 1u) {
    add_gradient(row + j, d);
    return 0.0;
  }
  return d;
}

fn rate_adjoint_of_row(row: u32, d: f32) -> f32 {
  if (RATE_PER_LAYER || RATE_COLUMN == 1u) { return d; }
  add_gradient(row, d);
  return 0.0;
}

fn rate_adjoint_of_layer(l: u32, d: f32) {
  if (!RATE_PER_LAYER) { return; }
  let sum = team_sum(d);
  if (speaks()) { add_gradient(RATE_AT[l], sum); }
}
