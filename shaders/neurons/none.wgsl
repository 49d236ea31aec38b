// Neurons have no states.
fn change_neurons(first: u32, from_: u32, to: u32) {}
fn neurons_adjoint(first: u32, slot: u32) {}
fn tell_states_below() {}
