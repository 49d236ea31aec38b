// States of neurons, inputs and outputs too (docs/rules.md):   s_i += mean_b d_b,
// read before any of them changes. Four neurons a lane.
import package::shape::{
  BATCH, BELOW, BELOW_AT, DEPTH, LANES, NEURON_STATES, RECORD, SECOND_ORDER, STATES_BELOW, WIDTH
};
import package::memory::{
  activity4, add_adjoints, add_gradient_quad, adjoint4, answered_at, four, fours, lane, present
};
import package::equation::{
  NetworkFlow, Neuron, change_neuron, change_neuron_adjoint, moved_neuron, plus_network,
  plus_neuron, told_by_neuron
};
import package::equation_places::{
  add_d_network, d_state_at, network, read_d_neuron, read_neuron, write_d_neuron, write_neuron
};
import package::looks::{cell_blocks, cells_of, states_of};
import package::team::team_barrier;

// Up to four neurons of x_l: where they begin in it and where its numbers end, and where their
// states begin.
struct Neurons { at: u32, end: u32, states: u32 }
fn neuron_blocks(l: u32) -> u32 {
  if (l == DEPTH) { return fours(WIDTH[DEPTH]); }
  return cell_blocks(l);
}
fn neurons_of(l: u32, block: u32) -> Neurons {
  if (l == DEPTH) { return Neurons(4u * block, WIDTH[DEPTH], 4u * block); }
  let cells = cells_of(l, block);
  return Neurons(cells.at, cells.end, states_of(l, cells));
}

fn change_neurons(first: u32, from_: u32, to: u32) {
  for (var l = 0u; l <= DEPTH; l++) { change_layer(l, first, from_, to); }
  team_barrier();
}

// Neurons of x_l.
fn change_layer(l: u32, first: u32, from_: u32, to: u32) {
  for (var block = lane; block < neuron_blocks(l); block += LANES) {
    let some = neurons_of(l, block);
    let at = first + answered_at(l) + four(some.at, some.end);
    let before = read_neuron(l, from_, some.states);
    var sum = Neuron();
    for (var b = 0u; b < BATCH; b++) {
      sum = plus_neuron(sum, change_neuron(before, activity4(at + b * RECORD), network()));
    }
    write_neuron(l, to, some.states, moved_neuron(before, sum));
  }
}

// Its adjoint, first of the step's: d of the states after the step becomes that of those before it.
fn neurons_adjoint(first: u32, slot: u32) {
  var found = NetworkFlow();
  for (var l = 0u; l <= DEPTH; l++) { layer_adjoint(l, first, slot, &found); }
  add_d_network(found);
  team_barrier();
}

fn layer_adjoint(l: u32, first: u32, slot: u32, found: ptr<function, NetworkFlow>) {
  for (var block = lane; block < neuron_blocks(l); block += LANES) {
    let some = neurons_of(l, block);
    let there = present(some.at, some.end) > vec4f();
    let at = answered_at(l);
    let before = read_neuron(l, slot, some.states);
    var d = read_d_neuron(l, some.states);
    let told = told_by_neuron(d);
    for (var b = 0u; b < BATCH; b++) {
      let x = activity4(first + b * RECORD + at + four(some.at, some.end));
      let flow = change_neuron_adjoint(before, x, network(), told, there);
      d = plus_neuron(d, flow.neuron);
      *found = plus_network(*found, flow.network);
      if (SECOND_ORDER) { add_adjoints(b * RECORD + at, some.at, some.end, flow.x); }
    }
    write_d_neuron(l, some.states, d);
  }
}

// What synapses tell the states of their inputs lies in the records of the samples (STATES_BELOW),
// because lanes share inputs there.
fn tell_states_below() {
  for (var l = 0u; l < DEPTH; l++) {
    let blocks = neuron_blocks(l);
    for (var k = lane; k < NEURON_STATES * blocks; k += LANES) {
      let some = neurons_of(l, k % blocks);
      let at = STATES_BELOW + k / blocks * BELOW + BELOW_AT[l] + four(some.at, some.end);
      var d = vec4f();
      for (var b = 0u; b < BATCH; b++) { d += adjoint4(b * RECORD + at); }
      let place = d_state_at(k / blocks, l) + some.states;
      add_gradient_quad(place / 4u, present(some.at, some.end) * d);
    }
  }
  team_barrier();
}
