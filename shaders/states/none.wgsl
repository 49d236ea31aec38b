// Synapses and neurons have no states.
fn begin_states_of_layer(l: u32) {}
fn begin_neurons() {}
