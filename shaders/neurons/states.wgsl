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
import package::team::team_barrier;

fn change_neurons(first: u32, from_: u32, to: u32) {
  for (var l = 0u; l <= DEPTH; l++) { change_layer(l, first, from_, to); }
  team_barrier();
}

// Neurons of x_l.
fn change_layer(l: u32, first: u32, from_: u32, to: u32) {
  let n = WIDTH[l];
  for (var i = 4u * lane; i < n; i += 4u * LANES) {
    let at = first + answered_at(l) + four(i, n);
    let before = read_neuron(l, from_, i);
    var sum = Neuron();
    for (var b = 0u; b < BATCH; b++) {
      sum = plus_neuron(sum, change_neuron(before, activity4(at + b * RECORD), network()));
    }
    write_neuron(l, to, i, moved_neuron(before, sum));
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
  let n = WIDTH[l];
  for (var i = 4u * lane; i < n; i += 4u * LANES) {
    let at = answered_at(l);
    let before = read_neuron(l, slot, i);
    var d = read_d_neuron(l, i);
    let told = told_by_neuron(d);
    for (var b = 0u; b < BATCH; b++) {
      let x = activity4(first + b * RECORD + at + four(i, n));
      let flow = change_neuron_adjoint(before, x, network(), told, present(i, n) > vec4f());
      d = plus_neuron(d, flow.neuron);
      *found = plus_network(*found, flow.network);
      if (SECOND_ORDER) { add_adjoints(b * RECORD + at, i, n, flow.x); }
    }
    write_d_neuron(l, i, d);
  }
}

// What synapses above tell the states of their inputs lies in the records of the samples
// (STATES_BELOW), because lanes share inputs there.
fn tell_states_below() {
  for (var l = 0u; l < DEPTH; l++) {
    let n = WIDTH[l];
    let quads = fours(n);
    for (var k = lane; k < NEURON_STATES * quads; k += LANES) {
      let j = k % quads * 4u;
      let at = STATES_BELOW + k / quads * BELOW + BELOW_AT[l] + four(j, n);
      var d = vec4f();
      for (var b = 0u; b < BATCH; b++) { d += adjoint4(b * RECORD + at); }
      add_gradient_quad((d_state_at(k / quads, l) + j) / 4u, present(j, n) * d);
    }
  }
  team_barrier();
}
